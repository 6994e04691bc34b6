"""Gamma-Gamma: what a customer's usual order is worth, shrunk towards the shop's where they ordered little.

Orders of a customer scatter as Gamma(p, nu), nu differs between customers as Gamma(q, gamma) (Fader & Hardie 2013).
This room knows mean orders and their number; no time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln, psi

Floats = NDArray[np.float64]

STARTS = ((0.5, 1.0, 0.5), (1.5, 1.5, 1.5), (0.0, 0.3, 0.0))  # of log p, log q, log gamma
PULL = 0.02
BOUND = 7.0
LEAST_CUSTOMERS = 10
LEAST_Q = 1.05  # the shop's mean order exists only for q > 1


@dataclass(frozen=True)
class BasketModel:
    """A fitted model; p and q without unit, gamma in the unit of the orders it was fitted on."""

    p: float
    q: float
    gamma: float

    def mean(self, mean_order: Floats, orders: Floats) -> Floats:
        """(n,) expected order of a customer: ``p (gamma + n z) / (p n + q - 1)``."""
        return self.p * (self.gamma + orders * mean_order) / (self.p * orders + self.q - 1)

    def uncertainty(self, orders: Floats) -> Floats:
        """(n,) squared coefficient of variation of what is not known of a customer's mean order."""
        return 1 / np.maximum(self.p * orders + self.q - 2, 0.5)

    @property
    def scatter(self) -> float:
        """Squared coefficient of variation of a customer's orders around their mean."""
        return 1 / self.p


def fit_baskets(mean_order: Floats, orders: Floats) -> BasketModel:
    """Fit by maximum likelihood; never raises, a handful of customers get round numbers.

    Parameters
    ----------
    mean_order : (n,)
        Mean order of each customer with one, > 0.
    orders : (n,)
        How many, >= 1.
    """
    unit = float(np.mean(mean_order)) if len(mean_order) else 1.0
    if len(mean_order) < LEAST_CUSTOMERS:
        return BasketModel(2.0, 3.0, unit)
    z = mean_order / unit

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slope = _likelihood(theta, z, orders)
        return float(-value + PULL * theta @ theta) / len(z), (-slope + 2 * PULL * theta) / len(z)

    bounds = [(-BOUND, BOUND), (np.log(LEAST_Q), BOUND), (-BOUND, BOUND)]
    tries = [minimize(loss, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds) for start in STARTS]
    best = min(tries, key=lambda found: found.fun if np.isfinite(found.fun) else np.inf)
    p, q, gamma = np.exp(best.x)
    return BasketModel(float(p), float(q), float(gamma * unit))


def _likelihood(theta: Floats, z: Floats, n: Floats) -> tuple[float, Floats]:
    """Log likelihood and its gradient in the log parameters (Fader & Hardie 2013, eq. 1a)."""
    p, q, gamma = np.exp(theta)
    pn = p * n
    log_sum = np.log(gamma + n * z)
    value = gammaln(pn + q) - gammaln(pn) - gammaln(q) + q * np.log(gamma) + (pn - 1) * np.log(z) + pn * np.log(n)
    value = value - (pn + q) * log_sum
    by_p = n * (psi(pn + q) - psi(pn) + np.log(z) + np.log(n) - log_sum)
    by_q = psi(pn + q) - psi(q) + np.log(gamma) - log_sum
    by_gamma = q / gamma - (pn + q) / (gamma + n * z)
    return float(value.sum()), np.array([by_p.sum() * p, by_q.sum() * q, by_gamma.sum() * gamma])
