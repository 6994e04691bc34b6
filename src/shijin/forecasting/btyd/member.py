"""Buy till you die as a member: which customers are still active, how often they order, and how much.

Order days follow BG/NBD or a relative of it (`bgnbd`), the money of an order day Gamma-Gamma (`gamma_gamma`). Both are
fitted by maximum likelihood on the history that is forecast, so no closed window is needed. From closed windows it
learns the scatter of spend around its mean, and the parameters where every later fit starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from shijin.arrays import Floats, row_sums
from shijin.distribution import P_FLOOR, Distribution, Grid
from shijin.forecasting.btyd.bgnbd import PRIOR_SD, OrderModel, fit_orders, plain_model
from shijin.forecasting.btyd.gamma_gamma import BasketModel, fit_baskets, plain_baskets
from shijin.forecasting.btyd.order_days import OrderDays, order_days, rehearsal
from shijin.forecasting.member import Window
from shijin.forecasting.spread import Spread
from shijin.represent.cutoff import History
from shijin.sampling import stride

NAME = "BTYD"
MOST_FITTED = 200_000  # customers; more are thinned out evenly by position
MOST_COMPARED = 20_000  # customers, the same when models are compared
MOST_REGULAR = 4
TRAINED_SD = 0.5  # of the prior around trained parameters, in logs
SCATTER_WINDOWS = 2
LEAST_SCATTER = 200  # customers who ordered; with fewer, scatter is that of the fitted models
LEAST_WIDTH, MOST_WIDTH = 0.15, 2.5
CHUNK = 50_000
_RANGES = (slice(0, 1), slice(1, 2), slice(2, 4), slice(4, None))  # order bins that share a lognormal

OrdersAndBaskets = tuple[OrderModel, BasketModel]


class Btyd:
    """BG/NBD or a relative of it with Gamma-Gamma, fitted on the history that is forecast.

    Attributes
    ----------
    notes
        Problems of the last fit or forecast: "orders_not_fitted" and "baskets_not_fitted", where the shop's means are
        used in place of fitted parameters, and "no_repeat_orders", where the rate of return is that of the prior.
    """

    name = NAME
    most_sampled = MOST_FITTED

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.trained: OrdersAndBaskets | None = None
        self.spread: Spread | None = None

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn the starting parameters and the scatter of spend; nothing without windows."""
        del seed  # the fit is deterministic
        self.notes, self.trained, self.spread = [], None, None
        residuals, days, means = [], [], []
        for history, outcomes in windows[:SCATTER_WINDOWS]:
            seen, horizon_days = order_days(history), outcomes.horizon_days
            models = self._models(history, seen, horizon_days)
            self.trained = self.trained or models
            expected, chances = _expected_days(models[0], seen, horizon_days, Grid.of_scale(history.scale))
            spend = expected * models[1].mean(seen.days, seen.money) * history.scale
            spenders = (outcomes.orders > 0) & (outcomes.spend > 0)
            width = _width(models[1], seen, expected, chances)
            residuals.append((np.log(outcomes.spend[spenders]) - np.log(spend[spenders])) / width[spenders])
            days.append(outcomes.orders[spenders].astype(float))
            means.append(expected[spenders])
        if sum(map(len, residuals)) >= LEAST_SCATTER:
            self.spread = Spread.of(np.concatenate(residuals), np.concatenate(days), np.concatenate(means))

    def read(self, sample: History, horizon_days: int) -> ShopBtyd:
        """Fit on the customers of a shop."""
        self.notes = []
        seen = order_days(sample)
        models = self._models(sample, seen, horizon_days)
        per_day = max(float(sample.n_orders().sum() / max(seen.days.sum(), 1.0)), 1.0)
        return ShopBtyd(*models, per_day, self.spread)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Fit on the History and forecast its customers."""
        return self.read(history, horizon_days).forecast(history, horizon_days)

    def state(self) -> dict[str, Any]:
        """The fitted parameters as plain numbers."""
        return {
            "orders": None if self.trained is None else list(astuple(self.trained[0])),
            "baskets": None if self.trained is None else list(astuple(self.trained[1])),
            "spread": None if self.spread is None else self.spread.state(),
        }

    def load(self, state: dict[str, Any]) -> Self:
        """Restore what `state` returned."""
        self.trained = None
        if state["orders"] is not None:
            self.trained = OrderModel(*state["orders"]), BasketModel(*state["baskets"])
        self.spread = None if state["spread"] is None else Spread.from_state(state["spread"])
        return self

    def _models(self, history: History, seen: OrderDays, horizon_days: int) -> OrdersAndBaskets:
        fitted = _thinned(seen, MOST_FITTED)
        if self.trained is None:
            start, baskets_start, sd = (
                _choose(history, seen, horizon_days),
                plain_baskets(seen.days, seen.money),
                PRIOR_SD,
            )
        else:
            (start, baskets_start), sd = self.trained, TRAINED_SD
        orders, orders_good = fit_orders(fitted, start, sd)
        baskets, baskets_good = fit_baskets(fitted.days, fitted.money, baskets_start, sd)
        if not orders_good:
            self.notes.append("orders_not_fitted")
        if not baskets_good:
            self.notes.append("baskets_not_fitted")
        if not seen.repeats.any():
            self.notes.append("no_repeat_orders")
        return orders, baskets


@dataclass(frozen=True)
class ShopBtyd:
    """The models after a fit on one shop: they forecast any of the shop's customers.

    order_model, baskets : fitted
    per_day : mean number of orders on an order day, >= 1
    spread : scatter of spend around its mean; None for that of the models
    """

    order_model: OrderModel
    baskets: BasketModel
    per_day: float
    spread: Spread | None
    name: str = NAME

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Do nothing: the models are fitted on the shop."""
        del windows, seed

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast customers of the shop."""
        seen, grid = order_days(history), Grid.of_scale(history.scale)
        n = len(seen)
        spend, orders = np.empty((n, len(grid.spend_means))), np.empty((n, len(grid.order_starts)))
        p_active = np.empty(n)
        for first in range(0, n, CHUNK):
            rows = slice(first, first + CHUNK)
            some = seen.take(rows)
            p_active[rows] = self.order_model.p_active(some, horizon_days)
            tails = self.order_model.order_tails(some, horizon_days, grid.order_starts.astype(float))
            # Differences of tails are the probabilities of the bins.
            spend[rows] = self._spend(some, -np.diff(tails, axis=1, append=0.0), grid, history.scale)
            orders[rows] = -np.diff(_stretched(tails, self.per_day, grid), axis=1, append=0.0)
        return Distribution(np.clip(p_active, P_FLOOR, 1 - P_FLOOR), spend, orders, grid)

    def _spend(self, seen: OrderDays, chances: Floats, grid: Grid, scale: float) -> Floats:
        """(n, K) spend bins given at least one order day."""
        basket = self.baskets.mean(seen.days, seen.money) * scale
        if self.spread is None:
            return _mixture(self.baskets, seen, chances, grid, basket)
        expected = row_sums(chances, grid.order_means)
        width = _width(self.baskets, seen, expected, chances)
        active = np.ones(len(seen))
        return self.spread.distribution(active, expected * basket, expected, width, grid).spend


def _choose(history: History, seen: OrderDays, horizon_days: int) -> OrderModel:
    """Choose the start of the fit with both switches: `early` by likelihood, `regularity` by a rehearsal.

    Likelihood would choose regular gaps wherever people shop weekly, although their absences are not regular. So a
    larger regularity must forecast the last horizon's orders better, by two standard errors of the mean log score.
    """
    some = _thinned(seen, MOST_COMPARED)
    starts = [replace(plain_model(some), early=early) for early in (0, 1)]
    start = max(starts, key=lambda model: fit_orders(some, model)[0].log_likelihood(some))
    rehearsed = rehearsal(history, horizon_days)
    if rehearsed is None:
        return start
    step = stride(len(rehearsed[0]), MOST_COMPARED)
    earlier, ordered = rehearsed[0].take(slice(None, None, step)), rehearsed[1][::step]
    if not len(earlier):
        return start
    best, best_scores = start, _log_scores(start, earlier, ordered, horizon_days)
    for regularity in range(2, MOST_REGULAR + 1):
        # An order takes `regularity` arrivals, so arrivals are as many times faster.
        model = replace(start, regularity=regularity, alpha=start.alpha / regularity)
        scores = _log_scores(model, earlier, ordered, horizon_days)
        gain = scores - best_scores
        if gain.mean() <= 2 * gain.std() / np.sqrt(len(gain)):
            break
        best, best_scores = model, scores
    return best


def _log_scores(model: OrderModel, earlier: OrderDays, ordered: NDArray[np.bool_], horizon_days: int) -> Floats:
    p_active = fit_orders(earlier, model)[0].p_active(earlier, horizon_days)
    return np.log(np.clip(np.where(ordered, p_active, 1 - p_active), P_FLOOR, 1.0))


def _thinned(seen: OrderDays, most: int) -> OrderDays:
    return seen.take(slice(None, None, stride(len(seen), most)))


def _expected_days(model: OrderModel, seen: OrderDays, horizon_days: int, grid: Grid) -> tuple[Floats, Floats]:
    """(n,) expected order days given at least one, and (n, J) the probabilities of their bins."""
    tails = model.order_tails(seen, horizon_days, grid.order_starts.astype(float))
    chances = -np.diff(tails, axis=1, append=0.0)
    return row_sums(chances, grid.order_means), chances


def _stretched(tails: Floats, per_day: float, grid: Grid) -> Floats:
    """Turn probabilities of at least j order days into those of at least j orders, at `per_day` orders a day."""
    # At least j orders means at least j / per_day order days: read the tails there, between two bins.
    starts = grid.order_starts.astype(float)
    target = np.maximum(starts / per_day, 1.0)
    high = np.clip(np.searchsorted(starts, target), 1, len(starts) - 1)
    part = (target - starts[high - 1]) / (starts[high] - starts[high - 1])
    return np.asarray(tails[:, high - 1] * (1 - part) + tails[:, high] * part)


def _width(baskets: BasketModel, seen: OrderDays, expected: Floats, chances: Floats) -> Floats:
    """(n,) standard deviation of log spend given an order day: of the count, the orders and their unknown mean."""
    counts = _variation(chances, expected, Grid.of_scale(1.0).order_means)
    variance = baskets.relative_variance(seen.days, expected) + counts
    return np.clip(np.sqrt(np.log1p(variance)), LEAST_WIDTH, MOST_WIDTH)


def _variation(chances: Floats, mean: Floats, counts: Floats) -> Floats:
    """(n,) squared coefficient of variation of counts."""
    return np.maximum(row_sums(chances, counts**2) / mean**2 - 1, 0.0)


def _mixture(baskets: BasketModel, seen: OrderDays, chances: Floats, grid: Grid, basket: Floats) -> Floats:
    """(n, K) spend bins: lognormals for one order day, for two, and for two ranges above, mixed by probability."""
    log_edges = np.log(grid.spend_edges[1:-1])
    spend = np.zeros((len(seen), len(grid.spend_means)))
    for bins in _RANGES:
        weight, counts = chances[:, bins].sum(axis=1), grid.order_means[bins]
        # Probabilities of the counts within the range; uniform where the range has next to no weight.
        within = np.where(weight[:, None] > 1e-12, chances[:, bins], 1.0)
        within = within / within.sum(axis=1, keepdims=True)
        mean = row_sums(within, counts)
        variance = np.log1p(baskets.relative_variance(seen.days, mean) + _variation(within, mean, counts))
        centre = np.log(np.maximum(basket * mean, grid.spend_edges[1] * 1e-2)) - variance / 2
        below = ndtr((log_edges - centre[:, None]) / np.sqrt(variance)[:, None])
        spend += weight[:, None] * np.diff(below, axis=1, prepend=0.0, append=1.0)
    return spend
