"""What a shop looks like in a few numbers and curves: aggregates that show no customer. For `look.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shijin.represent.packed import DAY_US, Kind, Packed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Curve = tuple[Floats, Floats]

QUANTILES = (5, 25, 50, 75, 95)
ENOUGH = 5  # orders of a customer whose own variability is looked at
LEAST = 20  # customers that a statistic needs
FEWEST = 5  # customers beyond a point of a curve: none shows a person
SMALLEST_BASKET = 0.01


MEANING = {
    "half_correlation": "orders in the first and second half of the window, correlation of log counts",
    "quarter_1_4_correlation": "orders in the first and fourth quarter, correlation of log counts",
    "quarter_3_4_correlation": "orders in the third and fourth quarter, correlation of log counts",
    "basket_within": "sd of log basket within customers",
    "basket_between": "sd of customers' mean log baskets, sampling taken out",
    "basket_within_spread": "sd of the log of each customer's sd of log basket",
    "basket_autocorrelation": "log basket and the next one's, within customers",
    "basket_count_tie": "mean log basket and log number of orders, correlation",
    "top_1_share": "share of spend of the top hundredth of customers",
    "top_10_share": "share of spend of the top tenth of customers",
    "single_share": "share of customers with one order",
    "orders_mean": "orders of a customer, mean",
    "orders_cv": "orders of a customer, coefficient of variation",
    "gap_cv": "median customer's coefficient of variation of gaps",
    "gap_cv_spread": "sd of the log of customers' coefficients of variation of gaps",
    "quiet_share": "share of customers without an order in the last quarter",
    "active_share": "share ordering in the last quarter of those who came before it",
    "late_share": "share of orders in the last quarter",
    "level_changes": "sd of the change of log orders by the month, sampling taken out",
}


@dataclass(frozen=True)
class Orders:
    """All orders of a shop, sorted by customer and time.

    customer : (m,) 0 .. n - 1
    part : (m,) part of the window that had passed, 0 .. 1
    log_amount : (m,) log of the amount
    n, days : customers, and length of the window
    """

    customer: Ints
    part: Floats
    log_amount: Floats
    n: int
    days: float

    @classmethod
    def of(cls, packed: Packed) -> Orders:
        """Read a shop; customers without an order drop out."""
        is_order = packed.moments.kind == Kind.ORDER
        owner = np.repeat(np.arange(len(packed)), np.diff(packed.offsets))[is_order]
        people, customer = np.unique(owner, return_inverse=True)
        days = (packed.end - packed.start) / DAY_US
        part = (packed.moments.ts[is_order] - packed.start) / DAY_US / days
        amount = np.maximum(packed.moments.amount[is_order], SMALLEST_BASKET)
        return cls(customer.astype(np.int64), part, np.log(amount), len(people), days)

    @cached_property
    def counts(self) -> Floats:
        """(n,) orders of each customer."""
        return self.sum(np.ones(len(self.customer)))

    @cached_property
    def first(self) -> Floats:
        """(n,) when each customer came first."""
        return self.part[np.searchsorted(self.customer, np.arange(self.n))]

    @cached_property
    def last(self) -> Floats:
        """(n,) when each customer came last."""
        return self.part[np.searchsorted(self.customer, np.arange(self.n), side="right") - 1]

    @cached_property
    def same(self) -> NDArray[np.bool_]:
        """(m - 1,) whether an order and the next are one customer's."""
        return self.customer[1:] == self.customer[:-1]

    @cached_property
    def spend(self) -> Floats:
        """(n,) what each customer paid for orders."""
        return self.sum(np.exp(self.log_amount))

    def sum(self, values: Floats) -> Floats:
        """(n,) sum of values over each customer's orders."""
        return np.bincount(self.customer, values, self.n)

    def counts_in(self, low: float, high: float) -> Floats:
        """(n,) orders of each customer within parts of the window."""
        return self.sum(((self.part >= low) & (self.part < high)).astype(float))

    def gaps(self) -> tuple[Ints, Floats]:
        """Whose each gap is, and its days; a minute at least."""
        gap = np.maximum(np.diff(self.part) * self.days, 1 / 1440)
        return self.customer[1:][self.same], gap[self.same]


def statistics(orders: Orders) -> dict[str, float]:
    """Every statistic of a shop; nan where it has too few customers to tell."""
    out: dict[str, float] = {}
    for part in (_persistence, _baskets, _shape, _gaps, _time):
        out |= part(orders)
    return out


def _persistence(orders: Orders) -> dict[str, float]:
    early, earlier = orders.first < 0.5, orders.first < 0.25
    halves = [orders.counts_in(low, low + 0.5) for low in (0.0, 0.5)]
    quarters = [orders.counts_in(low, low + 0.25) for low in (0.0, 0.25, 0.5, 0.75)]
    return {
        "half_correlation": _correlation(np.log1p(halves[0][early]), np.log1p(halves[1][early])),
        "quarter_1_4_correlation": _correlation(np.log1p(quarters[0][earlier]), np.log1p(quarters[3][earlier])),
        "quarter_3_4_correlation": _correlation(np.log1p(quarters[2][early]), np.log1p(quarters[3][early])),
    }


def _baskets(orders: Orders) -> dict[str, float]:
    counts, usual, variance = _own_baskets(orders)
    again, often = counts >= 2, counts >= ENOUGH
    within = (variance * (counts - 1))[again].sum() / max((counts - 1)[again].sum(), 1)
    between = usual[again].var() - (within / counts[again]).mean() if again.sum() > LEAST else np.nan
    apart = np.sqrt(variance[often & (variance > 1e-6)])
    return {
        "basket_within": float(np.sqrt(within)) if again.sum() > LEAST else np.nan,
        "basket_between": float(np.sqrt(max(between, 0.0))) if between == between else np.nan,
        "basket_within_spread": float(np.log(apart).std()) if len(apart) > LEAST else np.nan,
        "basket_autocorrelation": _basket_autocorrelation(orders, often, usual),
        "basket_count_tie": _correlation(np.log(counts[again]), usual[again]),
    }


def _own_baskets(orders: Orders) -> tuple[Floats, Floats, Floats]:
    """Orders, mean log basket and its variance, of each customer."""
    counts = orders.counts
    usual = orders.sum(orders.log_amount) / counts
    away = orders.log_amount - usual[orders.customer]
    return counts, usual, orders.sum(away**2) / np.maximum(counts - 1, 1)


def _basket_autocorrelation(orders: Orders, often: NDArray[np.bool_], usual: Floats) -> float:
    pair = orders.same & often[orders.customer[1:]]
    away = orders.log_amount - usual[orders.customer]
    older, newer = away[:-1][pair], away[1:][pair]
    square = np.sqrt((older**2).mean() * (newer**2).mean()) if len(older) > LEAST else 0.0
    return float((older * newer).mean() / square) if square > 1e-6 else np.nan


def _shape(orders: Orders) -> dict[str, float]:
    spend, counts = np.sort(orders.spend)[::-1], orders.counts
    return {
        "top_1_share": float(spend[: max(1, round(0.01 * orders.n))].sum() / spend.sum()),
        "top_10_share": float(spend[: max(1, round(0.1 * orders.n))].sum() / spend.sum()),
        "single_share": float((counts == 1).mean()),
        "orders_mean": float(counts.mean()),
        "orders_cv": float(counts.std() / counts.mean()),
    }


def _gaps(orders: Orders) -> dict[str, float]:
    owner, gap = orders.gaps()
    counts = np.bincount(owner, minlength=orders.n)
    enough = counts >= ENOUGH
    if enough.sum() <= LEAST:
        return {"gap_cv": np.nan, "gap_cv_spread": np.nan}
    mean = np.bincount(owner, gap, orders.n) / np.maximum(counts, 1)
    square = np.bincount(owner, (gap - mean[owner]) ** 2, orders.n) / np.maximum(counts, 1)
    cv = np.sqrt(square[enough]) / mean[enough]
    return {"gap_cv": float(np.median(cv)), "gap_cv_spread": float(np.log(np.maximum(cv, 0.01)).std())}


def _time(orders: Orders) -> dict[str, float]:
    known = orders.first < 0.75
    months = np.histogram(orders.part, max(round(orders.days / 30), 3), (0, 1))[0] + 1.0
    chance = (1 / months[1:] + 1 / months[:-1]).mean()  # what the log of counts changes by for being few
    return {
        "quiet_share": float((orders.last < 0.75).mean()),
        "active_share": float((orders.last[known] >= 0.75).mean()) if known.sum() > LEAST else np.nan,
        "late_share": float((orders.part >= 0.75).mean()),
        "level_changes": float(np.sqrt(max(np.diff(np.log(months)).var() - chance, 0.0))),
    }


def _correlation(one: Floats, other: Floats) -> float:
    if len(one) <= LEAST or one.std() < 1e-9 or other.std() < 1e-9:
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])


def compared(simulated: Sequence[dict[str, float]], real: Mapping[str, dict[str, float]]) -> dict[str, Any]:
    """Every statistic: the prior's quantiles, and each real shop's value and percentile."""
    table: dict[str, Any] = {}
    for name, meaning in MEANING.items():
        values = np.array([one[name] for one in simulated])
        values = np.sort(values[np.isfinite(values)])
        table[name] = {
            "meaning": meaning,
            "shops": len(values),
            "prior": dict(zip(map(str, QUANTILES), np.percentile(values, QUANTILES).round(4).tolist(), strict=True)),
            "real": {shop: _placed(found[name], values) for shop, found in real.items()},
        }
    return table


def _placed(value: float, values: Floats) -> dict[str, Any]:
    """A real shop's value, and the share of simulated ones below it, in per cent; half of those equal count."""
    below = (np.searchsorted(values, value) + np.searchsorted(values, value, side="right")) / 2
    percentile = round(100 * float(below) / len(values), 1)
    return {"value": round(value, 4), "percentile": percentile, "inside": 5 <= percentile <= 95}


# --- curves of the picture -------------------------------------------------------------------------------------------


def curves(orders: Orders) -> dict[str, list[tuple[float, float]]]:
    """Points of every curve; where a shop has too few customers there is none."""
    drawn: dict[str, Callable[[Orders], Curve]] = {
        "gaps": _gap_curve,
        "spend": _spend_curve,
        "recency": _recency_curve,
        "activity": _activity_curve,
        "outcome": _outcome_curve,
        "windows": _window_curve,
    }
    points = {name: draw(orders) for name, draw in drawn.items()}
    return {
        name: [(round(float(a), 5), round(float(b), 5)) for a, b in zip(x, y, strict=True) if np.isfinite(a + b)]
        for name, (x, y) in points.items()
    }


def _gap_curve(orders: Orders) -> Curve:
    """Share of gaps that are shorter than so many times their customer's mean."""
    owner, gap = orders.gaps()
    counts = np.bincount(owner, minlength=orders.n)
    mean = np.bincount(owner, gap, orders.n) / np.maximum(counts, 1)
    often = counts[owner] >= ENOUGH
    ratio = np.sort(gap[often] / mean[owner[often]])
    times = 2 ** np.arange(-5.0, 3.01, 0.5)
    shorter = np.searchsorted(ratio, times) / max(len(ratio), 1)
    return times, shorter if len(ratio) > LEAST else np.full(len(times), np.nan)


def _spend_curve(orders: Orders) -> Curve:
    """Share of customers who paid at least so many times the mean."""
    times = 2 ** np.arange(-5.0, 6.01, 0.5)
    share = (orders.spend[:, None] >= times * orders.spend.mean()).mean(axis=0)
    return times, np.where(share * orders.n >= FEWEST, share, np.nan)


def _recency_curve(orders: Orders) -> Curve:
    """Share of the window since the last order, by the number of orders (bins of half a doubling)."""
    place = np.floor(2 * np.log2(orders.counts)).astype(int)
    size = np.bincount(place)
    since = np.bincount(place, 1 - orders.last) / np.maximum(size, 1)
    middle = 2 ** (np.bincount(place, np.log2(orders.counts)) / np.maximum(size, 1))
    return middle, np.where(size >= LEAST, since, np.nan)


def _activity_curve(orders: Orders) -> Curve:
    """Orders over the window, against their mean."""
    counts, edges = np.histogram(orders.part, 24, (0, 1))
    return (edges[1:] + edges[:-1]) / 2, counts / counts.mean()


def _outcome_curve(orders: Orders) -> Curve:
    """Share of known customers who spend at least so many median orders in the last quarter."""
    ahead = orders.part >= 0.75
    known = orders.first < 0.75
    spend = orders.sum(np.exp(orders.log_amount) * ahead)[known] / np.exp(np.median(orders.log_amount))
    times = 2 ** np.arange(-3.0, 8.01, 0.5)
    share = (spend[:, None] >= times).mean(axis=0) if known.any() else np.full(len(times), np.nan)
    return times, np.where(share * known.sum() >= FEWEST, share, np.nan)


def _window_curve(orders: Orders) -> Curve:
    """How counts of two eighths of the window go together, by how far apart these are."""
    known = orders.first < 0.125
    counts = [np.log1p(orders.counts_in(eighth / 8, (eighth + 1) / 8)[known]) for eighth in range(8)]
    lags = np.arange(1.0, 7.0)
    pairs = [[_correlation(counts[one], counts[one + int(lag)]) for one in range(1, 8 - int(lag))] for lag in lags]
    return lags, np.array([np.nanmean(pair) if np.isfinite(pair).any() else np.nan for pair in pairs])
