"""The columns of money of a source, and the rows that are evidence about them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.event_types import EventTypes
from shijin.collect.mapped import MONEY_ROLES, MappedSource
from shijin.collect.money_types import MoneyColumns
from shijin.collect.people import People
from shijin.collect.statuses import Statuses
from shijin.collect.values import as_rate, is_true

_NUMBER_ROLES = (*MONEY_ROLES, "quantity", "discount", "refund", "order_refund")


def money_columns(
    source: MappedSource, texts: dict[str, pa.Array], people: People, types: EventTypes, statuses: Statuses | None
) -> MoneyColumns:
    """The columns of money, and the rows that are evidence about them."""
    counts = pc.and_(types.is_money, pc.is_valid(people.key))
    if statuses is not None:
        counts = pc.and_(counts, pc.invert(statuses.means("void", "refunded", "unpaid")))
    # Actions are no lines of the order that they name.
    order_id = pc.if_else(types.is_money, texts["order_id"], None) if "order_id" in source.roles else None
    # What a log gives back on another day is no line of the order either.
    is_return = is_true(pc.equal(types.type, "return"))
    order_id = (
        None
        if order_id is None
        else pc.if_else(is_return, pc.binary_join_element_wise(order_id, "return", "\x1f"), order_id)
    )
    has_item = "item_id" in source.roles or "item_name" in source.roles
    item = pc.coalesce(texts["item_id"], texts["item_name"]) if has_item else None
    numbers = {role: source.number(role) for role in _NUMBER_ROLES if role in source.roles}
    if (rate := _discount_rate(source)) is not None:
        numbers["discount_rate"] = rate
    names = {role: source.roles.get(role, source.roles.get("discount", ("",)))[0] for role in numbers}
    return MoneyColumns(
        _of_one_customer(order_id, people.key), item, counts, numbers, names, is_declared=source.is_declared
    )


def _discount_rate(source: MappedSource) -> pa.Array | None:
    """(n,) shares that are taken off: of a column of them, else of the cells with a sign of one among discounts."""
    if "discount_rate" in source.roles:
        return as_rate(source.table[source.roles["discount_rate"][0]], source.decimal)
    texts = source.text("discount")
    is_rate = is_true(pc.match_substring_regex(texts, r"[%％折]\s*$"))
    if not pc.any(is_rate).as_py():
        return None
    return as_rate(pc.if_else(is_rate, texts, None), source.decimal)


def _of_one_customer(order_id: pa.Array | None, key: pa.Array) -> pa.Array | None:
    """Order numbers, null for those that several customers have."""
    if order_id is None:
        return None
    pairs = pa.table({"order": order_id, "key": key}).group_by("order").aggregate([("key", "count_distinct")])
    shared = pairs.filter(pc.greater(pairs["key_count_distinct"], 1))["order"]
    return (
        pc.if_else(pc.is_in(order_id, value_set=shared.combine_chunks()), None, order_id) if len(shared) else order_id
    )
