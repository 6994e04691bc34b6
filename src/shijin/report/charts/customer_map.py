"""The chart of the customer map: a dot a customer, similar customers close together."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pyarrow as pa

from shijin.report.charts.style import chart_of, styled, tier_colours
from shijin.report.localiser import tier_name
from shijin.words import Language

MAP_WIDTH, MAP_HEIGHTS = 560, (260, 460)
DOT_SIZES, SMALLEST_AT = (16, 100), 2000  # square pixels; dots are smallest from that many customers on


def customer_map(dots: pa.Table, tiers: Sequence[str], language: Language, width: int = MAP_WIDTH) -> alt.Chart:
    """Customers at the places of their vectors, coloured by tier, with the same scale on both axes.

    Parameters
    ----------
    dots
        Columns x, y and tier, a customer a row.
    tiers
        Names from the top.
    width
        Of the plotting area, pixels; the height follows from the spread of the dots.
    """
    places = [dots[axis].to_numpy().astype(float).round(2) for axis in ("x", "y")]
    names = [tier_name(tier, language) for tier in dots["tier"].to_pylist()]
    rows = [{"x": x, "y": y, "tier": tier} for x, y, tier in zip(*places, names, strict=True)]
    spans = [max(float(np.ptp(place)), 0.01) * 1.04 for place in places]
    height = int(np.clip(width * spans[1] / spans[0], *MAP_HEIGHTS))
    # Units a pixel, the larger of both axes: the height is clipped, and all dots must fit at one scale.
    step = max(spans[0] / width, spans[1] / height)
    axes = [
        alt.Scale(domain=[round(float(place.min() + place.max()) / 2 + side * step * size / 2, 3) for side in (-1, 1)])
        for place, size in zip(places, (width, height), strict=True)
    ]
    colours = {tier_name(tier, language): colour for tier, colour in zip(tiers, tier_colours(len(tiers)), strict=True)}
    legend = alt.Legend(title=None, orient="top", symbolType="circle", symbolSize=90, symbolOpacity=1, labelLimit=200)
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    # A dot's area falls with the square root of the number of customers, within DOT_SIZES.
    size = float(np.clip(DOT_SIZES[0] * (SMALLEST_AT / max(len(rows), 1)) ** 0.5, *DOT_SIZES))
    chart = chart_of(rows).mark_circle(size=size, opacity=0.75)
    encoded = chart.encode(
        x=alt.X("x:Q", axis=None, scale=axes[0]),
        y=alt.Y("y:Q", axis=None, scale=axes[1]),
        color=alt.Color("tier:N", scale=scale, legend=legend),
    )
    return styled(encoded, height=height, width=width)
