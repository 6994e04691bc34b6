"""Where a table's header stands: below titles and blank lines; or whether there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median

from shijin.collect.guess import ITEM_NAMES, ROLES
from shijin.prepare.clean import plain

LOOKED_AT = 40  # rows at the top among which a header is looked for
_WIDE = 0.6  # share of the usual number of filled cells that a header has at least
_NAMES = {name for names in ROLES.values() for name in names} | set(ITEM_NAMES)
_NUMBER = re.compile(r"^[-+(]?[£€$¥]?\s?\d[\d., ]*\)?%?$")
_DATE = re.compile(r"^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}")
_ADDRESS = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")


def header_place(rows: Sequence[Sequence[str]]) -> int:
    """The place of the header among the first rows: the first that has about as many filled cells as the others.

    Parameters
    ----------
    rows
        The first rows of a table, as texts.

    Examples
    --------
    >>> header_place([["Orders of May"], ["", ""], ["id", "paid", "total"], ["1", "2024-05-01", "9"]])
    2
    >>> header_place([["id", "total"], ["1", "9"], ["2", ""]])
    0
    """
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    usual = median(sorted(filled)[len(filled) // 2 :]) if filled else 0
    for place, count in enumerate(filled):
        comment = next((cell.strip() for cell in rows[place] if cell.strip()), "").startswith("#")
        if count >= max(1, _WIDE * usual) and not (comment and place + 1 < len(rows)):
            return place
    return 0


def is_data(header: Sequence[str], row: Sequence[str]) -> bool:
    """Whether a first row is data rather than names: numbers, dates and addresses where the next row has them too.

    Examples
    --------
    >>> is_data(["1", "210", "pv", "1704462960"], ["2", "211", "cart", "1704552960"])
    True
    >>> is_data(["customer", "2023", "2024"], ["ann", "3", "4"]), is_data(["id", "total"], ["1", "9"])
    (False, False)
    """
    cells = [cell.strip() for cell in header]
    if not any(cells) or any(plain(cell) in _NAMES for cell in cells if cell and not cell.isdigit()):
        return False
    alike = [
        _kind(cell)
        for cell, below in zip(cells, row, strict=False)
        if _kind(cell) and _kind(cell) == _kind(below.strip())
    ]
    return 2 * len(alike) >= len([cell for cell in cells if cell]) and len(alike) > 0


def _kind(cell: str) -> str | None:
    if _ADDRESS.match(cell):
        return "address"
    if _DATE.match(cell):
        return "date"
    return "number" if _NUMBER.match(cell) else None
