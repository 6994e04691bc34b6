"""The picture of `look.py`: simulated shops, pale, behind the real ones; below, where each statistic lies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

from picture_style import styled
from shijin.report.charts.style import COUNTED, FORECAST, HAPPENED

Points = Sequence[tuple[float, float]]
Rows = list[dict[str, Any]]

WIDTH, HEIGHT = 310, 190
STRIP_WIDTH, STRIP_STEP = 620, 19
# Colours tell shops apart; simulated ones are the grey of what is counted.
COLOURS = (FORECAST, HAPPENED, "#a8486b")
NAMES = {"complete-journey": "Complete Journey", "cdnow": "CDNOW", "online-retail": "Online Retail"}
SHARE = {"format": "~%"}
TIMES = {"labelExpr": "datum.value < 1 ? '1/' + round(1 / datum.value) : datum.value"}
# Title, what is drawn upwards, what along; scale, limits, ticks and labels of each axis.
CURVES: dict[str, tuple[str, str, str]] = {
    "gaps": ("Gaps", "share of gaps that are shorter", "gap, times the customer's mean"),
    "spend": ("Spend per customer", "share of customers who spent at least as much", "spend, times the mean"),
    "recency": ("Recency by frequency", "time since the last order, share of the window", "number of orders"),
    "activity": ("Activity over time", "orders, times the mean", "part of the window"),
    "outcome": (
        "Outcome of the last quarter",
        "share of known customers who spend at least as much",
        "spend, times the median order",
    ),
    "windows": (
        "Autocorrelation of windows",
        "log counts of two eighths of the window, correlation",
        "eighths from one to the other",
    ),
}
Axis = tuple[str, Sequence[float], dict[str, Any]]  # scale, ticks from end to end, labels
AXES: dict[str, tuple[Axis, Axis]] = {
    "gaps": (
        ("log", (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8), TIMES),
        ("linear", (0, 0.25, 0.5, 0.75, 1), SHARE),
    ),
    "spend": (("log", (1 / 32, 1 / 8, 1 / 2, 2, 8, 32), TIMES), ("log", (0.001, 0.01, 0.1, 1), SHARE)),
    "recency": (("log", (1, 3, 10, 30, 100, 300), {}), ("linear", (0, 0.25, 0.5, 0.75, 1), SHARE)),
    "activity": (("linear", (0, 0.25, 0.5, 0.75, 1), SHARE), ("sqrt", (0, 0.5, 1, 2, 3, 5), {"format": "~g"})),
    "outcome": (("log", (1 / 8, 1 / 2, 2, 8, 32, 128), TIMES), ("log", (0.001, 0.01, 0.1, 1), SHARE)),
    "windows": (("linear", (1, 2, 3, 4, 5, 6), {}), ("linear", (-0.2, 0, 0.2, 0.4, 0.6, 0.8, 1), {})),
}
LONG_NUMBER = re.compile(r"(\d+\.\d)\d+")


def picture(fan: Sequence[Mapping[str, Points]], real: Mapping[str, Mapping[str, Points]], table: Any) -> str:  # noqa: ANN401
    """Draw everything as SVG.

    Parameters
    ----------
    fan
        Curves of simulated shops.
    real
        Curves of real shops by name.
    table
        Statistics as `shop_statistics.compared` gives them.
    """
    panels = [_panel(name, fan, real) for name in CURVES]
    rows = [alt.hconcat(*panels[first : first + 3], spacing=38) for first in (0, 3)]
    chart = alt.vconcat(*rows, _strip(table, list(real)), spacing=30)
    svg = vl_convert.vegalite_to_svg(json.dumps(styled(chart).to_dict()))
    return LONG_NUMBER.sub(r"\1", svg)


def _panel(name: str, fan: Sequence[Mapping[str, Points]], real: Mapping[str, Mapping[str, Points]]) -> Any:  # noqa: ANN401
    """One small multiple."""
    title, upwards, along = CURVES[name]
    simulated = [row for place, one in enumerate(fan) for row in _rows(one[name], f"{place}")]
    ours = [row for shop, one in real.items() for row in _rows(one[name], NAMES[shop])]
    x, y = AXES[name]
    base = {"x": alt.X("x:Q", **_axis(x, along)), "y": alt.Y("y:Q", **_axis(y, None, minExtent=36))}
    pale = alt.Chart(alt.InlineData(values=simulated)).mark_line(strokeWidth=1, opacity=0.3, color=COUNTED, clip=True)
    bold = alt.Chart(alt.InlineData(values=ours)).mark_line(strokeWidth=2.4, clip=True)
    layers = alt.layer(
        pale.encode(**base, detail="shop:N"),
        bold.encode(**base, color=alt.Color("shop:N", **_colours(list(real)))),
    )
    heading = alt.TitleParams(title, subtitle=upwards)
    return layers.properties(width=WIDTH, height=HEIGHT, title=heading)


def _axis(axis: Axis, title: str | None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    kind, ticks, labels = axis
    scale = alt.Scale(type=kind, domain=[ticks[0], ticks[-1]], nice=False)  # type: ignore[arg-type]
    return {"scale": scale, "axis": alt.Axis(values=list(ticks), labelOverlap=True, **labels, **more), "title": title}


def _rows(points: Points, shop: str) -> Rows:
    return [{"x": x, "y": y, "shop": shop} for x, y in points]


def _strip(table: Any, shops: list[str]) -> Any:  # noqa: ANN401
    """Where real shops lie among simulated ones, one line a statistic."""
    order = [one["meaning"] for one in table.values()]
    rows = [
        {"statistic": one["meaning"], "percentile": found["percentile"], "shop": NAMES[shop]}
        for one in table.values()
        for shop, found in one["real"].items()
    ]
    band = [{"statistic": name, "low": 5, "high": 95} for name in order]
    beside = alt.Axis(orient="right", labelLimit=460, ticks=False, grid=False, domain=False, labelFontSize=12)
    y = alt.Y("statistic:N", sort=order, title=None, axis=beside)
    marks = alt.Axis(values=[0, 5, 25, 50, 75, 95, 100])
    scale = alt.Scale(domain=[0, 100], nice=False)
    inside = alt.Chart(alt.InlineData(values=band)).mark_bar(color=COUNTED, opacity=0.22, height=11, cornerRadius=2)
    dots = alt.Chart(alt.InlineData(values=rows)).mark_circle(size=85, opacity=0.95)
    layers = alt.layer(
        inside.encode(y=y, x=alt.X("low:Q", title=None, scale=scale, axis=marks), x2="high:Q"),
        dots.encode(y=y, x=alt.X("percentile:Q", scale=scale), color=alt.Color("shop:N", **_colours(shops))),
    )
    heading = alt.TitleParams(
        "Where the real shops lie", subtitle="percentile among simulated shops; the band is 5 to 95 %"
    )
    return layers.properties(width=STRIP_WIDTH, height=STRIP_STEP * len(order), title=heading)


def _colours(shops: list[str]) -> dict[str, Any]:
    legend = alt.Legend(title=None, orient="top", symbolType="circle", symbolSize=110, labelLimit=200)
    names = [NAMES[shop] for shop in NAMES if shop in shops]
    colours = [colour for shop, colour in zip(NAMES, COLOURS, strict=True) if shop in shops]
    return {"scale": alt.Scale(domain=names, range=colours), "legend": legend}
