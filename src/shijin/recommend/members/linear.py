"""Two linear item-to-item models: `next_items` predicts later steps from earlier ones, `ease_items` ignores order.

`next_items` is a ridge regression from decayed past to decayed future over every step of every customer,
B = (P'P + l I)^-1 P'F: a row of P holds a customer's actions up to some step, decayed by d for each step back; the same
row of F holds the customer's actions in the following steps, decayed by e for each step ahead.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse as sp

from shijin.arrays import Ints, Singles
from shijin.recommend.members.neighbours import MOST_NEIGHBOURS, trimmed
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.step_matrix import lagged, step_rows

MOST_ITEMS = 4000  # the most frequent items, among which the matrix is inverted
WHOLE = 2500  # with up to so many items every weight is kept, with more the nearest neighbours
MOST_PRODUCTS = 3e8  # products of numbers that form P'P; the newest steps come first
FADED = 0.05  # steps with a smaller weight are left out


def next_items(actions: Actions, past: float = 0.8, future: float = 0.4, ridge: float = 100.0) -> sp.csr_matrix:
    """(items, items) weights from earlier items to later items; zero outside the most frequent items.

    Parameters
    ----------
    past, future
        Decay per step of the past, and of the future.
    """
    chosen, place = _frequent(actions)
    rows = actions.take(place[actions.item] >= 0)
    column = place[rows.item]
    done = lagged(rows, column, len(chosen), past, range(0, -_depth(past), -1))
    to_come = lagged(rows, column, len(chosen), future, range(1, _depth(future) + 1))
    has_future = np.diff(to_come.indptr) > 0
    # A row with m entries costs m * m products in P'P; the newest steps are used until the budget is spent.
    newest_first = np.argsort(rows.step[step_rows(rows)], kind="stable")
    products = np.cumsum((np.diff(done.indptr).astype(float) ** 2 * has_future)[newest_first])
    used = newest_first[(products <= MOST_PRODUCTS) & has_future[newest_first]]
    done, to_come = done[used], to_come[used]
    gram = (done.T @ done).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += ridge
    factor = scipy.linalg.cho_factor(gram, overwrite_a=True, check_finite=False)
    weights = scipy.linalg.cho_solve(factor, (done.T @ to_come).toarray(), check_finite=False).astype(np.float32)
    return _spread(weights, chosen, actions.n_items)


def ease_items(actions: Actions, ridge: float = 200.0) -> sp.csr_matrix:
    """(items, items) weights between items of the same customers, in any order: EASE.

    B = I - P / diag(P), P = (X'X + l I)^-1; X: the weight of a customer's actions with an item, at most 1 (Steck 2019,
    eq. 8).
    """
    chosen, place = _frequent(actions)
    rows = actions.take(place[actions.item] >= 0)
    weight = sp.csr_matrix((rows.weight, (rows.customer, place[rows.item])), shape=(len(rows), len(chosen)))
    weight.sum_duplicates()
    weight.data = np.minimum(weight.data, 1.0)
    products = float((np.diff(weight.indptr).astype(float) ** 2).sum())
    weight = weight[:: int(np.ceil(max(products, 1.0) / MOST_PRODUCTS))]  # a sample of customers, evenly by position
    gram = (weight.T @ weight).toarray()
    gram[np.diag_indices_from(gram)] += ridge
    inverse = scipy.linalg.inv(gram, assume_a="pos")
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return _spread(weights.astype(np.float32), chosen, actions.n_items)


def _depth(decay: float) -> int:
    """Number of steps that weigh at least `FADED`."""
    return int(np.ceil(np.log(FADED) / np.log(decay)))


def _frequent(actions: Actions) -> tuple[Ints, Ints]:
    """The most frequent items, and each item's position among them, -1 for other items."""
    weight = np.bincount(actions.item, actions.weight, actions.n_items)
    chosen = np.sort(np.argsort(-weight, kind="stable")[:MOST_ITEMS])
    chosen = chosen[weight[chosen] > 0]
    place = np.full(actions.n_items, -1)
    place[chosen] = np.arange(len(chosen))
    return chosen, place


def _spread(weights: Singles, chosen: Ints, n_items: int) -> sp.csr_matrix:
    """Weights among the chosen items as weights among all items; with many chosen ones only the nearest."""
    many = len(chosen) > WHOLE
    is_used = weights != 0
    if many:
        # The smallest weight that can be among a row's nearest drops most entries before the exact choice.
        place = max(len(chosen) - MOST_NEIGHBOURS, 0)
        least = np.partition(weights, place, axis=1)[:, [place]]
        is_used = (weights > 0) & (weights >= least)
    row, column = np.nonzero(is_used)
    whole = sp.csr_matrix((weights[row, column], (chosen[row], chosen[column])), shape=(n_items, n_items))
    return trimmed(whole) if many else whole
