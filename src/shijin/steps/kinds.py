"""Every kind of artifact that a workspace keeps: the one list of what lies where, and what changes it."""

from __future__ import annotations

from pathlib import Path

from shijin.forecasting.behaviour import shipped
from shijin.forecasting.model import CARD, Model
from shijin.schema import FORECAST, ITEMS_JUDGED, MEMBERS, VECTORS
from shijin.steps.cards import BacktestCard, ForecastCard, ItemsBacktestCard, RepresentationCard
from shijin.workspace import Artifacts, Kind, Workspace, tabular

FORECAST_ROWS = "forecast.parquet"
MEMBER_ROWS, PROSPECT_ROWS = "members.parquet", "prospects.parquet"
JUDGED_ROWS = "items.parquet"
VECTOR_ROWS = "vectors.parquet"


def _save(model: Model, place: Path) -> None:
    model.save(place)


MODEL: Kind[Model] = Kind("model", "models", CARD, _save, Model.load)
SCORE = tabular("forecast", "scores", "score.json", ForecastCard, {FORECAST_ROWS: FORECAST}).depending_on("tiers")
BACKTEST = tabular(
    "backtest", "backtests", "backtest.json", BacktestCard, {MEMBER_ROWS: MEMBERS}, {PROSPECT_ROWS: MEMBERS}
)
ITEMS_BACKTEST = tabular(
    "items_backtest", "backtests", "items.json", ItemsBacktestCard, {JUDGED_ROWS: ITEMS_JUDGED}
).depending_on("items")
REPRESENTATION = tabular(
    "representation", "representations", "representation.json", RepresentationCard, {VECTOR_ROWS: VECTORS}
)


def artifacts_of(workspace: Workspace) -> Artifacts:
    """What a workspace has made of its data with the weights that are shipped."""
    return Artifacts(workspace, shipped().name)
