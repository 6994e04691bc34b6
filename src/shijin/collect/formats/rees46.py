"""REES46's events: views, carts and purchases, a piece a row."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("user_id",),
    "ts": ("event_time",),
    "type": ("event_type",),
    "item_id": ("product_id",),
    "category": ("category_code", "category_id"),
    "brand": ("brand",),
    "unit_price": ("price",),
    "session_id": ("user_session",),
}
FORMAT = declared(
    "rees46", "REES46: events", ("event_time", "event_type", "product_id", "user_id", "user_session"), COLUMNS
)
