"""Turn a chart into a piece of the page: SVG without a script, in the colours of the theme, with a text alternative.

Knows SVG, not the subject of the chart.
"""

from __future__ import annotations

import json
import re
from typing import Any

import vl_convert
from markupsafe import Markup, escape

from shijin.report.charts.style import COUNTED, FORECAST, HAPPENED, INK, LINE

THEME = {INK: "--soft", LINE: "--line-strong", FORECAST: "--forecast", HAPPENED: "--happened", COUNTED: "--counted"}
# Left out: Vega's notes for tools, boxes without size, fonts (the page sets them for all), and clips, whose numbers
# grow from drawing to drawing, so that no two pages would be equal.
NEEDLESS = re.compile(
    r"""\s(?:xmlns(?::xlink)?|version|class|role|pointer-events|font-family|clip-path|aria-[a-z]+)="[^"]*"|"""
    r"""\sopacity="1"|<defs>.*?</defs>|"""
    r"""<path[^>]*\sd="(?:M0,0h0v0h0Z)?"[^>]*/>"""
)
DOT = re.compile(
    r'<path transform="translate\(([-\d.]+),([-\d.]+)\)" d="M([\d.]+),0A\3,\3,0,1,1,-\3,0A\3,\3,0,1,1,\3,0"([^>]*?)'
    r'(?: stroke-width="[\d.]+")?((?: opacity="[\d.]+")?)/>'
)
# XML has no control characters; one in a name ends the converter, and the process with it. They are escapes in JSON.
NOT_IN_XML = re.compile(r"(?<!\\)((?:\\\\)*)\\u(?:00(?:[01][0-9a-f]|[89][0-9a-f]|7f)|fff[ef])")
LONG_NUMBER = re.compile(r"(\d+\.\d{2})\d+")


def draw(chart: Any, label: str, width: int | None = None) -> Markup:  # noqa: ANN401 - any Altair chart
    """Draw a chart as inline SVG.

    Parameters
    ----------
    chart
        An Altair chart.
    label
        The text alternative, for screen readers.
    width
        Of the plotting area, pixels; the chart's own unless given.
    """
    sized = chart if width is None else chart.properties(width=width)
    svg = vl_convert.vegalite_to_svg(NOT_IN_XML.sub(r"\1", json.dumps(sized.to_dict())))
    svg = LONG_NUMBER.sub(r"\1", NEEDLESS.sub("", svg))
    svg = DOT.sub(r'<circle cx="\1" cy="\2" r="\3"\4\5/>', svg)  # half as long, and a map has thousands
    for colour, variable in THEME.items():
        svg = svg.replace(f'"{colour}"', f'"var({variable},{colour})"')
    head = re.match(r'<svg width="([\d.]+)" height="([\d.]+)"', svg)
    assert head, "vl-convert writes width and height first"
    style = f'style="max-width:{round(1.25 * float(head[1]))}px"'
    return Markup(f'<svg role="img" aria-label="{escape(label)}" {style}{svg[head.end() :]}')  # noqa: S704 - ours
