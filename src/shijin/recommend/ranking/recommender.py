"""A Recommender: fitted members and a ranker, which together rank the items of any customers of the shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shijin.arrays import Codes, Flags, Floats, Ints
from shijin.recommend.members.members import Members
from shijin.recommend.members.neighbours import faded_past
from shijin.recommend.past.actions import Actions
from shijin.recommend.ranking.candidates import Query, candidates
from shijin.recommend.ranking.ranker import Ranker
from shijin.recommend.ranking.training_windows import TrainedOn

MOST_CUSTOMERS = 20_000  # customers that are ranked for one item; of more, the likeliest by the members alone


@dataclass(frozen=True)
class Ranking:
    """Ranked candidates of some customers: p rows by customer and falling chance.

    chance : (p,) that the item is bought within the horizon, 0..1; all 0 where there was nobody to learn from
    score : (p,) the number by which candidates are ordered
    """

    customer: Ints
    item: Codes
    score: Floats
    chance: Floats

    @property
    def chance_or_score(self) -> Floats:
        """(p,) the chance; the score for a customer without chances. Independent of the other customers."""
        has_chance = np.bincount(self.customer, self.chance) > 0
        return np.where(has_chance[self.customer], self.chance, self.score)

    def take(self, rows: Flags | Ints) -> Ranking:
        """Keep only some rows."""
        return Ranking(self.customer[rows], self.item[rows], self.score[rows], self.chance[rows])

    def merged(self, other: Ranking) -> Ranking:
        """Add the rows of other customers, by customer."""
        both = Ranking.joined([self, other])
        return both.take(np.argsort(both.customer, kind="stable")) if len(other.item) else self

    @classmethod
    def joined(cls, parts: Sequence[Ranking]) -> Ranking:
        """All rows, one part after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__annotations__))


@dataclass(frozen=True)
class Recommender:
    """A trained recommender.

    horizon_days : within how many days an item is to be bought
    allow_repeat : whether items that a customer bought before may be recommended
    trained_on, lists : the kind of the ranker's training data, and its number of lists with a purchase
    """

    members: Members
    ranker: Ranker
    horizon_days: int
    allow_repeat: bool
    trained_on: TrainedOn
    lists: int

    def rank(self, query: Query, threads: int = 1) -> Ranking:
        """Rank the candidates of some customers."""
        found = candidates(self.members, query)
        rows, score, chance = self.ranker.ordered(found, threads)
        order = np.lexsort((-score, found.customer[rows]))  # stable: equals stay in the order of the weights
        rows, customer = rows[order], found.customer[rows[order]]
        ranking = Ranking(customer, found.item[rows], score[order], _never_rising(customer, chance[order]))
        return ranking.take(found.eligible[rows])

    def card(self) -> dict[str, Any]:
        """What people may know of it, as JSON has it."""
        return {
            "taught": self.trained_on,
            "lists": self.lists,
            "horizon_days": self.horizon_days,
            "again": self.allow_repeat,
            "weights": {name: round(weight, 4) for name, weight in self.ranker.weights.items()},
        }


def likely_customers(members: Members, actions: Actions, item: int) -> Ints:
    """The customers to rank for one item: all, or of too many the likeliest by the members and past purchases.

    Returns
    -------
    (c,) int64, rising positions; at most `MOST_CUSTOMERS`.
    """
    if len(actions) <= MOST_CUSTOMERS:
        return np.arange(len(actions))
    evidence = np.zeros(len(actions))
    for member in members.neighbours:
        column = member.similar[:, [item]]
        scores = np.asarray((faded_past(actions, member.decay, actions.weight) @ column).todense()).ravel()
        evidence += scores / max(float(scores.max(initial=0.0)), 1e-12)
    evidence += np.bincount(actions.customer, actions.item == item, len(actions))
    category = members.category[item]
    if category >= 0:
        evidence += 1e-3 * np.bincount(actions.customer, members.category[actions.item] == category, len(actions))
    return np.sort(np.argsort(-evidence, kind="stable")[:MOST_CUSTOMERS])


def _never_rising(customer: Ints, chance: Floats) -> Floats:
    """A customer's chances, none above that of a better rank: the curve's other inputs must not reverse the order."""
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    counts = np.diff(np.append(starts, len(customer)))
    width = int(counts.max(initial=0))
    # One row for each customer, padded with the rows that follow, which `inside` cuts off again.
    place = np.minimum(starts[:, None] + np.arange(width), max(len(customer) - 1, 0))
    inside = np.arange(width) < counts[:, None]
    return np.minimum.accumulate(chance[place], axis=1)[inside] if width else chance
