"""Etsy's sold orders: a row an order. Its money is the value of the goods less the discount, as in the sold items."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("Buyer", "Buyer User ID"),
    "person": ("Full Name",),
    "first_name": ("First Name",),
    "last_name": ("Last Name",),
    "country": ("Ship Country",),
    "ts": ("Sale Date",),
    "order_id": ("Order ID",),
    "line_gross": ("Order Value",),
    "discount": ("Discount Amount",),
    "quantity": ("Number of Items",),
    "status": ("Status",),
    "currency": ("Currency",),
}
FORMAT = declared(
    "etsy_orders", "Etsy: orders", ("Sale Date", "Order ID", "Order Value", "Discount Amount", "Order Total"), COLUMNS
)
