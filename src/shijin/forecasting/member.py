"""The interface of all members: formulas, buy-till-you-die, boosting, the stack, and a user's own class.

A member is fitted on closed windows and forecasts a History; these two are all the data it gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from shijin.distribution import Distribution
from shijin.represent.cutoff import History, Outcomes

Window = tuple[History, Outcomes]  # one closed window: the history before it, and its outcomes


@runtime_checkable
class Forecaster(Protocol):
    """A way to forecast.

    Attributes
    ----------
    name
        Its name in every table.
    """

    name: str

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn from closed windows of one horizon, newest first; learn nothing if there are none."""
        ...

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast every customer of a History over [cutoff, cutoff + horizon)."""
        ...


@runtime_checkable
class ShopReader(Protocol):
    """A member whose forecast of one customer depends on the whole shop, which it reads from a sample.

    Other members forecast each customer without the others, so they forecast parts of a shop as they are.
    """

    most_sampled: int  # customers that it reads at most

    def read(self, sample: History, horizon_days: int) -> Forecaster:
        """Read a shop.

        Parameters
        ----------
        sample
            Customers of the whole shop, evenly by position, at most `most_sampled`; or all of them.

        Returns
        -------
        A member that forecasts any customers of this shop over this horizon; it can be pickled.
        """
        ...


@runtime_checkable
class Savable(Protocol):
    """A member that can be saved in a model's folder.

    Its state is a JSON object; larger parts are bytes by file name, under the key ``files``.
    """

    name: str

    def state(self) -> dict[str, Any]:
        """Return what was learnt."""
        ...

    def load(self, state: dict[str, Any]) -> object:
        """Restore what `state` returned."""
        ...
