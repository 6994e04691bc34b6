"""What a source cannot be read without: somebody, a time, and money where anything was paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow.compute as pc

from shijin.collect.column_list import listed
from shijin.collect.event_types import is_log, without_money
from shijin.collect.mapped import MONEY_ROLES
from shijin.collect.people_table import is_people_table
from shijin.collect.raw import Raw
from shijin.collect.values import as_text
from shijin.errors import SourceError

WHO = ("customer_id", "email", "phone", "person", "first_name", "last_name")
# The roles that a table needs one of, and the refusals where no column has one, or the column is empty.
_NEEDED = (
    (
        WHO,
        "collect.no_customer_column",
        "collect.empty_customer_column",
    ),
    (("ts",), "collect.no_time_column", "collect.empty_time_column"),
    (MONEY_ROLES, "collect.no_amount_column", "collect.empty_amount_column"),
)


def refuse_missing(roles: Mapping[str, tuple[str, ...]], raw: Raw) -> None:
    """Refuse a table in which no column can be the customer, the time or the amount, or one is wholly empty.

    No amount is needed where a column of types shows that nothing was paid, as with views and carts, and in a log of
    views that has purchases and no money.

    Raises
    ------
    SourceError
        Names the source's columns.
    """
    _refuse_lines_of_orders(roles, raw)
    if is_people_table(raw, roles):
        raise SourceError("collect.people_not_orders", raw.name, columns=listed(raw))
    for any_of, no_column, empty_column in _NEEDED:
        is_money = "amount" in any_of
        if is_money and nothing_is_paid(roles, raw):
            continue
        there = [name for role in any_of for name in roles.get(role, ())]
        if not there:
            code = "collect.only_ratings" if is_money and "rating" in roles else no_column
            raise SourceError(code, raw.name, columns=listed(raw))
        if _all_empty(raw, there) and raw.table.num_rows:
            raise SourceError(empty_column, raw.name, column=there[0])


def _refuse_lines_of_orders(roles: Mapping[str, tuple[str, ...]], raw: Raw) -> None:
    """Refuse a file that has orders, and items or money, but neither customers nor times."""
    has_lines = "order_id" in roles and any(role in roles for role in ("item_id", "item_name", *MONEY_ROLES))
    if has_lines and "ts" not in roles and not any(role in roles for role in WHO):
        raise SourceError("collect.lines_without_orders", raw.name, columns=listed(raw))


def nothing_is_paid(roles: Mapping[str, tuple[str, ...]], raw: Raw) -> bool:
    """Whether every row has a type, none of them about money, and no amount; or a log has items and no money."""
    money = [name for role in MONEY_ROLES for name in roles.get(role, ())]
    if "type" not in roles or not _all_empty(raw, money):
        return False
    words = pc.coalesce(*(as_text(raw.table[name]) for name in roles["type"]))
    return without_money(words, "" if "order_id" in roles else roles["type"][0]) or (
        "item_id" in roles and not money and is_log(words)
    )


def _all_empty(raw: Raw, columns: Sequence[str]) -> bool:
    return all(as_text(raw.table[name]).null_count == raw.table.num_rows for name in columns)
