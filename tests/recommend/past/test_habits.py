"""A customer's purchases of each item by hand: how often, how long ago, how far apart, decayed, and views since."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from listshop import past

from shijin.recommend.past.actions import Actions
from shijin.recommend.past.habits import PRIOR_GAPS, STEP_DECAY, Habits, habits_of, item_gaps

HALF_LIVES = (1.0, 10.0)
NONE = np.full(4, np.inf)


def habits(actions: Actions, gaps: np.ndarray = NONE) -> Habits:
    return habits_of(actions, np.full(len(actions), actions.now), gaps, HALF_LIVES)


def by_pair(habits: Habits, name: str) -> dict[tuple[int, str], float]:
    """One column, by customer and letter."""
    pairs = zip(habits.customer.tolist(), ("abcd"[code] for code in habits.item), strict=True)
    return dict(zip(pairs, getattr(habits, name).tolist(), strict=True))


def test_times_are_steps_bought_and_ages_are_of_the_newest_purchase() -> None:
    found = habits(past("a ab . a?", "b? . b+", days=10))
    assert by_pair(found, "times") == {(0, "a"): 2, (0, "b"): 1, (1, "b"): 0}
    assert by_pair(found, "age_days") == {(0, "a"): 9, (0, "b"): 9, (1, "b"): 8}


def test_rows_are_by_customer_and_item_and_their_keys_rise() -> None:
    found = habits(past("d b a", "c", "", "b a"))
    assert list(zip(found.customer.tolist(), found.item.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (0, 3),
        (1, 2),
        (3, 0),
        (3, 1),
    ]
    assert found.keys(4).tolist() == [0, 1, 3, 6, 12, 13]


def test_purchases_decay_by_days_and_by_steps_and_views_are_no_purchases() -> None:
    found = habits(past("a . ab b?", days=12))  # a 12 and 10 days ago, in steps 2 and 1
    faded = by_pair(found, "faded")
    assert faded[0, "a"] == pytest.approx([2**-12 + 2**-10, 2**-1.2 + 2**-1, STEP_DECAY**2 + STEP_DECAY])
    assert faded[0, "b"] == pytest.approx([2**-10, 2**-1, STEP_DECAY])


def test_views_count_since_the_newest_purchase_by_weight_and_steps() -> None:
    interest = by_pair(habits(past("a? a a? . a+", "b? b", "c? c*", "dd?")), "interest")
    assert interest[0, "a"] == pytest.approx(0.3 * STEP_DECAY + 0.6)
    assert interest[1, "b"] == 0
    assert interest[2, "c"] == pytest.approx(0.3 * STEP_DECAY + 0.6)  # never bought: all of them
    assert interest[3, "d"] == 0  # viewed in the moment it was bought


def test_gaps_of_an_item_are_the_mean_over_all_customers_who_bought_it_again() -> None:
    actions = past("a . . . a . a", "a a b", "b? b", "c c?")
    assert item_gaps(actions).tolist() == [(4 + 2 + 1) / 3, np.inf, np.inf, np.inf]


def test_a_customers_gap_is_shrunk_to_the_items_mean() -> None:
    gaps = np.array([8.0, np.inf, 8.0, np.inf])
    found = by_pair(habits(past("a . a . . . a", "b . b", "c", "d", "c?"), gaps), "gap_days")
    assert found[0, "a"] == pytest.approx((6 + PRIOR_GAPS * 8) / (2 + PRIOR_GAPS))
    assert found[1, "b"] == 2  # of an item without a mean: the customer's own
    assert found[2, "c"] == 8  # bought once: the item's
    assert found[3, "d"] == np.inf
    assert found[4, "c"] == 8


def test_ages_are_counted_to_each_customers_own_clock() -> None:
    actions = past("a . a", "b", days=10)
    found = habits_of(actions, actions.newest, NONE, HALF_LIVES)
    assert by_pair(found, "age_days") == {(0, "a"): 0, (1, "b"): 0}
    assert by_pair(found, "faded")[0, "a"] == pytest.approx([1 + 2**-2, 1 + 2**-0.2, 1 + STEP_DECAY])


def test_an_action_after_the_clock_has_age_0() -> None:
    assert by_pair(habits(past(". . . . a?", days=2)), "age_days") == {(0, "a"): 0}


def test_a_shop_without_actions_has_no_habits() -> None:
    found = habits(past("", ""))
    assert [len(getattr(found, name)) for name in Habits.__dataclass_fields__] == [0] * 7
    assert found.faded.shape == (0, 3)
    assert item_gaps(past("")).tolist() == [np.inf] * 4


WORDS = st.sampled_from(["a", "b", "ab", "c?", "a?b", "d+", "."])
PASTS = st.lists(st.lists(WORDS, max_size=6).map(" ".join), min_size=1, max_size=4)


@given(PASTS, st.integers(0, 3))
def test_a_customers_habits_are_the_same_alone(pasts: list[str], place: int) -> None:
    place %= len(pasts)
    gaps = item_gaps(past(*pasts))
    whole, alone = habits(past(*pasts), gaps), habits(past(pasts[place]), gaps)
    mine = whole.customer == place
    for name in ("item", "times", "age_days", "gap_days", "faded", "interest"):
        assert np.array_equal(getattr(whole, name)[mine], getattr(alone, name))
