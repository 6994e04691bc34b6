"""Formats that declare what each column of an export means: then nothing is guessed but decimals and dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from shijin.collect.collected import Collected
from shijin.collect.columns import SEVERAL
from shijin.collect.context import Context
from shijin.collect.format import Format, by_role, has_columns, refuse_missing_columns
from shijin.collect.guess import ROLES, refuse_wrong_map
from shijin.collect.mapped import MONEY_ROLES, settled
from shijin.collect.needed import WHO, refuse_missing
from shijin.collect.raw import Raw
from shijin.collect.rows import read_rows

MADE = "of Shijin: "  # begins the names of columns that a preparation adds, so that no export has them
_TEXTS = ("order_id", "item_id", "item_name")  # of several columns the first with a value counts, row by row


@dataclass(frozen=True)
class Preparation:
    """What changes a source before its columns are read.

    Parameters
    ----------
    change
        Gives the source to read; the names of columns that it adds begin with `MADE`.
    reads
        The columns that only it reads.
    """

    change: Callable[[Raw], Raw]
    reads: Sequence[str]


def declared(
    name: str,
    title: str,
    needed: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    *,
    clock: str | None = None,
    preparation: Preparation | None = None,
) -> Format:
    """Make a format of an export whose columns are known.

    Parameters
    ----------
    name, title
        As receipts write it, and as people call it.
    needed
        The columns by which it is recognised, if there are also a customer, a time and money.
    columns
        By role, whatever their case, spaces and punctuation; of several the first counts that the export has.
    clock
        The column of times of day, next to one of dates.
    preparation
        Changes the source before it is read.

    Examples
    --------
    >>> columns = {"customer_id": ["Guest"], "amount": ["Bill"], "ts": ["Day"]}
    >>> till = declared("till", "Till", ["Guest", "Bill"], columns)
    >>> till.recognises(["Day", "GUEST", "Bill"]), till.recognises(["Guest", "Bill"])
    (True, False)
    """
    made = [column for candidates in columns.values() for column in candidates if column.startswith(MADE)]

    def recognises(names: Sequence[str]) -> bool:
        there = by_role([*names, *made], columns)  # without one of these it is better guessed
        is_readable = all(any(role in there for role in roles) for roles in (WHO, ("ts",), MONEY_ROLES))
        return has_columns(names, needed) and is_readable

    def read(raw: Raw, context: Context) -> Collected:
        refuse_missing_columns(raw, needed, name)
        raw = preparation.change(raw) if preparation else raw
        names = raw.table.column_names
        mapped = context.mapped(names)
        refuse_wrong_map(names, mapped, raw.name, ROLES)
        roles = {
            role: found if role in (*SEVERAL, *_TEXTS) else found[:1] for role, found in by_role(names, columns).items()
        }
        roles |= {role: (column,) for role, column in mapped.items()}
        refuse_missing(roles, raw)
        prepared = by_role(names, {"it": preparation.reads} if preparation else {})
        also_read = frozenset(chain.from_iterable(prepared.values()))
        known_clock = by_role(names, {"clock": [clock]} if clock else {}).get("clock", (None,))[0]
        source = replace(settled(raw, roles, context), clock=known_clock, also_read=also_read, is_declared=not mapped)
        return read_rows(source, name, context)

    return Format(name, title, tuple(needed), recognises, read)
