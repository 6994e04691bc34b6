"""The columns of money of a source, and the rows that are evidence about them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.event_types import EventTypes
from shijin.collect.mapped import MONEY_ROLES, MappedSource
from shijin.collect.money import MoneyColumns
from shijin.collect.people import People
from shijin.collect.statuses import Statuses
from shijin.collect.values import as_rate

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
    has_item = "item_id" in source.roles or "item_name" in source.roles
    item = pc.coalesce(texts["item_id"], texts["item_name"]) if has_item else None
    numbers = {role: source.number(role) for role in _NUMBER_ROLES if role in source.roles}
    if "discount_rate" in source.roles:
        numbers["discount_rate"] = as_rate(source.table[source.roles["discount_rate"][0]], source.decimal)
    names = {role: source.roles[role][0] for role in numbers}
    return MoneyColumns(
        _of_one_customer(order_id, people.key), item, counts, numbers, names, is_declared=source.is_declared
    )


def _of_one_customer(order_id: pa.Array | None, key: pa.Array) -> pa.Array | None:
    """Order numbers, null for those that several customers have."""
    if order_id is None:
        return None
    pairs = pa.table({"order": order_id, "key": key}).group_by("order").aggregate([("key", "count_distinct")])
    shared = pairs.filter(pc.greater(pairs["key_count_distinct"], 1))["order"]
    return (
        pc.if_else(pc.is_in(order_id, value_set=shared.combine_chunks()), None, order_id) if len(shared) else order_id
    )
