"""Charts: their data and encodings, in both languages."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shopfront

from shijin.report import charts
from shijin.report.charts import style
from shijin.report.localiser import tier_name
from shijin.report.totals import sum_up


def rows(chart: Any) -> list[dict[str, Any]]:
    drawn = chart.to_dict()
    data = drawn.get("data") or drawn["layer"][1]["data"]
    return drawn["datasets"][data["name"]] if "name" in data else data["values"]


def test_predicted_spend_is_stacked_on_the_current_month() -> None:
    months = pa.table({"month": pa.array([date(2024, 5, 1)], pa.date32()), "spend": [100.0]})
    drawn = rows(charts.history(months, 30.0, date(2024, 5, 22), 30, "en", None))
    assert [(row["month"], row["spend"], row["part"]) for row in drawn] == [
        ("2024-05-01", 100.0, "actual"),
        ("2024-05-01", 10.0, "predicted"),
        ("2024-06-01", 20.0, "predicted"),
    ]


def test_tiers_keep_their_order_and_the_shops_own_names() -> None:
    summary = sum_up(shopfront.full()).tiers
    drawn = rows(charts.tiers(summary, "zh"))
    assert list(dict.fromkeys(row["tier"] for row in drawn)) == ["高价值", "一般价值", "低价值"]
    assert tier_name("VIP 客户", "en") == "VIP 客户"


def test_a_shop_without_spend_has_no_curve() -> None:
    chart = charts.concentration(np.zeros(5), np.array([1.0, 2.0, 3.0, 4.0, 5.0]), "en")
    assert {row["series"] for row in rows(chart)} == {"historic spend"}


def test_where_both_curves_coincide_the_predicted_one_is_dashed_on_top() -> None:
    spend = np.array([1.0, 2.0, 3.0])
    chart = charts.concentration(spend, spend, "en")
    assert list(dict.fromkeys(row["series"] for row in rows(chart))) == ["historic spend", "predicted spend"]
    dashes = chart.to_dict()["layer"][1]["encoding"]["strokeDash"]["scale"]
    assert dict(zip(dashes["domain"], dashes["range"], strict=True)) == {
        "predicted spend": [7, 4],
        "historic spend": [1, 0],
    }


def test_a_map_has_a_dot_a_customer_and_the_same_scale_on_both_axes() -> None:
    dots = shopfront.customer_map(shopfront.forecast(300)).dots
    chart = charts.customer_map(dots, shopfront.TIERS.names, "zh")
    spec = chart.to_dict()
    assert len(rows(chart)) == 300
    assert {row["tier"] for row in rows(chart)} == {"高价值", "一般价值", "低价值"}
    (left, right), (low, high) = (spec["encoding"][axis]["scale"]["domain"] for axis in ("x", "y"))
    assert (right - left) / spec["width"] == pytest.approx((high - low) / spec["height"], rel=0.01)
    assert all(left <= row["x"] <= right and low <= row["y"] <= high for row in rows(chart))
    assert spec["encoding"]["color"]["scale"]["domain"] == ["高价值", "一般价值", "低价值"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_every_tier_has_a_colour_of_its_own_on_the_map_from_gold_to_grey(count: int) -> None:
    names = [f"tier {n}" for n in range(count)]
    dots = pa.table({"x": [0.0] * count, "y": [0.0] * count, "tier": names})
    scale = charts.customer_map(dots, names, "en").to_dict()["encoding"]["color"]["scale"]
    assert scale["domain"] == [f"Tier {n}" for n in range(count)] or scale["domain"] == names
    assert len(set(scale["range"])) == count
    assert scale["range"][0] == style.FORECAST
    assert count == 1 or scale["range"][-1] == style.COUNTED


def layers(chart: Any) -> list[list[dict[str, Any]]]:
    drawn = chart.to_dict()
    return [drawn["datasets"][layer["data"]["name"]] for layer in drawn["layer"]]


def test_the_most_recommended_items_are_drawn_with_their_tiers_most_customers_first() -> None:
    chart = charts.recommended(shopfront.lists().listed, shopfront.TIERS.names, "zh")
    bars, names = layers(chart)
    shown = [row["item"] for row in names]
    totals = [sum(row["customers"] for row in bars if row["item"] == item) for item in shown]
    assert len(shown) == 10
    assert totals == sorted(totals, reverse=True)
    assert {row["tier"] for row in bars} == {"高价值", "一般价值", "低价值"}
    assert chart.to_dict()["layer"][0]["encoding"]["y"]["sort"] == shown


def test_demand_is_drawn_in_money_with_units_in_words_and_in_units_where_all_items_are_free() -> None:
    demand = shopfront.demand()
    bars, ticks, names = layers(charts.demand(demand.items, demand.naive, demand.horizon_days, "en", "USD"))
    first = demand.items.slice(0, 1).to_pylist()[0]
    assert bars[0]["value"] == pytest.approx(first["expected_units"] * first["price"])
    assert ticks[0]["value"] == pytest.approx(first["naive_units"] * first["price"])
    assert names[0]["label"] == "Tea of the 0th garden: 4 units"
    assert [bars[0]["series"], ticks[0]["series"]] == ["expected", "a year ago"]
    free = demand.items.set_column(6, demand.items.schema.field("price"), pa.array([0.0] * demand.items.num_rows))
    chart = charts.demand(free, demand.naive, demand.horizon_days, "en", "USD")
    assert layers(chart)[0][0]["value"] == first["expected_units"]
    assert chart.to_dict()["layer"][0]["encoding"]["x"]["title"] == "Units"
