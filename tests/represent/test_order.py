import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shijin.represent.order import history_order
from shijin.represent.packed import Kind, Moments

Moment = tuple[int, int, float]  # ts, kind, amount
LATER = (10**9, 0, 0.0)  # sorts after every moment: a history that ends stands behind one that goes on


def ordered(histories: list[list[Moment]]) -> list[int]:
    """The order the package finds."""
    flat = [moment for history in histories for moment in sorted(history)]
    customer = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
    ts, kind, amount = (np.array(column) for column in zip(*flat, strict=True))
    return history_order(customer, ts, kind.astype(np.uint8), amount.astype(float), len(histories)).tolist()


def ordered_slowly(histories: list[list[Moment]]) -> list[int]:
    return sorted(range(len(histories)), key=lambda customer: ([*sorted(histories[customer]), LATER], customer))


moments = st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from([-1.5, 1.0, 2.0]))
shops = st.lists(st.lists(moments, min_size=1, max_size=5), min_size=1, max_size=12)


@given(shops)
def test_customers_are_ordered_as_their_histories_compared_moment_by_moment(histories: list[list[Moment]]) -> None:
    assert ordered(histories) == ordered_slowly(histories)


@given(shops, st.integers(1, 5))
def test_hiding_the_future_never_swaps_two_customers_who_differ_before(
    histories: list[list[Moment]], cutoff: int
) -> None:
    before = [[moment for moment in history if moment[0] < cutoff] for history in histories]
    seen = [customer for customer in ordered(histories) if before[customer]]
    shown = [customer for customer in range(len(histories)) if before[customer]]
    if not shown:
        return
    with_past_only = [shown[place] for place in ordered([before[customer] for customer in shown])]
    assert [sorted(before[customer]) for customer in seen] == [sorted(before[customer]) for customer in with_past_only]


@given(shops, st.integers(1, 5))
def test_customers_with_nothing_before_an_instant_come_last(histories: list[list[Moment]], cutoff: int) -> None:
    new = [min(histories[customer])[0] >= cutoff for customer in ordered(histories)]
    assert new == sorted(new)


def test_full_ties_keep_the_order_in_which_they_came() -> None:
    same = [(3, 0, 1.0), (5, 0, 2.0)]
    assert ordered([same, [(2, 0, 1.0)], same, same]) == [1, 0, 2, 3]


def test_a_history_that_goes_on_comes_before_one_that_ends() -> None:
    assert ordered([[(1, 0, 1.0)], [(1, 0, 1.0), (9, 0, 1.0)]]) == [1, 0]


def test_kind_and_then_amount_break_ties_in_time() -> None:
    assert ordered([[(1, 1, 1.0)], [(1, 0, 2.0)], [(1, 0, 1.0)]]) == [2, 1, 0]


def test_many_customers_with_one_and_the_same_history_are_ordered_at_once() -> None:
    # 200,000 full ties: a loop over customers or pairs of them would not come back.
    n = 200_000
    customer = np.repeat(np.arange(n), 3)
    order = history_order(customer, np.tile([1, 2, 3], n), np.zeros(3 * n, np.uint8), np.ones(3 * n), n)
    assert np.array_equal(order, np.arange(n))


def test_taking_moments_takes_every_column() -> None:
    columns = {name: np.arange(3) for name in Moments.__dataclass_fields__}
    some = Moments(**columns).take(np.array([2, 0]))
    assert all(getattr(some, name).tolist() == [2, 0] for name in columns)
    assert len(some) == 2


def test_money_carrying_kinds_come_first_so_that_one_comparison_finds_them() -> None:
    assert {kind.name for kind in Kind if kind <= Kind.CHARGE} == {"ORDER", "RETURN", "CHARGE"}
