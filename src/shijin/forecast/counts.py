"""BG/NBD and MBG/NBD: when customers order and when they leave, by maximum likelihood.

While alive a customer orders as a Poisson process with rate lambda ~ Gamma(r, alpha); after each order they leave with
probability p ~ Beta(a, b). In BG/NBD the first order is exempt (Fader, Hardie & Lee 2005), in MBG/NBD it is not
(Batislam, Denizel & Filiztekin 2007). With shift s = 0 or 1 both are::

    L = G(r + x) / G(r) * alpha^r * B(a, b + x + s) / B(a, b)
        * [(alpha + T)^-(r + x) + 1{x + s > 0} * a / (b + x + s - 1) * (alpha + t_x)^-(r + x)]

This room knows repeat orders x, the time t_x of the last and T of now since the first; no money and no calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaincinv, betaln, gammaln, psi

Floats = NDArray[np.float64]

STARTS = ((0.0, 0.0, 0.0, 0.5), (-1.0, -0.5, -0.5, 1.0), (1.0, 1.0, -1.0, 2.0))  # of the log parameters
PULL = 0.02  # a mild penalty on the log parameters: as much as a fiftieth of a customer each
BOUND = 8.0
CHANCES = 32  # nodes of the quadrature over p


@dataclass(frozen=True)
class Times:
    """Order times of n customers: x repeat orders, t_x days from first to last, T days from first to now, each (n,)."""

    x: Floats
    t_x: Floats
    T: Floats


@dataclass(frozen=True)
class CountModel:
    """A fitted model; r and alpha of the rate (alpha in days), a and b of leaving, shift 0 (BG) or 1 (MBG)."""

    r: float
    alpha: float
    a: float
    b: float
    shift: Literal[0, 1]
    converged: bool = True

    def p_alive(self, times: Times) -> Floats:
        """(n,) probability that a customer has not left."""
        kept = self.b + times.x + self.shift - 1
        may_have_left = times.x + self.shift > 0
        log_ratio = (
            np.log(self.a)
            - np.log(np.where(may_have_left, kept, 1.0))
            + (self.r + times.x) * np.log((self.alpha + times.T) / (self.alpha + times.t_x))
        )
        return np.where(may_have_left, 1 / (1 + np.exp(np.minimum(log_ratio, 700))), 1.0)

    def p_order(self, times: Times, horizon_days: float) -> Floats:
        """(n,) probability of at least one order within the horizon."""
        now = self.alpha + times.T
        return self.p_alive(times) * -np.expm1((self.r + times.x) * np.log(now / (now + horizon_days)))

    def expected_orders(self, times: Times, horizon_days: float) -> Floats:
        """(n,) expected orders within the horizon.

        Given alive, lambda ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + x + s); with both known the expectation is
        ``(1 - exp(-lambda p H)) / p``. The mean over lambda is closed, that over p a quadrature at equal
        probabilities, which, unlike the hypergeometric form, is stable for every a.
        """
        levels = (np.arange(CHANCES) + 0.5) / CHANCES
        distinct, which = np.unique(times.x, return_inverse=True)
        chance = betaincinv(self.a, (self.b + distinct + self.shift)[:, None], levels[None, :])
        chance = np.maximum(chance, 1e-9)
        now = (self.alpha + times.T)[:, None]
        total = np.zeros(len(times.x))
        for node in range(CHANCES):
            p = chance[which, node]
            total += -np.expm1((self.r + times.x) * np.log(now[:, 0] / (now[:, 0] + p * horizon_days))) / p
        return self.p_alive(times) * total / CHANCES

    def log_likelihood(self, times: Times) -> float:
        """Of all customers together."""
        value, _ = _likelihood(np.log([self.r, self.alpha, self.a, self.b]), times, np.ones(len(times.x)), self.shift)
        return value


def fit_counts(times: Times) -> CountModel:
    """Fit both models and keep the likelier one; where neither can be fitted, assume nobody leaves.

    Never raises: a shop whose customers ordered once each, or all on one day, gets rates by moments.
    """
    unit = max(float(np.mean(times.T)), 1e-3)
    rows = np.stack([times.x, times.t_x / unit, times.T / unit], axis=1)
    distinct, weight = np.unique(rows, axis=0, return_counts=True)
    scaled = Times(distinct[:, 0], distinct[:, 1], distinct[:, 2])
    if times.x.sum() == 0 or times.T.max() <= 0:
        return by_moments(times)
    tries = [_fit(scaled, weight.astype(float), shift, unit) for shift in (0, 1)]
    found = [(model, value) for model, value in tries if model.converged]
    if not found:
        return by_moments(times)
    return max(found, key=lambda pair: pair[1])[0]


def by_moments(times: Times) -> CountModel:
    """Rates alone: one repeat order's worth of prior at the shop's mean rate; nobody leaves."""
    rate = (times.x.sum() + 0.5) / max(float(times.T.sum()), 1.0)
    return CountModel(0.5, 0.5 / rate, 0.05, 1.0, 0, converged=False)


def _fit(times: Times, weight: Floats, shift: Literal[0, 1], unit: float) -> tuple[CountModel, float]:
    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slope = _likelihood(theta, times, weight, shift)
        scale = weight.sum()
        return (-value + PULL * theta @ theta) / scale, (-slope + 2 * PULL * theta) / scale

    best = None
    for start in STARTS:
        found = minimize(loss, np.array(start), jac=True, method="L-BFGS-B", bounds=[(-BOUND, BOUND)] * 4)
        if np.isfinite(found.fun) and (best is None or found.fun < best.fun):
            best = found
    if best is None:
        return CountModel(1.0, 1.0, 1.0, 1.0, shift, converged=False), -np.inf
    r, alpha, a, b = np.exp(best.x)
    return CountModel(float(r), float(alpha * unit), float(a), float(b), shift), -float(best.fun)


def _likelihood(theta: Floats, times: Times, weight: Floats, shift: int) -> tuple[float, Floats]:
    """Log likelihood and its gradient in the log parameters (log r, log alpha, log a, log b)."""
    r, alpha, a, b = np.exp(theta)
    x, t_x, now = times.x, times.t_x, times.T
    total = r + x
    kept = b + x + shift
    may_have_left = x + shift > 0
    stay = -total * np.log(alpha + now)
    leave = np.where(
        may_have_left, np.log(a) - np.log(np.where(may_have_left, kept - 1, 1.0)) - total * np.log(alpha + t_x), -np.inf
    )
    both = np.logaddexp(stay, leave)
    left = np.exp(leave - both)
    value = gammaln(total) - gammaln(r) + r * np.log(alpha) + betaln(a, kept) - betaln(a, b) + both
    by_r = psi(total) - psi(r) + np.log(alpha) - (1 - left) * np.log(alpha + now) - left * np.log(alpha + t_x)
    by_alpha = r / alpha - total * ((1 - left) / (alpha + now) + left / (alpha + t_x))
    by_a = psi(a + b) - psi(a + kept) + left / a
    by_b = psi(kept) - psi(a + kept) - psi(b) + psi(a + b) - left / np.where(may_have_left, kept - 1, 1.0)
    slope = np.array([weight @ by_r * r, weight @ by_alpha * alpha, weight @ by_a * a, weight @ by_b * b])
    return float(weight @ value), slope
