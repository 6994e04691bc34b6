"""Square's detail of items: a row a line, in net sales after discounts and before tax; refunds are negative."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("Customer ID",),
    "person": ("Customer Name",),
    "ts": ("Date",),
    "order_id": ("Transaction ID",),
    "item_id": ("SKU", "Item"),
    "item_name": ("Item",),
    "category": ("Category",),
    "quantity": ("Qty",),
    "line_total": ("Net Sales",),
    "channel": ("Location",),
}
FORMAT = declared(
    "square", "Square: items", ("Date", "Time", "Item", "Qty", "Net Sales", "Transaction ID"), COLUMNS, clock="Time"
)
