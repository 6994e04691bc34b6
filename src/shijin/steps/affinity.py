"""affinity: each customer's share of interest by category and brand, for people and for rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from shijin.notes import Progress
from shijin.recommend.affinity import affinity_table, half_life
from shijin.recommend.past.responses import responses_of
from shijin.steps.cards import AffinityCard
from shijin.steps.kinds import AFFINITY_ROWS
from shijin.steps.receipts import receipt_of
from shijin.steps.recommender import ItemContext, item_context, score_for_lists
from shijin.workspace import Result, Workspace


@dataclass(frozen=True)
class AffinityOptions:
    """Interest fades by three horizons; the shop's, 30 days at most, and the end of the data where None."""

    horizon: str | int | None = None
    cutoff: str | date | None = None


def affinity(
    workspace: Workspace, options: AffinityOptions, now: datetime, progress: Progress | None = None
) -> Result[AffinityCard]:
    """Sum up each customer's interests, and put them next to the newest forecast.

    Returns
    -------
    Result
        Table "affinity": `schema.AFFINITY`.

    Raises
    ------
    EmptyHistoryError
        When fewer than two items were ordered.
    """
    del progress  # every step is called alike
    context = item_context(workspace, options.horizon, options.cutoff, now)
    table = affinity_of(workspace, context)
    score = score_for_lists(workspace, context, now)
    file = f"scores/{score}/{AFFINITY_ROWS}"
    workspace.write_rows(file, table)
    card = AffinityCard(score=score, cutoff=context.day.isoformat(), horizon_days=context.horizon_days)
    receipt = receipt_of(workspace, "affinity", options, card, now, outputs=(file,), rows={"rows": table.num_rows})
    return Result("affinity", card, receipt, {"affinity": table}, score)


def affinity_of(workspace: Workspace, context: ItemContext) -> pa.Table:
    """Sum up what each customer of a shop that is read already cares for, what they said of items included."""
    events = workspace.read("events", ["customer_id", "item_id", "ts", "type", "rating"])
    until = None if context.live else context.history.cutoff
    customers = context.history.customers
    responses = responses_of(events, customers, context.catalogue.items, context.packed.zone, until)
    return affinity_table(context.actions, context.catalogue, customers, half_life(context.horizon_days), responses)
