"""Prospects, people who looked but have not bought: how likely they come to buy, counted in the shop's closed windows.

What forecasts customers reads their orders, and prospects have none. So they are forecast apart, by those who stood
where they stand when a closed window began: a logistic regression of who bought on how recently, how long and how much
they had looked, drawn towards one share for all, and that towards a usual one. Of what they will spend nothing tells
one from the other: all get what such people spent, drawn towards a usual first order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize

from shijin.distribution import P_FLOOR, Distribution, Floats, Grid
from shijin.forecast.member import Window
from shijin.forecast.odds import logistic, logit
from shijin.forecast.spread import UNTRAINED_WIDTH, Spread
from shijin.forecast.windows import STEPS_PER_HORIZON
from shijin.represent.cutoff import History, per_customer
from shijin.represent.packed import Kind

NAME = "prospects"
USUAL_SHARE, USUAL_DAYS = 0.02, 30.0  # of prospects buy within so many days, where nothing is known
USUAL_SPEND, USUAL_ORDERS = 1.3, 1.2  # of who buys: in median orders, and in orders
PRIOR = 20.0  # prospects: how much what is usual counts
SLOPE_SD = 0.5  # of the prior of slopes, in log odds a standard deviation
MOST_DEVIATIONS = 3.0  # beyond these nobody is told apart
MOST_TAUGHT = 200_000  # prospects a window; more are thinned out evenly by position


@dataclass
class Prospects:
    """Forecasts people without a purchase.

    Attributes
    ----------
    taught, bought
        How many prospects closed windows showed, and how many of them bought, a person once a window.
    slopes : (5,)
        Intercept, and log odds a standard deviation of each of `looks`; empty before anything was learnt.
    middle, deviation : (4,)
        Of `looks` among those who taught.
    spend, orders, width
        Of who buys: mean spend in median orders, mean number of orders, standard deviation of log spend.
    """

    taught: int = 0
    bought: int = 0
    slopes: list[float] = field(default_factory=list)
    middle: list[float] = field(default_factory=list)
    deviation: list[float] = field(default_factory=list)
    spend: float = USUAL_SPEND
    orders: float = USUAL_ORDERS
    width: float = UNTRAINED_WIDTH

    @classmethod
    def of(cls, windows: Sequence[Window]) -> Self:
        """Learn from the prospects of closed windows, `prospect_windows`; nothing where there are none.

        Windows overlap, so that every day of outcomes is seen `STEPS_PER_HORIZON` times: a person counts as much less.
        """
        shown = [_thinned(window) for window in windows]
        if not shown:
            return cls()
        looked = np.concatenate([looks(history, outcomes.horizon_days) for history, outcomes in shown])
        came = np.concatenate([outcomes.orders > 0 for _, outcomes in shown])
        spent = np.concatenate([outcomes.spend / history.scale for history, outcomes in shown])[came]
        orders = np.concatenate([outcomes.orders for _, outcomes in shown])[came]
        usual = usual_share(shown[0][1].horizon_days)
        middle, deviation = looked.mean(axis=0), looked.std(axis=0) + 1e-3
        counts = len(spent) / STEPS_PER_HORIZON
        width = _log_deviation(spent[spent > 0], PRIOR * STEPS_PER_HORIZON)
        return cls(
            taught=len(came),
            bought=len(spent),
            slopes=_slopes(_standardised(looked, middle, deviation), came, usual).tolist(),
            middle=middle.tolist(),
            deviation=deviation.tolist(),
            spend=(PRIOR * USUAL_SPEND + spent.sum() / STEPS_PER_HORIZON) / (PRIOR + counts),
            orders=(PRIOR * USUAL_ORDERS + orders.sum() / STEPS_PER_HORIZON) / (PRIOR + counts),
            width=width,
        )

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast a History of prospects."""
        n = len(history)
        if self.slopes:
            looked = looks(history, horizon_days)
            x = _standardised(looked, np.array(self.middle), np.array(self.deviation))
            p_active = logistic(self.slopes[0] + x @ np.array(self.slopes[1:]))
        else:
            p_active = np.full(n, usual_share(horizon_days))
        spend, orders, width = (np.full(n, each) for each in (self.spend * history.scale, self.orders, self.width))
        p_active = np.clip(p_active, P_FLOOR, 1 - P_FLOOR)
        return Spread.untrained().distribution(p_active, spend, orders, width, Grid.of_scale(history.scale))

    def share(self, horizon_days: int) -> float:
        """One share for all: the plain formula that what is learnt of each stands beside."""
        counted = PRIOR * STEPS_PER_HORIZON
        return (counted * usual_share(horizon_days) + self.bought) / (counted + self.taught)

    def state(self) -> dict[str, Any]:
        """Give what was learnt as plain numbers."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from `state`."""
        return cls(**state)


def usual_share(horizon_days: float) -> float:
    """Share of prospects who buy within a horizon where nothing is known, by a constant hazard.

    Examples
    --------
    >>> round(usual_share(30), 3), round(usual_share(90), 3)
    (0.02, 0.059)
    """
    return float(-np.expm1(horizon_days / USUAL_DAYS * np.log1p(-USUAL_SHARE)))


def looks(history: History, horizon_days: int) -> Floats:
    """(n, 4) what is known of prospects: days since the last and the first thing they did, recent ones, recent carts.

    Each as log(1 + x); recent is within a horizon.
    """
    age = history.age_days
    recent = (age <= horizon_days).astype(float)
    columns = (
        age[history.offsets[1:] - 1],
        age[history.offsets[:-1]],
        per_customer(recent, history.offsets),
        per_customer(recent * (history.moments.kind == Kind.CART), history.offsets),
    )
    return np.log1p(np.stack(columns, axis=1))


def _thinned(window: Window) -> Window:
    history, outcomes = window
    apart = -(-len(history) // MOST_TAUGHT)
    if apart <= 1:
        return window
    rows = np.arange(0, len(history), apart)
    return history.take(rows), outcomes.take(rows)


def _standardised(looked: Floats, middle: Floats, deviation: Floats) -> Floats:
    return np.clip((looked - middle) / deviation, -MOST_DEVIATIONS, MOST_DEVIATIONS)


def _slopes(x: Floats, came: np.ndarray[Any, np.dtype[np.bool_]], usual: float) -> Floats:
    """(5,) intercept and slopes of a penalised logistic regression, with `PRIOR` prospects more who bought as usual."""
    x = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    precision = np.array([0.0, *[SLOPE_SD**-2] * (x.shape[1] - 1)])

    def loss(slopes: Floats) -> tuple[float, Floats]:
        odds, base = x @ slopes, slopes[0]
        value = (np.logaddexp(0, odds) - came * odds).sum() / STEPS_PER_HORIZON
        value += PRIOR * (np.logaddexp(0, base) - usual * base) + slopes @ (precision * slopes) / 2
        gradient = x.T @ (logistic(odds) - came) / STEPS_PER_HORIZON + precision * slopes
        gradient[0] += PRIOR * (logistic(base) - usual)
        return float(value), gradient

    begin = np.zeros(x.shape[1])
    begin[0] = logit(np.array(usual))
    return np.asarray(minimize(loss, begin, jac=True, method="L-BFGS-B").x)


def _log_deviation(spent: Floats, prior: float) -> float:
    """Standard deviation of log spend, drawn towards what is usual as if by so many who spent."""
    log_spent = np.log(spent)
    squares = ((log_spent - log_spent.mean()) ** 2).sum() if len(spent) else 0.0
    return float(np.sqrt((prior * UNTRAINED_WIDTH**2 + squares) / (prior + len(spent))))
