"""When customers order and whether they are still active: BG/NBD and its relatives, fitted by maximum likelihood.

One model with two switches. While alive a customer orders with gaps that are gamma with integer shape `regularity` and
a personal rate (gamma over customers); after each order the customer leaves with a personal probability (beta over
customers). With ``regularity = 1`` this is BG/NBD (Fader, Hardie and Lee 2005) or, if a customer may leave after the
first order, MBG/NBD (Batislam, Denizel and Filiztekin 2007); above 1 it is (M)BG/CNBD-k (Platzer and Reutterer 2016).
Everything is closed form: given the number of unseen arrivals since the last order, the posterior rate is gamma.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betainc, betaln, digamma, gammaln

from shijin.arrays import Floats
from shijin.forecasting.btyd.order_days import OrderDays

PRIOR_SD = 2.0  # of the logarithms of the parameters: a factor of e^2 either way costs half a unit of log likelihood
BOUND = 12.0  # on the logarithms


@dataclass(frozen=True)
class OrderModel:
    """Fitted parameters; days are the unit of time.

    r, alpha : shape and rate of the gamma over customers' rates (of arrivals; `regularity` arrivals make an order)
    a, b : of the beta over customers' probabilities to leave after an order
    regularity : 1 is Poisson
    early : 1 if a customer may leave after the first order, else 0
    """

    r: float
    alpha: float
    a: float
    b: float
    regularity: int = 1
    early: int = 0

    @property
    def logs(self) -> Floats:
        """(4,) logarithms of r, alpha, a, b."""
        return np.log([self.r, self.alpha, self.a, self.b])

    def p_alive(self, seen: OrderDays) -> Floats:
        """(n,) probability that a customer has not left."""
        gone, alive = self._log_terms(seen)
        return 1 / (1 + np.exp(np.minimum(gone - _log_sum(alive), 700.0)))

    def p_active(self, seen: OrderDays, horizon_days: float) -> Floats:
        """(n,) probability of at least one order within the horizon."""
        phases = self._phases(seen)
        shape, share = self._arrivals(seen, horizon_days)
        # With i unseen arrivals, the next order takes k - i more; their count is negative binomial with this tail.
        chance = betainc(self.regularity - np.arange(self.regularity), shape, share[:, None])
        return self.p_alive(seen) * np.sum(phases * chance, axis=1)

    def order_tails(self, seen: OrderDays, horizon_days: float, starts: Floats) -> Floats:
        """(n, J) probability of at least `starts` orders within the horizon, given at least one.

        An alive customer makes j orders if a customer who never leaves would, which is a negative binomial tail, and
        if they stay after each of the first j - 1, which is a ratio of beta functions; the two are independent.
        Customers with equal repeats and age have equal tails, which are computed once.
        """
        # One number per pair of repeats and age; rows `first` are one customer of each pair.
        keys = seen.repeats * (1 + seen.age.max(initial=0)) + seen.age
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        shape, share = self._arrivals(seen.take(first), horizon_days)
        k, phase = self.regularity, np.arange(self.regularity)
        needed = starts[:, None] * k - phase
        tails = betainc(needed, shape[:, None, :], share[:, None, None])  # (groups, J, k)
        phases = self._phases(seen)
        orders = np.zeros((len(seen), len(starts)))
        for i in range(k):
            orders += phases[:, [i]] * tails[:, :, i][place]
        y = seen.repeats[first, None] + self.early
        stays = np.exp(betaln(self.a, self.b + y + starts - 1) - betaln(self.a, self.b + y))
        orders *= stays[place]
        return np.asarray(orders / np.maximum(orders[:, :1], 1e-300))

    def log_likelihood(self, seen: OrderDays) -> float:
        """Log density of all customers' order days."""
        value, _ = _likelihood(self, seen, np.ones(len(seen)))
        k = self.regularity
        return float(value + (k - 1) * seen.log_gaps.sum() - gammaln(k) * seen.repeats.sum())

    def _arrivals(self, seen: OrderDays, horizon_days: float) -> tuple[Floats, Floats]:
        """Shape of the posterior rate by phase (n, k), and H / (alpha + T + H), (n,)."""
        shape = self.r + self.regularity * seen.repeats[:, None] + np.arange(self.regularity)
        return shape, horizon_days / (self.alpha + seen.age + horizon_days)

    def _phases(self, seen: OrderDays) -> Floats:
        """(n, k) probability of having made 0 .. k - 1 unseen arrivals since the last order, given alive."""
        _, alive = self._log_terms(seen)
        weights = np.exp(alive - alive.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def _log_terms(self, seen: OrderDays) -> tuple[Floats, Floats]:
        """Log weight of having left (n,), and of being alive by unseen arrivals (n, k), up to a common factor."""
        # x repeats, y chances to have left, m the shape of the rate's posterior after x orders.
        x, k = seen.repeats, self.regularity
        y, m = x + self.early, self.r + k * x
        phase = np.arange(k)
        silence = (seen.age - seen.recency)[:, None]
        alive = gammaln(m[:, None] + phase) - (m[:, None] + phase) * np.log(self.alpha + seen.age)[:, None]
        if k > 1:
            alive[:, 1:] += phase[1:] * np.log(np.maximum(silence, 1e-12)) - gammaln(phase[1:] + 1)
        gone = np.log(self.a) - np.log(np.maximum(self.b + y - 1, 1e-300))
        gone = gone + gammaln(m) - m * np.log(self.alpha + seen.recency)
        return np.where(y > 0, gone, -np.inf), alive  # without a chance to leave, nobody has left


def fit_orders(seen: OrderDays, start: OrderModel, prior_sd: float = PRIOR_SD) -> tuple[OrderModel, bool]:
    """Find the parameters of largest posterior density; `start` is also the centre of a weak prior.

    Returns
    -------
    OrderModel
        With the switches of `start`.
    bool
        Whether the optimiser ended at a finite optimum.
    """
    unique, counts = _distinct(seen)
    centre = start.logs

    def objective(logs: Floats) -> tuple[float, Floats]:
        model = _with_logs(start, logs)
        value, gradient = _likelihood(model, unique, counts)
        off = (logs - centre) / prior_sd
        return float(-value + 0.5 * off @ off), -gradient + off / prior_sd

    bounds = [(min(c, 0) - BOUND, max(c, 0) + BOUND) for c in centre]
    # The likelihood may have two optima: a second start has more varied rates and fewer customers leaving.
    starts = (centre, centre + np.array([-0.7, -0.7, -0.7, 0.7]))
    results = [
        minimize(objective, begin, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300})
        for begin in starts
    ]
    best = min(results, key=lambda result: result.fun if np.isfinite(result.fun) else np.inf)
    good = bool(np.isfinite(best.fun) and np.isfinite(best.x).all())
    return _with_logs(start, best.x) if good else start, good


def plain_model(seen: OrderDays) -> OrderModel:
    """A start by moments: the shop's mean rate, and one customer in four leaving after an order."""
    rate = (seen.repeats.sum() + 0.5) / max(seen.age.sum(), 1.0)
    return OrderModel(1.0, float(1 / rate), 1.0, 3.0)


def standard_errors(model: OrderModel, seen: OrderDays) -> Floats:
    """(4,) standard errors of the log parameters, by the inverse Hessian (differences of the exact gradient)."""
    unique, counts = _distinct(seen)
    step = 1e-4
    rows = [
        _likelihood(_with_logs(model, model.logs + step * unit), unique, counts)[1]
        - _likelihood(_with_logs(model, model.logs - step * unit), unique, counts)[1]
        for unit in np.eye(4)
    ]
    hessian = -np.array(rows) / (2 * step)
    return np.sqrt(np.maximum(np.diag(np.linalg.pinv((hessian + hessian.T) / 2)), 0.0))


def _with_logs(model: OrderModel, logs: Floats) -> OrderModel:
    r, alpha, a, b = np.exp(logs).tolist()
    return OrderModel(r, alpha, a, b, model.regularity, model.early)


def _likelihood(model: OrderModel, seen: OrderDays, counts: Floats) -> tuple[float, Floats]:
    """Log likelihood without factors free of parameters, and its gradient in the log parameters."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    gone, alive = model._log_terms(seen)
    total = np.logaddexp(gone, _log_sum(alive))
    y = seen.repeats + model.early
    stays = betaln(a, b + y) - betaln(a, b)
    value = counts @ (r * np.log(alpha) - gammaln(r) + stays + total)

    # The gradient of a log of a sum is the mean of the terms' gradients, weighted by their posterior probability.
    w_gone, w_alive = np.exp(gone - total), np.exp(alive - total[:, None])
    m = r + model.regularity * seen.repeats
    by_phase = m[:, None] + np.arange(model.regularity)
    until_gone, until_now = alpha + seen.recency, alpha + seen.age
    d_r = np.log(alpha) - digamma(r) + w_gone * (digamma(m) - np.log(until_gone))
    d_r = d_r + np.sum(w_alive * (digamma(by_phase) - np.log(until_now)[:, None]), axis=1)
    d_alpha = r / alpha - w_gone * m / until_gone - np.sum(w_alive * by_phase, axis=1) / until_now
    both = digamma(a + b) - digamma(a + b + y)
    d_a = both + w_gone / a
    d_b = both + digamma(b + y) - digamma(b) - np.where(y > 0, w_gone / np.maximum(b + y - 1, 1e-300), 0.0)
    gradient = np.array([counts @ d_r, counts @ d_alpha, counts @ d_a, counts @ d_b])
    return float(value), gradient * np.array([r, alpha, a, b])  # d / d log p = p * d / d p


def _distinct(seen: OrderDays) -> tuple[OrderDays, Floats]:
    """One customer of each distinct repeats, recency and age, and how many customers have them."""
    keys = np.stack([seen.repeats, seen.recency, seen.age], axis=1)
    order = np.lexsort(keys.T)
    new = np.ones(len(order), dtype=bool)
    new[1:] = (keys[order][1:] != keys[order][:-1]).any(axis=1)
    counts = np.diff(np.append(np.flatnonzero(new), len(order))).astype(float)
    return seen.take(order[new]), counts


def _log_sum(terms: Floats) -> Floats:
    """(n,) log of the sum of exponentials of rows."""
    top = terms.max(axis=1)
    return np.asarray(top + np.log(np.exp(terms - top[:, None]).sum(axis=1)))
