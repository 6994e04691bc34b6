"""The whole way in one command: run, demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shijin import clock
from shijin.cli.commands import HERE, report_reader, session
from shijin.cli.flags import (
    Adapt,
    AsJson,
    Cutoff,
    DateOrder,
    Decimal,
    DropRepeated,
    Encoding,
    Format,
    Horizon,
    Mapped,
    MapStatus,
    reading_of,
)
from shijin.console.collected import run_remarks
from shijin.console.forecast import backtest_table, forecast_summary
from shijin.console.recommended import list_line, lists_line
from shijin.console.terminal import busy, err, out, print_json, print_notes
from shijin.errors import ShijinError
from shijin.steps.cards import RunCard
from shijin.steps.defaults import currency_of
from shijin.steps.demo import complete_journey, simulated
from shijin.steps.run import RunOptions, workspace_next_to
from shijin.steps.run import run as run_step
from shijin.workspace import Result, Workspace
from shijin.workspace.folder import named


def run(
    source: Annotated[
        list[Path] | None, typer.Argument(help="Files of orders; none to go again with the collected data.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="The shop's folder.", show_default="next to the file")
    ] = None,
    horizon: Horizon = None,
    cutoff: Cutoff = None,
    mapped: Mapped = None,
    statuses: MapStatus = None,
    kind: Format = "auto",
    encoding: Encoding = None,
    decimal: Decimal = None,
    date_order: DateOrder = None,
    drop_repeated: DropRepeated = False,
    adapt: Adapt = False,
    as_json: AsJson = False,
) -> None:
    """Go the whole way: collect, check, train, backtest, score, represent, recommend, report, list. Needs no config.

    Example: shijin run orders.csv
    """
    reading = reading_of(mapped, kind, encoding, decimal, date_order, statuses, drop_repeated=drop_repeated)
    first = source[0] if source else None
    if first is not None and workspace is None:
        workspace = workspace_next_to(first)
    fresh = workspace is not None and not (workspace / "shijin.toml").exists()
    if first is not None and workspace is not None:
        shop = session.create(workspace, named(first.name.split(".")[0]))
    else:
        shop = session.open(workspace or HERE)
    options = RunOptions(tuple(source) if source else None, reading, horizon, cutoff, adapt, report_reader(shop))
    _go(shop, options, as_json=as_json, fresh=fresh)


def demo(
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="Where to put it.", show_default="./demo")
    ] = None,
    simulated_shop: Annotated[bool, typer.Option("--simulated", help="A made-up shop; no data needed.")] = False,
    as_json: AsJson = False,
) -> None:
    """See it work: 2,469 households of a real grocer (Complete Journey), or a simulated shop.

    Example: shijin demo --simulated
    """
    source = simulated() if simulated_shop else complete_journey()
    root = workspace or Path("simulated-shop" if simulated_shop else "demo")
    shop = session.create(root, source.config)
    options = RunOptions(source.table, source.reading, source.horizon, reader=report_reader(shop))
    _go(shop, options, as_json=as_json)


def _go(shop: Workspace, options: RunOptions, *, as_json: bool, fresh: bool = False) -> None:
    try:
        with busy(shop, silent=as_json) as begin:
            result = run_step(shop, options, clock.now(), begin)
    except ShijinError:
        if fresh and not (shop.root / "data").exists():
            shop.discard()
        raise
    session.joined(shop)  # a first file in Chinese changes the shop's language
    if as_json:
        return print_json(result.json())
    return _show_run(shop, result)


def _show_run(shop: Workspace, result: Result[RunCard]) -> None:
    language, reader, parts = session.language, session.reader, result.parts
    for remark in run_remarks(parts, language, reader):
        err.print(remark)
    shown = [result, *(parts[verb] for verb in ("collect", "check", "score", "recommend") if verb in parts)]
    print_notes([note for one in shown for note in one.notes], language, reader)
    if "backtest" in parts:
        for part in backtest_table(parts["backtest"].card, language, reader, short=True):
            out.print(part)
    out.print(forecast_summary(result.table, shop.config, currency_of(shop)))
    if "recommend" in parts:
        lists = parts["recommend"]
        out.print(lists_line(lists.card, (shop.root / lists.receipt.outputs[0]).absolute(), language), soft_wrap=True)
    out.print(list_line(parts["export"].card, language), soft_wrap=True)
    out.print(str(Path(parts["report"].card.file).absolute()), soft_wrap=True)
