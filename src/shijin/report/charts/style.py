"""The look that all charts share: colours, axes, legends and sizes.

Colours are middle tones on a transparent ground, readable on light and on dark; the page replaces each of them by a CSS
variable of its theme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from shijin.report.localiser import FORMS
from shijin.words import Language, say

# Tiers from the top: gold fading to grey, far apart in lightness or hue for colour-blind readers too.
TIERS = ("#c08a24", "#a8556b", "#6d6fa8", "#8c939e")
INK, LINE = "#6b7280", "#a1a7b3"
HAPPENED, FORECAST, COUNTED = "#2a8096", "#c08a24", "#8c939e"
FONT = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', sans-serif"
WIDTH, HEIGHT = 330, 210  # of the plotting area, pixels
Row = Mapping[str, Any]


def chart_of(rows: Sequence[Row]) -> alt.Chart:
    """A chart whose data stand inside it."""
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def tier_colours(count: int) -> list[str]:
    """As many colours as there are tiers, evenly spaced from the first of `TIERS` to the last."""
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in TIERS])
    at = np.linspace(0, len(stops) - 1, count)
    # Red, green and blue are interpolated separately between the neighbouring stops.
    mixed = np.stack([np.interp(at, np.arange(len(stops)), stops[:, part]) for part in range(3)], axis=1)
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in mixed.round().astype(int)]


def diagonal(x: str, y: str) -> alt.Chart:
    """A dashed line from (0, 0) to (1, 1)."""
    rows = [{x: 0, y: 0}, {x: 1, y: 1}]
    line = chart_of(rows).mark_line(color=COUNTED, strokeWidth=1, strokeDash=[4, 4])
    return line.encode(x=f"{x}:Q", y=f"{y}:Q")


def series(colours: Mapping[str, str], language: Language, symbol: str = "square") -> dict[str, Any]:
    """Scale and legend of the series ``charts.<name>``, each in its colour."""
    names = [say(f"charts.{name}", language) for name in colours]
    size = 500 if symbol == "stroke" else 100  # a stroke must be long enough to show its dashes
    legend = alt.Legend(title=None, orient="top", symbolType=symbol, symbolSize=size, offset=27, labelLimit=200)
    return {"scale": alt.Scale(domain=names, range=list(colours.values())), "legend": legend}


def money_title(name: str, language: Language, currency: str | None) -> str:
    """The title of an axis of money, with the currency where the shop has one."""
    return say(f"charts.{name}_in", language, currency=currency) if currency else say(f"charts.{name}", language)


def number_axis(language: Language) -> alt.Axis:
    """An axis of counts or money: thousands and millions in English, 万 and 亿 in Chinese."""
    return alt.Axis(labelExpr=FORMS[language].chart_number, tickCount=5)


def percent_axis() -> alt.Axis:
    """An axis of shares, 0..1."""
    return alt.Axis(format="~%", tickCount=5)


def styled(chart: Any, height: int = HEIGHT, width: int = WIDTH) -> Any:  # noqa: ANN401 - Altair's charts share no useful type
    """Give a chart its size and colours, and place the title of the y axis above it, horizontally."""
    axis = {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": LINE,
        "gridOpacity": 0.3,
        "domainColor": LINE,
        "tickColor": LINE,
        "labelFont": FONT,
        "titleFont": FONT,
    }
    upright = {"titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom", "titleX": -36, "titleY": -9}
    return (
        chart.properties(width=width, height=height, background="transparent")
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_axisY(**upright, domain=False, ticks=False, labelPadding=6)
        .configure_legend(labelColor=INK, labelFontSize=12, labelFont=FONT, symbolStrokeWidth=4)
        .configure_bar(cornerRadiusEnd=2)
    )
