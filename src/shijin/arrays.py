"""Array types of all layers, and arithmetic of arrays that hold one piece per customer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int32]  # indices into a vocabulary, -1 for none


def finite(figure: float) -> float | None:
    """The figure, or None in place of nan and infinity, which JSON does not have.

    Examples
    --------
    >>> finite(0.5), finite(float("nan"))
    (0.5, None)
    """
    return float(figure) if np.isfinite(figure) else None


def pieces(starts: Ints, lengths: Ints) -> Ints:
    """Indices of the elements of several pieces of an array, one piece after the other.

    Examples
    --------
    >>> pieces(np.array([7, 2]), np.array([2, 3]))
    array([7, 8, 2, 3, 4])
    """
    # A running index, shifted in each piece by the difference of its start and its place in the result.
    return np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())
