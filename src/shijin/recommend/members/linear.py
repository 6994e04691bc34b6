"""Linear models: of what comes next, and of what goes beside what in whatever order.

What comes next is a ridge from the past, faded, to the future, faded, at every step of everybody:
B = (P'P + l I)^-1 P'F: a row of P is what a customer had done up to some step, faded by d a step; the same row of F is
what the customer did in the steps that follow, faded by e a step.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Ints
from shijin.recommend.members.neighbours import KEPT, nearest
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.step_matrix import lagged, step_rows

MOST_ITEMS = 4000  # of which the inverse is made: the most frequent ones
WHOLE = 2500  # up to here every weight is kept, else the nearest
MOST_PRODUCTS = 3e8  # of numbers in P'P: the newest steps come first
FADED = 0.05  # what weighs less is left out


def next_items(actions: Actions, past: float = 0.8, future: float = 0.4, ridge: float = 100.0) -> sp.csr_matrix:
    """(items, items) weights from items done to items that follow; empty beyond the most frequent items.

    Parameters
    ----------
    past, future
        How much a step fades what was, and what is to come.
    """
    chosen, place = _frequent(actions)
    rows = actions.take(place[actions.item] >= 0)
    column = place[rows.item]
    done = lagged(rows, column, len(chosen), past, range(0, -_depth(past), -1))
    to_come = lagged(rows, column, len(chosen), future, range(1, _depth(future) + 1))
    told = np.diff(to_come.indptr) > 0
    newest_first = np.argsort(rows.step[step_rows(rows)], kind="stable")
    products = np.cumsum((np.diff(done.indptr).astype(float) ** 2 * told)[newest_first])
    used = newest_first[(products <= MOST_PRODUCTS) & told[newest_first]]
    done, to_come = done[used], to_come[used]
    gram = (done.T @ done).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    factor = scipy.linalg.cho_factor(gram, overwrite_a=True, check_finite=False)
    weights = scipy.linalg.cho_solve(factor, (done.T @ to_come).toarray(), check_finite=False).astype(np.float32)
    return _spread(weights, chosen, actions.n_items)


def beside_items(actions: Actions, ridge: float = 200.0) -> sp.csr_matrix:
    """(items, items) weights from items done to items done by the same customers, in whatever order: EASE.

    B = I - P / diag(P), P = (X'X + l I)^-1; X: how surely a customer did an item, 1 at most (Steck 2019, eq. 8).
    """
    chosen, place = _frequent(actions)
    rows = actions.take(place[actions.item] >= 0)
    did = sp.csr_matrix((rows.weight, (rows.customer, place[rows.item])), shape=(len(rows), len(chosen)))
    did.sum_duplicates()
    did.data = np.minimum(did.data, 1.0)
    products = float((np.diff(did.indptr).astype(float) ** 2).sum())
    did = did[:: int(np.ceil(max(products, 1.0) / MOST_PRODUCTS))]  # of too many customers some, evenly by position
    gram = (did.T @ did).toarray()
    gram[np.diag_indices_from(gram)] += ridge
    inverse = scipy.linalg.inv(gram, assume_a="pos")
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return _spread(weights.astype(np.float32), chosen, actions.n_items)


def _depth(decay: float) -> int:
    """How many steps weigh enough to be kept."""
    return int(np.ceil(np.log(FADED) / np.log(decay)))


def _frequent(actions: Actions) -> tuple[Ints, Ints]:
    """The most frequent items, and each item's place among them, -1 where it is none."""
    often = np.bincount(actions.item, actions.weight, actions.n_items)
    chosen = np.sort(np.argsort(-often, kind="stable")[:MOST_ITEMS])
    chosen = chosen[often[chosen] > 0]
    place = np.full(actions.n_items, -1)
    place[chosen] = np.arange(len(chosen))
    return chosen, place


def _spread(weights: NDArray[np.float32], chosen: Ints, n_items: int) -> sp.csr_matrix:
    """Weights among chosen items as weights among all; of many items the nearest only."""
    many = len(chosen) > WHOLE
    kept = weights != 0
    if many:
        place = max(len(chosen) - KEPT, 0)
        least = np.partition(weights, place, axis=1)[:, [place]]
        kept = (weights > 0) & (weights >= least)
    row, column = np.nonzero(kept)
    whole = sp.csr_matrix((weights[row, column], (chosen[row], chosen[column])), shape=(n_items, n_items))
    return nearest(whole) if many else whole
