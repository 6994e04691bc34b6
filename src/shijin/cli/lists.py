"""What people take away: recommend, export, report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from shijin import clock
from shijin.cli.commands import HERE, report_reader, session
from shijin.cli.flags import AsJson, Cutoff, Where
from shijin.console.demand import demand_parts
from shijin.console.recommended import list_line, list_table, lists_lines
from shijin.console.terminal import busy, out, print_json, print_notes, show
from shijin.errors import ConfigError
from shijin.steps.demand import TOP, DemandOptions
from shijin.steps.demand import demand as demand_step
from shijin.steps.export import ExportOptions, ExportRecommendedOptions, export_recommended, refuse_target
from shijin.steps.export import export as export_step
from shijin.steps.list_request import RecommendOptions, length
from shijin.steps.recommend import recommend as recommend_step
from shijin.steps.report import ReportOptions
from shijin.steps.report import report as report_step
from shijin.words import say
from shijin.workspace import Result, Workspace

# The options of recommend.
OneCustomer = Annotated[str | None, typer.Option("--customer", help="One customer's list.", show_default="none")]
Everyone = Annotated[bool, typer.Option("--all", help="Every customer's list, as a file.")]
OneItem = Annotated[str | None, typer.Option("--item", help="The customers for this item.", show_default="none")]
Demanded = Annotated[
    bool, typer.Option("--demand", help="How many units of every item will sell, next to a naive forecast.")
]
HowManyListed = Annotated[int | None, typer.Option("--k", help="How many.", show_default="10; --item 100; --demand 20")]
ExcludeBought = Annotated[bool, typer.Option("--exclude-bought", help="Exclude items the customer bought before.")]
Categories = Annotated[list[str] | None, typer.Option("--category", help="Only this category; repeat it for several.")]
InStock = Annotated[Path | None, typer.Option("--in-stock", help="A file with the ids of the items in stock.")]
MinGap = Annotated[
    str | None, typer.Option("--min-gap", help="Exclude items the customer bought within this time, such as 14d.")
]
Diverse = Annotated[float, typer.Option("--diverse", help="0 to 1: how much variety of categories counts.")]
ValueAware = Annotated[
    bool, typer.Option("--value-aware", help="Order by an item's margin times the chance that it is bought.")
]
ListHorizon = Annotated[
    str | None, typer.Option("--horizon", help="How far ahead: 14d, 8w.", show_default="the config's, 30d at most")
]
ListFile = Annotated[
    Path | None, typer.Option("--to", help="Write the lists as CSV too, with a hold-out, to send.", show_default="none")
]


def recommend(
    workspace: Where = HERE,
    customer: OneCustomer = None,
    everyone: Everyone = False,
    item: OneItem = None,
    demand: Demanded = False,
    k: HowManyListed = None,
    exclude_bought: ExcludeBought = False,
    category: Categories = None,
    in_stock: InStock = None,
    min_gap: MinGap = None,
    diverse: Diverse = 0.0,
    value_aware: ValueAware = False,
    horizon: ListHorizon = None,
    cutoff: Cutoff = None,
    to: ListFile = None,
    as_json: AsJson = False,
) -> None:
    """Recommend items to each customer, with reasons: one list, all lists, the customers for an item, or the demand.

    Example: shijin recommend -w my-shop --all --k 10 --exclude-bought --in-stock items.csv
    """
    if sum((customer is not None, everyone, item is not None, demand)) != 1:
        raise ConfigError("cli.recommend_what")
    shop = session.open(workspace)
    filters = (exclude_bought, tuple(category or ()), in_stock, min_gap, diverse, value_aware)
    if demand:
        if any(filters) or to is not None:
            raise ConfigError("cli.demand_takes_no_filter")
        return _demand(shop, DemandOptions(horizon, cutoff, TOP if k is None else k), as_json=as_json)
    if to is not None:
        refuse_target(shop, to)
    options = RecommendOptions(length(k, item), *filters, horizon, cutoff, customer, item)
    with busy(shop, silent=as_json) as begin:
        result = recommend_step(shop, options, clock.now(), begin("recommend"))
    sent = to and export_recommended(shop, ExportRecommendedOptions(result.table, to), clock.now())
    if as_json:
        written = [*result.receipt.outputs, *(sent.receipt.outputs if sent else ())]
        return print_json(result.json() | {"outputs": written})
    print_notes(result.notes, session.language, session.reader)
    _show_recommended(shop, result)
    if sent:
        counts = {name: f"{count:,}" for name, count in sent.receipt.rows.items()}
        code = "lists.sent" if sent.receipt.rows["held_out"] else "lists.sent_all"
        out.print(say(code, session.language, path=to, **counts), soft_wrap=True)
    return None


def _show_recommended(shop: Workspace, result: Result[Any]) -> None:
    """All lists lie in files; one list, or the customers for an item, is shown."""
    if result.shown:
        return out.print(list_table(result, session.language))
    for line in lists_lines(result, shop.root, session.language, session.reader):
        out.print(line, soft_wrap=True)
    return None


def _demand(shop: Workspace, options: DemandOptions, *, as_json: bool) -> None:
    with busy(shop, silent=as_json) as begin:
        result = demand_step(shop, options, clock.now(), begin("recommend"))
    if as_json:
        return print_json(result.json())
    print_notes(result.notes, session.language, session.reader)
    for part in demand_parts(result, shop.root, session.language):
        out.print(part, soft_wrap=isinstance(part, Text))
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
    shop = session.open(workspace)
    result = export_step(shop, ExportOptions(contacts, to), clock.now())
    if not as_json:
        print_notes(result.notes, session.language, session.reader)
    show(result.json(), list_line(result.card, session.language), as_json=as_json)


def report(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Write the page: one HTML file, English and 简体中文, that needs no network.

    Example: shijin report -w my-shop
    """
    shop = session.open(workspace)
    result = report_step(shop, ReportOptions(report_reader(shop)), clock.now())
    if not as_json:
        print_notes(result.notes, session.language, session.reader)
    show(result.json(), result.card.file, as_json=as_json)
