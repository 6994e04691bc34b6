"""Simple lists, by hand: recent best sellers, a customer's last purchases, or most frequent purchases."""

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import Row, packed, row
from shijin.recommend.judge.baselines import LAST, OFTEN, POPULARITY, baseline_lists, best_sellers
from shijin.recommend.past.actions import Actions, actions_of
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff

CUTOFF = as_cutoff(date(2024, 6, 1))


def bought(customer: str, *what: tuple[str, str]) -> list[Row]:
    """Orders of one item each: the day, the item."""
    return [row(customer, day, item_id=item, order_id=f"{customer}{number}") for number, (day, item) in enumerate(what)]


def acted(rows: list[Row]) -> tuple[Actions, list[str], list[str]]:
    """Actions, ids of customers by position, and items by code."""
    shop = packed(rows)
    history, _ = split_at(shop, CUTOFF, 10)
    return actions_of(history, len(shop.items)), history.customers.tolist(), shop.items.tolist()


def lists(
    rows: list[Row], k: int, *, allow_repeat: bool = True, excluded: tuple[str, ...] = ()
) -> dict[str, dict[str, str]]:
    """By way and customer: the items, joined."""
    actions, customers, items = acted(rows)
    allowed = np.array([item not in excluded for item in items])
    by_way: dict[str, dict[str, str]] = {}
    for way, entries in baseline_lists(
        actions, allowed, np.arange(len(customers)), k, allow_repeat=allow_repeat
    ).items():
        by_way[way] = dict.fromkeys(customers, "")
        for customer, place, item in zip(entries.customer, entries.place, entries.item, strict=True):
            name = customers[customer]
            assert place == len(by_way[way][name])
            by_way[way][name] += items[item]
    return by_way


SHOP = [
    *bought("ann", ("2024-01-10", "a"), ("2024-01-20", "a"), ("2024-05-20", "b"), ("2024-05-20", "c")),
    *bought("bob", ("2024-02-01", "c"), ("2024-02-02", "a"), ("2024-02-03", "d")),
    *bought("cid", ("2024-02-05", "d"), ("2024-05-25", "c")),
    *bought("dan", ("2024-03-01", "d"), ("2024-03-02", "e")),
]


def test_best_sellers_are_by_buyers_of_four_weeks_then_by_all_buyers() -> None:
    actions, _, items = acted(SHOP)
    # Recently: c by two, b by one. Ever: d by three, a by two, e by one.
    assert "".join(items[code] for code in best_sellers(actions, np.ones(5, bool))) == "cbdae"


def test_a_customer_who_bought_twice_recently_counts_once() -> None:
    rows = [
        *bought("ann", ("2024-05-10", "a"), ("2024-05-11", "a"), ("2024-05-12", "a")),
        *bought("bob", ("2024-05-20", "b")),
        *bought("cid", ("2024-05-20", "b")),
    ]
    actions, _, items = acted(rows)
    assert "".join(items[code] for code in best_sellers(actions, np.ones(2, bool))) == "ba"


def test_every_list_is_filled_with_recent_best_sellers() -> None:
    made = lists(SHOP, 5)
    assert set(made) == {POPULARITY, LAST, OFTEN}
    assert set(made[POPULARITY].values()) == {"cbdae"}
    # b and c came at one moment; c sells better recently.
    assert made[LAST] == {"ann": "cbade", "bob": "dacbe", "cid": "cdbae", "dan": "edcba"}


def test_a_list_is_no_longer_than_k() -> None:
    assert lists(SHOP, 2)[LAST] == {"ann": "cb", "bob": "da", "cid": "cd", "dan": "ed"}


def test_frequent_purchases_decay_by_age() -> None:
    # Twice in January, 142 and 132 days before, are .5 ** (142 / 84) + .5 ** (132 / 84) = .646; once in May .914.
    assert lists(SHOP, 3)[OFTEN]["ann"] == "cba"
    sooner = [
        *bought("ann", ("2024-04-01", "a"), ("2024-04-10", "a"), ("2024-05-20", "b")),
        *bought("bob", ("2024-05-20", "b")),
    ]
    assert lists(sooner, 2)[OFTEN]["ann"] == "ab"
    assert lists(sooner, 2)[LAST]["ann"] == "ba"


def test_of_equally_new_items_the_one_bought_more_often_comes_first() -> None:
    rows = [
        *bought("ann", ("2024-05-01", "a"), ("2024-05-20", "a"), ("2024-05-20", "b")),
        *bought("bob", ("2024-05-20", "b")),
    ]
    assert lists(rows, 2)[LAST]["ann"] == "ab"


def test_without_repeats_bought_items_are_left_out_and_only_best_sellers_are_a_simple_list() -> None:
    made = lists(SHOP, 5, allow_repeat=False)
    assert made == {POPULARITY: {"ann": "de", "bob": "be", "cid": "bae", "dan": "cba"}}


def test_an_item_that_is_not_allowed_is_on_no_list() -> None:
    made = lists(SHOP, 5, excluded=("c", "d"))
    assert made[LAST] == {"ann": "bae", "bob": "abe", "cid": "bae", "dan": "eba"}


def test_views_are_no_purchases() -> None:
    rows = [*bought("ann", ("2024-05-01", "a")), row("ann", "2024-05-02", None, "view", item_id="b")]
    assert lists(rows, 2) == {way: {"ann": "a"} for way in (POPULARITY, LAST, OFTEN)}


def test_positions_are_those_of_the_shop_also_for_some_customers() -> None:
    actions, customers, items = acted(SHOP)
    rows = np.array([customers.index("dan")])
    entries = baseline_lists(actions, np.ones(5, bool), rows, 2, allow_repeat=True)[LAST]
    assert entries.customer.tolist() == [rows[0]] * 2
    assert [items[code] for code in entries.item] == ["e", "d"]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=60), st.integers(1, 8))
def test_a_customer_who_bought_nearly_everything_still_gets_the_rest(pairs: list[tuple[int, int]], k: int) -> None:
    """Against a plain walk down the best sellers, though the lists are made by looking deeper each time."""
    rows = [
        row(f"c{who}", "2024-05-20", item_id=f"i{what:02d}", order_id=f"{place}")
        for place, (who, what) in enumerate(pairs)
    ]
    actions, customers, items = acted(rows)
    order = best_sellers(actions, np.ones(len(items), bool))
    entries = baseline_lists(actions, np.ones(len(items), bool), np.arange(len(customers)), k, allow_repeat=False)[
        POPULARITY
    ]
    for position, name in enumerate(customers):
        bought_before = {f"i{what:02d}" for who, what in pairs if f"c{who}" == name}
        expected = [items[code] for code in order if items[code] not in bought_before][:k]
        assert [items[code] for code in entries.item[entries.customer == position]] == expected


def test_a_long_catalogue_is_walked_down_to_its_end() -> None:
    rows = bought("ann", *(("2024-05-20", f"i{number:04d}") for number in range(500)))
    rows += bought("bob", ("2024-05-20", "last"))
    actions, customers, items = acted(rows)
    entries = baseline_lists(actions, np.ones(501, bool), np.arange(2), 10, allow_repeat=False)[POPULARITY]
    assert [items[code] for code in entries.item[entries.customer == customers.index("ann")]] == ["last"]
    assert (entries.customer == customers.index("bob")).sum() == 10
