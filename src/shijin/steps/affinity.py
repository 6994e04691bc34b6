"""affinity: each customer's share of interest by category and brand, for people and for rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from shijin.notes import Progress
from shijin.recommend.affinity import affinity_table, half_life
from shijin.recommend.item_context import ItemContext
from shijin.recommend.past.responses import COLUMNS
from shijin.steps.cards import AffinityCard
from shijin.steps.kinds import AFFINITY_ROWS
from shijin.steps.receipts import receipt_of
from shijin.steps.recommender import item_context, score_for_lists
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
    """Sum up the interests of the customers of a shop that is already read, with their responses to items."""
    responses = context.responses(workspace.read("events", list(COLUMNS)))
    half_life_days = half_life(context.horizon_days)
    return affinity_table(context.actions, context.catalogue, context.history.customers, half_life_days, responses)
