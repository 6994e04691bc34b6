"""A column called just "Name": that of the customer or that of the product, by what it goes with."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import as_text
from shijin.prepare.clean import plain

Roles = dict[str, tuple[str, ...]]

_OPEN = ("name", "nom", "nombre", "nome", "naam")
_WHO = ("customer_id", "email", "phone")
_SAMPLE = 20_000
_MOST = 0.95  # of the customers who come again, or of the items that are bought again, have one name


def with_names_of_people(roles: Roles, table: pa.Table, mapped: Collection[str]) -> Roles:
    """Read a column of names as that of people where each customer has one, or nothing else says who bought.

    Parameters
    ----------
    mapped
        The roles whose columns the user named.

    Examples
    --------
    >>> orders = {"Customer ID": ["1", "1", "2", "2"], "Name": ["Ann", "Ann", "Bob", "Bob"]}
    >>> roles = {"customer_id": ("Customer ID",), "item_name": ("Name",)}
    >>> with_names_of_people(roles, pa.table(orders), ())
    {'customer_id': ('Customer ID',), 'person': ('Name',)}
    >>> with_names_of_people(roles, pa.table(orders | {"Name": ["Tea", "Mug", "Tea", "Pot"]}), ())
    {'customer_id': ('Customer ID',), 'item_name': ('Name',)}
    """
    column = roles.get("item_name", roles.get("item_id", ("",)))[0]
    if plain(column) not in _OPEN or "person" in roles or {"item_name", "item_id"} & set(mapped):
        return roles
    who = next((roles[role][0] for role in _WHO if role in roles), None)
    item = roles["item_id"][0] if "item_name" in roles and "item_id" in roles else None
    if who is None:
        is_person = "ts" in roles and item is None
    else:
        is_person = _have_one(table, who, column) and not (item and _have_one(table, item, column))
    if not is_person:
        return roles
    return {role: names for role, names in roles.items() if names != (column,)} | {"person": (column,)}


def _have_one(table: pa.Table, key: str, column: str) -> bool:
    """Whether nearly every key that stands on several rows has one name there."""
    texts = {"key": as_text(table[key].slice(0, _SAMPLE)), "name": as_text(table[column].slice(0, _SAMPLE))}
    rows = pa.table(texts).filter(pc.and_(pc.is_valid(texts["key"]), pc.is_valid(texts["name"])))
    keys = rows.group_by("key").aggregate([("name", "count"), ("name", "count_distinct")])
    several = keys.filter(pc.greater(keys["name_count"], 1))
    if not len(several) or pc.count_distinct(rows["name"]).as_py() < 2:
        return False
    return bool(pc.sum(pc.equal(several["name_count_distinct"], 1)).as_py() >= _MOST * len(several))
