"""Texts become identifiers, numbers and instants, each distinct text once. It knows no columns and no source."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.config import EngineSection
from shijin.engine.duckdb import connect
from shijin.schema import UTC

Decimal = Literal[".", ","]
DateOrder = Literal["ymd", "dmy", "mdy"]

_EMPTY = [
    "",
    "nan",
    "NaN",
    "NAN",
    "null",
    "NULL",
    "Null",
    "None",
    "N/A",
    "n/a",
    "#N/A",
    "\\N",
    "<NA>",
    "NaT",
    "-",
    "--",
]
_CURRENCY = r"[£€$¥￥₹₩₽₺₫฿]|元|(?i:\b(?:usd|eur|gbp|cny|rmb|jpy|inr|aud|cad|chf|hk\$|us\$|r\$|kr|zł))"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATE = (
    r"^(?P<a>\d{1,4})[-/.](?P<b>\d{1,2})[-/.](?P<c>\d{1,4})\.?"
    r"(?:[T ,]+(?P<h>\d{1,2})[:.](?P<m>\d{2})(?:[:.](?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<p>[AaPp])?\.?[Mm]?\.?)?"
    r"\s*(?P<z>Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?$"
)
# Beyond this no shop counts; doubles lose their cents there, and sums of such numbers everything else.
LARGEST = 1e15
_EXCEL_EPOCH_DAYS = 25_569  # days from Excel's 30 Dec 1899 to 1 Jan 1970


def distinct(column: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The distinct values of a column and, for each row, which of them it holds."""
    encoded = column.dictionary_encode() if not pa.types.is_dictionary(column.type) else column
    return encoded.dictionary, encoded.indices


def as_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """One array out of chunks, no dictionaries."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    return whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole


def as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Text as it was meant: without ``="..."``, a leading ``'``, spaces around; blank and ``nan`` are null.

    Whole numbers that went through floats lose their ``.0``: long ones always, short ones (which may be versions) where
    the whole column has it.

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
    """Numbers; null where there is none or it cannot be read. Currency signs and thousands separators are no matter.

    Parameters
    ----------
    largest
        What lies beyond it, either way, is none.

    Examples
    --------
    >>> as_number(pa.array(["£1,234.50", "(3.00)", "7-", "12 USD", "abc", ""])).to_pylist()
    [1234.5, -3.0, -7.0, 12.0, None, None]
    >>> as_number(pa.array(["1.234,50 €", "1'000,5"]), ",").to_pylist()
    [1234.5, 1000.5]
    """
    column = as_array(column)
    if (pa.types.is_floating(column.type) and column.type != pa.float64()) or pa.types.is_decimal(column.type):
        column = column.cast(pa.string())  # 6.95 in 32 bits means 6.95, not 6.949999809
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_null(column.type):
        return within(column.cast(pa.float64()), largest)
    values, rows = distinct(column.cast(pa.string()))
    values = bare_number(values)
    point, comma = (r"\.", ",") if decimal == "." else (",", r"\.")
    sound = pc.match_substring_regex(
        values, rf"^[+-]?(?:\d{{1,3}}(?:{comma}\d{{2,3}})*{comma}\d{{3}}|\d+)?(?:{point}\d*)?(?:[eE][+-]?\d+)?$"
    )
    values = pc.replace_substring(pc.replace_substring_regex(values, comma, ""), ",", ".")
    sound = pc.and_(sound, pc.match_substring_regex(values, r"\d"))
    return within(pc.if_else(sound, values, None).cast(pa.float64()), largest).take(rows)


def within(numbers: pa.Array, largest: float = LARGEST) -> pa.Array:
    """Numbers, null where they lie beyond the largest or are none.

    Examples
    --------
    >>> within(pa.array([5.0, 1e300, float("nan")])).to_pylist()
    [5.0, None, None]
    """
    return pc.if_else(pc.less_equal(pc.abs(numbers), largest), numbers, None)


def bare_number(values: pa.Array) -> pa.Array:
    """Texts without currency signs, spaces and apostrophes; ``(3)`` and ``3-`` become ``-3``."""
    values = pc.replace_substring_regex(values, _CURRENCY, "")
    values = pc.replace_substring_regex(values, r"[\s\x{a0}\x{202f}'’\"=]", "")
    values = pc.replace_substring_regex(values, r"^[−–]", "-")
    values = pc.replace_substring_regex(values, r"^\((.*)\)$", r"-\1")
    return pc.replace_substring_regex(values, r"^([^-].*)-$", r"-\1")


def as_time(
    column: pa.Array | pa.ChunkedArray, order: DateOrder, timezone: str, engine: EngineSection | None = None
) -> pa.Array:
    """Instants in UTC; null where there is none or it cannot be. A time without a zone is the shop's own clock.

    Reads ISO 8601, ``5.3.2024``, ``3/5/24 7:45 PM``, ``2024年3月5日 12:30``, ``5 Mar 2024``, ``20240305``, seconds or
    milliseconds since 1970 and spreadsheet day numbers.

    Examples
    --------
    >>> texts = pa.array(["2024-02-30", "5/3/24 7:45 PM", "2024年3月5日", "2024-03-05T10:00:00+02:00"])
    >>> [str(time.as_py()) for time in as_time(texts, "dmy", "UTC")]
    ['None', '2024-03-05 19:45:00+00:00', '2024-03-05 00:00:00+00:00', '2024-03-05 08:00:00+00:00']
    """
    column = as_array(column)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        naive = getattr(column.type, "tz", None) is None
        instants = column.cast(pa.timestamp("us") if naive else UTC, safe=False)
        return _shop_to_utc(instants, timezone, engine or EngineSection()) if naive else instants
    values, rows = distinct(as_text(column))
    clock, offset = read_times(values, order)
    naive_instants = _shop_to_utc(clock, timezone, engine or EngineSection())
    told = pc.subtract(clock.cast(pa.int64()), offset).cast(UTC)
    return pc.if_else(pc.is_null(offset), naive_instants, told).take(rows)


def read_times(values: pa.Array, order: DateOrder) -> tuple[pa.Array, pa.Array]:
    """Read texts as (clock, microseconds ahead of UTC): null clock where none, null offset where no zone is told."""
    values = _with_numbered_months(pc.replace_substring_regex(values, "[年月]", "-"))
    values = pc.replace_substring_regex(pc.replace_substring_regex(values, "日", " "), r"\s+$", "")
    values = pc.replace_substring_regex(values, r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3")
    parts = pc.extract_regex(values, _DATE)
    number = {name: _whole(pc.struct_field(parts, name)) for name in "abchms"}
    year_first = pc.fill_null(pc.greater(pc.utf8_length(pc.struct_field(parts, "a")), 2), fill_value=False).to_numpy(
        zero_copy_only=False
    )
    year, month, day = _by_order(number, year_first, order)
    seconds, valid_clock = _seconds(number, pc.struct_field(parts, "p"))
    days, valid_day = _days(year, month, day)
    fraction = _whole(pc.utf8_slice_codeunits(pc.utf8_rpad(pc.struct_field(parts, "f"), 6, "0"), 0, 6))
    micros = (days * 86_400 + seconds) * 1_000_000 + fraction
    valid = pc.is_valid(parts).to_numpy(zero_copy_only=False) & valid_clock & valid_day
    counted, is_count = _counted(values)
    micros, valid = np.where(is_count, counted, micros), valid | is_count
    clock = pa.array(micros, mask=~valid).cast(pa.timestamp("us"))
    return clock, _offsets(pc.struct_field(parts, "z"), is_count)


def _float_text(column: pa.Array) -> pa.Array:
    whole = pc.fill_null(
        pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**63)), fill_value=False
    )
    numbers = pc.if_else(whole, column, None).cast(pa.int64(), safe=False).cast(pa.string())
    return pc.if_else(whole, numbers, column.cast(pa.string()))


def _told(flags: pa.Array) -> NDArray[np.bool_]:
    return pc.fill_null(flags, fill_value=False).to_numpy(zero_copy_only=False)


def _whole(digits: pa.Array) -> NDArray[np.int64]:
    present = pc.fill_null(pc.greater(pc.utf8_length(digits), 0), fill_value=False)
    return pc.fill_null(pc.if_else(present, digits, "0").cast(pa.int64()), 0).to_numpy(zero_copy_only=False)


def _with_numbered_months(values: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring_regex(values, r"(?i)[a-z]{3}")).as_py():
        return values
    weekday = r"(?i)^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+"
    values = pc.replace_substring_regex(values, weekday, "")
    for number, month in enumerate(_MONTHS, 1):
        name = rf"{month}[a-z]*\.?"
        values = pc.replace_substring_regex(
            values, rf"(?i)^(\d{{1,2}})[ -]{name},?[ -](\d{{4}})", rf"\2-{number:02d}-\1"
        )
        values = pc.replace_substring_regex(
            values, rf"(?i)^{name}[ -](\d{{1,2}}),?[ -](\d{{4}})", rf"\2-{number:02d}-\1"
        )
    return values


def _by_order(
    number: dict[str, NDArray[np.int64]], year_first: NDArray[np.bool_], order: DateOrder
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    first, second, third = number["a"], number["b"], number["c"]
    day_first = order != "mdy"
    year = np.where(year_first, first, third)
    year = np.where((year < 100) & ~year_first, year + np.where(year < 69, 2000, 1900), year)
    month = np.where(year_first | day_first, second, first)
    day = np.where(year_first, third, first if day_first else second)
    return year, month, day


def _seconds(number: dict[str, NDArray[np.int64]], half: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    letter = pc.fill_null(pc.utf8_lower(half), "").to_numpy(zero_copy_only=False)
    hour, minute, second = number["h"], number["m"], number["s"]
    told = (letter == "a") | (letter == "p")
    on_the_clock = np.where(told, hour % 12 + np.where(letter == "p", 12, 0), hour)
    valid = (minute < 60) & (second < 61) & np.where(told, (hour >= 1) & (hour <= 12), hour < 24)
    return on_the_clock * 3600 + minute * 60 + second, valid


def _days(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[np.clip(month, 0, 12)]
    lengths = lengths + (leap & (month == 2))
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= lengths) & (year > 1900) & (year < 2200)
    # Howard Hinnant's days from civil: March begins the year, so that the leap day is its last.
    shifted = year - (month <= 2)
    era, of_era = shifted // 400, shifted % 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return np.where(valid, days, 0), valid


def _counted(values: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    def found(pattern: str) -> NDArray[np.bool_]:
        return _told(pc.match_substring_regex(values, pattern))

    seconds, millis, excel = found(r"^\d{9,10}(?:\.\d+)?$"), found(r"^\d{12,13}$"), found(r"^[2-7]\d{4}(?:\.\d+)?$")
    counted = seconds | millis | excel
    numbers = pc.fill_null(pc.if_else(pa.array(counted), values, None).cast(pa.float64()), 0).to_numpy(
        zero_copy_only=False
    )
    in_seconds = np.where(excel, np.round((numbers - _EXCEL_EPOCH_DAYS) * 86_400), numbers)
    return np.round(np.where(millis, numbers * 1e3, in_seconds * 1e6)).astype(np.int64), counted


def _offsets(zones: pa.Array, is_count: NDArray[np.bool_]) -> pa.Array:
    texts = pc.fill_null(zones, "")
    sign = np.where(pc.starts_with(texts, "-").to_numpy(zero_copy_only=False), -1, 1)
    digits = pc.utf8_rpad(pc.replace_substring_regex(texts, r"[^\d]", ""), 4, "0")
    minutes = _whole(pc.utf8_slice_codeunits(digits, 0, 2)) * 60 + _whole(pc.utf8_slice_codeunits(digits, 2, 4))
    seconds_are_utc = pc.equal(texts, "").to_numpy(zero_copy_only=False) & ~is_count
    return pa.array(sign * minutes * 60_000_000, mask=seconds_are_utc)


def _shop_to_utc(clock: pa.Array, timezone: str, engine: EngineSection) -> pa.Array:
    if timezone == "UTC":
        return clock.cast(pa.int64()).cast(UTC)
    values, rows = distinct(clock)
    # DuckDB's ICU carries its own time zones; Arrow needs the system's, which slim containers lack.
    with connect(engine) as connection:
        connection.register("clocks", pa.table({"clock": values, "place": np.arange(len(values))}))
        query = "SELECT timezone($zone, clock) AS ts FROM clocks ORDER BY place"
        instants = as_array(connection.sql(query, params={"zone": timezone}).to_arrow_table().column("ts"))
    return instants.cast(UTC).take(rows)
