"""Histories for the tests of recommendations: written by hand in letters, or of a simulated shop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shijin.config import ItemsSection
from shijin.recommend.past.actions import Actions, actions_of
from shijin.recommend.past.catalogue import Catalogue, catalogue_of
from shijin.recommend.ranking.candidates import Query
from shijin.represent.cutoff import History, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind
from shijin.simulate.knobs import Knobs
from shijin.simulate.shops import simulate

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SIGNS = {"?": Kind.VIEW, "+": Kind.CART, "*": Kind.REVIEW}
FIRST = as_cutoff(date(2024, 1, 1))
HORIZON_DAYS = 30
NOBODY = np.zeros(0, dtype=np.int64)

SMALL = Knobs(
    customers=150,
    days=330,
    joining=0.8,
    rate_shape=1.0,
    rate_scale_days=40.0,
    one_timers=0.2,
    views_per_order=0.5,
    carts_per_order=0.2,
    items=30,
    categories=5,
    lines_per_order=2.0,
)


def past(*customers: str, items: int = 4, days: int = 30) -> Actions:
    """Actions of some customers: a word for each day from 1 January, a letter for each item, bought if no sign follows.

    ``a?`` is viewed, ``a+`` put into the cart, ``a*`` reviewed; ``.`` is a day without actions. The cutoff is `days`
    days after the first; the a-th letter has code a, an item costs its code + 1.
    """
    rows = []
    for customer, text in enumerate(customers):
        for day, word in enumerate(text.split()):
            for at, letter in enumerate(word):
                if letter in LETTERS:
                    sign = word[at + 1] if at + 1 < len(word) else ""
                    rows.append((customer, day, LETTERS.index(letter), int(SIGNS.get(sign, Kind.ORDER))))
    columns = np.array(sorted(rows), dtype=np.int64).reshape(-1, 4).T
    customer, day, item, kind = columns
    counts = np.bincount(customer, minlength=len(customers))
    ones = np.ones(len(item))
    return Actions(
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        item=item.astype(np.int32),
        ts=FIRST + day * DAY_US,
        kind=kind.astype(np.uint8),
        quantity=ones,
        amount=np.where(kind == Kind.ORDER, item + 1.0, 0.0),
        channel=np.zeros(len(item), dtype=np.int16),
        n_items=items,
        now=FIRST + days * DAY_US,
    )


def listed(n: int, category: str = "", brand: str = "", touched: int | None = None) -> Catalogue:
    """A catalogue of letters: a letter of `category` and `brand` for each item, ``.`` or nothing where it has none."""
    ids = list(LETTERS[:n])
    of_items = {"category": category.ljust(n, "."), "brand": brand.ljust(n, ".")}
    columns = {name: [None if letter == "." else letter for letter in letters] for name, letters in of_items.items()}
    table = pa.table({"item_id": ids, **{name: pa.array(column, pa.string()) for name, column in columns.items()}})
    known = np.array(ids[: n if touched is None else touched])
    return catalogue_of(table, known, ItemsSection(), listed=True)


@dataclass(frozen=True)
class SimulatedShop:
    """A simulated shop as recommendations see it."""

    history: History
    actions: Actions
    catalogue: Catalogue

    def query(self, rows: NDArray[np.int64] | None = None, *, allow_repeat: bool = True) -> Query:
        """A query for some customers, or for all."""
        actions = self.actions if rows is None else self.actions.of(rows)
        return Query(actions, self.catalogue.product, NOBODY, allow_repeat)


@cache
def simulated_shop(customers: int = 150, items: int = 30, seed: int = 3) -> SimulatedShop:
    """A simulated shop at its end; items have categories and brands."""
    shop = simulate(replace(SMALL, customers=customers, items=items), seed).packed
    history, _ = split_at(shop, shop.end, HORIZON_DAYS)
    number = [int(name.rsplit("-", 1)[-1]) for name in shop.items]
    kinds = {"category": [f"kind {one % 5}" for one in number], "brand": [f"brand {one % 3}" for one in number]}
    catalogue = catalogue_of(pa.table({"item_id": shop.items, **kinds}), shop.items, ItemsSection(), listed=True)
    return SimulatedShop(history, actions_of(history, len(shop.items)), catalogue)
