"""Write sentences and numbers of the page in one language, by its conventions, for one kind of reader.

A missing number is a dash, never ``nan`` or ``None``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from babel import Locale, dates, numbers

from shijin.notes import Note
from shijin.words import Language, catalogue, joined, say, say_note
from shijin.words.reader import PYTHON, Reader

MISSING = "—"
WHOLE_MONEY_FROM = 100.0  # amounts from here on are shown without cents
COMPACT_FROM = 1e7


@dataclass(frozen=True)
class Forms:
    """How a language writes numbers and dates.

    Parameters
    ----------
    locale
        Of Babel: numbers, money and the names of months.
    html_language
        The value of ``lang`` in HTML.
    day, month
        Patterns of Babel.
    chart_month, chart_number
        Of the axes of charts: a format of d3, and an expression of Vega that shortens large numbers.
    """

    locale: Locale
    html_language: str
    day: str
    month: str
    chart_month: str
    chart_number: str


FORMS: dict[Language, Forms] = {
    "en": Forms(
        Locale("en"),
        "en",
        "d MMM y",
        "MMM y",
        "%b %Y",
        "datum.value >= 1e6 ? format(datum.value / 1e6, ',~r') + 'M' : datum.value >= 1e4 ?"
        " format(datum.value / 1e3, ',~r') + 'k' : format(datum.value, ',~r')",
    ),
    "zh": Forms(
        Locale("zh", "CN", script="Hans"),
        "zh-CN",
        "y年M月d日",
        "y年M月",
        "%Y年%-m月",
        "datum.value >= 1e8 ? format(datum.value / 1e8, ',~r') + '亿' : datum.value >= 1e4 ?"
        " format(datum.value / 1e4, ',~r') + '万' : format(datum.value, ',~r')",
    ),
}


@dataclass(frozen=True)
class Localiser:
    """One language, the shop's currency, and how options and commands are written.

    Parameters
    ----------
    language
        Of sentences, dates and numbers.
    currency
        ISO code; None for bare numbers.
    reader
        Writes options and commands: as a terminal has them, or as Python does.

    Examples
    --------
    >>> english, chinese = Localiser("en", "USD"), Localiser("zh", "CNY")
    >>> english.money(1234.5), chinese.money(12.5), english.money(None), english.share(0.071)
    ('$1,234', '¥12.50', '—', '7.1%')
    >>> english.compact_money(31_400_000), chinese.compact_money(31_400_000)
    ('$31.4M', '¥3140万')
    >>> chinese.day(date(2024, 6, 1))
    '2024年6月1日'
    """

    language: Language
    currency: str | None = None
    reader: Reader = PYTHON

    @property
    def _forms(self) -> Forms:
        return FORMS[self.language]

    @property
    def html_language(self) -> str:
        """The value of ``lang`` in HTML."""
        return self._forms.html_language

    def text(self, code: str, /, **values: object) -> str:
        """One sentence of the catalogue."""
        return say(code, self.language, self.reader, **values)

    def note(self, note: Note) -> str:
        """The sentence of a note."""
        return self.close_percent(say_note(note, self.language, self.reader))

    def joined(self, sentences: Iterable[str]) -> str:
        """Sentences one after the other."""
        return joined(sentences, self.language)

    def name(self, prefix: str, name: str) -> str:
        """The words ``<prefix><name>`` of the catalogue; the name itself where there are none."""
        code = f"{prefix}{name}"
        return self.text(code) if code in catalogue() else name

    def tier(self, tier: str) -> str:
        """The words for a tier, as `tier_name`."""
        return tier_name(tier, self.language)

    @staticmethod
    def close_percent(text: str) -> str:
        """A sentence of another package, with its percent signs written as on this page."""
        return text.replace(" %", "%")

    def count(self, value: float | None) -> str:
        """A whole number."""
        return MISSING if _missing(value) else self._decimal(round(value or 0), "#,##0")

    def decimal(self, value: float | None, digits: int) -> str:
        """A number with a fixed number of decimals."""
        if value is None or _missing(value):
            return MISSING
        rounded = round(value, digits) + 0.0  # no -0
        text = self._decimal(rounded, "#,##0." + "0" * digits if digits else "#,##0")
        return text.replace("-", "\N{MINUS SIGN}")

    def signed(self, value: float | None, digits: int) -> str:
        """A difference, with its sign."""
        if value is None or _missing(value):
            return MISSING
        return ("+" if round(value, digits) > 0 else "") + self.decimal(value, digits)

    def share(self, value: float | None) -> str:
        """A share of 0..1 in percent, with one decimal unless that is 0."""
        if value is None or _missing(value):
            return MISSING
        if 0 < value < 0.001:
            return "<" + self.share(0.001)
        return numbers.format_percent(value, format="#,##0.#%", locale=self._forms.locale)

    def share_cell(self, value: float | None) -> str:
        """A share in a column of shares: always one decimal, so that they line up."""
        return MISSING if value is None or _missing(value) else self._decimal(value, "#,##0.0%")

    def money(self, value: float | None) -> str:
        """An amount; with cents only where it is small."""
        if value is None or _missing(value):
            return MISSING
        size = abs(value)
        return self._money(value, "#,##0" if size >= WHOLE_MONEY_FROM or size == 0 else "#,##0.00")

    def compact_money(self, value: float | None) -> str:
        """An amount for a headline: long ones in millions in English, in 万 or 亿 in Chinese."""
        if value is None or _missing(value) or abs(value) < COMPACT_FROM:
            return self.money(value)
        locale = self._forms.locale
        if self.currency is None:
            return numbers.format_compact_decimal(value, locale=locale, fraction_digits=1)
        return numbers.format_compact_currency(value, self.currency, locale=locale, fraction_digits=1)

    def day(self, value: date) -> str:
        """A day."""
        return dates.format_date(value, self._forms.day, self._forms.locale)

    def month(self, value: date) -> str:
        """A month."""
        return dates.format_date(value, self._forms.month, self._forms.locale)

    def _money(self, value: float, pattern: str) -> str:
        if self.currency is None:
            return self._decimal(value, pattern)
        locale = self._forms.locale
        return numbers.format_currency(value, self.currency, "¤" + pattern, locale, currency_digits=False)

    def _decimal(self, value: float, pattern: str) -> str:
        return numbers.format_decimal(value, pattern, self._forms.locale)


def tier_name(tier: str, language: Language) -> str:
    """The words for a tier of the catalogue; the shop's own name for any other."""
    code = f"tiers.{tier}"
    return capital(say(code, language)) if code in catalogue() else tier


def capital(text: str) -> str:
    """Words as they begin a line; Chinese stays as it is."""
    return text[:1].upper() + text[1:]


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)
