"""Prospects, people who looked but have not bought: how likely they come to buy, counted in the shop's closed windows.

What forecasts customers reads their orders, and prospects have none. So they are forecast apart, by those who stood
where they stand when a closed window began: a logistic regression of who bought on how recently, how long and how much
they had looked, drawn towards one share for all, and that towards a usual one. Of what they will spend nothing tells
one from the other: all get what such people spent, drawn towards a usual first order.

Newer windows count more. Where the data begin in the middle of a shop's life, its old customers pass for prospects
until they order again, and the older the window the more of them there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from shijin.arrays import Floats
from shijin.distribution import Distribution, Grid
from shijin.forecasting.member import Window
from shijin.forecasting.spread import UNTRAINED_WIDTH, Spread
from shijin.forecasting.windows import STEPS_PER_HORIZON
from shijin.pooling import logistic, logit
from shijin.represent.cutoff import History, per_customer
from shijin.represent.packed import DAY_US, Kind

NAME = "prospects"
USUAL_SHARE, USUAL_DAYS = 0.02, 30.0  # of prospects buy within so many days, where nothing is known
USUAL_SPEND, USUAL_ORDERS = 1.3, 1.2  # of who buys: in median orders, and in orders
PRIOR = 20.0  # prospects: how much what is usual counts
USUAL_SLOPES = np.array([-0.5, 0.0, 0.0, 0.0])  # of `looks`, in log odds a deviation: who is long silent buys less
SLOPE_SD = 0.5
LEAST_DEVIATION = 0.5  # so that people who are all alike do not tell a little apart from much
MOST_DEVIATIONS = 3.0  # beyond these nobody is told apart
MOST_PROSPECTS = 200_000  # prospects a window; more are thinned out evenly by position
FLOOR = 1e-7  # of probabilities: a crowd who never buys brings no buyers by being many


@dataclass
class Prospects:
    """Forecasts people without a purchase.

    Attributes
    ----------
    taught, bought
        How many prospects there were when the newest closed window that had any began, and how many bought in it.
    counted, came
        The same over all closed windows, newer ones counting more, and those who are thinned out for others.
    slopes : 5
        Intercept, and log odds a deviation of each of `looks`; empty before anything was learnt.
    middle, deviation : 4
        Of `looks` among those who taught.
    spend, orders, width
        Of who buys: mean spend in median orders, mean number of orders, standard deviation of log spend.
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
        """Learn from the prospects of closed windows, newest first, `prospect_windows`; nothing where there are none.

        A window counts half of one that begins a horizon later; and windows overlap, so that every day of outcomes is
        seen `STEPS_PER_HORIZON` times, a person each time for one part in so many.
        """
        counted_windows = [_counted(window) for window in windows]
        if not counted_windows:
            return cls()
        newest, horizon_days = max(one.cutoff for one in counted_windows), counted_windows[0].horizon_days
        ages = [(newest - one.cutoff) / DAY_US / horizon_days for one in counted_windows]
        looked, came, spent, orders = (
            np.concatenate([getattr(one, name) for one in counted_windows])
            for name in ("looked", "came", "spent", "orders")
        )
        each = [one.each * 2.0**-age / STEPS_PER_HORIZON for one, age in zip(counted_windows, ages, strict=True)]
        weight = np.repeat(each, [len(one.came) for one in counted_windows])
        middle, deviation = looked.mean(axis=0), np.maximum(looked.std(axis=0), LEAST_DEVIATION)
        slopes = _slopes(_standardised(looked, middle, deviation), came, weight, usual_share(horizon_days))
        made = cls(
            taught=counted_windows[0].people,
            bought=counted_windows[0].buyers,
            counted=float(weight.sum()),
            came=float(weight @ came),
            slopes=slopes.tolist(),
            middle=middle.tolist(),
            deviation=deviation.tolist(),
        )
        return made._with_money(spent[came], orders[came], weight[came])

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast a History of prospects."""
        n = len(history)
        if self.slopes:
            x = _standardised(looks(history, horizon_days), np.array(self.middle), np.array(self.deviation))
            p_active = logistic(self.slopes[0] + x @ np.array(self.slopes[1:]))
        else:
            p_active = np.full(n, usual_share(horizon_days))
        spend, orders, width = (np.full(n, each) for each in (self.spend * history.scale, self.orders, self.width))
        shaped = Spread.untrained().distribution(p_active, spend, orders, width, Grid.of_scale(history.scale))
        return replace(shaped, p_active=np.clip(p_active, FLOOR, 1 - FLOOR))

    def share(self, horizon_days: int) -> float:
        """One share for all: the plain formula that what is learnt of each stands beside."""
        return (PRIOR * usual_share(horizon_days) + self.came) / (PRIOR + self.counted)

    def state(self) -> dict[str, Any]:
        """Give what was learnt as plain numbers."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from `state`."""
        return cls(**state)

    def _with_money(self, spent: Floats, orders: Floats, weight: Floats) -> Self:
        """Learn what buyers spend, on the log so that one large order does not make all prospects rich."""
        some = spent > 0
        log_spent, some_weight = np.log(spent[some]), weight[some]
        usual_log = np.log(USUAL_SPEND) - UNTRAINED_WIDTH**2 / 2
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
    """Share of prospects who buy within a horizon where nothing is known, by a constant hazard.

    Examples
    --------
    >>> round(usual_share(30), 3), round(usual_share(90), 3)
    (0.02, 0.059)
    """
    return float(-np.expm1(horizon_days / USUAL_DAYS * np.log1p(-USUAL_SHARE)))


def about(people: float) -> str:
    """An expected number of people as it is said: a few hundredths of one are not nobody.

    Examples
    --------
    >>> about(1234.4), about(0.02)
    ('1,234', '< 1')
    """
    return f"{people:,.0f}" if people >= 1 else "< 1"


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


@dataclass(frozen=True)
class _Counted:
    """What one closed window tells; `people` and `buyers` of all its prospects, the rest of those kept for `each`."""

    cutoff: int
    horizon_days: int
    people: int
    buyers: int
    each: float
    looked: Floats
    came: NDArray[np.bool_]
    spent: Floats
    orders: Floats


def _counted(window: Window) -> _Counted:
    history, outcomes = window
    people, buyers = len(history), int(np.count_nonzero(outcomes.orders))
    step = -(-people // MOST_PROSPECTS)
    if step > 1:
        rows = np.arange(0, people, step)
        history, outcomes = history.take(rows), outcomes.take(rows)
    return _Counted(
        cutoff=history.cutoff,
        horizon_days=outcomes.horizon_days,
        people=people,
        buyers=buyers,
        each=people / len(history),
        looked=looks(history, outcomes.horizon_days),
        came=outcomes.orders > 0,
        spent=outcomes.spend / history.scale,
        orders=outcomes.orders.astype(np.float64),
    )


def _standardised(looked: Floats, middle: Floats, deviation: Floats) -> Floats:
    return np.clip((looked - middle) / deviation, -MOST_DEVIATIONS, MOST_DEVIATIONS)


def _slopes(x: Floats, came: NDArray[np.bool_], weight: Floats, usual: float) -> Floats:
    """(5,) intercept and slopes of a penalised logistic regression, with `PRIOR` prospects more who bought as usual."""
    x = np.concatenate([np.ones((len(x), 1)), x], axis=1)
    centre = np.append(0.0, USUAL_SLOPES)
    precision = np.append(0.0, np.full(len(USUAL_SLOPES), SLOPE_SD**-2))

    def loss(slopes: Floats) -> tuple[float, Floats]:
        odds, base, away = x @ slopes, slopes[0], slopes - centre
        value = weight @ (np.logaddexp(0, odds) - came * odds) + away @ (precision * away) / 2
        value += PRIOR * (np.logaddexp(0, base) - usual * base)
        gradient = x.T @ (weight * (logistic(odds) - came)) + precision * away
        gradient[0] += PRIOR * (logistic(base) - usual)
        return float(value), gradient

    begin = centre.copy()
    begin[0] = logit(np.array(usual))
    return np.asarray(minimize(loss, begin, jac=True, method="L-BFGS-B").x)
