"""Rows of sums, which spreadsheets write below or between the rows that they sum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Floats
from shijin.collect.values import all_false, flagged, is_true
from shijin.prepare.clean import plain

_TEXT = """
total totals grandtotal subtotal sum sums overall overalltotal reporttotal totalsum summe gesamt gesamtsumme
zwischensumme totale totaal somme totalgeneral 合计 总计 小计 共计 总额 汇总 总和 本页合计 本页小计
"""
_WORDS = frozenset(_TEXT.split())
_LONGEST = 10  # letters of a cell such as 2024年12月合计
_CENT = 0.011


def total_rows(cells: Sequence[pa.Array], is_lacking: pa.Array, amounts: pa.Array) -> pa.Array:
    """Find the rows of sums.

    A row is one where a cell is a word such as "Grand Total" and nothing else, and it lacks an order, a customer or a
    time, or its amount is the sum of all rows above, or of those since the sum before.

    Parameters
    ----------
    cells
        (n,) texts of each column that may hold the word.
    is_lacking : (n,) bool
        Rows that lack an order number, a customer or a time which others have.
    amounts : (n,) float64

    Examples
    --------
    >>> names, ids = pa.array(["Ann", "Total Fitness", "Grand total"]), pa.array([False, False, True])
    >>> total_rows([names], ids, pa.array([3.0, 4.0, 7.0])).to_pylist()
    [False, False, True]
    """
    n = len(is_lacking)
    named = all_false(n)
    for texts in cells:
        named = pc.or_(named, flagged(texts, _is_named_so))
    if not pc.any(named).as_py():
        return named
    flags = named.to_numpy(zero_copy_only=False)
    money = np.nan_to_num(amounts.cast(pa.float64()).to_numpy(zero_copy_only=False))
    return pc.and_(named, pc.or_(is_true(is_lacking), pa.array(_are_sums(flags, money))))


def _is_named_so(text: str) -> bool:
    """Whether a cell is a word for a sum, or one of a period such as 3周小计."""
    word = plain(text)
    return word in _WORDS or (len(word) <= _LONGEST and word.endswith(("小计", "合计", "总计")))


def _are_sums(named: np.ndarray, money: Floats) -> np.ndarray:
    """Whether the amount of each named row is the sum of the rows above, or of those since the named row before."""
    above = np.cumsum(np.where(named, 0.0, money))
    places = np.flatnonzero(named)
    since = np.diff(above[places], prepend=0.0)
    result = np.zeros(len(money), dtype=bool)
    amount = money[places]
    result[places] = (np.abs(amount - above[places]) < _CENT) | (np.abs(amount - since) < _CENT)
    return result & (money != 0)
