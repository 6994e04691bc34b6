"""The terminal itself: its two outputs, tables under a title, notes, JSON, and the progress of long work."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich import progress as bars
from rich.console import Console, ConsoleOptions, RenderableType
from rich.highlighter import JSONHighlighter
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from shijin.notes import Note, Progress
from shijin.words import Language, catalogue, say, say_note
from shijin.words.reader import Reader
from shijin.workspace import Workspace

# Characters that a terminal obeys rather than shows, and those that turn the order of letters around.
_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Remove the characters that a terminal obeys: texts of files, such as names of columns, may hold any.

    Examples
    --------
    >>> printable("Tea \x1b[31m2\n")
    'Tea [31m2\n'
    """
    return _OBEYED.sub("", text)


class _Terminal(Console):
    """A console on which texts show and cannot act."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


# Results, and remarks on the way. Brackets in a file's words are no markup.
out, err = _Terminal(markup=False, emoji=False), _Terminal(stderr=True, markup=False, emoji=False)
COLOURS = {"win": "green", "loss": "red", "tie": "dim", "spoils": "red", "warns": "yellow", "notes": "dim"}


def titled(title: str, columns: list[str]) -> Table:
    """A table under a title, its first column to the left and all others to the right."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=place == 0)
    return table


def note_lines(notes: Iterable[Mapping[str, Any]], language: Language, reader: Reader) -> list[str]:
    """Sentences of notes, each once."""
    return list(dict.fromkeys(say_note(note, language, reader) for note in notes))


def print_notes(notes: Iterable[Mapping[str, Any]], language: Language, reader: Reader) -> None:
    """Print notes as remarks."""
    for line in note_lines(notes, language, reader):
        err.print(f"[dim]{line}[/dim]", soft_wrap=True)  # a command that is broken over lines cannot be copied


def show(content: Mapping[str, Any], line: str, *, as_json: bool) -> None:
    """Print a result, as JSON or as a line."""
    if as_json:
        print_json(content)
    else:
        out.print(line, soft_wrap=True)


def print_json(content: Mapping[str, Any]) -> None:
    """Print JSON and nothing else."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str)
    text = _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)  # JSON keeps them, as escapes
    out.print(JSONHighlighter()(Text(text, no_wrap=True)), soft_wrap=True)


@contextmanager
def busy(workspace: Workspace, *, silent: bool) -> Iterator[Callable[[str], Progress]]:
    """Show progress on a terminal, in the shop's language: a bar for the verb under way, with the task it is at."""
    bar = bars.Progress(
        bars.SpinnerColumn(),
        bars.TextColumn("{task.fields[verb]:>9}"),
        bars.BarColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("{task.description}"),
        console=err,
        disable=silent or not err.is_terminal,
    )
    with bar:
        running: list[Any] = []

        def begin(verb: str) -> Progress:
            for earlier in running:
                bar.update(earlier, total=1, completed=1, description="")
            task = bar.add_task("", total=None, verb=verb)
            running[:] = [task]

            def progress(note: Note, done: int, of: int) -> None:
                bar.update(task, total=of, completed=done, description=say_note(note, workspace.config.shop.locale))

            return progress

        yield begin
        for earlier in running:
            bar.update(earlier, total=1, completed=1, description="")


def written(value: float | None, digits: int) -> str:
    """A figure as a cell shows it."""
    return "-" if value is None else f"{value:,.{digits}f}"


def money(value: float, currency: str | None) -> str:
    """Money as a cell shows it."""
    return f"{value:,.0f}" + (f" {currency}" if currency else "")


def tier_name(name: str, language: Language) -> str:
    """A tier by its words, where it has any."""
    return in_words("tiers.", name, language)


def in_words(prefix: str, name: str, language: Language) -> str:
    """The words for a name; the name itself where there are none, and in English, whose JSON has the same."""
    code = f"{prefix}{name}"
    english = language == "en" and not prefix.startswith("tiers")
    return name if english or code not in catalogue() else say(code, language)
