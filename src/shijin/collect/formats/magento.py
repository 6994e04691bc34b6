"""Magento's grid of orders: a row an order, the total with shipping and tax."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "email": ("Customer Email",),
    "person": ("Customer Name", "Bill-to Name"),
    "ts": ("Purchase Date",),
    "order_id": ("ID",),
    "order_total": ("Grand Total (Purchased)", "Grand Total (Base)"),
    "order_refund": ("Total Refunded",),
    "status": ("Status",),
    "channel": ("Purchase Point",),
}
FORMAT = declared(
    "magento", "Magento: grid of orders", ("Purchase Point", "Purchase Date", "Grand Total (Purchased)"), COLUMNS
)
