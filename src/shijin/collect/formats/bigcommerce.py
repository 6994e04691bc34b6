"""BigCommerce's export of orders: a row an order, the total with shipping and tax."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("Customer ID",),
    "email": ("Customer Email",),
    "phone": ("Customer Phone",),
    "person": ("Customer Name",),
    "country": ("Billing Country",),
    "ts": ("Order Date",),
    "order_id": ("Order ID",),
    "order_total": ("Order Total (inc tax)",),
    "quantity": ("Total Quantity",),
    "order_refund": ("Refund Amount",),
    "status": ("Order Status",),
    "currency": ("Order Currency Code", "Store Currency Code"),
    "channel": ("Order Source", "Channel Name"),
}
FORMAT = declared(
    "bigcommerce",
    "BigCommerce: orders",
    ("Order ID", "Order Status", "Order Total (inc tax)"),
    COLUMNS,
)
