"""demand: how many pieces of each item the horizon will take, beside a naive forecast, with the error of both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shijin.notes import Progress
from shijin.recommend.demand.demand import demand_of
from shijin.steps.cards import DemandCard
from shijin.steps.kinds import DEMAND_ROWS, DEMANDED, artifacts_of
from shijin.steps.receipts import receipt_of
from shijin.steps.recommender import item_context, score_for_lists
from shijin.steps.score import looks_back, newest_score
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
    del progress  # every step is called alike
    context = item_context(workspace, options.horizon, options.cutoff, now, least=1)
    table, figures = demand_of(context)
    content = Content(DemandCard(score=score_for_lists(workspace, context, now), **figures), {DEMAND_ROWS: table})
    outputs = artifacts_of(workspace).attach(DEMANDED, content.card.score, content)
    receipt = receipt_of(
        workspace, "demand", options, content.card, now, outputs=outputs, rows={"items": table.num_rows}
    )
    notes = tuple(looks_back(workspace, content.card.cutoff))
    return Result("demand", content.card, receipt, {"demand": table}, content.card.score, notes=notes)


def latest_demand(workspace: Workspace) -> Content[DemandCard] | None:
    """The demand that lies next to the newest forecast; None where there is none."""
    newest, artifacts = newest_score(workspace), artifacts_of(workspace)
    if newest is None or not artifacts.exists(DEMANDED, newest.score):
        return None
    return artifacts.read(DEMANDED, newest.score)
