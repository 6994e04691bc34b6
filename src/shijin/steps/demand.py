"""demand: units of each item that will be sold within the horizon, and a naive forecast, with the error of both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shijin.errors import ConfigError
from shijin.notes import Progress
from shijin.recommend.demand.demand import demand_of
from shijin.steps.cards import DemandCard
from shijin.steps.kinds import DEMAND_ROWS, DEMANDED, artifacts_of
from shijin.steps.receipts import receipt_of
from shijin.steps.recommender import item_context, score_for_lists
from shijin.steps.score import looks_back
from shijin.workspace import Content, Result, Workspace

TOP = 20  # items that are shown, of all


@dataclass(frozen=True)
class DemandOptions:
    """How far ahead, 30 days at most where none is named; as of when, the end of the data; and how many to show.

    Parameters
    ----------
    k
        Length of the table "top".
    """

    horizon: str | int | None = None
    cutoff: str | date | None = None
    k: int = TOP


def demand(
    workspace: Workspace, options: DemandOptions, now: datetime, progress: Progress | None = None
) -> Result[DemandCard]:
    """Forecast the units of every item, and put them next to the newest forecast.

    Returns
    -------
    Result
        Table "demand": `schema.DEMAND`, the most money first. Table "top": its first rows, which the JSON holds.

    Raises
    ------
    ConfigError
        When fewer than one item are to be shown.
    EmptyHistoryError
        When no item was ordered.
    """
    del progress  # every step has the same parameters
    if options.k < 1:
        raise ConfigError("steps.count_below_one", key="k", count=options.k)
    context = item_context(workspace, options.horizon, options.cutoff, now, least=1)
    table, figures = demand_of(context)
    artifacts, id = artifacts_of(workspace), score_for_lists(workspace, context, now)
    card = DemandCard(score=id, **artifacts.source(DEMANDED), **figures)
    outputs = artifacts.attach(DEMANDED, id, Content(card, {DEMAND_ROWS: table}))
    receipt = receipt_of(workspace, "demand", options, card, now, outputs=outputs, rows={"items": table.num_rows})
    tables, notes = {"demand": table, "top": table.slice(0, options.k)}, tuple(looks_back(workspace, card.cutoff))
    return Result("demand", card, receipt, tables, id, notes=notes, shown=("top",))
