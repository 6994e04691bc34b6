"""Arithmetic on columns of money: sums, shares that agree, discounts taken off."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from shijin.arrays import Floats
from shijin.collect.order_sums import Flags
from shijin.collect.values import LARGEST


def less_discount(amount: Floats, off: Floats) -> Floats:
    """Amounts less discounts, none of which turns a sale into a return."""
    return np.where(amount > 0, np.maximum(amount - off, 0.0), amount)


def are_rates(discount: Floats, base: Floats) -> bool:
    """Whether all discounts are shares of a price: below 1 and no sensible amounts of these prices."""
    some = discount > 0
    if not some.any() or not (discount[some] < 1).all():
        return False
    tenths = np.isclose(discount[some] * 100, np.round(discount[some] * 100))
    return bool(tenths.all()) and float(np.median(base[some])) > 2.0


def share_of(flags: Flags, among: Flags) -> float:
    """Share of the chosen elements that are flagged; 0 where none is chosen."""
    return float(flags[among].mean()) if among.any() else 0.0


def sum_of(values: Floats, counts: Flags) -> float:
    """Sum of the values that count."""
    return float(np.nansum(values[counts]))


def as_column(values: Floats) -> pa.Array:
    """A column, null where a value is no number or beyond the largest amount."""
    return pa.array(values, mask=~(np.abs(values) <= LARGEST))
