"""Segment's events, as JSON lines: an event a line, with the products of an order in a list.

An order's money is its revenue (without shipping and tax), else its subtotal, else its total without them; that of a
refund is its total. A cancellation ends its order, whatever money it repeats. Calls without an event (page, identify)
are events of their own kind.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.declared import MADE, Preparation, declared
from shijin.collect.format import by_role
from shijin.collect.identity import known_users
from shijin.collect.raw import Raw, with_rows
from shijin.collect.values import as_number, as_text, is_true

_EVENT, _MONEY, _PRICE, _USER = (f"{MADE}{what}" for what in ("event", "money", "price", "user"))
_AMOUNTS = tuple(
    f"properties.{name}" for name in ("products.price", "revenue", "subtotal", "total", "value", "shipping", "tax")
)
COLUMNS = {
    "customer_id": (_USER, "userId", "user_id", "anonymousId", "anonymous_id"),
    "email": ("context.traits.email", "properties.email"),
    "ts": ("timestamp", "originalTimestamp", "sentAt", "receivedAt"),
    "type": (_EVENT,),
    "order_id": ("properties.order_id", "properties.orderId"),
    "item_id": (
        *("properties.products.sku", "properties.products.product_id", "properties.sku", "properties.product_id"),
    ),
    "item_name": ("properties.products.name", "properties.name"),
    "category": ("properties.products.category", "properties.category"),
    "brand": ("properties.products.brand", "properties.brand"),
    "quantity": ("properties.products.quantity",),
    "unit_price": (_PRICE,),
    "order_total": (_MONEY,),
    "currency": ("properties.currency",),
    "channel": ("context.campaign.source",),
}


def _prepared(raw: Raw) -> Raw:
    """Add the kind and the money of each event, and the user whom an anonymous id is known to be."""
    raw = _with_money(raw)
    names = by_role(raw.table.column_names, {"user": ["userId", "user_id"], "browser": ["anonymousId", "anonymous_id"]})
    if len(names) < 2:
        return raw
    user, browser = (as_text(raw.table[names[role][0]]) for role in ("user", "browser"))
    return with_rows(raw, raw.table.append_column(_USER, known_users(user, browser)))


def _with_money(raw: Raw) -> Raw:
    """Add the kind and the money of each event."""
    n, names = raw.table.num_rows, raw.table.column_names

    def column(name: str) -> pa.Array:
        there = by_role(names, {"it": [name]}).get("it")
        return as_text(raw.table[there[0]]) if there else pa.nulls(n, pa.string())

    def number(name: str) -> pa.Array:
        return as_number(column(f"properties.{name}"))

    event = pc.coalesce(column("event"), column("type"))
    is_sale = is_true(pc.match_substring_regex(event, r"(?i)(order completed|completed order|purchase)"))
    is_end = is_true(pc.match_substring_regex(event, r"(?i)cancel"))
    extras = pc.add(pc.fill_null(number("shipping"), 0.0), pc.fill_null(number("tax"), 0.0))
    total = pc.if_else(is_sale, pc.round(pc.subtract(number("total"), extras), 6), number("total"))
    money = pc.coalesce(number("revenue"), number("subtotal"), total, number("value"))
    added = {_EVENT: event, _MONEY: pc.if_else(is_end, None, money)}
    added[_PRICE] = pc.if_else(is_end, None, number("products.price"))
    table = raw.table
    for name, values in added.items():
        table = table.append_column(name, values)
    return with_rows(raw, table)


FORMAT = declared(
    "segment",
    "Segment: events (JSON lines)",
    ("event", "anonymousId", "messageId"),
    COLUMNS,
    preparation=Preparation(_prepared, ("event", "type", *_AMOUNTS)),
)
