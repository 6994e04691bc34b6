"""Every member, fitted to what was done before a cutoff. Nothing here has seen an outcome."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints, pieces
from shijin.recommend.members.linear import beside_items, next_items
from shijin.recommend.members.neighbours import Neighbours, members_of, nearest
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue, known, prices
from shijin.recommend.past.habits import item_gaps
from shijin.represent.packed import DAY_US

Clock = Literal["cutoff", "customer"]
OF_A_CATEGORY = 12  # items of a category that speak for it
LISTED = 1e-3  # of a sale: an item that is listed and was never sold is not nothing
FRESH_COUNT = 5.0  # below so much an item that is new borrows from its kind
SIBLINGS = 10  # items of its kind from which it borrows
LENT = 0.5  # how much of what its siblings have


@dataclass(frozen=True)
class Items:
    """What is known of each item at the cutoff, (items,) each.

    count : what was done with it, weighted
    recent : the same, faded by the horizon
    current : how often it ends a past, over how often it is in one, shrunk: whether the item is of today
    age_days : since it was done last; inf where never
    known_days : since it was done first; 0 where never
    price : of a piece, nan where unknown
    again : share of its purchases that the same customer had made before, shrunk
    gap_days : mean days until a customer buys it again; inf where nobody does
    """

    count: Floats
    recent: Floats
    current: Floats
    age_days: Floats
    known_days: Floats
    price: Floats
    again: Floats
    gap_days: Floats


@dataclass(frozen=True)
class Members:
    """All members of one shop at one cutoff.

    Parameters
    ----------
    category : (items,) int32
        -1 where unknown.
    by_category : (categories, items) float32
        The recent share of each item within its category, the largest only.
    half_lives
        Days by which a customer's own purchases fade.
    clock
        "cutoff": ages are counted to the cutoff; "customer": to each customer's own newest row.
    """

    neighbours: tuple[Neighbours, ...]
    items: Items
    category: Codes
    by_category: sp.csr_matrix
    half_lives: tuple[float, ...]
    clock: Clock


def fit_members(actions: Actions, catalogue: Catalogue, horizon_days: int, clock: Clock, threads: int = 1) -> Members:
    """Learn every member from what was done before the cutoff, so many at once.

    Parameters
    ----------
    horizon_days
        How far ahead is asked: habits and popularity fade by it.
    """
    category = np.where(known(catalogue, actions), catalogue.category, -1).astype(np.int32)
    with ThreadPoolExecutor(threads) as pool:
        linear, beside = pool.submit(next_items, actions), pool.submit(beside_items, actions)
        counted = pool.submit(members_of, actions)
        found = [
            *counted.result(),
            Neighbours("linear", linear.result(), 0.85),
            Neighbours("beside", beside.result(), 0.99),
        ]
    items = _items(actions, catalogue, horizon_days)
    lent = _lent(category, catalogue, items, horizon_days)
    if lent.nnz:
        found = [replace(one, similar=_and_lent(one.similar, lent)) for one in found]
        of_siblings = {name: getattr(items, name) @ lent for name in ("count", "recent")}
        items = replace(items, **{name: getattr(items, name) + more for name, more in of_siblings.items()})
    half_lives = (horizon_days / 2, 2.0 * horizon_days, 8.0 * horizon_days)
    return Members(tuple(found), items, category, _by_category(category, items.recent), half_lives, clock)


def _items(actions: Actions, catalogue: Catalogue, horizon_days: int) -> Items:
    v = actions.n_items
    age = (actions.now - actions.ts) / DAY_US
    count = np.bincount(actions.item, actions.weight, v).astype(np.float64)
    newest, oldest = np.full(v, np.inf), np.zeros(v)
    np.minimum.at(newest, actions.item, age)
    np.maximum.at(oldest, actions.item, age)
    bought = actions.ordered
    pairs = actions.customer[bought] * v + actions.item[bought]
    times = np.bincount(actions.item[bought], minlength=v)
    buyers = np.bincount(np.unique(pairs) % v, minlength=v)
    ends = np.bincount(actions.item[actions.step == 0], minlength=v)
    return Items(
        count=count,
        recent=np.bincount(actions.item, actions.weight * 0.5 ** (age / max(horizon_days, 1)), v).astype(np.float64),
        current=(ends + 1) / (np.bincount(actions.item, minlength=v) + 6),
        age_days=newest,
        known_days=oldest,
        price=prices(catalogue, actions),
        again=(times - buyers) / (times + 2),
        gap_days=item_gaps(actions),
    )


def _by_category(category: Codes, recent: Floats) -> sp.csr_matrix:
    listed = np.flatnonzero(category >= 0)
    shape = (int(category.max(initial=-1)) + 1, len(category))
    sold = recent[listed] + LISTED
    total = np.bincount(category[listed], sold, shape[0])
    share = (sold / np.maximum(total, LISTED)[category[listed]]).astype(np.float32)
    return nearest(sp.csr_matrix((share, (category[listed], listed)), shape=shape), OF_A_CATEGORY)


def _lent(category: Codes, catalogue: Catalogue, items: Items, horizon_days: int) -> sp.csr_matrix:
    """(items, items) what a new item borrows from the most sold of its category and brand, else of its category."""
    fresh = (category >= 0) & catalogue.product & (items.count < FRESH_COUNT) & (items.known_days <= horizon_days)
    sold = np.flatnonzero((items.recent > 0) & (category >= 0) & ~fresh)
    sold = sold[np.argsort(-items.recent[sold], kind="stable")]
    closer = category.astype(np.int64) * (len(catalogue.brands) + 1) + catalogue.brand + 1
    alone = ~np.isin(closer, closer[sold])
    return _from_siblings(closer, sold, fresh & ~alone) + _from_siblings(category, sold, fresh & alone)


def _and_lent(similar: sp.csr_matrix, lent: sp.csr_matrix) -> sp.csr_matrix:
    """What goes with an item, and with those that borrow from it; added in double, so that no order of codes shows."""
    return sp.csr_matrix(similar + similar.astype(np.float64) @ lent.astype(np.float64), dtype=np.float32)


def _from_siblings(kind: Ints | Codes, sold: Ints, fresh: NDArray[np.bool_]) -> sp.csr_matrix:
    """(items, items) equal shares of the first few sold of each new item's kind."""
    by_kind = sold[np.argsort(kind[sold], kind="stable")]
    starts = np.searchsorted(kind[by_kind], kind[by_kind])
    siblings = by_kind[np.arange(len(by_kind)) - starts < SIBLINGS]
    some = np.flatnonzero(fresh & np.isin(kind, kind[siblings]))
    first = np.searchsorted(kind[siblings], kind[some])
    number = np.searchsorted(kind[siblings], kind[some], side="right") - first
    values = np.repeat(LENT / np.maximum(number, 1), number).astype(np.float32)
    entries = (values, (siblings[pieces(first, number)], np.repeat(some, number)))
    return sp.csr_matrix(entries, shape=(len(kind), len(kind)))
