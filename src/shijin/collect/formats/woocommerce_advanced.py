"""The plugin Advanced Order Export For WooCommerce: a row a line item, with the order's total on each of its lines."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("Customer User ID", "User ID"),
    "email": ("Email (Billing)",),
    "phone": ("Phone (Billing)",),
    "first_name": ("First Name (Billing)",),
    "last_name": ("Last Name (Billing)",),
    "country": ("Country Code (Billing)",),
    "ts": ("Order Date",),
    "order_id": ("Order Number",),
    "item_id": ("SKU", "Item #"),
    "item_name": ("Item Name",),
    "quantity": ("Quantity",),
    "price": ("Item Cost",),
    "order_total": ("Order Total Amount",),
    "order_refund": ("Order Refund Amount",),
    "status": ("Order Status",),
    "currency": ("Currency", "Order Currency"),
}
FORMAT = declared(
    "woocommerce_advanced",
    "WooCommerce: Advanced Order Export",
    ("Order Number", "Order Status", "Order Date", "Email (Billing)"),
    COLUMNS,
)
