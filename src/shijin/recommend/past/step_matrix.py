"""Steps of customers as rows of sparse matrices: the items of a step, of the steps before it, or after it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp

from shijin.arrays import Codes, Ints
from shijin.recommend.past.actions import Actions

GRID = 2.0**-16  # weights are whole multiples of it: such sums are exact, so that the order of adding changes no bit


def step_rows(actions: Actions) -> Ints:
    """(s,) the first row of every step, a customer's oldest first."""
    new = np.ones(len(actions.item), dtype=bool)
    new[1:] = (actions.step[1:] != actions.step[:-1]) | (actions.customer[1:] != actions.customer[:-1])
    return np.flatnonzero(new)


def step_sizes(actions: Actions) -> Ints:
    """(s,) number of rows of every step."""
    return np.diff(np.append(step_rows(actions), len(actions.item)))


def lagged(actions: Actions, column: Ints | Codes, n_columns: int, decay: float, steps: Iterable[int]) -> sp.csr_matrix:
    """(s, n_columns) float32: for every step, the weights of the items at some distances from it, decayed.

    Parameters
    ----------
    column : (a,)
        The column of each row's item.
    decay
        Factor for each further element of `steps`; the first one has factor 1.
    steps
        Distances, the nearest first: 1 is the customer's next step, 0 the step itself, -1 the step before.

    Examples
    --------
    A customer with items 0, 1 and 2 in three steps:

    >>> turns = np.array([0, 1, 2], dtype=np.int32)
    >>> one = np.ones(3)
    >>> actions = Actions(np.array([0, 3]), turns, turns.astype(np.int64), turns.astype(np.uint8) * 0, one, one,
    ...     turns.astype(np.int16), 3, 9)
    >>> lagged(actions, turns, 3, 0.5, [1, 2]).toarray().tolist()
    [[0.0, 1.0, 0.5], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    starts = step_rows(actions)
    step_of_row = np.repeat(np.arange(len(starts)), step_sizes(actions))
    customer = actions.customer[starts]
    rows, columns, values = [], [], []
    for place, ahead in enumerate(steps):
        # A row `ahead` steps after step s is an entry of row s; steps are numbered over all customers, so the step
        # found this way counts only where it is the same customer's.
        step = step_of_row - ahead
        inside = np.flatnonzero((step >= 0) & (step < len(starts)))
        inside = inside[customer[step[inside]] == actions.customer[inside]]
        rows.append(step[inside])
        columns.append(column[inside])
        values.append((np.rint(decay**place * actions.weight[inside] / GRID) * GRID).astype(np.float32))
    entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sp.csr_matrix(entries, shape=(len(starts), n_columns))
