"""A workspace and its data: init, collect, check, feedback."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shijin.cli.flags import HERE, AsJson, DateOrder, Decimal, Encoding, Format, Mapped, Where, reading_of
from shijin.console.terminal import (
    busy,
    counts_table,
    findings_table,
    guess_line,
    kinds_line,
    out,
    print_json,
    quarantine_line,
    said,
    show,
    verdict_line,
)
from shijin.steps.check import check as check_step
from shijin.steps.check import spoils
from shijin.steps.collect import collect as collect_step
from shijin.steps.feedback import feedback as feedback_step
from shijin.workspace import Workspace


def init(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Make a workspace with a commented shijin.toml. Never asks; a second time changes nothing.

    Example: shijin init -w my-shop
    """
    made = Workspace.create(workspace)
    show(as_json, {"workspace": str(made.root)}, f"workspace: {made.root}")


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
        receipt, findings = collect_step(shop, source, options, datetime.now(UTC))
    if as_json:
        return print_json({"receipt": asdict(receipt)})
    language = shop.config.shop.locale
    said.print(guess_line(receipt.inputs["guess"], language))
    out.print(counts_table(receipt, language))
    if findings.num_rows:
        out.print(findings_table(findings, language))
    return None


def check(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Look for what is wrong in the data. Exits 1 only when something spoils a forecast.

    Example: shijin check -w my-shop
    """
    shop = Workspace.open(workspace)
    receipt, findings = check_step(shop, datetime.now(UTC))
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


def feedback(
    source: Annotated[
        Path, typer.Argument(help="CSV, TSV, Parquet or XLSX: one row a thing said of an item, a list or a tier.")
    ],
    workspace: Where = HERE,
    mapped: Mapped = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    date_order: DateOrder = None,
    as_json: AsJson = False,
) -> None:
    """Take in what was said: ratings, "not interested", clicks, exposures, conversions, corrections of tiers.

    Lists follow it at once; corrections are what the next forecast reads. The same file again adds nothing.

    Example: shijin feedback said.csv -w my-shop --map item_id=product --map type=reaction
    """
    options = reading_of(mapped, "auto", encoding, decimal, date_order)
    shop = Workspace.open(workspace)
    with busy(said, silent=as_json) as begin:
        begin("feedback")
        receipt, findings = feedback_step(shop, source, options, datetime.now(UTC))
    if as_json:
        return print_json({"receipt": asdict(receipt)})
    language = shop.config.shop.locale
    said.print(guess_line(receipt.inputs["guess"], language))
    out.print(counts_table(receipt, language))
    out.print(kinds_line(receipt.inputs["kinds"], language))
    if findings.num_rows:
        out.print(findings_table(findings, language))
    return None
