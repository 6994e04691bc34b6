"""A forecast by type of person: customers, who have bought, and prospects, who have not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shijin.arrays import Flags, Floats
from shijin.distribution import Distribution, consistent, joined
from shijin.represent.cutoff import History


@dataclass(frozen=True)
class ForecastByType:
    """Forecasts of all people of a History.

    history : of customers and prospects
    customers : of `history.customers_only`
    prospects : of `history.prospects_only`
    """

    history: History
    customers: Distribution
    prospects: Distribution

    def __len__(self) -> int:
        return len(self.history)

    def joined(self) -> Distribution:
        """One distribution, in the order of the History; where all are of one type it is theirs, not copied."""
        if not len(self.prospects):
            return self.customers
        if not len(self.customers):
            return self.prospects
        return joined([self.customers, self.prospects], [np.flatnonzero(rows) for rows in self._rows])

    def figures(self, compute: Callable[[Distribution], Floats]) -> Floats:
        """(n,) a figure of everyone, in the order of the History, computed by type; nothing else is copied."""
        values = np.empty(len(self))
        for rows, forecast in zip(self._rows, (self.customers, self.prospects), strict=True):
            values[rows] = compute(forecast)
        return values

    @property
    def _rows(self) -> tuple[Flags, Flags]:
        return self.history.bought, ~self.history.bought


def consistent_by_type(forecasts: Sequence[ForecastByType]) -> list[ForecastByType]:
    """Make forecasts of one History over longer and longer horizons consistent; see `distribution.consistent`."""
    customers = consistent([one.customers for one in forecasts])
    prospects = consistent([one.prospects for one in forecasts])
    return [
        replace(one, customers=of_customers, prospects=of_prospects)
        for one, of_customers, of_prospects in zip(forecasts, customers, prospects, strict=True)
    ]
