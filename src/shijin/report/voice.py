"""Say words and numbers in one language, as people of that language write them.

A number that is missing is a dash, never ``nan`` or ``None``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from babel import Locale, dates, numbers

from shijin.words import Language, catalogue, say

LOCALES: dict[Language, Locale] = {"en": Locale("en"), "zh": Locale("zh", "CN", script="Hans")}
HTML_LANGUAGE: dict[Language, str] = {"en": "en", "zh": "zh-CN"}
DAY_PATTERN: dict[Language, str] = {"en": "d MMM y", "zh": "y年M月d日"}
MONTH_PATTERN: dict[Language, str] = {"en": "MMM y", "zh": "y年M月"}
MISSING = "—"
WHOLE_MONEY_FROM = 100.0  # from here on nobody reads the cents
COMPACT_FROM = 1e7


@dataclass(frozen=True)
class Voice:
    """One language and the shop's currency.

    Examples
    --------
    >>> english, chinese = Voice("en", "USD"), Voice("zh", "CNY")
    >>> english.money(1234.5), chinese.money(12.5), english.money(None), english.share(0.071)
    ('$1,234', '¥12.50', '—', '7.1%')
    >>> english.compact_money(31_400_000), chinese.compact_money(31_400_000)
    ('$31.4M', '¥3140万')
    >>> chinese.day(date(2024, 6, 1))
    '2024年6月1日'
    """

    language: Language
    currency: str | None = None

    @property
    def html_language(self) -> str:
        """The value of ``lang`` in HTML."""
        return HTML_LANGUAGE[self.language]

    def say(self, code: str, /, **values: object) -> str:
        """One sentence of the catalogue."""
        return say(code, self.language, **values)

    @staticmethod
    def tidy(text: str) -> str:
        """A sentence from elsewhere, its percent signs written as on the rest of the page."""
        return text.replace(" %", "%")

    def name(self, prefix: str, name: str) -> str:
        """The words for a name that may be the shop's own: then the name itself."""
        code = f"{prefix}{name}"
        return self.say(code) if code in catalogue() else name

    def count(self, value: float | None) -> str:
        """A whole number."""
        return MISSING if _missing(value) else self._decimal(round(value or 0), "#,##0")

    def decimal(self, value: float | None, digits: int) -> str:
        """A number with as many decimals as asked."""
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
        """A share of 0..1 in percent, one decimal where it says anything."""
        if value is None or _missing(value):
            return MISSING
        if 0 < value < 0.001:
            return "<" + self.share(0.001)
        return numbers.format_percent(value, format="#,##0.#%", locale=LOCALES[self.language])

    def share_cell(self, value: float | None) -> str:
        """A share in a column of shares: always one decimal, so that they line up."""
        return MISSING if value is None or _missing(value) else self._decimal(value, "#,##0.0%")

    def money(self, value: float | None) -> str:
        """An amount; cents only where it is small."""
        if value is None or _missing(value):
            return MISSING
        size = abs(value)
        return self._money(value, "#,##0" if size >= WHOLE_MONEY_FROM or size == 0 else "#,##0.00")

    def compact_money(self, value: float | None) -> str:
        """An amount for a headline: millions in English, 万 and 亿 in Chinese once it is long."""
        if value is None or _missing(value) or abs(value) < COMPACT_FROM:
            return self.money(value)
        locale = LOCALES[self.language]
        if self.currency is None:
            return numbers.format_compact_decimal(value, locale=locale, fraction_digits=1)
        return numbers.format_compact_currency(value, self.currency, locale=locale, fraction_digits=1)

    def day(self, value: date) -> str:
        """A day."""
        return dates.format_date(value, DAY_PATTERN[self.language], LOCALES[self.language])

    def month(self, value: date) -> str:
        """A month."""
        return dates.format_date(value, MONTH_PATTERN[self.language], LOCALES[self.language])

    def _money(self, value: float, pattern: str) -> str:
        if self.currency is None:
            return self._decimal(value, pattern)
        locale = LOCALES[self.language]
        return numbers.format_currency(value, self.currency, "¤" + pattern, locale, currency_digits=False)

    def _decimal(self, value: float, pattern: str) -> str:
        return numbers.format_decimal(value, pattern, LOCALES[self.language])


def _missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)
