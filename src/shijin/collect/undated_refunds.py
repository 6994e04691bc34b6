"""Refunds in a column: money that was given back on a day that the source does not have."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Floats
from shijin.collect.order_sums import Flags, Orders
from shijin.collect.values import all_false, is_true

_CENT = 0.01


def undated_refunds(
    column: Floats, amount: Floats, orders: Orders, evidence: Orders, *, of_order: bool = False
) -> tuple[Floats, Flags]:
    """Read what was given back of each row's order: each refund once, and none larger than what its order brought.

    Parameters
    ----------
    column : (n,)
        As the source has it, whatever its sign; on each line of an order, or on one.
    amount : (n,)
        What each line brought; a line that brought nothing is not refunded.
    of_order
        Whether the column is known to have the refund of the whole order on each of its lines.

    Returns
    -------
    (n,) refunds, not negative, and (n,) which were larger than their order

    Examples
    --------
    >>> orders = Orders(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    >>> undated_refunds(np.array([3.0, 3.0, 5.0, 5.0]), np.array([9.0, 8.0, 7.0, 6.0]), orders, orders)[0].tolist()
    [3.0, 0.0, 5.0, 0.0]
    """
    refund = np.where(amount > 0, np.abs(np.nan_to_num(column)), 0.0)
    inside = orders.code >= 0
    if of_order or evidence.repeats(refund):
        once = np.where(orders.first_rows(amount > 0), orders.of_rows(orders.most(refund)), 0.0)
        refund = np.where(inside, once, refund)
    whole = np.where(inside, orders.of_rows(orders.sums(np.maximum(amount, 0.0))), np.nan_to_num(amount))
    back = np.where(inside, orders.of_rows(orders.sums(refund)), refund)
    over = (back > whole + _CENT) & (refund > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(over, refund * np.nan_to_num(whole / back), refund), over


def is_full_refund(order_id: pa.Array, amount: pa.Array, refund: pa.Array) -> pa.Array:
    """Whether all of an order, or of a row without an order, was given back."""
    if not pc.any(pc.greater(refund, 0.0)).as_py():
        return all_false(len(refund))
    rows = pa.table({"order": order_id, "amount": amount, "refund": refund})
    orders = rows.group_by("order").aggregate([("amount", "sum"), ("refund", "sum")])
    place = pc.index_in(order_id, value_set=orders["order"].combine_chunks())
    has_order = pc.is_valid(order_id)

    def of_order(name: str, own: pa.Array) -> pa.Array:
        return pc.if_else(has_order, orders[f"{name}_sum"].combine_chunks().take(place), own)

    back, whole = of_order("refund", refund), of_order("amount", amount)
    return is_true(pc.and_(pc.greater(back, 0.0), pc.greater_equal(back, pc.subtract(whole, _CENT))))
