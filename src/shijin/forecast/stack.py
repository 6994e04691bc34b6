"""The stack: members combined by non-negative weights, learnt on forecasts of customers and a window they had not seen.

Activity is pooled on the log odds, spend and orders given activity by mixing distributions; each has weights of its
own. Weights are shrunk towards equal ones, the more so the fewer customers there are to learn from. Where the shop's
history allows, they are learnt on the newest closed window with members fitted on older windows and other customers;
in a younger shop on customer folds of one window, and then nothing about the level is taken from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from shijin.distribution import P_FLOOR, Distribution
from shijin.errors import EmptyHistoryError, ModelError
from shijin.forecast.member import Forecaster, Window
from shijin.metrics.value import log_scores, normalised_gini
from shijin.represent.cutoff import History, Outcomes
from shijin.represent.packed import DAY_US

Floats = NDArray[np.float64]
Case = Literal["later window", "customer folds"]
Tell = Callable[[str, int, int], None]
Note = dict[str, Any]  # {"code": "forecast.<name>", ...}: a sentence of the words room and what fills it

NAME = "stack"
FOLDS = 4
EQUAL_CUSTOMERS = 100.0  # equal weights count as much as so many customers
EM_STEPS = 200


@dataclass(frozen=True)
class Weights:
    """How members are combined.

    activity : (M,) exponents of the odds, >= 0
    intercept : shift of the log odds
    spend : (M,) shares of the mixture of spend given activity, sum 1
    orders : (M,) the same for order counts
    """

    activity: Floats
    intercept: float
    spend: Floats
    orders: Floats

    @classmethod
    def equal(cls, members: int) -> Self:
        """Give everyone the same: what is used where nothing could be learnt."""
        same = np.full(members, 1 / members)
        return cls(same, 0.0, same, same)

    @classmethod
    def only(cls, place: int, members: int) -> Self:
        """Give one member everything."""
        one = np.eye(members)[place]
        return cls(one, 0.0, one, one)

    def combine(self, forecasts: Sequence[Distribution]) -> Distribution:
        """Pool the members' forecasts of the same customers."""
        odds = np.stack([_logit(forecast.p_active) for forecast in forecasts], axis=1)
        p_active = np.clip(_logistic(odds @ self.activity + self.intercept), P_FLOOR, 1 - P_FLOOR)
        spend = sum(share * forecast.spend for share, forecast in zip(self.spend, forecasts, strict=True))
        orders = sum(share * forecast.orders for share, forecast in zip(self.orders, forecasts, strict=True))
        return Distribution(p_active, np.asarray(spend), np.asarray(orders), forecasts[0].grid)


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
    tell: Tell | None = None  # called with (what, done, of how many) while fitting

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn the weights on the newest window, then refit every member on all windows.

        Raises
        ------
        EmptyHistoryError
            When there is no closed window.
        """
        if not windows:
            raise EmptyHistoryError("no closed window to learn from", NAME, "use the untrained forecast")
        outcomes = windows[0][1]
        forecasts = self._unseen(windows, seed)
        self.weights = learn_weights(forecasts, outcomes.spend, outcomes.orders)
        together = self.weights.combine(forecasts)
        self.served = NAME if beats(together, forecasts[0], outcomes) else self.members[0].name
        if self.served != NAME:
            self.weights = Weights.only(0, len(forecasts))
            self.notes.append({"code": "forecast.formula_served", "member": self.served})
        for place, member in enumerate(self.members):
            self._say(f"fitting {member.name}", place, len(self.members))
            member.fit(windows, seed)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast every customer of a History."""
        return self.combine([member.forecast(history, horizon_days) for member in self.members])

    def combine(self, forecasts: Sequence[Distribution]) -> Distribution:
        """Pool forecasts of the members, in their order."""
        if self.weights is None:
            raise ModelError("not fitted", NAME, "fit it on closed windows first")
        return self.weights.combine(forecasts)

    def shares(self) -> dict[str, dict[str, float]]:
        """Give the weights by part and member, for people and for the card."""
        if self.weights is None:
            return {}
        names = [member.name for member in self.members]
        parts = {"activity": self.weights.activity, "spend": self.weights.spend, "orders": self.weights.orders}
        return {part: dict(zip(names, map(float, row), strict=True)) for part, row in parts.items()}

    def _unseen(self, windows: Sequence[Window], seed: int) -> list[Distribution]:
        """Every member's forecast of the newest window for customers that it was not fitted on."""
        history, outcomes = windows[0]
        opened = history.cutoff - outcomes.horizon_days * DAY_US
        older = [window for window in windows if window[0].cutoff <= opened]
        self.case = "later window" if older else "customer folds"
        fold_of = np.arange(len(history)) % FOLDS
        places = np.argsort(np.concatenate([np.flatnonzero(fold_of == fold) for fold in range(FOLDS)]))
        kept, forecasts = [], []
        for place, member in enumerate(self.members):
            self._say(f"trying {member.name} on unseen customers", place, len(self.members))
            try:
                parts = [_fold_forecast(member, older or windows, windows[0], fold, seed) for fold in range(FOLDS)]
            except ModelError as error:
                self.notes.append({"code": "forecast.member_left_out", "member": member.name, "why": error.problem})
                continue
            kept.append(member)
            forecasts.append(_joined(parts, places))
        self.members = kept
        return forecasts

    def _say(self, what: str, done: int, of: int) -> None:
        if self.tell is not None:
            self.tell(what, done, of)


def beats(challenger: Distribution, formula: Distribution, outcomes: Outcomes) -> bool:
    """Whether a forecast of unseen customers is better than the formula's in any of what a shop asks of it."""
    active = outcomes.orders > 0
    own, its = challenger.mean(), formula.mean()
    return bool(
        log_scores(active, challenger.p_active).mean() > log_scores(active, formula.p_active).mean()
        or challenger.crps(outcomes.spend).mean() < formula.crps(outcomes.spend).mean()
        or normalised_gini(outcomes.spend, own) > normalised_gini(outcomes.spend, its)
    )


def learn_weights(forecasts: Sequence[Distribution], spend: Floats, orders: NDArray[np.int64]) -> Weights:
    """Learn weights from forecasts of unseen customers and what they did.

    Parameters
    ----------
    forecasts
        One a member, all of the same n customers.
    spend, orders : (n,)
        Outcomes.
    """
    active = orders > 0
    activity, intercept = _activity_weights(np.stack([_logit(one.p_active) for one in forecasts], axis=1), active)
    bought = np.flatnonzero(active & (spend > 0))
    grid = forecasts[0].grid
    spend_bin, order_bin = grid.spend_bin(spend[bought]), grid.order_bin(orders[active])
    given_spend = np.stack([one.spend[bought, spend_bin] for one in forecasts], axis=1)
    given_orders = np.stack([one.orders[active, order_bin] for one in forecasts], axis=1)
    return Weights(activity, intercept, _mixture_weights(given_spend), _mixture_weights(given_orders))


def _activity_weights(log_odds: Floats, active: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Non-negative exponents by penalised likelihood, drawn towards the plain average."""
    n, members = log_odds.shape
    equal = np.full(members, 1 / members)
    pull = EQUAL_CUSTOMERS / 10

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, intercept = parameters[:-1], parameters[-1]
        p = np.clip(_logistic(log_odds @ weights + intercept), 1e-9, 1 - 1e-9)
        value = -np.log(np.where(active, p, 1 - p)).sum()
        slope = np.append(log_odds.T @ (p - active), (p - active).sum())
        away = np.append(weights - equal, intercept)
        return (value + pull * away @ away) / n, (slope + 2 * pull * away) / n

    start = np.append(equal, 0.0)
    bounds = [(0.0, None)] * members + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return found.x[:-1], float(found.x[-1])


def _mixture_weights(likelihoods: Floats) -> Floats:
    """Shares of a mixture by expectation-maximisation with a Dirichlet prior at equal shares."""
    rows, members = likelihoods.shape
    shares = np.full(members, 1 / members)
    if not rows:
        return shares
    floored = np.maximum(likelihoods, 1e-9)
    prior = EQUAL_CUSTOMERS / members
    for _ in range(EM_STEPS):
        responsible = floored * shares
        responsible /= responsible.sum(axis=1, keepdims=True)
        shares = (responsible.sum(axis=0) + prior) / (rows + EQUAL_CUSTOMERS)
    return shares


def _fold_forecast(member: Forecaster, windows: Sequence[Window], newest: Window, fold: int, seed: int) -> Distribution:
    """Fit a member on the customers outside a fold, and ask it for those inside, at the newest window."""
    known = []
    for history, outcomes in windows:
        others = np.arange(len(history)) % FOLDS != fold
        known.append((history.take(others), outcomes.take(others)))
    member.fit(known, seed)
    history, outcomes = newest
    return member.forecast(history.take(np.arange(len(history)) % FOLDS == fold), outcomes.horizon_days)


def _joined(parts: Sequence[Distribution], places: NDArray[np.int64]) -> Distribution:
    return Distribution(
        np.concatenate([part.p_active for part in parts])[places],
        np.concatenate([part.spend for part in parts])[places],
        np.concatenate([part.orders for part in parts])[places],
        parts[0].grid,
    )


def _logit(p: Floats) -> Floats:
    return np.log(p / (1 - p))


def _logistic(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))
