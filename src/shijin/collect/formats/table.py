"""The plain table: every row is one event, and columns are found by their names. It knows no platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow.compute as pc

from shijin.collect import guess
from shijin.collect.collected import Collected, CollectOptions
from shijin.collect.format import Format
from shijin.collect.mapped import settled
from shijin.collect.raw import Raw, readable
from shijin.collect.rows import read_rows
from shijin.collect.values import as_text
from shijin.config import Config
from shijin.errors import SourceError
from shijin.prepare.clean import KNOWN_TYPES, canonical_types
from shijin.schema import MONEY_TYPES

# The roles that a table needs one of, and the refusals where no column has one, or the column is empty.
_NEEDED = (
    (("customer_id", "email", "phone"), "collect.no_customer_column", "collect.empty_customer_column"),
    (("ts",), "collect.no_time_column", "collect.empty_time_column"),
    (("amount", "price"), "collect.no_amount_column", "collect.empty_amount_column"),
)


def recognises(names: Sequence[str]) -> bool:
    """Accept any columns: the plain table is what no other format recognises."""
    return bool(names)


def read_table(raw: Raw, config: Config, options: CollectOptions, now: datetime) -> Collected:
    """Read a plain table.

    Raises
    ------
    ConfigError
        When a mapped column or role does not exist.
    SourceError
        When no column can be the customer, the time or the amount, or the amounts have two currencies.
    QuarantineError
        When more rows are bad than the shop allows.
    """
    roles = _roles(raw, config, options)
    raw = readable(raw, roles.values())
    refuse_missing(roles, raw)
    return read_rows(settled(raw, {role: (name,) for role, name in roles.items()}, config, options), FORMAT.name, now)


def _roles(raw: Raw, config: Config, options: CollectOptions) -> dict[str, str]:
    """Find columns by role; a file of views needs no column that ``[collect] map`` names for the shop's orders."""
    names, mapped = raw.table.column_names, config.collect.map
    there = {role: column for role, column in mapped.items() if column in names}
    if there != mapped:
        roles = guess.columns_of(names, {**there, **options.map}, raw.name)
        if _nothing_is_paid(roles, readable(raw, roles.values())):
            return roles
    return guess.columns_of(names, {**mapped, **options.map}, raw.name)


def refuse_missing(roles: Mapping[str, str], raw: Raw) -> None:
    """Refuse a table in which no column can be the customer, the time or the amount, or one is wholly empty.

    No amount is needed where a column of types shows that nothing was paid, as with views and carts.

    Raises
    ------
    SourceError
        Names the source's columns.
    """
    for any_of, no_column, empty_column in _NEEDED:
        is_money = "amount" in any_of
        if is_money and _nothing_is_paid(roles, raw):
            continue
        there = [roles[role] for role in any_of if role in roles]
        if not there:
            code = "collect.only_ratings" if is_money and "rating" in roles else no_column
            raise SourceError(code, raw.name, columns=", ".join(raw.table.column_names[:20]))
        if _all_empty(raw, there) and raw.table.num_rows:
            raise SourceError(empty_column, raw.name, column=there[0])


def _nothing_is_paid(roles: Mapping[str, str], raw: Raw) -> bool:
    """Whether every row has a known type, none of which is about money, and no amount."""
    if "type" not in roles or not _all_empty(raw, [roles[name] for name in ("amount", "price") if name in roles]):
        return False
    types = pc.unique(canonical_types(as_text(raw.table[roles["type"]])))
    return bool(len(types)) and set(types.to_pylist()) <= set(KNOWN_TYPES.values()) - {*MONEY_TYPES, "void"}


def _all_empty(raw: Raw, columns: Sequence[str]) -> bool:
    return all(as_text(raw.table[name]).null_count == raw.table.num_rows for name in columns)


FORMAT = Format("table", recognises, read_table)
