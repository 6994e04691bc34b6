"""Matrix products in which a row has the same bits whatever its position and whatever the other rows.

BLAS does not guarantee this. The shape of a matrix decides by which code it is computed, and so its last bits; so rows
are computed in blocks of one shape (`by_block`). Some code also treats the rows of one matrix differently: that of
OpenBLAS for AVX2 (Haswell, Zen) does; that for AVX-512, AVX and SSE does not. So a way of multiplying is tried on equal
rows before it is used: first the plain one, then the transposed one with rows of zeros at both edges, which gives equal
rows equal bits on AVX2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from shijin.arrays import Singles
from shijin.threads import one_blas_thread

ROWS = 160  # of a block; a last block is filled up with zeros
# Inner and outer sizes as in the network, the last ones with a large and with a small context.
TRIED = ((21, 128), (643, 256), (128, 8), (9, 6), (32, 1025), (1025, 32), (32, 201), (201, 32))


@dataclass(frozen=True)
class Product:
    """A way to multiply.

    times : (.., r, k) rows times (.., k, o) weights -> (.., r, o), contiguous
    guard : number of rows at both edges whose bits are not to be used
    """

    times: Callable[[Singles, Singles], Singles]
    guard: int


def plain(rows: Singles, weights: Singles) -> Singles:
    """Multiply as NumPy does."""
    return np.matmul(rows, weights)


def transposed(rows: Singles, weights: Singles) -> Singles:
    """Multiply with rows as columns."""
    return np.ascontiguousarray(np.matmul(weights.swapaxes(-1, -2), rows.swapaxes(-1, -2)).swapaxes(-1, -2))


WAYS = (Product(plain, 0), Product(transposed, 8))


@cache
def product() -> Product:
    """Choose the first way that gives equal rows equal bits.

    Where no way does, it is the first: then a customer's last bits depend on their position in a block.
    """
    return next((way for way in WAYS if rows_alike(way)), WAYS[0])


@one_blas_thread()
def rows_alike(way: Product) -> bool:
    """Try a way on blocks of equal rows."""
    rng = np.random.default_rng(0)
    for inner, outer in TRIED:
        weights = rng.standard_normal((inner, outer)).astype(np.float32)
        row = rng.standard_normal((1, inner)).astype(np.float32)
        block = way.times(np.repeat(row, ROWS + 2 * way.guard, axis=0), weights)[way.guard : way.guard + ROWS]
        if (block != block[0]).any():
            return False
    return True


def by_block(compute: Callable[..., Sequence[Singles]], *columns: Singles) -> list[Singles]:
    """Compute rows in blocks of `ROWS`, between their guards; no rows are one block of zeros.

    Parameters
    ----------
    compute
        Takes a block of each of the columns, (r, ..) each, and gives results for its rows.
    columns : (n, ..) each

    Returns
    -------
    The results for all n rows.
    """
    n, guard = len(columns[0]), product().guard
    parts = []
    for first in range(0, max(n, 1), ROWS):
        rows = min(n - first, ROWS)
        padding = ((guard, ROWS - rows + guard), (0, 0))
        blocks = [np.pad(column[first : first + rows], padding) for column in columns]
        parts.append([result[guard : guard + rows] for result in compute(*blocks)])
    return [np.concatenate(results) for results in zip(*parts, strict=True)]
