"""The behaviour model as a member: the shipped network, which reads the History's own closed windows in context.

Nothing is fitted: what it knows of shops it learnt from simulated ones, what it knows of this one it reads in the
History. So it forecasts a shop too young or too small to train on, and can never see a window that is not closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shijin.distribution import Distribution
from shijin.errors import ConfigError, ModelError
from shijin.forecasting.member import Window
from shijin.network.context import MOST_CONTEXT
from shijin.network.runtime import Network, checked_weights, forecast, read_past, vectors
from shijin.network.weights import Weights, as_bytes, from_bytes, load_weights
from shijin.represent.cutoff import History

NAME = "behaviour model"
ADAPTED = "behaviour model, adapted"
FILE = "behaviour-adapted.safetensors"
MOST_HORIZON_DAYS = 400  # simulated shops ask for up to a year


class Behaviour:
    """The network, in context.

    Parameters
    ----------
    threads
        How many blocks of customers are computed at a time; the numbers do not depend on it.
    told
        How many customers of closed windows it is shown with what came of them; 0 for none.
    weights
        The shipped ones where None.
    """

    name = NAME
    learns = False  # nothing from windows: it need not be kept from any when it is judged

    def __init__(self, threads: int = 1, told: int = MOST_CONTEXT, weights: Weights | None = None) -> None:
        self.threads, self.told = threads, told
        self.network = Network(weights or shipped())

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn nothing: the History tells."""
        del windows, seed

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Read the History's past, then forecast its customers.

        Raises
        ------
        ModelError
            For a horizon longer than any it has learnt from.
        """
        refuse_long(horizon_days)
        read = read_past(self.network, history, horizon_days, self.told)
        return forecast(self.network, history, horizon_days, read, self.threads)

    def vectors(self, history: History, horizon_days: int) -> NDArray[np.float32]:
        """(n, d) what it makes of every customer: near vectors are customers alike; see `forecast`."""
        refuse_long(horizon_days)
        read = read_past(self.network, history, horizon_days, self.told)
        return vectors(self.network, history, horizon_days, read, self.threads)

    def state(self) -> dict[str, Any]:
        """Name the weights."""
        return {"weights": self.network.name}

    def load(self, state: dict[str, Any]) -> Self:
        """Make sure that the weights are those a model was trained beside."""
        if state["weights"] != self.network.name:
            raise ModelError("the model was trained beside other network weights", NAME, "train again")
        return self


def refuse_long(horizon_days: int) -> None:
    """Refuse a horizon longer than any that the network has learnt from.

    Examples
    --------
    >>> refuse_long(7300)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    shijin.errors.ModelError: horizon: 7300 days are beyond what the behaviour model has learnt from. Cure: ...
    """
    if not 1 <= horizon_days <= MOST_HORIZON_DAYS:
        problem = f"{horizon_days} days are beyond what the {NAME} has learnt from"
        raise ModelError(problem, "horizon", f"choose 1 to {MOST_HORIZON_DAYS} days")


class Adapted:
    """The network after a little training on the shop's own closed windows, held near the shipped weights.

    A member of its own: the stack gives it weight only where it earns it on customers that it was not adapted to.

    Parameters
    ----------
    threads
        See `Behaviour`.
    start
        The weights it begins from; the shipped ones where None.
    """

    name = ADAPTED

    def __init__(self, threads: int = 1, start: Weights | None = None) -> None:
        self.threads, self.start = threads, start or shipped()
        self.weights: Weights | None = None

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Adapt the weights it begins from.

        Raises
        ------
        ModelError
            Without windows.
        ConfigError
            Without torch.
        """
        if not windows:
            raise ModelError("no closed window to adapt to", ADAPTED, "forecast without --adapt")
        try:
            from shijin.network.adapt import adapt
        except ImportError as error:
            raise ConfigError("adapting needs torch", "--adapt", "in Shijin's clone, pip install '.[train]'") from error
        refuse_long(windows[0][1].horizon_days)
        self.weights = adapt(self.start, windows, seed)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Read the History's past, then forecast its customers."""
        if self.weights is None:
            raise ModelError("not adapted", ADAPTED, "fit it on closed windows first")
        return Behaviour(self.threads, weights=self.weights).forecast(history, horizon_days)

    def state(self) -> dict[str, Any]:
        """Give the adapted tensors as a file."""
        if self.weights is None:
            raise ModelError("not adapted", ADAPTED, "fit it on closed windows first")
        return {"weights": self.weights.name, "files": {FILE: as_bytes(self.weights.tensors)}}

    def load(self, state: dict[str, Any]) -> Self:
        """Take over what `state` gave."""
        self.weights = Weights(from_bytes(state["files"][FILE]), {**self.start.card, "sha256": state["weights"]})
        return self


@cache
def shipped() -> Weights:
    """Read the shipped weights once, and make sure that they are this network's."""
    return checked_weights(load_weights())
