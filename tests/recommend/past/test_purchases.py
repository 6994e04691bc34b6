"""Purchases: pairs, days and newest moments, and the queries of them."""

from datetime import date

import numpy as np
from reasonshop import Shop, bought_on

from shijin.recommend.past.purchases import purchases_of, share_of_purchases
from shijin.represent.days import as_cutoff


def test_purchases_keep_their_pairs_days_and_newest_moment() -> None:
    shop = Shop(
        bought_on("a", "tea", "01-02", "01-02", "01-09")
        + bought_on("a", "POST", "01-03")
        + bought_on("b", "cup", "01-04")
    )
    found = purchases_of(shop.actions, shop.catalogue.product)
    names = shop.catalogue.items
    assert found.offsets.tolist() == [0, 1, 2]
    assert names[found.item].tolist() == ["tea", "cup"]
    assert found.days.tolist() == [2, 1]
    first_day = as_cutoff(date(2024, 1, 1)) // 86_400_000_000
    assert (found.first - first_day).tolist() == [1, 3]
    assert (found.last - first_day).tolist() == [8, 3]
    assert found.places(
        np.array([0, 0, 1]), np.array([names.tolist().index(one) for one in ("tea", "cup", "cup")])
    ).tolist() == [0, -1, 1]


def test_an_item_has_its_customers_ever_and_since_a_day_and_its_first_day() -> None:
    shop = Shop(
        bought_on("a", "tea", "01-02", "01-09") + bought_on("b", "tea", "01-05") + bought_on("b", "cup", "01-04")
    )
    bought = purchases_of(shop.actions, shop.catalogue.product)
    first_day = as_cutoff(date(2024, 1, 1)) // 86_400_000_000
    code = {name: place for place, name in enumerate(shop.catalogue.items.tolist())}
    assert [bought.customers()[code[name]] for name in ("tea", "cup", "rum")] == [2, 1, 0]
    assert [bought.customers(first_day + 5)[code[name]] for name in ("tea", "cup")] == [1, 0]
    days = bought.first_days(never=first_day + 99) - first_day
    assert [days[code[name]] for name in ("tea", "cup", "rum")] == [1, 3, 99]


def test_shares_count_purchases_of_a_name_and_of_all() -> None:
    shop = Shop(
        bought_on("a", "tea", "01-02", "01-09") + bought_on("a", "hat", "01-05") + bought_on("b", "cup", "01-04")
    )
    bought, catalogue = purchases_of(shop.actions, shop.catalogue.product), shop.catalogue
    drinks = catalogue.categories.tolist().index("drinks")
    customers = {name: place for place, name in enumerate(shop.history.customers.tolist())}
    rows = np.array([customers["a"], customers["a"], customers["b"]])
    of_name, of_all = share_of_purchases(bought, catalogue.category, rows, np.array([drinks, -1, drinks], np.int32))
    assert of_name.tolist() == [2, 0, 0]
    assert of_all.tolist() == [3, 3, 1]
