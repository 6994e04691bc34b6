"""The one face of everything that forecasts: formulas, buy-till-you-die, boosting, the stack, and a user's own class.

A member is fitted on closed windows and forecasts a History. Only what it is handed can reach it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from shijin.distribution import Distribution
from shijin.represent.cutoff import History, Outcomes

Window = tuple[History, Outcomes]  # one closed window: what was known before it, and what came


@runtime_checkable
class Forecaster(Protocol):
    """A way to forecast.

    Attributes
    ----------
    name
        How it is called in every table.
    """

    name: str

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn from closed windows, newest first; all have the same horizon. May be empty: then nothing is learnt."""
        ...

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast every customer of a History over [cutoff, cutoff + horizon)."""
        ...


@runtime_checkable
class Savable(Protocol):
    """A member that can be kept in a model's folder.

    What it learnt goes out, and comes back in, as JSON holds it; what is larger as bytes by file name under ``files``.
    """

    name: str

    def state(self) -> dict[str, Any]:
        """Give what was learnt."""
        ...

    def load(self, state: dict[str, Any]) -> object:
        """Take over what `state` gave."""
        ...
