"""Features of customers as of a cutoff, in numbers without units.

Money is divided by the shop's median order and times by the horizon, so that a shop counted in another currency or
shifted by years has the same features. Everything is computed from a History, in blocks of customers that fit the
cache; sums over customers' moments are sparse products, one for each block. There is no loop over customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from shijin.arrays import Floats, Ints
from shijin.represent.cutoff import History
from shijin.represent.packed import Kind

HORIZON_WINDOWS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)  # of the horizon
CALENDAR_WINDOWS = (7, 30, 91, 365)  # days
HALF_LIVES = (4.0, 2.0, 1.0, 0.5, 0.25)  # of the horizon, each half of the one before
YEAR_DAYS = 365
GRAINS = 2.0**20  # features are rounded to such steps of 1, so that rounding errors do not distinguish customers
BLOCK_MOMENTS = 60_000  # so that the working set of a block stays in the cache


@dataclass(frozen=True)
class Features:
    """Features of n customers.

    names : F names
    values : (n, F) float32, without units
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]

    def column(self, name: str) -> NDArray[np.float32]:
        """(n,) one feature."""
        return self.values[:, self.names.index(name)]


def features(history: History, horizon_days: int) -> Features:
    """Compute every feature of every customer of a History for a horizon.

    Examples
    --------
    >>> features("yesterday", 90)
    Traceback (most recent call last):
    TypeError: features are made from a History, got str
    """
    if not isinstance(history, History):
        raise TypeError(f"features are made from a History, got {type(history).__name__}")
    names: tuple[str, ...] = ()
    values = np.zeros((len(history), 0), dtype=np.float32)
    for first, last in _blocks(history.offsets):
        columns = _block_features(history, first, last, horizon_days)
        if not names:
            names = tuple(columns)
            values = np.empty((len(history), len(names)), dtype=np.float32)
        for place, column in enumerate(columns.values()):
            values[first:last, place] = np.rint(column * GRAINS) / GRAINS + 0.0  # + 0.0 turns -0.0 into 0.0
    return Features(names, values)


def _blocks(offsets: Ints) -> list[tuple[int, int]]:
    """Runs of customers with about `BLOCK_MOMENTS` moments each."""
    n = len(offsets) - 1
    # A block ends at the first customer past each multiple of its size; a customer is never cut.
    cuts = np.searchsorted(offsets, np.arange(BLOCK_MOMENTS, offsets[-1], BLOCK_MOMENTS))
    edges = np.unique(np.concatenate([[0], cuts, [n]]))
    return [(int(a), int(b)) for a, b in pairwise(edges)] or [(0, 0)]


@dataclass(frozen=True)
class _Sums:
    """Sums over each customer's moments of a block: the product of a sparse matrix of ones and each column.

    Row i has ones where customer i's moments are, so a sum goes over the moments in their order.
    """

    offsets: Ints

    def __call__(self, columns: dict[str, Floats]) -> dict[str, Floats]:
        n, m = len(self.offsets) - 1, int(self.offsets[-1])
        ones = csr_matrix((np.ones(m), np.arange(m, dtype=np.int32), self.offsets), shape=(n, m))
        return {name: ones @ column for name, column in columns.items()}


def _block_features(history: History, first: int, last: int, horizon_days: int) -> dict[str, Floats]:
    offsets = history.offsets[first : last + 1]
    rows = slice(int(offsets[0]), int(offsets[-1]))
    offsets = offsets - offsets[0]
    moments, age = history.moments.take(rows), history.age_days[rows]
    money = moments.amount / history.scale
    is_order = moments.kind == Kind.ORDER
    is_money = moments.kind <= Kind.CHARGE
    # Where each customer's orders begin among the orders alone: the number of orders before their first moment.
    order_offsets = np.concatenate([[0], np.cumsum(is_order)])[offsets]
    order_age, order_money = age[is_order], money[is_order]

    out: dict[str, Floats] = {}
    out |= _windows_and_decays(age, is_order, np.where(is_money, money, 0.0), offsets, horizon_days, history.span_days)
    out |= _timing(order_age, order_offsets, horizon_days, history.span_days)
    out |= _gaps(order_age, order_offsets, horizon_days)
    out |= _baskets(order_money, order_offsets)
    orders = moments.take(is_order)
    discount = orders.discount / history.scale
    out |= _contents(orders.lines, orders.quantity, discount, orders.novel, order_money, order_offsets)
    out |= _other_kinds(moments.kind, money, age, offsets, horizon_days)
    return out


def _windows_and_decays(
    age: Floats, is_order: NDArray[np.bool_], money: Floats, offsets: Ints, horizon_days: int, span_days: float
) -> dict[str, Floats]:
    """Orders and net spend over windows (in horizons and in days), decayed, and in the same season a year ago."""
    count = is_order.astype(np.float64)
    columns: dict[str, Floats] = {"orders": count, "spend": money}
    windows = {f"{share:g}h": share * horizon_days for share in HORIZON_WINDOWS}
    windows |= {f"{days}d": float(days) for days in CALENDAR_WINDOWS}
    for label, days in windows.items():
        inside = age <= days
        columns[f"orders_{label}"] = count * inside
        columns[f"spend_{label}"] = money * inside
    # Squaring a decay halves its half-life, so one exponential serves all of them.
    decay = np.exp2(-age / (HALF_LIVES[0] * horizon_days))
    for half_life in HALF_LIVES:
        columns[f"orders_decay_{half_life:g}h"] = count * decay
        columns[f"spend_decay_{half_life:g}h"] = money * decay
        decay = decay * decay
    last_year = (age <= YEAR_DAYS) & (age > YEAR_DAYS - horizon_days)
    columns["orders_year_ago"] = count * last_year
    columns["spend_year_ago"] = money * last_year
    sums = {name: _signed_log(total) for name, total in _Sums(offsets)(columns).items()}
    sums["year_ago_known"] = np.full(len(offsets) - 1, float(span_days >= YEAR_DAYS))
    return sums


def _timing(age: Floats, offsets: Ints, horizon_days: int, span_days: float) -> dict[str, Floats]:
    """Recency and tenure of orders, days; without an order recency is the shop's age and tenure is 0."""
    recency, tenure = _last(age, offsets, span_days), _first(age, offsets, 0.0)
    n_orders = np.diff(offsets)
    return {
        "recency": np.log1p(recency),
        "recency_h": np.log((recency + 1) / horizon_days),
        "tenure": np.log1p(tenure),
        "tenure_h": np.log((tenure + 1) / horizon_days),
        "recency_of_tenure": recency / (tenure + 1),
        "tenure_of_span": tenure / span_days,
        "expected_orders_h": np.log((n_orders + 0.5) / (tenure + horizon_days) * horizon_days),
        "single_order": (n_orders == 1).astype(float),
    }


def _gaps(age: Floats, offsets: Ints, horizon_days: int) -> dict[str, Floats]:
    """Days between orders: mean, regularity, the last ones, and how late the customer is by their usual gap."""
    counts = np.diff(offsets)
    recency = _last(age, offsets, 0.0)
    # Differences of neighbours, without those between two customers; each customer has one gap less than orders.
    gap = age[:-1] - age[1:] if len(age) else age
    customer = np.repeat(np.arange(len(counts)), counts)
    within = customer[1:] == customer[:-1] if len(age) else np.zeros(0, dtype=bool)
    gap, gap_offsets = gap[within], np.concatenate([[0], np.cumsum(np.maximum(counts - 1, 0))])
    log_gap = np.log1p(gap)
    longer = gap >= np.repeat(recency, np.diff(gap_offsets))
    columns = {"n": np.ones(len(gap)), "g": gap, "g2": gap * gap, "lg": log_gap, "longer": longer.astype(float)}
    sums = _Sums(gap_offsets)(columns)
    n = np.maximum(sums["n"], 1)
    mean = sums["g"] / n
    deviation = np.sqrt(np.maximum(sums["g2"] / n - mean * mean, 0.0))
    some = sums["n"] > 0
    mean_log = sums["lg"] / n
    last_gap, gap_before = _last(gap, gap_offsets, 0.0), _last(gap, gap_offsets, 0.0, back=1)
    return {
        "gap_mean": np.log1p(mean),
        "gap_mean_h": np.where(some, np.log((mean + 1) / horizon_days), 0.0),
        "gap_log_mean": mean_log,
        "gap_variation": np.where(sums["n"] > 1, deviation / np.maximum(mean, 1e-6), 0.0),
        "gap_last": np.log1p(last_gap),
        "gap_before_last": np.log1p(gap_before),
        "gap_last_to_usual": np.where(some, np.log1p(last_gap) - mean_log, 0.0),
        "lateness": np.where(some, np.log((recency + 1) / (mean + 1)), 0.0),
        "share_of_gaps_longer": np.where(some, sums["longer"] / n, -1.0),
    }


def _baskets(money: Floats, offsets: Ints) -> dict[str, Floats]:
    """The size of orders: mean, spread, last, largest; in the shop's median orders, on a log scale."""
    counts = np.diff(offsets)
    n = np.maximum(counts, 1)
    log_money = np.log(np.maximum(money, 1e-3))
    sums = _Sums(offsets)({"l": log_money, "l2": log_money * log_money, "m": money})
    mean_log = sums["l"] / n
    last = _last(log_money, offsets, 0.0)
    largest = np.where(counts > 0, np.maximum.reduceat(np.append(log_money, -np.inf), offsets[:-1]), 0.0)
    return {
        "basket_mean": _signed_log(sums["m"] / n),
        "basket_log_mean": mean_log,
        "basket_log_spread": np.sqrt(np.maximum(sums["l2"] / n - mean_log**2, 0.0)),
        "basket_last": last,
        "basket_before_last": _last(log_money, offsets, 0.0, back=1),
        "basket_last_to_usual": last - mean_log,
        "basket_largest": largest,
    }


def _contents(
    lines: Floats, quantity: Floats, discount: Floats, novel: Floats, money: Floats, offsets: Ints
) -> dict[str, Floats]:
    """The contents of orders: lines, pieces, price level, discounts, and the share new to the customer."""
    columns = {"lines": lines, "quantity": quantity, "discount": discount, "novel": novel, "money": money}
    sums = _Sums(offsets)(columns | {"discounted": (discount > 0).astype(float)})
    n = np.maximum(np.diff(offsets), 1)
    pieces = np.maximum(sums["quantity"], 1.0)
    return {
        "lines_mean": np.log1p(sums["lines"] / n),
        "quantity_mean": _signed_log(sums["quantity"] / n),
        "price_level": _signed_log(sums["money"] / pieces * 10),
        "discount_share": sums["discount"] / np.maximum(sums["money"] + sums["discount"], 1e-3),
        "discounted_orders": sums["discounted"] / n,
        "variety": np.log1p(sums["novel"]),
        "novelty_share": sums["novel"] / np.maximum(sums["lines"], 1.0),
        "novel_last": np.log1p(_last(novel, offsets, 0.0)),
    }


def _other_kinds(
    kind: NDArray[np.uint8], money: Floats, age: Floats, offsets: Ints, horizon_days: int
) -> dict[str, Floats]:
    """Returns, views, carts, reviews, contacts: their number, and their recency."""
    recent = age <= horizon_days
    decay = np.exp2(-age / (0.25 * horizon_days))
    columns: dict[str, Floats] = {"return_money": -money * (kind == Kind.RETURN)}
    for which in (Kind.RETURN, Kind.VIEW, Kind.CART, Kind.REVIEW, Kind.CONTACT):
        count = (kind == which).astype(np.float64)
        label = which.name.lower()
        columns[f"{label}s_1h"] = count * recent
        columns[f"{label}s_decay"] = count * decay
        columns[f"{label}s"] = count
    columns["bought"] = money * (kind == Kind.ORDER)
    sums = _Sums(offsets)(columns)
    bought = sums.pop("bought")
    out = {name: _signed_log(total) for name, total in sums.items()}
    out["return_share"] = sums["return_money"] / np.maximum(bought, 1e-3)
    out["last_seen"] = np.log1p(_last(age, offsets, 0.0))
    return out


def shop_series(history: History, horizon_days: int) -> dict[str, float]:
    """The shop's level over half horizons back from the cutoff and a year ago, its season, and its customers.

    The customers of the History stand for the shop's: of a shop that is read from a sample, they are the sample.
    """
    is_order = history.moments.kind == Kind.ORDER
    age = history.age_days[is_order]
    half = horizon_days / 2

    def orders(newest: float, oldest: float) -> float:
        return float(np.count_nonzero((age > newest) & (age <= oldest)))

    now = max(orders(0, half), 0.5)
    series: dict[str, float] = {}
    for step in range(1, 6):
        observed = (step + 1) * half <= history.span_days
        series[f"level_{step}"] = np.log(max(orders(step * half, (step + 1) * half), 0.5) / now) if observed else 0.0
        series[f"level_{step}_known"] = float(observed)
    has_year = history.span_days >= YEAR_DAYS and horizon_days < YEAR_DAYS
    # The window of the forecast a year earlier, and the window before that one.
    ahead, base = orders(YEAR_DAYS - horizon_days, YEAR_DAYS), orders(YEAR_DAYS, YEAR_DAYS + horizon_days)
    has_both = history.span_days >= YEAR_DAYS + horizon_days and horizon_days < YEAR_DAYS
    series["season"] = np.log(max(ahead, 0.5) / max(base, 0.5)) if has_both else 0.0
    series["season_known"] = float(has_both)
    series["year_on_year"] = np.log(max(orders(0, horizon_days), 0.5) / max(ahead, 0.5)) if has_year else 0.0
    day_of_year = history.cutoff_date.timetuple().tm_yday
    for label, offset in (("now", 0.0), ("middle", horizon_days / 2)):
        angle = 2 * np.pi * (day_of_year + offset) / YEAR_DAYS
        series[f"season_sin_{label}"], series[f"season_cos_{label}"] = float(np.sin(angle)), float(np.cos(angle))
    n_orders = history.n_orders()
    series["span_h"] = float(np.log(history.span_days / horizon_days))
    series["horizon"] = float(np.log(horizon_days))
    customers = max(len(n_orders), 1)
    series["single_share"] = float(np.count_nonzero(n_orders == 1) / customers)
    series["orders_mean"] = float(np.log1p(n_orders.sum() / customers))
    return series


def _last(values: Floats, offsets: Ints, missing: float, back: int = 0) -> Floats:
    """(n,) each customer's last value, or the one `back` places before it; `missing` where there is none."""
    place = offsets[1:] - 1 - back
    present = place >= offsets[:-1]
    return np.where(present, values[np.where(present, place, 0)] if len(values) else missing, missing)


def _first(values: Floats, offsets: Ints, missing: float) -> Floats:
    """(n,) each customer's first value; `missing` where there is none."""
    present = np.diff(offsets) > 0
    return np.where(present, values[np.where(present, offsets[:-1], 0)] if len(values) else missing, missing)


def _signed_log(values: Floats) -> Floats:
    return np.sign(values) * np.log1p(np.abs(values))
