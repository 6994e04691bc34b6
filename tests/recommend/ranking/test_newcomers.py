"""Customers of whom no item is known get what sells of late in their channel, counted by hand."""

from datetime import date, timedelta

import numpy as np
import pytest

from ledger import Row, packed, row
from shijin.recommend.past.actions import actions_of
from shijin.recommend.ranking.newcomers import LEAST_BUYERS, Bestsellers, bestsellers
from shijin.represent.cutoff import History, as_cutoff, split_at

CUTOFF = date(2024, 2, 1)
DAYS = 10


def bought(customer: str, item: str, channel: str | None = None, days_ago: int = 3) -> Row:
    day = CUTOFF - timedelta(days=days_ago)
    return row(customer, f"{day} 10:00", 4.0, item_id=item, channel=channel)


def came(customer: str, channel: str | None = None, days_ago: int = 5) -> Row:
    """An order of which the shop knows no item."""
    return bought(customer, "", channel, days_ago) | {"item_id": None}


class Shop:
    """What sells of late in a shop of some events, every item allowed but those named."""

    def __init__(self, rows: list[Row], excluded: str = "") -> None:
        shop = packed(rows)
        self.history: History = split_at(shop, as_cutoff(CUTOFF), DAYS)[0]
        self.items = shop.items.tolist()
        actions = actions_of(self.history, len(self.items))
        allowed = np.array([item not in excluded.split() for item in self.items])
        self.found: Bestsellers = bestsellers(actions, self.history, allowed, DAYS)

    def told(self, *customers: str) -> list[tuple[str, str, float]]:
        """Customer, item and chance, in order."""
        place = np.sort([self.history.customers.tolist().index(name) for name in customers])
        wanted = self.found.rank(place)
        names = self.history.customers[wanted.customer].tolist()
        return list(zip(names, (self.items[code] for code in wanted.item), wanted.chance.tolist(), strict=True))


ROWS = [
    bought("a", "tea"),
    bought("a", "tea", days_ago=4),
    bought("b", "tea"),
    bought("b", "cup"),
    bought("c", "cup", days_ago=11),
    bought("d", "jam", days_ago=10),
    came("new"),
]


def test_what_most_customers_bought_of_late_comes_first_with_their_share() -> None:
    assert Shop(ROWS).told("new") == [("new", "tea", 2 / 5), ("new", "cup", 1 / 5), ("new", "jam", 1 / 5)]


def test_an_order_at_the_beginning_of_the_last_days_is_of_late_and_one_before_it_is_not() -> None:
    midnight = CUTOFF - timedelta(days=DAYS)
    at = row("e", f"{midnight} 00:00", item_id="at")
    before = row("f", f"{midnight - timedelta(days=1)} 23:59", item_id="before")
    assert [item for _, item, _ in Shop([*ROWS, at, before]).told("new")] == ["tea", "cup", "at", "jam", "before"]


def test_a_look_is_no_purchase_and_what_may_not_be_shown_is_not() -> None:
    looked = [bought("a", "pot") | {"type": "view"}, bought("d", "pot") | {"type": "cart"}]
    assert [item for _, item, _ in Shop([*ROWS, *looked], excluded="jam").told("new")] == ["tea", "cup"]


def of_channels(web: int) -> list[Row]:
    """So many who bought tea on the web, and more who bought cups elsewhere; newcomers to both and to neither."""
    rows = [bought(f"w{n}", "tea", "web") for n in range(web)] + [bought(f"s{n}", "cup", "shop") for n in range(60)]
    return [*rows, came("new w", "web"), came("new s", "shop"), came("new"), came("new m", "mail")]


def test_a_channel_with_enough_buyers_speaks_for_its_own_newcomers() -> None:
    shop = Shop(of_channels(LEAST_BUYERS))
    assert shop.told("new w") == [("new w", "tea", LEAST_BUYERS / (LEAST_BUYERS + 1))]
    assert shop.told("new s") == [("new s", "cup", 60 / 61)]
    of_all = [("cup", pytest.approx(60 / 94)), ("tea", pytest.approx(30 / 94))]
    for who in ("new", "new m"):
        assert shop.told(who) == [(who, *one) for one in of_all]


def test_for_a_channel_with_too_few_buyers_the_whole_shop_speaks() -> None:
    shop = Shop(of_channels(LEAST_BUYERS - 1))
    assert [item for _, item, _ in shop.told("new w")] == ["cup", "tea"]
    assert [item for _, item, _ in shop.told("new s")] == ["cup"]


def test_the_channel_of_a_customer_is_that_of_the_newest_moment() -> None:
    moved = [came("moved", "web", 9), came("moved", "shop", 1)]
    assert Shop([*of_channels(LEAST_BUYERS), *moved]).told("moved") == [("moved", "cup", pytest.approx(60 / 62))]


def test_rows_come_by_customer_and_each_alone_is_told_the_same() -> None:
    shop = Shop(of_channels(LEAST_BUYERS))
    names = ["new w", "new s", "new", "new m"]
    together = shop.told(*names)
    alone = [one for name in names for one in shop.told(name)]
    assert sorted(together) == sorted(alone)
    assert [name for name, _, _ in together] == [
        name for name in shop.history.customers for one in alone if one[0] == name
    ]


def test_what_sold_earlier_comes_behind_and_where_nothing_sold_of_late_it_is_all_there_is() -> None:
    early = [bought(who, "pot", days_ago=20) for who in "abc"] + [bought("a", "pan", days_ago=21)]
    assert Shop([*ROWS, *early]).told("new")[-2:] == [("new", "pot", 0.0), ("new", "pan", 0.0)]
    shop = Shop([*early, came("new")])
    assert shop.told("new") == [("new", "pot", 0.0), ("new", "pan", 0.0)]
    assert shop.found.rank(np.arange(4)[-1:]).likely.tolist() == [3 / 4, 1 / 4]


def test_a_shop_that_sold_nothing_has_nothing_to_show() -> None:
    shop = Shop([bought("a", "tea") | {"type": "view"}, came("new")])
    assert shop.told("new") == []
    assert len(shop.found.rank(np.zeros(0, dtype=np.int64)).item) == 0
