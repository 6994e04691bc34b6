"""Drawings: SVG without a script, in the colours of the theme, with a text alternative."""

import re

import pyarrow as pa
import pytest
import shopfront

from shijin.report import charts
from shijin.report.svg import draw
from shijin.report.totals import sum_up
from shijin.words import LANGUAGES, Language


@pytest.mark.parametrize("language", LANGUAGES)
def test_drawings_are_labelled_themed_and_fetch_nothing(language: Language) -> None:
    svg = draw(charts.activity([5, 3, 0, 1], language), 'a "label" & <more>')
    assert svg.startswith('<svg role="img" aria-label="a &#34;label&#34; &amp; &lt;more&gt;"')
    assert "var(--forecast" in svg
    assert not re.search(r"<script|https?://|xmlns|font-family|NaN|null|undefined", svg)
    assert ("下单概率" in svg) == (language == "zh")


def test_dots_are_drawn_as_circles_which_are_short() -> None:
    dots = shopfront.customer_map(shopfront.forecast(300)).dots
    svg = draw(charts.customer_map(dots, shopfront.TIERS.names, "en"), "map")
    assert len(re.findall(r'<circle cx="[\d.]+" cy="[\d.]+" r="[\d.]+" fill="[^"]+" opacity="0.75"/>', svg)) == 300
    assert len(svg) < 300 * 100 + 2000


def test_names_cannot_break_out_of_a_drawing() -> None:
    summary = sum_up(shopfront.full()).tiers
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
