"""demand: how many pieces of each item the horizon will take, beside a naive forecast, with the error of both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from shijin.recommend.demand.demand import demand as foretell
from shijin.recommend.demand.demand import demand_table, sold_of
from shijin.represent.cutoff import day_of
from shijin.schema import DEMAND
from shijin.steps.recommender import ItemContext, item_context, score_beside
from shijin.steps.score import LATEST, looks_back
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started

ROWS, CARD = "demand.parquet", "demand.json"


@dataclass(frozen=True)
class DemandOptions:
    """How far ahead, the shop's own or 30 days where that is shorter; and as of when, the end of the data."""

    horizon: str | int | None = None
    cutoff: str | date | None = None


def demand(workspace: Workspace, options: DemandOptions, now: datetime) -> tuple[Receipt, pa.Table]:
    """Forecast the pieces of every item, and put them beside the newest forecast.

    Returns
    -------
    Receipt
        ``inputs``: the card: id of the score, how pieces were forecast, and the errors of the judged window; and
        notes.
    Table
        `schema.DEMAND`, what is to bring most money first.

    Raises
    ------
    EmptyHistoryError
        When no item was ordered.
    """
    context = item_context(workspace, options.horizon, options.cutoff, least=1)
    table, card = demand_of(context)
    card = {"score": score_beside(workspace, context, now), **card}
    outputs = keep_demand(workspace, table, card)
    told = card | {"notes": looks_back(workspace, card["cutoff"])}
    receipt = Receipt("demand", started(now), inputs=told, rows={"items": table.num_rows}, outputs=outputs)
    workspace.write_receipt(receipt)
    return receipt, table


def demand_of(context: ItemContext) -> tuple[pa.Table, dict[str, Any]]:
    """Forecast the pieces of every item of a shop that is read already; gives `schema.DEMAND` and the card.

    Orders are taken to be as many as in the last horizon. Those that the forecast of customers expects missed by more,
    on Online Retail and The Complete Journey alike.
    """
    sold = sold_of(context.history, context.actions, context.catalogue.product)
    found = foretell(sold, context.horizon_days)
    table, card = demand_table(found, context.catalogue), found.card()
    if card["judged"]:
        card["judged"]["cutoff"] = day_of(card["judged"]["cutoff"]).isoformat()
    return table, {
        "cutoff": context.day.isoformat(),
        "horizon_days": context.horizon_days,
        "items": table.num_rows,
        **card,
    }


def keep_demand(workspace: Workspace, table: pa.Table, card: dict[str, Any]) -> tuple[str, ...]:
    """Write what is expected and its card beside the score that the card names; gives the files."""
    folder = f"scores/{card['score']}"
    with workspace.lock():
        workspace.write_rows(f"{folder}/{ROWS}", table)
        workspace.write_text(f"{folder}/{CARD}", json.dumps(card, indent=1, ensure_ascii=False) + "\n")
    return f"{folder}/{ROWS}", f"{folder}/{CARD}"


def latest_demand(workspace: Workspace) -> tuple[dict[str, Any], pa.Table] | None:
    """Card and rows that stand beside the newest forecast; None where there are none."""
    if not (workspace.root / LATEST).exists():
        return None
    folder = f"scores/{workspace.read_json(LATEST, 'id')['id']}"
    if not (workspace.root / folder / CARD).exists():
        return None
    card = workspace.read_json(f"{folder}/{CARD}", "cutoff", "horizon_days", "naive_shape", "judged")
    return card, workspace.read_rows(f"{folder}/{ROWS}", DEMAND)
