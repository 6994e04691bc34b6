"""Measures of a value forecast, each a function of outcomes and forecasts of n customers.

Outcomes: `spend` (n,) in shop currency, >= 0, and `active` (n,), whether there was an order. An undefined measure (one
class only, no spend) is nan. The functions know nothing about models, dates or shops.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from shijin.arrays import Flags, Floats

CALIBRATION_BINS = 10
LEAST_GINI = 1e-12  # below it all customers spend the same, and there is no order to find


def auc(active: Flags, p_active: Floats) -> float:
    """Probability that a customer who ordered has a larger p_active than one who did not; ties count half. 0 .. 1.

    .5 is chance, 1 is best.

    Examples
    --------
    Of the four pairs (ordered, did not) three are in the right order and one is tied:

    >>> auc(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.4, 0.1]))
    0.875
    """
    n_active = np.count_nonzero(active)
    n_idle = len(active) - n_active
    if not n_active or not n_idle:
        return float("nan")
    ranks = rankdata(p_active)
    return float((ranks[active].sum() - n_active * (n_active + 1) / 2) / (n_active * n_idle))


def log_scores(active: Flags, p_active: Floats) -> Floats:
    """(n,) log of the forecast probability of the outcome; larger is better, 0 is best.

    Examples
    --------
    >>> log_scores(np.array([True, False]), np.array([0.5, 0.5])).round(3)
    array([-0.693, -0.693])
    """
    return np.log(np.where(active, p_active, 1 - p_active))


def calibration_error(active: Flags, p_active: Floats) -> float:
    """Expected calibration error: mean gap between forecast and observed share over tenths of customers; 0 is best.

    ``sum_b n_b / n * |mean p in b - share active in b|``, bins of equally many customers.

    Examples
    --------
    >>> round(calibration_error(np.array([True, False] * 50), np.full(100, 0.7)), 3)
    0.2
    """
    return sum(share * abs(forecast - observed) for _, share, forecast, observed in reliability(active, p_active))


def reliability(active: Flags, p_active: Floats) -> list[tuple[int, float, float, float]]:
    """Bins of equally many customers by p_active: (bin, share of customers, mean forecast, share active)."""
    parts = np.array_split(np.argsort(p_active, kind="stable"), min(CALIBRATION_BINS, len(active)))
    observed = _shared_by_ties(active.astype(float), p_active)
    return [
        (place, len(rows) / len(active), float(p_active[rows].mean()), float(observed[rows].mean()))
        for place, rows in enumerate(parts, 1)
    ]


def level(spend: Floats, mean: Floats) -> float:
    """Total forecast over total spent; 1 is best.

    Examples
    --------
    >>> level(np.array([10.0, 0.0]), np.array([6.0, 6.0]))
    1.2
    """
    return float(mean.sum() / spend.sum()) if spend.sum() > 0 else float("nan")


def rmse(spend: Floats, mean: Floats) -> float:
    """Root of the mean squared error, shop currency; smaller is better."""
    return float(np.sqrt(np.mean((spend - mean) ** 2)))


def normalised_gini(spend: Floats, mean: Floats) -> float:
    """Gini coefficient of spend ranked by the forecast, divided by that of perfect ranking; -1 .. 1, larger is better.

    ``nG = G(mean) / G(spend)``, with ``G(s)`` twice the area between the cumulative share of spend, customers sorted by
    falling s, and the diagonal (Wang, Liu & Miao 2019, section 4.2). Customers with equal forecasts share their spend
    evenly: the expectation over breaking ties at random.

    Examples
    --------
    >>> spend = np.array([0.0, 0.0, 10.0])
    >>> normalised_gini(spend, np.array([1.0, 2.0, 3.0])), normalised_gini(spend, np.ones(3))
    (1.0, 0.0)
    """
    best = _gini(spend, spend)
    return _gini(spend, mean) / best if best > LEAST_GINI else float("nan")


def _gini(spend: Floats, score: Floats) -> float:
    total = spend.sum()
    if total <= 0:
        return 0.0
    n = len(spend)
    ranks = n + 1 - rankdata(score)  # 1 for the largest score; ties share their mean rank
    return float(n + 1 - 2 * (ranks * spend).sum() / total) / n


def spearman(spend: Floats, mean: Floats) -> float:
    """Rank correlation of forecast and outcome, ties at their mean rank; -1 .. 1."""
    a, b = rankdata(spend), rankdata(mean)
    if a.std() == 0 or b.std() == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def absolute_error(spend: Floats, median: Floats) -> float:
    """Mean absolute error of the forecast median, shop currency; smaller is better."""
    return float(np.abs(spend - median).mean())


def coverage_p90(spend: Floats, p90: Floats) -> float:
    """Share of customers whose spend is at most p90, among those with p90 > 0; .9 is best."""
    some = p90 > 0
    return float((spend[some] <= p90[some]).mean()) if some.any() else float("nan")


def pit_distance(pit: Floats) -> float:
    """Kolmogorov-Smirnov distance of the probability integral transforms from uniform; 0 is best."""
    ordered = np.sort(pit)
    n = len(pit)
    steps = np.arange(n + 1) / n
    return float(max(np.abs(ordered - steps[:-1]).max(), np.abs(ordered - steps[1:]).max()))


def deciles(spend: Floats, mean: Floats) -> list[tuple[int, int, float, float]]:
    """Tenths of customers by forecast, the best first: (decile, customers, mean forecast, mean spend)."""
    parts = np.array_split(np.argsort(-mean, kind="stable"), min(10, len(mean)))
    actual = _shared_by_ties(spend, mean)
    return [
        (place, len(rows), float(mean[rows].mean()), float(actual[rows].mean())) for place, rows in enumerate(parts, 1)
    ]


def _shared_by_ties(values: Floats, key: Floats) -> Floats:
    """(n,) values averaged over customers with equal keys, so that results do not depend on the order of rows."""
    _, group, size = np.unique(key, return_inverse=True, return_counts=True)
    return (np.bincount(group, values) / size)[group]
