"""Compare two forecasts of the same customers: paired bootstrap, with margins fixed in advance.

Customers are resampled with replacement. A win or a loss means that the 95 % interval of the difference lies wholly
beyond the metric's margin; anything else is a tie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Flags, Floats, finite
from shijin.metrics.value import LEAST_GINI, log_scores

RESAMPLES = 1000
MANY_CUSTOMERS, FEWER_RESAMPLES = 200_000, 200  # with more customers intervals are narrow: fewer resamples suffice
CHUNK_CELLS = 4_000_000  # resamples x customers held in memory at once

Metric = Literal["log_score", "auc", "ngini", "crps", "level"]
# Differences are positive if the member is better: of crps relative to the peer's, of level in |log|.
MARGINS: dict[Metric, float] = {"log_score": 0.002, "auc": 0.003, "ngini": 0.01, "crps": 0.005, "level": 0.02}
Verdict = Literal["win", "tie", "loss"]


@dataclass(frozen=True)
class MemberForecast:
    """One member's forecasts of n customers: probability of an order, expected spend and CRPS, each (n,)."""

    p_active: Floats
    mean: Floats
    crps: Floats


@dataclass(frozen=True)
class Difference:
    """A member's advantage over a peer in one metric, with its 95 % interval; positive if the member is better."""

    metric: Metric
    value: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """Win or loss if the interval lies wholly beyond the margin, else tie."""
        margin = MARGINS[self.metric]
        return "win" if self.low > margin else "loss" if self.high < -margin else "tie"

    def as_json(self) -> dict[str, str | float | None]:
        """Ready for JSON; undefined figures are null."""
        figures = {name: finite(getattr(self, name)) for name in ("value", "low", "high")}
        return {"metric": self.metric, **figures, "verdict": self.verdict}


def compare(
    spend: Floats, active: Flags, member: MemberForecast, peers: Mapping[str, MemberForecast], seed: int = 0
) -> dict[str, list[Difference]]:
    """Compare a member with each peer on every metric of MARGINS.

    Parameters
    ----------
    spend, active : (n,)
        Outcomes.
    seed
        Of the resampling; every member gets the same resamples.

    Returns
    -------
    dict
        Name of the peer to one `Difference` per metric.
    """
    n = len(spend)
    everyone = np.ones((1, n))
    measures = {name: _measures(spend, active, forecast) for name, forecast in {**peers, "": member}.items()}
    observed = {name: measure(everyone)[0] for name, measure in measures.items()}
    drawn: dict[str, list[NDArray[np.float64]]] = {name: [] for name in measures}
    for weights in resamples(n, seed):
        for name, measure in measures.items():
            drawn[name].append(measure(weights))
    resampled = {name: np.concatenate(parts) for name, parts in drawn.items()}
    return {peer: _differences(observed[""], observed[peer], resampled[""], resampled[peer]) for peer in peers}


def resamples(n: int, seed: int = 0) -> Iterator[Floats]:
    """Bootstrap weights: how often each of n customers is in each resample, (resamples, n), in chunks.

    Examples
    --------
    >>> drawn = np.concatenate(list(resamples(3)))
    >>> drawn.shape, float(drawn.sum(axis=1).min()), float(drawn.sum(axis=1).max())
    ((1000, 3), 3.0, 3.0)
    """
    rng = np.random.default_rng(seed)
    left = RESAMPLES if n <= MANY_CUSTOMERS else FEWER_RESAMPLES
    while left:
        chunk = max(1, min(left, CHUNK_CELLS // n))
        left -= chunk
        yield np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(chunk)]).astype(float)


def _differences(ours: Floats, peer: Floats, ours_drawn: Floats, peer_drawn: Floats) -> list[Difference]:
    differences = []
    for place, metric in enumerate(MARGINS):
        with np.errstate(divide="ignore", invalid="ignore"):
            value = _better(metric, ours[place], peer[place])
            draws = _better(metric, ours_drawn[:, place], peer_drawn[:, place])
        draws = draws[np.isfinite(draws)]
        low, high = np.quantile(draws, [0.025, 0.975]) if len(draws) else (np.nan, np.nan)
        differences.append(Difference(metric, float(value), float(low), float(high)))
    return differences


def _better(metric: Metric, ours: Floats, peer: Floats) -> Floats:
    if metric == "crps":
        return 1 - ours / peer
    if metric == "level":
        return np.abs(np.log(peer)) - np.abs(np.log(ours))
    return ours - peer


def _measures(spend: Floats, active: Flags, forecast: MemberForecast) -> Callable[[Floats], Floats]:
    """Prepare a function: resampling weights (b, n) -> the metrics of MARGINS (b, 5) under them."""
    scores = log_scores(active, forecast.p_active)
    rank_active = _weighted_auc(active, forecast.p_active)
    rank_spend, rank_ideal = _weighted_gini(spend, forecast.mean), _weighted_gini(spend, spend)

    def measure(weights: Floats) -> Floats:
        total = weights.sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            columns = {
                "log_score": weights @ scores / total,
                "auc": rank_active(weights),
                "ngini": rank_spend(weights) / _defined(rank_ideal(weights)),
                "crps": weights @ forecast.crps / total,
                "level": (weights @ forecast.mean) / (weights @ spend),
            }
        return np.stack([columns[metric] for metric in MARGINS], axis=1)

    return measure


def _defined(ideal: Floats) -> Floats:
    return np.where(ideal > LEAST_GINI, ideal, np.nan)


def _tied_groups(score: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order customers by rising score; also where each run of equal scores begins."""
    order = np.argsort(score, kind="stable")
    ordered = score[order]
    return order, np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))


def _weighted_auc(active: Flags, score: Floats) -> Callable[[Floats], Floats]:
    # Sorted once; resampling changes only the weights. An AUC is a sum over groups of equal scores.
    order, starts = _tied_groups(score)
    positive = active[order].astype(float)

    def measure(weights: Floats) -> Floats:
        ordered = weights[:, order]
        won = np.add.reduceat(ordered * positive, starts, axis=1)
        lost = np.add.reduceat(ordered * (1 - positive), starts, axis=1)
        below = np.cumsum(lost, axis=1) - lost / 2  # idle customers of lower score, and half of those of equal score
        return (won * below).sum(axis=1) / (won.sum(axis=1) * lost.sum(axis=1))

    return measure


def _weighted_gini(spend: Floats, score: Floats) -> Callable[[Floats], Floats]:
    order, starts = _tied_groups(-score)
    ordered_spend = spend[order]

    def measure(weights: Floats) -> Floats:
        ordered = weights[:, order]
        customers = np.add.reduceat(ordered, starts, axis=1)
        money = np.add.reduceat(ordered * ordered_spend, starts, axis=1)
        customers /= customers.sum(axis=1, keepdims=True)
        money /= money.sum(axis=1, keepdims=True)
        # Area under the curve of cumulative money over cumulative customers, straight within a tie.
        return 2 * ((np.cumsum(money, axis=1) - money / 2) * customers).sum(axis=1) - 1

    return measure
