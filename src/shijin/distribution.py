"""A forecast: for every customer a distribution of spend and of orders, on a grid.

A ``Distribution`` has three parts; everything else is derived from them and never predicted separately:

* ``p_active``: the probability of at least one order in the horizon;
* ``spend``: given that, the probabilities of spend bins, uniform in money within a bin;
* ``orders``: given that, the probabilities of order counts (bins above a few).

Spend is 0 with probability 1 - p_active, so the distribution function of spend is a step at 0 and piecewise linear
above; means, quantiles, CRPS and PIT are exact for it. This module knows nothing about customers, dates or models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, row_sums

SPEND_BINS = 64
LOWEST, HIGHEST = 0.01, 1e4  # of the shop's median order
ORDER_STARTS = np.unique(np.round(np.concatenate([np.arange(1, 8), np.geomspace(8, 1000, 24)])).astype(int))
P_FLOOR = 1e-4
STRETCHES = 5  # each brings the mean about ten times nearer to the target
BLOCK = 100_000  # customers whose distribution functions are in memory at a time


@dataclass(frozen=True)
class Grid:
    """The bins of a distribution.

    Parameters
    ----------
    spend_edges : (K + 1,), rising
        Edges of the spend bins in shop currency. The first bin reaches down to 0; the last begins at ten thousand
        median orders, more than any customer spent in any shop we have seen, and ends at twice that.
    order_starts : (J,), rising
        The smallest order count of each bin; the first is 1.
    """

    spend_edges: Floats
    order_starts: NDArray[np.int64]

    @classmethod
    def of_scale(cls, scale: float) -> Grid:
        """Build the standard grid for a shop whose median order is `scale`.

        Parameters
        ----------
        scale
            Median order amount before the cutoff, in shop currency, > 0.
        """
        edges = np.geomspace(LOWEST, HIGHEST, SPEND_BINS) * scale
        return cls(np.concatenate([[0.0], edges[1:], [2 * edges[-1]]]), ORDER_STARTS)

    @property
    def spend_means(self) -> Floats:
        """(K,) mean spend in each bin."""
        return (self.spend_edges[1:] + self.spend_edges[:-1]) / 2

    @property
    def order_means(self) -> Floats:
        """(J,) mean order count in each bin; of the last, open bin its start."""
        ends = np.append(self.order_starts[1:] - 1, self.order_starts[-1])
        return (self.order_starts + ends) / 2

    def spend_bin(self, spend: Floats) -> NDArray[np.int64]:
        """(n,) the bin of each positive spend."""
        return np.clip(np.searchsorted(self.spend_edges, spend, side="right") - 1, 0, len(self.spend_edges) - 2)

    def order_bin(self, orders: NDArray[np.integer]) -> NDArray[np.int64]:
        """(n,) the bin of each order count >= 1."""
        return np.clip(np.searchsorted(self.order_starts, orders, side="right") - 1, 0, None)


@dataclass(frozen=True)
class Distribution:
    """Forecasts of n customers over one horizon.

    Parameters
    ----------
    p_active : (n,)
        Probability of at least one order.
    spend : (n, K)
        Probabilities of the spend bins given at least one order; rows sum to 1.
    orders : (n, J)
        Probabilities of the order bins given at least one order; rows sum to 1.
    grid : Grid
    level_scale
        Uncertainty of the shop's total that all customers share, such as season or drift: scale of a Laplace
        distribution of log(actual / forecast). None if unknown.

    Examples
    --------
    Two bins, [0, 10) and [10, 30); a customer who buys with probability .5, and then both bins are equally likely:

    >>> grid = Grid(np.array([0.0, 10.0, 30.0]), np.array([1, 2]))
    >>> one = Distribution(np.array([0.5]), np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]), grid)
    >>> one.mean()      # .5 * (.5 * 5 + .5 * 20)
    array([6.25])
    >>> one.quantile(0.5), one.quantile(0.9)      # half of the mass is at 0
    (array([0.]), array([22.]))
    """

    p_active: Floats
    spend: Floats
    orders: Floats
    grid: Grid
    level_scale: float | None = None

    def __len__(self) -> int:
        return len(self.p_active)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Self:
        """Keep only some customers; a mask that keeps all returns the forecast itself, without a copy."""
        if isinstance(rows, np.ndarray) and rows.dtype == np.bool_ and rows.all():
            return self
        return replace(self, p_active=self.p_active[rows], spend=self.spend[rows], orders=self.orders[rows])

    def mean(self) -> Floats:
        """(n,) expected spend, shop currency."""
        return self.p_active * row_sums(self.spend, self.grid.spend_means)

    def total_interval(self, share: float = 0.8) -> tuple[float, float] | None:
        """Lower and upper end of a `share` interval of all customers' total spend, shop currency; None if unknown."""
        return total_interval([self], share)

    def variance(self) -> Floats:
        """(n,) variance of spend, shop currency squared."""
        return self.p_active * row_sums(self.spend, self.grid.spend_means**2) - self.mean() ** 2

    def expected_orders(self) -> Floats:
        """(n,) expected number of orders."""
        return self.p_active * row_sums(self.orders, self.grid.order_means)

    def quantile(self, level: float) -> Floats:
        """(n,) the spend that is not exceeded with probability `level`; 0 where that much mass lies at 0."""
        blocks = [self.take(slice(first, first + BLOCK)) for first in range(0, len(self), BLOCK)]
        return np.concatenate([np.zeros(0), *(block._quantile(level) for block in blocks)])

    def _quantile(self, level: float) -> Floats:
        cumulative = self._cdf_at_edges()
        rows = np.arange(len(self))
        # The first edge that reaches the level, less rounding errors, and the edge before: linear in between.
        above = np.argmax(cumulative >= level - 1e-12, axis=1)
        below = np.maximum(above - 1, 0)
        low, high = cumulative[rows, below], cumulative[rows, above]
        part = np.clip((level - low) / np.maximum(high - low, 1e-300), 0.0, 1.0)
        edges = self.grid.spend_edges
        value = edges[below] + part * (edges[above] - edges[below])
        return np.where(above == 0, 0.0, value)

    def cdf(self, spend: Floats) -> Floats:
        """(n,) probability that each customer's spend is at most its entry of `spend` (n,), each >= 0."""
        cumulative = self._cdf_at_edges()
        edges = self.grid.spend_edges
        rows = np.arange(len(self))
        inside = np.clip(np.searchsorted(edges, spend, side="right") - 1, 0, len(edges) - 2)
        part = np.clip((spend - edges[inside]) / (edges[inside + 1] - edges[inside]), 0.0, 1.0)
        return cumulative[rows, inside] + part * (cumulative[rows, inside + 1] - cumulative[rows, inside])

    def crps(self, spend: Floats) -> Floats:
        """(n,) continuous ranked probability score against the outcomes, shop currency; smaller is better.

        ``CRPS = integral of (F(x) - 1{x >= y})^2 dx`` (Gneiting and Raftery 2007, eq. 20), exact for the piecewise
        linear F: a linear stretch from a to b over a width w contributes ``w (a^2 + a b + b^2) / 3``.
        """
        cumulative = self._cdf_at_edges()
        edges = self.grid.spend_edges
        widths = np.diff(edges)
        at_outcome = self.cdf(spend)
        # Whole bins below the outcome (F^2) and above it (1 - F)^2, the two parts of its own bin, and beyond the grid.
        below = _squares(cumulative[:, :-1], cumulative[:, 1:]) * widths
        above = _squares(1 - cumulative[:, :-1], 1 - cumulative[:, 1:]) * widths
        inside = np.clip(np.searchsorted(edges, spend, side="right") - 1, 0, len(widths) - 1)
        rows = np.arange(len(self))
        y = np.minimum(spend, edges[-1])
        before = np.concatenate([np.zeros((len(self), 1)), np.cumsum(below, axis=1)], axis=1)[rows, inside]
        after = np.concatenate([np.cumsum(above[:, ::-1], axis=1)[:, ::-1], np.zeros((len(self), 1))], axis=1)
        left = _squares(cumulative[rows, inside], at_outcome) * (y - edges[inside])
        right = _squares(1 - at_outcome, 1 - cumulative[rows, inside + 1]) * (edges[inside + 1] - y)
        return before + left + right + after[rows, inside + 1] + (spend - y)

    def pit(self, spend: Floats, uniform: Floats) -> Floats:
        """(n,) probability integral transform, uniform on 0..1 if the forecast is right.

        Parameters
        ----------
        uniform : (n,)
            Random numbers within 0..1 that spread the outcomes at exactly 0 over the mass there.
        """
        return np.where(spend > 0, self.cdf(spend), uniform * (1 - self.p_active))

    def stretched(self, given_active: Floats) -> Self:
        """Stretch what customers spend, given an order, along the log until its mean is `given_active` (n,), each > 0.

        Mass beyond the grid stays in its last bin.

        Examples
        --------
        >>> grid = Grid.of_scale(10.0)
        >>> one = Distribution(np.array([0.5]), np.eye(SPEND_BINS)[[32]], np.ones((1, 1)), grid)
        >>> one.mean().round(2), one.stretched(np.array([100.0])).mean().round(2)
        (array([62.63]), array([50.]))
        """
        factor, spend = np.ones(len(self)), self.spend
        for _ in range(STRETCHES):
            factor = factor * given_active / row_sums(spend, self.grid.spend_means)
            spend = self._scaled(factor)
        return replace(self, spend=spend)

    def _scaled(self, factor: Floats) -> Floats:
        """(n, K) probabilities of the spend bins, given an order, of each customer's spend times a factor."""
        edges, rows = self.grid.spend_edges, np.arange(len(self))[:, None]
        cumulative = np.pad(np.cumsum(self.spend, axis=1), ((0, 0), (1, 0)))
        was = edges / factor[:, None]  # each edge on the scale before stretching
        below = np.clip(np.searchsorted(edges, was, side="right") - 1, 0, len(edges) - 2)
        part = np.clip((was - edges[below]) / (edges[below + 1] - edges[below]), 0.0, 1.0)
        reached = cumulative[rows, below] + part * (cumulative[rows, below + 1] - cumulative[rows, below])
        reached[:, -1] = cumulative[:, -1]  # mass beyond the last edge
        return np.diff(reached, axis=1)

    def _fewer_orders(self) -> Floats:
        """(n, J) probability of at most each bin's order count."""
        return 1 - self.p_active[:, None] * (1 - np.cumsum(self.orders, axis=1))

    def _cdf_at_edges(self) -> Floats:
        """(n, K + 1) probability of spend at most each edge."""
        given_active = np.cumsum(self.spend, axis=1)
        given_active /= given_active[:, -1:]
        rest = (1 - self.p_active)[:, None]
        return np.concatenate([rest, rest + self.p_active[:, None] * given_active], axis=1)


def total_interval(parts: Sequence[Distribution], share: float = 0.8) -> tuple[float, float] | None:
    """Interval of the total spend of all customers, given by parts of one shop; see `Distribution.total_interval`.

    The sums are exact before they are rounded, so they do not depend on how the customers are divided.
    """
    level_scale = next((part.level_scale for part in parts if part.level_scale is not None), None)
    if level_scale is None:
        return None
    total = fsum(value for part in parts for value in part.mean().tolist())
    chance = fsum(value for part in parts for value in part.variance().tolist())
    # A Laplace distribution's variance is twice its scale squared; the variance of independent customers is added.
    scale = np.sqrt(level_scale**2 + chance / max(total, 1e-300) ** 2 / 2)
    factor = float(np.exp(-scale * np.log1p(-share)))
    return total / factor, total * factor


def joined(parts: Sequence[Distribution], rows: Sequence[NDArray[np.int64]]) -> Distribution:
    """Join forecasts of different customers of one shop; `rows` holds the place of each part's customers.

    The level scale is that of the first part that has one.
    """
    places = np.argsort(np.concatenate(rows))
    p_active, spend, orders = (
        np.concatenate([getattr(part, name) for part in parts])[places] for name in ("p_active", "spend", "orders")
    )
    level_scale = next((part.level_scale for part in parts if part.level_scale is not None), None)
    return Distribution(p_active, spend, orders, parts[0].grid, level_scale)


def consistent(forecasts: Sequence[Distribution]) -> list[Distribution]:
    """Make forecasts of the same customers over longer and longer horizons consistent: a longer one is never less.

    The probability of spend, or of an order count, of at most x must fall as the horizon grows; if it does not, the
    lowest so far is used.

    Parameters
    ----------
    forecasts
        From the shortest horizon to the longest, on one grid.
    """
    agreed = list(forecasts[:1])
    for one in forecasts[1:]:
        shorter = agreed[-1]
        below = np.minimum(one._cdf_at_edges(), shorter._cdf_at_edges())
        fewer = np.minimum(one._fewer_orders(), shorter._fewer_orders())
        p_active = 1 - below[:, 0]
        spend = np.diff(below, axis=1) / p_active[:, None]
        orders = np.diff(fewer, axis=1, prepend=1 - p_active[:, None]) / p_active[:, None]
        agreed.append(replace(one, p_active=p_active, spend=spend, orders=np.maximum(orders, 0.0)))
    return agreed


def _squares(a: Floats, b: Floats) -> Floats:
    """Integral over 0..1 of the square of a line from a to b."""
    return (a * a + a * b + b * b) / 3
