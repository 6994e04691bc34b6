"""Charts of a backtest: forecast against actual spend, and forecast against observed share of customers who order."""

from __future__ import annotations

import altair as alt
import pyarrow as pa

from shijin.report.charts.style import (
    FORECAST,
    HAPPENED,
    chart_of,
    diagonal,
    money_title,
    number_axis,
    percent_axis,
    series,
    styled,
)
from shijin.words import Language, say


def deciles(table: pa.Table, language: Language, currency: str | None) -> alt.Chart:
    """Mean forecast and mean actual spend, as pairs of bars by tenths of customers.

    Parameters
    ----------
    table
        Columns decile (1 = highest forecasts), forecast and actual: mean spend a customer.
    """
    rows = [
        {"decile": row["decile"], "spend": row[name], "series": say(f"charts.{name}", language)}
        for row in table.to_pylist()
        for name in ("forecast", "actual")
    ]
    colours = series({"forecast": FORECAST, "actual": HAPPENED}, language)
    chart = (
        chart_of(rows)
        .mark_bar()
        .encode(
            x=alt.X("decile:O", title=say("charts.decile", language), axis=alt.Axis(labelAngle=0, ticks=False)),
            xOffset=alt.XOffset("series:N", sort=colours["scale"].domain),
            y=alt.Y("spend:Q", title=money_title("spend_each", language, currency), axis=number_axis(language)),
            color=alt.Color("series:N", **colours),
        )
    )
    return styled(chart)


def reliability(table: pa.Table, language: Language) -> alt.LayerChart:
    """Forecast probability of ordering against the share who ordered; on the diagonal the forecast is right.

    Parameters
    ----------
    table
        Columns forecast and observed, 0..1, and customers, which sets the size of a point.
    """
    base = chart_of(table.select(["forecast", "observed", "customers"]).to_pylist()).encode(
        x=alt.X("forecast:Q", title=say("charts.p_forecast", language), axis=percent_axis()),
        y=alt.Y("observed:Q", title=say("charts.p_observed", language), axis=percent_axis()),
    )
    size = alt.Size("customers:Q", scale=alt.Scale(range=[30, 260]), legend=None)
    points = base.mark_circle(color=FORECAST, opacity=0.9).encode(size=size)
    return styled(alt.layer(diagonal("forecast", "observed"), base.mark_line(color=FORECAST, strokeWidth=1.5), points))
