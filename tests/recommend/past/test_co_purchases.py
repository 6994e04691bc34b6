"""Customers who bought two items, counted one by one."""

from typing import Any

import numpy as np
from hypothesis import given
from reasonshop import MANY, OLD, Shop, shop_of

from shijin.recommend.past.co_purchases import co_purchases_of
from shijin.recommend.past.purchases import purchases_of


@given(MANY)
def test_customers_of_two_items_are_counted_once_each_way(many: list[tuple[Any, ...]]) -> None:
    shop = shop_of(many)
    bought = purchases_of(shop.actions, shop.catalogue.product)
    x, y = (codes.astype(np.int32) for codes in np.divmod(np.arange(bought.n_items**2), bought.n_items))
    both = co_purchases_of(bought, x, y)
    days = [
        [
            {*bought.day[bought.day_offsets[place] : bought.day_offsets[place + 1]].tolist()} if place >= 0 else set()
            for place in row
        ]
        for row in bought.places(*np.indices((len(shop.actions), bought.n_items)))
    ]
    for one, other, after, same_day in zip(x, y, both.after, both.same_day, strict=True):
        pairs = [(mine[one], mine[other]) for mine in days if mine[one] and mine[other]]
        assert after == sum(min(first) < max(last) for first, last in pairs)
        assert same_day == sum(bool(first & last) for first, last in pairs)


def test_without_pairs_there_are_no_counts() -> None:
    shop = Shop(OLD)
    none = np.zeros(0, dtype=np.int32)
    found = co_purchases_of(purchases_of(shop.actions, shop.catalogue.product), none, none)
    assert (len(found.after), len(found.same_day)) == (0, 0)
