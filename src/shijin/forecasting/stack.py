"""The stack: members combined by non-negative weights, learnt on out-of-sample forecasts.

Activity is pooled on the log odds, spend given activity on the log, order counts by mixing; each has its own weights
(`pooling`), shrunk towards equal ones, the more so the fewer customers there are. If the shop's history is long enough,
weights are learnt on the newest closed window with members fitted on older windows and other customers ("later
window"); in a younger shop on customer folds of the newest window ("customer folds").

The level, how much the whole shop will buy, is not learnt from one window. It is the geometric mean of two members'
levels: BTYD, which models customers' leaving over time, and boosting, which is fitted on many windows at once. With
customer folds boosting has too few windows for that: there the level is BTYD's.
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
LATER_WINDOW_HORIZONS = 3.0  # of history before the forecast's cutoff, to learn weights on a later window
USUAL_SHARE = 0.98  # of customers: the level is that of all but the largest 2 %
ARRAYS = ("activity", "location", "width", "orders")
LEVEL_OF: dict[Case, tuple[str, ...]] = {"later window": (BTYD, BOOSTING), "customer folds": (BTYD,)}


@dataclass(frozen=True)
class StackWeights:
    """How M members are combined.

    activity : (M,) exponents of the odds, >= 0
    location : (M,) shares of log mean spend given activity, >= 0, sum 1
    width : (M,) weights of the standard deviation of log spend, >= 0
    orders : (M,) shares of the mixture of order counts given activity, sum 1
    spread : the shape of log spend around its location
    level_of : members whose geometric mean level is the stack's
    alone : index of the one member whose forecast is used unchanged, or None
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
        """All weight on one member, whose forecast is used unchanged."""
        one = np.eye(members)[place]
        return cls(one, one, one, one, Spread.untrained(), (place,), place)

    def state(self) -> dict[str, Any]:
        """All weights as plain numbers."""
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

        The largest customers are left out of the totals that set the level of spend: members may disagree widely on one
        customer with most of the money, and that must not scale everybody else's forecast.
        """
        level_scale = next((one.level_scale for one in forecasts if one.level_scale is not None), None)
        if self.alone is not None:
            one = forecasts[self.alone]
            return one if one.level_scale == level_scale else replace(one, level_scale=level_scale)
        log_odds = np.stack([logit(one.p_active) for one in forecasts], axis=1) @ self.activity
        share = _geometric_mean([forecasts[place].p_active.mean() for place in self.level_of])
        p_active = np.clip(logistic(log_odds + shift_to(log_odds, share)), P_FLOOR, 1 - P_FLOOR)
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
        The first is the formula that is served if the stack is not better. A member with too little data to learn
        from is left out, with a note.
    """

    members: list[Forecaster]
    name: str = NAME
    weights: StackWeights | None = None
    case: Case | None = None
    served: str = NAME
    notes: list[Note] = field(default_factory=list)
    progress: Progress | None = None  # of fitting, member by member
    unseen: Unseen | None = None  # called while fitting with the out-of-sample forecast of the newest window

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
        # One window is too little to judge the level: with folds the formula was fitted on this window's level, on a
        # later window the level may be far off, and then the sharper forecast loses most. So the stack may win at its
        # own level or at the formula's.
        levels = (self.weights, replace(self.weights, level_of=(0,)))
        better = any(beats(weights.combine(forecasts), forecasts[0], outcomes) for weights in levels)
        self.served = NAME if better else self.members[0].name
        if self.served != NAME:
            self.weights = StackWeights.only(0, len(forecasts))
            self.notes.append({"code": "forecast.formula_served", "member": self.served})
        if self.unseen is not None:
            self.unseen(self.combine(forecasts))
        for place, member in enumerate(self.members):
            self._report("fitting", member, place)
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
        """Pool forecasts of the members, given in their order."""
        if self.weights is None:
            raise ModelError("forecasting.not_fitted", NAME)
        return self.weights.combine(forecasts)

    def shares(self) -> dict[str, dict[str, float]]:
        """The weights by part and member, for people and for the card."""
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
        """Every member's out-of-sample forecast of the newest window; members with too little data are left out."""
        history, outcomes = windows[0]
        opened = history.cutoff - outcomes.horizon_days * DAY_US
        enough = history.span_days >= (LATER_WINDOW_HORIZONS - 1) * outcomes.horizon_days
        older = [window for window in windows if enough and window[0].cutoff <= opened]
        self.case = "later window" if older else "customer folds"
        members, forecasts = [], []
        for place, member in enumerate(self.members):
            self._report("trying", member, place)
            try:
                forecasts.append(_unseen_forecast(member, older or windows, windows[0], seed))
            except ModelError as error:
                left_out = {"code": "forecast.member_left_out", "member": member.name, "why": error.as_note()}
                self.notes.append(left_out)
                continue
            members.append(member)
        if not members:
            raise ModelError("forecasting.no_member_left", NAME)
        self.members = members
        return forecasts

    def _report(self, task: str, member: Forecaster, done: int) -> None:
        if self.progress is not None:
            self.progress({"code": f"console.{task}", "member": member.name}, done, len(self.members))


def beats(challenger: Distribution, formula: Distribution, outcomes: Outcomes) -> bool:
    """Whether an out-of-sample forecast is better than the formula's.

    It must gain more than one standard error, customers paired, on the log score or on CRPS, and not lose as much on
    the other. (The weights were learnt on the same customers: a few numbers against hundreds of customers.)
    """
    active = outcomes.orders > 0
    gains = (
        log_scores(active, challenger.p_active) - log_scores(active, formula.p_active),
        formula.crps(outcomes.spend) - challenger.crps(outcomes.spend),
    )
    in_errors = [gain.mean() / max(gain.std() / np.sqrt(len(gain)), 1e-12) for gain in gains]
    return bool(max(in_errors) > 1 and min(in_errors) > -1)


def checked(forecast: Distribution, customers: int, name: str) -> Distribution:
    """Check that a member's forecast can be pooled; a user's own member may use another grid.

    Raises
    ------
    ModelError
        When it has another number of customers or other bins than `Grid.of_scale`, or holds numbers that are not
        probabilities.
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
) -> StackWeights:
    """Learn weights from out-of-sample forecasts and outcomes; the level is not learnt.

    One window shows which customers buy more than others, but hardly how much the whole shop buys: that depends on the
    season, which differs in the next window. So each member's level error on this window is removed first.

    Parameters
    ----------
    forecasts
        One per member, all of the same n customers.
    spend, orders : (n,)
        Outcomes.
    level_of
        Indices of the members that set the level.
    """
    active = orders > 0
    activity = log_odds_weights(np.stack([logit(one.p_active) for one in forecasts], axis=1), active)
    bought = active & (spend > 0)  # an order may have no spend: given away, or returned in the window
    log_mean, log_width = _log_moments([one.take(bought) for one in forecasts])
    log_spend = np.log(spend[bought])
    location, width = log_normal_weights(log_mean, log_width, log_spend)
    error = log_spend - log_mean @ location
    level = error.mean() if len(error) else 0.0
    spread = Spread.of((error - level) / np.maximum(log_width @ width, LEAST_WIDTH), np.ones(1), np.ones(1))
    order_bin = forecasts[0].grid.order_bin(orders[active])
    likelihoods = np.stack([one.orders[active, order_bin] for one in forecasts], axis=1)
    return StackWeights(activity, location, width, mixture_shares(likelihoods), spread, level_of)


def _log_moments(forecasts: Sequence[Distribution]) -> tuple[Floats, Floats]:
    """(n, M) log of mean spend given activity, and the standard deviation of log spend, of each member."""
    logs = np.log(forecasts[0].grid.spend_means)
    mean = np.stack([np.log(one.spend @ one.grid.spend_means) for one in forecasts], axis=1)
    variance = np.stack([one.spend @ logs**2 - (one.spend @ logs) ** 2 for one in forecasts], axis=1)
    return mean, np.sqrt(np.maximum(variance, LEAST_WIDTH**2))


def _geometric_mean(values: Sequence[float]) -> float:
    return float(np.exp(np.mean(np.log(values))))


def _unseen_forecast(member: Forecaster, windows: Sequence[Window], newest: Window, seed: int) -> Distribution:
    """A member's forecast of the newest window, by folds of customers that it was not fitted on.

    A member that does not learn from windows needs no folds: it reads only the History.
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
    """Fit a member on the customers outside a fold and forecast those inside, at the newest window.

    Parameters
    ----------
    inside
        Whether each customer is in the fold: first of `newest`, then of each of `windows`.
    """
    member.fit([only(*window, ~some) for window, some in zip(windows, inside[1:], strict=True)], seed)
    history, outcomes = newest
    held_out = history.take(inside[0])
    return checked(member.forecast(held_out, outcomes.horizon_days), len(held_out), member.name)
