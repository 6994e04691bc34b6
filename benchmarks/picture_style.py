"""How the pictures of benchmarks look: the report's font and middle tones, readable on light and dark pages."""

from __future__ import annotations

from typing import Any

from shijin.report.charts.style import FONT, INK, LINE


def styled(chart: Any) -> Any:  # noqa: ANN401 - Altair's charts share no useful type
    """Give a chart its font, tones and room."""
    axis = {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "gridColor": LINE,
        "gridOpacity": 0.25,
        "domainColor": LINE,
        "tickColor": LINE,
    }
    return (
        chart.properties(background="transparent", padding=8)
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(**axis)
        .configure_title(
            color=INK, fontSize=13, anchor="start", fontWeight="bold", offset=9, subtitleColor=INK, subtitleFontSize=11
        )
        .configure_legend(labelColor=INK, labelFontSize=12)
    )
