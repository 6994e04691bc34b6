"""Items that go with items: who did this then did that, counted in seconds, no inverse where one does not fit.

Every member here is a sparse matrix from items done to items wanted. A customer's score is the customer's own past,
faded by its age in steps, times that matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.recommend.actions import Actions, Codes
from shijin.represent.packed import Floats, Ints

MOST_PAIRS = 20_000_000  # pairs of rows that are looked at; nearer ones first
MANY_PAIRS, TWICE = 5_000_000, 1.5  # in a shop of so many different pairs, one that was seen once says nothing
MOST_ROWS_APART = 60
GAP_DECAY = 0.85  # how much less a pair says a step further apart
BACK = 0.3  # what a pair says of the reverse order
KEPT = 150  # neighbours of an item
FADED = 1e-3  # a pair or a past that weighs less is left out
PAST = 150  # newest rows of a customer that are asked

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True)
class Neighbours:
    """One way to go from what was done to what is wanted.

    Parameters
    ----------
    name
        How the ranker and the card call it.
    similar : (items, items) float32
        Row: an item done; column: an item wanted.
    decay
        How much a past fades a step.
    """

    name: str
    similar: sp.csr_matrix
    decay: float

    def scores(self, actions: Actions, weight: Floats) -> sp.csr_matrix:
        """(n, items) how much each customer wants each item, 0 where nothing speaks for it; columns sorted.

        Parameters
        ----------
        weight : (a,)
            What each row says of what is wanted.
        """
        past = faded_past(actions, self.decay, weight)
        done, place = np.unique(past.indices, return_inverse=True)
        past = sp.csr_matrix((past.data, place, past.indptr), shape=(len(actions), len(done)))
        # In double, so that no rounding tells in which order items were added up, which is that of their codes.
        scores = sp.csr_matrix(past @ self.similar[done].astype(np.float64)).astype(np.float32)
        scores.sort_indices()
        return scores


@dataclass(frozen=True)
class PairSums:
    """Sums over ordered pairs of rows of a customer, the earlier row's item by the later one's, (items, items) each.

    What stands in one step has no order: such a pair counts for both directions.

    forward : nearer pairs count more
    adjacent : only what came in one step or in the next
    ever : every pair alike
    """

    forward: sp.csr_matrix
    adjacent: sp.csr_matrix
    ever: sp.csr_matrix


def faded_past(actions: Actions, decay: float, weight: Floats) -> sp.csr_matrix:
    """(n, items) float64: what each customer did, faded by ``decay ** step``, newest rows only."""
    faded = weight * decay**actions.step
    place = actions.offsets[1:][actions.customer] - 1 - np.arange(len(actions.item))
    rows = (faded > FADED) & (place < PAST)
    values = (faded[rows], (actions.customer[rows], actions.item[rows]))
    return sp.csr_matrix(values, shape=(len(actions), actions.n_items))


def pair_sums(actions: Actions, most: int = MOST_PAIRS) -> PairSums:
    """Count pairs of rows, the nearest first, at most so many."""
    apart = max(1, min(MOST_ROWS_APART, most // max(len(actions.item), 1)))
    first, second = _pairs(actions, range(1, apart + 1))
    order = _by_cell(actions.item[first], actions.item[second], actions.n_items)
    first, second = first[order], second[order]
    row, column = actions.item[first], actions.item[second]
    first_of_cell = np.ones(len(order), dtype=bool)
    first_of_cell[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    starts = np.flatnonzero(first_of_cell)
    step, weight = actions.step.astype(np.int32), actions.weight.astype(np.float32)
    gap, both = step[first] - step[second], weight[first] * weight[second]
    by_gap = (GAP_DECAY ** np.maximum(np.arange(gap.max(initial=0) + 1) - 1, 0)).astype(np.float32)
    values = (both, by_gap[gap] * both, (gap <= 1) * both, (gap == 0) * both)
    ends = np.searchsorted(row[starts], np.arange(actions.n_items + 1))
    shape = (actions.n_items, actions.n_items)
    sums = [sp.csr_matrix((_summed(one, starts), column[starts], ends), shape=shape) for one in values]
    backward = sp.csr_matrix(sums.pop().T)
    ever, forward, adjacent = (one + backward for one in sums)
    often = ever > (TWICE if ever.nnz > MANY_PAIRS else 0.0)
    return PairSums(*(sp.csr_matrix(one.multiply(often), dtype=np.float32) for one in (forward, adjacent, ever)))


def members_of(actions: Actions) -> list[Neighbours]:
    """Every member that is counted, fitted to what was done."""
    sums, counts = pair_sums(actions), np.bincount(actions.item, actions.weight, actions.n_items).astype(np.float64)
    ordered = sums.forward + BACK * sums.forward.T
    return [
        # Directional co-occurrence: frequent items are damped on both sides, shrunk where there are few.
        Neighbours("directional", nearest(_scaled(ordered, counts, 20.0, 0.5, 0.3)), 0.65),
        # Of those who did one, how many did the other later; popular items stay popular.
        Neighbours("follows", nearest(_scaled(sums.forward, counts, 3.0, 1.0, 0.1)), 0.5),
        # First-order transitions of the newest step.
        Neighbours("transitions", nearest(_scaled(sums.adjacent, counts, 1.0, 1.0, 0.0)), 0.3),
        # Item-kNN: cosine of items among customers, whatever the order.
        Neighbours("cosine", nearest(_scaled(sums.ever + sums.ever.T, counts, 5.0, 0.5, 0.5)), 0.8),
    ]


def nearest(similar: sp.csr_matrix, kept: int = KEPT) -> sp.csr_matrix:
    """Keep the largest entries of each row, the earlier item among equals."""
    rows, columns, values, _ = largest(similar, kept)
    return sp.csr_matrix((values, (rows, columns)), shape=similar.shape)


def largest(scores: sp.csr_matrix, most: int) -> tuple[Ints, Codes, NDArray[np.float32], Ints]:
    """Row, column, value and rank (0 = largest) of the `most` largest positive entries of each row, by row and rank."""
    positive = np.flatnonzero(scores.data > 0)
    rows = np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))[positive]
    order = falling(rows, scores.data[positive])
    rank = np.arange(len(order)) - np.searchsorted(rows, np.arange(scores.shape[0]))[rows]
    rows, order, rank = rows[rank < most], positive[order[rank < most]], rank[rank < most]
    return rows, scores.indices[order], scores.data[order], rank


def falling(rows: Ints, values: NDArray[np.floating]) -> Ints:
    """Order of values, as float32, rows rising: falling within a row, the earlier first among equals.

    Examples
    --------
    >>> falling(np.array([0, 0, 1, 1]), np.array([0.1, 0.7, 0.2, 0.2]))
    array([1, 0, 2, 3])
    """
    # Floats sort like their bits, below zero the other way round, so that one sort of integers does. -0.0 becomes 0.0.
    bits = (np.ascontiguousarray(values, dtype=np.float32) + np.float32(0)).view(np.uint32)
    place = np.where(bits >> 31, bits, np.uint32(0x7FFFFFFF) - bits)
    return np.argsort((rows.astype(np.uint64) << np.uint64(32)) | place, kind="stable")


def _pairs(actions: Actions, lags: range) -> Pairs:
    """Rows of one customer that lie so many rows apart, the earlier and the later."""
    customer = actions.customer
    firsts = [np.flatnonzero(customer[lag:] == customer[:-lag]).astype(np.int32) for lag in lags]
    first = np.concatenate(firsts)
    return first, first + np.repeat(np.array(lags, dtype=np.int32), [len(one) for one in firsts])


def _by_cell(row: Codes, column: Codes, n: int) -> Ints:
    """Order of places in an (n, n) matrix, by row, then by column: two bucket sorts, faster than a sort of numbers."""
    places = sp.coo_matrix((np.arange(len(row), dtype=np.int32), (row, column)), shape=(n, n))
    places.has_canonical_format = True  # equal places are not added up
    return np.asarray(places.tocsc().tocsr().data)


def _summed(values: NDArray[np.float32], starts: Ints) -> Floats:
    """Add up in double, where sums of so few digits have no rounding that the order of rows could show in."""
    return np.add.reduceat(values, starts, dtype=np.float64) if len(starts) else values.astype(np.float64)


def _scaled(sums: sp.csr_matrix, counts: Floats, shrink: float, done: float, wanted: float) -> sp.csr_matrix:
    """Divide a row by how often its item was done, a column by how often it was wanted, each to a power."""
    by_row = sp.diags_array(((counts + shrink) ** -done).astype(np.float32))
    by_column = sp.diags_array(((counts + shrink) ** -wanted).astype(np.float32))
    return sp.csr_matrix(by_row @ sums @ by_column)
