"""Converts texts to instants, each distinct text once. It knows neither the columns of a source nor what they mean."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.collect.date_words import in_figures
from shijin.collect.values import as_array, as_text, distinct, is_true
from shijin.config import EngineSection
from shijin.engine.duckdb import connect
from shijin.schema import UTC

DateOrder = Literal["ymd", "dmy", "mdy"]

_DATE = (
    r"^(?P<a>\d{1,4})(?:[-/.]\s?|\s)(?P<b>\d{1,2})(?:[-/.]\s?|\s)(?P<c>\d{1,4})\.?"
    r"(?:[T\s,-]+(?P<h>\d{1,2})[:.](?P<m>\d{2})(?:[:.](?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<p>[AaPp])?[Mm]?)?"
    r"\s*(?P<z>Z|[+-](?:0\d|1[0-4]):?(?:[0-5]\d)?)?$"
)
# Dates of nothing but digits, and as the pattern of dates has them.
_DIGITS = {
    r"^(\d{4})(\d{2})(\d{2})$": r"\1-\2-\3",
    r"^((?:19|20)\d{2})([01]\d)([0-3]\d)[ T]?([0-2]\d)([0-5]\d)([0-5]\d)(Z?)$": r"\1-\2-\3 \4:\5:\6\7",
    r"^(20\d{2})([01]\d)([0-3]\d)([0-2]\d)([0-5]\d)$": r"\1-\2-\3 \4:\5",
    r"^((?:19|20)\d{2})([01]\d)([0-3]\d)([ T]\d{1,2}:.*)$": r"\1-\2-\3\4",
}
_ONE_DIGIT = r":(\d)(\D|$)"  # of minutes or seconds
_EXCEL_EPOCH_DAYS = 25_569  # days from Excel's 30 Dec 1899 to 1 Jan 1970


def as_time(
    column: pa.Array | pa.ChunkedArray, order: DateOrder, timezone: str, engine: EngineSection | None = None
) -> pa.Array:
    """Read instants in UTC; null where there is none. A time without a zone is in the shop's time zone.

    It reads ISO 8601, ``5.3.2024``, ``3/5/24 7:45 PM``, ``2024年3月5日 下午2:30``, ``5 Mar 2024``, ``03-Jan-24``,
    ``20240305``, ``20240305143000``, seconds to nanoseconds since 1970 and spreadsheet day numbers.

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
    clock, offset = read_times(values, order, timezone)
    naive_instants = _shop_to_utc(clock, timezone, engine or EngineSection())
    zoned_instants = pc.subtract(clock.cast(pa.int64()), offset).cast(UTC)
    return pc.if_else(pc.is_null(offset), naive_instants, zoned_instants).take(rows)


def read_times(values: pa.Array, order: DateOrder, timezone: str = "UTC") -> tuple[pa.Array, pa.Array]:
    """Read texts as clock times and zones.

    Parameters
    ----------
    timezone
        The shop's, where abbreviations of zones depend on it.

    Returns
    -------
    clock : (n,) timestamp without zone, null where a text is not a time
    offset : (n,) int64, microseconds ahead of UTC, null where a text has no zone
    """
    values = in_figures(values, timezone)
    for digits, shape in _DIGITS.items():
        values = pc.replace_substring_regex(values, digits, shape)
    for _ in range(2):
        values = pc.replace_substring_regex(values, _ONE_DIGIT, r":0\1\2")
    midnight = pc.match_substring_regex(values, r"[ T]24:00(:00([.,]0+)?)?( ?[Z+-].*)?$")
    next_day = _as_flags(midnight)
    values = pc.if_else(midnight, pc.replace_substring_regex(values, r"([ T])24:00", r"\100:00"), values)
    parts = pc.extract_regex(values, _DATE)
    number = {name: _whole(pc.struct_field(parts, name)) for name in "abchms"}
    length = {name: pc.fill_null(pc.utf8_length(pc.struct_field(parts, name)), 0).to_numpy() for name in "ac"}
    year_first = length["a"] > 2
    if order == "ymd":  # two digits as well, where the last number is no year: "24-01-03"
        year_first |= (length["a"] == 2) & (length["c"] <= 2)
    is_short = np.where(year_first, length["a"], length["c"]) <= 2
    year, month, day = _by_order(number, year_first, is_short, order)
    seconds, valid_clock = _seconds(number, pc.struct_field(parts, "p"))
    days, valid_day = _days(year, month, day)
    days = days + next_day
    # A fraction of any length becomes whole microseconds: padded with zeros to six digits, then cut there.
    fraction = _whole(pc.utf8_slice_codeunits(pc.utf8_rpad(pc.struct_field(parts, "f"), 6, "0"), 0, 6))
    micros = (days * 86_400 + seconds) * 1_000_000 + fraction
    valid = _as_flags(pc.is_valid(parts)) & valid_clock & valid_day
    counts, is_count = _numeric_times(values)
    micros, valid = np.where(is_count, counts, micros), valid | is_count
    clock = pa.array(micros, mask=~valid).cast(pa.timestamp("us"))
    return clock, _offsets(pc.struct_field(parts, "z"), is_count)


def _as_flags(flags: pa.Array) -> NDArray[np.bool_]:
    return is_true(flags).to_numpy(zero_copy_only=False)


def _whole(digits: pa.Array) -> NDArray[np.int64]:
    """Read digits as whole numbers; 0 where there are none."""
    present = is_true(pc.greater(pc.utf8_length(digits), 0))
    return pc.fill_null(pc.if_else(present, digits, "0").cast(pa.int64()), 0).to_numpy(zero_copy_only=False)


def _by_order(
    number: dict[str, NDArray[np.int64]], year_first: NDArray[np.bool_], is_short: NDArray[np.bool_], order: DateOrder
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Assign the three numbers of each date to year, month and day; years of two digits are 1969 to 2068."""
    first, second, third = number["a"], number["b"], number["c"]
    day_first = order != "mdy"
    year = np.where(year_first, first, third)
    year = np.where(is_short, year + np.where(year < 69, 2000, 1900), year)
    month = np.where(year_first | day_first, second, first)
    day = np.where(year_first, third, first if day_first else second)
    return year, month, day


def _seconds(number: dict[str, NDArray[np.int64]], half: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return seconds since midnight and whether the clock exists; `half` is the a or p of am and pm."""
    letter = pc.fill_null(pc.utf8_lower(half), "").to_numpy(zero_copy_only=False)
    hour, minute, second = number["h"], number["m"], number["s"]
    twelve_hour = (letter == "a") | (letter == "p")
    hour_of_day = np.where(twelve_hour, hour % 12 + np.where(letter == "p", 12, 0), hour)
    # "14:30 PM" and "0:30 AM" are written too; "14:30 AM" is neither.
    valid = (minute < 60) & (second < 61) & np.where(letter == "a", hour <= 12, hour < 24)
    return hour_of_day * 3600 + minute * 60 + second, valid


def _days(
    year: NDArray[np.int64], month: NDArray[np.int64], day: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return days since 1 Jan 1970 and whether the date exists, between 1901 and 2199."""
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[np.clip(month, 0, 12)]
    lengths = lengths + (leap & (month == 2))
    valid = (month >= 1) & (month <= 12) & (day >= 1) & (day <= lengths) & (year > 1900) & (year < 2200)
    # Howard Hinnant's days_from_civil: the year begins in March, so that the leap day is its last day;
    # an era has 400 years and 146,097 days, and 719,468 days lie between 1 March of year 0 and 1 Jan 1970.
    shifted = year - (month <= 2)
    era, year_of_era = shifted // 400, shifted % 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days = era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468
    return np.where(valid, days, 0), valid


def _numeric_times(values: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read times written as one number: seconds to nanoseconds since 1970, or a spreadsheet's day number.

    Returns
    -------
    (n,) microseconds since 1970, and (n,) which texts are such numbers
    """

    def matches(pattern: str) -> NDArray[np.bool_]:
        return _as_flags(pc.match_substring_regex(values, pattern))

    seconds, millis, micros, nanos, excel = (
        matches(r"^\d{9,10}(?:\.\d+)?$"),
        matches(r"^\d{12,13}(?:\.\d+)?$"),
        matches(r"^\d{15,16}$"),
        matches(r"^\d{18,19}$"),
        matches(r"^[2-7]\d{4}(?:\.\d+)?$"),
    )
    is_number = seconds | millis | micros | nanos | excel
    whole = nanos | micros
    numbers = pc.fill_null(pc.if_else(pa.array(is_number & ~whole), values, None).cast(pa.float64()), 0).to_numpy()
    # A double has too few digits for nanoseconds.
    long = pc.utf8_slice_codeunits(values, 0, -3)
    exact = _whole(pc.if_else(pa.array(nanos), long, pc.if_else(pa.array(micros), values, None)))
    days = np.round((numbers - _EXCEL_EPOCH_DAYS) * 86_400) * 1e6
    since = np.round(np.select([excel, millis], [days, numbers * 1e3], numbers * 1e6)).astype(np.int64)
    return np.where(whole, exact, since), is_number


def joined_date_and_time(dates: pa.Array, clocks: pa.Array) -> pa.Array:
    """Join texts of dates with those of times of day, as in two columns; a date that has a time keeps it.

    Examples
    --------
    >>> joined_date_and_time(pa.array(["2024-01-03", "2024-01-04 09:00"]), pa.array(["10:30", "11:00"])).to_pylist()
    ['2024-01-03 10:30', '2024-01-04 09:00']
    """
    has_clock = pc.match_substring_regex(dates, r"\d:\d{2}")
    both = pc.binary_join_element_wise(dates, clocks, " ")
    return pc.if_else(pc.or_(has_clock, pc.is_null(clocks)), dates, both)


def _offsets(zones: pa.Array, is_count: NDArray[np.bool_]) -> pa.Array:
    """Read zones such as ``+02:00`` as microseconds ahead of UTC; null where there is none."""
    texts = pc.fill_null(zones, "")
    sign = np.where(pc.starts_with(texts, "-").to_numpy(zero_copy_only=False), -1, 1)
    digits = pc.utf8_rpad(pc.replace_substring_regex(texts, r"[^\d]", ""), 4, "0")
    minutes = _whole(pc.utf8_slice_codeunits(digits, 0, 2)) * 60 + _whole(pc.utf8_slice_codeunits(digits, 2, 4))
    without_zone = pc.equal(texts, "").to_numpy(zero_copy_only=False) & ~is_count  # counts since 1970 are in UTC
    return pa.array(sign * minutes * 60_000_000, mask=without_zone)


def _shop_to_utc(clock: pa.Array, timezone: str, engine: EngineSection) -> pa.Array:
    if timezone == "UTC":
        return clock.cast(pa.int64()).cast(UTC)
    values, rows = distinct(clock)
    # DuckDB's ICU brings its own time zones; Arrow needs those of the system, which slim containers lack.
    with connect(engine) as connection:
        connection.register("clocks", pa.table({"clock": values, "place": np.arange(len(values))}))
        query = "SELECT timezone($zone, clock) AS ts FROM clocks ORDER BY place"
        instants = as_array(connection.sql(query, params={"zone": timezone}).to_arrow_table().column("ts"))
    return instants.cast(UTC).take(rows)
