"""Reasons: why an item is on a customer's list, as the strongest kind of reason that holds, with its numbers.

Every number counts purchases (a product that a customer bought on a day), views or carts strictly before the cutoff, of
customers who are known there. An age in days is counted on the calendar, from the day of the action to the cutoff.

rhythm
    Bought on `bought_days` >= 3 days, every `gap_days`: days from the first to the newest over the number of gaps, to
    the nearest whole day, halves up. No gap is longer than two thirds of the days from the first to the newest: of two
    gaps none is more than twice the other. The newest purchase, `ago_days` ago, is at most three such gaps old.
cart
    Put into the cart `ago_days` ago, for the last time, and not bought at that moment or since; within the horizon, or,
    where no stronger reason holds, at any time.
again
    Bought on `bought_days` >= 2 days, the last time `ago_days` ago.
viewed
    Viewed on `look_days` different days since the last purchase, or ever where never bought; the last time `ago_days`
    ago; within the horizon, or, where no stronger reason holds, at any time.
bought
    Bought on one day, `ago_days` ago.
after
    The customer bought `bought_item` (the last time `ago_days` ago), and `others` >= 2 other customers bought this item
    on a later day than a day on which they had bought `bought_item`.
with
    The same, with `others` who bought both on one day, where these are more.
category, brand
    `purchases` of the customer's `all_purchases` are of the item's category or brand, a whole `share` percent, halves
    up: early in the order where that is a fifth or more and three purchases or more; late from one percent on.
new
    First sold to anybody `sold_ago_days` ago, within the horizon, in a shop with two horizons of history, and `share`
    percent of the customer's purchases are of its category.
popular
    `customers` >= 2 customers bought it in the last `days` days.
sold
    `customers` customers bought it so far.
listed
    It is on the shop's list and nobody bought it.
explore
    It is shown to find out whether the customer likes it; `also` is the code of the reason that holds, its numbers
    follow.

Names, categories and brands are those of today's catalogue. The customer of a row never bought the item of an `after`,
`with` or `popular`: all customers counted there are other customers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags, Ints
from shijin.recommend.members.neighbours import ItemNeighbours
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.past.customer_item import CustomerItem, customer_items
from shijin.recommend.past.purchases import Purchases, purchases_of, share_of_purchases
from shijin.recommend.reasons.antecedents import antecedents_of
from shijin.represent.packed import DAY_US

Numbers = Ints | Codes | int

# The names of each reason's numbers; below, the other thing that some reasons name.
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
        Whether it is shown to learn from, and not because it is the best candidate.
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
        Whether the reason is `explore`; `code` is then the reason that holds besides.
    numbers : (r, 3) int32
        In the order of NUMBERS, then 0.
    about : (r,) int32
        The item, category or brand that ABOUT names, as its code in the Catalogue; -1 where there is none.
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
    similar: Sequence[ItemNeighbours],
    horizon_days: int,
    pasts: Actions | None = None,
) -> Reasons:
    """Give every row the first reason that holds, in the order of strength.

    Parameters
    ----------
    actions
        Of all customers of the shop, since reasons count other customers too.
    similar
        Item-to-item members by which the antecedent of an item is chosen.
    pasts
        Actions whose purchases may be named as antecedents: those without disliked items; all where None.
    """
    bought, claims = purchases_of(actions, catalogue.product), _Claims.of(len(shown))
    habit = customer_items(actions, bought, shown.customer, shown.item)
    cart_ago, view_ago = habit.cart_ago_days, habit.view_ago_days
    claims.claim("rhythm", _in_rhythm(habit), (habit.gap_days, habit.ago_days, habit.bought_days))
    claims.claim("cart", (cart_ago >= 0) & (cart_ago <= horizon_days), (cart_ago,))
    claims.claim("again", habit.bought_days > 1, (habit.bought_days, habit.ago_days))
    claims.claim("viewed", (view_ago >= 0) & (view_ago <= horizon_days), (habit.view_days, view_ago))
    claims.claim("bought", habit.bought_days == 1, (habit.ago_days,))
    _claim_antecedents(claims, actions if pasts is None else pasts, bought, shown, similar)
    shares = _shares_of(claims, bought, catalogue, shown)
    for name, share in shares.items():
        strong = (share.percent >= STRONG_SHARE) & (share.purchases >= STRONG_PURCHASES)
        claims.claim(name, strong, share.numbers, share.about)
    claims.claim("cart", cart_ago >= 0, (cart_ago,))
    claims.claim("viewed", view_ago >= 0, (habit.view_days, view_ago))
    _claim_sales(claims, bought, shares, shown, actions.now // DAY_US, horizon_days)
    return Reasons(claims.code, shown.explored, claims.numbers, claims.about)


@dataclass(frozen=True)
class _Claims:
    """The reasons so far; a row that has a reason keeps it."""

    code: NDArray[np.int8]
    numbers: Codes
    about: Codes

    @staticmethod
    def of(n_rows: int) -> _Claims:
        numbers = np.zeros((n_rows, MOST_NUMBERS), dtype=np.int32)
        return _Claims(np.full(n_rows, -1, np.int8), numbers, np.full(n_rows, -1, np.int32))

    def open(self) -> Flags:
        """(r,) whether a row has no reason yet."""
        return self.code < 0

    def claim(self, code: str, holds: Flags, numbers: tuple[Numbers, ...], about: Codes | None = None) -> None:
        """Give a reason to the rows where it holds and that have none."""
        rows = np.flatnonzero(holds & self.open())
        self.code[rows] = CODES.index(code)
        for place, number in enumerate(numbers):
            self.numbers[rows, place] = number[rows] if isinstance(number, np.ndarray) else number
        if about is not None:
            self.about[rows] = about[rows]


def _in_rhythm(habit: CustomerItem) -> Flags:
    """(r,) the two conditions of `rhythm`, without division: longest gap <= 2/3 span; age <= 3 mean gaps."""
    even = 3 * habit.longest_gap_days <= 2 * habit.span_days
    due = habit.ago_days * (habit.bought_days - 1) <= LATE_GAPS * habit.span_days
    return (habit.bought_days >= RHYTHM_DAYS) & even & due


def _claim_antecedents(
    claims: _Claims, pasts: Actions, bought: Purchases, shown: Shown, similar: Sequence[ItemNeighbours]
) -> None:
    """Claim `after` and `with`: the customer's purchase that leads to the item, and how many others bought both."""
    open_rows = np.flatnonzero(claims.open() & (shown.item < pasts.n_items))
    antecedents = antecedents_of(pasts, bought, shown.customer[open_rows], shown.item[open_rows], similar)
    rows = open_rows[antecedents.row]
    others, ago = (np.zeros(len(shown), dtype=np.int64) for _ in range(2))
    item, later = np.full(len(shown), -1, np.int32), np.zeros(len(shown), dtype=bool)
    others[rows], item[rows], later[rows] = antecedents.others, antecedents.item, antecedents.later
    ago[rows] = pasts.now // DAY_US - bought.last[bought.places(shown.customer[rows], antecedents.item)]
    claims.claim("after", (others > 0) & later, (others, ago), item)
    claims.claim("with", (others > 0) & ~later, (others, ago), item)


@dataclass(frozen=True)
class _Share:
    """For each row, the number of the customer's purchases of the item's category or brand, `about`, and of all."""

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
    """Shares of category and brand for the rows without a reason so far; 0 for the others."""
    rows = np.flatnonzero(claims.open())
    shares = {}
    for name, codes in (("category", catalogue.category), ("brand", catalogue.brand)):
        purchases, of_all = (np.zeros(len(shown), dtype=np.int64) for _ in range(2))
        about = codes[shown.item]
        purchases[rows], of_all[rows] = share_of_purchases(bought, codes, shown.customer[rows], about[rows])
        shares[name] = _Share(purchases, of_all, about)
    return shares


def _claim_sales(
    claims: _Claims, bought: Purchases, shares: dict[str, _Share], shown: Shown, today: int, horizon_days: int
) -> None:
    """Claim reasons of the item's sales to anybody, and small shares; one of the last two always holds."""
    days, category = min(POPULAR_DAYS, horizon_days), shares["category"]
    recent, ever = (bought.customers(since)[shown.item] for since in (today - days, None))
    sold_ago = today - bought.first_days(never=today)[shown.item]
    old_shop = int(bought.day.min(initial=today)) <= today - 2 * horizon_days
    new = (sold_ago > 0) & (sold_ago <= horizon_days) & old_shop & (category.percent > 0)
    claims.claim("new", new, (sold_ago, category.percent), category.about)
    claims.claim("popular", recent >= LEAST_CUSTOMERS, (recent, days))
    for name, share in shares.items():
        claims.claim(name, share.percent > 0, share.numbers, share.about)
    claims.claim("sold", ever > 0, (ever,))
    claims.claim("listed", ever == 0, ())
