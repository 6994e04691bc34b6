"""Training data of a recommender: parts of the shop's past with what was bought next, and members fitted to each.

A training pair is (history before a closed window, purchases in it). Where too few customers bought something in one,
it is (history before each customer's last step, purchases in that step).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Literal

import numpy as np

from shijin.arrays import Ints
from shijin.recommend.members.members import Clock, Members, fit_members
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.represent.packed import DAY_US

TrainedOn = Literal["window", "last", "nothing"]
MOST_WINDOWS = 4  # closed windows, or last steps, on which the ranker is trained
LEAST_BUYERS, LEAST_SHARE = 1000, 0.2  # buyers in a window, or their share of customers, to train on windows


@dataclass(frozen=True)
class TrainingWindow:
    """A part of the past with what was bought next.

    actions
        The actions before it.
    targets : (t,) int64, rising
        ``customer * items + item`` of what was bought next.
    """

    actions: Actions
    targets: Ints

    @property
    def buyers(self) -> Ints:
        """Customers with a past who bought something."""
        customers = np.unique(self.targets // self.actions.n_items)
        return customers[self.actions.has_rows[customers]]


class TrainingData:
    """A past, its training windows, and members fitted to each when first needed, then shared by later recommenders.

    Parameters
    ----------
    trained_on
        Whether to train on windows or on last steps; chosen by the number of buyers where None.
    """

    def __init__(
        self,
        actions: Actions,
        catalogue: Catalogue,
        horizon_days: int,
        trained_on: TrainedOn | None = None,
        threads: int = 1,
    ) -> None:
        self.actions, self.catalogue, self.horizon_days, self.threads = actions, catalogue, horizon_days, threads
        self.trained_on: TrainedOn = trained_on or chosen_training(actions, horizon_days)
        self.clock: Clock = "cutoff" if self.trained_on == "window" else "customer"
        self._fitted: dict[int, Members] = {}

    @property
    def windows(self) -> Iterator[TrainingWindow]:
        """The newest first, up to the first one without buyers."""
        windows = training_windows(self.actions, self.horizon_days, self.trained_on)
        return takewhile(lambda window: len(window.buyers) > 0, windows)

    def members(self, number: int, window: TrainingWindow) -> Members:
        """Members fitted to the actions before a training window, by its number."""
        if number not in self._fitted:
            self._fitted[number] = self._fit(window.actions)
        return self._fitted[number]

    @cached_property
    def today(self) -> Members:
        """Members fitted to the whole past."""
        return self._fit(self.actions)

    def _fit(self, actions: Actions) -> Members:
        return fit_members(actions, self.catalogue, self.horizon_days, self.clock, self.threads)


def chosen_training(actions: Actions, horizon_days: int) -> TrainedOn:
    """Windows where enough customers bought something in the newest closed one, else last steps."""
    window = next(training_windows(actions, horizon_days, "window"), None)
    if window is not None:
        customers, buyers = int(window.actions.has_rows.sum()), len(window.buyers)
        if buyers >= LEAST_BUYERS or buyers >= max(LEAST_SHARE * customers, 1):
            return "window"
    return "last"


def training_windows(actions: Actions, horizon_days: int, trained_on: TrainedOn) -> Iterator[TrainingWindow]:
    """Parts of the past with what was bought next, the newest first."""
    for back in range(1, MOST_WINDOWS + 1):
        if trained_on == "window":
            cutoff = actions.now - back * horizon_days * DAY_US
            before = actions.before(cutoff)
            inside = (actions.ts >= cutoff) & (actions.ts < cutoff + horizon_days * DAY_US)
        else:
            before = actions.take(actions.step >= back)
            inside = actions.step == back - 1
        if not len(before.item):
            return
        rows = inside & actions.ordered
        yield TrainingWindow(before, np.unique(actions.customer[rows] * actions.n_items + actions.item[rows]))
