"""Demand: pieces an order times orders, by hand; what the naive forecast is; what chooses and what is judged."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import Row, packed, row
from shijin.config import ItemsSection
from shijin.recommend.demand.demand import HALF_LIVES, Demand, Shape, Sold, demand, demand_table, sold_of
from shijin.recommend.past.actions import actions_of
from shijin.recommend.past.catalogue import catalogue_of
from shijin.represent.cutoff import as_cutoff, split_at
from shijin.represent.packed import DAY_US
from shijin.schema import DEMAND, ITEMS

CUTOFF = date(2024, 2, 1)
LISTED = pa.table(
    {"item_id": ["tea", "cup", "idle"], "name": ["Tea", None, "Idle"], "category": ["drinks", None, None]}
)


def bought(days_ago: float, item: str | None, pieces: float = 1.0, who: str = "a", **more: Any) -> Row:
    at = datetime(2024, 2, 1) - timedelta(days=days_ago)  # noqa: DTZ001 - the ledger's text
    return row(who, at.isoformat(sep=" "), 2.0 * pieces, item_id=item, quantity=pieces, **more)


def sold(rows: list[Row], cutoff: date = CUTOFF) -> tuple[Sold, list[str]]:
    shop = packed(rows)
    history, _ = split_at(shop, as_cutoff(cutoff), 10)
    catalogue = catalogue_of(LISTED, shop.items, ItemsSection(), listed=True)
    return sold_of(history, actions_of(history, len(shop.items)), catalogue.product), catalogue.items.tolist()


def by_name(values: Any, items: list[str]) -> dict[str, float]:
    return {name: value for name, value in zip(items, values.tolist(), strict=True) if value}


SHOP = [
    bought(25, "tea", 4),
    bought(15, "tea", 2),
    bought(5, "tea", 1),
    bought(5, "cup", 3, "b"),
    bought(5, None, 1, "c"),
]


def test_expected_are_pieces_an_order_faded_by_half_a_horizon_times_the_orders_of_the_last_one() -> None:
    known, items = sold(SHOP)
    found = demand(known, 10)  # half-life 5 days: weights 1/32, 1/8, 1/2
    orders = 1 / 32 + 1 / 8 + 3 / 2
    assert found.shape == Shape("faded", 5.0)
    assert (found.orders, found.told) == (3.0, False)
    assert by_name(found.expected, items) == pytest.approx(
        {"tea": (4 / 32 + 2 / 8 + 1 / 2) / orders * 3, "cup": (3 / 2) / orders * 3}
    )
    assert by_name(found.recent, items) == {"tea": 1.0, "cup": 3.0}


def test_orders_that_are_told_are_those_of_known_customers_and_newcomers_are_added() -> None:
    known, _ = sold(SHOP)
    plain, told = demand(known, 10), demand(known, 10, expected_orders=7.0)
    assert (told.orders, told.told) == (9.0, True)  # b and c were new in the last ten days
    assert told.expected == pytest.approx(plain.expected * 9 / 3)


@pytest.mark.parametrize(
    "other",
    [
        bought(4, "cup", -3, "b", order_id="r") | {"type": "return"},
        bought(4, "cup", 9, "b") | {"type": "view"},
        bought(4, "cup", 9, "b") | {"type": "cart"},
        bought(5, None, 9, "b") | {"type": "charge"},
        bought(0, "cup", 9, "b"),
        bought(-1, "cup", 9, "b"),
    ],
    ids=lambda other: f"{other['type']} {other['ts']}",
)
def test_returns_take_nothing_back_and_nothing_but_orders_before_the_cutoff_counts(other: Row) -> None:
    alone, with_other = (demand(sold(rows)[0], 10) for rows in (SHOP, [*SHOP, other]))
    for name in ("expected", "naive", "recent", "known"):
        assert getattr(alone, name).tolist() == getattr(with_other, name).tolist()
    assert alone.card() == with_other.card()


def test_postage_is_no_demand() -> None:
    known, items = sold([*SHOP, bought(5, "POST", 1)])
    assert set(by_name(demand(known, 10).expected, items)) == {"tea", "cup"}


def test_the_naive_forecast_is_the_last_horizon_until_history_reaches_a_year_back() -> None:
    a_year_ago = [bought(364, "cup", 7), bought(354.5, "tea", 2), bought(354, "cup", 50), bought(364.5, "cup", 50)]
    known, items = sold([*SHOP, *a_year_ago])
    found = demand(known, 10)
    assert found.naive_shape == Shape("year_ago")
    assert by_name(found.naive, items) == {"cup": 7.0, "tea": 2.0}
    known, items = sold([*SHOP, bought(363, "cup", 7)])
    found = demand(known, 10)
    assert found.naive_shape == Shape("last_horizon")
    assert found.naive.tolist() == found.recent.tolist()
    assert by_name(found.naive, items) == {"tea": 1.0, "cup": 3.0}


def test_the_window_of_a_year_ago_never_reaches_into_the_horizon() -> None:
    days = [*range(10, 800, 7)]
    known, items = sold([bought(day, "tea") for day in days])
    found = demand(known, 400)
    assert found.naive_shape == Shape("year_ago")
    assert by_name(found.naive, items) == {"tea": sum(328 < day <= 728 for day in days)}


def steady(rates: dict[str, float], days: int, seed: int = 3) -> list[Row]:
    """Customers who come every day, and buy each item at its own pace."""
    dice = np.random.default_rng(seed)
    return [
        bought(day + 0.5, item, float(pieces), f"c{day % 9}", order_id=f"o{day}")
        for day in range(days)
        for item, rate in rates.items()
        if (pieces := dice.poisson(rate))
    ]


RATES = {f"i{number}": 0.02 * 1.25**number for number in range(20)}


def test_where_nothing_changes_a_long_memory_is_chosen_and_beats_the_naive_forecast() -> None:
    found = demand(sold(steady(RATES, 300))[0], 20)
    assert found.shape in (Shape("faded", 80.0), Shape("faded", np.inf))
    assert found.judged is not None
    assert found.judged.ours.money_wape < found.judged.naive.money_wape
    assert found.judged.ours.wape < found.judged.naive.wape
    assert abs(found.judged.ours.total) < 0.2


def test_where_items_come_and_go_a_short_memory_is_chosen() -> None:
    rows = [bought(day + 0.5, f"i{day // 25}", 3, order_id=f"o{day}") for day in range(150)]
    shape = demand(sold(rows)[0], 10).shape
    assert shape in (Shape("faded", 2.5), Shape("faded", 5.0), Shape("last_horizon"))


def test_where_an_item_sells_the_same_however_many_orders_there_are_the_last_horizon_is_chosen() -> None:
    tea = [bought(day + 0.5, "tea", order_id=f"o{day}") for day in range(80)]
    ever_more = [bought(day + 0.5, None, order_id=f"x{day}-{n}") for day in range(80) for n in range(9 - day // 10)]
    assert demand(sold([*tea, *ever_more])[0], 10).shape == Shape("last_horizon")


def test_where_every_season_has_its_item_the_year_before_is_chosen() -> None:
    of_the_season = {0: "tea", 1: "cup", 2: "pot", 3: "jar"}
    turning = [
        bought(day + 0.5, of_the_season[day % 364 // 91], 1 + day % 3, order_id=f"o{day}") for day in range(1000)
    ]
    found = demand(sold(turning)[0], 91)
    assert found.shape == found.naive_shape == Shape("year_ago")
    assert found.judged is not None
    assert found.judged.naive_shape == Shape("year_ago")


@pytest.mark.parametrize(("days", "chosen"), [(78.5, False), (79.5, True)])
def test_a_choice_needs_three_horizons_before_the_window_it_is_made_on(days: float, chosen: bool) -> None:
    rows = [*steady(RATES, 78), bought(days, "i1")]  # the data begin at the midnight before
    assert (demand(sold(rows)[0], 20).shape == Shape("faded", 10.0)) != chosen


def test_the_judged_window_is_forecast_as_if_it_had_not_happened() -> None:
    known, _ = sold(steady(RATES, 300))
    judged = demand(known, 20).judged
    then = demand(known.before(known.now - 20 * DAY_US), 20)
    assert judged is not None
    assert (judged.shape, judged.naive_shape) == (then.shape, then.naive_shape)
    came = known.units(known.now - 20 * DAY_US, known.now)
    assert judged.items == then.known.sum()
    assert judged.ours.wape == pytest.approx(np.abs(then.expected - came)[then.known].sum() / came[then.known].sum())
    assert judged.naive.mae == pytest.approx(np.abs(then.naive - came)[then.known].mean())


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19), st.integers(1, 99)), min_size=1, max_size=9))
def test_whatever_the_judged_window_holds_it_chooses_nothing_it_is_judged_by(came: list[tuple[int, int, int]]) -> None:
    before = [one for one in steady(RATES, 160) if one["ts"].date() < CUTOFF - timedelta(days=20)]
    window = [bought(day + 0.5, f"i{item}", pieces, order_id=f"w{day}") for day, item, pieces in came]
    judged = demand(sold([*before, *window])[0], 20).judged
    alone = demand(sold(before, CUTOFF - timedelta(days=20))[0], 20)
    assert judged is not None
    assert judged.shape == alone.shape
    assert judged.items == alone.known.sum()


def test_misses_are_those_counted_by_hand() -> None:
    rows = [
        bought(25, "tea", 4),  # 2 money a piece
        bought(25, "cup", 2) | {"amount": 20.0},  # 10
        bought(15, "tea", 4),
        bought(15, "cup", 2) | {"amount": 20.0},
        bought(5, "tea", 6),
        bought(5, "cup", 1) | {"amount": 30.0},
        bought(5, "new", 3),
    ]
    judged = demand(sold(rows)[0], 10).judged
    assert judged is not None
    assert judged.cutoff == as_cutoff(date(2024, 1, 22))
    assert judged.naive.wape == pytest.approx(3 / 7)  # tea 4 for 6, cup 2 for 1
    assert judged.naive.money_wape == pytest.approx((2 * 2 + 10 * 1) / (2 * 6 + 10 * 1))
    assert judged.naive.mae == pytest.approx(3 / 2)
    assert judged.naive.total == pytest.approx(6 / 7 - 1)
    assert judged.new_share == pytest.approx(3 / 10)
    assert judged.items == 2
    assert judged.ours == judged.naive  # two equal orders are the same, faded or not


def test_orders_told_for_the_judged_window_are_judged() -> None:
    known, _ = sold(SHOP)
    plain, told = (demand(known, 10, None, before).judged for before in (None, 3.0))
    assert plain is not None
    assert told is not None
    assert told.ours.total == pytest.approx(3 * (plain.ours.total + 1) - 1)
    assert told.naive == plain.naive


def test_what_cannot_be_judged_is_not() -> None:
    assert demand(sold([bought(9, "tea"), bought(5, "tea")])[0], 10).judged is None  # nothing before the window
    assert demand(sold([bought(25, "tea"), bought(15, "tea"), bought(5, None)])[0], 10).judged is None
    assert demand(sold([bought(25, "tea"), bought(5, "new")])[0], 10).judged is None


def test_what_is_counted_in_small_units_changes_no_other_items_forecast() -> None:
    known, _ = sold(steady(RATES, 200))
    fine = replace(known, pieces=np.where(known.item == 3, 1000.0, 1.0) * known.pieces)
    plain, found = demand(known, 20), demand(fine, 20)
    scale = np.where(np.arange(known.n_items) == 3, 1000.0, 1.0)
    assert found.shape == plain.shape
    assert found.expected == pytest.approx(plain.expected * scale)
    assert found.judged is not None
    assert plain.judged is not None
    assert found.judged.ours.money_wape == pytest.approx(plain.judged.ours.money_wape)


def test_after_long_silence_nothing_is_expected_and_told_orders_hold_what_they_held() -> None:
    known, items = sold(SHOP, date(2034, 2, 1))
    silent = demand(known, 10)
    assert silent.orders == 0
    assert not silent.expected.any()
    told = demand(known, 10, expected_orders=4.0)
    assert by_name(told.expected, items)["cup"] > 0
    assert np.isfinite(told.expected).all()


def test_a_shop_that_sold_nothing_with_an_item_expects_nothing() -> None:
    known, items = sold([bought(25, None), bought(5, None), bought(5, "cup") | {"type": "view"}])
    found = demand(known, 10)
    assert by_name(found.expected, items) == {}
    assert not found.known.any()
    assert found.judged is None


def test_the_table_has_every_item_ever_ordered_what_brings_most_first() -> None:
    dear = bought(5, "jug", 1) | {"amount": 90.0}
    shop = packed([*SHOP, dear, bought(5, "pot", 9) | {"type": "view"}])
    history, _ = split_at(shop, as_cutoff(CUTOFF), 10)
    catalogue = catalogue_of(LISTED, shop.items, ItemsSection(), listed=True)
    found = demand(sold_of(history, actions_of(history, len(shop.items)), catalogue.product), 10)
    table = demand_table(found, catalogue)
    assert table.schema == DEMAND
    rows = table.select(["item_id", "name", "category", "naive_units", "recent_units", "price"]).to_pylist()
    assert [tuple(one.values()) for one in rows] == [
        ("jug", "jug", None, 1.0, 1.0, 90.0),
        ("cup", "cup", None, 3.0, 3.0, 2.0),
        ("tea", "Tea", "drinks", 1.0, 1.0, 2.0),
    ]
    expected = table["expected_units"].to_numpy()
    assert expected[0] < expected[1]
    assert (np.diff(expected * table["price"].to_numpy()) < 0).all()


def test_a_table_of_no_items_has_no_rows() -> None:
    none = np.zeros(0)
    found = Demand(
        none, none, none, none, none.astype(bool), 0.0, False, Shape("faded", 5.0), Shape("last_horizon"), None
    )
    empty = catalogue_of(ITEMS.empty_table(), np.zeros(0, "<U1"), ItemsSection(), listed=True)
    assert demand_table(found, empty).num_rows == 0


def test_the_card_is_plain_and_says_which_case() -> None:
    endless = replace(demand(sold(steady(RATES, 300))[0], 20), shape=Shape("faded", np.inf))
    card = json.loads(json.dumps(endless.card(), allow_nan=False))
    assert card["shape"] == {"name": "faded", "half_life_days": None}
    assert card["naive_shape"] == {"name": "last_horizon", "half_life_days": None}
    assert set(card["judged"]["ours"]) == {"wape", "money_wape", "mae", "total"}
    assert json.loads(json.dumps(demand(sold(SHOP[3:])[0], 10).card()))["judged"] is None


def test_the_default_half_life_is_tried_first_so_that_a_tie_falls_on_it() -> None:
    assert HALF_LIVES[0] == 0.5
    rows = [bought(day + 0.5, "tea", order_id=f"o{day}") for day in range(100)]
    assert demand(sold(rows)[0], 10).shape == Shape("faded", 5.0)
