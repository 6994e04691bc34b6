"""What the page is made of: plain tables and numbers, handed over by whoever made them.

Everything that judges the forecast is optional, because a young shop has no closed window to be judged on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

import pyarrow as pa

from shijin.words import Language

METRICS = ("auc", "log_score", "ece", "ngini", "spearman", "level", "rmse", "crps", "coverage_p90", "mae_p50")
Verdict = Literal["win", "tie", "loss"]
MapMissing = Literal["few", "unmade", "long"]  # too few customers, not computed, a horizon beyond the model's
ListsMissing = Literal["no_items", "unmade"]  # orders that name fewer than two items, lists not made
Case = Literal["later window", "customer folds", "untrained"]  # how weights were learnt, by how much history there was


@dataclass(frozen=True)
class ScoreRow:
    """One member's figures in the judged window.

    Parameters
    ----------
    member
        Its name; words come from ``report.member_<name>`` where there are any.
    metrics
        By the names in `METRICS`; None or absent where the member has no such figure.
    """

    member: str
    metrics: Mapping[str, float | None]


@dataclass(frozen=True)
class Paired:
    """The served forecast against a peer on one metric, over the same resamples of customers.

    Parameters
    ----------
    difference, low, high
        The difference and its 95 % interval, turned so that more is better: in the metric's own units, CRPS as a share
        of the peer's, level as the difference of |log|. nan where it is not defined.
    verdict
        Seen from the served forecast; the margin that parts a tie from a win is the backtest's.
    """

    peer: str
    metric: str
    difference: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class Backtest:
    """How the forecast fared in a window it had not seen.

    Parameters
    ----------
    judged_from
        The cutoff of the judged window, as long as the horizon.
    customers
        How many were judged.
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
    paired: tuple[Paired, ...] = ()
    verdict: Mapping[Language, str] | None = None
    deciles: pa.Table | None = None
    reliability: pa.Table | None = None


@dataclass(frozen=True)
class CustomerMap:
    """Where customers lie by what the behaviour model makes of them; near ones are alike.

    Parameters
    ----------
    dots
        Columns x, y, tier, of the customers drawn: no ids.
    kept
        The share of all differences between customers that the flat picture holds, 0..1.
    gaps
        By what is known of customers (last_seen, orders, spend; words come from ``report.gap_<name>``): the mean
        difference of ranks, 0..1, between a customer and the ten nearest, and between any two.
    """

    dots: pa.Table
    kept: float
    gaps: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One place on a customer's list: what it is called, its category where known, and why it stands there."""

    item: str
    category: str | None
    reason_code: str
    reason_args: Mapping[str, object]


@dataclass(frozen=True)
class Sample:
    """The top of the list of one customer of a tier, who is not named."""

    tier: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class ListSummary:
    """What customers want next.

    Parameters
    ----------
    cutoff, horizon_days
        Lists are for the days from the cutoff on.
    longest
        How long a list is at most.
    customers, items
        How many have a list, and how many different items stand on any.
    listed
        Columns tier, item_id, item (what it is called), category, customers (of the tier with it on their list), share
        (of the tier's customers with a list, 0..1); by tier from the top, most customers first.
    samples
        Lists without a name.
    explore
        The share of places in which something is tried out, 0..1.
    notes
        How the lists were made, (English, 简体中文).
    options
        What was asked for, as the lists' card has it: exclude_bought, categories, in_stock (how many items are left),
        min_gap, diverse, value_aware.
    """

    cutoff: date
    horizon_days: int
    longest: int
    customers: int
    items: int
    listed: pa.Table
    samples: tuple[Sample, ...] = ()
    explore: float = 0.0
    notes: tuple[tuple[str, str], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Demanded:
    """What items will sell.

    Parameters
    ----------
    items
        `shijin.schema.DEMAND` of those that are to bring most, their names told apart; most money first.
    cutoff, horizon_days
        Over the days from the cutoff on.
    naive
        What the naive forecast repeats: "year_ago" or "last_horizon".
    verdict
        How far both were off in the judged window, in each language.
    """

    items: pa.Table
    cutoff: date
    horizon_days: int
    naive: str
    verdict: Mapping[Language, str]


@dataclass(frozen=True)
class JudgedLists:
    """How lists fared in a window they had not seen.

    Parameters
    ----------
    judged_from, horizon_days, customers
        The window, and who was judged.
    scores, new_scores
        ndcg, recall, coverage and novelty by way to list; of what customers bought, and of what of it was new to them.
    verdict
        One sentence in each language.
    chance
        What chance was told of what was listed, and how much of it was bought, in each language; None where none was.
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
    """Everything the page shows, as aggregates or as tables it adds up itself.

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
        Columns month (date32, its first day), spend, orders, customers (who ordered), rising, without gaps.
    findings
        A table of `shijin.schema.FINDINGS`; None where the data were never checked.
    recent_customers, recent_spend
        Customers with an order, and spend, in the last `horizon_days` before the cutoff.
    interval
        The expected spend of all customers together lies within it, 80 %.
    backtest, case
        None where the shop is too young.
    unjudged
        A note of the words room: why the past cannot be replayed; None where it was, or could be.
    untrained
        Why nothing trained answers, and last who does instead, (English, 简体中文); empty where a trained model does.
    map, map_missing
        None where the customers were not represented, or are too few, and then which of these.
    wanted, wanted_missing
        None where no lists were made for this forecast, and then why.
    demanded, judged_lists
        None where they were not computed.
    notes
        What else must be said, (English, 简体中文).
    receipts
        Rows by what became of them: in, accepted, updated, duplicates, quarantined, withdrawn, derived; words come
        from ``report.receipt_<name>``. What is 0 is not shown.
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
    backtest: Backtest | None = None
    case: Case | None = None
    unjudged: Mapping[str, object] | None = None
    untrained: tuple[tuple[str, str], ...] = ()
    map: CustomerMap | None = None
    map_missing: MapMissing | None = None
    wanted: ListSummary | None = None
    wanted_missing: ListsMissing | None = None
    demanded: Demanded | None = None
    judged_lists: JudgedLists | None = None
    notes: tuple[tuple[str, str], ...] = ()
    receipts: Mapping[str, int] = field(default_factory=dict)
    version: str = ""

    @property
    def last_day(self) -> date:
        """The last day the forecast covers."""
        return self.cutoff + timedelta(days=self.horizon_days - 1)
