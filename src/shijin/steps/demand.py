"""demand: units of each item that will be sold within the horizon, and a naive forecast, with the error of both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shijin.notes import Progress
from shijin.recommend.demand.demand import demand_of
from shijin.steps.cards import DemandCard
from shijin.steps.kinds import DEMAND_ROWS, DEMANDED, artifacts_of
from shijin.steps.receipts import receipt_of
from shijin.steps.recommender import item_context, score_for_lists
from shijin.steps.score import looks_back
from shijin.workspace import Content, Result, Workspace


@dataclass(frozen=True)
class DemandOptions:
    """How far ahead, the shop's own or 30 days where that is shorter; and as of when, the end of the data."""

    horizon: str | int | None = None
    cutoff: str | date | None = None


def demand(
    workspace: Workspace, options: DemandOptions, now: datetime, progress: Progress | None = None
) -> Result[DemandCard]:
    """Forecast the units of every item, and put them next to the newest forecast.

    Returns
    -------
    Result
        Table "demand": `schema.DEMAND`, the most money first.

    Raises
    ------
    EmptyHistoryError
        When no item was ordered.
    """
    del progress  # every step has the same parameters
    context = item_context(workspace, options.horizon, options.cutoff, now, least=1)
    table, figures = demand_of(context)
    artifacts, id = artifacts_of(workspace), score_for_lists(workspace, context, now)
    card = DemandCard(score=id, **artifacts.source(DEMANDED), **figures)
    outputs = artifacts.attach(DEMANDED, id, Content(card, {DEMAND_ROWS: table}))
    receipt = receipt_of(workspace, "demand", options, card, now, outputs=outputs, rows={"items": table.num_rows})
    return Result("demand", card, receipt, {"demand": table}, id, notes=tuple(looks_back(workspace, card.cutoff)))
