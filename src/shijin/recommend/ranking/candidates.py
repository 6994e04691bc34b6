"""Candidates: the pairs of a customer and an item that any member proposes, with the columns that the ranker reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from shijin.arrays import Codes, Flags, Ints, Singles
from shijin.recommend.members.members import Members
from shijin.recommend.members.neighbours import largest
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.habits import Habits, habits_of
from shijin.recommend.ranking.columns import Evidence, columns_of, entry_rows, is_among

PER_MEMBER = 60  # candidates that each member proposes
PER_HABITS = 120  # candidates among a customer's own purchases
POPULAR, FEW = 30, 200  # best sellers that are candidates for everybody; of up to 200 eligible items, all
INTEREST_DECAY = 0.9  # per step, of a customer's interest in categories
NO_KEYS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Query:
    """A request for recommendations: the customers' pasts, and which items may be recommended.

    Parameters
    ----------
    actions
        Pasts of the customers.
    allowed : (items,) bool
        Items that may be recommended at all.
    excluded : (b,) int64, rising
        ``customer * items + item`` of pairs that may not be recommended.
    allow_repeat
        Whether items that a customer bought before may be recommended.
    requested : (items,) bool or None
        Limits the recommendations to these of the allowed items; None for all of them. Neither `requested` nor
        `excluded` changes a score or a chance of other pairs.
    """

    actions: Actions
    allowed: Flags
    excluded: Ints
    allow_repeat: bool
    requested: Flags | None = None


@dataclass(frozen=True)
class Candidates:
    """p pairs of a customer and an item, by customer and item, with their columns.

    customer : (p,) int64
    item : (p,) int32
    columns : (p, c) float32
    counted : (p,) bool
        Whether it is a candidate whatever is requested: ranks are counted among these.
    eligible : (p,) bool
        Whether it may be shown: requested, and not excluded.
    """

    customer: Ints
    item: Codes
    columns: Singles
    counted: Flags
    eligible: Flags


def candidates(members: Members, query: Query) -> Candidates:
    """Gather the candidates of every member, and the columns of each."""
    actions = query.actions
    clock = np.full(len(actions), actions.now) if members.clock == "cutoff" else actions.newest
    habits = habits_of(actions, clock, members.items.gap_days, members.half_lives)
    owned = NO_KEYS if query.allow_repeat else habits.keys(actions.n_items)[habits.times > 0]
    interest = _interest(members, actions)
    scores = [member.scores(actions, actions.weight) for member in members.neighbours]
    scores += [sp.csr_matrix(interest @ members.by_category).astype(np.float32), _habit_scores(habits, actions)]
    scores = [_limited(one, query.allowed, owned) for one in scores]
    popular = _popular(members, actions, query.allowed, owned)
    base = keys = _merged(np.concatenate([*_proposed(scores), popular]))
    if query.requested is not None:
        requested, excluded = query.allowed & query.requested, np.union1d(owned, query.excluded)
        proposed = _proposed([_limited(one, requested, excluded) for one in scores])  # a narrow request fills lists too
        keys = np.unique(np.concatenate([base, *proposed, _popular(members, actions, requested, excluded)]))
    counted = is_among(keys, base)
    customer, item = keys // actions.n_items, (keys % actions.n_items).astype(np.int32)
    eligible = ~is_among(keys, query.excluded) & (True if query.requested is None else query.requested[item])
    *of_neighbours, by_category, _ = scores
    evidence = Evidence(of_neighbours, interest, by_category, habits)
    return Candidates(customer, item, columns_of(members, actions, evidence, keys, counted), counted, eligible)


def _proposed(scores: list[sp.csr_matrix]) -> list[Ints]:
    """Keys of the candidates of each matrix of scores; the last one holds the customers' own purchases."""
    return [*(_keys(one, PER_MEMBER) for one in scores[:-1]), _keys(scores[-1], PER_HABITS)]


def _limited(scores: sp.csr_matrix, allowed: Flags, excluded: Ints) -> sp.csr_matrix:
    """Remove entries that may not be recommended; columns stay sorted."""
    rows = entry_rows(scores)
    keep = allowed[scores.indices]
    if len(excluded):
        keep &= ~is_among(rows * scores.shape[1] + scores.indices, excluded)
    counts = np.bincount(rows[keep], minlength=scores.shape[0])
    ends = np.concatenate([[0], np.cumsum(counts)])
    limited = sp.csr_matrix((scores.data[keep], scores.indices[keep], ends), shape=scores.shape)
    limited.sort_indices()
    return limited


def _keys(scores: sp.csr_matrix, most: int) -> Ints:
    rows, columns, _, _ = largest(scores, most)
    return rows * scores.shape[1] + columns


def _merged(keys: Ints) -> Ints:
    """Each key once, rising. Keys come in rising runs, which a stable sort merges; `np.unique` would hash."""
    keys = np.sort(keys, kind="stable")
    return keys[np.diff(keys, prepend=-1) != 0]


def _habit_scores(habits: Habits, actions: Actions) -> sp.csr_matrix:
    """(n, items) a customer's own items, by how often and how recently they were bought or viewed."""
    weight = habits.faded[:, 1] + habits.faded[:, -1] + habits.interest
    shape = (len(actions), actions.n_items)
    return sp.csr_matrix((weight.astype(np.float32), (habits.customer, habits.item)), shape=shape)


def _popular(members: Members, actions: Actions, requested: Flags, excluded: Ints) -> Ints:
    """Keys of the best sellers for every customer; of all items where there are few."""
    best = np.argsort(-np.where(requested, members.items.recent, -1.0), kind="stable")
    best = best[requested[best]]
    best = best[: len(best) if len(best) <= FEW else POPULAR]
    keys = (np.arange(len(actions))[:, None] * actions.n_items + best[None, :]).ravel()
    return keys[~is_among(keys, excluded)]


def _interest(members: Members, actions: Actions) -> sp.csr_matrix:
    """(n, categories) each customer's share of interest."""
    category = members.category[actions.item]
    rows = category >= 0
    faded = (actions.weight * INTEREST_DECAY**actions.step)[rows]
    shape = (len(actions), members.by_category.shape[0])
    interest = sp.csr_matrix((faded, (actions.customer[rows], category[rows])), shape=shape)
    total = np.maximum(np.asarray(interest.sum(axis=1)).ravel(), 1e-9)
    shares = sp.csr_matrix(sp.diags_array(1 / total) @ interest)
    shares.sort_indices()
    return shares
