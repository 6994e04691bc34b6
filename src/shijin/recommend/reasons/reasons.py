"""Why an item is on a customer's list: the strongest thing that is true of both, with its numbers.

Every number counts purchases (`bought`: a product that a customer bought on a day), views or carts strictly before the
cutoff, of customers who are known there. An age in days is the calendar's, from the day it happened to the cutoff.

rhythm
    Bought on `bought_days` >= 3 days, every `gap_days`: newest day less first day, over the gaps, to the nearest whole
    day, halves up. No gap is longer than two thirds of the days from the first to the newest: of two gaps none is more
    than twice the other. The newest, `ago_days` ago, is no further away than three such gaps.
cart
    Put into the cart `ago_days` ago, the last time, and not bought at that moment or since; within the horizon, or,
    where nothing stronger is true, ever.
again
    Bought on `bought_days` >= 2 days, the last time `ago_days` ago.
viewed
    Looked at on `look_days` different days since it was bought last, or ever where it never was; the last time
    `ago_days` ago; within the horizon, or, where nothing stronger is true, ever.
bought
    Bought on one day, `ago_days` ago.
after
    The customer bought `bought_item` (the last time `ago_days` ago), and `others` >= 2 other customers bought this item
    on a later day than one on which they had bought that one.
with
    The same of `others` who bought both on one day, where these are more.
category, brand
    `purchases` of the customer's `all_purchases` are of the item's category or brand, a whole `share` percent, halves
    up: first where that is a fifth or more, three purchases or more; later from one percent on.
new
    First sold to anybody `sold_ago_days` ago, within the horizon, in a shop older than two, and `share` percent of the
    customer's purchases are of its category.
popular
    `customers` >= 2 customers bought it in the last `days` days.
sold
    `customers` customers bought it so far.
listed
    It is on the shop's list and nobody bought it.
explore
    It is shown to find out whether it is liked; `also` is the code of what is true of it, with its numbers.

A category, a brand or a name is what the catalogue calls it today. The customer of a row never bought the item of an
`after`, `with` or `popular`: whoever is counted is somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags, Ints
from shijin.recommend.members.neighbours import Neighbours
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.past.customer_item import CustomerItem, customer_items
from shijin.recommend.past.purchases import Purchases, purchases_of, share_of_purchases
from shijin.recommend.reasons.antecedents import antecedents_of
from shijin.represent.packed import DAY_US

Numbers = Ints | Codes | int

# Each reason with what its numbers are called, and what it is about beside the item.
NUMBERS = {
    "rhythm": ("gap_days", "ago_days", "bought_days"),
    "cart": ("ago_days",),
    "again": ("bought_days", "ago_days"),
    "viewed": ("look_days", "ago_days"),
    "bought": ("ago_days",),
    "after": ("others", "ago_days"),
    "with": ("others", "ago_days"),
    "category": ("share", "purchases", "all_purchases"),
    "brand": ("share", "purchases", "all_purchases"),
    "new": ("sold_ago_days", "share"),
    "popular": ("customers", "days"),
    "sold": ("customers",),
    "listed": (),
}
CODES = tuple(NUMBERS)
MOST_NUMBERS = max(len(names) for names in NUMBERS.values())
ABOUT = {"after": "bought", "with": "bought", "category": "category", "brand": "brand", "new": "category"}

RHYTHM_DAYS, LATE_GAPS = 3, 3
STRONG_SHARE, STRONG_PURCHASES = 20, 3
POPULAR_DAYS, LEAST_CUSTOMERS = 28, 2


@dataclass(frozen=True)
class Shown:
    """r items on customers' lists, in any order.

    Parameters
    ----------
    customer : (r,) int64
        Position in the Actions.
    item : (r,) int32
        Code in the Catalogue.
    explored : (r,) bool
        Whether it stands there to learn, rather than because it is thought best.
    """

    customer: Ints
    item: Codes
    explored: Flags

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True)
class Reasons:
    """The reason of each of r rows.

    Parameters
    ----------
    code : (r,) int8
        Index into CODES.
    explored : (r,) bool
        Its reason is `explore`, and `code` is what is true besides.
    numbers : (r, 3) int32
        In the order of NUMBERS, 0 behind them.
    about : (r,) int32
        The item, category or brand that ABOUT says, as its code in the Catalogue; -1 where none.
    """

    code: NDArray[np.int8]
    explored: Flags
    numbers: Codes
    about: Codes

    def __len__(self) -> int:
        return len(self.code)


def reasons_of(
    actions: Actions,
    catalogue: Catalogue,
    shown: Shown,
    similar: Sequence[Neighbours],
    horizon_days: int,
    pasts: Actions | None = None,
) -> Reasons:
    """Give every row the first reason that holds, strongest kind first.

    Parameters
    ----------
    actions
        Of all customers of the shop: others are counted.
    similar
        What items go with what items: of it the product that led to an item is chosen.
    pasts
        What may be said to have led to an item: the actions without what a customer disliked; all where None.
    """
    bought, claims = purchases_of(actions, catalogue.product), _Claims.of(len(shown))
    own = customer_items(actions, bought, shown.customer, shown.item)
    claims.claim("rhythm", _in_rhythm(own), (own.gap_days, own.ago, own.days))
    claims.claim("cart", (own.cart_ago >= 0) & (own.cart_ago <= horizon_days), (own.cart_ago,))
    claims.claim("again", own.days > 1, (own.days, own.ago))
    claims.claim("viewed", (own.look_ago >= 0) & (own.look_ago <= horizon_days), (own.look_days, own.look_ago))
    claims.claim("bought", own.days == 1, (own.ago,))
    _claim_leads(claims, actions if pasts is None else pasts, bought, shown, similar)
    shares = _shares_of(claims, bought, catalogue, shown)
    for name, share in shares.items():
        strong = (share.percent >= STRONG_SHARE) & (share.purchases >= STRONG_PURCHASES)
        claims.claim(name, strong, share.numbers, share.about)
    claims.claim("cart", own.cart_ago >= 0, (own.cart_ago,))
    claims.claim("viewed", own.look_ago >= 0, (own.look_days, own.look_ago))
    _claim_sales(claims, bought, shares, shown, actions.now // DAY_US, horizon_days)
    return Reasons(claims.code, shown.explored, claims.numbers, claims.about)


@dataclass(frozen=True)
class _Claims:
    """What has been found so far; a row that has a reason keeps it."""

    code: NDArray[np.int8]
    numbers: Codes
    about: Codes

    @staticmethod
    def of(n_rows: int) -> _Claims:
        numbers = np.zeros((n_rows, MOST_NUMBERS), dtype=np.int32)
        return _Claims(np.full(n_rows, -1, np.int8), numbers, np.full(n_rows, -1, np.int32))

    def open(self) -> Flags:
        """(r,) rows that have no reason yet."""
        return self.code < 0

    def claim(self, code: str, holds: Flags, numbers: tuple[Numbers, ...], about: Codes | None = None) -> None:
        """Give a reason to the rows where it holds and that have none."""
        rows = np.flatnonzero(holds & self.open())
        self.code[rows] = CODES.index(code)
        for place, number in enumerate(numbers):
            self.numbers[rows, place] = number[rows] if isinstance(number, np.ndarray) else number
        if about is not None:
            self.about[rows] = about[rows]


def _in_rhythm(own: CustomerItem) -> Flags:
    even = 3 * own.longest <= 2 * own.span
    return (own.days >= RHYTHM_DAYS) & even & (own.ago * (own.days - 1) <= LATE_GAPS * own.span)


def _claim_leads(
    claims: _Claims, pasts: Actions, bought: Purchases, shown: Shown, similar: Sequence[Neighbours]
) -> None:
    """Claim what the customer bought that leads to the item, with how many others went that way."""
    asked = np.flatnonzero(claims.open() & (shown.item < pasts.n_items))
    leads = antecedents_of(pasts, bought, shown.customer[asked], shown.item[asked], similar)
    rows = asked[leads.row]
    others, ago = (np.zeros(len(shown), dtype=np.int64) for _ in range(2))
    item, later = np.full(len(shown), -1, np.int32), np.zeros(len(shown), dtype=bool)
    others[rows], item[rows], later[rows] = leads.others, leads.item, leads.later
    ago[rows] = pasts.now // DAY_US - bought.last[bought.places(shown.customer[rows], leads.item)]
    claims.claim("after", (others > 0) & later, (others, ago), item)
    claims.claim("with", (others > 0) & ~later, (others, ago), item)


@dataclass(frozen=True)
class _Share:
    """For each row, how many of the customer's purchases are of the item's category or brand, `about`."""

    purchases: Ints
    of_all: Ints
    about: Codes

    @property
    def percent(self) -> Ints:
        """(r,) to the nearest whole percent, halves up; 0 where nothing was bought."""
        whole = np.maximum(self.of_all, 1)
        return (200 * self.purchases + whole) // (2 * whole)

    @property
    def numbers(self) -> tuple[Ints, Ints, Ints]:
        return self.percent, self.purchases, self.of_all


def _shares_of(claims: _Claims, bought: Purchases, catalogue: Catalogue, shown: Shown) -> dict[str, _Share]:
    """Shares of category and brand, of the rows that have no reason yet; the others have none."""
    rows = np.flatnonzero(claims.open())
    found = {}
    for name, codes in (("category", catalogue.category), ("brand", catalogue.brand)):
        purchases, of_all = (np.zeros(len(shown), dtype=np.int64) for _ in range(2))
        about = codes[shown.item]
        purchases[rows], of_all[rows] = share_of_purchases(bought, codes, shown.customer[rows], about[rows])
        found[name] = _Share(purchases, of_all, about)
    return found


def _claim_sales(
    claims: _Claims, bought: Purchases, shares: dict[str, _Share], shown: Shown, today: int, horizon_days: int
) -> None:
    """Claim how the item sells at large, and what small shares say; the last of these always holds."""
    days, category = min(POPULAR_DAYS, horizon_days), shares["category"]
    lately, ever = (bought.customers(since)[shown.item] for since in (today - days, None))
    sold_ago = today - bought.first_days(never=today)[shown.item]
    grown = int(bought.day.min(initial=today)) <= today - 2 * horizon_days
    new = (sold_ago > 0) & (sold_ago <= horizon_days) & grown & (category.percent > 0)
    claims.claim("new", new, (sold_ago, category.percent), category.about)
    claims.claim("popular", lately >= LEAST_CUSTOMERS, (lately, days))
    for name, share in shares.items():
        claims.claim(name, share.percent > 0, share.numbers, share.about)
    claims.claim("sold", ever > 0, (ever,))
    claims.claim("listed", ever == 0, ())
