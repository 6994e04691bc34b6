"""Amazon's report of all orders: the price of an item is of all pieces of its line, before its promotion."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("buyer-id",),
    "email": ("buyer-email",),
    "phone": ("buyer-phone-number",),
    "person": ("buyer-name", "recipient-name"),
    "country": ("ship-country",),
    "ts": ("purchase-date",),
    "order_id": ("amazon-order-id",),
    "item_id": ("sku", "asin"),
    "item_name": ("product-name",),
    "quantity": ("quantity", "quantity-purchased"),
    "line_gross": ("item-price",),
    "discount": ("item-promotion-discount",),
    "status": ("order-status", "item-status"),
    "currency": ("currency",),
    "channel": ("sales-channel",),
}
FORMAT = declared(
    "amazon", "Amazon: all orders", ("amazon-order-id", "purchase-date", "order-status", "item-price"), COLUMNS
)
