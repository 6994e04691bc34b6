"""PrestaShop's list of orders: a row an order, with an initial and the surname of the customer."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "person": ("Customer",),
    "ts": ("Date",),
    "order_id": ("Reference",),
    "order_total": ("Total",),
    "status": ("Status",),
    "country": ("Delivery",),
}
FORMAT = declared(
    "prestashop", "PrestaShop: orders", ("Reference", "New client", "Customer", "Total", "Payment", "Status"), COLUMNS
)
