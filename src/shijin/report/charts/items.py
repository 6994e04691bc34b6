"""Charts of items: the most recommended ones, and the demand for those that bring most money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import altair as alt
import pyarrow as pa

from shijin.recommend.demand.verdict import written_pieces
from shijin.report.charts.style import (
    FORECAST,
    HAPPENED,
    INK,
    WIDTH,
    Row,
    chart_of,
    money_title,
    number_axis,
    styled,
    tier_colours,
)
from shijin.report.list_summary import MOST_SHOWN
from shijin.report.localiser import tier_name
from shijin.words import Language, say

NAMED_STEP, NAMED_BAR = 34, 9  # pixels from bar to bar with their names above, and a bar's height


def recommended(listed: pa.Table, tiers: Sequence[str], language: Language, most: int = MOST_SHOWN) -> alt.LayerChart:
    """The most recommended items: to how many customers of each tier.

    Parameters
    ----------
    listed
        As `shijin.report.data.ListSummary.listed`.
    tiers
        Names from the top.
    """
    rows = listed.select(["tier", "item", "customers"]).to_pylist()
    total = Counter[str]()
    for row in rows:
        total[row["item"]] += row["customers"]
    shown = [item for item, _ in total.most_common(most)]
    names = [tier_name(tier, language) for tier in tiers]
    parts = [
        {"item": row["item"], "tier": tier_name(row["tier"], language), "customers": row["customers"], "place": place}
        for place, tier in enumerate(tiers)
        for row in rows
        if row["tier"] == tier and row["item"] in shown
    ]
    legend = alt.Legend(title=None, orient="top", symbolType="square", symbolSize=100, labelLimit=200)
    bars = (
        chart_of(parts)
        .mark_bar(size=NAMED_BAR, yOffset=NAMED_BAR)
        .encode(
            x=alt.X("customers:Q", title=say("charts.lists_with_it", language), axis=number_axis(language)),
            y=_item_axis(shown),
            color=alt.Color("tier:N", scale=alt.Scale(domain=names, range=tier_colours(len(names))), legend=legend),
            order="place:O",
        )
    )
    labels = [{"item": item, "label": item} for item in shown]
    return styled(alt.layer(bars, _names_above(labels, shown)), height=NAMED_STEP * len(shown))


def demand(
    items: pa.Table, naive: str, horizon_days: int, language: Language, currency: str | None, most: int = MOST_SHOWN
) -> alt.LayerChart:
    """The items that will bring most money: bars for the forecast, ticks for the naive forecast, units as text.

    Parameters
    ----------
    items : `shijin.schema.DEMAND`
        Names made distinct, sorted by money falling.
    naive
        What the naive forecast repeats: "year_ago" or "last_horizon".
    """
    rows = items.slice(0, most).to_pylist()
    in_money = any(row["expected_units"] * row["price"] for row in rows)  # items that cost nothing are shown in units
    shown = [row["name"] for row in rows]
    columns = {"expected": "expected_units", naive: "naive_units"}
    words = {name: say(f"demand.{name}", language, days=horizon_days) for name in columns}
    parts = {
        name: [
            {"item": row["name"], "value": row[column] * (row["price"] if in_money else 1), "series": words[name]}
            for row in rows
        ]
        for name, column in columns.items()
    }
    title = money_title("usual_price", language, currency) if in_money else say("charts.pieces", language)
    legend = alt.Legend(title=None, orient="top", symbolType="square", symbolSize=100, symbolOpacity=1, labelLimit=200)
    colours = alt.Scale(domain=list(words.values()), range=[FORECAST, HAPPENED])
    encoded = {
        "x": alt.X("value:Q", title=title, axis=number_axis(language)),
        "y": _item_axis(shown),
        "color": alt.Color("series:N", scale=colours, legend=legend),
    }
    bars = chart_of(parts["expected"]).mark_bar(size=NAMED_BAR, yOffset=NAMED_BAR).encode(**encoded)
    ticks = (
        chart_of(parts[naive])
        .mark_tick(thickness=3, size=NAMED_BAR + 8, yOffset=NAMED_BAR, opacity=1)
        .encode(**encoded)
    )
    labels = [{"item": row["name"], "label": _name_and_units(row, language)} for row in rows]
    return styled(alt.layer(bars, ticks, _names_above(labels, shown)), height=NAMED_STEP * len(shown))


def _name_and_units(row: Row, language: Language) -> str:
    units = written_pieces(row["expected_units"])
    return say("charts.item_pieces", language, item=row["name"], pieces=units)


def _item_axis(shown: Sequence[str]) -> alt.Y:
    return alt.Y("item:N", sort=list(shown), axis=None)


def _names_above(labels: Sequence[Row], shown: Sequence[str]) -> alt.Chart:
    """Names above the bars: a name may be as long as the chart is wide."""
    text = chart_of(labels).mark_text(align="left", baseline="bottom", dy=0, color=INK, fontSize=12, limit=WIDTH)
    return text.encode(x=alt.datum(0), y=_item_axis(shown), text="label:N")
