"""Converts texts to identifiers and numbers, each distinct text once.

It knows neither the columns of a source nor what they mean.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.currency_names import PATTERN

Decimal = Literal[".", ","]

_EMPTY = ["", "nan", "NaN", "NAN", "null", "NULL", "Null", "None", "N/A", "n/a", "#N/A", "\\N", "<NA>", "NaT"]
_EMPTY += ["-", "--"]
_BEFORE = rf"^([-+−–(]?)\s*(?:{PATTERN}\s*)+"
_AFTER = rf"(?:\s*{PATTERN})+(?:/-)?\s*([-)]?)$"
_LARGE = {"千": 1e3, "万": 1e4, "亿": 1e8}
_BREAKS = r"[\x0b\x0c\x{85}\x{2028}\x{2029}]+"  # of lines, as spreadsheets write them within a cell
# Characters that no text shows, and that no XML, hence no chart, may hold.
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{200b}\x{2028}\x{2029}\x{fffe}\x{ffff}]"
_DIRECTION = r"[\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{feff}]"  # in which text is shown
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


def share_of(flags: pa.Array | pa.ChunkedArray) -> float:
    """Return the share of flags that are true; null counts as false, and of no flags the share is 0.

    Examples
    --------
    >>> share_of(pa.array([True, False, None, True])), share_of(pa.array([], pa.bool_()))
    (0.5, 0.0)
    """
    return float(pc.mean(is_true(flags).cast(pa.float64())).as_py() or 0.0)


def flagged(texts: pa.Array, condition: Callable[[str], bool]) -> pa.Array:
    """Flag the texts of which a condition holds; it is asked once for each distinct text, and never of null.

    Examples
    --------
    >>> flagged(pa.array(["Tea", "mug", None]), str.islower).to_pylist()
    [False, True, False]
    """
    values, rows = distinct(texts)
    flags = pa.array([text is not None and condition(text) for text in values.to_pylist()], pa.bool_())
    return is_true(flags.take(rows))


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
    values = pc.replace_substring_regex(values, _BREAKS, " ")
    values = pc.replace_substring_regex(values, _CONTROL, "")
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
    values, factor = _without_large(bare_number(values))
    point, comma = (r"\.", ",") if decimal == "." else (",", r"\.")
    # Thousands come in groups of three, or of two before the last (India); then a fraction and an exponent.
    whole = rf"\d{{1,3}}(?:{comma}\d{{2,3}})*{comma}\d{{3}}|\d{{1,3}}(?:'\d{{3}})+|\d+"
    well_formed = pc.match_substring_regex(values, rf"^[+-]?(?:{whole})?(?:{point}\d*)?(?:[eE][+-]?\d+)?$")
    values = pc.replace_substring(pc.replace_substring_regex(values, f"{comma}|'", ""), ",", ".")
    well_formed = pc.and_(well_formed, pc.match_substring_regex(values, r"^[+-]?[.,]?\d"))  # "E5" is no number
    numbers = pc.multiply(pc.if_else(well_formed, values, None).cast(pa.float64()), factor)
    return null_beyond(numbers, largest).take(rows)


def as_rate(column: pa.Array | pa.ChunkedArray, decimal: Decimal = ".") -> pa.Array:
    """Read shares that are taken off, 0 to 1: ``12.5%``, ``0.125`` or ``12.5``; ``8.5折`` and ``85折`` pay 85 %.

    Others become null.

    Numbers without a sign are per cents where one of them is above 1.

    Examples
    --------
    >>> as_rate(pa.array(["12.5%", "8.5折", "0", None])).to_pylist()
    [0.125, 0.15, 0.0, None]
    """
    texts, rows = distinct(in_western_figures(as_text(column)))
    for chinese, digit in zip("一二三四五六七八九", "123456789", strict=True):
        texts = pc.replace_substring(texts, chinese, digit)
    texts = pc.replace_substring_regex(texts, r"(?i)\s*(off|discount)$", "")
    paid, percent = is_true(pc.ends_with(texts, "折")), is_true(pc.ends_with(texts, "%"))
    numbers = pc.abs(as_number(pc.replace_substring_regex(texts, r"\s*[%折]$", ""), decimal))
    plain_numbers = pc.if_else(pc.or_(paid, percent), None, numbers)
    in_percent = pc.or_(percent, is_true(pc.greater(pc.max(plain_numbers), 1.0)))
    taken_off = pc.if_else(in_percent, pc.divide(numbers, 100.0), numbers)
    all_of_it = pc.if_else(pc.greater(numbers, 10.0), 100.0, 10.0)
    taken_off = pc.if_else(paid, pc.divide(pc.subtract(all_of_it, numbers), all_of_it), taken_off)
    possible = pc.and_(pc.greater_equal(taken_off, 0.0), pc.less_equal(taken_off, 1.0))
    return pc.if_else(possible, taken_off, None).take(rows)


def _without_large(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Numbers without the word for ten thousand or a hundred million, and what it multiplies them by."""
    factor = pa.array(np.ones(len(values)))
    for word, size in _LARGE.items():
        holds = is_true(pc.ends_with(values, word))
        if pc.any(holds).as_py():
            values = pc.if_else(holds, pc.utf8_slice_codeunits(values, 0, -1), values)
            factor = pc.if_else(holds, size, factor)
    return values, factor


def null_beyond(numbers: pa.Array, largest: float = LARGEST) -> pa.Array:
    """Replace numbers beyond the largest, and those that are not finite, by null.

    Examples
    --------
    >>> null_beyond(pa.array([5.0, 1e300, float("nan")])).to_pylist()
    [5.0, None, None]
    """
    return pc.if_else(pc.less_equal(pc.abs(numbers), largest), numbers, None)


def bare_number(values: pa.Array) -> pa.Array:
    """Remove currency signs and spaces from texts; ``(3)`` and ``3-`` become ``-3``, ``3,-`` is 3.

    Spaces and apostrophes that part thousands become ``'``.

    Examples
    --------
    >>> bare_number(pa.array(["EUR -1 234,50", "($3.00)", "12,–", "12 34"])).to_pylist()
    ["-1'234,50", '-3.00', '12', '12 34']
    """
    values = pc.utf8_trim(in_western_figures(values), ' \t\r\n"=')
    values = pc.replace_substring_regex(values, "[−–—]", "-")
    values = pc.replace_substring_regex(values, _BEFORE, r"\1")
    values = pc.replace_substring_regex(values, _AFTER, r"\1")
    values = pc.replace_substring_regex(values, r"[.,]\s?-{1,2}$|/-$", "")
    values = pc.replace_substring_regex(values, r"^([-+(])\s+", r"\1")
    values = pc.replace_substring_regex(values, r"\s+([-)])$", r"\1")
    values = pc.replace_substring_regex(pc.replace_substring(values, "’", "'"), r"^'|'$", "")
    for _ in range(2):  # groups that follow each other share no digit, but every second one is seen first
        values = pc.replace_substring_regex(values, r"(\d)\s(\d{3})(\D|$)", r"\1'\2\3")
    values = pc.replace_substring_regex(values, r"^\((.*)\)$", r"-\1")
    values = pc.replace_substring_regex(values, r"^--", "?")
    return pc.replace_substring_regex(values, r"^([^-].*)-$", r"-\1")


def in_western_figures(values: pa.Array) -> pa.Array:
    """Write full-width, Arabic and Persian figures, signs and spaces as those of a Western keyboard.

    Examples
    --------
    >>> in_western_figures(pa.array(["１２．５０", "١٢٫٥", "2:30\u202fPM"])).to_pylist()
    ['12.50', '12.5', '2:30 PM']
    """
    if not pc.any(pc.match_substring_regex(values, r"[^\x00-\x7f]")).as_py():
        return values
    values = pc.replace_substring_regex(pc.utf8_normalize(values, "NFKC"), _DIRECTION, "")
    if pc.any(pc.match_substring_regex(values, "[٠-٩۰-۹]")).as_py():
        for arabic, western in zip("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫٬", "01234567890123456789.,", strict=True):
            values = pc.replace_substring(values, arabic, western)
    return values


def _float_text(column: pa.Array) -> pa.Array:
    """Write floats as text, whole ones without a point, so that an id keeps its digits."""
    whole = is_true(pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**63)))
    numbers = pc.if_else(whole, column, None).cast(pa.int64(), safe=False).cast(pa.string())
    return pc.if_else(whole, numbers, column.cast(pa.string()))
