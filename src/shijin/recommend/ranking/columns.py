"""The ranker's input: columns of numbers for each pair of a customer and an item, from all members and the habits.

A customer's numbers depend on that customer's past and on the fitted members alone, so that customers can be ranked in
batches of any size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from shijin.arrays import Flags, Floats, Ints, Singles
from shijin.recommend.members.members import Members
from shijin.recommend.members.neighbours import falling
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.habits import Habits
from shijin.represent.packed import DAY_US

UNRANKED = 999.0  # rank of a pair without evidence

# Names of the columns; they are saved with a trained ranker.
OF_NEIGHBOURS = ("", "_share", "_rank")
OF_HABITS = ("times", "age", "due", "soon", "lately", "long", "steps", "looks", "habit_share", "habit_rank")
OF_CATEGORIES = ("interest_share", "category_rank", "dearer")
OF_ITEMS = ("count", "recent", "recent_share", "trend", "current", "item_age", "known", "again", "item_gap")
OF_CUSTOMERS = ("actions", "variety", "returning", "silence", "pace")


@dataclass(frozen=True)
class Evidence:
    """What is known of some customers and items, before pairs are chosen.

    neighbours : scores by each item-to-item member, (n, items) each
    interest : (n, categories) each customer's shares of interest
    by_category : (n, items) scores by interest in categories
    habits : the customers' own purchases
    """

    neighbours: list[sp.csr_matrix]
    interest: sp.csr_matrix
    by_category: sp.csr_matrix
    habits: Habits


@dataclass(frozen=True)
class CustomerGroups:
    """Pairs grouped by customer, and whether each pair counts when others are ranked.

    customer : (p,) rising
    starts : (n,) where each customer's pairs begin
    counted : (p,) bool
    """

    customer: Ints
    starts: Ints
    counted: Flags

    def ranks(self, values: Floats) -> Floats:
        """(p,) number of counted pairs of the same customer with a larger value; `UNRANKED` for values <= 0."""
        order = falling(self.customer, values)
        owner, ordered = self.customer[order], values[order].astype(np.float32)
        # Of a run of equal values all have the rank of the first: carried along by a running maximum.
        begins = np.ones(len(order), dtype=bool)
        begins[1:] = (ordered[1:] != ordered[:-1]) | (owner[1:] != owner[:-1])
        ahead = np.maximum.accumulate(np.where(begins, counted_before(self.counted[order]), 0))
        rank = np.empty(len(values))
        rank[order] = ahead - counted_before(self.counted)[self.starts[owner]]
        return np.where(values > 0, rank, UNRANKED)

    def shares(self, values: Floats) -> Floats:
        """(p,) each value over the customer's largest counted one, at least -1; 0 where none is above 0."""
        if not len(values):
            return values
        has_pairs = np.diff(np.append(self.starts, len(values))) > 0
        top = np.ones(len(self.starts))
        top[has_pairs] = np.maximum.reduceat(np.where(self.counted, values, -np.inf), self.starts[has_pairs])
        return np.maximum(values / np.where(top > 0, top, np.inf)[self.customer], -1.0)


def column_names(members: Members) -> tuple[str, ...]:
    """Names of the columns."""
    of_neighbours = tuple(f"{member.name}{part}" for member in members.neighbours for part in OF_NEIGHBOURS)
    return (*of_neighbours, *OF_HABITS, *OF_CATEGORIES, *OF_ITEMS, *OF_CUSTOMERS)


def columns_of(members: Members, actions: Actions, evidence: Evidence, keys: Ints, counted: Flags) -> Singles:
    """(p, c) float32: the columns of each pair.

    Parameters
    ----------
    keys : (p,) rising
        ``customer * items + item``.
    counted : (p,)
        As in `CustomerGroups`.
    """
    customer, item = keys // actions.n_items, (keys % actions.n_items).astype(np.int32)
    groups = CustomerGroups(customer, np.searchsorted(customer, np.arange(len(actions))), counted)
    columns = [
        *(column for scores in evidence.neighbours for column in _of_neighbours(scores, keys, groups)),
        *_of_habits(evidence.habits, keys, actions.n_items, groups),
        *_of_categories(members, actions, evidence, keys, groups),
        *(values[item] for values in _of_items(members)),
        *(values[customer] for values in _of_customers(members, actions, evidence.habits)),
    ]
    return np.stack([column.astype(np.float32) for column in columns], axis=1)


def counted_before(counted: Flags) -> Ints:
    """(p,) number of counted pairs before each."""
    return np.cumsum(counted) - counted


def is_among(keys: Ints, known: Ints) -> Flags:
    """Whether each key is among known, rising ones."""
    if not len(known):
        return np.zeros(len(keys), dtype=bool)
    return known[np.minimum(np.searchsorted(known, keys), len(known) - 1)] == keys


def entry_rows(scores: sp.csr_matrix) -> Ints:
    """(e,) the row of each entry of a matrix."""
    return np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))


def _entries(scores: sp.csr_matrix, keys: Ints) -> Floats:
    """Entries at some places, ``row * columns + column``; 0 where there is none."""
    present = entry_rows(scores) * scores.shape[1] + scores.indices
    if not len(present):
        return np.zeros(len(keys))
    place = np.minimum(np.searchsorted(present, keys), len(present) - 1)
    return np.where(present[place] == keys, scores.data[place], 0.0)


def _of_neighbours(scores: sp.csr_matrix, keys: Ints, groups: CustomerGroups) -> tuple[Floats, ...]:
    values = _entries(scores, keys)
    return values, groups.shares(values), groups.ranks(values)


def _of_habits(habits: Habits, keys: Ints, n_items: int, groups: CustomerGroups) -> tuple[Floats, ...]:
    known = habits.keys(n_items)
    has_habit = is_among(keys, known)
    place = np.minimum(np.searchsorted(known, keys), max(len(known) - 1, 0))

    def of_pairs(values: Floats, otherwise: float) -> Floats:
        return np.where(has_habit, values[place], otherwise) if len(known) else np.full(len(keys), otherwise)

    age, gap = of_pairs(habits.age_days, np.nan), of_pairs(habits.gap_days, np.nan)
    faded = [of_pairs(habits.faded[:, half_life], 0.0) for half_life in range(habits.faded.shape[1])]
    strength = faded[1] + faded[-1]
    ranked = (groups.shares(strength), groups.ranks(strength))
    return (of_pairs(habits.times, 0.0), age, age / gap, *faded, of_pairs(habits.interest, 0.0), *ranked)


def _of_categories(
    members: Members, actions: Actions, evidence: Evidence, keys: Ints, groups: CustomerGroups
) -> tuple[Floats, ...]:
    customer, item = keys // actions.n_items, keys % actions.n_items
    category = members.category[item]
    interest = np.zeros(len(keys))
    some = category >= 0
    width = evidence.interest.shape[1]
    interest[some] = _entries(evidence.interest, customer[some] * width + category[some])
    # How much dearer the item is than the mean of the customer's priced actions, in logarithms.
    price = np.log(np.maximum(members.items.price, 1e-6))
    priced = np.isfinite(price[actions.item])
    of_rows = np.where(priced, price[actions.item], 0.0)
    number = np.maximum(np.bincount(actions.customer, priced, len(actions)), 1)
    usual = np.bincount(actions.customer, of_rows, len(actions)) / number
    return interest, groups.ranks(_entries(evidence.by_category, keys)), price[item] - usual[customer]


def _of_items(members: Members) -> tuple[Floats, ...]:
    items = members.items
    trend = items.recent / (items.count + 1)
    known, gap = items.known_days, np.where(np.isfinite(items.gap_days), items.gap_days, np.nan)
    age = np.where(np.isfinite(items.age_days), items.age_days, np.nan)
    share = items.recent / max(float(items.recent.max(initial=0.0)), 1e-12)
    counts = (np.log1p(items.count), np.log1p(items.recent), share)
    return (*counts, trend, items.current, age, known, items.repeat_rate, gap)


def _of_customers(members: Members, actions: Actions, habits: Habits) -> tuple[Floats, ...]:
    n = len(actions)
    variety = np.bincount(habits.customer, minlength=n).astype(float)
    returning = np.bincount(habits.customer, habits.times > 1, n) / np.maximum(variety, 1)
    silence = np.maximum(actions.now - actions.newest, 0) / DAY_US if members.clock == "cutoff" else np.zeros(n)
    some = actions.has_rows
    oldest = actions.offsets[:-1][some]
    steps, span = np.zeros(n), np.zeros(n)
    steps[some], span[some] = actions.step[oldest] + 1, actions.newest[some] - actions.ts[oldest]
    pace = np.where(steps > 1, span / DAY_US / np.maximum(steps - 1, 1), np.nan)
    return np.diff(actions.offsets).astype(float), variety, returning, silence, pace
