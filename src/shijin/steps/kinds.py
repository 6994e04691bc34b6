"""Every kind of artifact that a workspace keeps: the one list of what lies where, and what changes it."""

from __future__ import annotations

from pathlib import Path

from shijin.forecasting.behaviour import shipped
from shijin.forecasting.model import CARD, Model
from shijin.recommend.ranking import saved
from shijin.recommend.ranking.recommender import Recommender
from shijin.schema import AFFINITY, DEMAND, FORECAST, ITEMS_JUDGED, MEMBERS, RECOMMENDATIONS, VECTORS
from shijin.steps.cards import (
    AffinityCard,
    BacktestCard,
    DemandCard,
    ForecastCard,
    ItemsBacktestCard,
    ListsCard,
    RepresentationCard,
)
from shijin.workspace import Artifacts, Kind, Workspace, tabular

FORECAST_ROWS = "forecast.parquet"
MEMBER_ROWS, PROSPECT_ROWS = "members.parquet", "prospects.parquet"
JUDGED_ROWS = "items.parquet"
VECTOR_ROWS = "vectors.parquet"
LIST_ROWS, AFFINITY_ROWS, DEMAND_ROWS = "recommendations.parquet", "affinity.parquet", "demand.parquet"


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


RECOMMENDER: Kind[Recommender] = Kind("recommender", "recommenders", saved.CARD, saved.save, saved.load).depending_on(
    "items"
)
# These lie next to a forecast, in its folder: `Artifacts.attach`.
LISTS = (
    tabular("recommendations", "scores", "recommendations.json", ListsCard, {LIST_ROWS: RECOMMENDATIONS})
    .depending_on("items", "recommend", "shop.locale")
    .reading_feedback()
)
INTERESTS = (
    tabular("affinity", "scores", "affinity.json", AffinityCard, {AFFINITY_ROWS: AFFINITY})
    .depending_on("items")
    .reading_feedback()
)
DEMANDED = tabular("demand", "scores", "demand.json", DemandCard, {DEMAND_ROWS: DEMAND}).depending_on("items")


def artifacts_of(workspace: Workspace) -> Artifacts:
    """What a workspace has made of its data with the weights that are shipped."""
    return Artifacts(workspace, shipped().name)
