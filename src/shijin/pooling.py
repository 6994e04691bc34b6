"""Pooling: combine several forecasts of the same quantity by non-negative weights learnt from outcomes.

Probabilities are pooled on the log odds and amounts on the log, with weights of largest penalised likelihood;
distributions over bins are mixed, with shares by expectation-maximisation. Weights are shrunk towards equal ones, the
more so the fewer outcomes there are. The functions take arrays and know nothing about customers.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq, minimize

from shijin.arrays import Flags, Floats

PENALTY = 10.0  # nats of log likelihood per squared distance of the weights from equal ones
EQUAL_ROWS = 100.0  # in a mixture, the prior of equal shares counts as many outcomes
EM_STEPS = 200
LEAST_WIDTH = 0.03  # the smallest standard deviation of a log amount


def logit(p: Floats) -> Floats:
    """Log odds of probabilities strictly between 0 and 1.

    Examples
    --------
    >>> logit(np.array([0.5, 0.8])).round(3)
    array([0.   , 1.386])
    """
    return np.log(p / (1 - p))


def logistic(log_odds: Floats) -> Floats:
    """Probabilities of log odds."""
    return 1 / (1 + np.exp(-log_odds))


def shift_to(log_odds: Floats, share: float) -> float:
    """The number to add to log odds so that the mean of their probabilities is `share`.

    Examples
    --------
    >>> round(shift_to(np.zeros(3), 0.8), 3), round(shift_to(np.full(2, -37.0), 0.5), 3)
    (1.386, 37.0)
    """
    target = float(logit(np.array(share)))
    # A bracket of the root: at `low` every probability is below the share, at `high` every one is above.
    low, high = min(-20.0, target - log_odds.max() - 1), max(20.0, target - log_odds.min() + 1)
    return float(brentq(lambda shift: logistic(log_odds + shift).mean() - share, low, high))


def log_odds_weights(log_odds: Floats, active: Flags) -> Floats:
    """(M,) non-negative weights of M members' log odds, of largest penalised likelihood.

    Each member's log odds are first shifted to the observed share, so that its ranking and sharpness count but not its
    level. The pooled probability is ``logistic(sum_m w_m * log odds_m)``.

    Parameters
    ----------
    log_odds : (n, M)
        Log odds of the event, by each of M members.
    active : (n,)
        Whether the event happened.
    """
    n, members = log_odds.shape
    share = np.clip(active.mean(), 1 / (n + 2), 1 - 1 / (n + 2))
    centred = log_odds + np.array([shift_to(column, share) for column in log_odds.T])
    equal = np.full(members, 1 / members)

    def loss(weights: Floats) -> tuple[float, Floats]:
        p = np.clip(logistic(centred @ weights), 1e-9, 1 - 1e-9)
        off = weights - equal
        value = -np.log(np.where(active, p, 1 - p)).sum() + PENALTY * off @ off
        return float(value) / n, (centred.T @ (p - active) + 2 * PENALTY * off) / n

    return _non_negative_minimum(loss, equal)


def log_normal_weights(log_mean: Floats, log_width: Floats, log_value: Floats) -> tuple[Floats, Floats]:
    """(M,) shares of location, sum 1, and (M,) weights of width, of largest penalised likelihood of a normal log value.

    Each member's mean level is removed first, and that of the outcomes. With fewer outcomes than members all weights
    are equal.

    Parameters
    ----------
    log_mean, log_width : (n, M)
        Log of the mean, and standard deviation of the log, by each of M members.
    log_value : (n,)
        Log of the outcome.
    """
    n, members = log_mean.shape
    equal = np.full(members, 1 / members)
    if n < members:
        return equal, equal
    centred, target = log_mean - log_mean.mean(axis=0), log_value - log_value.mean()

    def loss(weights: Floats) -> tuple[float, Floats]:
        # The first half of the weights, scaled to sum 1, are shares of location; the second half are weights of width.
        total = max(weights[:members].sum(), LEAST_WIDTH)
        shares = weights[:members] / total
        off = np.concatenate([shares, weights[members:]]) - np.tile(equal, 2)
        width = np.maximum(log_width @ weights[members:], LEAST_WIDTH)
        error = target - centred @ shares
        value = np.sum(np.log(width) + error**2 / (2 * width**2)) + PENALTY * off @ off
        by_share = -centred.T @ (error / width**2) + 2 * PENALTY * off[:members]
        by_width = log_width.T @ (1 / width - error**2 / width**3) + 2 * PENALTY * off[members:]
        # The chain rule through the scaling: d share_i / d weight_j = (1[i = j] - share_i) / total.
        return float(value) / n, np.concatenate([(by_share - by_share @ shares) / total, by_width]) / n

    best = _non_negative_minimum(loss, np.tile(equal, 2))
    return best[:members] / max(best[:members].sum(), LEAST_WIDTH), best[members:]


def mixture_shares(likelihoods: Floats) -> Floats:
    """(M,) shares of a mixture, by expectation-maximisation with a Dirichlet prior at equal shares.

    Parameters
    ----------
    likelihoods : (n, M)
        Probability of the outcome, by each of M members.
    """
    rows, members = likelihoods.shape
    shares = np.full(members, 1 / members)
    if not rows:
        return shares
    floored = np.maximum(likelihoods, 1e-9)
    prior = EQUAL_ROWS / members
    for _ in range(EM_STEPS):
        # E step: how far each member accounts for each outcome. M step: shares are the mean of that, with the prior.
        responsibility = floored * shares
        responsibility /= responsibility.sum(axis=1, keepdims=True)
        shares = (responsibility.sum(axis=0) + prior) / (rows + EQUAL_ROWS)
    return shares


def _non_negative_minimum(loss: Callable[[Floats], tuple[float, Floats]], start: Floats) -> Floats:
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * len(start))
    return np.asarray(best.x)
