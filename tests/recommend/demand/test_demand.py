"""Demand: pieces per order times orders, by hand; the naive forecast; the choice of a method; the judged window."""

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
from shijin.recommend.demand.demand import Demand, demand_table, forecast_demand
from shijin.recommend.demand.methods import HALF_LIVES, DemandMethod
from shijin.recommend.demand.sold import Sold, sold_of
from shijin.recommend.past.actions import actions_of
from shijin.recommend.past.catalogue import catalogue_of
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff
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


def test_demand_is_pieces_per_order_decayed_by_half_a_horizon_times_the_orders_of_the_last_one() -> None:
    known, items = sold(SHOP)
    demand = forecast_demand(known, 10)  # half-life 5 days: weights 1/32, 1/8, 1/2
    orders = 1 / 32 + 1 / 8 + 3 / 2
    assert demand.method == DemandMethod("faded", 5.0)
    assert (demand.orders, demand.orders_forecast) == (3.0, False)
    assert by_name(demand.expected, items) == pytest.approx(
        {"tea": (4 / 32 + 2 / 8 + 1 / 2) / orders * 3, "cup": (3 / 2) / orders * 3}
    )
    assert by_name(demand.recent, items) == {"tea": 1.0, "cup": 3.0}


def test_forecast_orders_are_those_of_known_customers_and_newcomers_are_added() -> None:
    known, _ = sold(SHOP)
    plain, forecast = forecast_demand(known, 10), forecast_demand(known, 10, orders_of_known=7.0)
    assert (forecast.orders, forecast.orders_forecast) == (9.0, True)  # b and c were new in the last ten days
    assert forecast.expected == pytest.approx(plain.expected * 9 / 3)


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
    alone, with_other = (forecast_demand(sold(rows)[0], 10) for rows in (SHOP, [*SHOP, other]))
    for name in ("expected", "naive", "recent", "known"):
        assert getattr(alone, name).tolist() == getattr(with_other, name).tolist()
    assert alone.card() == with_other.card()


def test_postage_is_no_demand() -> None:
    known, items = sold([*SHOP, bought(5, "POST", 1)])
    assert set(by_name(forecast_demand(known, 10).expected, items)) == {"tea", "cup"}


def test_the_naive_forecast_is_the_last_horizon_until_history_reaches_a_year_back() -> None:
    a_year_ago = [bought(364, "cup", 7), bought(354.5, "tea", 2), bought(354, "cup", 50), bought(364.5, "cup", 50)]
    known, items = sold([*SHOP, *a_year_ago])
    demand = forecast_demand(known, 10)
    assert demand.naive_method == DemandMethod("year_ago")
    assert by_name(demand.naive, items) == {"cup": 7.0, "tea": 2.0}
    known, items = sold([*SHOP, bought(363, "cup", 7)])
    demand = forecast_demand(known, 10)
    assert demand.naive_method == DemandMethod("last_horizon")
    assert demand.naive.tolist() == demand.recent.tolist()
    assert by_name(demand.naive, items) == {"tea": 1.0, "cup": 3.0}


def test_the_window_of_a_year_ago_never_reaches_into_the_horizon() -> None:
    days = [*range(10, 800, 7)]
    known, items = sold([bought(day, "tea") for day in days])
    demand = forecast_demand(known, 400)
    assert demand.naive_method == DemandMethod("year_ago")
    assert by_name(demand.naive, items) == {"tea": sum(328 < day <= 728 for day in days)}


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


def test_where_nothing_changes_a_long_half_life_is_chosen_and_beats_the_naive_forecast() -> None:
    demand = forecast_demand(sold(steady(RATES, 300))[0], 20)
    assert demand.method in (DemandMethod("faded", 80.0), DemandMethod("faded", np.inf))
    assert demand.judged is not None
    assert demand.judged.ours.money_wape < demand.judged.naive.money_wape
    assert demand.judged.ours.wape < demand.judged.naive.wape
    assert abs(demand.judged.ours.total) < 0.2


def test_where_items_come_and_go_a_short_half_life_is_chosen() -> None:
    rows = [bought(day + 0.5, f"i{day // 25}", 3, order_id=f"o{day}") for day in range(150)]
    method = forecast_demand(sold(rows)[0], 10).method
    assert method in (DemandMethod("faded", 2.5), DemandMethod("faded", 5.0), DemandMethod("last_horizon"))


def test_where_an_item_sells_the_same_however_many_orders_there_are_the_last_horizon_is_chosen() -> None:
    tea = [bought(day + 0.5, "tea", order_id=f"o{day}") for day in range(80)]
    ever_more = [bought(day + 0.5, None, order_id=f"x{day}-{n}") for day in range(80) for n in range(9 - day // 10)]
    assert forecast_demand(sold([*tea, *ever_more])[0], 10).method == DemandMethod("last_horizon")


def test_where_every_season_has_its_item_the_year_before_is_chosen() -> None:
    of_the_season = {0: "tea", 1: "cup", 2: "pot", 3: "jar"}
    turning = [
        bought(day + 0.5, of_the_season[day % 364 // 91], 1 + day % 3, order_id=f"o{day}") for day in range(1000)
    ]
    demand = forecast_demand(sold(turning)[0], 91)
    assert demand.method == demand.naive_method == DemandMethod("year_ago")
    assert demand.judged is not None
    assert demand.judged.naive_method == DemandMethod("year_ago")


@pytest.mark.parametrize(("days", "chosen"), [(78.5, False), (79.5, True)])
def test_a_choice_needs_three_horizons_before_the_window_it_is_made_on(days: float, chosen: bool) -> None:
    rows = [*steady(RATES, 78), bought(days, "i1")]  # the data begin at the midnight before
    assert (forecast_demand(sold(rows)[0], 20).method == DemandMethod("faded", 10.0)) != chosen


def test_the_judged_window_is_forecast_as_if_it_had_not_happened() -> None:
    known, _ = sold(steady(RATES, 300))
    judged = forecast_demand(known, 20).judged
    earlier = forecast_demand(known.before(known.now - 20 * DAY_US), 20)
    assert judged is not None
    assert (judged.method, judged.naive_method) == (earlier.method, earlier.naive_method)
    actual = known.units(known.now - 20 * DAY_US, known.now)
    assert judged.items == earlier.known.sum()
    assert judged.ours.wape == pytest.approx(
        np.abs(earlier.expected - actual)[earlier.known].sum() / actual[earlier.known].sum()
    )
    assert judged.naive.mae == pytest.approx(np.abs(earlier.naive - actual)[earlier.known].mean())


@given(st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19), st.integers(1, 99)), min_size=1, max_size=9))
def test_the_content_of_the_judged_window_does_not_choose_the_method_it_judges(
    actual: list[tuple[int, int, int]],
) -> None:
    before = [one for one in steady(RATES, 160) if one["ts"].date() < CUTOFF - timedelta(days=20)]
    window = [bought(day + 0.5, f"i{item}", pieces, order_id=f"w{day}") for day, item, pieces in actual]
    judged = forecast_demand(sold([*before, *window])[0], 20).judged
    alone = forecast_demand(sold(before, CUTOFF - timedelta(days=20))[0], 20)
    assert judged is not None
    assert judged.method == alone.method
    assert judged.items == alone.known.sum()


def test_errors_are_those_counted_by_hand() -> None:
    rows = [
        bought(25, "tea", 4),  # 2 money a piece
        bought(25, "cup", 2) | {"amount": 20.0},  # 10
        bought(15, "tea", 4),
        bought(15, "cup", 2) | {"amount": 20.0},
        bought(5, "tea", 6),
        bought(5, "cup", 1) | {"amount": 30.0},
        bought(5, "new", 3),
    ]
    judged = forecast_demand(sold(rows)[0], 10).judged
    assert judged is not None
    assert judged.cutoff == as_cutoff(date(2024, 1, 22))
    assert judged.naive.wape == pytest.approx(3 / 7)  # tea 4 for 6, cup 2 for 1
    assert judged.naive.money_wape == pytest.approx((2 * 2 + 10 * 1) / (2 * 6 + 10 * 1))
    assert judged.naive.mae == pytest.approx(3 / 2)
    assert judged.naive.total == pytest.approx(6 / 7 - 1)
    assert judged.new_share == pytest.approx(3 / 10)
    assert judged.items == 2
    assert judged.ours == judged.naive  # two equal orders are the same, faded or not


def test_orders_forecast_for_the_judged_window_are_used() -> None:
    known, _ = sold(SHOP)
    plain, forecast = (forecast_demand(known, 10, None, before).judged for before in (None, 3.0))
    assert plain is not None
    assert forecast is not None
    assert forecast.ours.total == pytest.approx(3 * (plain.ours.total + 1) - 1)
    assert forecast.naive == plain.naive


def test_too_short_a_history_is_not_judged() -> None:
    assert (
        forecast_demand(sold([bought(9, "tea"), bought(5, "tea")])[0], 10).judged is None
    )  # nothing before the window
    assert forecast_demand(sold([bought(25, "tea"), bought(15, "tea"), bought(5, None)])[0], 10).judged is None
    assert forecast_demand(sold([bought(25, "tea"), bought(5, "new")])[0], 10).judged is None


def test_an_item_counted_in_small_units_changes_no_other_items_forecast() -> None:
    known, _ = sold(steady(RATES, 200))
    fine = replace(known, pieces=np.where(known.item == 3, 1000.0, 1.0) * known.pieces)
    plain, demand = forecast_demand(known, 20), forecast_demand(fine, 20)
    scale = np.where(np.arange(known.n_items) == 3, 1000.0, 1.0)
    assert demand.method == plain.method
    assert demand.expected == pytest.approx(plain.expected * scale)
    assert demand.judged is not None
    assert plain.judged is not None
    assert demand.judged.ours.money_wape == pytest.approx(plain.judged.ours.money_wape)


def test_after_long_silence_nothing_is_expected_unless_orders_are_forecast() -> None:
    known, items = sold(SHOP, date(2034, 2, 1))
    silent = forecast_demand(known, 10)
    assert silent.orders == 0
    assert not silent.expected.any()
    forecast = forecast_demand(known, 10, orders_of_known=4.0)
    assert by_name(forecast.expected, items)["cup"] > 0
    assert np.isfinite(forecast.expected).all()


def test_a_shop_that_sold_nothing_with_an_item_expects_nothing() -> None:
    known, items = sold([bought(25, None), bought(5, None), bought(5, "cup") | {"type": "view"}])
    demand = forecast_demand(known, 10)
    assert by_name(demand.expected, items) == {}
    assert not demand.known.any()
    assert demand.judged is None


def test_the_table_has_every_item_ever_ordered_the_largest_sales_first() -> None:
    dear = bought(5, "jug", 1) | {"amount": 90.0}
    shop = packed([*SHOP, dear, bought(5, "pot", 9) | {"type": "view"}])
    history, _ = split_at(shop, as_cutoff(CUTOFF), 10)
    catalogue = catalogue_of(LISTED, shop.items, ItemsSection(), listed=True)
    demand = forecast_demand(sold_of(history, actions_of(history, len(shop.items)), catalogue.product), 10)
    table = demand_table(demand, catalogue)
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
    demand = Demand(
        none,
        none,
        none,
        none,
        none.astype(bool),
        0.0,
        False,
        DemandMethod("faded", 5.0),
        DemandMethod("last_horizon"),
        None,
    )
    empty = catalogue_of(ITEMS.empty_table(), np.zeros(0, "<U1"), ItemsSection(), listed=True)
    assert demand_table(demand, empty).num_rows == 0


def test_the_card_is_plain_and_names_the_methods() -> None:
    endless = replace(forecast_demand(sold(steady(RATES, 300))[0], 20), method=DemandMethod("faded", np.inf))
    card = json.loads(json.dumps(endless.card(), allow_nan=False))
    assert card["shape"] == {"name": "faded", "half_life_days": None}
    assert card["naive_shape"] == {"name": "last_horizon", "half_life_days": None}
    assert set(card["judged"]["ours"]) == {"wape", "money_wape", "mae", "total"}
    assert json.loads(json.dumps(forecast_demand(sold(SHOP[3:])[0], 10).card()))["judged"] is None


def test_the_default_half_life_is_tried_first_so_that_a_tie_falls_on_it() -> None:
    assert HALF_LIVES[0] == 0.5
    rows = [bought(day + 0.5, "tea", order_id=f"o{day}") for day in range(100)]
    assert forecast_demand(sold(rows)[0], 10).method == DemandMethod("faded", 5.0)
