"""What the terminal shows of collected data: how a source was read, what became of its rows, what is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shijin.console.terminal import COLOURS, in_words, titled
from shijin.prepare.findings import verdict
from shijin.schema import FINDINGS
from shijin.steps.cards import CollectionCard
from shijin.words import Language, catalogue, say, say_note
from shijin.words.reader import Reader
from shijin.workspace import Result


def counts_table(card: CollectionCard, language: Language) -> Table:
    """What became of the rows of a source, and of the money where it has any."""
    heads = ["", say("console.rows", language), *([say("console.money", language)] if card.money else [])]
    table = titled(card.source, heads)
    for name, rows in card.rows.items():
        money = card.money.get(name)
        cells = ["" if money is None else f"{money:,.2f}"] if card.money else []
        table.add_row(in_words("report.receipt_", name, language), f"{rows:,}", *cells)
    return table


def rows_line(rows: Mapping[str, int], language: Language) -> Text:
    """What became of the rows of a source, in a line, without what did not occur."""
    known = catalogue()
    parts = [
        say("report.receipt_item", language, what=say(f"report.receipt_{name}", language), rows=f"{count:,}")
        for name, count in rows.items()
        if count and f"report.receipt_{name}" in known
    ]
    return Text(say("report.between", language).join(parts), "dim")


def kinds_line(kinds: Mapping[str, int], language: Language, reader: Reader) -> str:
    """What new feedback there is, by kind, and what reads it."""
    if not kinds:
        return say("feedback.none_new", language)
    parts = [
        say("report.receipt_item", language, what=say(f"feedback.{kind}", language), rows=f"{count:,}")
        for kind, count in sorted(kinds.items())
    ]
    readers = (["corrections"] if "correction" in kinds else []) + (["lists"] if set(kinds) - {"correction"} else [])
    sentences = [say("feedback.new", language, kinds=say("report.between", language).join(parts))]
    return " ".join([*sentences, *(say(f"feedback.read_by_{by}", language, reader) for by in readers)])


def run_remarks(results: Mapping[str, Result[Any]], language: Language, reader: Reader) -> list[RenderableType]:
    """What a run read, what became of it, and what is wrong in it."""
    parts: list[RenderableType] = []
    if "collect" in results:
        card = results["collect"].card
        unread = [unread_line(card.unread, language)] if card.unread else []
        parts += [guess_line(card.guess, language), *unread, rows_line(card.rows, language)]
    findings = results["check"].table
    if findings.num_rows:
        parts.append(findings_table(findings, language, reader))
    return parts


def findings_of(card: CollectionCard) -> pa.Table:
    """The findings about a source as a table."""
    return pa.Table.from_pylist(card.findings, schema=FINDINGS)


def findings_table(findings: pa.Table, language: Language, reader: Reader) -> RenderableType:
    """What is wrong in the data, in words."""
    if not findings.num_rows:
        return Text(say("console.no_findings", language), "dim")
    table = Table(show_header=True, header_style="bold")
    table.add_column(say("console.severity", language))
    table.add_column(say("console.rows", language), justify="right")
    table.add_column(say("console.finding", language), overflow="fold")
    for row in findings.to_pylist():
        words = say_note({"code": f"findings.{row['code']}", **json.loads(row["arguments"] or "{}")}, language, reader)
        severity = Text(say(f"check.{row['severity']}", language), COLOURS[row["severity"]])
        table.add_row(severity, f"{row['rows']:,}", words)
    return table


def guess_line(guess: Mapping[str, Any], language: Language) -> Text:
    """How a source was read: what was detected or guessed."""
    parts = []
    for name, value in guess.items():
        shown = ", ".join(f"{role}={column}" for role, column in value.items()) if isinstance(value, Mapping) else value
        parts.append(f"{in_words('console.guess_', name, language)}: {shown}")
    return Text(f"{say('console.read_as', language)} {'; '.join(parts)}", "dim")


def unread_line(columns: Sequence[str], language: Language) -> Text:
    """The columns of a source that nothing is read from."""
    return Text(say("console.unread", language, columns=", ".join(columns), n=len(columns)), "dim")


def verdict_line(findings: pa.Table, language: Language) -> str:
    """Whether the data spoil a forecast, in one sentence."""
    code, counts = verdict(findings)
    return say(code, language, **counts)


def quarantine_line(folder: Path, rows: int, language: Language) -> str:
    """Where the rows that were set aside lie, and how to look at them."""
    files = (folder / "*.parquet").as_posix()
    command = f"python -c \"import duckdb; duckdb.read_parquet('{files}').show(max_width=160)\""
    return say("console.quarantine", language, rows=f"{rows:,}", folder=folder, command=command)
