"""Corrections of customers' tiers: they move those customers' forecasts, by a weight learnt on a closed window.

If the forecast puts a customer into another tier than the correction, it is moved part of the way to the typical member
of the corrected tier: its median expected spend, on the log, and its median probability of an order, on the log odds.
The part is one weight for the shop, 0 for no move and 1 for all the way.

The weight's prior is one half, which gives the geometric mean of forecast and correction: neither is trusted alone. The
weight is learnt on the newest closed window, from customers corrected before it, their outcomes in it, and an
out-of-sample forecast of them; the prior counts as much as twenty customers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints
from shijin.distribution import P_FLOOR, Distribution
from shijin.forecasting.member import Window
from shijin.metrics.value import level
from shijin.metrics.value import log_scores as log_scores_of
from shijin.pooling import logistic, logit, shift_to

TierOf = Callable[[Floats], Ints]  # expected spend (n,) to each customer's tier, 0 for the highest

PRIOR = 0.5
PRIOR_CUSTOMERS = 20.0
WEIGHTS = np.linspace(0.0, 1.0, 101)  # candidates for the weight
LEAST_OTHERS = 30  # customers without correction, to estimate the window's level from
LEAST_MASS = 1e-9  # of a spend bin, so that one outlier does not decide


@dataclass(frozen=True)
class Trust:
    """The weight of corrections, and the number of corrected customers it was learnt from (`taught`)."""

    weight: float = PRIOR
    taught: int = 0


@dataclass(frozen=True)
class Corrections:
    """All corrections of customers' tiers.

    customers : (c,) str
    ts : (c,) int64, microseconds of the shop's wall clock
    tier : (c,) int64, 0 for the highest
    tier_of : the shop's rule that assigns tiers
    """

    customers: NDArray[np.str_]
    ts: Ints
    tier: Ints
    tier_of: TierOf

    def __len__(self) -> int:
        return len(self.ts)

    def since(self, cutoff: int) -> int:
        """How many were made at or after a cutoff."""
        return int(np.count_nonzero(self.ts >= cutoff))

    def of(self, customers: NDArray[np.str_], before: int | None) -> Ints:
        """(n,) each customer's last corrected tier before an instant (None: of all time), -1 without a correction."""
        known = np.flatnonzero(self.ts < before) if before is not None else np.arange(len(self))
        known = known[np.lexsort((self.tier[known], self.ts[known]))]
        place = pc.index_in(pa.array(self.customers[known]), value_set=pa.array(customers))
        place = pc.fill_null(place, -1).to_numpy().astype(np.int64)
        corrected_tier = np.full(len(customers), -1, dtype=np.int64)
        corrected_tier[place[place >= 0]] = self.tier[known][place >= 0]  # a later correction overwrites earlier ones
        return corrected_tier

    def pull(self, forecast: Distribution, corrected_tier: Ints) -> Pull:
        """Which customers of a forecast the corrections move, and where to."""
        return pull(forecast, corrected_tier, self.tier_of(forecast.mean()))

    def learn(self, forecast: Distribution, window: Window) -> Trust:
        """Learn the weight of corrections that were made before a closed window.

        Parameters
        ----------
        forecast
            Out-of-sample forecast of the window's customers.
        """
        history, outcomes = window
        corrected_tier = self.of(history.customers, history.cutoff)
        return learn_trust(forecast, corrected_tier, self.tier_of(forecast.mean()), outcomes.spend, outcomes.orders)


@dataclass(frozen=True)
class Pull:
    """Where corrections pull c of a forecast's customers.

    rows : (c,) int64, rising
    log_mean, log_odds : (c,) log of expected spend and log odds of an order, medians of the corrected tier
    orders : (c, J) mean order counts of the corrected tier, given an order
    """

    rows: Ints
    log_mean: Floats
    log_odds: Floats
    orders: Floats


def pull(forecast: Distribution, corrected_tier: Ints, tier: Ints) -> Pull:
    """Find the customers that corrections move: forecast in another tier, and the corrected tier is not empty.

    Parameters
    ----------
    corrected_tier : (n,)
        -1 without a correction.
    tier : (n,)
        The tier by the forecast.
    """
    inside = np.bincount(tier, minlength=max(int(corrected_tier.max(initial=0)), 0) + 1)
    rows = np.flatnonzero(
        (corrected_tier >= 0) & (corrected_tier != tier) & (inside[np.maximum(corrected_tier, 0)] > 0)
    )
    mean = forecast.mean()
    log_mean, log_odds = np.zeros(len(inside)), np.zeros(len(inside))
    orders = np.zeros((len(inside), forecast.orders.shape[1]))
    for one in np.unique(corrected_tier[rows]):
        members = tier == one
        p_active = forecast.p_active[members]
        log_mean[one], log_odds[one] = np.log(np.median(mean[members])), logit(np.median(p_active))
        orders[one] = p_active @ forecast.orders[members] / p_active.sum()
    target = corrected_tier[rows]
    return Pull(rows, log_mean[target], log_odds[target], orders[target])


def corrected(forecast: Distribution, pull: Pull, weight: float) -> Distribution:
    """Move the customers that corrections pull; all other forecasts stay the same to the bit."""
    if not len(pull.rows):
        return forecast
    some = _moved(forecast.take(pull.rows), pull, weight)
    p_active, spend, orders = forecast.p_active.copy(), forecast.spend.copy(), forecast.orders.copy()
    p_active[pull.rows], spend[pull.rows], orders[pull.rows] = some.p_active, some.spend, some.orders
    return replace(forecast, p_active=p_active, spend=spend, orders=orders)


def learn_trust(
    forecast: Distribution, corrected_tier: Ints, tier: Ints, spend: Floats, orders: NDArray[np.int64]
) -> Trust:
    """Learn the weight: the one of largest likelihood of corrected customers' outcomes, shrunk to the prior.

    ``weight = (20 / 2 + n w) / (20 + n)`` with w the likeliest of 0, .01 ... 1 for the n customers that corrections
    move. The window's level of activity and of spend, estimated from all other customers, is removed first: it is an
    effect of the season, not of the corrections.

    Parameters
    ----------
    forecast, corrected_tier, tier
        As for `pull`.
    spend, orders : (n,)
        Outcomes of all n customers.
    """
    rows = pull(forecast, corrected_tier, tier).rows
    n = len(rows)
    if not n:
        return Trust()
    active = orders > 0
    others = np.ones(len(forecast), dtype=bool)
    others[rows] = False
    shift, factor = _season(forecast.take(others), active[others], spend[others])
    p_active = np.clip(logistic(logit(forecast.p_active) + shift), P_FLOOR, 1 - P_FLOOR)
    levelled = replace(forecast, p_active=p_active)
    moving, some = pull(levelled, corrected_tier, tier), levelled.take(rows)
    likely = [_log_likelihood(_moved(some, moving, weight), active[rows], spend[rows] / factor) for weight in WEIGHTS]
    best = float(WEIGHTS[int(np.argmax(likely))])
    return Trust((PRIOR_CUSTOMERS * PRIOR + n * best) / (PRIOR_CUSTOMERS + n), n)


def _season(forecast: Distribution, active: NDArray[np.bool_], spend: Floats) -> tuple[float, float]:
    """How far a window's level is off the forecast: a shift of the log odds, and a factor of spend."""
    n, bought = len(forecast), active & (spend > 0)
    if n < LEAST_OTHERS:
        return 0.0, 1.0
    share = float(np.clip(active.mean(), 1 / (n + 2), 1 - 1 / (n + 2)))
    off = np.log(spend[bought]) - forecast.spend[bought] @ np.log(forecast.grid.spend_means)
    return shift_to(logit(forecast.p_active), share), float(np.exp(off.mean())) if len(off) else 1.0


def effect(
    unit: float, rows: Ints, active: NDArray[np.bool_], spend: Floats, forecasts: dict[str, tuple[Floats, Floats]]
) -> dict[str, Any]:
    """Compare forecasts with and without corrections, over the customers that they moved and over all.

    ``log_score``: mean log of the probability of what happened; larger is better. ``level_error``: |log| of total
    forecast over total spend. ``log_error``: mean |log((u + forecast) / (u + spend))| with the unit u; smaller is
    better, as is the level error. An undefined figure is None.

    Parameters
    ----------
    unit
        The shop's median order; added to both sides of the log ratio, so that spend of 0 is finite.
    rows
        The customers that corrections moved.
    forecasts
        By name ("with", "without"): probability of an order and expected spend, (n,) each.

    Returns
    -------
    By name, "corrected" and "everyone"; and "difference": the mean difference in log error of those moved, "with" minus
    "without", and half the width of its 95 % interval (None for one customer).
    """
    errors = {name: np.abs(np.log((unit + mean) / (unit + spend))) for name, (_, mean) in forecasts.items()}
    figures: dict[str, Any] = {"unit": unit}
    for name, (p_active, mean) in forecasts.items():
        off = {"corrected": level(spend[rows], mean[rows]), "everyone": level(spend, mean)}
        scores = log_scores_of(active, p_active)
        figures[name] = {
            group: {
                "log_score": float(scores[part].mean()),
                "level_error": abs(float(np.log(off[group]))) if off[group] > 0 else None,
                "log_error": float(errors[name][part].mean()),
            }
            for group, part in (("corrected", rows), ("everyone", np.arange(len(spend))))
        }
    gain = (errors["with"] - errors["without"])[rows]
    half = 1.96 * float(gain.std(ddof=1)) / np.sqrt(len(gain)) if len(gain) > 1 else None
    figures["difference"] = {"log_error": float(gain.mean()), "half": half}
    return figures


def _moved(some: Distribution, pull: Pull, weight: float) -> Distribution:
    """Forecasts of the pulled customers, moved by `weight` of the way."""
    log_mean, log_odds = np.log(some.mean()), logit(some.p_active)
    p_active = np.clip(logistic(log_odds + weight * (pull.log_odds - log_odds)), P_FLOOR, 1 - P_FLOOR)
    orders = (1 - weight) * some.orders + weight * pull.orders
    mean = np.exp(log_mean + weight * (pull.log_mean - log_mean))
    return replace(some, p_active=p_active, orders=orders).stretched(mean / p_active)


def _log_likelihood(forecast: Distribution, active: NDArray[np.bool_], spend: Floats) -> float:
    """Log likelihood of orders, and of spend of those who ordered."""
    bins = forecast.grid.spend_bin(spend)
    # A bin is uniform in money: its density is its mass over its width.
    mass = np.maximum(forecast.spend[np.arange(len(forecast)), bins], LEAST_MASS)
    density = mass / np.diff(forecast.grid.spend_edges)[bins]
    of_spend = np.where(active & (spend > 0), np.log(density), 0.0)
    return float((log_scores_of(active, forecast.p_active) + of_spend).sum())
