from math import fsum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.arrays import per_customer, pieces, row_sums

PIECES = st.lists(st.lists(st.integers(-8, 8), max_size=4), min_size=1, max_size=8)


@given(PIECES)
def test_sums_per_customer_are_right_wherever_customers_have_no_moments(values: list[list[int]]) -> None:
    offsets = np.cumsum([0, *map(len, values)])
    flat = np.array([value for one in values for value in one], dtype=float)
    assert per_customer(flat, offsets).tolist() == [float(sum(one)) for one in values]


@given(PIECES, st.randoms(use_true_random=False))
def test_pieces_may_be_put_in_any_order(values: list[list[int]], shuffle: object) -> None:
    order = list(range(len(values)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    offsets = np.cumsum([0, *map(len, values)])
    flat = np.array([value for one in values for value in one], dtype=float)
    rows = pieces(offsets[:-1][order], np.diff(offsets)[order])
    assert flat[rows].tolist() == [value for place in order for value in values[place]]


@pytest.mark.parametrize("rows", [0, 1, 7, 1000, 2345])
@pytest.mark.parametrize("width", [1, 4, 64, 85])
def test_a_rows_sum_has_bits_of_its_own_whatever_the_other_rows(rows: int, width: int) -> None:
    rng = np.random.default_rng(rows + width)
    values, weights = rng.lognormal(0, 5, (rows, width)), rng.normal(0, 1, width)
    expected = np.array([row_sums(values[row : row + 1], weights)[0] for row in range(rows)])
    # Rows of a table in the order of columns are summed in the same order, too.
    for table in (values, np.asfortranarray(values), np.repeat(values, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(row_sums(table, weights), expected)
    exact = [fsum((row * weights).tolist()) for row in values]
    largest = np.abs(values * weights).sum(axis=1)
    assert (np.abs(expected - exact) <= 1e-13 * largest).all()


@pytest.mark.parametrize("count", [1, 8, 9, 16, 24, 40, 56, 72, 129, 300])
def test_a_customers_sum_has_the_same_bits_alone_in_the_middle_and_last(count: int) -> None:
    own, others = (np.random.default_rng(seed).lognormal(0, 5, size) for seed, size in ((count, count), (0, 19)))
    alone = per_customer(own, np.array([0, count]))[0]
    last = per_customer(np.concatenate([others, own]), np.array([0, 19, 19, 19 + count]))
    first = per_customer(np.concatenate([own, others]), np.array([0, count, count + 19]))
    assert (last[1], last[2], first[0]) == (0, alone, alone)


def test_rows_of_numbers_are_summed_in_their_own_precision() -> None:
    values = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    sums = per_customer(values, np.array([0, 2, 2, 3]))
    assert (sums.dtype, sums.tolist()) == (np.float32, [[4, 6], [0, 0], [5, 6]])
