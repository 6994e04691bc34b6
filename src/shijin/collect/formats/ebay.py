"""eBay's report of orders: a row a line.

An order of several lines has a row of its own above them, with the total and the buyer but no item. An order without a
day of payment was never paid.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.declared import MADE, Preparation, declared
from shijin.collect.format import by_role
from shijin.collect.raw import Raw, with_rows
from shijin.collect.values import as_text

_PAYMENT = f"{MADE}payment"
COLUMNS = {
    "customer_id": ("Buyer Username",),
    "email": ("Buyer Email",),
    "person": ("Buyer Name",),
    "country": ("Buyer Country", "Ship To Country"),
    "ts": ("Sale Date",),
    "order_id": ("Order Number", "Sales Record Number"),
    "item_id": ("Custom Label", "Item Number"),
    "item_name": ("Item Title",),
    "quantity": ("Quantity",),
    "unit_price": ("Sold For",),
    "order_total": ("Total Price",),
    "status": (_PAYMENT,),
}


def _lines_of_orders(raw: Raw) -> Raw:
    """Give the cells of an order's own row to its lines, and leave that row out."""
    names = raw.table.column_names
    there = by_role(names, {"order": ["Order Number"], "title": ["Item Title"], "paid": ["Paid On Date"]})
    order, title = (as_text(raw.table[there[role][0]]) for role in ("order", "title"))
    has_lines = pc.is_in(order, value_set=pc.unique(order.filter(pc.is_valid(title))).drop_null())
    is_own = pc.and_(pc.is_null(title), has_lines)
    own = raw.table.filter(is_own)
    places = pc.index_in(order, value_set=order.filter(is_own))
    columns = [pc.coalesce(as_text(raw.table[name]), as_text(own[name]).take(places)) for name in names]
    table = pa.table(columns, names=names)
    if "paid" in there:
        paid = as_text(table[there["paid"][0]])
        if paid.null_count < len(paid):
            table = table.append_column(_PAYMENT, pc.if_else(pc.is_valid(paid), "paid", "unpaid"))
    return with_rows(raw, table, np.flatnonzero(~is_own.to_numpy(zero_copy_only=False)))


FORMAT = declared(
    "ebay", "eBay: orders", ("Order Number", "Buyer Username", "Item Title", "Sold For"), COLUMNS,
    preparation=Preparation(_lines_of_orders, ("Paid On Date",)),
)  # fmt: skip
