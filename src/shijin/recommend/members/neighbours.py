"""Item-to-item members that are counted: co-occurrence, transitions and cosine. They take seconds to fit.

Each member is a sparse matrix from items of the past to items that may follow. A customer's scores are the customer's
past, decayed by its age in steps, times that matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints, Singles
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.step_matrix import GRID, lagged, step_rows, step_sizes

MOST_PAIRS = 60_000_000  # pairs of rows that are counted; those of nearer steps first
MANY_PAIRS, TWICE = 5_000_000, 1.5  # with so many different pairs in a shop, a pair seen once is no evidence
MOST_STEPS_APART = 60
GAP_DECAY = 0.85  # decay of a pair's weight per step between its rows
BACK = 0.3  # weight of a pair for the reverse direction
MOST_NEIGHBOURS = 150  # of an item
FADED = 1e-3  # pairs and past actions with a smaller weight are left out
PAST = 150  # rows of a customer's past that are used; the newest steps first, the last one whole


@dataclass(frozen=True)
class ItemNeighbours:
    """One item-to-item model.

    Parameters
    ----------
    name
        Its name in the ranker's columns and in the card.
    similar : (items, items) float32
        Row: an item of the past; column: an item that may follow.
    decay
        Decay of the past per step.
    """

    name: str
    similar: sp.csr_matrix
    decay: float

    def scores(self, actions: Actions, weight: Floats) -> sp.csr_matrix:
        """(n, items) each customer's score of each item, 0 where there is no evidence; columns sorted.

        Parameters
        ----------
        weight : (a,)
            Evidence of interest of each row.
        """
        past = faded_past(actions, self.decay, weight)
        # Only rows of items that occur in the past are multiplied; the result is the same and the slice is small.
        items, place = np.unique(past.indices, return_inverse=True)
        past = sp.csr_matrix((past.data, place, past.indptr), shape=(len(actions), len(items)))
        # In float64, so that rounding hides in which order items were added, which is the order of their codes.
        scores = sp.csr_matrix(past @ self.similar[items].astype(np.float64)).astype(np.float32)
        scores.sort_indices()
        return scores


@dataclass(frozen=True)
class PairSums:
    """Sums over ordered pairs of rows of a customer, the earlier row's item by the later row's item, (items, items).

    Rows of one step have no order: such a pair counts in both directions.

    forward : weighted by nearness
    adjacent : only pairs within a step or of two consecutive steps
    ever : every pair with the same weight
    """

    forward: sp.csr_matrix
    adjacent: sp.csr_matrix
    ever: sp.csr_matrix


def faded_past(actions: Actions, decay: float, weight: Floats) -> sp.csr_matrix:
    """(n, items) float64: each customer's past, decayed by ``decay ** step``, newest steps only."""
    faded = weight * decay**actions.step
    # Number of the customer's rows that come after the row's step: the past ends at the first step behind PAST rows.
    ends = step_rows(actions) + step_sizes(actions)
    later = actions.offsets[1:][actions.customer] - np.repeat(ends, step_sizes(actions))
    rows = (faded > FADED) & (later < PAST)
    values = (faded[rows], (actions.customer[rows], actions.item[rows]))
    return sp.csr_matrix(values, shape=(len(actions), actions.n_items))


def pair_sums(actions: Actions, most: int = MOST_PAIRS) -> PairSums:
    """Add up pairs of rows, those of the nearest steps first, about `most` of them at most.

    Where pairs within a step and of consecutive steps are already more, a sample of customers is used, evenly by
    position.
    """
    per_gap = _pairs_by_gap(actions, 2)
    every = int(np.ceil(per_gap.sum() / max(most, 1)))
    if every > 1:
        actions = actions.take(actions.customer % every == 0)
    steps_apart = max(1, int((np.cumsum(_pairs_by_gap(actions, MOST_STEPS_APART + 1)) <= most).sum()) - 1)

    done = lagged(actions, actions.item, actions.n_items, 1.0, range(1))
    itself = np.bincount(actions.item, np.square(np.rint(actions.weight / GRID) * GRID), actions.n_items)

    def summed(decay: float, last: int) -> sp.csr_matrix:
        later = lagged(actions, actions.item, actions.n_items, decay, range(1, last + 1))
        # done'done + done'later as one product of stacked matrices: pairs within a step, then pairs ahead.
        sums = sp.csr_matrix(sp.vstack([done, done]).T.astype(np.float64) @ sp.vstack([done, later]).astype(np.float64))
        sums.setdiag(sums.diagonal() - itself)  # a row is no pair with itself
        sums.sort_indices()
        return sums

    adjacent = summed(1.0, 1)
    ever = adjacent if steps_apart == 1 else summed(1.0, steps_apart)
    frequent = ever > (TWICE if ever.nnz > MANY_PAIRS else 0.0)

    def only_frequent(sums: sp.csr_matrix) -> sp.csr_matrix:
        return sp.csr_matrix(sums.multiply(frequent), dtype=np.float32)

    if steps_apart == 1:
        return PairSums(*[only_frequent(adjacent)] * 3)
    return PairSums(only_frequent(summed(GAP_DECAY, steps_apart)), only_frequent(adjacent), only_frequent(ever))


def _pairs_by_gap(actions: Actions, most: int) -> Floats:
    """(g,) number of pairs of rows of a customer that lie 0, 1, 2 ... steps apart, for at most so many gaps."""
    size, customer = step_sizes(actions).astype(float), actions.customer[step_rows(actions)]
    pairs = [float((size * (size - 1)).sum())]
    for gap in range(1, most):
        same = customer[gap:] == customer[:-gap]
        if not same.any():
            break
        pairs.append(float((size[gap:] * size[:-gap])[same].sum()))
    return np.array(pairs)


def fit_neighbours(actions: Actions) -> list[ItemNeighbours]:
    """Fit every member that is counted."""
    sums, counts = pair_sums(actions), np.bincount(actions.item, actions.weight, actions.n_items).astype(np.float64)
    ordered = sums.forward + BACK * sums.forward.T
    return [
        # Directional co-occurrence: frequent items are damped on both sides, rare ones shrunk.
        ItemNeighbours("directional", trimmed(_scaled(ordered, counts, 20.0, 0.5, 0.3)), 0.65),
        # Share of those with the one item who had the other later; popular items stay popular.
        ItemNeighbours("follows", trimmed(_scaled(sums.forward, counts, 3.0, 1.0, 0.1)), 0.5),
        # First-order transitions of the newest step.
        ItemNeighbours("transitions", trimmed(_scaled(sums.adjacent, counts, 1.0, 1.0, 0.0)), 0.3),
        # Item-kNN: cosine of items over customers, whatever the order.
        ItemNeighbours("cosine", trimmed(_scaled(sums.ever + sums.ever.T, counts, 5.0, 0.5, 0.5)), 0.8),
    ]


def trimmed(similar: sp.csr_matrix, most: int = MOST_NEIGHBOURS) -> sp.csr_matrix:
    """Keep the largest entries of each row, the earlier item among equals."""
    rows, columns, values, _ = largest(similar, most)
    return sp.csr_matrix((values, (rows, columns)), shape=similar.shape)


def largest(scores: sp.csr_matrix, most: int) -> tuple[Ints, Codes, Singles, Ints]:
    """Row, column, value and rank (0 = largest) of the `most` largest positive entries of each row, by row and rank.

    Entries equal to the last one are included, up to twice as many in all, so that the order of item codes hardly ever
    decides.
    """
    positive = np.flatnonzero(scores.data > 0)
    rows = np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))[positive]
    order = falling(rows, scores.data[positive])
    rank = np.arange(len(order)) - np.searchsorted(rows, np.arange(scores.shape[0]))[rows]
    values = scores.data[positive[order]]
    # `ahead`: the rank of the first entry of each run of equal values, so that equals are in or out together.
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (values[1:] != values[:-1]) | (rows[1:] != rows[:-1])
    ahead = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0)) - np.arange(len(order)) + rank
    included = (ahead < most) & (rank < 2 * most)
    order = positive[order[included]]
    return rows[included], scores.indices[order], scores.data[order], rank[included]


def falling(rows: Ints, values: NDArray[np.floating]) -> Ints:
    """Order of values, as float32, with rows rising: falling within a row, the earlier first among equals.

    Examples
    --------
    >>> falling(np.array([0, 0, 1, 1]), np.array([0.1, 0.7, 0.2, 0.2]))
    array([1, 0, 2, 3])
    """
    # Floats sort like their bits, negative ones in reverse, so that one sort of integers is enough. -0.0 becomes 0.0.
    bits = (np.ascontiguousarray(values, dtype=np.float32) + np.float32(0)).view(np.uint32)
    place = np.where(bits >> 31, bits, np.uint32(0x7FFFFFFF) - bits)
    return np.argsort((rows.astype(np.uint64) << np.uint64(32)) | place, kind="stable")


def _scaled(sums: sp.csr_matrix, counts: Floats, shrink: float, of_past: float, of_next: float) -> sp.csr_matrix:
    """Divide each row by its item's shrunk count to the power `of_past`, each column to the power `of_next`."""
    by_row = sp.diags_array(((counts + shrink) ** -of_past).astype(np.float32))
    by_column = sp.diags_array(((counts + shrink) ** -of_next).astype(np.float32))
    return sp.csr_matrix(by_row @ sums @ by_column)
