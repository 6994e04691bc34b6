"""Buy till you die as a member: order times by BG/NBD or MBG/NBD, orders' worth by Gamma-Gamma.

It needs no closed window: its parameters come from the very history it forecasts, which is why it is also the untrained
forecast of a young shop. Closed windows, where there are any, only teach it how outcomes scatter around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shijin.distribution import P_FLOOR, Distribution, Grid
from shijin.forecast.baskets import fit_baskets
from shijin.forecast.counts import Times, fit_counts
from shijin.forecast.member import Window
from shijin.forecast.spread import Spread
from shijin.represent.cutoff import History, per_customer
from shijin.represent.packed import DAY_US, Kind

Floats = NDArray[np.float64]

NAME = "BTYD"
MOST_CUSTOMERS = 100_000  # to fit on; more are thinned out evenly by position
SCATTER_WINDOWS = 2
LEAST_SCATTER = 200  # customers who ordered, below which scatter is assumed
LEAST_WIDTH, MOST_WIDTH = 0.15, 2.5


class Btyd:
    """BG/NBD or MBG/NBD with Gamma-Gamma, by maximum likelihood on the history at hand."""

    name = NAME

    def __init__(self) -> None:
        self.spread = Spread.untrained()
        self.notes: list[str] = []

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn how outcomes scatter around the forecast; the parameters themselves are not learnt here."""
        del seed  # nothing is drawn
        residuals, orders, means = [], [], []
        for history, outcomes in windows[:SCATTER_WINDOWS]:
            p_active, spend, count, width = _moments(history, outcomes.horizon_days, self.notes)
            active = outcomes.orders > 0
            some = active & (outcomes.spend > 0)
            residuals.append(((np.log(np.maximum(outcomes.spend, 1e-9)) - np.log(spend)) / width)[some])
            orders.append(outcomes.orders[active].astype(float))
            means.append(count[active])
            del p_active
        if sum(map(len, residuals)) >= LEAST_SCATTER:
            self.spread = Spread.of(np.concatenate(residuals), np.concatenate(orders), np.concatenate(means))

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Fit on the History and forecast its customers."""
        self.notes = []
        p_active, spend, orders, width = _moments(history, horizon_days, self.notes)
        return self.spread.distribution(p_active, spend, orders, width, Grid.of_scale(history.scale))

    def state(self) -> dict[str, Any]:
        """Give what was learnt as plain numbers."""
        return {"spread": self.spread.state()}

    def load(self, state: dict[str, Any]) -> Self:
        """Take over what `state` gave."""
        self.spread = Spread.from_state(state["spread"])
        return self


def order_times(history: History) -> Times:
    """Read repeat order days, last and now of every customer of a History; days since their first order.

    Orders of one day count once. A customer without an order stands as one who has just ordered once when first seen.
    """
    moments = history.moments
    day = moments.ts // DAY_US
    is_order = moments.kind == Kind.ORDER
    new_day = is_order.copy()
    ordered = np.flatnonzero(is_order)
    again = (day[ordered][1:] == day[ordered][:-1]) & (history.customer[ordered][1:] == history.customer[ordered][:-1])
    new_day[ordered[1:][again]] = False
    age = (history.cutoff // DAY_US - day).astype(np.float64)
    days = per_customer(new_day.astype(float), history.offsets)
    oldest = np.maximum.reduceat(np.where(is_order, age, -1.0), history.offsets[:-1])
    newest = np.minimum.reduceat(np.where(is_order, age, np.inf), history.offsets[:-1])
    first_seen = age[history.offsets[:-1]]
    never = days == 0
    now = np.where(never, first_seen, oldest)
    return Times(np.maximum(days - 1, 0), np.where(never, 0.0, oldest - newest), now)


def _moments(history: History, horizon_days: int, notes: list[str]) -> tuple[Floats, Floats, Floats, Floats]:
    """(n,) probability of an order; expected spend and orders given one; width of log spend."""
    times = order_times(history)
    sample = _sample(len(history))
    counts = fit_counts(Times(times.x[sample], times.t_x[sample], times.T[sample]))
    if not counts.converged:
        notes.append("the order model could not be fitted: rates by moments")
    n_orders = history.n_orders()
    money = np.maximum(history.historic_spend(), 0.0)
    mean_order = np.maximum(money / np.maximum(n_orders, 1), 1e-3 * history.scale)
    bought = n_orders[sample] > 0
    baskets = fit_baskets(mean_order[sample][bought], n_orders[sample][bought])
    p_active = np.clip(counts.p_order(times, horizon_days), P_FLOOR, 1 - P_FLOOR)
    order_days = np.maximum(counts.expected_orders(times, horizon_days) / p_active, 1.0)
    per_day = n_orders.sum() / max(float((times.x + 1).sum()), 1.0)  # orders on a day with an order
    orders = np.maximum(order_days * per_day, 1.0)
    basket = baskets.mean(np.where(n_orders > 0, mean_order, 0.0), n_orders)
    count_scatter = (orders - 1) / orders**2 * (1 + (orders - 1) / (counts.r + times.x))
    variation = baskets.scatter / orders + count_scatter + baskets.uncertainty(n_orders)
    width = np.clip(np.sqrt(np.log1p(variation)), LEAST_WIDTH, MOST_WIDTH)
    return p_active, orders * basket, orders, width


def _sample(n: int) -> NDArray[np.int64]:
    return np.arange(0, n, max(1, -(-n // MOST_CUSTOMERS)))
