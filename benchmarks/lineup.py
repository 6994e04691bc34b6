"""Who is judged: the package's members, the behaviour model without context, and peers that train on the shop.

A forecast that was asked for once is remembered, so that a stack with the network and one without it cost one fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from shijin.distribution import Distribution
from shijin.errors import ModelError
from shijin.forecasting.behaviour import NAME as BEHAVIOUR
from shijin.forecasting.behaviour import Adapted, Behaviour
from shijin.forecasting.boosting import NAME as BOOSTING
from shijin.forecasting.boosting import Boosting
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.member import Forecaster, Window
from shijin.forecasting.members import STACKED, default_members
from shijin.forecasting.stack import Stack
from shijin.network.runtime import checked_weights
from shijin.network.weights import SHIPPED, Weights, load_weights
from shijin.represent.cutoff import History

NO_CONTEXT = f"{BEHAVIOUR}, no context"
WITHOUT = "stack without the network"
Memory = dict[Any, Distribution]


class Remembered:
    """A member whose forecasts are kept by what it had learnt from and what it was asked; it is fitted when needed.

    Parameters
    ----------
    memory
        Shared by all who may ask the same.
    """

    def __init__(self, member: Forecaster, memory: Memory) -> None:
        self.member, self.memory, self.name = member, memory, member.name
        self.learns = getattr(member, "learns", True)
        self.told: tuple[Sequence[Window], int] = ((), 0)
        self.fitted: Any = None

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Keep the windows for when a forecast is asked for."""
        self.told = (windows, seed)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Recall a forecast, or fit and make it."""
        windows, seed = self.told
        learnt = (self.name, seed, *(_key(window[0]) for window in windows if self.learns))
        asked = (learnt, _key(history), horizon_days)
        if asked not in self.memory:
            if self.fitted != learnt:
                self.member.fit(windows, seed)
                self.fitted = learnt
            self.memory[asked] = self.member.forecast(history, horizon_days)
        return self.memory[asked]


class OrFormula:
    """LightGBM, and where it finds too little to learn from what its user would fall back on: the formula."""

    name = BOOSTING

    def __init__(self, threads: int = 1) -> None:
        self.boosting, self.formula = Boosting(threads), default_members([DECAYED], 1)[0]
        self.fell_back = False

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn from closed windows, if they are enough."""
        self.formula.fit(windows, seed)
        try:
            self.boosting.fit(windows, seed)
        except ModelError:
            self.fell_back = True
        else:
            self.fell_back = False

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast every customer of a History."""
        return (self.formula if self.fell_back else self.boosting).forecast(history, horizon_days)


def read_weights(folder: Path | None) -> Weights:
    """Read weights; the shipped ones where no folder is told."""
    return checked_weights(load_weights(folder or SHIPPED))


def told_of(weights: Weights) -> dict[str, Any]:
    """What a result says of the weights behind it."""
    return {"name": weights.name, **{key: weights.card.get(key) for key in ("steps", "customers_seen", "hours")}}


def members(weights: Weights, memory: Memory, names: Sequence[str] = STACKED, threads: int = 1) -> list[Forecaster]:
    """Make unfitted members that remember."""
    plain = default_members([name for name in names if name != BEHAVIOUR], threads)
    by_name: dict[str, Forecaster] = {member.name: member for member in plain}
    by_name[BEHAVIOUR] = Behaviour(threads, weights=weights)
    return [Remembered(by_name[name], memory) for name in names]


def no_context(weights: Weights, threads: int = 1) -> Behaviour:
    """The behaviour model that is told of no customer's outcome."""
    alone = Behaviour(threads, context_customers=0, weights=weights)
    alone.name = NO_CONTEXT
    return alone


def stacks(weights: Weights, memory: Memory, threads: int = 1) -> tuple[Stack, Stack]:
    """The stack, and the stack of all members but the network."""
    without = [name for name in STACKED if name != BEHAVIOUR]
    return Stack(members(weights, memory, threads=threads)), Stack(
        members(weights, memory, without, threads), name=WITHOUT
    )


def trained_networks(weights: Weights) -> list[Forecaster]:
    """Networks that train on the shop, the behaviour model adapted to it among them; none without torch, said."""
    if find_spec("torch") is None:
        print("torch is not here: the networks that train on the shop are left out")
        return []
    from peers import ShopTransformer, Ziln

    return [Adapted(start=weights), Ziln(), ShopTransformer()]


def _key(history: History) -> tuple[int, int, int]:
    return history.cutoff, len(history.moments), hash(history.customers.tobytes())
