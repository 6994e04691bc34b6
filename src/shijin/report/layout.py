"""The few shapes a page is laid out from: cards, actions, tables and pictures, all words and numbers already said."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True)
class Card:
    """One headline number with what explains it."""

    label: str
    value: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """One thing to do, why, and the command that begins it (empty where there is none)."""

    title: str
    text: str
    command: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    text
        What it says.
    remark
        A second line below it.
    mark
        How it looks: "best", "win", "tie", "loss", "spoils", "warns", "notes", or "" for plain.
    """

    text: str
    mark: str = ""
    remark: str = ""


@dataclass(frozen=True)
class Grid:
    """A table; the first cell of a row names the row.

    Parameters
    ----------
    chosen
        Which row to set off; None for none.
    wordy
        Whether the cells hold words, to be read from the left, rather than numbers.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    chosen: int | None = None
    wordy: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture with its title, what it shows, and the numbers behind it.

    Parameters
    ----------
    wide
        The picture where there is room; also the only one, where `narrow` is empty.
    narrow
        The same for a telephone.
    remarks
        What must be known to read it, below the picture.
    command
        What tells more; empty where nothing does.
    """

    title: str
    text: str
    wide: Markup
    narrow: Markup | None = None
    numbers: Grid | None = None
    remarks: tuple[str, ...] = ()
    command: str = ""


def plain(*texts: str) -> tuple[Cell, ...]:
    """A row without marks."""
    return tuple(Cell(text) for text in texts)
