"""The columns of money of a source, and what each of its lines brought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class MoneyColumns:
    """The columns of money of n rows.

    Parameters
    ----------
    order_id, item : (n,) string
        None where the source has none; an order number is null where it is no evidence.
    counts : (n,) bool
        Rows that are evidence: neither void nor unpaid, nor a view.
    numbers
        (n,) by role, null where empty: amount, line_total, order_total, price, unit_price, quantity, discount,
        discount_rate (a share, 0 to 1), refund, order_refund (once an order), line_gross (of the line, before its
        discount). Any may be missing.
    names
        By role: the source's column, for findings.
    is_declared
        Whether a format declares what each column means, so that nothing is open.
    """

    order_id: pa.Array | None
    item: pa.Array | None
    counts: pa.Array
    numbers: Mapping[str, pa.Array]
    names: Mapping[str, str]
    is_declared: bool = False


@dataclass(frozen=True)
class Money:
    """What each line brought.

    Parameters
    ----------
    amount : (n,) float64
        After discounts, before refunds without a date; null where none can be read.
    quantity, discount : (n,) float64
        Pieces, and what was taken off (not negative); null where unknown.
    refund : (n,) float64
        Not negative: what was given back on a day that the source does not have, each amount once.
    rule
        The code of the reading.
    findings
        What was decided and is worth saying.
    """

    amount: pa.Array
    quantity: pa.Array
    discount: pa.Array
    refund: pa.Array
    rule: str
    findings: tuple[dict[str, Any], ...]
