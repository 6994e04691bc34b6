"""Money of an order: Gamma-Gamma, fitted by maximum likelihood. It knows nothing about dates.

A customer's orders are gamma with shape p and a personal rate, itself gamma (q, gamma) over customers (Fader and Hardie
2013, "The Gamma-Gamma model of monetary value"). q is kept above 1, so that the mean order exists.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from shijin.arrays import Floats

PRIOR_SD = 2.0


@dataclass(frozen=True)
class BasketModel:
    """Fitted parameters; gamma is in the unit of the money."""

    p: float
    q: float
    gamma: float

    @property
    def logs(self) -> Floats:
        """(3,) logarithms of p, q - 1, gamma."""
        return np.log([self.p, self.q - 1, self.gamma])

    def mean(self, orders: Floats, money: Floats) -> Floats:
        """(n,) expected money of an order, given a customer's orders and money; the shop's mean without orders."""
        return np.asarray(self.p * (self.gamma + money) / (self.p * orders + self.q - 1))

    def relative_variance(self, orders: Floats, coming: Floats) -> Floats:
        """(n,) squared coefficient of variation of the sum of `coming` orders: their own and of their unknown mean."""
        return np.asarray(1 / (self.p * coming) + 1 / np.maximum(self.p * orders + self.q - 2, 0.5))


def plain_baskets(orders: Floats, money: Floats) -> BasketModel:
    """A start by moments: within-customer shape 2, between-customer shape 3, and the shop's mean order."""
    mean = float(money.sum() / max(orders.sum(), 1.0)) or 1.0
    return BasketModel(2.0, 3.0, mean * (3.0 - 1) / 2.0)


def fit_baskets(
    orders: Floats, money: Floats, start: BasketModel, prior_sd: float = PRIOR_SD
) -> tuple[BasketModel, bool]:
    """Find the parameters of largest posterior density; `start` is also the centre of a weak prior.

    Parameters
    ----------
    orders : (n,)
        Number of orders per customer; customers without orders or money are left out.
    money : (n,)
        Their sum.

    Returns
    -------
    BasketModel
    bool
        Whether the optimiser ended at a finite optimum.
    """
    spenders = (orders > 0) & (money > 0)
    orders, money, centre = orders[spenders], money[spenders], start.logs

    def objective(logs: Floats) -> tuple[float, Floats]:
        value, gradient = _likelihood(logs, orders, money)
        off = (logs - centre) / prior_sd
        return float(-value + 0.5 * off @ off), -gradient + off / prior_sd

    bounds = [(c - 8, c + 8) for c in centre]
    starts = (centre, centre + np.array([1.0, 0.5, 0.0]))
    results = [minimize(objective, begin, jac=True, method="L-BFGS-B", bounds=bounds) for begin in starts]
    best = min(results, key=lambda result: result.fun if np.isfinite(result.fun) else np.inf)
    good = bool(np.isfinite(best.fun) and np.isfinite(best.x).all())
    return with_logs(best.x) if good else start, good


def with_logs(logs: Floats) -> BasketModel:
    """Build a model from the logarithms of p, q - 1, gamma."""
    p, beyond, gamma = np.exp(logs).tolist()
    return BasketModel(p, 1 + beyond, gamma)


def _likelihood(logs: Floats, orders: Floats, money: Floats) -> tuple[float, Floats]:
    """Log density of the customers' mean orders (equation 5), and its gradient in `logs`."""
    p, beyond, gamma = np.exp(logs)
    q = 1 + beyond
    shape, log_sum = p * orders, np.log(gamma + money)
    log_money = np.log(money)
    value = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma) + shape * log_money
    value = value - log_money + np.log(orders) - (shape + q) * log_sum
    d_p = orders * (digamma(shape + q) - digamma(shape) + log_money - log_sum)
    d_q = digamma(shape + q) - digamma(q) + np.log(gamma) - log_sum
    d_gamma = q / gamma - (shape + q) / (gamma + money)
    # d / d log p = p * d / d p, for each parameter.
    return float(value.sum()), np.array([d_p.sum() * p, d_q.sum() * beyond, d_gamma.sum() * gamma])
