"""The currency of each row: from a column of codes, or from the signs in the amounts."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.currency_names import CODES, PATTERN, may_be, name_of
from shijin.collect.values import all_false, as_text, distinct, in_western_figures, is_text, is_true
from shijin.config import Config
from shijin.errors import SourceError


def currencies(column: pa.Array, where: str, config: Config) -> tuple[pa.Array, pa.Array]:
    """Find each row's currency, and the rows in another currency than the shop's.

    Parameters
    ----------
    column : (n,) string
        Codes or signs as the source has them.

    Returns
    -------
    (n,) code, null where it is not known, and (n,) whether it is another than the shop's

    Raises
    ------
    SourceError
        When there are two and ``[shop] currency`` does not name the shop's own.
    """
    shop_currency = config.shop.currency
    column = names_of(column)
    counts = sorted((row["values"], row["counts"]) for row in pc.value_counts(column.drop_null()).to_pylist())
    if len(counts) > 1 and shop_currency is None:
        raise SourceError("collect.several_currencies", where, counts=", ".join(f"{name} {n}" for name, n in counts))
    if shop_currency is None:
        return pc.if_else(is_code(column), column, None), all_false(len(column))
    column = as_shops(column, shop_currency)
    return pc.coalesce(pc.if_else(is_code(column), column, None), shop_currency), pc.not_equal(column, shop_currency)


def names_of(column: pa.Array) -> pa.Array:
    """The currency of each text: its code where only one has that sign or word, else the sign.

    Examples
    --------
    >>> names_of(pa.array(["usd", "€", "$", "人民币", None])).to_pylist()
    ['USD', 'EUR', '$', 'CNY', None]
    """
    values, rows = distinct(column)
    return pa.array([name_of(text) if text else None for text in values.to_pylist()], pa.string()).take(rows)


def as_shops(names: pa.Array, shop_currency: str) -> pa.Array:
    """Names with the shop's code in place of null and of the signs that its currency shares with others.

    Examples
    --------
    >>> as_shops(pa.array(["$", "HKD", None, "¥"]), "CAD").to_pylist()
    ['CAD', 'HKD', 'CAD', '¥']
    """
    values, rows = distinct(names)
    own = [shop_currency if name and may_be(name, shop_currency) else name for name in values.to_pylist()]
    return pc.fill_null(pa.array(own, pa.string()).take(rows), shop_currency)


def is_code(names: pa.Array) -> pa.Array:
    """Which names are codes, not signs that several currencies share."""
    return is_true(pc.match_substring_regex(names, "^[A-Z]{3}$"))


def signs_of(amounts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Find the currency in each amount: its code where only one currency is written so, else the sign; or null.

    A code next to a sign counts: ``$12 CAD``. Two codes are both named, as no currency.

    Examples
    --------
    >>> signs_of(pa.array(["£3", "$4", "5", "6.00 usd", "US$ 7", "8元", "9 kr", "$9 CAD", "EUR 1 USD"])).to_pylist()
    ['GBP', '$', None, 'USD', 'USD', 'CNY', 'KR', 'CAD', 'EUR/USD']
    """
    if not is_text(amounts.type):
        return pa.nulls(len(amounts), pa.string())
    values, rows = distinct(in_western_figures(as_text(amounts)))
    has_number = pc.match_substring_regex(values, r"\d")
    marks = [
        pc.struct_field(pc.extract_regex(values, pattern), "sign")
        for pattern in (rf"^[-+−–(]?\s*(?P<sign>(?:{PATTERN}\s*)+)", rf"(?P<sign>(?:\s*{PATTERN})+)(?:/-)?\s*[-)]?$")
    ]
    before, after = (_names_of_marks(pc.if_else(has_number, mark, None)) for mark in marks)
    differ = pc.and_(is_code(before), pc.and_(is_code(after), pc.not_equal(before, after)))
    both = pc.binary_join_element_wise(before, after, "/")
    one = pc.if_else(pc.and_(is_code(after), pc.invert(is_code(before))), after, pc.coalesce(before, after))
    return pc.if_else(is_true(differ), both, one).take(rows)


def _names_of_marks(marks: pa.Array) -> pa.Array:
    """Names of marks; of several in one, such as ``USD $``, the code."""
    values, rows = distinct(marks)
    names: list[str | None] = []
    for text in values.to_pylist():
        single = [name_of(mark) for mark in re.findall(PATTERN, text or "")]
        codes = [name for name in single if name in CODES]
        names.append(next(iter(codes or single), None))
    return pa.array(names, pa.string()).take(rows)


def sign_of(amounts: pa.Array) -> str | None:
    """The one currency whose sign is in amounts; None where there is none, or several."""
    signs = pc.unique(signs_of(amounts)).drop_null()
    return str(signs[0]) if len(signs) == 1 else None
