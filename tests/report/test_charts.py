"""Charts: what they show, drawn without a script, in both languages."""

import re
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shopfront

from shijin.report import charts
from shijin.report.draw import draw
from shijin.report.facts import gather
from shijin.words import LANGUAGES, Language


def rows(chart: Any) -> list[dict[str, Any]]:
    drawn = chart.to_dict()
    data = drawn.get("data") or drawn["layer"][1]["data"]
    return drawn["datasets"][data["name"]] if "name" in data else data["values"]


def test_expected_spend_stands_on_top_of_the_month_that_has_begun() -> None:
    months = pa.table({"month": pa.array([date(2024, 5, 1)], pa.date32()), "spend": [100.0]})
    drawn = rows(charts.history(months, 30.0, date(2024, 5, 22), 30, "en", None))
    assert [(row["month"], row["spend"], row["part"]) for row in drawn] == [
        ("2024-05-01", 100.0, "so far"),
        ("2024-05-01", 10.0, "expected"),
        ("2024-06-01", 20.0, "expected"),
    ]


def test_tiers_keep_their_order_and_the_shops_own_names() -> None:
    summary = gather(shopfront.full()).tiers
    drawn = rows(charts.tiers(summary, "zh"))
    assert list(dict.fromkeys(row["tier"] for row in drawn)) == ["高价值", "一般价值", "低价值"]
    assert charts.tier_name("VIP 客户", "en") == "VIP 客户"


def test_a_shop_without_spend_has_no_curve() -> None:
    chart = charts.concentration(np.zeros(5), np.array([1.0, 2.0, 3.0, 4.0, 5.0]), "en")
    assert {row["series"] for row in rows(chart)} == {"spend so far"}


def test_where_both_curves_lie_together_the_expected_one_is_dashed_on_top() -> None:
    spend = np.array([1.0, 2.0, 3.0])
    chart = charts.concentration(spend, spend, "en")
    assert list(dict.fromkeys(row["series"] for row in rows(chart))) == ["spend so far", "expected spend"]
    dashes = chart.to_dict()["layer"][1]["encoding"]["strokeDash"]["scale"]
    assert dict(zip(dashes["domain"], dashes["range"], strict=True)) == {
        "expected spend": [7, 4],
        "spend so far": [1, 0],
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_drawings_are_labelled_themed_and_fetch_nothing(language: Language) -> None:
    svg = draw(charts.activity([5, 3, 0, 1], language), 'a "label" & <more>')
    assert svg.startswith('<svg role="img" aria-label="a &#34;label&#34; &amp; &lt;more&gt;"')
    assert "var(--forecast" in svg
    assert not re.search(r"<script|https?://|xmlns|font-family|NaN|null|undefined", svg)
    assert ("下单概率" in svg) == (language == "zh")


def test_names_cannot_break_out_of_a_drawing() -> None:
    summary = gather(shopfront.full()).tiers
    table = summary.set_column(0, "tier", pa.array(["<script>x</script>", 'a"b', "c&d"]))
    svg = draw(charts.tiers(table, "en"), "tiers")
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg


def test_money_axes_count_in_ten_thousands_in_chinese() -> None:
    months = shopfront.months(12)
    chinese = draw(charts.history(months, 1e5, shopfront.CUTOFF, 60, "zh", "CNY"), "x")
    english = draw(charts.history(months, 1e5, shopfront.CUTOFF, 60, "en", "CNY"), "x")
    assert "万</text>" in chinese
    assert "0k</text>" in english
