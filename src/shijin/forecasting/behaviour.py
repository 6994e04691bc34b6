"""The behaviour model as a member: the shipped network, which reads the closed windows of the History in context.

Nothing is fitted here: the network was trained on simulated shops and reads this shop from the History. So it can
forecast a shop that is too young or too small for training, and it never sees a window that is not closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shijin.distribution import Distribution
from shijin.errors import ConfigError, ModelError
from shijin.forecasting.member import Window
from shijin.network.context import MOST_CONTEXT, MOST_SAMPLED
from shijin.network.runtime import Network, Read, checked_weights, forecast, read_past, vectors
from shijin.network.weights import Weights, as_bytes, from_bytes, load_weights
from shijin.represent.cutoff import History

NAME = "behaviour model"
ADAPTED = "behaviour model, adapted"
FILE = "behaviour-adapted.safetensors"
MOST_HORIZON_DAYS = 400  # tasks of simulated shops have horizons of up to about a year


class Behaviour:
    """The network, in context.

    Parameters
    ----------
    threads
        Blocks of customers computed at a time; the numbers do not depend on it.
    context_customers
        How many customers of closed windows it reads together with their outcomes; 0 for none.
    weights
        The shipped ones if None.
    """

    name = NAME
    learns = False  # not fitted on windows: judging it needs no customer folds
    most_sampled = MOST_SAMPLED

    def __init__(self, threads: int = 1, context_customers: int = MOST_CONTEXT, weights: Weights | None = None) -> None:
        self.threads, self.context_customers = threads, context_customers
        self.network = Network(weights or shipped())

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Do nothing: the network reads only the History."""
        del windows, seed

    def read(self, sample: History, horizon_days: int) -> ShopBehaviour:
        """Read a shop's past.

        Raises
        ------
        ModelError
            For a horizon longer than it was trained on.
        """
        refuse_long(horizon_days)
        read = read_past(self.network, sample, horizon_days, self.context_customers)
        return ShopBehaviour(self.network, read, self.threads)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Read the History's past, then forecast its customers. Raises as `read` does."""
        return self.read(history, horizon_days).forecast(history, horizon_days)

    def vectors(self, history: History, horizon_days: int) -> NDArray[np.float32]:
        """(n, d) the vector of every customer; similar customers have similar vectors. Raises as `read` does."""
        return self.read(history, horizon_days).vectors(history, horizon_days)

    def state(self) -> dict[str, Any]:
        """The name of the weights."""
        return {"weights": self.network.name}

    def load(self, state: dict[str, Any]) -> Self:
        """Check that the weights are those that the model was trained with."""
        if state["weights"] != self.network.name:
            raise ModelError("forecasting.other_weights", NAME)
        return self


@dataclass(frozen=True)
class ShopBehaviour:
    """The network after reading one shop: it forecasts any of the shop's customers."""

    network: Network
    shop: Read
    threads: int = 1
    name: str = NAME

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Do nothing: the network reads only the History."""
        del windows, seed

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast customers of the shop."""
        return forecast(self.network, history, horizon_days, self.shop, self.threads)

    def vectors(self, history: History, horizon_days: int) -> NDArray[np.float32]:
        """(n, d) the vector of every customer."""
        return vectors(self.network, history, horizon_days, self.shop, self.threads)


def refuse_long(horizon_days: int) -> None:
    """Refuse a horizon longer than the network was trained on.

    Examples
    --------
    >>> refuse_long(7300)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    shijin.errors.ModelError: horizon: the behaviour model forecasts horizons of 1 to 400 days, not 7300. Cure: ...
    """
    if not 1 <= horizon_days <= MOST_HORIZON_DAYS:
        raise ModelError("forecasting.horizon_beyond_model", key="horizon", days=horizon_days, most=MOST_HORIZON_DAYS)


class Adapted:
    """The network after a little training on the shop's closed windows, with weights near the shipped ones.

    It is a separate member: the stack gives it weight only as far as it is better on customers it was not adapted to.

    Parameters
    ----------
    threads
        See `Behaviour`.
    start
        The weights to adapt; the shipped ones if None.
    """

    name = ADAPTED

    def __init__(self, threads: int = 1, start: Weights | None = None) -> None:
        self.threads, self.start = threads, start or shipped()
        self.weights: Weights | None = None

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Adapt the weights to closed windows.

        Raises
        ------
        ModelError
            Without windows.
        ConfigError
            Without torch.
        """
        if not windows:
            raise ModelError("forecasting.nothing_to_adapt_to", ADAPTED)
        try:
            from shijin.network.adapt import adapt
        except ImportError as error:
            raise ConfigError("forecasting.adapt_needs_torch", key="adapt") from error
        refuse_long(windows[0][1].horizon_days)
        self.weights = adapt(self.start, windows, seed)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Read the History's past, then forecast its customers."""
        if self.weights is None:
            raise ModelError("forecasting.not_fitted", ADAPTED)
        return Behaviour(self.threads, weights=self.weights).forecast(history, horizon_days)

    def state(self) -> dict[str, Any]:
        """The adapted tensors, as a file."""
        if self.weights is None:
            raise ModelError("forecasting.not_fitted", ADAPTED)
        return {"weights": self.weights.name, "files": {FILE: as_bytes(self.weights.tensors)}}

    def load(self, state: dict[str, Any]) -> Self:
        """Restore what `state` returned."""
        self.weights = Weights(from_bytes(state["files"][FILE]), {**self.start.card, "sha256": state["weights"]})
        return self


@cache
def shipped() -> Weights:
    """Read the shipped weights once, and check that they fit this network."""
    return checked_weights(load_weights())
