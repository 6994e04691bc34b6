"""Etsy's sold items: a row a line, without shipping. Item totals of some exports are before the discount."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("Buyer",),
    "person": ("Ship Name",),
    "country": ("Ship Country",),
    "ts": ("Sale Date",),
    "order_id": ("Order ID",),
    "item_id": ("SKU", "Listing ID"),
    "item_name": ("Item Name",),
    "quantity": ("Quantity",),
    "line_total": ("Item Total",),
    "unit_price": ("Price",),
    "discount": ("Discount Amount",),
    "currency": ("Currency",),
}
FORMAT = declared(
    "etsy_items", "Etsy: sold items", ("Sale Date", "Item Name", "Buyer", "Item Total", "Transaction ID"), COLUMNS
)
