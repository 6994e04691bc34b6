"""Recognises a table of people: one row each, with what is known of them, and no orders."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files

import pyarrow.compute as pc

from shijin.collect.mapped import MONEY_ROLES
from shijin.collect.raw import Raw
from shijin.collect.values import as_text
from shijin.prepare.clean import plain

_WORDS = {
    name: frozenset(words.split())
    for name, words in tomllib.loads((files("shijin.collect") / "people_table.toml").read_text("utf-8")).items()
}
_TRAITS, _LIFETIME, _COUNTS = _WORDS["traits"], _WORDS["lifetime"], _WORDS["counts"]  # of all orders of a life
_TRAIT_LIKE = re.compile(r"^(annual|monthly|household|family|year)?income|spendingscore|^mnt[a-z]+s?$")
_PERSONAL_TIME = re.compile(
    r"regist|signup|join|enrol|birth|(last|first)(order|purchase|login|seen)|注册|入会|生日|最近|最后"
)
_ITEM = re.compile(r"\b(item|product|sku)s?\b|商品|货号|宝贝", re.IGNORECASE)
_FEW = 2  # such columns make a table of people
_MANY = 3  # where the key is a column called id


def is_people_table(raw: Raw, roles: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a table has one row for each customer, columns about people, and no orders.

    A time, as of signing up, and a sum of money over a customer's life make no orders of them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from shijin.collect.raw import from_arrow
    >>> people = from_arrow(pa.table({"user": ["a", "b"], "age": [31, 40], "gender": ["f", "m"]}), "p", "", {}, "p")
    >>> is_people_table(people, {"customer_id": ("user",)})
    True
    """
    names = {plain(name): name for name in raw.table.column_names}
    key = next((roles[role][0] for role in ("customer_id", "email", "phone") if role in roles), names.get("id"))
    sells = any(role in roles for role in ("order_id", "item_id", "quantity", "type"))
    sells = sells or any(_ITEM.search(name) for name in raw.table.column_names)
    if key is None or sells or ("ts" in roles and not _is_of_a_life(roles, names)):
        return False
    ids = as_text(raw.table[key])
    one_row_each = pc.count_distinct(ids).as_py() >= 0.99 * len(ids)
    traits = sum(name in _TRAITS | _LIFETIME | _COUNTS or bool(_TRAIT_LIKE.search(name)) for name in names)
    return bool(one_row_each and traits >= (_MANY if key == names.get("id") else _FEW))


def _is_of_a_life(roles: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> bool:
    """Whether the times are those of a person, such as of signing up, and the money that of all orders."""
    money = {plain(name) for role in MONEY_ROLES for name in roles.get(role, ())}
    is_personal = all(_PERSONAL_TIME.search(plain(name)) for name in roles["ts"])
    return money <= _LIFETIME and (not money or is_personal or bool(_COUNTS & set(names)))
