"""A source with its columns by role, and how its numbers and dates are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import guess
from shijin.collect.collected import SourceReading
from shijin.collect.column_names import unit_of
from shijin.collect.context import Context
from shijin.collect.currency import names_of, sign_of
from shijin.collect.raw import Raw, readable
from shijin.collect.times import DateOrder, as_time, joined_date_and_time
from shijin.collect.values import Decimal, as_array, as_number, as_text, is_text
from shijin.config import Config
from shijin.prepare.findings import finding
from shijin.schema import UTC

# The roles of money, in the order in which one says most about what a line brought.
MONEY_ROLES = ("line_total", "line_gross", "amount", "order_total", "price", "unit_price")


@dataclass(frozen=True)
class MappedSource:
    """A source with its columns by role, and how its numbers and dates are written.

    Parameters
    ----------
    raw
        The source as it came, n rows.
    roles
        Its columns by role. Where a role has several, the first with a value counts, row by row.
    decimal, date_order
        The decimal sign, and the order of year, month and day.
    date_order_is_guess
        Whether the dates allow another order as well.
    config
        The shop's settings.
    mapped
        The roles whose columns the user named.
    filled
        The source's table with the fields of an order on each of its rows, where the source has them on one only.
    decimal_is_open
        Whether the amounts can be read with the other decimal sign as well, and the user named none.
    clock
        The column of times of day, where the column of times has dates only.
    also_read
        Columns from which a format made others.
    is_declared
        Whether a format declares what each column means, so that nothing is open.
    """

    raw: Raw
    roles: Mapping[str, tuple[str, ...]]
    decimal: Decimal
    date_order: DateOrder
    date_order_is_guess: bool
    config: Config
    mapped: frozenset[str] = frozenset()
    filled: pa.Table | None = None
    decimal_is_open: bool = False
    clock: str | None = None
    also_read: frozenset[str] = frozenset()
    is_declared: bool = False

    @property
    def table(self) -> pa.Table:
        """The columns to read."""
        return self.raw.table if self.filled is None else self.filled

    def column(self, role: str) -> str | None:
        """The name of a role's first column; None where the source has none."""
        return self.roles[role][0] if role in self.roles else None

    def text(self, role: str) -> pa.Array:
        """(n,) texts of a role, null where the source has none."""
        texts = self.texts(role)
        return pc.coalesce(*texts) if texts else pa.nulls(self.table.num_rows, pa.string())

    def texts(self, role: str) -> list[pa.Array]:
        """(n,) texts of each column of a role."""
        return [as_text(self.table[name]) for name in self.roles.get(role, ())]

    def number(self, role: str) -> pa.Array:
        """(n,) numbers of a role, null where the source has none; in whole units of the currency."""
        columns = [self._numbers(name) for name in self.roles.get(role, ())]
        return pc.coalesce(*columns) if columns else pa.nulls(self.table.num_rows, pa.float64())

    def _numbers(self, name: str) -> pa.Array:
        numbers = as_number(self.table[name], self.decimal)
        unit = unit_of(name)
        if unit == 1.0 or (unit < 1.0 and not pc.all(pc.equal(numbers, pc.round(numbers))).as_py()):
            return numbers
        return pc.round(pc.multiply(numbers, unit), 6)

    def time(self, role: str) -> pa.Array:
        """(n,) instants of a role: of its first column with a value, row by row."""
        columns = [self._instants(self._with_clock(name)) for name in self.roles.get(role, ())]
        return pc.coalesce(*columns) if columns else pa.nulls(self.table.num_rows, UTC)

    def _with_clock(self, name: str) -> pa.Array | pa.ChunkedArray:
        """A column of dates with the times of day of the column next to it, where there is one."""
        if self.clock is None or name != self.roles["ts"][0]:
            return self.table[name]
        return joined_date_and_time(as_text(self.table[name]), as_text(self.table[self.clock]))

    def _instants(self, column: pa.Array | pa.ChunkedArray) -> pa.Array:
        return as_time(column, self.date_order, self.config.shop.timezone, self.config.engine)


def money_column(roles: Mapping[str, tuple[str, ...]]) -> str | None:
    """The first column of money; None where there is none."""
    return next((roles[role][0] for role in MONEY_ROLES if role in roles), None)


def settled(raw: Raw, roles: Mapping[str, tuple[str, ...]], context: Context) -> MappedSource:
    """Decide the decimal sign and the order of dates: an option wins, else the values decide.

    Parameters
    ----------
    roles
        Columns by role, with one of times.

    Raises
    ------
    SourceError
        When one of these columns is not text.
    """
    config, options = context.config, context.options
    raw = readable(raw, [name for names in roles.values() for name in names])
    money = money_texts(raw, roles)
    currency = _currency_of(raw, roles, config, money)
    named = options.decimal or config.collect.decimal
    decimal = named or guess.decimal_of(money, currency)
    times = pa.chunked_array([as_text(raw.table[name]) for name in roles.get("ts", ())], pa.string())
    # A decimal comma is the habit of countries that write the day first.
    hint = "EUR" if decimal == "," else currency
    guessed, is_guess = guess.date_order_of(as_array(times), hint)
    chosen = options.date_order or config.collect.date_order
    mapped = frozenset({*config.collect.map, *options.map} & set(roles))
    return MappedSource(
        raw,
        roles,
        decimal,
        chosen or guessed,
        is_guess and not chosen,
        config,
        mapped,
        decimal_is_open=not named and guess.decimal_is_open(money, currency),
    )


def _currency_of(raw: Raw, roles: Mapping[str, tuple[str, ...]], config: Config, money: pa.Array) -> str | None:
    """The one currency of a source: of its column of codes, of the signs in its amounts, or of the shop."""
    codes = [names_of(as_text(raw.table[name])) for name in roles.get("currency", ())[:1]]
    names = pc.unique(codes[0]).drop_null().to_pylist() if codes else []
    return (names[0] if len(names) == 1 else None) or sign_of(money) or config.shop.currency


def money_texts(raw: Raw, roles: Mapping[str, tuple[str, ...]]) -> pa.Array:
    """All texts of the columns of money, one column after the other: together they decide the decimal sign."""
    columns = [
        raw.table[name] for role in (*MONEY_ROLES, "discount", "refund", "shipping") for name in roles.get(role, ())
    ]
    texts = [as_text(column) for column in columns if is_text(column.type)]
    return pa.concat_arrays(texts) if texts else pa.array([], pa.string())


def reading_of(source: MappedSource, format_name: str) -> SourceReading:
    """Describe how a source was read, with the columns that were not."""
    used = {name for names in source.roles.values() for name in names} | {source.clock, *source.also_read}
    return SourceReading(
        format=format_name,
        columns=dict(source.roles),
        encoding=source.raw.detected.get("encoding"),
        decimal=source.decimal,
        date_order=source.date_order,
        unread=tuple(name for name in source.raw.columns if name not in used),
    )


def guess_of(source: MappedSource, format_name: str) -> dict[str, Any]:
    """What was detected and guessed, for people to see and for the receipt."""
    return {
        "format": format_name,
        **source.raw.detected,
        "columns": {role: names[0] for role, names in source.roles.items()},
        "decimal": source.decimal,
        "date_order": source.date_order,
    }


def notes_of_reading(source: MappedSource) -> list[dict[str, Any]]:
    """Findings about how a source was read: a guessed order of dates or encoding."""
    notes = []
    n = source.raw.table.num_rows
    if source.date_order_is_guess:
        order = {"dmy": "day/month/year", "mdy": "month/day/year"}[source.date_order]
        notes.append(finding("date_order_guessed", "warns", n, 1.0, order=order))
    notes += _open_decimal(source)
    encoding = source.raw.detected.get("encoding", "utf-8")
    if encoding not in ("utf-8", "utf-8-sig", source.config.collect.encoding):
        notes.append(finding("encoding_guessed", "notes", n, 1.0, encoding=encoding))
    return notes


def _open_decimal(source: MappedSource) -> list[dict[str, Any]]:
    """The finding about amounts that can be read with decimals and with thousands."""
    name = money_column(source.roles)
    if name is None or not source.decimal_is_open or not is_text(source.raw.table[name].type):
        return []
    texts = as_text(source.raw.table[name])
    other: Decimal = "," if source.decimal == "." else "."
    sums = [pc.sum(as_number(texts, sign)).as_py() or 0.0 for sign in (source.decimal, other)]
    first, second = (f"{money:,.2f}" for money in sums)
    example = pc.filter(texts, pc.match_substring_regex(texts, r"\d[.,]\d{3}$"))[0].as_py()
    return [finding("decimal_open", "warns", len(texts), 1.0, example=example, first=first, second=second)]
