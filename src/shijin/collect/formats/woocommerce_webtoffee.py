"""The plugin Order Export and Import for WooCommerce: a row an order."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("customer_id", "customer_user"),
    "email": ("customer_email", "billing_email"),
    "phone": ("billing_phone",),
    "first_name": ("billing_first_name",),
    "last_name": ("billing_last_name",),
    "country": ("billing_country",),
    "ts": ("order_date",),
    "order_id": ("order_number", "order_id"),
    "order_total": ("order_total",),
    "order_refund": ("refund_total", "total_refunded"),
    "status": ("status",),
    "currency": ("order_currency",),
}
FORMAT = declared(
    "woocommerce_webtoffee",
    "WooCommerce: Order Export and Import",
    ("order_id", "order_total", "billing_email", "order_date"),
    COLUMNS,
)
