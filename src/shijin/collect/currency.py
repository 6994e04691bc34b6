"""The currency of each row: from a column of codes, or from the signs in the amounts."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import CURRENCY, all_false, as_text, distinct, is_text, is_true
from shijin.config import Config
from shijin.errors import SourceError

# The currency of a sign that only one has; others, such as $ and kr, are compared as they are.
_NAMES = {
    "£": "GBP",
    "€": "EUR",
    "EURO": "EUR",
    "EUROS": "EUR",
    "₹": "INR",
    "RS": "INR",
    "RS.": "INR",
    "₩": "KRW",
    "원": "KRW",
    "元": "CNY",
    "元整": "CNY",
    "人民币": "CNY",
    "RMB": "CNY",
    "CNH": "CNY",
    "CN¥": "CNY",
    "块": "CNY",
    "YUAN": "CNY",
    "US$": "USD",
    "CA$": "CAD",
    "C$": "CAD",
    "AU$": "AUD",
    "A$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "SG$": "SGD",
    "S$": "SGD",
    "NT$": "TWD",
    "MX$": "MXN",
    "R$": "BRL",
    "JP¥": "JPY",
    "円": "JPY",
    "₽": "RUB",
    "₺": "TRY",
    "₫": "VND",
    "฿": "THB",
    "₪": "ILS",
    "₱": "PHP",
    "₴": "UAH",
    "₦": "NGN",
    "ZŁ": "PLN",
    "KČ": "CZK",
    "FT": "HUF",
    "LEI": "RON",
    "SFR": "CHF",
    "SFR.": "CHF",
    "￥": "¥",
}


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
    column = pc.utf8_upper(column)
    counts = sorted((row["values"], row["counts"]) for row in pc.value_counts(column.drop_null()).to_pylist())
    if len(counts) > 1 and shop_currency is None:
        raise SourceError("collect.several_currencies", where, counts=", ".join(f"{name} {n}" for name, n in counts))
    # A sign that several currencies share, such as $, is compared as it is and gives no code.
    other = is_true(pc.not_equal(column, shop_currency)) if shop_currency else all_false(len(column))
    code = pc.if_else(pc.match_substring_regex(column, "^[A-Z]{3}$"), column, None)
    return pc.coalesce(code, pa.scalar(shop_currency, pa.string())), other


def signs_of(amounts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Find the currency in each amount: its code where only one currency is written so, else the sign; or null.

    Examples
    --------
    >>> signs_of(pa.array(["£3", "$4", "5", "6.00 usd", "US$ 7", "8元", "9 kr"])).to_pylist()
    ['GBP', '$', None, 'USD', 'USD', 'CNY', 'KR']
    """
    if not is_text(amounts.type):
        return pa.nulls(len(amounts), pa.string())
    values, rows = distinct(as_text(amounts))
    before, after = (
        pc.struct_field(pc.extract_regex(values, pattern), "sign")
        for pattern in (rf"^[-+−–(]?\s*(?P<sign>{CURRENCY})", rf"(?P<sign>{CURRENCY})(?:/-)?\s*[-)]?$")
    )
    signs = pc.utf8_upper(pc.coalesce(before, after))
    has_number = pc.match_substring_regex(values, r"\d")
    named = pa.array([_NAMES.get(sign or "", sign) for sign in signs.to_pylist()], pa.string())
    return pc.if_else(has_number, named, None).take(rows)


def sign_of(amounts: pa.Array) -> str | None:
    """The one currency whose sign is in amounts; None where there is none, or several."""
    signs = pc.unique(signs_of(amounts)).drop_null()
    return str(signs[0]) if len(signs) == 1 else None
