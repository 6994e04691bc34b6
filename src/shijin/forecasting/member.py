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
