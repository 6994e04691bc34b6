"""Customers without any item in their history get the recent best sellers of their channel, counted by hand."""

from datetime import date, timedelta

import numpy as np
import pytest

from ledger import Row, packed, row
from shijin.recommend.past.actions import actions_of
from shijin.recommend.ranking.newcomers import LEAST_BUYERS, Bestsellers, bestsellers
from shijin.represent.cutoff import History, split_at
from shijin.represent.days import as_cutoff

CUTOFF = date(2024, 2, 1)
DAYS = 10


def bought(customer: str, item: str, channel: str | None = None, days_ago: int = 3) -> Row:
    day = CUTOFF - timedelta(days=days_ago)
    return row(customer, f"{day} 10:00", 4.0, item_id=item, channel=channel)


def came(customer: str, channel: str | None = None, days_ago: int = 5) -> Row:
    """An order without items."""
    return bought(customer, "", channel, days_ago) | {"item_id": None}


class Shop:
    """The best sellers of a shop of some events, every item allowed but those named."""

    def __init__(self, rows: list[Row], excluded: str = "") -> None:
        shop = packed(rows)
        self.history: History = split_at(shop, as_cutoff(CUTOFF), DAYS)[0]
        self.items = shop.items.tolist()
        actions = actions_of(self.history, len(self.items))
        allowed = np.array([item not in excluded.split() for item in self.items])
        self.bestsellers: Bestsellers = bestsellers(actions, self.history, allowed, DAYS)

    def ranked(self, *customers: str) -> list[tuple[str, str, float]]:
        """Customer, item and chance, in order."""
        place = np.sort([self.history.customers.tolist().index(name) for name in customers])
        ranking = self.bestsellers.rank(place)
        names = self.history.customers[ranking.customer].tolist()
        return list(zip(names, (self.items[code] for code in ranking.item), ranking.chance.tolist(), strict=True))


ROWS = [
    bought("a", "tea"),
    bought("a", "tea", days_ago=4),
    bought("b", "tea"),
    bought("b", "cup"),
    bought("c", "cup", days_ago=11),
    bought("d", "jam", days_ago=10),
    came("new"),
]


def test_the_items_of_most_recent_buyers_come_first_with_their_share() -> None:
    assert Shop(ROWS).ranked("new") == [("new", "tea", 2 / 5), ("new", "cup", 1 / 5), ("new", "jam", 1 / 5)]


def test_an_order_at_the_beginning_of_the_last_days_is_recent_and_one_before_it_is_not() -> None:
    midnight = CUTOFF - timedelta(days=DAYS)
    at = row("e", f"{midnight} 00:00", item_id="at")
    before = row("f", f"{midnight - timedelta(days=1)} 23:59", item_id="before")
    assert [item for _, item, _ in Shop([*ROWS, at, before]).ranked("new")] == ["tea", "cup", "at", "jam", "before"]


def test_a_view_is_no_purchase_and_an_excluded_item_is_not_shown() -> None:
    looked = [bought("a", "pot") | {"type": "view"}, bought("d", "pot") | {"type": "cart"}]
    assert [item for _, item, _ in Shop([*ROWS, *looked], excluded="jam").ranked("new")] == ["tea", "cup"]


def of_channels(web: int) -> list[Row]:
    """Some buyers of tea on the web, and more buyers of cups elsewhere; newcomers to both channels and to neither."""
    rows = [bought(f"w{n}", "tea", "web") for n in range(web)] + [bought(f"s{n}", "cup", "shop") for n in range(60)]
    return [*rows, came("new w", "web"), came("new s", "shop"), came("new"), came("new m", "mail")]


def test_a_channel_with_enough_buyers_has_its_own_best_sellers() -> None:
    shop = Shop(of_channels(LEAST_BUYERS))
    assert shop.ranked("new w") == [("new w", "tea", LEAST_BUYERS / (LEAST_BUYERS + 1))]
    assert shop.ranked("new s") == [("new s", "cup", 60 / 61)]
    of_all = [("cup", pytest.approx(60 / 94)), ("tea", pytest.approx(30 / 94))]
    for who in ("new", "new m"):
        assert shop.ranked(who) == [(who, *one) for one in of_all]


def test_a_channel_with_too_few_buyers_has_the_best_sellers_of_the_whole_shop() -> None:
    shop = Shop(of_channels(LEAST_BUYERS - 1))
    assert [item for _, item, _ in shop.ranked("new w")] == ["cup", "tea"]
    assert [item for _, item, _ in shop.ranked("new s")] == ["cup"]


def test_the_channel_of_a_customer_is_that_of_the_newest_moment() -> None:
    moved = [came("moved", "web", 9), came("moved", "shop", 1)]
    assert Shop([*of_channels(LEAST_BUYERS), *moved]).ranked("moved") == [("moved", "cup", pytest.approx(60 / 62))]


def test_rows_are_by_customer_and_each_customer_alone_gets_the_same() -> None:
    shop = Shop(of_channels(LEAST_BUYERS))
    names = ["new w", "new s", "new", "new m"]
    together = shop.ranked(*names)
    alone = [one for name in names for one in shop.ranked(name)]
    assert sorted(together) == sorted(alone)
    assert [name for name, _, _ in together] == [
        name for name in shop.history.customers for one in alone if one[0] == name
    ]


def test_items_sold_earlier_come_last_and_are_all_there_is_where_nothing_sold_recently() -> None:
    early = [bought(who, "pot", days_ago=20) for who in "abc"] + [bought("a", "pan", days_ago=21)]
    assert Shop([*ROWS, *early]).ranked("new")[-2:] == [("new", "pot", 0.0), ("new", "pan", 0.0)]
    shop = Shop([*early, came("new")])
    assert shop.ranked("new") == [("new", "pot", 0.0), ("new", "pan", 0.0)]
    assert shop.bestsellers.rank(np.arange(4)[-1:]).chance_or_score.tolist() == [3 / 4, 1 / 4]


def test_a_shop_that_sold_nothing_has_nothing_to_show() -> None:
    shop = Shop([bought("a", "tea") | {"type": "view"}, came("new")])
    assert shop.ranked("new") == []
    assert len(shop.bestsellers.rank(np.zeros(0, dtype=np.int64)).item) == 0
