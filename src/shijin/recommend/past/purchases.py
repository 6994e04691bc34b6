"""Purchases: which customer bought which product on which days. Every number of a reason is counted from them.

A *purchase* is a product that a customer bought on one day of the shop's calendar, whatever the number of pieces, lines
or orders of it on that day. An *age* in days is counted on the calendar: at the midnight that ends yesterday, a
purchase of yesterday is 1 day old. Anybody with the list of orders can therefore count the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shijin.arrays import Codes, Flags, Ints
from shijin.recommend.past.actions import Actions
from shijin.represent.packed import DAY_US


@dataclass(frozen=True)
class Purchases:
    """p different pairs of a customer and a product that the customer bought, sorted by customer and item.

    Parameters
    ----------
    offsets : (n + 1,) int64
        Where each customer's pairs begin.
    item : (p,) int32
    day_offsets : (p + 1,) int64
        Where each pair's days begin in `day`.
    day : (d,) int32
        Days since 1970, rising within a pair: one entry for each purchase.
    last_ts : (p,) int64
        Time of the newest purchase, microseconds of the shop's wall clock.
    n_items : int
        Size of the whole catalogue.
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
        """(p,) the customer of each pair."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    @cached_property
    def _keys(self) -> Ints:
        """(p,) ``customer * items + item``, rising."""
        return self.customer * self.n_items + self.item

    @property
    def days(self) -> Ints:
        """(p,) number of days on which the pair's product was bought."""
        return np.diff(self.day_offsets)

    @property
    def first(self) -> Codes:
        """(p,) the first of these days."""
        return self.day[self.day_offsets[:-1]]

    @property
    def last(self) -> Codes:
        """(p,) the newest of these days."""
        return self.day[self.day_offsets[1:] - 1]

    def places(self, customer: Ints, item: Codes) -> Ints:
        """(r,) position of some customers and items among the pairs, -1 where the customer never bought the item."""
        keys = customer * self.n_items + item
        place = np.searchsorted(self._keys, keys)
        exists = place < len(self)
        exists[exists] = self._keys[place[exists]] == keys[exists]
        return np.where(exists, place, -1)

    def customers(self, since: int | None = None) -> Ints:
        """(items,) number of customers who bought each item, ever, or on the day `since` or later."""
        rows = slice(None) if since is None else self.last >= since
        return np.bincount(self.item[rows], minlength=self.n_items)

    def first_days(self, never: int) -> Ints:
        """(items,) day of each item's first purchase by anybody; `never` where nobody bought it or only later."""
        days = np.full(self.n_items, never)
        np.minimum.at(days, self.item, self.first)
        return days


def purchases_of(actions: Actions, product: Flags) -> Purchases:
    """Gather the purchases of a shop.

    Parameters
    ----------
    product : (v,) bool
        `Catalogue.product`: other lines of an order are no purchases.
    """
    rows = np.flatnonzero(actions.ordered & product[actions.item])
    key = actions.customer[rows] * len(product) + actions.item[rows]
    order = np.argsort(key, kind="stable")  # stable: the rows of a pair stay in order of time
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


def share_of_purchases(bought: Purchases, codes: Codes, customer: Ints, name: Codes) -> tuple[Ints, Ints]:
    """Count some customers' purchases of a category or a brand, and all their purchases.

    Parameters
    ----------
    codes : (v,) int32
        The category (or brand) of each item, -1 where it has none: its purchases count in `of_all` only.
    customer : (r,) int64
    name : (r,) int32
        The category (or brand) to count; for -1 the count is 0.

    Returns
    -------
    of_name, of_all : (r,) int64
    """
    is_counted = np.zeros(len(bought.offsets) - 1, dtype=bool)
    is_counted[customer] = True
    rows = np.flatnonzero(is_counted[bought.customer])
    owner, name_of_row, days = bought.customer[rows], codes[bought.item[rows]], bought.days[rows]
    n_names = int(codes.max(initial=0)) + 1
    # One key per customer and name; days summed by key, then the key of each requested row is looked up.
    named = name_of_row >= 0
    keys, place = np.unique(owner[named] * n_names + name_of_row[named], return_inverse=True)
    counts = np.bincount(place, days[named], len(keys))
    at = np.searchsorted(keys, customer * n_names + name)
    exists = (at < len(keys)) & (name >= 0)
    exists[exists] = keys[at[exists]] == (customer * n_names + name)[exists]
    of_name = np.zeros(len(customer), dtype=np.int64)
    of_name[exists] = counts[at[exists]]
    return of_name, np.bincount(owner, days, len(is_counted)).astype(np.int64)[customer]
