"""The names of columns without what does not change their meaning: units, and whether tax or shipping is included."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shijin.collect.currency_names import PATTERN
from shijin.prepare.clean import plain
from shijin.prepare.simplified import simplified

_UNIT = re.compile(rf"\s*[(（\[](?:件|个|pcs|{PATTERN})[)）\]]\s*$")
_EXTRA = (
    r"(?:(?:sales[\s_]*)?tax(?:es)?|vat|gst|hst|mwst\.?|ust\.?|steuern?|tva|i\.?v\.?a\.?|btw|"
    r"shipping|delivery|postage|versand(?:kosten)?|port|envío|envio|spedizione)"
)
_CENTS = re.compile(
    r"[\s_,(（\[-]+(?:in[\s_]+)?(?:cents?|pence|centimes?|centavos?|minor(?:[\s_]*units?)?)[)）\]]?$|\s*[(（\[]分[)）\]]$"
)
_LARGE = re.compile(r"\s*[(（\[]([千万])元?[)）\]]$")
_NEAR = r"[\s_,.:;/()（）\[\]-]*"
_WITH = (
    rf"(?:incl?(?:uding|usive|uded|l)?|inkl(?:usive)?|(?<![a-zà-ü])(?:with|after|mit|con|avec|com)){_NEAR}{_EXTRA}"
    rf"|{_EXTRA}{_NEAR}incl(?:\b|uded|us|usa|uido|uida)"
    r"|\bttc\b|\bivato\b|\bbrutto\b|^brutto(?=[a-z])|含税|税込み?|含(?:运|邮)费"
)
_WITHOUT = (
    rf"(?:exc?l(?:uding|usive|uded)?|exkl(?:usive)?|(?<![a-zà-ü])(?:exc?|without|before|ohne|zzgl|sin|sans|sem|hors))"
    rf"{_NEAR}{_EXTRA}|{_EXTRA}{_NEAR}excl(?:\b|uded|us|usa|uido|uida)"
    r"|\bht\b|\bnetto\b|^netto(?=[a-z])|(?:不含|未)税|税抜き?|不含(?:运|邮)费"
)
# What is without goes first: the signs of "excluding tax" and 不含税 hold those of what is with.
_QUALIFIERS = ((2, re.compile(_WITHOUT)), (0, re.compile(_WITH)))
_ENDS = " _-,.:;/()（）[]"


def bare_name(name: str) -> tuple[str, int]:
    """Return a name in lower case without units and without what its amounts include, and its place among its like.

    The place is 0 where tax or shipping is included, as customers pay it, 1 where the name does not say, else 2.

    Examples
    --------
    >>> bare_name("Order Total (inc tax)"), bare_name("order_total_excl_tax"), bare_name("實付金額(元)")
    (('order total', 0), ('order_total', 2), ('实付金额', 1))
    """
    text, place = simplified(name.casefold()), 1
    text = _LARGE.sub("", _CENTS.sub("", _UNIT.sub("", text)))
    for known, pattern in _QUALIFIERS:
        rest = pattern.sub(" ", text)
        if rest != text and rest.strip(_ENDS):
            return rest.strip(_ENDS), known
    return text, place


def unit_of(name: str) -> float:
    """How many of the currency one is, by a column's name: a hundredth where it says cents, 1 where it says nothing.

    Examples
    --------
    >>> unit_of("amount_cents"), unit_of("金额(分)"), unit_of("金额（万元）"), unit_of("Percent"), unit_of("积分")
    (0.01, 0.01, 10000.0, 1.0, 1.0)
    """
    text = simplified(name.casefold())
    if _CENTS.search(text):
        return 0.01
    large = _LARGE.search(text)
    return {"万": 1e4, "千": 1e3}[large[1]] if large else 1.0


def by_bare_name(names: Iterable[str]) -> dict[str, str]:
    """Names by their plain forms, those without units and extras too; of several with one form the best.

    Examples
    --------
    >>> by_bare_name(["Total (ex tax)", "Total (inc tax)", "Total, EUR"])["total"]
    'Total (inc tax)'
    """
    there = [(*bare_name(name), name) for name in names]
    best_first = sorted(there, key=lambda one: (one[1], plain(one[0]) != plain(one[2])))
    columns: dict[str, str] = {}
    for form, name in [*((text, name) for text, _, name in best_first), *((name, name) for _, _, name in there)]:
        columns.setdefault(plain(form.replace("%", " percent")), name)
    return columns
