"""Parts of a shop's past with what came next: what a recommender learns from, members fitted to each.

A closed window is asked of what was before it; where too few customers took something in one, what each customer did
last is asked of what that customer did before.
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
MOST_EXAMPLES = 4  # closed windows, or steps held out, from which the ranker learns
LEAST_TAKERS, LEAST_SHARE = 1000, 0.2  # who took something in a window, for windows to teach


@dataclass(frozen=True)
class TrainingWindow:
    """A part of the past with what came next.

    actions
        What was known.
    taken : (t,) int64, rising
        ``customer * items + item`` of what was bought next.
    """

    actions: Actions
    taken: Ints

    @property
    def buyers(self) -> Ints:
        """Customers with a past who took something."""
        found = np.unique(self.taken // self.actions.n_items)
        return found[np.diff(self.actions.offsets)[found] > 0]


class TrainingData:
    """A past, its teachings, and members fitted to each when first asked for, then kept for who learns here again.

    Parameters
    ----------
    taught
        What teaches; by how many customers took something where None.
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
        self.trained_on: TrainedOn = trained_on or chosen_teaching(actions, horizon_days)
        self.clock: Clock = "cutoff" if self.trained_on == "window" else "customer"
        self._fitted: dict[int, Members] = {}

    @property
    def teachings(self) -> Iterator[TrainingWindow]:
        """The newest first, as far as anybody took anything."""
        return takewhile(lambda one: len(one.buyers) > 0, teachings(self.actions, self.horizon_days, self.trained_on))

    def members(self, number: int, teaching: TrainingWindow) -> Members:
        """Members that know only what was before a teaching, by its number."""
        if number not in self._fitted:
            self._fitted[number] = self._fit(teaching.actions)
        return self._fitted[number]

    @cached_property
    def today(self) -> Members:
        """Members that know the whole past."""
        return self._fit(self.actions)

    def _fit(self, actions: Actions) -> Members:
        return fit_members(actions, self.catalogue, self.horizon_days, self.clock, self.threads)


def chosen_teaching(actions: Actions, horizon_days: int) -> TrainedOn:
    """Windows teach where enough customers took something in the newest closed one, else what each did last."""
    window = next(teachings(actions, horizon_days, "window"), None)
    if window is not None:
        customers = int((np.diff(window.actions.offsets) > 0).sum())
        buyers = len(window.buyers)
        if buyers >= LEAST_TAKERS or buyers >= max(LEAST_SHARE * customers, 1):
            return "window"
    return "last"


def teachings(actions: Actions, horizon_days: int, trained_on: TrainedOn) -> Iterator[TrainingWindow]:
    """Parts of the past with what came next, the newest first."""
    for back in range(1, MOST_EXAMPLES + 1):
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
