"""The order of customers: by their histories, compared moment by moment, so that it does not depend on the future."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Flags, Floats, Ints, pieces
from shijin.represent.packed import Moments


def history_order(
    customer: Ints, ts: Ints, kind: NDArray[np.uint8], amount: Floats, n: int, more: Sequence[NDArray[np.number]] = ()
) -> Ints:
    """Order customers by their histories, compared moment by moment.

    A history that ends sorts after one that goes on, so that hiding everything from some instant on never swaps two
    customers who differ before it. Equal histories stay in the order in which they were given.

    Parameters
    ----------
    customer : (m,), rising
        Index of each moment's customer, 0 .. n - 1, each present.
    ts, kind, amount : (m,)
        Moments, within a customer sorted by these.
    n
        Number of customers.
    more : each (m,)
        Further columns, compared after `amount`. Two customers whose pasts differ only in a column that is not compared
        would be ordered by their futures, which is a leak.

    Returns
    -------
    (n,) the customers' indices in order.

    Examples
    --------
    >>> customer, ts = np.array([0, 0, 1, 2, 2]), np.array([5, 9, 5, 5, 7])
    >>> history_order(customer, ts, np.zeros(5, np.uint8), np.ones(5), 3)
    array([2, 0, 1])
    """
    counts = np.bincount(customer, minlength=n)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    moment_rank = _ranks((ts, kind, amount, *more))
    # Radix sort from the first moment on: a customer's rank is the number of customers before its group of ties.
    rank = np.zeros(n, dtype=np.int64)
    unsettled = np.arange(n)
    depth = 0
    while len(unsettled):
        ended = counts[unsettled] <= depth
        key = np.where(ended, len(ts), moment_rank[np.minimum(starts[unsettled] + depth, len(ts) - 1)])
        rank[unsettled], tied = _refined(rank[unsettled], key)
        unsettled = unsettled[tied & ~ended]  # only ties whose histories go on are compared at the next moment
        depth += 1
    return np.argsort(rank, kind="stable")


def _refined(rank: Ints, key: Ints) -> tuple[Ints, Flags]:
    """Refine ranks, equal within a group of ties, by a further key; also give whether each is tied still."""
    by_rank = np.lexsort((key, rank))
    group, key = rank[by_rank], key[by_rank]
    new_group = np.concatenate([[True], group[1:] != group[:-1]])
    new_key = new_group | np.concatenate([[True], key[1:] != key[:-1]])
    # Within a group a rank grows by the number of members with smaller keys.
    place = np.arange(len(rank))
    first_of_group = np.maximum.accumulate(np.where(new_group, place, 0))
    first_of_key = np.maximum.accumulate(np.where(new_key, place, 0))
    refined, tied = np.empty_like(rank), np.empty(len(rank), dtype=bool)
    refined[by_rank] = group + first_of_key - first_of_group
    tied[by_rank] = np.concatenate([~new_key[1:], [False]]) | ~new_key
    return refined, tied


def _ranks(columns: Sequence[NDArray[np.number]]) -> Ints:
    """(m,) rank of each row, compared column by column; equal rows share one."""
    by_row = np.lexsort(columns[::-1])
    new = np.zeros(len(by_row), dtype=bool)
    for column in columns:
        ordered = column[by_row]
        new[1:] |= ordered[1:] != ordered[:-1]
    rank = np.empty(len(by_row), dtype=np.int64)
    rank[by_row] = np.cumsum(new)
    return rank


def alike_by_id(customers: NDArray[np.str_], offsets: Ints, moments: Moments) -> Ints:
    """(n,) order of customers in which those with equal moments before the cutoff stand by id.

    In a packed shop later moments order customers with equal pasts, so that order would leak the future.
    """
    order = np.arange(len(customers))
    # alike[i] is for the pair (i - 1, i); equal neighbours form runs, numbered by the pairs that differ before them.
    alike = np.concatenate([[False], _like_the_next(offsets, moments), [False]])
    tied = np.flatnonzero(alike[1:] | alike[:-1])
    run = np.cumsum(~alike[:-1])[tied]
    _, name = np.unique(customers[tied], return_inverse=True)
    order[tied] = tied[np.lexsort((name, run))]
    return order


def _like_the_next(offsets: Ints, moments: Moments) -> Flags:
    """(n - 1,) whether a customer's moments equal those of the next customer in every column."""
    counts, first = np.diff(offsets), offsets[:-1]
    # Count and first time rule out most pairs; only the rest are compared moment by moment.
    alike = (counts[1:] == counts[:-1]) & (moments.ts[first[1:]] == moments.ts[first[:-1]])
    pairs = np.flatnonzero(alike)
    if not len(pairs):
        return alike
    length = counts[pairs]
    here = pieces(first[pairs], length)
    there = here + np.repeat(length, length)  # the same moment of the next customer, who has as many
    equal = np.ones(len(here), dtype=bool)
    for column in fields(Moments):
        values = getattr(moments, column.name)
        equal &= values[here] == values[there]
    alike[pairs] = np.logical_and.reduceat(equal, np.cumsum(length) - length)
    return alike
