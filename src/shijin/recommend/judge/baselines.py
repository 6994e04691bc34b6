"""Lists that anybody could make without learning: what sells of late, what a customer bought last, or buys often.

They stand beside the recommender's wherever it is judged. Places that a customer's own items leave are filled with what
sells of late.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.habits import habits_of
from shijin.represent.packed import DAY_US

OWN = "lists"  # what is not simple: the recommender's
POPULARITY, LAST, OFTEN = "popularity", "repeat-last", "repeat-often"
RECENT_DAYS = 28  # what sells of late: by how many customers bought it in so many days
HALF_LIFE_DAYS = 84.0  # by which a customer's purchases fade, where how often counts


@dataclass(frozen=True)
class Entries:
    """Entries of some customers' lists, by customer and place.

    customer : (e,) int64, position
    place : (e,) int64, from 0
    item : (e,) int32
    """

    customer: Ints
    place: Ints
    item: Codes


def baseline_lists(
    given: Actions, allowed: NDArray[np.bool_], rows: Ints, k: int, *, allow_repeat: bool
) -> dict[str, Entries]:
    """Make lists of k by each simple way.

    Parameters
    ----------
    given
        What was done before.
    allowed : (items,)
        What may be listed.
    rows
        For whom; positions in `given`, which the entries keep.
    again
        Whether what a customer bought before may be listed; else there is one way, what sells of late.
    """
    part, popular = given.of(rows), best_sellers(given, allowed)
    if not allow_repeat:
        return {POPULARITY: _of(rows, _filled(part, popular, _bought(part), k))}
    ways = {POPULARITY: _filled(part, popular, np.zeros(0, dtype=np.int64), k)}
    for way, own in _own(part, allowed, popular, k).items():
        keys = np.sort(own.customer * part.n_items + own.item)
        ways[way] = _behind(own, _filled(part, popular, keys, k), k)
    return {way: _of(rows, entries) for way, entries in ways.items()}


def best_sellers(given: Actions, allowed: NDArray[np.bool_]) -> Codes:
    """Items ever sold, by customers of late, then by customers ever, then what was sold first."""
    lately = buyers(given, given.now - RECENT_DAYS * DAY_US)
    ever = buyers(given)
    order = np.lexsort((-ever, -lately))
    return order[allowed[order] & (ever[order] > 0)].astype(np.int32)


def buyers(given: Actions, since: int | None = None) -> Ints:
    """(items,) how many customers bought each, ever or since some moment."""
    rows = given.ordered if since is None else given.ordered & (given.ts >= since)
    pairs = np.unique(given.customer[rows] * given.n_items + given.item[rows])
    return np.bincount(pairs % given.n_items, minlength=given.n_items)


def _own(part: Actions, allowed: NDArray[np.bool_], popular: Codes, k: int) -> dict[str, Entries]:
    """What each customer bought, the newest first and the most often first; other ties go by what sells of late."""
    clock, no_gaps = np.full(len(part), part.now), np.full(part.n_items, np.inf)
    habits = habits_of(part, clock, no_gaps, (HALF_LIFE_DAYS,))
    bought = np.flatnonzero((habits.times > 0) & allowed[habits.item])
    customer, item, age = habits.customer[bought], habits.item[bought], habits.age_days[bought]
    place = np.full(part.n_items, part.n_items)
    place[popular] = np.arange(len(popular))
    ranked = {
        LAST: np.lexsort((item, place[item], -habits.times[bought], age, customer)),
        OFTEN: np.lexsort((item, place[item], age, -habits.lately[bought, 0], customer)),
    }
    return {way: _first(customer[order], item[order], k) for way, order in ranked.items()}


def _bought(part: Actions) -> Ints:
    """``customer * items + item`` of all that was bought, rising."""
    return np.unique(part.customer[part.ordered] * part.n_items + part.item[part.ordered])


def _filled(part: Actions, popular: Codes, excluded: Ints, k: int) -> Entries:
    """What sells of late, without what is barred, for everybody; who has too much barred is looked at again, deeper."""
    short, depth, found = np.arange(len(part)), 2 * k, []
    while len(short):
        keys = short[:, None] * part.n_items + popular[None, :depth]
        open_ = ~np.isin(keys, excluded)
        place = np.cumsum(open_, axis=1)
        enough = (open_.sum(axis=1) >= k) | (depth >= len(popular))
        row, column = np.nonzero(open_ & (place <= k) & enough[:, None])
        found.append((short[row], place[row, column] - 1, popular[column]))
        short, depth = short[~enough], 4 * depth
    entries = Entries(*(np.concatenate(columns) for columns in zip(*found, strict=True)))
    order = np.argsort(entries.customer, kind="stable")
    return Entries(entries.customer[order], entries.place[order], entries.item[order])


def _behind(first: Entries, then: Entries, k: int) -> Entries:
    """Lists of k that begin with the first ones and go on with the others, which hold none of their items."""
    customer = np.concatenate([first.customer, then.customer])
    order = np.argsort(customer, kind="stable")  # who stands in both: the first ones' entries come first
    return _first(customer[order], np.concatenate([first.item, then.item])[order], k)


def _first(customer: Ints, item: Codes, k: int) -> Entries:
    """Keep the first k entries of each customer; rows by customer, best first."""
    place = np.arange(len(customer)) - np.searchsorted(customer, customer)
    return Entries(customer[place < k], place[place < k], item[place < k])


def _of(rows: Ints, entries: Entries) -> Entries:
    return Entries(rows[entries.customer], entries.place, entries.item)
