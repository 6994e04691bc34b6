"""Finds the row of names among the first rows of a table, below titles, notes and blank rows, or that there is none.

A row of names differs from the rows below it: it has no date where they have dates, no number where they have numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import pairwise

import numpy as np

from shijin.collect.guess import ROLES
from shijin.prepare.clean import plain

ROWS = 200  # of a table that are looked at; fewer where it is wide
_CELLS = 20_000
_ABOVE = 60  # rows that titles and notes may take at most
_DAY = r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?:[T ,].*)?"
_NAMED_DAY = r"\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4}.*|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}.*"
_FRACTION = r"[+-]?\d{1,3}(?:[ ,.']\d{3})*(?:[.,]\d+)?%?|[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?|\d[\d.]*[eE][+-]?\d+"
_KINDS = {
    "number": rf"[+-]?\d+|{_FRACTION}",
    "date": rf"{_DAY}|{_NAMED_DAY}|\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?: ?[AaPp][Mm])?",
    "email": r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}",
    "money": r"[-(]*(?:[£€$¥￥₹]|[A-Z]{3} )\s*[\d.,]+\)?|[\d.,]+\s*(?:[£€$¥￥₹]|元|[A-Z]{3})",
    "code": r"[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|[0-9a-fA-F]{24,64}|https?://\S+",
}
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _KINDS.items()}
_KNOWN = frozenset(name for names in ROLES.values() for name in names)


@dataclass(frozen=True)
class Header:
    """Where the row of names is.

    Parameters
    ----------
    row
        Its place among the rows looked at.
    cells
        The names, stripped.
    fits
        The share of the rows below that have as many cells.
    exists
        False where the first rows are data.
    """

    row: int
    cells: tuple[str, ...]
    fits: float
    exists: bool


def find_header(rows: Sequence[Sequence[str]]) -> Header | None:
    """Find the row of names; None where no row has a cell.

    Examples
    --------
    >>> find_header([["Orders of the shop", ""], ["", ""], ["Order No", "Date"], ["1", "2024-01-02"]]).row
    2
    >>> find_header([["1", "2024-01-01"], ["2", "2024-01-02"]]).exists
    False
    >>> find_header([["customer", "2023", "2024"], ["a", "5", "7"], ["b", "6", "1"]]).exists
    True
    """
    first = _FirstRows(rows)
    return first.header() if first.filled.any() else None


class _FirstRows:
    """The first rows of a table, stripped."""

    def __init__(self, table: Sequence[Sequence[str]]) -> None:
        n = min(ROWS, max(30, _CELLS // max([1, *map(len, table[:ROWS])])))
        self.rows = rows = [[cell.strip() for cell in row] for row in table[:n]]
        self.filled = np.array([sum(map(bool, row)) for row in rows], dtype=np.int64)
        self.lengths = np.array([len(row) for row in rows], dtype=np.int64)
        lengths = Counter(self.lengths[self.filled > 0].tolist())
        # The width of most rows; of two that are as frequent, the larger.
        self.width = max(lengths, key=lambda width: (lengths[width], width), default=0)
        of_width = self.filled[(self.lengths == self.width) & (self.filled > 0)]
        self.usual = float(np.median(of_width)) if of_width.size else 0.0

    def header(self) -> Header:
        """Choose the row of names."""
        first = int(np.flatnonzero(self.filled)[0])
        possible = [row for row in range(first, min(len(self.rows), _ABOVE)) if self._may_be_names(row)]
        if not possible:
            return self._at(first, exists=not self.is_data(first))
        chosen = self._best(possible)
        if self._data_rows(first, chosen) and self.names_in(chosen) < 2:
            return self._at(first, exists=False)  # a row of data that lacks its dates and numbers is no header
        return self._at(chosen, exists=True)

    def _best(self, possible: list[int]) -> int:
        """The possible row that is most like names; the first of equals."""
        chosen = possible[0]
        best = max(possible, key=lambda row: (self._likeness(row), self.filled[row], -row))
        # Between the two may be a small table of sums, but not the rows of the table itself.
        is_better = self._likeness(best) > self._likeness(chosen)
        if is_better and self._data_rows(chosen, best) <= 2 < len(self.rows) - best:
            return best
        below = chosen + 1
        is_fuller = below in possible and self.filled[chosen] <= min(0.7 * self.usual, self.filled[below] - 1)
        if is_fuller and not any(map(kind_of, self.rows[below])):
            return below  # the first names groups of columns
        return chosen

    def _likeness(self, row: int) -> int:
        """How much a row is like names: it has texts over numbers and dates, and known names."""
        cells = self.rows[row][: len(self._kinds)]
        contrasts = sum(
            bool(cell and kind and not kind_of(cell)) for cell, kind in zip(cells, self._kinds, strict=False)
        )
        return 2 * contrasts + self.names_in(row)

    @cached_property
    def _kinds(self) -> list[str | None]:
        """The usual kind of each column."""
        rows = [row for row in self.rows[1:] if len(row) == self.width]
        return [_usual_kind([row[place] for row in rows]) for place in range(self.width)]

    def _data_rows(self, start: int, end: int) -> int:
        """How many rows from `start` to before `end` are data."""
        return sum(self.filled[row] >= 0.8 * self.usual and self.is_data(row) for row in range(start, end))

    def _at(self, row: int, *, exists: bool) -> Header:
        cells = self.rows[row]
        below = self.lengths[row + 1 :][self.filled[row + 1 :] > 0]
        width = len(cells)
        # A delimiter at the end of every row, or of the names alone, is no column.
        widths = [width, width + 1, *([width - 1] if cells[-1:] == [""] else [])]
        fits = max(float((below == one).mean()) for one in widths) if below.size else 1.0
        return Header(row, tuple(cells), fits, exists)

    def _may_be_names(self, row: int) -> bool:
        width, least = self.lengths[row], 2 if self.width > 1 else 1
        wide = width in (self.width, self.width - 1) or (width == self.width + 1 and not self.rows[row][-1])
        return bool(wide and self.filled[row] >= max(least, 0.5 * self.usual) and not self.is_data(row))

    @cache  # noqa: B019
    def names_in(self, row: int) -> int:
        """How many cells of a row are known names of columns."""
        return sum(self._is_name(row, place) for place in range(len(self.rows[row])))

    def _is_name(self, row: int, place: int) -> bool:
        cell = self.rows[row][place]
        return plain(cell) in _KNOWN and cell not in self._below(row, place)

    def _below(self, row: int, place: int) -> list[str]:
        """The cells below a cell, in rows of its width."""
        width = len(self.rows[row])
        return [cells[place] for cells in self.rows[row + 1 :] if len(cells) == width and cells[place]]

    @cache  # noqa: B019  (it lives as long as the table that is looked at)
    def is_data(self, row: int) -> bool:
        """Whether a row is like the rows below it: dates over dates, numbers over numbers, texts that come again."""
        cells = self.rows[row]
        if self.rows.count(cells) > 1 and not any(map(kind_of, cells)):
            return False  # the names again, of a second export in the file
        evidence, numbers = 0, []
        for place, cell in enumerate(cells):
            kind, below = kind_of(cell), self._below(row, place)
            if kind and kind == _usual_kind(below):
                numbers += [cell] if kind == "number" else []
                evidence += 0 if kind == "number" else 2
            elif not kind and cell in below and plain(cell) not in _KNOWN:
                evidence += 1
        if numbers and not _are_names(numbers, self._next_numbers(row)):
            evidence += 1 + len(numbers)
        return evidence >= 2 and evidence > 2 * self.names_in(row)

    def _next_numbers(self, row: int) -> list[str]:
        """The numbers of the next row with as many cells."""
        width = len(self.rows[row])
        cells = next((cells for cells in self.rows[row + 1 :] if len(cells) == width and any(cells)), [])
        return [cell for cell in cells if kind_of(cell) == "number"]

    @property
    def typed(self) -> int:
        """How many columns hold numbers or dates."""
        return sum(kind in ("number", "date") for kind in self._kinds)


def typed_columns(rows: Sequence[Sequence[str]]) -> int:
    """How many columns of a table hold numbers or dates.

    Examples
    --------
    >>> typed_columns([["id", "date", "city"], ["7", "2024-01-02", "Rome"]])
    2
    """
    return _FirstRows(rows).typed


@lru_cache(maxsize=100_000)
def kind_of(cell: str) -> str | None:
    """The kind of value that a cell holds; None of a text.

    Examples
    --------
    >>> [kind_of(cell) for cell in ("12.50", "2024-01-02 10:00", "a@x.org", "$3", "Total")]
    ['number', 'date', 'email', 'money', None]
    """
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.fullmatch(cell)), None)


def _usual_kind(cells: Sequence[str]) -> str | None:
    """The kind that most of the cells have."""
    kinds = Counter(kind_of(cell) for cell in cells if cell)
    kind, count = kinds.most_common(1)[0] if kinds else (None, 0)
    return kind if count >= 0.6 * kinds.total() else None


def _are_names(numbers: Sequence[str], below: Sequence[str]) -> bool:
    """Whether numbers can be names: years, or sizes and the like that rise while the numbers below do not."""
    if numbers and all(re.fullmatch(r"(?:19|20)\d\d", number) for number in numbers):
        return True
    return len(numbers) > 1 and _rise(numbers) and not _rise(below)


def _rise(numbers: Sequence[str]) -> bool:
    if not all(number.isdecimal() for number in numbers):
        return False
    values = [int(number) for number in numbers]
    return all(first < second for first, second in pairwise(values))


def unique_names(names: Sequence[str]) -> list[str]:
    """Strip names of spaces around them; an empty or repeated one gets its place.

    Examples
    --------
    >>> unique_names([" id", "", "id"])
    ['id', 'column 2', 'id (column 3)']
    """
    bare = [name.strip().removeprefix("\ufeff") or f"column {place}" for place, name in enumerate(names, 1)]
    return [name if name not in bare[: place - 1] else f"{name} (column {place})" for place, name in enumerate(bare, 1)]
