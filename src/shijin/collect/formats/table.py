"""The plain table: every row is one event, and columns are found by their names. It knows no platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shijin.collect.collected import Collected
from shijin.collect.columns import clock_column, find_columns
from shijin.collect.context import Context
from shijin.collect.format import Format
from shijin.collect.mapped import settled
from shijin.collect.needed import nothing_is_paid, refuse_missing
from shijin.collect.raw import Raw, readable
from shijin.collect.rows import read_rows


def recognises(names: Sequence[str]) -> bool:
    """Accept any columns: the plain table is what no other format recognises."""
    return bool(names)


def read_table(raw: Raw, context: Context) -> Collected:
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
    roles = _roles(raw, context)
    raw = readable(raw, [name for names in roles.values() for name in names])
    refuse_missing(roles, raw)
    source = replace(settled(raw, roles, context), clock=clock_column(raw, roles))
    return read_rows(source, FORMAT.name, context)


def _roles(raw: Raw, context: Context) -> dict[str, tuple[str, ...]]:
    """Find columns by role; a file of views needs no column that ``[collect] map`` names for the shop's orders."""
    everywhere, here = context.config.collect.map, context.options.map
    if not set(everywhere.values()) <= set(raw.table.column_names):
        roles = find_columns(raw, context.mapped(raw.table.column_names))
        if nothing_is_paid(roles, readable(raw, [name for found in roles.values() for name in found])):
            return roles
    roles = find_columns(raw, {**everywhere, **here})
    amount = roles.get("amount", ("",))
    if amount[0] in raw.of_orders and "order_total" not in roles:  # money of the file of orders is of the order
        roles = {"order_total" if role == "amount" else role: columns for role, columns in roles.items()}
    return roles


FORMAT = Format("table", "plain table", (), recognises, read_table)
