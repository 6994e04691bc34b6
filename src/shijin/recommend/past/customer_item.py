"""What a customer did with an item: purchases, and carts and views since the last purchase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.purchases import Purchases
from shijin.represent.packed import DAY_US, Kind

NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True)
class CustomerItem:
    """One entry for each of r pairs; ages are days from the newest such action to the cutoff, -1 where there is none.

    Parameters
    ----------
    bought_days : (r,) int32
        Number of days on which the item was bought.
    span_days : (r,) int32
        Days from the first of them to the newest.
    longest_gap_days : (r,) int32
        The longest gap between two consecutive purchases; 0 where there is one purchase or none.
    ago_days : (r,) int32
        Age of the newest purchase.
    cart_ago_days : (r,) int32
        Age of the newest cart after the last purchase, or of the newest cart where the item was never bought.
    view_days, view_ago_days : (r,) int32
        Number of days with a view after the last purchase, or ever where never bought, and the age of the newest.
    """

    bought_days: Codes
    span_days: Codes
    longest_gap_days: Codes
    ago_days: Codes
    cart_ago_days: Codes
    view_days: Codes
    view_ago_days: Codes

    @property
    def gap_days(self) -> Codes:
        """(r,) mean days between purchases, to the nearest day, halves up; 0 where there is one purchase or none.

        Examples
        --------
        >>> none = np.zeros(3, dtype=np.int32)
        >>> CustomerItem(np.array([3, 2, 1], np.int32), np.array([21, 10, 0], np.int32), *(none,) * 5).gap_days.tolist()
        [11, 10, 0]
        """
        gaps = np.maximum(self.bought_days - 1, 1)
        return (2 * self.span_days + gaps) // (2 * gaps)  # in whole numbers, so that halves are exact


def customer_items(actions: Actions, bought: Purchases, customer: Ints, item: Codes) -> CustomerItem:
    """Gather what some customers did with some items.

    Parameters
    ----------
    customer : (r,) int64
    item : (r,) int32
        May lie beyond the items of the Actions: nobody touched those.
    """
    today, place = actions.now // DAY_US, bought.places(customer, item)
    rows_bought, at = np.flatnonzero(place >= 0), place[place >= 0]
    days, span, longest, ago = (np.full(len(item), never, np.int32) for never in (0, 0, 0, -1))
    days[rows_bought], ago[rows_bought] = bought.days[at], today - bought.last[at]
    span[rows_bought], longest[rows_bought] = bought.last[at] - bought.first[at], _longest_gaps(bought)[at]
    last_ts = np.full(len(item), NEVER)
    last_ts[rows_bought] = bought.last_ts[at]
    pair, rows = _since(actions, customer, item, last_ts)
    in_cart, day = actions.in_cart[rows], actions.ts[rows] // DAY_US
    is_view = actions.kind[rows] == Kind.VIEW
    cart_ago = _age_of_newest(today, day[in_cart], pair.of_row[in_cart], pair.n)[pair.place]
    viewed, at = day[is_view], pair.of_row[is_view]
    view_ago, view_days = _age_of_newest(today, viewed, at, pair.n), _different_days(viewed, at, pair.n)
    return CustomerItem(days, span, longest, ago, cart_ago, view_days[pair.place], view_ago[pair.place])


def _longest_gaps(bought: Purchases) -> Codes:
    """(p,) the most days between two consecutive purchases of a pair."""
    gap, begins = np.diff(bought.day, prepend=0), bought.day_offsets[:-1]
    gap[begins] = 0  # the difference to the day of another pair is no gap
    return np.maximum.reduceat(gap, begins) if len(begins) else gap


@dataclass(frozen=True)
class _Pairs:
    """Different customers and items: their number, the pair of each requested row, and of each row of the actions."""

    n: int
    place: Ints
    of_row: Ints


def _since(actions: Actions, customer: Ints, item: Codes, last_ts: Ints) -> tuple[_Pairs, NDArray[np.intp]]:
    """Carts and views of the requested pairs after the last purchase, sorted by pair and time."""
    width = max(actions.n_items, int(item.max(initial=0)) + 1)
    keys, first, place = np.unique(customer * width + item, return_index=True, return_inverse=True)
    is_requested = np.zeros(len(actions), dtype=bool)
    is_requested[customer] = True
    carts_and_views = (actions.kind == Kind.CART) | (actions.kind == Kind.VIEW)
    rows = np.flatnonzero(carts_and_views & is_requested[actions.customer])
    key = actions.customer[rows] * width + actions.item[rows]
    at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    later = np.flatnonzero((keys[at] == key) & (actions.ts[rows] > last_ts[first][at])) if len(keys) else rows[:0]
    order = later[np.argsort(at[later], kind="stable")]  # stable: the rows of a pair stay in order of time
    return _Pairs(len(keys), place, at[order]), rows[order]


def _age_of_newest(today: int, day: Ints, pair: Ints, n: int) -> Codes:
    """(n,) days since the newest action of each pair, -1 where there is none; rows by pair and time."""
    age = np.full(n, -1, np.int32)
    age[pair] = today - day  # several rows of a pair: the newest is written last
    return age


def _different_days(day: Ints, pair: Ints, n: int) -> Codes:
    """(n,) number of different days of each pair; rows by pair and time."""
    new = (np.diff(pair, prepend=-1) != 0) | (np.diff(day, prepend=-1) != 0)
    return np.bincount(pair[new], minlength=n).astype(np.int32)
