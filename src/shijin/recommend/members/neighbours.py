"""Items that go with items: who did this then did that, counted in seconds, no inverse where one does not fit.

Every member here is a sparse matrix from items done to items wanted. A customer's score is the customer's own past,
faded by its age in steps, times that matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.step_matrix import GRID, lagged, step_rows, step_sizes

MOST_PAIRS = 60_000_000  # pairs of rows that are looked at; those of nearer steps first
MANY_PAIRS, TWICE = 5_000_000, 1.5  # in a shop of so many different pairs, one that was seen once says nothing
MOST_STEPS_APART = 60
GAP_DECAY = 0.85  # how much less a pair says a step further apart
BACK = 0.3  # what a pair says of the reverse order
KEPT = 150  # neighbours of an item
FADED = 1e-3  # a pair or a past that weighs less is left out
PAST = 150  # rows of a customer that are asked, at least, the newest steps first


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
    """(n, items) float64: what each customer did, faded by ``decay ** step``, newest steps only."""
    faded = weight * decay**actions.step
    ends = step_rows(actions) + step_sizes(actions)
    later = actions.offsets[1:][actions.customer] - np.repeat(ends, step_sizes(actions))
    rows = (faded > FADED) & (later < PAST)
    values = (faded[rows], (actions.customer[rows], actions.item[rows]))
    return sp.csr_matrix(values, shape=(len(actions), actions.n_items))


def pair_sums(actions: Actions, most: int = MOST_PAIRS) -> PairSums:
    """Add up pairs of rows, those of the nearest steps first, about so many at most.

    Where even steps that follow each other hold more, some customers are looked at, evenly by position.
    """
    per_gap = _pairs_by_gap(actions, 2)
    every = int(np.ceil(per_gap.sum() / max(most, 1)))
    if every > 1:
        actions = actions.take(actions.customer % every == 0)
    apart = max(1, int((np.cumsum(_pairs_by_gap(actions, MOST_STEPS_APART + 1)) <= most).sum()) - 1)

    done = lagged(actions, actions.item, actions.n_items, 1.0, range(1))
    itself = np.bincount(actions.item, np.square(np.rint(actions.weight / GRID) * GRID), actions.n_items)

    def summed(decay: float, last: int) -> sp.csr_matrix:
        later = lagged(actions, actions.item, actions.n_items, decay, range(1, last + 1))
        found = sp.csr_matrix(
            sp.vstack([done, done]).T.astype(np.float64) @ sp.vstack([done, later]).astype(np.float64)
        )
        found.setdiag(found.diagonal() - itself)  # a row is no pair with itself
        found.sort_indices()
        return found

    adjacent = summed(1.0, 1)
    ever = adjacent if apart == 1 else summed(1.0, apart)
    often = ever > (TWICE if ever.nnz > MANY_PAIRS else 0.0)

    def kept(sums: sp.csr_matrix) -> sp.csr_matrix:
        return sp.csr_matrix(sums.multiply(often), dtype=np.float32)

    if apart == 1:
        return PairSums(*[kept(adjacent)] * 3)
    return PairSums(kept(summed(GAP_DECAY, apart)), kept(adjacent), kept(ever))


def _pairs_by_gap(actions: Actions, most: int) -> Floats:
    """(g,) how many pairs of rows of a customer lie 0, 1, 2 ... steps apart, so many gaps at most."""
    size, customer = step_sizes(actions).astype(float), actions.customer[step_rows(actions)]
    pairs = [float((size * (size - 1)).sum())]
    for gap in range(1, most):
        same = customer[gap:] == customer[:-gap]
        if not same.any():
            break
        pairs.append(float((size[gap:] * size[:-gap])[same].sum()))
    return np.array(pairs)


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
    """Row, column, value and rank (0 = largest) of the `most` largest positive entries of each row, by row and rank.

    Equals of the last one are in too, up to twice as many, so that hardly ever an item's code tells who is.
    """
    positive = np.flatnonzero(scores.data > 0)
    rows = np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))[positive]
    order = falling(rows, scores.data[positive])
    rank = np.arange(len(order)) - np.searchsorted(rows, np.arange(scores.shape[0]))[rows]
    values = scores.data[positive[order]]
    less = np.ones(len(order), dtype=bool)
    less[1:] = (values[1:] != values[:-1]) | (rows[1:] != rows[:-1])
    before = np.maximum.accumulate(np.where(less, np.arange(len(order)), 0)) - np.arange(len(order)) + rank
    kept = (before < most) & (rank < 2 * most)
    order = positive[order[kept]]
    return rows[kept], scores.indices[order], scores.data[order], rank[kept]


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


def _scaled(sums: sp.csr_matrix, counts: Floats, shrink: float, done: float, wanted: float) -> sp.csr_matrix:
    """Divide a row by how often its item was done, a column by how often it was wanted, each to a power."""
    by_row = sp.diags_array(((counts + shrink) ** -done).astype(np.float32))
    by_column = sp.diags_array(((counts + shrink) ** -wanted).astype(np.float32))
    return sp.csr_matrix(by_row @ sums @ by_column)
