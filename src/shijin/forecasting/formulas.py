"""One-line formulas as members: serious peers, which rank spend as well as most models and are in every table.

A formula gives each customer a score in money and one in orders. Its distribution is learnt on closed windows, in the
same way for all formulas: activity by a logistic regression on ``log(1 + score)``, level by one factor, spread by the
ratios of outcome to forecast. A floor is added to every score; it does not change the ranking, and keeps these ratios
finite for scores near 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

from shijin.arrays import Floats, per_customer
from shijin.distribution import P_FLOOR, Distribution, Grid
from shijin.forecasting.member import Window
from shijin.forecasting.spread import UNTRAINED_WIDTH, Spread
from shijin.represent.cutoff import History
from shijin.represent.packed import Kind

Score = Callable[[History, int], tuple[Floats, Floats]]  # History, horizon -> money (shop currency), orders

DECAYED = "decayed spend H"
FLOORS = (0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8)  # in median orders, or orders


class Formula:
    """A member made of a formula.

    Parameters
    ----------
    name
        Its name in every table.
    score
        History and horizon in days -> (n,) money in shop currency and (n,) orders, both >= 0.
    """

    def __init__(self, name: str, score: Score) -> None:
        self.name = name
        self.score = score
        self.spread = Spread.untrained()
        self.width = UNTRAINED_WIDTH
        self.level, self.orders_level = 1.0, 1.0
        self.floor = FLOORS[0]
        self.activity: tuple[float, float] | None = None  # intercept, slope

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn activity, level and spread on closed windows; nothing if their data are too few."""
        del seed  # the fit is deterministic
        if not windows:
            return
        parts = [(*self._scores(history, outcomes.horizon_days), history, outcomes) for history, outcomes in windows]
        money = np.concatenate([part[0] for part in parts])
        orders = np.concatenate([part[1] for part in parts])
        spent = np.concatenate([outcomes.spend / history.scale for _, _, history, outcomes in parts])
        counts = np.concatenate([outcomes.orders for *_, outcomes in parts]).astype(float)
        active = counts > 0
        if not active.any() or active.all() or money.sum() <= 0:
            return
        logistic = LogisticRegression(C=1e6).fit(np.log1p(money)[:, None], active)
        self.activity = float(logistic.intercept_[0]), float(logistic.coef_[0, 0])
        p_active = self._p_active(money, orders)
        some = active & (spent > 0)
        log_spent = np.log(spent[some])
        if some.any():  # else every order was given away or returned
            # The floor under which log ratios of outcome to forecast vary least.
            scatter = [np.std(log_spent - np.log((money + floor) / p_active)[some]) for floor in FLOORS]
            self.floor = FLOORS[int(np.argmin(scatter))]
        self.level = float(spent.sum() / (money + self.floor).sum())
        self.orders_level = float(counts.sum() / (orders + self.floor).sum())
        self.width = 1.0
        self.spread = Spread.of(
            log_spent - np.log(self._given_active(money, self.level, p_active)[some]),
            counts[active],
            self._given_active(orders, self.orders_level, p_active)[active],
        )

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast every customer of a History."""
        money, orders = self._scores(history, horizon_days)
        p_active = self._p_active(money, orders)
        spend_mean = self._given_active(money, self.level, p_active) * history.scale
        orders_mean = self._given_active(orders, self.orders_level, p_active)
        width = np.full(len(history), self.width)
        return self.spread.distribution(p_active, spend_mean, orders_mean, width, Grid.of_scale(history.scale))

    def state(self) -> dict[str, Any]:
        """The fitted parameters as plain numbers."""
        return {
            "spread": self.spread.state(),
            "width": self.width,
            "floor": self.floor,
            "level": self.level,
            "orders_level": self.orders_level,
            "activity": self.activity,
        }

    def load(self, state: dict[str, Any]) -> Self:
        """Restore what `state` returned."""
        self.spread = Spread.from_state(state["spread"])
        self.width, self.floor = state["width"], state["floor"]
        self.level, self.orders_level = state["level"], state["orders_level"]
        self.activity = tuple(state["activity"]) if state["activity"] else None
        return self

    def _scores(self, history: History, horizon_days: int) -> tuple[Floats, Floats]:
        money, orders = self.score(history, horizon_days)
        return np.maximum(money, 0.0) / history.scale, np.maximum(orders, 0.0)

    def _p_active(self, money: Floats, orders: Floats) -> Floats:
        if self.activity is None:
            return np.clip(1 - np.exp(-orders), P_FLOOR, 1 - P_FLOOR)
        intercept, slope = self.activity
        return np.clip(1 / (1 + np.exp(-(intercept + slope * np.log1p(money)))), P_FLOOR, 1 - P_FLOOR)

    def _given_active(self, score: Floats, level: float, p_active: Floats) -> Floats:
        """(n,) expectation given at least one order; times p_active it is level * (score + floor)."""
        return level * (score + self.floor) / p_active


def zero(history: History, horizon_days: int) -> tuple[Floats, Floats]:
    """Nobody ever buys again."""
    del horizon_days
    return np.zeros(len(history)), np.zeros(len(history))


def last_window(history: History, horizon_days: int) -> tuple[Floats, Floats]:
    """The last horizon repeats itself."""
    return _weighted(history, (history.age_days <= horizon_days).astype(float))


def decayed(half_life_h: float) -> Score:
    """Spend, decayed by age and brought to the horizon: ``sum amount * 2^(-age / h) * ln 2 * H / h``.

    Parameters
    ----------
    half_life_h
        Half-life h in horizons.
    """

    def score(history: History, horizon_days: int) -> tuple[Floats, Floats]:
        decay = np.exp2(-history.age_days / (half_life_h * horizon_days))
        return _weighted(history, decay * np.log(2) / half_life_h)

    return score


def decayed_by_tenure(history: History, horizon_days: int) -> tuple[Floats, Floats]:
    """Decayed spend with half-life H, divided by the share of the decay's weight that lies within the tenure."""
    money, orders = decayed(1.0)(history, horizon_days)
    tenure = history.age_days[history.offsets[:-1]]
    filled = 1 - np.exp2(-np.maximum(tenure, 1.0) / horizon_days)
    return money / filled, orders / filled


def rfm(history: History, horizon_days: int) -> tuple[Floats, Floats]:
    """Sum of fifths by recency, frequency and money, 3 .. 15, as median orders: the usual RFM score."""
    del horizon_days
    is_order = history.moments.kind == Kind.ORDER
    age = np.where(is_order, history.age_days, np.inf)
    recency = np.minimum.reduceat(age, history.offsets[:-1])  # each customer's moments are one stretch of the array
    fifths = sum(
        np.ceil(5 * rankdata(values) / len(history))
        for values in (-recency, history.n_orders(), history.historic_spend())
    )
    return fifths * history.scale, np.asarray(fifths, dtype=float)


def all_formulas() -> list[Formula]:
    """Every formula of the tables."""
    return [
        Formula("all zero", zero),
        Formula("last window", last_window),
        Formula("RFM score", rfm),
        Formula("decayed spend H/2", decayed(0.5)),
        Formula(DECAYED, decayed(1.0)),
        Formula("decayed spend 2H", decayed(2.0)),
        Formula("decayed spend H, by tenure", decayed_by_tenure),
    ]


def _weighted(history: History, weight: Floats) -> tuple[Floats, Floats]:
    """Weighted sums of each customer's spend and orders."""
    moments = history.moments
    money = per_customer(moments.amount * weight * (moments.kind <= Kind.CHARGE), history.offsets)
    return money, per_customer(weight * (moments.kind == Kind.ORDER), history.offsets)
