"""The currency of each row: from a column of codes, or from the signs in the amounts."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import all_false, as_text, is_text, is_true
from shijin.config import Config
from shijin.errors import SourceError

_SIGNS = {"£": "GBP", "€": "EUR", "₹": "INR", "₩": "KRW", "$": None, "¥": None, "￥": None}


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
    """Find the currency sign of each amount: its code where only one currency has it, else the sign itself; or null.

    Examples
    --------
    >>> signs_of(pa.array(["£3", "$4", "5"])).to_pylist()
    ['GBP', '$', None]
    """
    if not is_text(amounts.type):
        return pa.nulls(len(amounts), pa.string())
    sign = pc.struct_field(pc.extract_regex(as_text(amounts), "(?P<sign>[£€₹₩$¥￥])"), "sign")
    for letter, code in _SIGNS.items():
        if code:
            sign = pc.if_else(pc.equal(sign, letter), code, sign)
    return sign


def sign_of(amounts: pa.Array) -> str | None:
    """The one currency whose sign is in amounts; None where there is none, or several."""
    signs = pc.unique(signs_of(amounts)).drop_null()
    return str(signs[0]) if len(signs) == 1 else None
