"""WooCommerce's download of Analytics, Orders: a row an order, with the customer's name only."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "ts": ("Date",),
    "order_id": ("Order #",),
    "status": ("Status",),
    "person": ("Customer",),
    "order_total": ("Net sales",),
    "quantity": ("Items sold",),
    "channel": ("Attribution",),
}
FORMAT = declared(
    "woocommerce_analytics", "WooCommerce: Analytics, Orders", ("Order #", "Net sales", "Items sold"), COLUMNS
)
