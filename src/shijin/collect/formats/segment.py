"""Segment's events, as JSON lines: an event a line, with the products of an order in a list.

An order's money is its revenue (without shipping and tax), else its subtotal, else its total.
"""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("userId", "user_id", "anonymousId", "anonymous_id"),
    "email": ("context.traits.email", "properties.email"),
    "ts": ("timestamp", "originalTimestamp", "sentAt", "receivedAt"),
    "type": ("event",),
    "order_id": ("properties.order_id", "properties.orderId"),
    "item_id": (
        *("properties.products.sku", "properties.products.product_id", "properties.sku", "properties.product_id"),
    ),
    "item_name": ("properties.products.name", "properties.name"),
    "category": ("properties.products.category", "properties.category"),
    "brand": ("properties.products.brand", "properties.brand"),
    "quantity": ("properties.products.quantity",),
    "unit_price": ("properties.products.price",),
    "order_total": ("properties.revenue", "properties.subtotal", "properties.total"),
    "currency": ("properties.currency",),
    "channel": ("context.campaign.source",),
}
FORMAT = declared("segment", "Segment: events (JSON lines)", ("event", "anonymousId", "messageId"), COLUMNS)
