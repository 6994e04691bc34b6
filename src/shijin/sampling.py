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


def stride(customers: int, most: int) -> int:
    """The least step with which every step-th customer makes at most so many.

    Examples
    --------
    >>> stride(9, 3), stride(10, 3), stride(2, 3)
    (3, 4, 1)
    """
    return max(1, -(-customers // most))
