"""What a customer did with an item: bought it, and since then put it into the cart or looked at it."""

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
    """For each of r rows; ages are the days from when it happened last to the cutoff, -1 where it never did.

    Parameters
    ----------
    days : (r,) int32
        On how many days it was bought.
    span : (r,) int32
        Days from the first of them to the newest.
    longest : (r,) int32
        The longest gap between two of these days that follow each other; 0 where there is one day or none.
    ago : (r,) int32
        The age of the newest.
    cart_ago : (r,) int32
        The age of the cart it was put into after the moment it was bought last, or ever.
    look_days, look_ago : (r,) int32
        On how many days it was looked at after that moment, or ever, and the age.
    """

    days: Codes
    span: Codes
    longest: Codes
    ago: Codes
    cart_ago: Codes
    look_days: Codes
    look_ago: Codes

    @property
    def gap_days(self) -> Codes:
        """(r,) mean days between the days it was bought, to the nearest, halves up; 0 where there is one day or none.

        Examples
        --------
        >>> none = np.zeros(3, dtype=np.int32)
        >>> CustomerItem(np.array([3, 2, 1], np.int32), np.array([21, 10, 0], np.int32), *(none,) * 5).gap_days.tolist()
        [11, 10, 0]
        """
        gaps = np.maximum(self.days - 1, 1)
        return (2 * self.span + gaps) // (2 * gaps)


def customer_items(actions: Actions, bought: Purchases, customer: Ints, item: Codes) -> CustomerItem:
    """Gather what some customers did with some items.

    Parameters
    ----------
    customer : (r,) int64
    item : (r,) int32
        May lie behind the items of the Actions: nobody touched those.
    """
    today, place = actions.now // DAY_US, bought.places(customer, item)
    met, at = np.flatnonzero(place >= 0), place[place >= 0]
    days, span, longest, ago = (np.full(len(item), never, np.int32) for never in (0, 0, 0, -1))
    days[met], span[met], ago[met] = bought.days[at], bought.last[at] - bought.first[at], today - bought.last[at]
    longest[met] = _longest_gaps(bought)[at]
    last_ts = np.full(len(item), NEVER)
    last_ts[met] = bought.last_ts[at]
    pair, rows = _since(actions, customer, item, last_ts)
    in_cart, day = actions.kind[rows] == Kind.CART, actions.ts[rows] // DAY_US
    cart_ago = _age_of_newest(today, day[in_cart], pair.of_row[in_cart], pair.n)[pair.place]
    viewed, at = day[~in_cart], pair.of_row[~in_cart]
    look_ago, look_days = _age_of_newest(today, viewed, at, pair.n), _different_days(viewed, at, pair.n)
    return CustomerItem(days, span, longest, ago, cart_ago, look_days[pair.place], look_ago[pair.place])


def _longest_gaps(bought: Purchases) -> Codes:
    """(p,) the most days between two purchases of a pair that follow each other."""
    gap, begins = np.diff(bought.day, prepend=0), bought.day_offsets[:-1]
    gap[begins] = 0
    return np.maximum.reduceat(gap, begins) if len(begins) else gap


@dataclass(frozen=True)
class _Pairs:
    """Different customers and items: how many, which one each asked row has, and which one each row found has."""

    n: int
    place: Ints
    of_row: Ints


def _since(actions: Actions, customer: Ints, item: Codes, last_ts: Ints) -> tuple[_Pairs, NDArray[np.intp]]:
    """Carts and views of what is asked, after the moment it was bought last; by pair and time."""
    width = max(actions.n_items, int(item.max(initial=0)) + 1)
    keys, first, place = np.unique(customer * width + item, return_index=True, return_inverse=True)
    asked = np.zeros(len(actions), dtype=bool)
    asked[customer] = True
    rows = np.flatnonzero(((actions.kind == Kind.CART) | (actions.kind == Kind.VIEW)) & asked[actions.customer])
    key = actions.customer[rows] * width + actions.item[rows]
    at = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    later = np.flatnonzero((keys[at] == key) & (actions.ts[rows] > last_ts[first][at])) if len(keys) else rows[:0]
    order = later[np.argsort(at[later], kind="stable")]  # within a pair rows stay in order of time
    return _Pairs(len(keys), place, at[order]), rows[order]


def _age_of_newest(today: int, day: Ints, pair: Ints, n: int) -> Codes:
    """(n,) days since something happened last, -1 where it never did; rows by pair and time."""
    age = np.full(n, -1, np.int32)
    age[pair] = today - day  # the newest of a pair is written last
    return age


def _different_days(day: Ints, pair: Ints, n: int) -> Codes:
    """(n,) on how many days something happened; rows by pair and time."""
    new = (np.diff(pair, prepend=-1) != 0) | (np.diff(day, prepend=-1) != 0)
    return np.bincount(pair[new], minlength=n).astype(np.int32)
