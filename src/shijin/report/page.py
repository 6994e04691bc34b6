"""One self-contained HTML page: both languages inside, switched without a script, nothing fetched from anywhere."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from shijin.report.data import METRICS, Backtest, Paired, ReportData, ScoreRow
from shijin.report.facts import gather
from shijin.report.voice import LOCALES, Voice

if TYPE_CHECKING:
    from shijin.report.article import Article

__all__ = ["METRICS", "Backtest", "Paired", "ReportData", "ScoreRow", "page"]


def page(data: ReportData) -> str:
    """Make the report.

    Returns
    -------
    HTML, complete; sums, shares and dots without a name: no customer can be told from it.

    Raises
    ------
    EmptyHistoryError
        When the forecast has no customers.
    SchemaError
        When the forecast is not a table of `shijin.schema.FORECAST`.

    Examples
    --------
    >>> from datetime import date
    >>> from shijin.schema import FORECAST
    >>> nobody = FORECAST.empty_table()
    >>> page(ReportData("Corner shop", "EUR", "en", date(2024, 6, 1), 60, nobody, ("high", "low")))
    Traceback (most recent call last):
    shijin.errors.EmptyHistoryError: report: the forecast has no customers. Cure: collect orders and score again.
    """
    from shijin.report.article import SECTIONS, article  # draws, and drawing takes a second to import

    facts = gather(data)
    articles: list[Article] = [article(data, facts, Voice(language, data.currency)) for language in LOCALES]
    style = Markup(_text("style.css"))  # noqa: S704 - our own file
    template = _environment().get_template("page.html")
    return template.render(data=data, articles=articles, sections=SECTIONS, style=style)


def _environment() -> Environment:
    return Environment(
        loader=DictLoader({"page.html": _text("page.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _text(name: str) -> str:
    return files("shijin.report").joinpath(name).read_text("utf-8")
