"""Simple lists, made without training: recent best sellers, a customer's last purchases, or most frequent purchases.

They are the baselines of the recommender wherever it is judged. Places that a customer's own purchases leave empty are
filled with recent best sellers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shijin.arrays import Codes, Flags, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.habits import habits_of
from shijin.represent.packed import DAY_US

RECOMMENDER = "lists"  # the name of the recommender's lists next to the names of the simple ones
POPULARITY, LAST, OFTEN = "popularity", "repeat-last", "repeat-often"
RECENT_DAYS = 28  # best sellers are ordered by their buyers in so many days
HALF_LIFE_DAYS = 84.0  # of a customer's purchases, where their frequency orders


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


def baseline_lists(past: Actions, allowed: Flags, rows: Ints, k: int, *, allow_repeat: bool) -> dict[str, Entries]:
    """Make the simple lists of k items.

    Parameters
    ----------
    past
        The actions before the judged window.
    allowed : (items,)
        Items that may be listed.
    rows
        The customers, as positions in `past`; the entries have the same positions.
    allow_repeat
        Whether items that a customer bought before may be listed; if not, recent best sellers are the one simple list.
    """
    part, popular = past.of(rows), best_sellers(past, allowed)
    if not allow_repeat:
        return {POPULARITY: _of(rows, _filled(part, popular, _bought(part), k))}
    lists = {POPULARITY: _filled(part, popular, np.zeros(0, dtype=np.int64), k)}
    for name, repeats in _repeats(part, allowed, popular, k).items():
        keys = np.sort(repeats.customer * part.n_items + repeats.item)
        lists[name] = _appended(repeats, _filled(part, popular, keys, k), k)
    return {name: _of(rows, entries) for name, entries in lists.items()}


def best_sellers(past: Actions, allowed: Flags) -> Codes:
    """Items ever sold, by recent buyers, then by all buyers, then by their first sale."""
    recent = buyers(past, past.now - RECENT_DAYS * DAY_US)
    ever = buyers(past)
    order = np.lexsort((-ever, -recent))  # stable: equals stay in the order of codes, which is that of first sales
    return order[allowed[order] & (ever[order] > 0)].astype(np.int32)


def buyers(past: Actions, since: int | None = None) -> Ints:
    """(items,) number of customers who bought each item, ever or since some moment."""
    rows = past.ordered if since is None else past.ordered & (past.ts >= since)
    pairs = np.unique(past.customer[rows] * past.n_items + past.item[rows])
    return np.bincount(pairs % past.n_items, minlength=past.n_items)


def _repeats(part: Actions, allowed: Flags, popular: Codes, k: int) -> dict[str, Entries]:
    """Each customer's own purchases, the newest first and the most frequent first; ties are ordered by best sellers."""
    clock, no_gaps = np.full(len(part), part.now), np.full(part.n_items, np.inf)
    habits = habits_of(part, clock, no_gaps, (HALF_LIFE_DAYS,))
    bought = np.flatnonzero((habits.times > 0) & allowed[habits.item])
    customer, item, age = habits.customer[bought], habits.item[bought], habits.age_days[bought]
    place = np.full(part.n_items, part.n_items)
    place[popular] = np.arange(len(popular))
    ranked = {
        LAST: np.lexsort((item, place[item], -habits.times[bought], age, customer)),
        OFTEN: np.lexsort((item, place[item], age, -habits.faded[bought, 0], customer)),
    }
    return {name: _first(customer[order], item[order], k) for name, order in ranked.items()}


def _bought(part: Actions) -> Ints:
    """``customer * items + item`` of all purchases, rising."""
    return np.unique(part.customer[part.ordered] * part.n_items + part.item[part.ordered])


def _filled(part: Actions, popular: Codes, excluded: Ints, k: int) -> Entries:
    """Recent best sellers without excluded pairs, for every customer."""
    # The first 2k best sellers are enough for most customers; those with too many excluded get four times as many.
    short, depth, parts = np.arange(len(part)), 2 * k, []
    while len(short):
        keys = short[:, None] * part.n_items + popular[None, :depth]
        allowed = ~np.isin(keys, excluded)
        place = np.cumsum(allowed, axis=1)
        enough = (allowed.sum(axis=1) >= k) | (depth >= len(popular))
        row, column = np.nonzero(allowed & (place <= k) & enough[:, None])
        parts.append((short[row], place[row, column] - 1, popular[column]))
        short, depth = short[~enough], 4 * depth
    entries = Entries(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.argsort(entries.customer, kind="stable")
    return Entries(entries.customer[order], entries.place[order], entries.item[order])


def _appended(first: Entries, then: Entries, k: int) -> Entries:
    """Lists of k that begin with the first entries and go on with the others, which hold none of the same items."""
    customer = np.concatenate([first.customer, then.customer])
    order = np.argsort(customer, kind="stable")  # stable: a customer's first entries stay before the others
    return _first(customer[order], np.concatenate([first.item, then.item])[order], k)


def _first(customer: Ints, item: Codes, k: int) -> Entries:
    """Keep the first k entries of each customer; rows by customer, best first."""
    place = np.arange(len(customer)) - np.searchsorted(customer, customer)
    return Entries(customer[place < k], place[place < k], item[place < k])


def _of(rows: Ints, entries: Entries) -> Entries:
    return Entries(rows[entries.customer], entries.place, entries.item)
