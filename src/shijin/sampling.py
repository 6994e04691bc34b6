"""Choose rows by their position alone, independent of customers' ids."""

from __future__ import annotations

import numpy as np

from shijin.arrays import Ints


def evenly(customers: int, most: int) -> Ints:
    """Choose at most `most` rows, evenly by position.

    Examples
    --------
    >>> evenly(9, 3).tolist(), evenly(2, 3).tolist()
    ([0, 4, 8], [0, 1])
    """
    return np.unique(np.linspace(0, customers - 1, min(customers, most)).round().astype(np.int64))
