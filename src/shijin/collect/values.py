"""Converts texts to identifiers and numbers, each distinct text once.

It knows neither the columns of a source nor what they mean.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Decimal = Literal[".", ","]

_EMPTY = ["", "nan", "NaN", "NAN", "null", "NULL", "Null", "None", "N/A", "n/a", "#N/A", "\\N", "<NA>", "NaT"]
_EMPTY += ["-", "--"]
_CURRENCY = r"[£€$¥￥₹₩₽₺₫฿]|元|(?i:\b(?:usd|eur|gbp|cny|rmb|jpy|inr|aud|cad|chf|hk\$|us\$|r\$|kr|zł))"
# No shop has larger amounts: a double loses its cents here, and a sum that holds one loses everything else.
LARGEST = 1e15


def distinct(column: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return the distinct values of a column and, for each row, the index of its value."""
    encoded = column.dictionary_encode() if not pa.types.is_dictionary(column.type) else column
    return encoded.dictionary, encoded.indices


def as_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as one array without chunks and dictionaries, of a type that Arrow can write as text.

    Floats of 16 bits get 32; instants are in UTC, because a file may name a time zone that does not exist.
    """
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    whole = whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole
    if pa.types.is_timestamp(whole.type) and whole.type.tz is not None:
        return whole.cast(pa.timestamp(whole.type.unit, "UTC"))
    return whole.cast(pa.float32()) if pa.types.is_float16(whole.type) else whole


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is that of texts, in a dictionary or not."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def is_true(flags: pa.Array) -> pa.Array:
    """Replace null by false.

    Examples
    --------
    >>> is_true(pa.array([True, False, None])).to_pylist()
    [True, False, False]
    """
    return pc.fill_null(flags, fill_value=False)


def all_false(n: int) -> pa.Array:
    """Return n flags, all of them false."""
    return pa.array(np.zeros(n, dtype=bool))


def as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Clean texts: without ``="..."``, a leading ``'`` and spaces around; blanks and ``nan`` become null.

    Whole numbers that were stored as floats lose their ``.0``: long ones always, short ones (which may be versions)
    where every value of the column has it.

    Examples
    --------
    >>> as_text(pa.array(['="00123"', "'0800", " a ", "nan"])).to_pylist()
    ['00123', '0800', 'a', None]
    >>> as_text(pa.array([12345.0, None])).to_pylist(), as_text(pa.array(["12345.0", ""])).to_pylist()
    (['12345', None], ['12345', None])
    """
    column = as_array(column)
    if pa.types.is_floating(column.type):
        column = _float_text(column)
    values, rows = distinct(column.cast(pa.string()))
    values = pc.replace_substring_regex(values, r'^\s*="(.*)"\s*$', r"\1")
    values = pc.utf8_trim(pc.replace_substring_regex(values, r"^\s*'", ""), " \t\r\n\xa0\u3000\ufeff")
    values = pc.if_else(pc.is_in(values, pa.array(_EMPTY)), None, values)
    whole_column = (
        len(values) > values.null_count and pc.all(pc.match_substring_regex(values, r"^[1-9]\d*\.0$")).as_py()
    )
    values = pc.replace_substring_regex(values, r"^([1-9]\d*)\.0$" if whole_column else r"^([1-9]\d{3,})\.0$", r"\1")
    return values.take(rows)


def as_number(column: pa.Array | pa.ChunkedArray, decimal: Decimal = ".", largest: float = LARGEST) -> pa.Array:
    """Read numbers, with or without currency signs and thousands separators; null where there is none.

    Parameters
    ----------
    largest
        Numbers beyond it, in either direction, become null.

    Examples
    --------
    >>> as_number(pa.array(["£1,234.50", "(3.00)", "7-", "12 USD", "abc", "E5"])).to_pylist()
    [1234.5, -3.0, -7.0, 12.0, None, None]
    >>> as_number(pa.array(["1.234,50 €", "1'000,5"]), ",").to_pylist()
    [1234.5, 1000.5]
    """
    column = as_array(column)
    if (pa.types.is_floating(column.type) and column.type != pa.float64()) or pa.types.is_decimal(column.type):
        column = column.cast(pa.string())  # 6.95 in 32 bits becomes 6.95, not 6.949999809
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_null(column.type):
        return null_beyond(column.cast(pa.float64()), largest)
    values, rows = distinct(column.cast(pa.string()))
    values = bare_number(values)
    point, comma = (r"\.", ",") if decimal == "." else (",", r"\.")
    # Thousands come in groups of three, or of two before the last (India); then a fraction and an exponent.
    well_formed = pc.match_substring_regex(
        values, rf"^[+-]?(?:\d{{1,3}}(?:{comma}\d{{2,3}})*{comma}\d{{3}}|\d+)?(?:{point}\d*)?(?:[eE][+-]?\d+)?$"
    )
    values = pc.replace_substring(pc.replace_substring_regex(values, comma, ""), ",", ".")
    well_formed = pc.and_(well_formed, pc.match_substring_regex(values, r"^[+-]?[.,]?\d"))  # "E5" is no number
    return null_beyond(pc.if_else(well_formed, values, None).cast(pa.float64()), largest).take(rows)


def null_beyond(numbers: pa.Array, largest: float = LARGEST) -> pa.Array:
    """Replace numbers beyond the largest, and those that are not finite, by null.

    Examples
    --------
    >>> null_beyond(pa.array([5.0, 1e300, float("nan")])).to_pylist()
    [5.0, None, None]
    """
    return pc.if_else(pc.less_equal(pc.abs(numbers), largest), numbers, None)


def bare_number(values: pa.Array) -> pa.Array:
    """Remove currency signs, spaces and apostrophes from texts; ``(3)`` and ``3-`` become ``-3``."""
    values = pc.replace_substring_regex(values, _CURRENCY, "")
    values = pc.replace_substring_regex(values, r"[\s\x{a0}\x{202f}'’\"=]", "")
    values = pc.replace_substring_regex(values, r"^[−–]", "-")
    values = pc.replace_substring_regex(values, r"^\((.*)\)$", r"-\1")
    return pc.replace_substring_regex(values, r"^([^-].*)-$", r"-\1")


def _float_text(column: pa.Array) -> pa.Array:
    """Write floats as text, whole ones without a point, so that an id keeps its digits."""
    whole = is_true(pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**63)))
    numbers = pc.if_else(whole, column, None).cast(pa.int64(), safe=False).cast(pa.string())
    return pc.if_else(whole, numbers, column.cast(pa.string()))
