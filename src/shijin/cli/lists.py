"""What people take away: export, report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from shijin.console import list_line, show
from shijin.flags import HERE, AsJson, Where
from shijin.steps.export import ExportOptions
from shijin.steps.export import export as export_step
from shijin.steps.report import report as report_step
from shijin.workspace import Workspace


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
    path, counts = receipt.outputs[0], receipt.rows
    line = list_line(path, counts["customers"], counts["held_out"], shop.config.shop.locale)
    show(as_json, {**receipt.inputs, **counts, "file": path}, line)


def report(workspace: Where = HERE, as_json: AsJson = False) -> None:
    """Write the page: one HTML file, English and 简体中文, that needs no network.

    Example: shijin report -w my-shop
    """
    shop = Workspace.open(workspace)
    receipt, _ = report_step(shop, datetime.now(UTC))
    path = str(shop.root / receipt.outputs[0])
    show(as_json, {**receipt.inputs, "file": path}, path)
