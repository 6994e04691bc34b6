"""What people take away: recommend, export, report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import typer
from rich.text import Text

from shijin.cli.flags import HERE, AsJson, Cutoff, Where
from shijin.console.demand import demand_parts
from shijin.console.terminal import busy, list_line, list_table, lists_lines, print_json, said, say_notes, show
from shijin.console.terminal import out as out_
from shijin.errors import ConfigError
from shijin.steps.demand import DemandOptions
from shijin.steps.demand import demand as demand_step
from shijin.steps.export import ExportOptions, export_wanted, refuse_target
from shijin.steps.export import export as export_step
from shijin.steps.recommend import LONG, SHORT, RecommendOptions, recommend_to
from shijin.steps.recommend import recommend as recommend_step
from shijin.steps.recommend_item import wanted_by
from shijin.steps.report import report as report_step
from shijin.words import say
from shijin.workspace import Receipt, Workspace

MOST_ITEMS = 20  # of the demand, on the terminal


def recommend(
    workspace: Where = HERE,
    customer: Annotated[str | None, typer.Option(help="One customer's list.", show_default="none")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every customer's list, as a file.")] = False,
    item: Annotated[str | None, typer.Option(help="Who wants this item most.", show_default="none")] = None,
    demand: Annotated[
        bool, typer.Option("--demand", help="How many pieces every item will sell, beside a naive forecast.")
    ] = False,
    k: Annotated[int | None, typer.Option(help="How many.", show_default="10; --item 100; --demand 20")] = None,
    exclude_bought: Annotated[
        bool, typer.Option("--exclude-bought", help="Nothing that the customer bought before.")
    ] = False,
    category: Annotated[list[str] | None, typer.Option(help="Only of this one; several times for several.")] = None,
    in_stock: Annotated[Path | None, typer.Option(help="A file with the ids of the items that are there.")] = None,
    min_gap: Annotated[
        str | None, typer.Option(help="Nothing that the customer bought less than so long ago, such as 14d.")
    ] = None,
    diverse: Annotated[float, typer.Option(help="0 to 1: how much variety of categories counts.")] = 0.0,
    value_aware: Annotated[
        bool, typer.Option("--value-aware", help="Order by what an item brings times the chance that it is taken.")
    ] = False,
    horizon: Annotated[
        str | None, typer.Option(help="How far ahead: 14d, 8w.", show_default="the config's, 30d at most")
    ] = None,
    cutoff: Cutoff = None,
    to: Annotated[
        Path | None, typer.Option(help="Write the lists as CSV too, with a hold-out, to send.", show_default="none")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what each customer wants next, and why: one list, everybody's, who wants an item, or the demand for items.

    Example: shijin recommend -w my-shop --all --k 10 --exclude-bought --in-stock items.csv
    """
    if sum((customer is not None, everyone, item is not None, demand)) != 1:
        raise ConfigError("say what", "shijin recommend", "give one of --customer ID, --all, --item ID or --demand")
    shop, now = Workspace.open(workspace), datetime.now(UTC)
    many = k if k is not None else (LONG if item is not None else SHORT)
    filters = (exclude_bought, tuple(category or ()), in_stock, min_gap, diverse, value_aware)
    if demand:
        if any(filters) or to is not None:
            cure = "leave out all but --k, --horizon and --cutoff"
            raise ConfigError("counts every item, and has no lists to filter or send", "--demand", cure)
        return _demand(shop, DemandOptions(horizon, cutoff), MOST_ITEMS if k is None else k, as_json=as_json)
    if to is not None:
        refuse_target(to)
    options, language = RecommendOptions(many, *filters, horizon, cutoff), shop.config.shop.locale
    with busy(said, silent=as_json) as begin:
        tell = begin("recommend")
        if customer is not None:
            receipt, table = recommend_to(shop, options, customer, now, tell)
        elif item is not None:
            receipt, table = wanted_by(shop, options, item, now, tell)
        else:
            receipt, table = recommend_step(shop, options, now, tell)
    sent = None if to is None else export_wanted(shop, table, to)
    if as_json:
        shown = {} if everyone else {"recommendations" if customer is not None else "wanted_by": table.to_pylist()}
        return print_json({**receipt.inputs, **shown, "outputs": receipt.outputs})
    say_notes(receipt.inputs["notes"], language)
    _show_lists(shop, receipt, table)
    if sent is not None:
        told = {"path": to, "rows": f"{table.num_rows:,}", "customers": f"{sent[0]:,}", "held_out": f"{sent[1]:,}"}
        out_.print(say("lists.sent", language, **told), soft_wrap=True)
    return None


def _show_lists(shop: Workspace, receipt: Receipt, table: pa.Table) -> None:
    """Everybody's lists lie in files; one list, or who wants an item, is shown."""
    language = shop.config.shop.locale
    if not receipt.outputs:
        return out_.print(list_table(receipt, table, language))
    for line in lists_lines(receipt, shop.root, language):
        out_.print(line, soft_wrap=True)
    return None


def _demand(shop: Workspace, options: DemandOptions, most: int, *, as_json: bool) -> None:
    if most < 1:
        raise ConfigError(f"{most} items", "--k", "ask for 1 or more")
    with busy(said, silent=as_json) as begin:
        begin("recommend")
        receipt, table = demand_step(shop, options, datetime.now(UTC))
    if as_json:
        rows = table.slice(0, most).to_pylist()
        return print_json({**receipt.inputs, "demand": rows, "outputs": receipt.outputs})
    say_notes(receipt.inputs["notes"], shop.config.shop.locale)
    for part in demand_parts(receipt, table, shop.root, most, shop.config.shop.locale):
        out_.print(part, soft_wrap=isinstance(part, Text))
    return None


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
    receipt, _ = export_step(shop, ExportOptions(contacts, to), datetime.now(UTC))
    path, counts, language = receipt.outputs[0], receipt.rows, shop.config.shop.locale
    line = list_line(path, counts["customers"], counts["held_out"], language)
    if not as_json:
        say_notes(receipt.inputs["notes"], language)
    show(as_json, {**receipt.inputs, **counts, "file": path}, line)


def report(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Write the page: one HTML file, English and 简体中文, that needs no network.

    Example: shijin report -w my-shop
    """
    shop = Workspace.open(workspace)
    receipt, _ = report_step(shop, datetime.now(UTC))
    path = str(shop.root / receipt.outputs[0])
    if not as_json:
        say_notes(receipt.inputs["notes"], shop.config.shop.locale)
    show(as_json, {**receipt.inputs, "file": path}, path)
