"""Forecasts of prospects, people who have looked but not bought, learnt from prospects of closed windows.

The members that forecast customers read their orders, and prospects have none. So prospects have a forecaster of their
own: a logistic regression of buying on how recently, how long and how much they looked, shrunk towards one share for
all, which is shrunk towards a usual share. Nothing predicts which prospect will spend more: all get the mean spend of
prospects who bought, shrunk towards a usual first order.

Newer windows count more. If the data begin in the middle of a shop's life, its old customers look like prospects until
they order again, and older windows have more of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from shijin.arrays import Floats, per_customer, row_sums
from shijin.distribution import Distribution, Grid
from shijin.forecasting.member import Window
from shijin.forecasting.spread import UNTRAINED_WIDTH, Spread
from shijin.forecasting.windows import STEPS_PER_HORIZON
from shijin.pooling import logistic, logit
from shijin.represent.cutoff import History
from shijin.represent.packed import DAY_US, Kind
from shijin.represent.partitions import sample_window

NAME = "prospects"
USUAL_SHARE, USUAL_DAYS = 0.02, 30.0  # prior: this share of prospects buys within so many days
USUAL_SPEND, USUAL_ORDERS = 1.3, 1.2  # prior of those who buy: spend in median orders, number of orders
PRIOR = 20.0  # the priors count as many prospects
USUAL_SLOPES = np.array([-0.5, 0.0, 0.0, 0.0])  # prior of `looks`, log odds per deviation: long silence lowers the odds
SLOPE_SD = 0.5
LEAST_DEVIATION = 0.5  # if all prospects are alike, small differences are not blown up
MOST_DEVIATIONS = 3.0  # larger differences count as this many deviations
MOST_PROSPECTS = 200_000  # per window; more are thinned out evenly by position
FLOOR = 1e-7  # of probabilities; lower than of customers, as a million prospects at 1e-4 would be a hundred buyers


@dataclass
class Prospects:
    """The forecaster of prospects.

    Attributes
    ----------
    taught, bought
        Number of prospects in the newest closed window that had any, and how many of them bought in it.
    counted, came
        The same over all closed windows, with the weights of windows and of thinning.
    slopes : 5
        Intercept, and log odds per deviation of each of `looks`; empty if nothing was learnt.
    middle, deviation : 4
        Mean and standard deviation of `looks` among all these prospects.
    spend, orders, width
        Of those who buy: mean spend in median orders, mean number of orders, standard deviation of log spend.
    """

    taught: int = 0
    bought: int = 0
    counted: float = 0.0
    came: float = 0.0
    slopes: list[float] = field(default_factory=list)
    middle: list[float] = field(default_factory=list)
    deviation: list[float] = field(default_factory=list)
    spend: float = USUAL_SPEND
    orders: float = USUAL_ORDERS
    width: float = UNTRAINED_WIDTH

    @classmethod
    def of(cls, windows: Iterable[Window]) -> Self:
        """Learn from the prospects of closed windows, newest first (`prospect_windows`); the prior if there are none.

        A window has half the weight of one that begins a horizon later. Windows overlap: every day of outcomes is seen
        `STEPS_PER_HORIZON` times, so each prospect has one part in so many of the weight.
        """
        return cls.of_parts([window] for window in windows)

    @classmethod
    def of_parts(cls, windows: Iterable[Sequence[Window]]) -> Self:
        """Learn from closed windows that are each given by parts of the shop's customers (`prospect_windows_of`)."""
        samples = [_sample(parts) for parts in windows]
        if not samples:
            return cls()
        newest, horizon_days = max(one.cutoff for one in samples), samples[0].horizon_days
        ages = [(newest - one.cutoff) / DAY_US / horizon_days for one in samples]
        looked, bought, spent, orders = (
            np.concatenate([getattr(one, name) for one in samples]) for name in ("looked", "bought", "spent", "orders")
        )
        each = [one.each * 2.0**-age / STEPS_PER_HORIZON for one, age in zip(samples, ages, strict=True)]
        weight = np.repeat(each, [len(one.bought) for one in samples])
        middle, deviation = looked.mean(axis=0), np.maximum(looked.std(axis=0), LEAST_DEVIATION)
        slopes = _slopes(_standardised(looked, middle, deviation), bought, weight, usual_share(horizon_days))
        forecaster = cls(
            taught=samples[0].people,
            bought=samples[0].buyers,
            counted=float(weight.sum()),
            came=float(weight @ bought),
            slopes=slopes.tolist(),
            middle=middle.tolist(),
            deviation=deviation.tolist(),
        )
        return forecaster._with_money(spent[bought], orders[bought], weight[bought])

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast a History of prospects.

        Somebody of whom there are returns only did not look and never paid: next to nothing is expected of them.
        """
        n = len(history)
        if self.slopes:
            x = _standardised(looks(history, horizon_days), np.array(self.middle), np.array(self.deviation))
            p_active = logistic(self.slopes[0] + row_sums(x, np.array(self.slopes[1:])))
        else:
            p_active = np.full(n, usual_share(horizon_days))
        spend, orders, width = (np.full(n, each) for each in (self.spend * history.scale, self.orders, self.width))
        shaped = Spread.untrained().distribution(p_active, spend, orders, width, Grid.of_scale(history.scale))
        return replace(shaped, p_active=np.clip(np.where(history.looked, p_active, 0.0), FLOOR, 1 - FLOOR))

    def share(self, horizon_days: int) -> float:
        """One share for all prospects: the formula that the forecaster is compared with."""
        return (PRIOR * usual_share(horizon_days) + self.came) / (PRIOR + self.counted)

    def state(self) -> dict[str, Any]:
        """The fitted parameters as plain numbers."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from `state`."""
        return cls(**state)

    def _with_money(self, spent: Floats, orders: Floats, weight: Floats) -> Self:
        """Learn what buyers spend, on the log so that one large order has little effect; shrunk towards the prior."""
        some = spent > 0
        log_spent, some_weight = np.log(spent[some]), weight[some]
        usual_log = np.log(USUAL_SPEND) - UNTRAINED_WIDTH**2 / 2  # a lognormal's mean is exp(middle + variance / 2)
        total = PRIOR + some_weight.sum()
        middle = (PRIOR * usual_log + some_weight @ log_spent) / total
        squares = PRIOR * (UNTRAINED_WIDTH**2 + (usual_log - middle) ** 2) + some_weight @ (log_spent - middle) ** 2
        variance = float(squares / total)
        return replace(
            self,
            spend=float(np.exp(middle + variance / 2)),
            orders=float((PRIOR * USUAL_ORDERS + weight @ orders) / (PRIOR + weight.sum())),
            width=float(np.sqrt(variance)),
        )


def usual_share(horizon_days: float) -> float:
    """Prior share of prospects who buy within a horizon, by a constant hazard.

    Examples
    --------
    >>> round(usual_share(30), 3), round(usual_share(90), 3)
    (0.02, 0.059)
    """
    return float(-np.expm1(horizon_days / USUAL_DAYS * np.log1p(-USUAL_SHARE)))


def about(people: float) -> str:
    """An expected number of people as text: "< 1" rather than "0" for a fraction of one.

    Examples
    --------
    >>> about(1234.4), about(0.02)
    ('1,234', '< 1')
    """
    return f"{people:,.0f}" if people >= 1 else "< 1"


def looks(history: History, horizon_days: int) -> Floats:
    """(n, 4) features of prospects: days since their last and first moment, numbers of recent moments and recent carts.

    Each as log(1 + x); recent is within a horizon of the cutoff.
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


@dataclass(frozen=True)
class _Sample:
    """Prospects of one closed window: `people` and `buyers` count all; the rest is of a sample, each for `each`."""

    cutoff: int
    horizon_days: int
    people: int
    buyers: int
    each: float
    looked: Floats
    bought: NDArray[np.bool_]
    spent: Floats  # in median orders
    orders: Floats


def _sample(parts: Sequence[Window]) -> _Sample:
    people = sum(len(history) for history, _ in parts)
    buyers = sum(int(np.count_nonzero(outcomes.orders)) for _, outcomes in parts)
    history, outcomes = sample_window(parts, MOST_PROSPECTS)
    return _Sample(
        cutoff=history.cutoff,
        horizon_days=outcomes.horizon_days,
        people=people,
        buyers=buyers,
        each=people / len(history),
        looked=looks(history, outcomes.horizon_days),
        bought=outcomes.orders > 0,
        spent=outcomes.spend / history.scale,
        orders=outcomes.orders.astype(np.float64),
    )


def _standardised(looked: Floats, middle: Floats, deviation: Floats) -> Floats:
    return np.clip((looked - middle) / deviation, -MOST_DEVIATIONS, MOST_DEVIATIONS)


def _slopes(x: Floats, bought: NDArray[np.bool_], weight: Floats, usual: float) -> Floats:
    """(5,) intercept and slopes of a penalised logistic regression.

    Slopes have a normal prior at `USUAL_SLOPES`; the intercept has `PRIOR` added prospects, of whom the usual share
    buys.
    """
    x = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    centre = np.append(0.0, USUAL_SLOPES)
    precision = np.append(0.0, np.full(len(USUAL_SLOPES), SLOPE_SD**-2))

    def loss(slopes: Floats) -> tuple[float, Floats]:
        odds, base, away = x @ slopes, slopes[0], slopes - centre
        value = weight @ (np.logaddexp(0, odds) - bought * odds) + away @ (precision * away) / 2
        value += PRIOR * (np.logaddexp(0, base) - usual * base)
        gradient = x.T @ (weight * (logistic(odds) - bought)) + precision * away
        gradient[0] += PRIOR * (logistic(base) - usual)
        return float(value), gradient

    begin = centre.copy()
    begin[0] = logit(np.array(usual))
    return np.asarray(minimize(loss, begin, jac=True, method="L-BFGS-B").x)
