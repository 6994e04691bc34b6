"""The picture of `small.py`: how peers compare with the behaviour model by how many customers a shop has.

Draws of a shop differ far more than members on one draw do. So what is drawn is the difference on the same draws.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import vl_convert

from lineup import BEHAVIOUR, NO_CONTEXT
from picture_style import styled
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.stack import NAME as STACK
from shijin.report.charts.style import COUNTED, FORECAST, HAPPENED

WIDTH, HEIGHT, COLUMNS = 250, 190, 3
# The behaviour model is gold, what is forecast; peers stand back. What is drawn last lies on top.
LINES = {
    DECAYED: COUNTED,
    "BTYD": "#a8486b",
    "LightGBM": HAPPENED,
    STACK: "#4a4458",
    NO_CONTEXT: "#8fb58a",
    BEHAVIOUR: FORECAST,
}
LABELS = {BEHAVIOUR: "behaviour model, untrained"}
ROOM = 0.12  # of the drawn range, above and below
LEAST = 0.12  # a peer more than so far below the best of a panel is cut off by its lower edge
PLACES = re.compile(r'(?<= d=")[^"]*|(?<=translate\()[^)]*')  # what is drawn where; a tenth of a point is enough
LONG_NUMBER = re.compile(r"(\d+\.\d)\d+")
TITLE = "When a shop has few customers"
SUBTITLE = (
    "Log score of who orders minus the behaviour model's on the same draws, when so many customers are all there are: "
    "below 0 is worse than it. Bands: 95 % intervals."
)


def picture(shops: Mapping[str, Any], metric: str = "log_score") -> str:
    """Draw every shop's curves as SVG.

    Parameters
    ----------
    shops
        As `small.json` has them: title, and for each size the behaviour model's differences from the others.
    """
    sizes = sorted({int(n) for shop in shops.values() for n in shop["sizes"]})
    panels = [_panel(shop, sizes, metric) for shop in shops.values() if shop["sizes"]]
    rows = [alt.hconcat(*panels[first : first + COLUMNS], spacing=34) for first in range(0, len(panels), COLUMNS)]
    chart = alt.vconcat(
        *rows, spacing=26, title=alt.TitleParams(TITLE, subtitle=SUBTITLE, fontSize=15, offset=6, anchor="start")
    )
    svg = vl_convert.vegalite_to_svg(json.dumps(styled(chart).to_dict()))
    return PLACES.sub(lambda found: LONG_NUMBER.sub(r"\1", found[0]), svg)


def _panel(shop: Mapping[str, Any], sizes: Sequence[int], metric: str) -> Any:  # noqa: ANN401 - Altair's charts share no useful type
    rows = [
        {"n": int(n), "member": LABELS.get(name, name), "order": place} | ends
        for place, name in enumerate(LINES)
        for n, one in shop["sizes"].items()
        if (ends := _ends(name, one["differences"], metric))
    ]
    best = max(row["mean"] for row in rows)
    shown = [row[end] for row in rows for end in ("low", "high") if row[end] > best - LEAST]
    room = ROOM * (max(shown) - min(shown))
    limits = [min(shown) - room, max(shown) + room]
    x = alt.X(
        "n:Q",
        title=None,
        scale=alt.Scale(type="log", domain=[sizes[0] * 0.85, sizes[-1] * 1.18], nice=False),
        axis=alt.Axis(values=list(sizes), format=",d", grid=False),
    )
    y_scale = alt.Scale(domain=limits, nice=False)
    names = [LABELS.get(name, name) for name in LINES]
    colour = alt.Color(
        "member:N",
        scale=alt.Scale(domain=names, range=list(LINES.values())),
        legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolStrokeWidth=3, labelLimit=240),
        sort=names,
    )
    y_axis = alt.Axis(format="+.2f", tickCount=5, minExtent=34)
    low = alt.Y("low:Q", scale=y_scale, title=None, axis=y_axis)
    bands = [
        alt.Chart(alt.InlineData(values=[row for row in rows if row["member"] == name]))
        .mark_area(opacity=0.13, clip=True, color=LINES[member])
        .encode(x=x, y=low, y2="high:Q")
        for member, name in zip(LINES, names, strict=True)
    ]
    line = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(strokeWidth=2.4, clip=True, point={"size": 34, "filled": True})
        .encode(x=x, y=alt.Y("mean:Q", scale=y_scale, title=None, axis=y_axis), color=colour)
    )
    return alt.layer(*bands, line).properties(width=WIDTH, height=HEIGHT, title=shop["title"])


def _ends(name: str, differences: Mapping[str, Any], metric: str) -> dict[str, float]:
    """A peer's metric minus the behaviour model's, with its interval; nothing where there is none."""
    if name == BEHAVIOUR:
        return dict.fromkeys(("mean", "low", "high"), 0.0)
    found = (differences.get(name) or {}).get(metric)
    if not found or found["low"] is None:
        return {}
    return {"mean": -found["mean"], "low": -found["high"], "high": -found["low"]}
