"""Recommendations, demand and their backtests for the page, read from the workspace."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from shijin.report.data import DemandSummary, JudgedLists, ListSummary
from shijin.report.summaries import summarise_demand, summarise_judged_lists, summarise_lists
from shijin.steps.backtest_items import KEYS, RESULT
from shijin.steps.demand import latest_demand
from shijin.steps.read import read_items
from shijin.steps.recommend import latest_lists
from shijin.workspace import Workspace


def read_lists(workspace: Workspace, forecast: pa.Table) -> ListSummary | None:
    """Sum up the recommendations for the customers of the newest forecast; None where there are none."""
    stored = latest_lists(workspace)
    if stored is None or not stored[1].num_rows:
        return None
    return summarise_lists(*stored, forecast, read_items(workspace), workspace.config.tiers.names)


def read_demand(workspace: Workspace) -> DemandSummary | None:
    """Sum up the demand that goes with the newest forecast; None where there is none."""
    stored = latest_demand(workspace)
    return summarise_demand(*stored, read_items(workspace)) if stored else None


def read_judged_lists(workspace: Workspace, horizon_days: int, until: date) -> tuple[str, JudgedLists] | None:
    """The backtest of recommendations of this horizon: of the same data, its window closed by their cutoff."""
    basis = workspace.basis()
    closed: list[tuple[str, str, dict[str, Any]]] = []
    for folder in sorted(workspace.root.glob(f"backtests/*-{horizon_days}d-*/")):
        if (folder / RESULT).exists():
            result = workspace.read_json(f"backtests/{folder.name}/{RESULT}", *KEYS)
            end = date.fromisoformat(result["cutoff"]) + timedelta(days=horizon_days)
            if result["fingerprint"] == basis and end <= until:
                closed.append((result["cutoff"], folder.name, result))
    if not closed:
        return None
    _, id, result = max(closed, key=lambda one: one[:2])
    return id, summarise_judged_lists(result, horizon_days)
