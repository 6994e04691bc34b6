"""The stack: members combined by non-negative weights, learnt on customers and a window they had not seen.

Activity is pooled on the log odds, spend given activity on the log, order counts by mixing; each has its own weights.
Weights are shrunk towards equal ones, the more so the fewer customers there are to learn from. Where the shop's history
allows, they are learnt on the newest closed window with members fitted on older windows and other customers; in a
younger shop on customer folds of one window.

The level, how much the whole shop will buy, is not learnt from one window but averaged over two members that see it
differently: BTYD, which follows customers' leaving through time, and boosting, which has learnt from many windows at
once. In a shop judged on folds boosting has seen too little for that: there the level is BTYD's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats
from shijin.distribution import ORDER_STARTS, P_FLOOR, SPEND_BINS, Distribution, joined
from shijin.errors import EmptyHistoryError, ModelError
from shijin.forecasting.boosting import NAME as BOOSTING
from shijin.forecasting.btyd.member import NAME as BTYD
from shijin.forecasting.member import Forecaster, Window
from shijin.forecasting.spread import Spread
from shijin.forecasting.windows import numbered
from shijin.metrics.value import log_scores
from shijin.notes import Note, Progress
from shijin.pooling import LEAST_WIDTH, log_normal_weights, log_odds_weights, logistic, logit, mixture_shares, shift_to
from shijin.represent.cutoff import History, Outcomes, only
from shijin.represent.packed import DAY_US

Case = Literal["later window", "customer folds"]
Unseen = Callable[[Distribution], None]

NAME = "stack"
FOLDS = 4
LATER_WINDOW_HORIZONS = 3.0  # of history before the forecast's cutoff, for weights to be learnt on a later window
USUAL_SHARE = 0.98  # of customers, the smallest: theirs is the level that members are compared on
ARRAYS = ("activity", "location", "width", "orders")
LEVEL_OF: dict[Case, tuple[str, ...]] = {"later window": (BTYD, BOOSTING), "customer folds": (BTYD,)}


@dataclass(frozen=True)
class Weights:
    """How M members are combined.

    activity : (M,) exponents of the odds, >= 0
    location : (M,) shares of log mean spend given activity, >= 0, sum 1
    width : (M,) weights of its standard deviation on the log, >= 0
    orders : (M,) shares of the mixture of order counts given activity, sum 1
    spread : what shape log spend has around location and width
    level_of : the members whose level, averaged on the log, is the stack's
    alone : the one member whose forecast is taken as it is, or None
    """

    activity: Floats
    location: Floats
    width: Floats
    orders: Floats
    spread: Spread
    level_of: tuple[int, ...]
    alone: int | None = None

    @classmethod
    def only(cls, place: int, members: int) -> Self:
        """Give one member everything."""
        one = np.eye(members)[place]
        return cls(one, one, one, one, Spread.untrained(), (place,), place)

    def state(self) -> dict[str, Any]:
        """Give everything as plain numbers."""
        arrays = {name: getattr(self, name).tolist() for name in ARRAYS}
        return arrays | {"spread": self.spread.state(), "level_of": list(self.level_of), "alone": self.alone}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from `state`."""
        activity, location, width, orders = (np.asarray(state[name], dtype=float) for name in ARRAYS)
        spread, level_of = Spread.from_state(state["spread"]), tuple(state["level_of"])
        return cls(activity, location, width, orders, spread, level_of, state["alone"])

    def combine(self, forecasts: Sequence[Distribution]) -> Distribution:
        """Pool the members' forecasts of the same customers.

        The level of spend is that of totals without the largest customers: one customer with most of the money, whom
        members judge very differently, must not scale everybody else's forecast.
        """
        level_scale = next((one.level_scale for one in forecasts if one.level_scale is not None), None)
        if self.alone is not None:
            one = forecasts[self.alone]
            return one if one.level_scale == level_scale else replace(one, level_scale=level_scale)
        odds = np.stack([logit(one.p_active) for one in forecasts], axis=1) @ self.activity
        share = _geometric_mean([forecasts[place].p_active.mean() for place in self.level_of])
        p_active = np.clip(logistic(odds + shift_to(odds, share)), P_FLOOR, 1 - P_FLOOR)
        log_mean, log_width = _log_moments(forecasts)
        spend = np.exp(log_mean @ self.location)
        usual = p_active * spend <= np.quantile(p_active * spend, USUAL_SHARE)
        totals = [forecasts[place].mean()[usual].sum() for place in self.level_of]
        spend *= _geometric_mean(totals) / (p_active @ (spend * usual))
        orders = sum(share * one.orders for share, one in zip(self.orders, forecasts, strict=True))
        shaped = self.spread.distribution(
            p_active, spend, np.ones(len(spend)), np.maximum(log_width @ self.width, LEAST_WIDTH), forecasts[0].grid
        )
        return replace(shaped, orders=np.asarray(orders), level_scale=level_scale)


@dataclass
class Stack:
    """Members and their weights, itself a member.

    Parameters
    ----------
    members
        The first is the formula that is served if nothing beats it. A member that finds too little to learn from
        leaves, and `notes` says so.
    """

    members: list[Forecaster]
    name: str = NAME
    weights: Weights | None = None
    case: Case | None = None
    served: str = NAME
    notes: list[Note] = field(default_factory=list)
    progress: Progress | None = None  # called with (what, done, of how many) while fitting
    unseen: Unseen | None = None  # called while fitting with the newest window's forecast of customers not seen before

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn the weights on the newest window, then refit every member on all windows.

        Raises
        ------
        EmptyHistoryError
            When there is no closed window.
        """
        if not windows:
            raise EmptyHistoryError("forecasting.no_closed_window", NAME)
        outcomes = windows[0][1]
        forecasts = self._unseen(windows, seed)
        self.weights = learn_weights(forecasts, outcomes.spend, outcomes.orders, self._level_of())
        # One window tells no level: on folds the formula has seen this one's, on a later window it may be far off, and
        # at a wrong level the sharper forecast pays most. So the stack may win at its own level or at the formula's.
        levels = (self.weights, replace(self.weights, level_of=(0,)))
        better = any(beats(weights.combine(forecasts), forecasts[0], outcomes) for weights in levels)
        self.served = NAME if better else self.members[0].name
        if self.served != NAME:
            self.weights = Weights.only(0, len(forecasts))
            self.notes.append({"code": "forecast.formula_served", "member": self.served})
        if self.unseen is not None:
            self.unseen(self.combine(forecasts))
        for place, member in enumerate(self.members):
            self._report(f"fitting {member.name}", place, len(self.members))
            member.fit(windows, seed)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast every customer of a History."""
        return self.combine(list(self.forecast_each(history, horizon_days).values()))

    def forecast_each(self, history: History, horizon_days: int) -> dict[str, Distribution]:
        """Every member's own forecast, in their order."""
        return {
            member.name: checked(member.forecast(history, horizon_days), len(history), member.name)
            for member in self.members
        }

    def combine(self, forecasts: Sequence[Distribution]) -> Distribution:
        """Pool forecasts of the members, in their order."""
        if self.weights is None:
            raise ModelError("forecasting.not_fitted", NAME)
        return self.weights.combine(forecasts)

    def shares(self) -> dict[str, dict[str, float]]:
        """Give the weights by part and member, for people and for the card."""
        if self.weights is None:
            return {}
        names = [member.name for member in self.members]
        level = np.isin(np.arange(len(names)), self.weights.level_of) / len(self.weights.level_of)
        parts = {
            "activity": self.weights.activity,
            "spend": self.weights.location,
            "spread": self.weights.width,
            "orders": self.weights.orders,
            "level": level,
        }
        return {part: dict(zip(names, map(float, row), strict=True)) for part, row in parts.items()}

    def _level_of(self) -> tuple[int, ...]:
        names = LEVEL_OF[self.case or "later window"]
        places = tuple(place for place, member in enumerate(self.members) if member.name in names)
        return places or tuple(range(len(self.members)))

    def _unseen(self, windows: Sequence[Window], seed: int) -> list[Distribution]:
        """Every member's forecast of the newest window for customers that it was not fitted on."""
        history, outcomes = windows[0]
        opened = history.cutoff - outcomes.horizon_days * DAY_US
        enough = history.span_days >= (LATER_WINDOW_HORIZONS - 1) * outcomes.horizon_days
        older = [window for window in windows if enough and window[0].cutoff <= opened]
        self.case = "later window" if older else "customer folds"
        members, forecasts = [], []
        for place, member in enumerate(self.members):
            self._report(f"trying {member.name} on unseen customers", place, len(self.members))
            try:
                forecasts.append(_unseen_forecast(member, older or windows, windows[0], seed))
            except ModelError as error:
                self.notes.append({"code": "forecast.member_left_out", "member": member.name, "why": error.problem})
                continue
            members.append(member)
        if not members:
            raise ModelError("forecasting.no_member_left", NAME)
        self.members = members
        return forecasts

    def _report(self, what: str, done: int, of: int) -> None:
        if self.progress is not None:
            self.progress(what, done, of)


def beats(challenger: Distribution, formula: Distribution, outcomes: Outcomes) -> bool:
    """Whether a forecast of unseen customers earns its place beside the formula.

    It must be better by more than a standard error, customers paired, on the log score or on CRPS, and not worse by as
    much on the other. (The weights have seen these customers: a few numbers against hundreds of customers.)
    """
    active = outcomes.orders > 0
    gains = (
        log_scores(active, challenger.p_active) - log_scores(active, formula.p_active),
        formula.crps(outcomes.spend) - challenger.crps(outcomes.spend),
    )
    in_errors = [gain.mean() / max(gain.std() / np.sqrt(len(gain)), 1e-12) for gain in gains]
    return bool(max(in_errors) > 1 and min(in_errors) > -1)


def checked(forecast: Distribution, customers: int, name: str) -> Distribution:
    """Refuse a member's forecast that cannot be pooled, such as a user's own with a grid of its own.

    Raises
    ------
    ModelError
        When it is not of these customers, holds what is no probability, or has other bins than `Grid.of_scale` makes.
    """
    shapes = (forecast.p_active.shape, forecast.spend.shape, forecast.orders.shape)
    needed = ((customers,), (customers, SPEND_BINS), (customers, len(ORDER_STARTS)))
    if shapes != needed:
        raise ModelError("forecasting.wrong_shapes", name, shapes=shapes, needed=needed)
    parts = (forecast.p_active[:, None], forecast.spend, forecast.orders)
    if not all(np.isfinite(part).all() and (part >= -1e-9).all() for part in parts) or (forecast.p_active > 1).any():
        raise ModelError("forecasting.not_probabilities", name)
    return replace(forecast, p_active=np.clip(forecast.p_active, P_FLOOR, 1 - P_FLOOR))


def learn_weights(
    forecasts: Sequence[Distribution], spend: Floats, orders: NDArray[np.int64], level_of: tuple[int, ...]
) -> Weights:
    """Learn weights from forecasts of unseen customers and what they did; nothing about the level is learnt.

    One window tells who buys more than whom, but hardly how much a whole shop buys: that hangs on its season, which the
    next window does not share. So each member's level error on this window is taken out before weights are learnt.

    Parameters
    ----------
    forecasts
        One a member, all of the same n customers.
    spend, orders : (n,)
        Outcomes.
    level_of
        Which members the level is to come from.
    """
    active = orders > 0
    activity = log_odds_weights(np.stack([logit(one.p_active) for one in forecasts], axis=1), active)
    bought = active & (spend > 0)
    log_mean, log_width = _log_moments([one.take(bought) for one in forecasts])
    log_spend = np.log(spend[bought])
    location, width = log_normal_weights(log_mean, log_width, log_spend)
    error = log_spend - log_mean @ location
    level = error.mean() if len(error) else 0.0
    spread = Spread.of((error - level) / np.maximum(log_width @ width, LEAST_WIDTH), np.ones(1), np.ones(1))
    order_bin = forecasts[0].grid.order_bin(orders[active])
    given_orders = np.stack([one.orders[active, order_bin] for one in forecasts], axis=1)
    return Weights(activity, location, width, mixture_shares(given_orders), spread, level_of)


def _log_moments(forecasts: Sequence[Distribution]) -> tuple[Floats, Floats]:
    """(n, M) log of mean spend given activity, and the standard deviation of log spend, of each member."""
    logs = np.log(forecasts[0].grid.spend_means)
    mean = np.stack([np.log(one.spend @ one.grid.spend_means) for one in forecasts], axis=1)
    variance = np.stack([one.spend @ logs**2 - (one.spend @ logs) ** 2 for one in forecasts], axis=1)
    return mean, np.sqrt(np.maximum(variance, LEAST_WIDTH**2))


def _geometric_mean(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(values))))


def _unseen_forecast(member: Forecaster, windows: Sequence[Window], newest: Window, seed: int) -> Distribution:
    """A member's forecast of the newest window, by folds of customers it was not fitted on.

    A member that learns from no window needs no folds: it has nothing but the History.
    """
    history, outcomes = newest
    if not getattr(member, "learns", True):
        return checked(member.forecast(history, outcomes.horizon_days), len(history), member.name)
    folds = [number % FOLDS for number in numbered([newest, *windows])]
    parts = [_fold_forecast(member, windows, newest, [of == fold for of in folds], seed) for fold in range(FOLDS)]
    return joined(parts, [np.flatnonzero(folds[0] == fold) for fold in range(FOLDS)])


def _fold_forecast(
    member: Forecaster, windows: Sequence[Window], newest: Window, inside: Sequence[NDArray[np.bool_]], seed: int
) -> Distribution:
    """Fit a member on the customers outside a fold, and ask it for those inside, at the newest window.

    Parameters
    ----------
    inside
        Who is in the fold, of the newest window and then of each other.
    """
    member.fit([only(*window, ~some) for window, some in zip(windows, inside[1:], strict=True)], seed)
    history, outcomes = newest
    inside_fold = history.take(inside[0])
    return checked(member.forecast(inside_fold, outcomes.horizon_days), len(inside_fold), member.name)
