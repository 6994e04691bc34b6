"""The contents of the page as plain tables and numbers; `shijin.report.summaries` makes most of them.

Everything that judges the forecast is optional, because a young shop has no closed window to be judged on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

import pyarrow as pa

from shijin.notes import Note
from shijin.words import Language

METRICS = ("auc", "log_score", "ece", "ngini", "spearman", "level", "rmse", "crps", "coverage_p90", "mae_p50")
Verdict = Literal["win", "tie", "loss"]
MapMissing = Literal["few", "unmade", "long"]  # too few customers, not computed, a horizon beyond the model's
ListsMissing = Literal["no_items", "unmade"]  # orders that name fewer than two items, no recommendations made
Case = Literal["later window", "customer folds", "untrained"]  # how the stack's weights were trained


@dataclass(frozen=True)
class ScoreRow:
    """One member's metrics in the judged window.

    Parameters
    ----------
    member
        Its name; words come from ``report.member_<name>`` where there are any.
    metrics
        By the names in `METRICS`; None or absent where a metric is not defined.
    """

    member: str
    metrics: Mapping[str, float | None]


@dataclass(frozen=True)
class PairedDifference:
    """The served forecast against a peer on one metric, over the same resamples of customers.

    Parameters
    ----------
    difference, low, high
        The difference and its 95 % interval, signed so that positive is better: in the metric's own units, CRPS as a
        share of the peer's, level as the difference of |log|. nan where it is not defined.
    verdict
        Seen from the served forecast; the backtest sets the margin between a tie and a win.
    """

    peer: str
    metric: str
    difference: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class BacktestSummary:
    """The quality of the forecast in a window that it had not seen.

    Parameters
    ----------
    judged_from
        The cutoff of the judged window, which is as long as the horizon.
    customers
        The number of customers judged.
    served
        The name of the row of `scoreboard` that is the shop's forecast.
    groups
        Scoreboards of a part of the customers, by its name; words come from ``report.group_<name>``.
    verdict
        One sentence in each language.
    deciles
        Columns decile (1 = the tenth of customers with the highest forecasts), forecast and actual (mean spend a
        customer, shop currency), customers.
    reliability
        Columns bin, forecast and observed (share of customers who order, 0..1), customers.
    """

    judged_from: date | None = None
    customers: int | None = None
    served: str = "stack"
    scoreboard: tuple[ScoreRow, ...] = ()
    groups: Mapping[str, tuple[ScoreRow, ...]] = field(default_factory=dict)
    paired: tuple[PairedDifference, ...] = ()
    verdict: Mapping[Language, str] | None = None
    deciles: pa.Table | None = None
    reliability: pa.Table | None = None


@dataclass(frozen=True)
class CustomerMap:
    """Customers laid out flat by their vectors of the behaviour model; similar customers lie close together.

    Parameters
    ----------
    dots
        Columns x, y, tier, of the customers drawn: no ids.
    explained_variance
        The share of the differences between customers that the flat map holds, 0..1.
    gaps
        By trait of customers (last_seen, orders, spend; words come from ``report.gap_<name>``): the mean difference of
        ranks, 0..1, between a customer and the ten most similar, and between any two.
    """

    dots: pa.Table
    explained_variance: float
    gaps: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class ListEntry:
    """One recommended item: its name, its category where known, and the reason."""

    item: str
    category: str | None
    reason_code: str
    reason_args: Mapping[str, object]


@dataclass(frozen=True)
class ExampleList:
    """The first recommendations for one customer of a tier, who is not named."""

    tier: str
    entries: tuple[ListEntry, ...]


@dataclass(frozen=True)
class ListSummary:
    """The recommendations for all customers, summed up.

    Parameters
    ----------
    cutoff, horizon_days
        Recommendations are for the days from the cutoff on.
    longest
        The most items recommended to one customer.
    customers, items
        The number of customers with recommendations, and of different items recommended.
    listed
        Columns tier, item_id, item (its name), category, customers (of the tier to whom it is recommended), share (of
        the tier's customers with recommendations, 0..1); by tier from the top, most customers first.
    examples
        Recommendations for single customers, without a name.
    explore
        The share of places given to any candidate in order to learn, 0..1.
    notes
        How the recommendations were made.
    options
        The options they were made with, as their card has them: exclude_bought, categories, in_stock (the number of
        items left), min_gap, diverse, value_aware.
    """

    cutoff: date
    horizon_days: int
    longest: int
    customers: int
    items: int
    listed: pa.Table
    examples: tuple[ExampleList, ...] = ()
    explore: float = 0.0
    notes: tuple[Note, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DemandSummary:
    """The demand for the items that will bring most money.

    Parameters
    ----------
    items
        Rows of `shijin.schema.DEMAND`, most money first, with names made distinct.
    cutoff, horizon_days
        Over the days from the cutoff on.
    naive
        What the naive forecast repeats: "year_ago" or "last_horizon".
    verdict
        The errors of both forecasts in the judged window, in each language.
    """

    items: pa.Table
    cutoff: date
    horizon_days: int
    naive: str
    verdict: Mapping[Language, str]


@dataclass(frozen=True)
class JudgedLists:
    """The quality of recommendations in a window that they had not seen.

    Parameters
    ----------
    judged_from, horizon_days, customers
        The window, and the number of customers judged.
    scores, new_scores
        ndcg, recall, coverage and novelty by recommender: over all purchases in the window, and over those of items new
        to the customer.
    verdict
        One sentence in each language.
    chance
        The mean chance of the recommended items, and the share of them that was bought, in each language; None where no
        chance was given.
    """

    judged_from: date
    horizon_days: int
    customers: int
    scores: Mapping[str, Mapping[str, float | None]]
    new_scores: Mapping[str, Mapping[str, float | None]]
    verdict: Mapping[Language, str]
    chance: Mapping[Language, str] | None = None


@dataclass(frozen=True)
class ReportData:
    """Everything the page shows, as aggregates or as tables that it sums up itself.

    Parameters
    ----------
    shop, currency, locale
        ``[shop]`` of the config; a shop without a currency gets bare numbers. The page opens in `locale`.
    cutoff, horizon_days
        The forecast covers [cutoff, cutoff + horizon_days).
    forecast
        A table of `shijin.schema.FORECAST`, at least one row.
    tiers
        Names from the top.
    months
        Columns month (date32, its first day), spend, orders, customers (with an order), rising, without gaps.
    findings
        A table of `shijin.schema.FINDINGS`; None where the data were never checked.
    recent_customers, recent_spend
        Customers with an order, and spend, in the last `horizon_days` before the cutoff.
    interval
        80 % interval of the total spend of all customers.
    backtest, case
        None where the shop is too young.
    unjudged
        A note: why a backtest is impossible; None where one was made, or could be.
    untrained
        Notes: why no trained model made the forecast, and last which member made it; empty where a trained model did.
    map, map_missing
        The map; or None, and why there is none.
    lists, lists_missing
        The recommendations that go with this forecast; or None, and why there are none.
    demand, judged_lists
        None where they were not computed.
    notes
        What else the forecast must be read with.
    receipts
        Rows of the data by outcome: in, accepted, updated, duplicates, quarantined, withdrawn, derived; words come from
        ``report.receipt_<name>``. Zeros are not shown.
    version
        Of the package.
    """

    shop: str
    currency: str | None
    locale: Language
    cutoff: date
    horizon_days: int
    forecast: pa.Table
    tiers: tuple[str, ...]
    months: pa.Table | None = None
    findings: pa.Table | None = None
    recent_customers: int | None = None
    recent_spend: float | None = None
    interval: tuple[float, float] | None = None
    backtest: BacktestSummary | None = None
    case: Case | None = None
    unjudged: Note | None = None
    untrained: tuple[Note, ...] = ()
    map: CustomerMap | None = None
    map_missing: MapMissing | None = None
    lists: ListSummary | None = None
    lists_missing: ListsMissing | None = None
    demand: DemandSummary | None = None
    judged_lists: JudgedLists | None = None
    notes: tuple[Note, ...] = ()
    receipts: Mapping[str, int] = field(default_factory=dict)
    version: str = ""

    @property
    def last_day(self) -> date:
        """The last day the forecast covers."""
        return self.cutoff + timedelta(days=self.horizon_days - 1)
