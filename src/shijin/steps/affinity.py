"""affinity: each customer's share of interest by category and brand, for people and for rules."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa

from shijin.recommend.affinity import affinity_table, half_life
from shijin.recommend.past.responses import responses_of
from shijin.steps.recommender import ItemContext, item_context, score_beside
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started

ROWS = "affinity.parquet"


def affinity(
    workspace: Workspace, horizon: str | int | None, cutoff: str | date | None, now: datetime
) -> tuple[Receipt, pa.Table]:
    """Sum up what each customer cares for, and put it beside the newest forecast.

    Parameters
    ----------
    horizon, cutoff
        Interest fades by three horizons; the shop's, 30 days at most, and the end of the data where None.

    Returns
    -------
    Table
        `schema.AFFINITY`.

    Raises
    ------
    EmptyHistoryError
        When fewer than two items were ordered.
    """
    context = item_context(workspace, horizon, cutoff)
    table = affinity_of(workspace, context)
    score = score_beside(workspace, context, now)
    workspace.write_rows(f"scores/{score}/{ROWS}", table)
    card = {"score": score, "cutoff": context.day.isoformat(), "horizon_days": context.horizon_days}
    receipt = Receipt("affinity", started(now), card, {"rows": table.num_rows}, outputs=(f"scores/{score}/{ROWS}",))
    workspace.write_receipt(receipt)
    return receipt, table


def affinity_of(workspace: Workspace, context: ItemContext) -> pa.Table:
    """Sum up what each customer of a shop that is read already cares for, what they said of items included."""
    events = workspace.read("events", ["customer_id", "item_id", "ts", "type", "rating"])
    until = None if context.live else context.history.cutoff
    customers = context.history.customers
    said = responses_of(events, customers, context.catalogue.items, context.packed.zone, until)
    return affinity_table(context.actions, context.catalogue, customers, half_life(context.horizon_days), said)
