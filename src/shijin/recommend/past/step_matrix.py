"""Steps of customers as rows of sparse matrices: what was done in a step, up to it, or after it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp

from shijin.arrays import Codes, Ints
from shijin.recommend.past.actions import Actions

GRID = 2.0**-16  # weights are whole numbers of it: such sums have no rounding that tells in which order they were made


def step_rows(actions: Actions) -> Ints:
    """(s,) the first row of every step, a customer's oldest first."""
    new = np.ones(len(actions.item), dtype=bool)
    new[1:] = (actions.step[1:] != actions.step[:-1]) | (actions.customer[1:] != actions.customer[:-1])
    return np.flatnonzero(new)


def step_sizes(actions: Actions) -> Ints:
    """(s,) how many rows every step has."""
    return np.diff(np.append(step_rows(actions), len(actions.item)))


def lagged(actions: Actions, column: Ints | Codes, n_columns: int, decay: float, steps: Iterable[int]) -> sp.csr_matrix:
    """(s, n_columns) float32: for every step what was done so many steps from it, faded.

    Parameters
    ----------
    column : (a,)
        Each row's item, by the column it has.
    decay
        How much less a row says with each further step, the nearest of `steps` saying most.
    steps
        How far what is gathered lies ahead, the nearest first; 0 is the step itself, below 0 lies what was before.

    Examples
    --------
    A customer who did items 0, 1 and 2 in turn:

    >>> turns = np.array([0, 1, 2], dtype=np.int32)
    >>> one = np.ones(3)
    >>> actions = Actions(np.array([0, 3]), turns, turns.astype(np.int64), turns.astype(np.uint8) * 0, one, one,
    ...     turns.astype(np.int16), 3, 9)
    >>> lagged(actions, turns, 3, 0.5, [1, 2]).toarray().tolist()
    [[0.0, 1.0, 0.5], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    """
    starts = step_rows(actions)
    of_row = np.repeat(np.arange(len(starts)), step_sizes(actions))
    customer = actions.customer[starts]
    rows, columns, values = [], [], []
    for place, ahead in enumerate(steps):
        step = of_row - ahead
        inside = np.flatnonzero((step >= 0) & (step < len(starts)))
        inside = inside[customer[step[inside]] == actions.customer[inside]]
        rows.append(step[inside])
        columns.append(column[inside])
        values.append((np.rint(decay**place * actions.weight[inside] / GRID) * GRID).astype(np.float32))
    found = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sp.csr_matrix(found, shape=(len(starts), n_columns))
