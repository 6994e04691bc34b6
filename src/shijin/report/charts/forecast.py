"""Charts of the forecast: spend by month, concentration of spend, tiers, and probabilities of ordering."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import altair as alt
import pyarrow as pa

from shijin.arrays import Floats
from shijin.report.charts.style import (
    COUNTED,
    FORECAST,
    HAPPENED,
    HEIGHT,
    Row,
    chart_of,
    diagonal,
    money_title,
    number_axis,
    percent_axis,
    series,
    styled,
)
from shijin.report.localiser import FORMS, capital, tier_name
from shijin.report.totals import MONTHS_SHOWN, expected_months, top_curve
from shijin.words import Language, say

BAR_STEP = 46  # pixels from tier to tier
TICK_MONTHS = (1, 3, 6, 12)  # steps that fall on the same months every year
MOST_TICKS = 13


def history(
    months: pa.Table, expected_spend: float, cutoff: date, horizon_days: int, language: Language, currency: str | None
) -> alt.Chart:
    """Spend by month, with the predicted spend of the horizon stacked on it, spread evenly over its days.

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
    x = alt.X("utcyearmonth(month):T", title=None, axis=_month_axis(len({row["month"] for row in rows}), language))
    y = alt.Y("spend:Q", title=money_title("spend", language, currency), axis=number_axis(language))
    colours = series({"past": HAPPENED, "ahead": FORECAST}, language)
    chart = chart_of(rows).mark_bar().encode(x=x, y=y, color=alt.Color("part:N", **colours), order="place:O")
    return styled(chart)


def _month_axis(n_months: int, language: Language) -> alt.Axis:
    """Ticks at most `MOST_TICKS`, on the same months of every year."""
    step = next((months for months in TICK_MONTHS if n_months <= months * MOST_TICKS), TICK_MONTHS[-1])
    tick_count: Any = {"interval": "month", "step": step}
    return alt.Axis(
        format=FORMS[language].chart_month,
        tickCount=tick_count,
        labelOverlap=True,
        labelFlush=False,
        labelSeparation=12,
        grid=False,
    )


def concentration(expected_spend: Floats, historic_spend: Floats, language: Language) -> alt.LayerChart:
    """Share of spend held by the top share of customers; on the diagonal all customers would be equal."""
    rows: list[Row] = []
    # Predicted spend is drawn last, and dashed: where both curves coincide, both stay visible.
    for name, spend in (("historic_spend", historic_spend), ("expected_spend", expected_spend)):
        shares, held = top_curve(spend)
        label = say(f"charts.{name}", language)
        points = zip(shares.tolist(), held.tolist(), strict=True)
        rows += [{"share": x, "held": y, "series": label} for x, y in points if y == y]  # nan: all spend is 0
    colours = series({"expected_spend": FORECAST, "historic_spend": HAPPENED}, language, symbol="stroke")
    dashes = alt.Scale(domain=colours["scale"].domain, range=[[7, 4], [1, 0]])
    curve = (
        chart_of(rows)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("share:Q", title=say("charts.top_customers", language), axis=percent_axis()),
            y=alt.Y("held:Q", title=say("charts.share_of_spend", language), axis=percent_axis()),
            color=alt.Color("series:N", **colours),
            strokeDash=alt.StrokeDash("series:N", scale=dashes, legend=colours["legend"]),
        )
    )
    return styled(alt.layer(diagonal("share", "held"), curve))


def tiers(summary: pa.Table, language: Language) -> alt.Chart:
    """Each tier's share of customers and its share of predicted spend, as pairs of bars.

    Parameters
    ----------
    summary
        A table of `shijin.segment.tiers.SUMMARY`.
    """
    rows = [
        {"tier": tier_name(tier, language), "share": row[column], "series": say(f"charts.{name}", language)}
        for row in summary.to_pylist()
        for tier in [row["tier"]]
        for column, name in (("customers_share", "customers"), ("expected_spend_share", "expected_spend"))
    ]
    colours = series({"customers": COUNTED, "expected_spend": FORECAST}, language)
    offset = alt.YOffset("series:N", sort=colours["scale"].domain)
    encoded = (
        chart_of(rows)
        .mark_bar()
        .encode(
            x=alt.X("share:Q", title=say("charts.share", language), axis=percent_axis()),
            y=alt.Y(
                "tier:N", sort=[row["tier"] for row in rows], title=None, axis=alt.Axis(labelLimit=110, ticks=False)
            ),
            yOffset=offset,
            color=alt.Color("series:N", **colours),
        )
    )
    return styled(encoded, height=max(HEIGHT, BAR_STEP * summary.num_rows))


def activity(counts: Sequence[int], language: Language) -> alt.Chart:
    """Histogram of customers by their probability of ordering.

    Parameters
    ----------
    counts
        Customers in even bins of p_active from 0 to 1.
    """
    width = 1 / len(counts)
    rows = [{"low": i * width, "high": (i + 1) * width, "customers": count} for i, count in enumerate(counts)]
    x = alt.X("low:Q", title=say("charts.p_active", language), axis=percent_axis())
    y = alt.Y("customers:Q", title=capital(say("charts.customers", language)), axis=number_axis(language))
    bars = chart_of(rows).mark_rect(color=FORECAST, xOffset=1, x2Offset=-1)
    return styled(bars.encode(x=x, x2="high:Q", y=y, y2=alt.datum(0)))
