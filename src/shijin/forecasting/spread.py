"""From a probability of an order and expected spend to a distribution, for members that forecast only these.

Given at least one order, log spend is ``location_i + width_i * z`` where z has one shape for all customers, that of the
residuals in closed windows; order counts are one plus a negative binomial. Location is set so that the mean is the
member's expected spend.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.stats import nbinom, norm

from shijin.arrays import Floats, row_sums
from shijin.distribution import P_FLOOR, Distribution, Grid

LEVELS = np.concatenate([[0.0005, 0.002], np.linspace(0.005, 0.995, 100), [0.998, 0.9995]])
WIDTHS = np.geomspace(0.05, 4.0, 60)
UNTRAINED_WIDTH = 0.8
MIN_SHAPE_ROWS = 30
TABLE_ROWS = 300
CHUNK = 100_000


@dataclass(frozen=True)
class Spread:
    """The shape z of log spend around its location, and the dispersion of order counts.

    shape : quantiles of z at `LEVELS`
    dispersion : size of the negative binomial of further orders; larger is closer to Poisson
    """

    shape: Floats
    dispersion: float

    @classmethod
    def untrained(cls) -> Self:
        """A normal z and a medium dispersion, for a shop without closed windows."""
        return cls(norm.ppf(LEVELS), 1.5)

    @classmethod
    def of(cls, residuals: Floats, orders: Floats, orders_mean: Floats) -> Self:
        """Learn the shape from closed windows.

        Parameters
        ----------
        residuals : (k,)
            ``(log spend - location) / width`` of customers who ordered and spent.
        orders, orders_mean : (j,)
            Order counts of customers who ordered, and their expected count given at least one order.
        """
        shape = np.quantile(residuals, LEVELS) if len(residuals) >= MIN_SHAPE_ROWS else norm.ppf(LEVELS)
        return cls(np.maximum.accumulate(shape + 1e-9 * np.arange(len(shape))), _dispersion(orders, orders_mean))

    def mean_factor(self, width: Floats) -> Floats:
        """(n,) mean of ``exp(width * z)``."""
        # Each quantile stands for the probability nearer to it than to its neighbours.
        mass = np.diff(np.concatenate([[0.0], (LEVELS[1:] + LEVELS[:-1]) / 2, [1.0]]))
        table = np.exp(np.multiply.outer(WIDTHS, self.shape)) @ mass
        return np.exp(np.interp(np.log(np.clip(width, WIDTHS[0], WIDTHS[-1])), np.log(WIDTHS), np.log(table)))

    def distribution(
        self, p_active: Floats, spend_mean: Floats, orders_mean: Floats, width: Floats, grid: Grid
    ) -> Distribution:
        """Build the distribution of n customers.

        Parameters
        ----------
        p_active : (n,)
        spend_mean, orders_mean : (n,)
            Expected spend (shop currency) and orders *given at least one order*.
        width : (n,)
            Scale of z on the log.
        """
        n = len(p_active)
        spend = np.empty((n, len(grid.spend_edges) - 1))
        location = np.log(np.maximum(spend_mean, grid.spend_edges[1] * 1e-2)) - np.log(self.mean_factor(width))
        log_edges = np.log(grid.spend_edges[1:-1])
        for first in range(0, n, CHUNK):
            rows = slice(first, first + CHUNK)
            z = (log_edges[None, :] - location[rows, None]) / width[rows, None]
            inner = np.interp(z, self.shape, LEVELS, left=0.0, right=1.0)  # distribution function at the inner edges
            spend[rows] = _with_mean(
                np.diff(inner, axis=1, prepend=0.0, append=1.0), grid.spend_means, spend_mean[rows]
            )
        return Distribution(np.clip(p_active, P_FLOOR, 1 - P_FLOOR), spend, self._orders(orders_mean, grid), grid)

    def _orders(self, mean: Floats, grid: Grid) -> Floats:
        """(n, J) order bins with the given means, by interpolation between the rows of a table, which keeps means."""
        means = np.concatenate([[1.0], 1 + np.geomspace(0.01, float(grid.order_starts[-1]), TABLE_ROWS)])
        further = np.maximum(means - 1, 1e-9)
        starts = grid.order_starts - 1
        below = nbinom.cdf(
            starts[None, 1:] - 1, self.dispersion, (self.dispersion / (self.dispersion + further))[:, None]
        )
        table = np.diff(below, axis=1, prepend=0.0, append=1.0)
        true_means = table @ grid.order_means
        target = np.clip(mean, true_means[0], true_means[-1])
        high = np.clip(np.searchsorted(true_means, target), 1, len(means) - 1)
        part = ((target - true_means[high - 1]) / (true_means[high] - true_means[high - 1]))[:, None]
        return (1 - part) * table[high - 1] + part * table[high]

    def state(self) -> dict[str, Any]:
        """The parameters as plain numbers."""
        return {"shape": self.shape.tolist(), "dispersion": self.dispersion}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from `state`."""
        return cls(np.asarray(state["shape"], dtype=float), float(state["dispersion"]))


def _with_mean(shares: Floats, means: Floats, target: Floats) -> Floats:
    """Move an equal part of every bin's share one bin up, or one down, so that rows (n, K) have the target means.

    Otherwise a shape narrower than its bin, or not uniform within it, would get the mean of the bin.
    """
    missing = target - row_sums(shares, means)
    steps = np.diff(means)
    # How far the mean moves if every share goes one bin up, or one down.
    reach = np.where(missing > 0, row_sums(shares[:, :-1], steps), row_sums(shares[:, 1:], steps))
    part = (np.minimum(np.abs(missing), reach) / np.maximum(reach, 1e-300))[:, None]
    up = (missing > 0)[:, None]
    moved = np.where(up, shares[:, :-1], shares[:, 1:]) * part  # across the edge between a bin and the next
    out = shares.copy()
    out[:, :-1] += np.where(up, -moved, moved)
    out[:, 1:] += np.where(up, moved, -moved)
    return out


def _dispersion(orders: Floats, mean: Floats) -> float:
    """Size r of a negative binomial with variance ``m + m^2 / r``, by moments of further orders, within .3 .. 50."""
    further, expected = orders - 1, np.maximum(mean - 1, 0)
    excess = float(np.sum((further - expected) ** 2 - expected))
    square = float(np.sum(expected**2))
    return float(np.clip(square / excess, 0.3, 50.0)) if excess > 0 and square > 0 else 50.0
