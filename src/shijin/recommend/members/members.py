"""All members of a recommender, fitted to the actions before a cutoff, and item statistics. No outcome enters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy.sparse as sp

from shijin.arrays import Codes, Flags, Floats, Ints, pieces
from shijin.recommend.members.linear import ease_items, next_items
from shijin.recommend.members.neighbours import ItemNeighbours, fit_neighbours, trimmed
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue, known_items, prices
from shijin.recommend.past.habits import item_gaps
from shijin.represent.packed import DAY_US

Clock = Literal["cutoff", "customer"]
OF_A_CATEGORY = 12  # items of a category that are scored by a customer's interest in it
LISTED = 1e-3  # of a sale, for a listed item without sales: the least share that it can have of its category
FRESH_COUNT = 5.0  # a new item with a smaller count borrows from its siblings
SIBLINGS = 10  # the best-selling items of its category and brand, from which a new item borrows
BORROWED = 0.5  # share of its siblings' counts and similarities that a new item gets


@dataclass(frozen=True)
class Items:
    """Statistics of each item at the cutoff, (items,) each.

    count : sum of the weights of its actions
    recent : the same, with a half-life of one horizon
    current : share of its actions that lie in a customer's newest step, shrunk: whether it is still in use
    age_days : days since its newest action; inf where none
    known_days : days since its first action; 0 where none
    price : price of a piece, nan where unknown
    repeat_rate : share of its purchases by customers who had bought it before, shrunk
    gap_days : mean days until a customer buys it again; inf where nobody did
    """

    count: Floats
    recent: Floats
    current: Floats
    age_days: Floats
    known_days: Floats
    price: Floats
    repeat_rate: Floats
    gap_days: Floats


@dataclass(frozen=True)
class Members:
    """All members of one shop at one cutoff.

    Parameters
    ----------
    category : (items,) int32
        -1 where unknown.
    by_category : (categories, items) float32
        The recent share of each item within its category, the largest shares only.
    half_lives
        Half-lives in days of a customer's own purchases.
    clock
        "cutoff": ages are counted to the cutoff; "customer": to each customer's own newest action.
    """

    neighbours: tuple[ItemNeighbours, ...]
    items: Items
    category: Codes
    by_category: sp.csr_matrix
    half_lives: tuple[float, ...]
    clock: Clock


def fit_members(actions: Actions, catalogue: Catalogue, horizon_days: int, clock: Clock, threads: int = 1) -> Members:
    """Fit every member to the actions before the cutoff, in so many threads.

    Parameters
    ----------
    horizon_days
        The horizon of the recommendations: habits and popularity decay with it.
    """
    category = np.where(known_items(catalogue, actions), catalogue.category, -1).astype(np.int32)
    with ThreadPoolExecutor(threads) as pool:
        linear, ease = pool.submit(next_items, actions), pool.submit(ease_items, actions)
        counted = pool.submit(fit_neighbours, actions)
        neighbours = [
            *counted.result(),
            ItemNeighbours("linear", linear.result(), 0.85),
            ItemNeighbours("beside", ease.result(), 0.99),
        ]
    items = _items(actions, catalogue, horizon_days)
    borrowed = _borrowed(category, catalogue, items, horizon_days)
    if borrowed.nnz:
        neighbours = [replace(one, similar=_with_borrowed(one.similar, borrowed)) for one in neighbours]
        of_siblings = {name: getattr(items, name) @ borrowed for name in ("count", "recent")}
        items = replace(items, **{name: getattr(items, name) + more for name, more in of_siblings.items()})
    half_lives = (horizon_days / 2, 2.0 * horizon_days, 8.0 * horizon_days)
    return Members(tuple(neighbours), items, category, _by_category(category, items.recent), half_lives, clock)


def _items(actions: Actions, catalogue: Catalogue, horizon_days: int) -> Items:
    v = actions.n_items
    age = (actions.now - actions.ts) / DAY_US
    newest, oldest = np.full(v, np.inf), np.zeros(v)
    np.minimum.at(newest, actions.item, age)
    np.maximum.at(oldest, actions.item, age)
    bought = actions.ordered
    pairs = actions.customer[bought] * v + actions.item[bought]
    times = np.bincount(actions.item[bought], minlength=v)
    buyers = np.bincount(np.unique(pairs) % v, minlength=v)
    in_newest = np.bincount(actions.item[actions.step == 0], minlength=v)
    return Items(
        count=np.bincount(actions.item, actions.weight, v).astype(np.float64),
        recent=np.bincount(actions.item, actions.weight * 0.5 ** (age / max(horizon_days, 1)), v).astype(np.float64),
        current=(in_newest + 1) / (np.bincount(actions.item, minlength=v) + 6),
        age_days=newest,
        known_days=oldest,
        price=prices(catalogue, actions),
        repeat_rate=(times - buyers) / (times + 2),
        gap_days=item_gaps(actions),
    )


def _by_category(category: Codes, recent: Floats) -> sp.csr_matrix:
    listed = np.flatnonzero(category >= 0)
    shape = (int(category.max(initial=-1)) + 1, len(category))
    sold = recent[listed] + LISTED
    total = np.bincount(category[listed], sold, shape[0])
    share = (sold / np.maximum(total, LISTED)[category[listed]]).astype(np.float32)
    return trimmed(sp.csr_matrix((share, (category[listed], listed)), shape=shape), OF_A_CATEGORY)


def _borrowed(category: Codes, catalogue: Catalogue, items: Items, horizon_days: int) -> sp.csr_matrix:
    """(items, items) shares that a new item borrows from best sellers of its category and brand, or its category."""
    fresh = (category >= 0) & catalogue.product & (items.count < FRESH_COUNT) & (items.known_days <= horizon_days)
    sold = np.flatnonzero((items.recent > 0) & (category >= 0) & ~fresh)
    sold = sold[np.argsort(-items.recent[sold], kind="stable")]
    # One number for each category and brand, brand -1 (unknown) included; of a brand without sales the category counts.
    closer = category.astype(np.int64) * (len(catalogue.brands) + 1) + catalogue.brand + 1
    no_sibling = ~np.isin(closer, closer[sold])
    return _from_siblings(closer, sold, fresh & ~no_sibling) + _from_siblings(category, sold, fresh & no_sibling)


def _with_borrowed(similar: sp.csr_matrix, borrowed: sp.csr_matrix) -> sp.csr_matrix:
    """Similarities, with those that new items borrow; added in float64, so that the order of codes changes no bit."""
    return sp.csr_matrix(similar + similar.astype(np.float64) @ borrowed.astype(np.float64), dtype=np.float32)


def _from_siblings(kind: Ints | Codes, sold: Ints, fresh: Flags) -> sp.csr_matrix:
    """(items, items) equal shares of the first `SIBLINGS` sold items of each new item's kind."""
    by_kind = sold[np.argsort(kind[sold], kind="stable")]  # stable: within a kind still the best seller first
    starts = np.searchsorted(kind[by_kind], kind[by_kind])
    siblings = by_kind[np.arange(len(by_kind)) - starts < SIBLINGS]
    some = np.flatnonzero(fresh & np.isin(kind, kind[siblings]))
    first = np.searchsorted(kind[siblings], kind[some])
    number = np.searchsorted(kind[siblings], kind[some], side="right") - first
    values = np.repeat(BORROWED / np.maximum(number, 1), number).astype(np.float32)
    entries = (values, (siblings[pieces(first, number)], np.repeat(some, number)))
    return sp.csr_matrix(entries, shape=(len(kind), len(kind)))
