"""Array types of all layers, and arithmetic of arrays that hold one piece per customer."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int32]  # indices into a vocabulary, -1 for none
Number = TypeVar("Number", np.float64, np.float32)


def finite(figure: float) -> float | None:
    """The figure, or None in place of nan and infinity, which JSON does not have.

    Examples
    --------
    >>> finite(0.5), finite(float("nan"))
    (0.5, None)
    """
    return float(figure) if np.isfinite(figure) else None


_ROWS = 1000  # of a block of `row_sums`


def pieces(starts: Ints, lengths: Ints) -> Ints:
    """Indices of the elements of several pieces of an array, one piece after the other.

    Examples
    --------
    >>> pieces(np.array([7, 2]), np.array([2, 3]))
    array([7, 8, 2, 3, 4])
    """
    # A running index, shifted in each piece by the difference of its start and its place in the result.
    return np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())


def per_customer(values: NDArray[Number], offsets: Ints) -> NDArray[Number]:
    """Sum each customer's moments; 0 where there are none. The bits do not depend on the other customers.

    Parameters
    ----------
    values : (m, ..)
        A number, or a row of numbers, of each moment.
    offsets : (n + 1,)
        Where the moments of each customer begin, and where those of the last one end.

    Examples
    --------
    >>> per_customer(np.array([1.0, 2.0, 4.0]), np.array([0, 2, 2, 3]))
    array([3., 0., 4.])
    """
    sums = np.zeros((len(offsets) - 1, *values.shape[1:]), values.dtype)
    some = np.diff(offsets) > 0
    if some.any():
        # Exactly these pieces: one more element would change how a piece's sum is grouped, and so its last bits.
        sums[some] = np.add.reduceat(values[: offsets[-1]], offsets[:-1][some], axis=0)
    return sums


def row_sums(values: Floats, weights: Floats) -> Floats:
    """(n,) the sum of each row of `values` (n, k) times `weights` (k,).

    Unlike in the product ``values @ weights``, the bits of a row do not depend on how many rows there are.

    Examples
    --------
    >>> row_sums(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0]))
    array([12., 34.])
    """
    sums = np.empty(len(values))
    # In blocks whose products stay in the cache; a product is contiguous, so each row is summed in the same order.
    for first in range(0, len(values), _ROWS):
        rows = slice(first, first + _ROWS)
        np.multiply(values[rows], weights, order="C").sum(axis=1, out=sums[rows])
    return sums
