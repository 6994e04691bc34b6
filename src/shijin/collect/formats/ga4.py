"""Google Analytics 4's export to BigQuery, as JSON lines: an event a line, with the items of a purchase in a list.

A customer is the shop's user id, else the browser's pseudonym. A purchase that was sent again has the same transaction
id; its first event counts. A refund's money is what was given back.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.declared import MADE, Preparation, declared
from shijin.collect.format import by_role
from shijin.collect.identity import known_users
from shijin.collect.raw import Raw, with_rows
from shijin.collect.values import as_number, as_text, is_true

_MONEY, _USER = f"{MADE}money", f"{MADE}user"
_AMOUNTS = ("ecommerce.purchase_revenue", "ecommerce.refund_value", "event_params.value")
COLUMNS = {
    "customer_id": (_USER, "user_id", "user_pseudo_id"),
    "ts": ("event_timestamp",),
    "type": ("event_name",),
    "order_id": ("ecommerce.transaction_id", "event_params.transaction_id"),
    "item_id": ("items.item_id", "items.item_name"),
    "item_name": ("items.item_name",),
    "category": ("items.item_category",),
    "brand": ("items.item_brand",),
    "quantity": ("items.quantity",),
    "unit_price": ("items.price",),
    "order_total": (_MONEY,),
    "currency": ("event_params.currency",),
    "channel": ("traffic_source.medium",),
    "session_id": ("event_params.ga_session_id",),
}
_NOT_SET = ("(not set)", "(none)", "")


def _each_purchase_once(raw: Raw) -> Raw:
    """Add the money of each event; leave out later purchases of a transaction, and the words for no transaction."""
    raw = _with_users(_with_money(raw))
    roles = by_role(raw.table.column_names, COLUMNS)
    if "order_id" not in roles:
        return raw
    name = roles["order_id"][0]
    ids = as_text(raw.table[name])
    ids = pc.if_else(pc.is_in(ids, pa.array(_NOT_SET)), None, ids)
    times = as_text(raw.table[roles["ts"][0]])
    # A refund has the transaction id of its purchase.
    keys = pc.binary_join_element_wise(ids, as_text(raw.table[roles["type"][0]]), "\x1f")
    first = pa.table({"id": keys, "ts": times}).group_by("id").aggregate([("ts", "min")])
    earliest = first["ts_min"].combine_chunks().take(pc.index_in(keys, value_set=first["id"].combine_chunks()))
    counts = pc.or_(pc.is_null(ids), pc.fill_null(pc.equal(times, earliest), fill_value=True))
    table = raw.table.set_column(raw.table.column_names.index(name), name, ids)
    return with_rows(raw, table, np.flatnonzero(counts.to_numpy(zero_copy_only=False)))


def _with_users(raw: Raw) -> Raw:
    """Add the user whom a browser's pseudonym is known to be."""
    names = by_role(raw.table.column_names, {"user": ["user_id"], "browser": ["user_pseudo_id"]})
    if len(names) < 2:
        return raw
    user, browser = (as_text(raw.table[names[role][0]]) for role in ("user", "browser"))
    return with_rows(raw, raw.table.append_column(_USER, known_users(user, browser)))


def _with_money(raw: Raw) -> Raw:
    """Add the money of purchases and refunds."""
    n, names = raw.table.num_rows, raw.table.column_names

    def number(name: str) -> pa.Array:
        there = by_role(names, {"it": [name]}).get("it")
        return as_number(raw.table[there[0]]) if there else pa.nulls(n, pa.float64())

    is_refund = is_true(pc.equal(as_text(raw.table[by_role(names, COLUMNS)["type"][0]]), "refund"))
    paid = pc.coalesce(number("ecommerce.purchase_revenue"), number("event_params.value"))
    back = pc.coalesce(number("ecommerce.refund_value"), number("event_params.value"))
    return with_rows(raw, raw.table.append_column(_MONEY, pc.if_else(is_refund, back, paid)))


FORMAT = declared(
    "ga4", "Google Analytics 4: events (BigQuery, JSON lines)", ("event_name", "event_timestamp", "user_pseudo_id"),
    COLUMNS, preparation=Preparation(_each_purchase_once, _AMOUNTS),
)  # fmt: skip
