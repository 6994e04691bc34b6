"""The card of each kind of result: the fields of its JSON, documented here once for every face.

``docs/reference/json.md`` lists them from this file.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shijin.notes import Note
from shijin.workspace import Card, JudgeableCard, JudgedCard, SourcedCard

Figures = dict[str, Any]


class WorkspaceCard(Card):
    """A workspace that was made or found."""

    workspace: str = Field(description="the folder")


class CollectionCard(Card):
    """What became of a file or table that was collected."""

    source: str = Field(description="name of the file")
    digest: str = Field(description="hash of its content")
    guess: Figures = Field(description="how it was read: format, encoding, columns by role, order of dates")
    columns: dict[str, list[str]] = Field(description="role -> the columns of the source that play it")
    unread: list[str] = Field(description="columns of the source that nothing is read from")
    rows: dict[str, int] = Field(description="rows in = accepted + updated + duplicates + quarantined")
    money: dict[str, float] = Field(description="the same sums of money; empty where the source has no amounts")
    findings: list[Figures] = Field(description="what was noticed about the source, as `check` lists it")
    kinds: dict[str, int] = Field(default_factory=dict, description="feedback only: new rows by kind")


class CheckCard(Card):
    """The state of the collected data."""

    fingerprint: str = Field(description="name of exactly these data")
    spoils: bool = Field(description="whether a finding spoils a forecast")
    rows: dict[str, int] = Field(description="events, rows set aside, and findings by severity")
    findings: list[Figures] = Field(description="the findings, the gravest first")


class ModelCard(Card):
    """A trained model."""

    cutoff: str = Field(description="it learnt from days before this one")
    horizon_days: int = Field(description="how far ahead it forecasts")
    trained: bool = Field(description="false where the shop is too young: then the untrained forecast is used")
    case: str = Field(description="how the ensemble's weights were learnt, or `untrained`")
    served: str = Field(description="what is served: the ensemble (`stack`), the formula, or `untrained`")
    corrections: Figures = Field(default_factory=dict, description="how far corrections are followed, if any")


class ForecastCard(JudgeableCard):
    """A forecast of every customer."""

    score: str = Field(description="its id")
    model: str | None = Field(description="id of the model; null where nothing is trained")
    member: str = Field(description="which method forecast")
    cutoff: str = Field(description="the first day that is forecast")
    horizon_days: int = Field(description="how many days are forecast")
    total_interval: tuple[float, float] | None = Field(description="80 % interval of the total; null where unknown")
    notes: list[Note] = Field(description="what it must be read with")


class ForecastsCard(Card):
    """Forecasts of several horizons, which agree in order."""

    forecasts: list[Figures] = Field(description="one forecast a horizon, the shortest first")


class BacktestCard(JudgedCard):
    """How each method did on a past window."""

    case: str = Field(description="how the ensemble's weights were learnt")
    served: str = Field(description="which method the shop would have been served")
    scores: Figures = Field(description="group of customers -> method -> metric -> figure")
    differences: Figures = Field(description="peer -> paired differences of the ensemble, with 95 % intervals")
    weights: Figures = Field(description="part of the ensemble -> method -> weight")
    notes: list[Note] = Field(description="what it must be read with")
    corrections: Figures = Field(default_factory=dict, description="the effect of corrections, if any")
    prospects: Figures = Field(default_factory=dict, description="figures of prospects, if any")
    voids: Figures = Field(
        default_factory=dict,
        description="orders cancelled or refunded in full: how many, and their shares, before and in the window, and "
        "what the judged customers' spend would gain with them; if any",
    )


class ItemsBacktestCard(JudgedCard):
    """How good recommendations were on a past window."""

    k: int = Field(description="length of the judged lists")
    parts: list[Figures] = Field(description="one part a protocol, with and without what a customer had bought before")
    views: Figures | None = Field(description="how many looks at an item became orders, where there are views")


class RepresentationCard(Card):
    """Customer vectors and their map."""

    representation: str = Field(description="its id")
    weights: str = Field(description="name of the behaviour model's weights")
    cutoff: str = Field(description="customers as they were before this day")
    horizon_days: int = Field(description="the horizon that the vectors are made for")
    customers: int = Field(description="how many")
    explained: float = Field(description="share of the differences between vectors that the map shows")
    gaps: Figures = Field(description="how near neighbours are in what is known of them, next to any two customers")
    notes: list[Note] = Field(description="what they must be read with")


class NeighboursCard(Card):
    """The customers most like one customer."""

    like: str = Field(description="the customer's id")
    customer: Figures = Field(description="the customer's own row")
    score: str | None = Field(description="id of the forecast that tier and spend are from")
    representation: str = Field(description="id of the vectors")
    cutoff: str = Field(description="customers as they were before this day")
    horizon_days: int = Field(description="the horizon that the vectors are made for")


class ExportCard(Card):
    """A list to send."""

    file: str = Field(description="the file")
    score: str = Field(description="id of the forecast")
    contacts: bool = Field(description="whether it holds e-mails, phones and names")
    holdout: float = Field(description="share of customers who are held out")
    customers: int = Field(description="how many customers are on it")
    held_out: int = Field(description="how many of them are held out")


class ExportRecommendedCard(Card):
    """Recommendations, or the customers for an item, as a list to send."""

    file: str = Field(description="the file")
    rows: int = Field(description="its rows")
    holdout: float = Field(description="share of customers who are held out")
    customers: int = Field(description="how many customers are on it")
    held_out: int = Field(description="how many of them are held out")


class ReportCard(Card):
    """The page."""

    file: str = Field(description="the file")
    score: str = Field(description="id of the forecast that it shows")
    backtest: str | None = Field(description="id of the backtest that it shows")
    backtest_items: str | None = Field(description="id of the backtest of recommendations that it shows")


class RunCard(Card):
    """A run: every step's own result."""

    steps: dict[str, Figures] = Field(description="verb -> its result, as that verb gives it")
    rows: dict[str, int] = Field(description="what became of the rows of the source")


class RecommendationCard(Card):
    """What every kind of recommendation begins with."""

    recommender: str = Field(description="id of the recommender")
    cutoff: str = Field(description="made as of this day")
    horizon_days: int = Field(description="for purchases within so many days")
    options: Figures = Field(description="length and filters as requested")
    explore: float = Field(description="share of places that are drawn at random, to learn from")
    training: Figures = Field(description="what the ranker was trained on, and the weights of its members")


class ListsCard(RecommendationCard, JudgeableCard):
    """Every customer's recommendations."""

    notes: list[Note] = Field(description="what they must be read with")
    score: str = Field(description="id of the forecast that they lie next to")
    customers: int = Field(description="how many customers have a list")
    items: int = Field(description="how many items are on one")
    explored: int = Field(description="how many entries were drawn at random")
    reasons: dict[str, int] = Field(description="reason -> number of entries")


class CustomerListCard(RecommendationCard):
    """One customer's recommendations."""

    customers: int = Field(description="1")
    items: int = Field(description="length of the list")
    explored: int = Field(description="how many entries were drawn at random")
    reasons: dict[str, int] = Field(description="reason -> number of entries")
    customer: str = Field(description="the customer's id")
    names: dict[str, str] = Field(description="item -> its name")
    entries: list[Figures] = Field(description="rank, item, score and propensity of each entry, for the receipt")


class ItemCustomersCard(RecommendationCard):
    """The customers who are likeliest to want one item."""

    item: str = Field(description="the item's id")
    name: str = Field(description="the item's name")


class DemandCard(SourcedCard):
    """Units of every item that the shop will sell."""

    score: str = Field(description="id of the forecast that it lies next to")
    cutoff: str = Field(description="made as of this day")
    horizon_days: int = Field(description="for so many days")
    items: int = Field(description="how many items")
    orders: float = Field(description="how many orders are expected")
    orders_forecast: bool = Field(description="whether `orders` is a forecast; else it is the last horizon's number")
    shape: Figures = Field(description="how units are spread over items")
    naive_shape: Figures = Field(description="the same of the naive forecast")
    judged: Figures | None = Field(description="errors of both on the last closed window; null where there is none")


class AffinityCard(SourcedCard):
    """Each customer's shares of interest by category and brand."""

    score: str = Field(description="id of the forecast that it lies next to")
    cutoff: str = Field(description="made as of this day")
    horizon_days: int = Field(description="interest fades within three of these horizons")
