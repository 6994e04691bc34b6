"""Who may want what: candidates that any member puts forward, and what all members say of each, as columns of numbers.

What one customer's row holds depends on that customer's past and on the fitted members alone, so that customers can be
asked in any number at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.recommend.members.members import Members
from shijin.recommend.members.neighbours import falling, largest
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.habits import Habits, habits_of
from shijin.represent.packed import DAY_US

PUT_FORWARD = 60  # candidates of each member
OWN = 120  # candidates among what a customer bought before
POPULAR, FEW = 30, 200  # candidates that sell best; where there are few items, all
INTEREST_DECAY = 0.9  # a step, of a customer's interest in categories
UNRANKED = 999.0

OF_NEIGHBOURS = ("", "_share", "_rank")
OF_HABITS = ("times", "age", "due", "soon", "lately", "long", "steps", "looks", "habit_share", "habit_rank")
OF_CATEGORIES = ("interest_share", "category_rank", "dearer")
OF_ITEMS = ("count", "recent", "recent_share", "trend", "current", "item_age", "known", "again", "item_gap")
OF_CUSTOMERS = ("actions", "variety", "returning", "silence", "pace")
NOTHING = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Query:
    """Some customers for whom is asked, and what may be answered.

    Parameters
    ----------
    actions
        Their pasts.
    allowed : (items,) bool
        What may be recommended at all.
    barred : (b,) int64, rising
        ``customer * items + item``: what may not be recommended to whom.
    again
        Whether what a customer bought before may be recommended.
    shelf : (items,) bool or None
        What is asked for: a part of what is allowed, or None for all of it. What is asked for, and what is barred,
        changes no score and no chance of anything else.
    """

    actions: Actions
    allowed: NDArray[np.bool_]
    excluded: Ints
    allow_repeat: bool
    requested: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Candidates:
    """p pairs of a customer and an item, by customer and item, and what is said of each.

    customer : (p,) int64
    item : (p,) int32
    columns : (p, c) float32
    counted : (p,) bool
        Whether it is a candidate whatever is asked for: places are counted among these.
    open : (p,) bool
        Whether it may be shown: asked for, and not barred.
    """

    customer: Ints
    item: Codes
    columns: NDArray[np.float32]
    counted: NDArray[np.bool_]
    eligible: NDArray[np.bool_]


def column_names(members: Members) -> tuple[str, ...]:
    """What the columns are called."""
    said = tuple(f"{one.name}{part}" for one in members.neighbours for part in OF_NEIGHBOURS)
    return (*said, *OF_HABITS, *OF_CATEGORIES, *OF_ITEMS, *OF_CUSTOMERS)


def candidates(members: Members, asked: Query) -> Candidates:
    """Gather candidates of every member and what all say of them."""
    actions = asked.actions
    clock = np.full(len(actions), actions.now) if members.clock == "cutoff" else actions.newest
    habits = habits_of(actions, clock, members.items.gap_days, members.half_lives)
    had = NOTHING if asked.allow_repeat else habits.keys(actions.n_items)[habits.times > 0]
    interest = _interest(members, actions)
    scores = [one.scores(actions, actions.weight) for one in members.neighbours]
    scores += [sp.csr_matrix(interest @ members.by_category).astype(np.float32), _own(habits, actions)]
    scores = [_open(one, asked.allowed, had) for one in scores]
    *said, by_category, _ = scores
    always = wanted = _once(np.concatenate([*_put_forward(scores), _popular(members, actions, asked.allowed, had)]))
    if asked.requested is not None:
        requested, excluded = asked.allowed & asked.requested, np.union1d(had, asked.excluded)
        of_shelf = _put_forward([_open(one, requested, excluded) for one in scores])
        wanted = np.unique(np.concatenate([always, *of_shelf, _popular(members, actions, requested, excluded)]))
    customer, item = wanted // actions.n_items, (wanted % actions.n_items).astype(np.int32)
    counted = _among(wanted, always)
    shown = ~_among(wanted, asked.excluded) & (True if asked.requested is None else asked.requested[item])
    lists = Places(customer, np.searchsorted(customer, np.arange(len(actions))), counted)
    columns = [
        *(column for scores in said for column in _of_neighbours(scores, wanted, lists)),
        *_of_habits(habits, wanted, actions.n_items, lists),
        *_of_categories(members, actions, interest, by_category, wanted, lists),
        *(values[item] for values in _of_items(members)),
        *(values[customer] for values in _of_customers(members, actions, habits)),
    ]
    table = np.stack([column.astype(np.float32) for column in columns], axis=1)
    return Candidates(customer, item, table, counted, shown)


def _put_forward(scores: list[sp.csr_matrix]) -> list[Ints]:
    """Keys of what each puts forward; the last are the customers' own items."""
    return [*(_keys(one, PUT_FORWARD) for one in scores[:-1]), _keys(scores[-1], OWN)]


def _open(scores: sp.csr_matrix, allowed: NDArray[np.bool_], excluded: Ints) -> sp.csr_matrix:
    """Leave out what may not be recommended; columns stay sorted."""
    rows = _rows(scores)
    keep = allowed[scores.indices]
    if len(excluded):
        keep &= ~_among(rows * scores.shape[1] + scores.indices, excluded)
    counts = np.bincount(rows[keep], minlength=scores.shape[0])
    ends = np.concatenate([[0], np.cumsum(counts)])
    kept = sp.csr_matrix((scores.data[keep], scores.indices[keep], ends), shape=scores.shape)
    kept.sort_indices()
    return kept


def _among(keys: Ints, known: Ints) -> NDArray[np.bool_]:
    """Whether each key is among known, rising ones."""
    if not len(known):
        return np.zeros(len(keys), dtype=bool)
    return known[np.minimum(np.searchsorted(known, keys), len(known) - 1)] == keys


def _rows(scores: sp.csr_matrix) -> Ints:
    return np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))


def _keys(scores: sp.csr_matrix, most: int) -> Ints:
    rows, columns, _, _ = largest(scores, most)
    return rows * scores.shape[1] + columns


def _once(keys: Ints) -> Ints:
    """Each key once, rising. Keys come in rising runs, which a stable sort merges; `np.unique` would hash."""
    keys = np.sort(keys, kind="stable")
    return keys[np.diff(keys, prepend=-1) != 0]


def _own(habits: Habits, actions: Actions) -> sp.csr_matrix:
    """(n, items) what each customer met, by how often and how lately."""
    weight = habits.lately[:, 1] + habits.lately[:, -1] + habits.looks
    shape = (len(actions), actions.n_items)
    return sp.csr_matrix((weight.astype(np.float32), (habits.customer, habits.item)), shape=shape)


def _popular(members: Members, actions: Actions, requested: NDArray[np.bool_], excluded: Ints) -> Ints:
    """Keys of the most popular items, for everybody; of few items all."""
    most = np.argsort(-np.where(requested, members.items.recent, -1.0), kind="stable")
    most = most[requested[most]]
    most = most[: len(most) if len(most) <= FEW else POPULAR]
    keys = (np.arange(len(actions))[:, None] * actions.n_items + most[None, :]).ravel()
    return keys[~_among(keys, excluded)]


def _interest(members: Members, actions: Actions) -> sp.csr_matrix:
    """(n, categories) each customer's share of interest."""
    category = members.category[actions.item]
    rows = category >= 0
    faded = (actions.weight * INTEREST_DECAY**actions.step)[rows]
    shape = (len(actions), members.by_category.shape[0])
    made = sp.csr_matrix((faded, (actions.customer[rows], category[rows])), shape=shape)
    total = np.maximum(np.asarray(made.sum(axis=1)).ravel(), 1e-9)
    shares = sp.csr_matrix(sp.diags_array(1 / total) @ made)
    shares.sort_indices()
    return shares


def _at(scores: sp.csr_matrix, keys: Ints) -> Floats:
    """Entries at some places, ``row * columns + column``; 0 where there is none."""
    there = _rows(scores) * scores.shape[1] + scores.indices
    if not len(there):
        return np.zeros(len(keys))
    place = np.minimum(np.searchsorted(there, keys), len(there) - 1)
    return np.where(there[place] == keys, scores.data[place], 0.0)


@dataclass(frozen=True)
class Places:
    """Whose candidates stand where, and which of them count.

    customer : (p,) rising
    starts : (n,) where each customer's begin
    counted : (p,) bool
    """

    customer: Ints
    starts: Ints
    counted: NDArray[np.bool_]

    def ranks(self, values: Floats) -> Floats:
        """How many that count have more for the same customer, 0 for the largest; far behind where nothing is said."""
        order = falling(self.customer, values)
        owner, ordered = self.customer[order], values[order].astype(np.float32)
        less = np.ones(len(order), dtype=bool)
        less[1:] = (ordered[1:] != ordered[:-1]) | (owner[1:] != owner[:-1])
        ahead = np.maximum.accumulate(np.where(less, counted_before(self.counted[order]), 0))
        rank = np.empty(len(values))
        rank[order] = ahead - counted_before(self.counted)[self.starts[owner]]
        return np.where(values > 0, rank, UNRANKED)

    def shares(self, values: Floats) -> Floats:
        """Each value over the largest of the same customer, -1 at least; 0 where none is above 0."""
        if not len(values):
            return values
        there = np.diff(np.append(self.starts, len(values))) > 0
        top = np.ones(len(self.starts))
        top[there] = np.maximum.reduceat(np.where(self.counted, values, -np.inf), self.starts[there])
        return np.maximum(values / np.where(top > 0, top, np.inf)[self.customer], -1.0)


def counted_before(counted: NDArray[np.bool_]) -> Ints:
    """How many that count stand before each."""
    return np.cumsum(counted) - counted


def _of_neighbours(scores: sp.csr_matrix, keys: Ints, lists: Places) -> tuple[Floats, ...]:
    values = _at(scores, keys)
    return values, lists.shares(values), lists.ranks(values)


def _of_habits(habits: Habits, keys: Ints, n_items: int, lists: Places) -> tuple[Floats, ...]:
    known = habits.keys(n_items)
    met = _among(keys, known)
    place = np.minimum(np.searchsorted(known, keys), max(len(known) - 1, 0))

    def own(values: Floats, otherwise: float) -> Floats:
        return np.where(met, values[place], otherwise) if len(known) else np.full(len(keys), otherwise)

    age, gap = own(habits.age_days, np.nan), own(habits.gap_days, np.nan)
    lately = [own(habits.lately[:, place], 0.0) for place in range(habits.lately.shape[1])]
    strength = lately[1] + lately[-1]
    ranked = (lists.shares(strength), lists.ranks(strength))
    return (own(habits.times, 0.0), age, age / gap, *lately, own(habits.looks, 0.0), *ranked)


def _of_categories(
    members: Members, actions: Actions, interest: sp.csr_matrix, by_category: sp.csr_matrix, keys: Ints, lists: Places
) -> tuple[Floats, ...]:
    customer, item = keys // actions.n_items, keys % actions.n_items
    category = members.category[item]
    liking = np.zeros(len(keys))
    some = category >= 0
    liking[some] = _at(interest, customer[some] * interest.shape[1] + category[some])
    price = np.log(np.maximum(members.items.price, 1e-6))
    paid = np.isfinite(price[actions.item])
    of_rows = np.where(paid, price[actions.item], 0.0)
    number = np.maximum(np.bincount(actions.customer, paid, len(actions)), 1)
    usual = np.bincount(actions.customer, of_rows, len(actions)) / number
    return liking, lists.ranks(_at(by_category, keys)), price[item] - usual[customer]


def _of_items(members: Members) -> tuple[Floats, ...]:
    items = members.items
    trend = items.recent / (items.count + 1)
    known, gap = items.known_days, np.where(np.isfinite(items.gap_days), items.gap_days, np.nan)
    age = np.where(np.isfinite(items.age_days), items.age_days, np.nan)
    share = items.recent / max(float(items.recent.max(initial=0.0)), 1e-12)
    counts = (np.log1p(items.count), np.log1p(items.recent), share)
    return (*counts, trend, items.current, age, known, items.again, gap)


def _of_customers(members: Members, actions: Actions, habits: Habits) -> tuple[Floats, ...]:
    n = len(actions)
    variety = np.bincount(habits.customer, minlength=n).astype(float)
    returning = np.bincount(habits.customer, habits.times > 1, n) / np.maximum(variety, 1)
    silence = np.maximum(actions.now - actions.newest, 0) / DAY_US if members.clock == "cutoff" else np.zeros(n)
    some = np.diff(actions.offsets) > 0
    oldest = actions.offsets[:-1][some]
    steps, span = np.zeros(n), np.zeros(n)
    steps[some], span[some] = actions.step[oldest] + 1, actions.newest[some] - actions.ts[oldest]
    pace = np.where(steps > 1, span / DAY_US / np.maximum(steps - 1, 1), np.nan)
    return np.diff(actions.offsets).astype(float), variety, returning, silence, pace
