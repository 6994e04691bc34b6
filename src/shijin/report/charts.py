"""Tables in, Altair charts out: the same functions stand behind the page and behind ``shop.plot``.

Gold is what is forecast, blue what happened, grey what is counted. Colours are middle tones on a transparent ground,
readable on light and dark alike; the page replaces each by a CSS variable of its theme. Altair takes a second to
import, so that only who draws imports this file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from shijin.arrays import Floats
from shijin.recommend.demand.verdict import written_pieces
from shijin.report.facts import MONTHS_SHOWN, expected_months, top_curve
from shijin.report.wanted import MOST_SHOWN
from shijin.words import Language, catalogue, say

# Tiers from the top: gold fading to grey, far apart in lightness or hue also for who sees few colours.
TIERS = ("#c08a24", "#a8556b", "#6d6fa8", "#8c939e")
INK, LINE = "#6b7280", "#a1a7b3"
HAPPENED, FORECAST, COUNTED = "#2a8096", "#c08a24", "#8c939e"
FONT = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', sans-serif"
WIDTH, HEIGHT, BAR_STEP = 330, 210, 46
MAP_WIDTH, MAP_HEIGHTS = 560, (260, 460)
NAMED_STEP, NAMED_BAR = 34, 9  # pixels from bar to bar with their names above, and a bar's height
DOT_SIZES, SMALLEST_AT = (16, 100), 2000  # square pixels; the smallest where so many are drawn
TICK_MONTHS = (1, 3, 6, 12)  # steps that fall on the same months every year
MOST_TICKS = 13
NUMBER_LABEL: dict[Language, str] = {
    "en": "datum.value >= 1e6 ? format(datum.value / 1e6, ',~r') + 'M' : datum.value >= 1e4 ?"
    " format(datum.value / 1e3, ',~r') + 'k' : format(datum.value, ',~r')",
    "zh": "datum.value >= 1e8 ? format(datum.value / 1e8, ',~r') + '亿' : datum.value >= 1e4 ?"
    " format(datum.value / 1e4, ',~r') + '万' : format(datum.value, ',~r')",
}
MONTH_FORMAT: dict[Language, str] = {"en": "%b %Y", "zh": "%Y年%-m月"}
Row = Mapping[str, Any]


def history(
    months: pa.Table, expected_spend: float, cutoff: date, horizon_days: int, language: Language, currency: str | None
) -> alt.Chart:
    """Spend by month, and on top of it what the horizon is expected to bring, spread evenly over its days.

    Parameters
    ----------
    months
        Columns month (its first day) and spend; the newest 36 are shown.
    expected_spend
        Of all customers over the horizon, shop currency.
    """
    past = list(zip(months["month"].to_pylist(), months["spend"].to_pylist(), strict=True))[-MONTHS_SHOWN:]
    ahead = expected_months(expected_spend, cutoff, horizon_days)
    parts = [("past", *row) for row in past] + [("ahead", *row) for row in ahead]
    rows = [
        {"month": month.isoformat(), "spend": spend, "part": say(f"charts.{part}", language), "place": part == "ahead"}
        for part, month, spend in parts
    ]
    n_months = len({row["month"] for row in rows})
    step = next((months for months in TICK_MONTHS if n_months <= months * MOST_TICKS), TICK_MONTHS[-1])
    tick_count: Any = {"interval": "month", "step": step}
    x = alt.X(
        "utcyearmonth(month):T",
        title=None,
        axis=alt.Axis(
            format=MONTH_FORMAT[language],
            tickCount=tick_count,
            labelOverlap=True,
            labelFlush=False,
            labelSeparation=12,
            grid=False,
        ),
    )
    y = alt.Y("spend:Q", title=_money_title("spend", language, currency), axis=_number_axis(language))
    kinds = _series({"past": HAPPENED, "ahead": FORECAST}, language)
    chart = _chart(rows).mark_bar().encode(x=x, y=y, color=alt.Color("part:N", **kinds), order="place:O")
    return _styled(chart)


def concentration(expected_spend: Floats, historic_spend: Floats, language: Language) -> alt.LayerChart:
    """Share of spend held by the top share of customers; the diagonal is a shop whose customers are all equal."""
    rows: list[Row] = []
    # What is expected is drawn last, and dashed: where both curves lie together, each shows.
    for name, spend in (("historic_spend", historic_spend), ("expected_spend", expected_spend)):
        shares, held = top_curve(spend)
        label = say(f"charts.{name}", language)
        points = zip(shares.tolist(), held.tolist(), strict=True)
        rows += [{"share": x, "held": y, "series": label} for x, y in points if y == y]  # no curve where all is 0
    colours = _series({"expected_spend": FORECAST, "historic_spend": HAPPENED}, language, symbol="stroke")
    dashes = alt.Scale(domain=colours["scale"].domain, range=[[7, 4], [1, 0]])
    curve = (
        _chart(rows)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("share:Q", title=say("charts.top_customers", language), axis=_percent_axis()),
            y=alt.Y("held:Q", title=say("charts.share_of_spend", language), axis=_percent_axis()),
            color=alt.Color("series:N", **colours),
            strokeDash=alt.StrokeDash("series:N", scale=dashes, legend=colours["legend"]),
        )
    )
    return _styled(alt.layer(_diagonal("share", "held"), curve))


def tiers(summary: pa.Table, language: Language) -> alt.Chart:
    """Each tier's share of customers beside its share of expected spend.

    Parameters
    ----------
    summary
        A table of `shijin.segment.tiers.SUMMARY`.
    """
    rows = [
        {"tier": tier_name(tier, language), "share": row[column], "series": say(f"charts.{series}", language)}
        for row in summary.to_pylist()
        for tier in [row["tier"]]
        for column, series in (("customers_share", "customers"), ("expected_spend_share", "expected_spend"))
    ]
    colours = _series({"customers": COUNTED, "expected_spend": FORECAST}, language)
    offset = alt.YOffset("series:N", sort=colours["scale"].domain)
    chart = _chart(rows).mark_bar()
    encoded = chart.encode(
        x=alt.X("share:Q", title=say("charts.share", language), axis=_percent_axis()),
        y=alt.Y("tier:N", sort=[row["tier"] for row in rows], title=None, axis=alt.Axis(labelLimit=110, ticks=False)),
        yOffset=offset,
        color=alt.Color("series:N", **colours),
    )
    return _styled(encoded, height=max(HEIGHT, BAR_STEP * summary.num_rows))


def activity(counts: Sequence[int], language: Language) -> alt.Chart:
    """How many customers have which probability of ordering.

    Parameters
    ----------
    counts
        Customers in even bins of p_active from 0 to 1.
    """
    width = 1 / len(counts)
    rows = [{"low": i * width, "high": (i + 1) * width, "customers": count} for i, count in enumerate(counts)]
    x = alt.X("low:Q", title=say("charts.p_active", language), axis=_percent_axis())
    y = alt.Y("customers:Q", title=capital(say("charts.customers", language)), axis=_number_axis(language))
    bars = _chart(rows).mark_rect(color=FORECAST, xOffset=1, x2Offset=-1)
    return _styled(bars.encode(x=x, x2="high:Q", y=y, y2=alt.datum(0)))


def deciles(table: pa.Table, language: Language, currency: str | None) -> alt.Chart:
    """Mean forecast beside mean outcome, by tenths of customers.

    Parameters
    ----------
    table
        Columns decile (1 = highest forecasts), forecast and actual: mean spend a customer.
    """
    rows = [
        {"decile": row["decile"], "spend": row[series], "series": say(f"charts.{series}", language)}
        for row in table.to_pylist()
        for series in ("forecast", "actual")
    ]
    colours = _series({"forecast": FORECAST, "actual": HAPPENED}, language)
    chart = (
        _chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("decile:O", title=say("charts.decile", language), axis=alt.Axis(labelAngle=0, ticks=False)),
            xOffset=alt.XOffset("series:N", sort=colours["scale"].domain),
            y=alt.Y("spend:Q", title=_money_title("spend_each", language, currency), axis=_number_axis(language)),
            color=alt.Color("series:N", **colours),
        )
    )
    return _styled(chart)


def reliability(table: pa.Table, language: Language) -> alt.LayerChart:
    """Forecast probability of an order against the share who ordered; on the diagonal the forecast is right.

    Parameters
    ----------
    table
        Columns forecast and observed, 0..1, and customers, which sets the size of a point.
    """
    base = _chart(table.select(["forecast", "observed", "customers"]).to_pylist()).encode(
        x=alt.X("forecast:Q", title=say("charts.p_forecast", language), axis=_percent_axis()),
        y=alt.Y("observed:Q", title=say("charts.p_observed", language), axis=_percent_axis()),
    )
    size = alt.Size("customers:Q", scale=alt.Scale(range=[30, 260]), legend=None)
    points = base.mark_circle(color=FORECAST, opacity=0.9).encode(size=size)
    return _styled(
        alt.layer(_diagonal("forecast", "observed"), base.mark_line(color=FORECAST, strokeWidth=1.5), points)
    )


def map_of(dots: pa.Table, tiers: Sequence[str], language: Language, width: int = MAP_WIDTH) -> alt.Chart:
    """Customers where their vectors lie, coloured by tier; one step is as far across as it is upwards.

    Parameters
    ----------
    dots
        Columns x, y and tier, a customer a row.
    tiers
        Names from the top.
    width
        Of the plotting area, pixels; the height follows from how the customers lie.
    """
    places = [dots[axis].to_numpy().astype(float).round(2) for axis in ("x", "y")]
    names = [tier_name(tier, language) for tier in dots["tier"].to_pylist()]
    rows = [{"x": x, "y": y, "tier": tier} for x, y, tier in zip(*places, names, strict=True)]
    spans = [max(float(np.ptp(place)), 0.01) * 1.04 for place in places]
    height = int(np.clip(width * spans[1] / spans[0], *MAP_HEIGHTS))
    step = max(spans[0] / width, spans[1] / height)
    axes = [
        alt.Scale(domain=[round(float(place.min() + place.max()) / 2 + side * step * size / 2, 3) for side in (-1, 1)])
        for place, size in zip(places, (width, height), strict=True)
    ]
    colours = {tier_name(tier, language): tone for tier, tone in zip(tiers, _tones(len(tiers)), strict=True)}
    legend = alt.Legend(title=None, orient="top", symbolType="circle", symbolSize=90, symbolOpacity=1, labelLimit=200)
    tones = alt.Scale(domain=list(colours), range=list(colours.values()))
    size = float(np.clip(DOT_SIZES[0] * (SMALLEST_AT / max(len(rows), 1)) ** 0.5, *DOT_SIZES))
    chart = _chart(rows).mark_circle(size=size, opacity=0.75)
    encoded = chart.encode(
        x=alt.X("x:Q", axis=None, scale=axes[0]),
        y=alt.Y("y:Q", axis=None, scale=axes[1]),
        color=alt.Color("tier:N", scale=tones, legend=legend),
    )
    return _styled(encoded, height=height, width=width)


def recommended(listed: pa.Table, tiers: Sequence[str], language: Language, most: int = MOST_SHOWN) -> alt.LayerChart:
    """What stands on most customers' lists, and of which tiers these are.

    Parameters
    ----------
    listed
        As `shijin.report.data.Wanted.listed`.
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
        _chart(parts)
        .mark_bar(size=NAMED_BAR, yOffset=NAMED_BAR)
        .encode(
            x=alt.X("customers:Q", title=say("charts.lists_with_it", language), axis=_number_axis(language)),
            y=_named(shown),
            color=alt.Color("tier:N", scale=alt.Scale(domain=names, range=_tones(len(names))), legend=legend),
            order="place:O",
        )
    )
    labels = [{"item": item, "label": item} for item in shown]
    return _styled(alt.layer(bars, _names_above(labels, shown)), height=NAMED_STEP * len(shown))


def demand(
    items: pa.Table, naive: str, horizon_days: int, language: Language, currency: str | None, most: int = MOST_SHOWN
) -> alt.LayerChart:
    """What the items that are to bring most will bring, beside the naive forecast; pieces stand with their names.

    Parameters
    ----------
    items : `shijin.schema.DEMAND`
        Names told apart, what brings most first.
    naive
        What the naive forecast repeats: "year_ago" or "last_horizon".
    """
    rows = items.slice(0, most).to_pylist()
    worth = any(row["expected_units"] * row["price"] for row in rows)  # what costs nothing is told in pieces
    shown = [row["name"] for row in rows]
    series = {"expected": "expected_units", naive: "naive_units"}
    words = {name: say(f"demand.{name}", language, days=horizon_days) for name in series}
    parts = {
        name: [
            {"item": row["name"], "value": row[column] * (row["price"] if worth else 1), "series": words[name]}
            for row in rows
        ]
        for name, column in series.items()
    }
    title = _money_title("usual_price", language, currency) if worth else say("charts.pieces", language)
    legend = alt.Legend(title=None, orient="top", symbolType="square", symbolSize=100, symbolOpacity=1, labelLimit=200)
    tones = alt.Scale(domain=list(words.values()), range=[FORECAST, HAPPENED])
    encoded = {
        "x": alt.X("value:Q", title=title, axis=_number_axis(language)),
        "y": _named(shown),
        "color": alt.Color("series:N", scale=tones, legend=legend),
    }
    bars = _chart(parts["expected"]).mark_bar(size=NAMED_BAR, yOffset=NAMED_BAR).encode(**encoded)
    ticks = (
        _chart(parts[naive]).mark_tick(thickness=3, size=NAMED_BAR + 8, yOffset=NAMED_BAR, opacity=1).encode(**encoded)
    )
    labels = [
        {
            "item": row["name"],
            "label": say(
                "charts.item_pieces", language, item=row["name"], pieces=written_pieces(row["expected_units"])
            ),
        }
        for row in rows
    ]
    return _styled(alt.layer(bars, ticks, _names_above(labels, shown)), height=NAMED_STEP * len(shown))


def _named(shown: Sequence[str]) -> alt.Y:
    return alt.Y("item:N", sort=list(shown), axis=None)


def _names_above(labels: Sequence[Row], shown: Sequence[str]) -> alt.Chart:
    """What each bar is called, above it: a name may be as long as the picture is wide."""
    text = _chart(labels).mark_text(align="left", baseline="bottom", dy=0, color=INK, fontSize=12, limit=WIDTH)
    return text.encode(x=alt.datum(0), y=_named(shown), text="label:N")


def _tones(count: int) -> list[str]:
    """As many colours as there are tiers, from the first of `TIERS` to the last."""
    stops = np.array([[int(tone[i : i + 2], 16) for i in (1, 3, 5)] for tone in TIERS])
    at = np.linspace(0, len(stops) - 1, count)
    mixed = np.stack([np.interp(at, np.arange(len(stops)), stops[:, part]) for part in range(3)], axis=1)
    return ["#{:02x}{:02x}{:02x}".format(*tone) for tone in mixed.round().astype(int)]


def tier_name(tier: str, language: Language) -> str:
    """Words for a tier that the catalogue knows; else the shop's own name for it."""
    code = f"tiers.{tier}"
    return capital(say(code, language)) if code in catalogue() else tier


def _chart(rows: Sequence[Row]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def _diagonal(x: str, y: str) -> alt.Chart:
    rows = [{x: 0, y: 0}, {x: 1, y: 1}]
    line = _chart(rows).mark_line(color=COUNTED, strokeWidth=1, strokeDash=[4, 4])
    return line.encode(x=f"{x}:Q", y=f"{y}:Q")


def _series(colours: Mapping[str, str], language: Language, symbol: str = "square") -> dict[str, Any]:
    names = [say(f"charts.{name}", language) for name in colours]
    size = 500 if symbol == "stroke" else 100  # a stroke must be long enough to show its dashes
    legend = alt.Legend(title=None, orient="top", symbolType=symbol, symbolSize=size, offset=27, labelLimit=200)
    return {"scale": alt.Scale(domain=names, range=list(colours.values())), "legend": legend}


def _money_title(name: str, language: Language, currency: str | None) -> str:
    return say(f"charts.{name}_in", language, currency=currency) if currency else say(f"charts.{name}", language)


def _number_axis(language: Language) -> alt.Axis:
    return alt.Axis(labelExpr=NUMBER_LABEL[language], tickCount=5)


def _percent_axis() -> alt.Axis:
    return alt.Axis(format="~%", tickCount=5)


def capital(text: str) -> str:
    """Words as they begin a line; Chinese stays as it is."""
    return text[:1].upper() + text[1:]


def _styled(chart: Any, height: int = HEIGHT, width: int = WIDTH) -> Any:  # noqa: ANN401 - Altair's charts share no useful type
    """Give a chart its size, its middle tones, and the title of the upright axis above it, where it can be read."""
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
