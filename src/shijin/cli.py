"""The command line: one command a verb. It parses, calls a step, and prints a table or JSON; it decides nothing.

Results go to standard output, what is said on the way to standard error. A refusal is one line there and exit code 2.
"""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer
from typer.exceptions import TyperException

from shijin import __version__
from shijin.console import (
    backtest_table,
    busy,
    counts_table,
    findings_table,
    forecast_summary,
    guess_line,
    list_line,
    neighbours_table,
    out,
    print_json,
    quarantine_line,
    run_remarks,
    said,
    say_notes,
    show,
    vectors_line,
    verdict_line,
    weights_table,
)
from shijin.errors import ConfigError, ShijinError
from shijin.flags import (
    Adapt,
    AsJson,
    Cutoff,
    DateOrder,
    Decimal,
    Encoding,
    Format,
    Horizon,
    HowMany,
    LikeWhom,
    Mapped,
    ScoredHorizon,
    Where,
    reading_of,
)
from shijin.segment.likeness import NEAREST
from shijin.steps.backtest import BacktestOptions, run_backtest
from shijin.steps.check import check as check_step
from shijin.steps.check import spoils
from shijin.steps.collect import collect as collect_step
from shijin.steps.demo import complete_journey, simulated
from shijin.steps.export import ExportOptions
from shijin.steps.export import export as export_step
from shijin.steps.report import report as report_step
from shijin.steps.represent import RepresentOptions, similar
from shijin.steps.represent import represent as represent_step
from shijin.steps.run import RunOptions, beside
from shijin.steps.run import run as run_step
from shijin.steps.score import ScoreOptions, score_together
from shijin.steps.shop_arrays import currency_of
from shijin.steps.train import TrainOptions, train_model
from shijin.workspace import Receipt, Workspace
from shijin.workspace.folder import named

app = typer.Typer(
    name="shijin",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Shijin（试金）: what every customer is worth, why, and what to do next.\n\n"
    "Try [bold]shijin run orders.csv[/bold], or [bold]shijin demo --simulated[/bold] without a file of your own.",
    epilog="Every command takes --workspace DIR and --json, and has its own --help with an example.",
)

HERE = Path()


def main() -> None:
    """Run the command line; every refusal is one line and exit code 2."""
    try:
        # Typer gives an exit code where a command ended early. Without arguments the help is what is asked for.
        sys.exit(app(sys.argv[1:] or ["--help"], standalone_mode=False))
    except ShijinError as error:
        _refuse(str(error))
    except typer.Abort:
        _refuse("stopped; what was finished is kept.", code=130)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "shijin"
        _refuse(f"{command}: {error.format_message().rstrip('.')}. Cure: see {command} --help.")


def _refuse(line: str, code: int = 2) -> None:
    print(" ".join(line.split()), file=sys.stderr)  # noqa: T201  (one plain line, whatever the terminal)
    sys.exit(code)


def _version(show: bool) -> None:
    if show:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def shijin(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Say what every customer is worth, why, and what to do next."""


@app.command()
def init(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Make a workspace with a commented shijin.toml. Never asks; a second time changes nothing.

    Example: shijin init -w my-shop
    """
    made = Workspace.create(workspace)
    show(as_json, {"workspace": str(made.root)}, f"workspace: {made.root}")


@app.command()
def collect(
    source: Annotated[Path, typer.Argument(help="CSV, TSV, Parquet or XLSX; Shopify's export is recognised.")],
    workspace: Where = HERE,
    mapped: Mapped = None,
    kind: Format = "auto",
    encoding: Encoding = None,
    decimal: Decimal = None,
    date_order: DateOrder = None,
    as_json: AsJson = False,
) -> None:
    """Take in a file of orders. The same file again adds nothing; a newer export of an order replaces it.

    Example: shijin collect orders.csv -w my-shop --map customer_id=user --map amount=paid
    """
    options = reading_of(mapped, kind, encoding, decimal, date_order)
    shop = Workspace.open(workspace)
    with busy(said, silent=as_json) as begin:
        begin("collect")
        receipt, findings = collect_step(shop, source, options, _now())
    if as_json:
        return print_json({"receipt": asdict(receipt)})
    language = shop.config.shop.locale
    said.print(guess_line(receipt.inputs["guess"], language))
    out.print(counts_table(receipt, language))
    if findings.num_rows:
        out.print(findings_table(findings, language))
    return None


@app.command()
def check(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Look for what is wrong in the data. Exits 1 only when something spoils a forecast.

    Example: shijin check -w my-shop
    """
    shop = Workspace.open(workspace)
    receipt, findings = check_step(shop, _now())
    if as_json:
        print_json({"spoils": spoils(findings), "findings": findings.to_pylist(), "receipt": asdict(receipt)})
    else:
        language, aside = shop.config.shop.locale, receipt.rows["quarantined"]
        out.print(findings_table(findings, language))
        if aside:
            out.print(quarantine_line(shop.root / "quarantine", aside, language), soft_wrap=True, style="dim")
        out.print(verdict_line(findings, language))
    if spoils(findings):
        raise typer.Exit(1)


@app.command()
def train(
    workspace: Where = HERE,
    horizon: Horizon = None,
    cutoff: Cutoff = None,
    adapt: Adapt = False,
    as_json: AsJson = False,
) -> None:
    """Learn from the shop's closed windows: only what lies before the cutoff is read.

    Example: shijin train -w my-shop --horizon 90d
    """
    shop = Workspace.open(workspace)
    with busy(said, silent=as_json) as begin:
        receipt, weights = train_model(shop, TrainOptions(horizon, cutoff, adapt), _now(), begin("train"))
    if as_json:
        return print_json({**receipt.inputs, "weights": weights.to_pylist()})
    say_notes(receipt.inputs["notes"], shop.config.shop.locale)
    out.print(weights_table(receipt, weights, shop.config.shop.locale))
    return None


@app.command()
def backtest(
    workspace: Where = HERE,
    horizon: Horizon = None,
    cutoff: Cutoff = None,
    adapt: Adapt = False,
    as_json: AsJson = False,
) -> None:
    """Judge every way to forecast on a past window that chose nothing, the one-line formula among them.

    Example: shijin backtest -w my-shop --horizon 60d
    """
    shop = Workspace.open(workspace)
    with busy(said, silent=as_json) as begin:
        receipt, _ = run_backtest(shop, BacktestOptions(horizon, cutoff, adapt=adapt), _now(), begin("backtest"))
    if as_json:
        return print_json({"id": receipt.inputs["backtest"], **receipt.inputs["result"]})
    for part in backtest_table(receipt.inputs["result"], shop.config.shop.locale):
        out.print(part)
    return None


@app.command()
def score(
    workspace: Where = HERE,
    horizon: Annotated[
        list[str] | None,
        typer.Option(
            help="How far ahead, 90d or 3m; several times for several, of which a longer one never says less."
        ),
    ] = None,
    cutoff: Cutoff = None,
    model: Annotated[str | None, typer.Option(help="A model's id.", show_default="the newest that fits")] = None,
    zero_shot: Annotated[
        bool, typer.Option("--zero-shot", help="The behaviour model alone, which needs no training.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forecast every customer and give each a tier. Without a trained model: the behaviour model, and it says so.

    Example: shijin score -w my-shop --zero-shot --horizon 30d --horizon 90d
    """
    shop = Workspace.open(workspace)
    options = ScoreOptions(None, cutoff, model, zero_shot)
    for receipt, forecast in score_together(shop, options, horizon or [None], _now()):
        if as_json:
            print_json({**receipt.inputs, "customers": forecast.num_rows, "outputs": receipt.outputs})
            continue
        say_notes(receipt.inputs["notes"], shop.config.shop.locale)
        out.print(forecast_summary(forecast, shop.config, currency_of(shop)))
        out.print(str(shop.root / receipt.outputs[0]), soft_wrap=True)


@app.command()
def represent(
    workspace: Where = HERE,
    horizon: ScoredHorizon = None,
    cutoff: Cutoff = None,
    like: LikeWhom = None,
    k: HowMany = None,
    as_json: AsJson = False,
) -> None:
    """Write a vector for every customer, near for customers alike, and the map of them; or show who is like whom.

    Example: shijin represent -w my-shop --like 00079 --k 5
    """
    shop = Workspace.open(workspace)
    options, language = RepresentOptions(horizon, cutoff), shop.config.shop.locale
    if like is None:
        if k is not None:
            raise ConfigError("says how many customers like which one", "--k", "name one with --like ID")
        receipt = represent_step(shop, options, _now())[0]
        say_notes(receipt.inputs["notes"], language)
        show(as_json, {**receipt.inputs, "outputs": receipt.outputs}, vectors_line(receipt, shop.root, language))
        return None if as_json else say_notes([{"code": "represent.next"}], language)
    receipt, neighbours = similar(shop, options, like, _now(), NEAREST if k is None else k)
    if as_json:
        return print_json({**receipt.inputs, "neighbours": neighbours.to_pylist()})
    say_notes(receipt.inputs["notes"], language)
    out.print(neighbours_table(receipt, neighbours, shop.config))
    return None


@app.command()
def export(
    workspace: Where = HERE,
    contacts: Annotated[bool, typer.Option("--contacts", help="Add e-mail, phone, names and consents.")] = False,
    to: Annotated[Path | None, typer.Option(help="The file.", show_default="exports/ of the workspace")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the newest forecast as a list to send, best customers first, with a hold-out to measure its effect.

    Example: shijin export -w my-shop --contacts --to list.csv
    """
    shop = Workspace.open(workspace)
    receipt, _ = export_step(shop, ExportOptions(contacts, to), _now())
    path, counts = receipt.outputs[0], receipt.rows
    line = list_line(path, counts["customers"], counts["held_out"], shop.config.shop.locale)
    show(as_json, {**receipt.inputs, **counts, "file": path}, line)


@app.command()
def report(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Write the page: one HTML file, English and 简体中文, that needs no network.

    Example: shijin report -w my-shop
    """
    shop = Workspace.open(workspace)
    receipt, _ = report_step(shop, _now())
    path = str(shop.root / receipt.outputs[0])
    show(as_json, {**receipt.inputs, "file": path}, path)


@app.command()
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
    """Go the whole way: collect, check, backtest, train, score, represent, report and list. Needs no init, no config.

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


@app.command()
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
            receipt, forecast = run_step(shop, source, options, _now(), begin)
    except ShijinError:
        if fresh and not (shop.root / "data").exists():
            shop.discard()
        raise
    if as_json:
        return print_json({**receipt.inputs, "rows": receipt.rows, "outputs": _outputs(shop, receipt)})
    language = shop.config.shop.locale
    for remark in run_remarks(receipt, language):
        said.print(remark)
    say_notes([*receipt.inputs["notes"], *receipt.inputs["score"]["notes"]], language)
    if "backtest" in receipt.inputs:
        for part in backtest_table(receipt.inputs["backtest"]["result"], language, short=True):
            out.print(part)
    out.print(forecast_summary(forecast, shop.config, currency_of(shop)))
    page, sheet = _outputs(shop, receipt)
    out.print(list_line(sheet, receipt.inputs["listed"], receipt.inputs["held_out"], language), soft_wrap=True)
    out.print(page, soft_wrap=True)
    return None


def _outputs(shop: Workspace, receipt: Receipt) -> list[str]:
    return [str(shop.root / output) if not Path(output).is_absolute() else output for output in receipt.outputs]


def _now() -> datetime:
    return datetime.now(UTC)
