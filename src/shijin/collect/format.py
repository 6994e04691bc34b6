"""A format: how one kind of export is recognised and read. Each has a file in ``formats``; `source` lists them.

A format with one line a row needs only its columns: `by_role` and `settled` map them, `read_rows` reads them. A format
that keeps an order in several rows builds its own lines, with `orders`, and passes them to `assemble`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shijin.collect.collected import Collected
from shijin.collect.context import Context
from shijin.collect.raw import Raw
from shijin.errors import SourceError
from shijin.prepare.clean import by_plain, plain


@dataclass(frozen=True)
class Format:
    """A kind of export that a shop's software writes.

    Parameters
    ----------
    name
        As ``CollectOptions.format`` and receipts write it.
    title
        The export, as its platform calls it.
    needed
        The columns by which it is recognised.
    recognises
        Whether a source with these columns has the format.
    read
        Reads a source that has the format.
    """

    name: str
    title: str
    needed: Sequence[str]
    recognises: Callable[[Sequence[str]], bool]
    read: Callable[[Raw, Context], Collected]


def has_columns(names: Sequence[str], needed: Sequence[str]) -> bool:
    """Whether a source has all needed columns, whatever their case, spaces and punctuation.

    Examples
    --------
    >>> has_columns(["ORDER_ID", "Total"], ["Order ID"]), has_columns(["Total"], ["Order ID"])
    (True, False)
    """
    return not missing_columns(names, needed)


def missing_columns(names: Sequence[str], needed: Sequence[str]) -> list[str]:
    """Which needed columns a source lacks."""
    there = {plain(name) for name in names}
    return [name for name in needed if plain(name) not in there]


def refuse_missing_columns(raw: Raw, needed: Sequence[str], format_name: str) -> None:
    """Refuse a source that lacks columns of its declared format.

    Raises
    ------
    SourceError
        Names the missing columns.
    """
    if missing := missing_columns(raw.table.column_names, needed):
        raise SourceError("collect.not_this_format", raw.name, format=format_name, columns=", ".join(missing))


def by_role(names: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Find the columns of each role in a source whose format names them.

    Parameters
    ----------
    names
        The source's columns.
    columns
        The format's columns by role, whatever their case, spaces and punctuation; several where one may be empty.

    Returns
    -------
    The source's own names of those that it has; a role without any is left out.

    Examples
    --------
    >>> by_role(["ORDER_ID", "Phone"], {"order_id": ["Order ID"], "phone": ["Phone", "Mobile"], "brand": ["Vendor"]})
    {'order_id': ('ORDER_ID',), 'phone': ('Phone',)}
    """
    there = by_plain(names)
    roles = {
        role: tuple(there[plain(name)] for name in candidates if plain(name) in there)
        for role, candidates in columns.items()
    }
    return {role: found for role, found in roles.items() if found}
