"""Items that go with items: pairs counted by hand, normalisations, and orders of values."""

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from listshop import past

from shijin.recommend.members import neighbours
from shijin.recommend.members.neighbours import (
    BACK,
    GAP_DECAY,
    PAST,
    ItemNeighbours,
    PairSums,
    faded_past,
    falling,
    fit_neighbours,
    largest,
    pair_sums,
    trimmed,
)
from shijin.recommend.past.actions import Actions

A, B, C, D = range(4)
NEAR = 1e-3  # weights are rounded to the grid
PASTS = st.lists(
    st.lists(st.sampled_from(["a", "b", "ab", "ac", "bcd", "c?", "d+", "a*b", "."]), max_size=6), max_size=4
)


def near(value: object) -> object:
    return pytest.approx(value, abs=NEAR)


def entries(matrix: sp.csr_matrix) -> dict[tuple[int, int], float]:
    """The entries of a matrix."""
    sparse = matrix.tocoo()
    return {
        (row, column): value for row, column, value in zip(sparse.row, sparse.col, sparse.data, strict=True) if value
    }


# --- pairs of rows ----------------------------------------------------------------------------------------------------


def test_a_later_item_counts_for_an_earlier_one_less_with_each_step_between() -> None:
    sums = pair_sums(past("a b c"))
    assert entries(sums.forward) == near({(A, B): 1.0, (B, C): 1.0, (A, C): 0.85})
    assert entries(sums.adjacent) == {(A, B): 1.0, (B, C): 1.0}
    assert entries(sums.ever) == {(A, B): 1.0, (B, C): 1.0, (A, C): 1.0}


def test_items_of_one_step_count_both_ways_as_much_as_the_next_step() -> None:
    sums = pair_sums(past("ab c"))
    both_ways = {(A, B): 1.0, (B, A): 1.0, (A, C): 1.0, (B, C): 1.0}
    for matrix in (sums.forward, sums.adjacent, sums.ever):
        assert entries(matrix) == both_ways


def test_a_pair_has_the_product_of_both_weights() -> None:
    sums = pair_sums(past("a? b", "c+ b?", "d* c"))
    weights = {(A, B): 0.3, (C, B): 0.6 * 0.3, (D, C): 0.6}
    for matrix in (sums.forward, sums.adjacent, sums.ever):
        assert entries(matrix) == near(weights)


def test_an_item_that_comes_again_goes_with_itself_and_customers_add_up() -> None:
    sums = pair_sums(past("a a . a", "a b", "b", "", "a b"))
    assert entries(sums.ever) == {(A, A): 3.0, (A, B): 2.0}
    assert entries(sums.forward) == near({(A, A): 2 + 0.85, (A, B): 2.0})
    assert entries(sums.adjacent) == {(A, A): 2.0, (A, B): 2.0}


def test_of_too_many_pairs_those_of_nearer_steps_are_counted() -> None:
    actions = past("a b c d")
    next_ones = {(A, B): 1.0, (B, C): 1.0, (C, D): 1.0}
    for most in (3, 4):
        assert entries(pair_sums(actions, most=most).ever) == next_ones
    assert entries(pair_sums(actions, most=5).ever) == next_ones | {(A, C): 1.0, (B, D): 1.0}
    assert entries(pair_sums(actions, most=6).ever) == next_ones | {(A, C): 1.0, (B, D): 1.0, (A, D): 1.0}


def test_a_large_step_is_counted_whole_or_its_customer_is_left_out() -> None:
    actions = past("abcd", "ab", "cd", "a b")
    assert len(entries(pair_sums(actions, most=17).ever)) == 12  # 12 pairs of the first, both ways, hold all others'
    assert entries(pair_sums(actions, most=9).ever) == entries(
        pair_sums(past("abcd", "", "cd")).ever
    )  # each second customer


def test_in_a_shop_of_very_many_pairs_a_pair_seen_once_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MANY_PAIRS", 2)
    sums = pair_sums(past("a b", "a b", "c d", "d b"))
    for matrix in (sums.forward, sums.adjacent, sums.ever):
        assert entries(matrix) == {(A, B): 2.0}


@pytest.mark.parametrize("customers", [(), ("",), ("a",), ("a", "b")])
def test_where_nobody_came_twice_there_are_no_pairs(customers: tuple[str, ...]) -> None:
    sums = pair_sums(past(*customers))
    assert [matrix.shape for matrix in (sums.forward, sums.adjacent, sums.ever)] == [(4, 4)] * 3
    assert entries(sums.ever) == {}


def slowly(actions: Actions) -> list[dict[tuple[int, int], float]]:
    """The same sums, a pair at a time."""
    sums: list[dict[tuple[int, int], float]] = [defaultdict(float) for _ in range(3)]
    for one, other in combinations(range(len(actions.item)), 2):
        if actions.customer[one] == actions.customer[other]:
            gap = int(actions.step[one] - actions.step[other])
            weight = actions.weight[one] * actions.weight[other]
            ways = [(one, other), (other, one)] if gap == 0 else [(one, other)]
            for left, right in ways:
                key = (int(actions.item[left]), int(actions.item[right]))
                for place, factor in enumerate((GAP_DECAY ** max(gap - 1, 0), float(gap <= 1), 1.0)):
                    sums[place][key] += factor * weight
    return [{key: value for key, value in one.items() if value} for one in sums]


@given(PASTS)
def test_sums_are_those_of_a_pair_at_a_time(pasts: list[list[str]]) -> None:
    actions = past(*(" ".join(words) for words in pasts))
    sums = pair_sums(actions)
    for matrix, slow in zip((sums.forward, sums.adjacent, sums.ever), slowly(actions), strict=True):
        assert entries(matrix) == near(slow)


@given(PASTS, st.permutations(range(4)))
def test_items_of_other_codes_have_the_same_sums_to_the_bit(pasts: list[list[str]], order: list[int]) -> None:
    plain = [" ".join(words) for words in pasts]
    renamed = [text.translate(str.maketrans("abcd", "".join("abcd"[code] for code in order))) for text in plain]
    one, other = pair_sums(past(*plain)), pair_sums(past(*renamed))
    codes = np.array(order)
    for name in PairSums.__dataclass_fields__:
        assert np.array_equal(getattr(other, name).toarray()[np.ix_(codes, codes)], getattr(one, name).toarray())


# --- the members ------------------------------------------------------------------------------------------------------


def test_each_member_divides_by_the_counts_of_both_items() -> None:
    members = {member.name: member for member in fit_neighbours(past("a b c", "a b"))}  # counts: a 2, b 2, c 1
    assert {name: member.decay for name, member in members.items()} == {
        "directional": 0.65,
        "follows": 0.5,
        "transitions": 0.3,
        "cosine": 0.8,
    }
    assert entries(members["transitions"].similar) == near({(A, B): 2 / 3, (B, C): 1 / 3})
    assert entries(members["follows"].similar) == near(
        {(A, B): 2 / 5 / 5**0.1, (B, C): 1 / 5 / 4**0.1, (A, C): 0.85 / 5 / 4**0.1}
    )
    assert entries(members["cosine"].similar) == near(
        {(A, B): 2 / 7, (B, A): 2 / 7}
        | {(B, C): 1 / 42**0.5, (C, B): 1 / 42**0.5, (A, C): 1 / 42**0.5, (C, A): 1 / 42**0.5}
    )
    assert entries(members["directional"].similar) == near(
        {
            (A, B): 2 / 22**0.5 / 22**0.3,
            (B, A): BACK * 2 / 22**0.5 / 22**0.3,
            (B, C): 1 / 22**0.5 / 21**0.3,
            (C, B): BACK / 21**0.5 / 22**0.3,
            (A, C): 0.85 / 22**0.5 / 21**0.3,
            (C, A): BACK * 0.85 / 21**0.5 / 22**0.3,
        }
    )


def test_a_past_decays_by_step_and_so_do_its_scores() -> None:
    actions = past("ab c", "c? a", "")
    faded = faded_past(actions, 0.5, actions.weight)
    assert entries(faded) == near({(0, A): 0.5, (0, B): 0.5, (0, C): 1.0, (1, C): 0.15, (1, A): 1.0})
    similar = sp.csr_matrix(np.array([[0, 2, 0, 1], [0, 0, 0, 4], [0, 0, 3, 0], [0, 0, 0, 0]], dtype=np.float32))
    scores = ItemNeighbours("by hand", similar, 0.5).scores(actions, actions.weight)
    assert entries(scores) == near({(0, B): 1.0, (0, D): 2.5, (0, C): 3.0, (1, B): 2.0, (1, D): 1.0, (1, C): 0.45})
    assert scores.shape == (3, 4)
    assert scores.has_sorted_indices


def test_repeated_actions_add_up_and_those_too_long_ago_are_left_out() -> None:
    actions = past("a a a")
    assert entries(faded_past(actions, 0.5, actions.weight)) == near({(0, A): 1.75})
    long_ago = past("b " + "a " * 10)
    assert entries(faded_past(long_ago, 0.5, long_ago.weight)) == near({(0, A): 2 - 2**-9})  # 2 ** -10 < FADED
    many = past("b " + "a " * PAST)
    assert entries(faded_past(many, 1.0, many.weight)) == {(0, A): PAST}


# --- orders of values -------------------------------------------------------------------------------------------------

VALUES = st.floats(width=32, allow_nan=False) | st.sampled_from([0.0, -0.0, 0.5, -0.5, 1e-40, -1e-40])


@given(st.lists(st.tuples(st.integers(0, 3), VALUES)), st.sampled_from([0, 2**31 - 4]))
def test_falling_is_the_order_by_row_then_value_then_place(pairs: list[tuple[int, float]], first: int) -> None:
    pairs.sort(key=lambda pair: pair[0])
    rows = np.array([row + first for row, _ in pairs], dtype=np.int64)
    values = np.array([value for _, value in pairs])
    expected = sorted(range(len(pairs)), key=lambda place: (pairs[place][0], -np.float32(values[place]), place))
    assert falling(rows, values).tolist() == expected


@pytest.mark.parametrize("first", [0, 2**31 - 2])
def test_below_zero_the_least_negative_comes_first_and_both_zeros_are_equal(first: int) -> None:
    rows = np.array([0, 0, 0, 0, 0, 1, 1]) + first
    assert falling(rows, np.array([-2.0, -0.0, 3.0, 0.0, -1.0, -5.0, 0.1])).tolist() == [2, 1, 3, 4, 0, 6, 5]


def test_the_largest_of_each_row_are_positive_and_equals_are_by_column() -> None:
    scores = sp.csr_matrix(np.array([[1, 3, 3, -4, 2], [-1, 0, 0, 0, 0], [0, 0, 5, 0, 7]], dtype=np.float32))
    row, column, value, rank = largest(scores, 3)
    assert list(zip(row.tolist(), column.tolist(), value.tolist(), rank.tolist(), strict=True)) == [
        (0, 1, 3.0, 0),
        (0, 2, 3.0, 1),
        (0, 4, 2.0, 2),
        (2, 4, 7.0, 0),
        (2, 2, 5.0, 1),
    ]
    assert [len(part) for part in largest(sp.csr_matrix((3, 5), dtype=np.float32), 2)] == [0, 0, 0, 0]


@given(st.lists(st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]), min_size=4, max_size=4), min_size=1, max_size=4))
def test_the_nearest_are_unchanged_and_the_rest_is_gone(rows: list[list[float]]) -> None:
    dense = np.array(rows, dtype=np.float32)
    nearest = trimmed(sp.csr_matrix(dense), 2).toarray()
    assert ((nearest == dense) | (nearest == 0)).all()
    for row, before in zip(nearest, dense, strict=True):
        positive = sorted((value for value in before if value > 0), reverse=True)
        ends = positive[:2] + [value for value in positive[2:4] if value == positive[1]]  # equals of the last one
        assert sorted(row[row != 0], reverse=True) == ends
