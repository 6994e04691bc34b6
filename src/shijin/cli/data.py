"""A workspace and its data: init, collect, check, feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shijin import clock
from shijin.cli.commands import HERE, session
from shijin.cli.flags import (
    AsJson,
    DateOrder,
    Decimal,
    DropRepeated,
    Encoding,
    Format,
    Mapped,
    MapStatus,
    Where,
    reading_of,
)
from shijin.console.collected import (
    counts_table,
    findings_of,
    findings_table,
    guess_line,
    kinds_line,
    quarantine_line,
    unread_line,
    verdict_line,
)
from shijin.console.terminal import busy, err, out, print_json, print_notes, show
from shijin.steps.cards import CollectionCard
from shijin.steps.check import check as check_step
from shijin.steps.collect import SourceOptions
from shijin.steps.collect import collect as collect_step
from shijin.steps.feedback import feedback as feedback_step
from shijin.steps.init import init as init_step
from shijin.workspace import Result


def init(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Make a workspace with a commented shijin.toml. Never asks; a second time changes nothing.

    Example: shijin init -w my-shop
    """
    shop = session.create(workspace)
    result = init_step(shop, None, clock.now())
    show(result.json(), f"workspace: {result.card.workspace}", as_json=as_json)


def collect(
    source: Annotated[
        list[Path],
        typer.Argument(help="CSV, TSV, Parquet, XLSX or JSON; exports of many platforms are recognised."),
    ],
    workspace: Where = HERE,
    mapped: Mapped = None,
    statuses: MapStatus = None,
    kind: Format = "auto",
    encoding: Encoding = None,
    decimal: Decimal = None,
    date_order: DateOrder = None,
    drop_repeated: DropRepeated = False,
    as_json: AsJson = False,
) -> None:
    """Take in files of orders. The same file again adds nothing; a newer export of an order replaces it.

    Files that belong together, such as orders and their lines, are joined.

    Example: shijin collect orders.csv lines.csv -w my-shop --map customer_id=user --map amount=paid
    """
    reading = reading_of(mapped, kind, encoding, decimal, date_order, statuses, drop_repeated=drop_repeated)
    options = SourceOptions(tuple(source), reading)
    shop = session.open(workspace)
    with busy(shop, silent=as_json) as begin:
        result = collect_step(shop, options, clock.now(), begin("collect"))
    session.joined(shop)  # a first file in Chinese changes the shop's language
    _show_collected(result, as_json=as_json)


def check(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Look for what is wrong in the data. Exits 1 only when something spoils a forecast.

    Example: shijin check -w my-shop
    """
    shop = session.open(workspace)
    result = check_step(shop, None, clock.now())
    if as_json:
        print_json(result.json())
    else:
        language, set_aside = session.language, result.card.rows["quarantined"]
        out.print(findings_table(result.table, language, session.reader))
        if set_aside:
            out.print(quarantine_line(shop.root / "quarantine", set_aside, language), soft_wrap=True, style="dim")
        out.print(verdict_line(result.table, language))
        print_notes(result.notes, language, session.reader)
    if result.card.spoils:
        raise typer.Exit(1)


def feedback(
    source: Annotated[
        Path, typer.Argument(help="CSV, TSV, Parquet or XLSX: one row for each reaction to an item, a list or a tier.")
    ],
    workspace: Where = HERE,
    mapped: Mapped = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    date_order: DateOrder = None,
    as_json: AsJson = False,
) -> None:
    """Take in feedback: ratings, "not interested", clicks, exposures, conversions, corrections of tiers.

    Recommendations follow it at once; the next forecast reads corrections. The same file again adds nothing.

    Example: shijin feedback feedback.csv -w my-shop --map item_id=product --map type=reaction
    """
    options = SourceOptions(source, reading_of(mapped, "auto", encoding, decimal, date_order))
    shop = session.open(workspace)
    with busy(shop, silent=as_json) as begin:
        result = feedback_step(shop, options, clock.now(), begin("feedback"))
    _show_collected(result, as_json=as_json)


def _show_collected(result: Result[CollectionCard], *, as_json: bool) -> None:
    """How the source was read, what became of its rows, what was noticed."""
    if as_json:
        return print_json(result.json())
    card, language = result.card, session.language
    err.print(guess_line(card.guess, language))
    if card.unread:
        err.print(unread_line(card.unread, language))
    out.print(counts_table(card, language))
    if result.kind == "feedback":
        out.print(kinds_line(card.kinds, language, session.reader))
    if card.findings:
        out.print(findings_table(findings_of(card), language, session.reader))
    return print_notes(result.notes, language, session.reader)
