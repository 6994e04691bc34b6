"""Orders of WooCommerce's REST API: a line item's total is after discounts, without shipping and tax.

Guests have the id 0.
"""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("customer_id",),
    "email": ("billing.email",),
    "phone": ("billing.phone",),
    "first_name": ("billing.first_name",),
    "last_name": ("billing.last_name",),
    "country": ("billing.country",),
    "ts": ("date_created_gmt", "date_created"),
    "order_id": ("number", "id"),
    "item_id": ("line_items.sku", "line_items.product_id"),
    "item_name": ("line_items.name",),
    "quantity": ("line_items.quantity",),
    "line_total": ("line_items.total",),
    "order_refund": ("refunds.total",),
    "status": ("status",),
    "currency": ("currency",),
    "channel": ("created_via",),
}
FORMAT = declared(
    "woocommerce_rest",
    "WooCommerce: REST API, orders (JSON)",
    ("order_key", "line_items.total", "billing.email"),
    COLUMNS,
)
