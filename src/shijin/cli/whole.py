"""The whole way in one command: run, demo."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer

from shijin.cli.flags import (
    HERE,
    Adapt,
    AsJson,
    Cutoff,
    DateOrder,
    Decimal,
    Encoding,
    Format,
    Horizon,
    Mapped,
    reading_of,
)
from shijin.console.terminal import (
    backtest_table,
    busy,
    forecast_summary,
    list_line,
    lists_line,
    out,
    print_json,
    run_remarks,
    said,
    say_notes,
)
from shijin.errors import ShijinError
from shijin.steps.defaults import currency_of
from shijin.steps.demo import complete_journey, simulated
from shijin.steps.recommend import ROWS as LISTS
from shijin.steps.run import RunOptions, beside
from shijin.steps.run import run as run_step
from shijin.workspace import Receipt, Workspace
from shijin.workspace.folder import named


def run(
    source: Annotated[
        Path | None, typer.Argument(help="A file of orders; none to go again with what is there.")
    ] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", "-w", help="The shop's folder.", show_default="beside the file")
    ] = None,
    horizon: Horizon = None,
    cutoff: Cutoff = None,
    mapped: Mapped = None,
    kind: Format = "auto",
    encoding: Encoding = None,
    decimal: Decimal = None,
    date_order: DateOrder = None,
    adapt: Adapt = False,
    as_json: AsJson = False,
) -> None:
    """Go the whole way: collect, check, train, backtest, score, represent, recommend, report, list. Needs no config.

    Example: shijin run orders.csv
    """
    options = RunOptions(reading_of(mapped, kind, encoding, decimal, date_order), horizon, cutoff, adapt)
    if source is not None and workspace is None:
        workspace = beside(source)
    fresh = workspace is not None and not (workspace / "shijin.toml").exists()
    if source is not None and workspace is not None:
        shop = Workspace.create(workspace, named(source.name.split(".")[0]))
    else:
        shop = Workspace.open(workspace or HERE)
    _go(shop, source, options, as_json=as_json, fresh=fresh)


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
    shop = Workspace.create(root, source.config)
    _go(shop, source.table, RunOptions(source.reading, source.horizon), as_json=as_json)


def _go(
    shop: Workspace, source: Path | pa.Table | None, options: RunOptions, *, as_json: bool, fresh: bool = False
) -> None:
    try:
        with busy(said, silent=as_json) as begin:
            receipt, forecast = run_step(shop, source, options, datetime.now(UTC), begin)
    except ShijinError:
        if fresh and not (shop.root / "data").exists():
            shop.discard()
        raise
    if as_json:
        return print_json({**receipt.inputs, "rows": receipt.rows, "outputs": _outputs(shop, receipt)})
    language = shop.config.shop.locale
    for remark in run_remarks(receipt, language):
        said.print(remark)
    noted = [receipt.inputs, *(receipt.inputs[verb] for verb in ("score", "recommend") if verb in receipt.inputs)]
    say_notes([note for one in noted for note in one["notes"]], language)
    if "backtest" in receipt.inputs:
        for part in backtest_table(receipt.inputs["backtest"]["result"], language, short=True):
            out.print(part)
    out.print(forecast_summary(forecast, shop.config, currency_of(shop)))
    if "recommend" in receipt.inputs:
        card = receipt.inputs["recommend"]
        path = (shop.root / "scores" / card["score"] / LISTS).absolute()
        out.print(lists_line(card, path, language), soft_wrap=True)
    page, sheet = _outputs(shop, receipt)
    out.print(list_line(sheet, receipt.inputs["listed"], receipt.inputs["held_out"], language), soft_wrap=True)
    out.print(page, soft_wrap=True)
    return None


def _outputs(shop: Workspace, receipt: Receipt) -> list[str]:
    return [str((shop.root / output).absolute()) for output in receipt.outputs]
