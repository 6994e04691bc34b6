"""report: the results of the shop as one page; and the same numbers for the charts of a notebook."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from shijin.report import summaries
from shijin.report.data import Case, CustomerMap, ReportData
from shijin.report.page import page
from shijin.segment.likeness import FEW
from shijin.segment.tiers import of_customers
from shijin.steps.backtest import RESULT, read_backtest, read_result, unjudged
from shijin.steps.backtest import ROWS as MEMBERS_FILE
from shijin.steps.defaults import currency_of, cutoff_of, read_packed
from shijin.steps.read import read_findings
from shijin.steps.report_lists import read_demand, read_judged_lists, read_lists
from shijin.steps.represent import LOOKED_AT, read_places
from shijin.steps.score import latest_score, looks_back
from shijin.steps.train import read_model
from shijin.words.reader import PYTHON, Reader
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started

FILE = "report.html"
Judged = tuple[dict[str, Any], pa.Table]  # a backtest's figures and its rows


def report(workspace: Workspace, now: datetime, reader: Reader = PYTHON) -> tuple[Receipt, None]:
    """Write the page.

    Parameters
    ----------
    reader
        Writes the commands of the page.

    Returns
    -------
    Receipt
        ``outputs`` names the file, ``inputs`` the score and the backtest that it shows.
    """
    data, shown = report_data(workspace, now)
    html = page(data, reader)
    path = workspace.root / FILE
    if not path.exists() or path.read_text("utf-8") != html:
        workspace.write_text(FILE, html)
    return Receipt("report", started(now), inputs=shown, outputs=(FILE,)), None


def report_data(workspace: Workspace, now: datetime) -> tuple[ReportData, dict[str, Any]]:
    """Gather the contents of the page: the newest forecast, and the newest backtest of the same horizon."""
    card, everybody = latest_score(workspace)
    forecast = of_customers(everybody)
    packed = read_packed(workspace)
    day = date.fromisoformat(card["cutoff"])
    cutoff, horizon_days = cutoff_of(packed, day), int(card["horizon_days"])
    newest = _newest_backtest(workspace, day, horizon_days)
    recent_customers, recent_spend = summaries.recent(packed, cutoff, horizon_days)
    shown = _map(workspace, day, horizon_days, forecast)
    lists = read_lists(workspace, forecast)
    judged = read_judged_lists(workspace, lists.horizon_days, lists.cutoff) if lists else None
    shop, back = workspace.config.shop, looks_back(workspace, card["cutoff"])
    notes = [*back, *card["notes"], *(summaries.prospect_notes(newest[1][0]) if newest else [])]
    data = ReportData(
        shop=shop.name,
        currency=currency_of(workspace),
        locale=shop.locale,
        cutoff=day,
        horizon_days=horizon_days,
        forecast=forecast,
        tiers=workspace.config.tiers.names,
        months=summaries.monthly(packed, cutoff),
        findings=read_findings(workspace, now),
        recent_customers=recent_customers,
        recent_spend=recent_spend,
        interval=tuple(card["total_interval"]) if card.get("total_interval") else None,
        backtest=summaries.summarise_backtest(*newest[1]) if newest else None,
        case=_case(workspace, card["model"]),
        map=shown,
        map_missing=None if shown else summaries.map_missing(forecast, horizon_days),
        lists=lists,
        lists_missing=None if lists else summaries.lists_missing(packed),
        demand=read_demand(workspace),
        judged_lists=judged[1] if judged else None,
        unjudged=None if newest else unjudged(packed, cutoff, horizon_days),
        untrained=summaries.untrained_notes(card["notes"]),
        notes=summaries.other_notes(notes),
        receipts=_collected(workspace),
        version=version("shijin"),
    )
    backtests = {"backtest": newest[0] if newest else None, "backtest_items": judged[0] if judged else None}
    return data, {"score": card["id"], **backtests, "notes": back}


def _newest_backtest(workspace: Workspace, day: date, horizon_days: int) -> tuple[str, Judged] | None:
    """The backtest that judges this forecast: of the same data and horizon, its window closed by the cutoff."""
    fingerprint = workspace.basis()
    closed: list[tuple[str, str]] = []
    for folder in sorted(workspace.root.glob(f"backtests/*-{horizon_days}d-*/")):
        if not (folder / RESULT).exists() or not (folder / MEMBERS_FILE).exists():
            continue
        result = read_result(workspace, folder.name)
        end = date.fromisoformat(result["cutoff"]) + timedelta(days=horizon_days)
        if result["fingerprint"] == fingerprint and end <= day:
            closed.append((result["cutoff"], folder.name))
    return (max(closed)[1], read_backtest(workspace, max(closed)[1])) if closed else None


def _case(workspace: Workspace, model: str | None) -> Case:
    stack = read_model(workspace, model).stack if model else None
    return stack.case or "untrained" if stack else "untrained"


def _map(workspace: Workspace, day: date, horizon_days: int, forecast: pa.Table) -> CustomerMap | None:
    """The map that goes with the forecast; None where there is none, or too few customers."""
    stored = read_places(workspace, day, horizon_days)
    if stored is None or stored[1].num_rows < FEW:
        return None
    return summaries.summarise_map(*stored, forecast, LOOKED_AT)


def _collected(workspace: Workspace) -> dict[str, int]:
    totals: Counter[str] = Counter()
    seen: set[str] = set()
    for receipt in workspace.receipts():
        digest = str(receipt.inputs.get("digest"))
        if receipt.verb == "collect" and digest not in seen:  # the same file again added nothing
            seen.add(digest)
            totals.update(receipt.rows)
    return dict(totals)
