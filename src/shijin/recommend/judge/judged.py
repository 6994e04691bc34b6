"""A task together with everybody's lists: the recommender's and the simple ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shijin.arrays import Flags, Floats, Ints
from shijin.recommend.judge.baselines import Entries
from shijin.recommend.judge.tasks import Task
from shijin.recommend.ranking.recommender import Recommender

LISTED = 10  # length of the judged lists


@dataclass(frozen=True)
class RecommendedLists:
    """The recommender's lists, of customers who then bought something and of others.

    chosen : (c,) int64, positions of the customers who were to get one
    score, chance : (e,), as in `Ranking`
    """

    chosen: Ints
    entries: Entries
    score: Floats
    chance: Floats
    recommender: Recommender


@dataclass(frozen=True)
class JudgedTask:
    """A task with everybody's lists.

    Parameters
    ----------
    allow_repeat
        Whether items that a customer bought before were targets and could be listed.
    targets : (t,) int64, rising
        As `Task.targets`, of the judged customers.
    judged : (n,) int64, rising
        Positions of the customers who have a list and bought something.
    baselines
        Simple lists of the judged customers, by name.
    """

    task: Task
    allow_repeat: bool
    targets: Ints
    judged: Ints
    recommended: RecommendedLists
    baselines: dict[str, Entries]

    def hits(self, entries: Entries) -> Flags:
        """(e,) whether the listed item was then bought."""
        return np.isin(self.task.keys(entries.customer, entries.item), self.targets)

    def recommended_to_judged(self) -> Entries:
        """The recommender's entries of the judged customers only."""
        entries = self.recommended.entries
        rows = np.isin(entries.customer, self.judged)
        return Entries(entries.customer[rows], entries.place[rows], entries.item[rows])
