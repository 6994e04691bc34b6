"""Who bought which product on which days: what every number of a reason is counted from.

A *purchase* is a product that a customer bought on a day of the shop's calendar, however many pieces, lines or orders
there were of it that day. An *age* in days is the calendar's: bought yesterday, seen from the midnight that ends
yesterday, is 1 day ago. So anybody with the list of orders can count the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints, pieces
from shijin.recommend.past.actions import Actions
from shijin.represent.packed import DAY_US

AT_ONCE = 2_000_000  # meetings that are looked at together
MOST_SLOTS = 4_000_000  # of a table from a few items to all that are asked


@dataclass(frozen=True)
class Purchases:
    """p pairs of a customer and a product that met in an order, sorted by customer and item.

    Parameters
    ----------
    offsets : (n + 1,) int64
        Where each customer's pairs begin.
    item : (p,) int32
    day_offsets : (p + 1,) int64
        Where each pair's days begin in `day`.
    day : (d,) int32
        Days since 1970, rising within a pair: one a purchase.
    last_ts : (p,) int64
        The moment of the newest, microseconds of the shop's wall clock.
    n_items : int
        Of the whole catalogue.
    """

    offsets: Ints
    item: Codes
    day_offsets: Ints
    day: Codes
    last_ts: Ints
    n_items: int

    def __len__(self) -> int:
        return len(self.item)

    @cached_property
    def customer(self) -> Ints:
        """(p,) whose pair it is."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @cached_property
    def _keys(self) -> Ints:
        """(p,) one rising number for each pair."""
        return self.customer * self.n_items + self.item

    @property
    def days(self) -> Ints:
        """(p,) on how many days it was bought."""
        return np.diff(self.day_offsets)

    @property
    def first(self) -> Codes:
        """(p,) the first of them."""
        return self.day[self.day_offsets[:-1]]

    @property
    def last(self) -> Codes:
        """(p,) the newest of them."""
        return self.day[self.day_offsets[1:] - 1]

    def places(self, customer: Ints, item: Codes) -> Ints:
        """(r,) where some customers and items stand among the pairs, -1 where they never met."""
        wanted = customer * self.n_items + item
        place = np.searchsorted(self._keys, wanted)
        there = place < len(self)
        there[there] = self._keys[place[there]] == wanted[there]
        return np.where(there, place, -1)

    def customers(self, since: int | None = None) -> Ints:
        """(items,) how many customers bought each item, ever or on some day or later."""
        rows = slice(None) if since is None else self.last >= since
        return np.bincount(self.item[rows], minlength=self.n_items)

    def first_days(self, never: int) -> Ints:
        """(items,) when anybody bought each item first; a later day, `never`, where nobody did."""
        found = np.full(self.n_items, never)
        np.minimum.at(found, self.item, self.first)
        return found


def purchases_of(actions: Actions, product: NDArray[np.bool_]) -> Purchases:
    """Gather the purchases of a shop.

    Parameters
    ----------
    product : (v,) bool
        `Catalogue.product`: what else stands in an order is no purchase.
    """
    rows = np.flatnonzero(actions.ordered & product[actions.item])
    key = actions.customer[rows] * len(product) + actions.item[rows]
    order = np.argsort(key, kind="stable")  # within a pair rows stay in order of time
    key, ts = key[order], actions.ts[rows[order]]
    day = (ts // DAY_US).astype(np.int32)
    new_pair = np.diff(key, prepend=-1) != 0
    new_day = new_pair | (np.diff(day, prepend=0) != 0)
    starts = np.flatnonzero(new_pair)
    customer, item = np.divmod(key[starts], max(len(product), 1))
    ends = np.append(starts[1:], len(key))[: len(starts)] - 1
    return Purchases(
        offsets=np.searchsorted(customer, np.arange(len(actions) + 1)),
        item=item.astype(np.int32),
        day_offsets=np.append(np.cumsum(new_day)[starts] - 1, new_day.sum()),
        day=day[new_day],
        last_ts=ts[ends],
        n_items=len(product),
    )


def share_of_purchases(bought: Purchases, codes: Codes, customer: Ints, wanted: Codes) -> tuple[Ints, Ints]:
    """How many of some customers' purchases are of a category or a brand, and how many they have in all.

    Parameters
    ----------
    codes : (v,) int32
        The name of each item, -1 where it has none: such a purchase counts among all.
    customer : (r,) int64
    wanted : (r,) int32
        The name that is asked; of -1 there is none.

    Returns
    -------
    of_name, of_all : (r,) int64
    """
    asked = np.zeros(len(bought.offsets) - 1, dtype=bool)
    asked[customer] = True
    rows = np.flatnonzero(asked[bought.customer])
    owner, name, days = bought.customer[rows], codes[bought.item[rows]], bought.days[rows]
    n_names = int(codes.max(initial=0)) + 1
    named = name >= 0
    keys, place = np.unique(owner[named] * n_names + name[named], return_inverse=True)
    counts = np.bincount(place, days[named], len(keys))
    at = np.searchsorted(keys, customer * n_names + wanted)
    there = (at < len(keys)) & (wanted >= 0)
    there[there] = keys[at[there]] == (customer * n_names + wanted)[there]
    of_name = np.zeros(len(customer), dtype=np.int64)
    of_name[there] = counts[at[there]]
    return of_name, np.bincount(owner, days, len(asked)).astype(np.int64)[customer]


@dataclass(frozen=True)
class Meetings:
    """For q different pairs of items, x and y, how many customers bought both, by how the days lie.

    Parameters
    ----------
    after : (q,) int64
        Customers who bought y on a later day than one on which they had bought x.
    same_day : (q,) int64
        Customers who bought both on one day.
    """

    after: Ints
    same_day: Ints


def meetings_of(bought: Purchases, x: Codes, y: Codes) -> Meetings:
    """Count the customers who bought two items, exactly.

    Parameters
    ----------
    x, y : (q,) int32
        Different pairs, sorted by x.
    """
    return Meetings(_on_later_days(bought, x, y), _on_one_day(bought, x, y))


def _on_later_days(bought: Purchases, x: Codes, y: Codes) -> Ints:
    left, right = (np.flatnonzero(np.isin(bought.item, items)) for items in (x, y))
    asked = _Asked(x, y, bought.item[left], bought.customer[left], bought.item[right], bought.customer[right])
    first, last, after = bought.first[left], bought.last[right], np.zeros(len(x), dtype=np.int64)
    for slot, one, other in _meet(asked):
        after += np.bincount(slot[first[one] < last[other]], minlength=len(x))
    return after


def _on_one_day(bought: Purchases, x: Codes, y: Codes) -> Ints:
    start = int(bought.day.min(initial=0))
    span = int(bought.day.max(initial=0)) - start + 1

    def of_days(items: Codes) -> tuple[Codes, Ints]:
        """Item, and customer and day as one rising number, of every day that some items were bought."""
        pairs = np.flatnonzero(np.isin(bought.item, items))
        days = bought.days[pairs]
        day = bought.day[pieces(bought.day_offsets[pairs], days)]
        key = np.repeat(bought.customer[pairs], days) * span + (day - start)
        order = np.argsort(key, kind="stable")
        return np.repeat(bought.item[pairs], days)[order], key[order]

    asked = _Asked(x, y, *of_days(x), *of_days(y))
    same_day, n = np.zeros(len(x), dtype=np.int64), len(bought.offsets) - 1
    for slot, one, _ in _meet(asked):
        once = np.unique(slot * n + asked.x_key[one] // span)
        same_day += np.bincount(once // n, minlength=len(x))
    return same_day


@dataclass(frozen=True)
class _Asked:
    """Pairs of items that are asked, and where each item was: rows meet whose keys are equal. Keys rise."""

    x: Codes
    y: Codes
    x_item: Codes
    x_key: Ints
    y_item: Codes
    y_key: Ints


def _meet(asked: _Asked) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Which pair asked meets by which rows of x and of y; all that is of one x comes at once."""
    starts = np.searchsorted(asked.y_key, asked.x_key)
    counts = np.searchsorted(asked.y_key, asked.x_key, "right") - starts
    items, x_slot = np.unique(asked.x, return_inverse=True)
    y_items, y_slot = np.unique(asked.y, return_inverse=True)
    place, y_place = (
        np.searchsorted(known, item).astype(np.int32)
        for known, item in ((items, asked.x_item), (y_items, asked.y_item))
    )
    by_x = np.argsort(place, kind="stable")
    ends_of_x = np.cumsum(np.bincount(place, minlength=len(items)))
    for first, last in _batches(np.bincount(place, counts, len(items)), max(1, MOST_SLOTS // max(len(y_items), 1))):
        rows = by_x[(ends_of_x[first - 1] if first else 0) : ends_of_x[last - 1]]
        slots = np.full((last - first) * len(y_items), -1, np.int32)
        pairs = np.arange(*np.searchsorted(x_slot, [first, last]))
        slots[(x_slot[pairs] - first) * len(y_items) + y_slot[pairs]] = pairs
        other = pieces(starts[rows], counts[rows])
        slot = slots[np.repeat((place[rows] - first) * np.int64(len(y_items)), counts[rows]) + y_place[other]]
        met = np.flatnonzero(slot >= 0)
        yield slot[met].astype(np.int64), np.repeat(rows, counts[rows])[met], other[met]


def _batches(cost: Ints | Floats, most: int) -> Iterator[tuple[int, int]]:
    """Runs of neighbours that cost no more than AT_ONCE together, as far as one alone does not, and are few enough."""
    group = np.cumsum(cost) // AT_ONCE * len(cost) + np.arange(len(cost)) // most
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    yield from zip(begins.tolist(), np.append(begins, len(cost))[1:].tolist(), strict=True)
