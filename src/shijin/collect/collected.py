"""The result that every format returns, and the options for reading a source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from shijin.collect.times import DateOrder
from shijin.collect.values import Decimal
from shijin.config import STATUS_MEANINGS
from shijin.errors import Choices, ConfigError


@dataclass(frozen=True)
class CollectOptions:
    """How a source is to be read; an option that is empty comes from ``shijin.toml`` or is guessed.

    Parameters
    ----------
    map
        Columns by role: ``{"amount": "Line"}``.
    format
        The name of a format, or ``auto``: the first format that recognises the source.
    encoding
        Of a text file, such as ``gb18030``.
    decimal
        The decimal sign of numbers.
    date_order
        The order of year, month and day in dates.
    statuses
        What words for statuses mean: ``{"parked": "unpaid"}``; sale, void, unpaid or refund.
    drop_repeated
        Whether a row that repeats another one in every column is left out.

    Raises
    ------
    ConfigError
        When a status is to mean something else.
    """

    map: Mapping[str, str] = field(default_factory=dict)
    format: str = "auto"
    encoding: str | None = None
    decimal: Decimal | None = None
    date_order: DateOrder | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    drop_repeated: bool = False

    def __post_init__(self) -> None:
        """Refuse a meaning that a status cannot have."""
        for word, meaning in self.statuses.items():
            if meaning not in STATUS_MEANINGS:
                choices = Choices(STATUS_MEANINGS)
                raise ConfigError(
                    "collect.wrong_status_meaning", key="statuses", word=word, value=meaning, choices=choices
                )


@dataclass(frozen=True)
class SourceReading:
    """How a source was read.

    Parameters
    ----------
    format
        The name of the format.
    columns
        The source's columns by role. Where a role has several, the first with a value counts, row by row.
    encoding
        Of a text file; None for other files and for tables in memory.
    decimal, date_order
        The decimal sign, and the order of year, month and day.
    unread
        The source's columns that no role uses, in its order.
    """

    format: str
    columns: Mapping[str, tuple[str, ...]]
    encoding: str | None
    decimal: Decimal
    date_order: DateOrder
    unread: tuple[str, ...]


@dataclass(frozen=True)
class Collected:
    """A source that was read.

    Parameters
    ----------
    events
        EVENTS: first one for each accepted row, then the `derived` ones, which the source mentions in a row of another
        event (the shipping of an order, a refund without a date).
    items, contacts
        ITEMS and CONTACTS that the source names.
    rejected
        QUARANTINE: rows that were set aside, with their reasons.
    findings
        FINDINGS about reading itself.
    guess
        What was detected or guessed, as receipts keep it: kind of file, encoding, columns by role, order of dates.
    reading
        The same for every format, with the columns that were not read.
    rows_in, money_in
        All rows, and the sum of all amounts that are numbers.
    derived
        How many of the events have no row of their own.
    whole_orders
        Whether the source has every line of each order, so that a line it no longer has was removed.
    digest
        Of the source.
    renamed
        Stored customer ids that are now part of another customer: a table of ``old`` and ``new``.
    timezone
        The shop's time zone, where it was guessed; None where it was not.
    name
        Of the source; empty where it is that of the file.
    unpaid : (u,) string
        The ids that rows of unpaid orders would have as events; where these are stored, the orders seemed paid.
    repeated, repeated_money
        Rows of an order that the same source repeats further down, and their amounts.
    """

    events: pa.Table
    items: pa.Table
    contacts: pa.Table
    rejected: pa.Table
    findings: pa.Table
    guess: dict[str, Any]
    reading: SourceReading
    rows_in: int
    money_in: float
    derived: int
    whole_orders: bool
    digest: str
    unpaid: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    repeated: int = 0
    repeated_money: float = 0.0
    renamed: pa.Table | None = None
    name: str = ""
    timezone: str | None = None
