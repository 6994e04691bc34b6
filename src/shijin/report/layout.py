"""The shapes that the page is laid out from: cards, actions, tables and figures, with all words and numbers written."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Card:
    """One headline number with its explanation."""

    label: str
    value: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """One thing to do.

    Parameters
    ----------
    title, text
        The action and its grounds.
    command
        The command that begins it; empty where there is none.
    how
        How to filter the exported list, in its columns; shown on a click. Empty where nothing is to be filtered.
    """

    title: str
    text: str
    command: str = ""
    how: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    text
        Its content.
    mark
        Its style: "best", "win", "tie", "loss", "spoils", "warns", "notes", or "" for plain.
    remark
        A second line below the text.
    """

    text: str
    mark: str = ""
    remark: str = ""


@dataclass(frozen=True)
class PageTable:
    """A table; the first cell of a row names the row.

    Parameters
    ----------
    chosen
        The row to highlight; None for none.
    wordy
        Whether the cells hold words, aligned left, rather than numbers.
    dated
        Whether the rows are days or months, whose names stay on one line.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    chosen: int | None = None
    wordy: bool = False
    dated: bool = False


@dataclass(frozen=True)
class Figure:
    """A chart with its title, its text, and the numbers behind it.

    Parameters
    ----------
    wide
        The chart for wide screens; the only one where `narrow` is empty.
    narrow
        The same for a phone.
    remarks
        How to read it, below the chart.
    command
        The command that shows more; empty where there is none.
    """

    title: str
    text: str
    wide: Markup
    narrow: Markup | None = None
    numbers: PageTable | None = None
    remarks: tuple[str, ...] = ()
    command: str = ""


def row_of(*texts: str) -> tuple[Cell, ...]:
    """A row of plain cells."""
    return tuple(Cell(text) for text in texts)
