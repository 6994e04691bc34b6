"""eBay's report of orders: a row a line, the order's total on its first row."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("Buyer Username",),
    "email": ("Buyer Email",),
    "person": ("Buyer Name",),
    "country": ("Buyer Country", "Ship To Country"),
    "ts": ("Sale Date",),
    "order_id": ("Order Number",),
    "item_id": ("Custom Label", "Item Number"),
    "item_name": ("Item Title",),
    "quantity": ("Quantity",),
    "unit_price": ("Sold For",),
    "order_total": ("Total Price",),
}
FORMAT = declared(
    "ebay",
    "eBay: orders",
    ("Order Number", "Buyer Username", "Item Title", "Sold For"),
    COLUMNS,
)
