"""Sums of the forecast that the page shows, computed once for both languages. Only sums and shares leave this file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Floats
from shijin.errors import EmptyHistoryError
from shijin.report.data import ReportData
from shijin.schema import FORECAST, conform
from shijin.segment.tiers import summarise

BEST_SHARE = 0.2  # the best customers are the top fifth by historic spend
TOP_SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)
ACTIVITY_BINS = 10
BANDS = {"likely": 0.5, "open": 0.2, "unlikely": 0.0}  # p_active at least
MONTHS_SHOWN = 36


@dataclass(frozen=True)
class Concentration:
    """The share of all spend that a top share of customers has.

    Parameters
    ----------
    share, customers
        The size of the top, as a share of customers and as a count.
    expected, historic
        Its share of predicted spend (customers ranked by that) and of historic spend (ranked by that), 0..1; None where
        there is no spend.
    """

    share: float
    customers: int
    expected: float | None
    historic: float | None


@dataclass(frozen=True)
class ProbabilityBand:
    """Customers whose p_active lies in one band of `BANDS`, and their spend."""

    name: str
    customers: int
    historic_spend: float
    expected_spend: float


@dataclass(frozen=True)
class MapNeighbours:
    """A tier on the map.

    Parameters
    ----------
    dots
        The number of its customers that are drawn.
    same
        The mean share of a dot's ten nearest that belong to its tier, 0..1; None where no customer is drawn.
    by_chance
        The same, were the dots shuffled.
    """

    tier: str
    dots: int
    same: float | None
    by_chance: float | None


@dataclass(frozen=True)
class Totals:
    """Numbers of the whole shop; money in its currency.

    Parameters
    ----------
    expected_customers
        Customers expected to order: the sum of p_active.
    best_at_risk, at_risk_spend, at_risk_historic
        The best customers by historic spend whose churn risk is above 0.5: their number; revenue at risk, the spend
        beyond the forecast if all of them ordered, ``sum (1 - p) E[spend | order]``; their historic spend.
    activity
        (10,) customers by p_active, from 0-10 % up to 90-100 %.
    bands
        By the bands of `BANDS`, likeliest first.
    """

    customers: int
    expected_spend: float
    expected_customers: float
    best_at_risk: int
    at_risk_spend: float
    at_risk_historic: float
    thin: int
    tiers: pa.Table
    concentration: tuple[Concentration, ...]
    activity: tuple[int, ...]
    bands: tuple[ProbabilityBand, ...]


def sum_up(data: ReportData) -> Totals:
    """Sum up the forecast.

    Raises
    ------
    EmptyHistoryError
        When the forecast has no rows.
    """
    forecast = conform(data.forecast, FORECAST, "forecast")
    if not forecast.num_rows:
        raise EmptyHistoryError("report.no_customers")
    expected, historic = forecast["expected_spend"].to_numpy(), forecast["historic_spend"].to_numpy()
    p_active = forecast["p_active"].to_numpy()
    at_risk = _best(historic) & (p_active < 0.5)
    # E[spend | order] = expected / p: with probability 1 - p this much is missing.
    missed = (1 - p_active) * expected / np.maximum(p_active, 1e-12)
    bins = np.minimum((p_active * ACTIVITY_BINS).astype(int), ACTIVITY_BINS - 1)
    return Totals(
        customers=forecast.num_rows,
        expected_spend=float(expected.sum()),
        expected_customers=float(p_active.sum()),
        best_at_risk=int(at_risk.sum()),
        at_risk_spend=float(missed[at_risk].sum()),
        at_risk_historic=float(historic[at_risk].sum()),
        thin=pc.sum(pc.equal(forecast["evidence"], "thin")).as_py(),
        tiers=summarise(forecast, data.tiers),
        concentration=_concentration(expected, historic),
        activity=tuple(np.bincount(bins, minlength=ACTIVITY_BINS).tolist()),
        bands=_bands(p_active, historic, expected),
    )


def map_neighbours(dots: pa.Table, tiers: Sequence[str], nearest: int = 10) -> tuple[MapNeighbours, ...]:
    """Measure how much the customers of each tier lie together on the map.

    Parameters
    ----------
    dots
        Columns x, y and tier; a few thousand at most, since all pairs are compared.

    Returns
    -------
    One row a tier.

    Examples
    --------
    >>> dots = pa.table({"x": [0.0, 0.1, 5.0], "y": [0.0, 0.0, 0.0], "tier": ["high", "high", "low"]})
    >>> [(row.tier, row.dots, row.same, row.by_chance) for row in map_neighbours(dots, ["high", "low"], nearest=1)]
    [('high', 2, 1.0, 0.5), ('low', 1, 0.0, 0.0)]
    """
    n = dots.num_rows
    tier = np.array(dots["tier"].to_pylist())
    x, y = dots["x"].to_numpy().astype(float), dots["y"].to_numpy().astype(float)
    distance = np.hypot(x[:, None] - x, y[:, None] - y)  # (n, n)
    np.fill_diagonal(distance, np.inf)  # a dot is not its own neighbour
    near = np.argsort(distance, axis=1, kind="stable")[:, : min(nearest, n - 1)]
    same = (tier[near] == tier[:, None]).mean(axis=1) if n > 1 else np.zeros(n)
    rows = []
    for name in tiers:
        inside = tier == name
        drawn = int(inside.sum())
        shares = (float(same[inside].mean()), (drawn - 1) / max(n - 1, 1)) if drawn else (None, None)
        rows.append(MapNeighbours(name, drawn, *shares))
    return tuple(rows)


def top_curve(spend: Floats, points: int = 101) -> tuple[Floats, Floats]:
    """Share of spend that the top share of customers has, at evenly spaced shares from 0 to 1.

    Negative spend (more returned than bought) counts as 0.

    Examples
    --------
    >>> top_curve(np.array([1.0, 3.0, 0.0, 0.0]), points=3)
    (array([0. , 0.5, 1. ]), array([0., 1., 1.]))
    """
    ranked = np.sort(np.maximum(spend, 0.0))[::-1]
    held = np.concatenate([[0.0], np.cumsum(ranked)])  # by the top 0, 1, 2, ... customers
    shares = np.linspace(0, 1, points)
    total = held[-1] if held[-1] > 0 else math.nan
    return shares, np.interp(shares * len(ranked), np.arange(len(held)), held) / total


def expected_months(expected_spend: float, cutoff: date, horizon_days: int) -> list[tuple[date, float]]:
    """Spread the predicted spend evenly over the days of the horizon and sum it by month.

    Examples
    --------
    >>> expected_months(60.0, date(2024, 5, 22), 30)      # ten days of May, twenty of June
    [(datetime.date(2024, 5, 1), 20.0), (datetime.date(2024, 6, 1), 40.0)]
    """
    days = [cutoff + timedelta(days=ahead) for ahead in range(horizon_days)]
    months = sorted({day.replace(day=1) for day in days})
    counts = [sum(day.replace(day=1) == month for day in days) for month in months]
    return [(month, expected_spend * count / horizon_days) for month, count in zip(months, counts, strict=True)]


def _bands(p_active: Floats, historic: Floats, expected: Floats) -> tuple[ProbabilityBand, ...]:
    # The number of lower bounds that p_active misses is the place of its band.
    place = np.sum([p_active < lower for lower in BANDS.values()], axis=0)
    bands = []
    for band, name in enumerate(BANDS):
        inside = place == band
        sums = float(historic[inside].sum()), float(expected[inside].sum())
        bands.append(ProbabilityBand(name, int(inside.sum()), *sums))
    return tuple(bands)


def _best(historic: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    n_best = max(1, round(BEST_SHARE * len(historic)))
    best = np.zeros(len(historic), dtype=bool)
    best[np.argsort(-historic, kind="stable")[:n_best]] = True
    return best & (historic > 0)  # in a shop of few buyers the top fifth may hold customers without spend


def _concentration(expected: Floats, historic: Floats) -> tuple[Concentration, ...]:
    # 0.1 * 10 may come out just above 1: without the margin, ceil would give 2.
    sizes = [(share, math.ceil(share * len(expected) - 1e-9)) for share in TOP_SHARES]
    return tuple(Concentration(share, n, _held_by_top(expected, n), _held_by_top(historic, n)) for share, n in sizes)


def _held_by_top(spend: Floats, n: int) -> float | None:
    ranked = np.sort(np.maximum(spend, 0.0))[::-1]
    return float(ranked[:n].sum() / ranked.sum()) if ranked.sum() > 0 else None
