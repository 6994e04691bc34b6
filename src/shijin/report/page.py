"""One self-contained HTML page: every language inside, switched without a script, nothing loaded from anywhere."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from shijin.report.data import METRICS, BacktestSummary, PairedDifference, ReportData, ScoreRow
from shijin.report.localiser import Localiser
from shijin.report.totals import sum_up
from shijin.words import LANGUAGES
from shijin.words.reader import PYTHON, Reader

if TYPE_CHECKING:
    from shijin.report.article import Article

__all__ = ["METRICS", "BacktestSummary", "PairedDifference", "ReportData", "ScoreRow", "page"]


def page(data: ReportData, reader: Reader = PYTHON) -> str:
    """Write the report.

    Parameters
    ----------
    reader
        Writes the commands of the page: as a terminal has them, or as Python does.

    Returns
    -------
    HTML, complete; it holds sums, shares and dots without a name: no customer can be recognised.

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
    >>> forecast = FORECAST.empty_table()
    >>> page(ReportData("Corner shop", "EUR", "en", date(2024, 6, 1), 60, forecast, ("high", "low")))
    Traceback (most recent call last):
    shijin.errors.EmptyHistoryError: The forecast has no customers, so there is nothing to report. Cure: collect orders,
    then run shop.forecast().
    """
    from shijin.report.article import SECTIONS, article  # imports Altair, which takes a second

    totals = sum_up(data)
    localisers = [Localiser(language, data.currency, reader) for language in LANGUAGES]
    articles: list[Article] = [article(data, totals, localiser) for localiser in localisers]
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
