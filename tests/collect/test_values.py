"""Texts become numbers and instants as they were meant, or null."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shijin.collect.values import as_number, as_text, as_time


def instant(text: str, order: str = "ymd", zone: str = "UTC") -> datetime | None:
    return as_time(pa.array([text]), order, zone)[0].as_py()  # type: ignore[arg-type, no-any-return]


@settings(max_examples=60, deadline=None)
@given(st.datetimes(datetime(1901, 1, 1), datetime(2199, 12, 31)))  # noqa: DTZ001
def test_every_iso_time_is_read_as_python_reads_it(moment: datetime) -> None:
    assert instant(moment.isoformat()) == moment.replace(tzinfo=UTC)
    assert instant(moment.isoformat(" ", "seconds")) == moment.replace(microsecond=0, tzinfo=UTC)


@settings(max_examples=40, deadline=None)
@given(
    st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters))),
)
def test_a_told_zone_is_heeded(moment: datetime, zone: timezone) -> None:
    assert instant(moment.replace(tzinfo=zone).isoformat(), zone="Asia/Shanghai") == moment.replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "order", "wanted"),
    [
        ("5.3.2024", "dmy", (2024, 3, 5)),
        ("05-03-24", "dmy", (2024, 3, 5)),
        ("3/5/1999 7:45 PM", "mdy", (1999, 3, 5, 19, 45)),
        ("3/5/24 12:05 am", "mdy", (2024, 3, 5, 0, 5)),
        ("2024/3/5", "mdy", (2024, 3, 5)),
        ("20240305", "ymd", (2024, 3, 5)),
        ("2024年3月5日 08:09", "ymd", (2024, 3, 5, 8, 9)),
        ("5 March 2024", "ymd", (2024, 3, 5)),
        ("Mar 5, 2024 10:00", "ymd", (2024, 3, 5, 10)),
        ("Tue, 05-Mar-2024 10:00:00 GMT", "ymd", (2024, 3, 5, 10)),
        ("1709632800", "ymd", (2024, 3, 5, 10)),
        ("1709632800000", "ymd", (2024, 3, 5, 10)),
        ("45356.5", "ymd", (2024, 3, 5, 12)),
    ],
)
def test_times_are_read_as_shops_write_them(text: str, order: str, wanted: tuple[int, ...]) -> None:
    assert instant(text, order) == datetime(*wanted, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2023-02-29", "2024-13-01", "0000-01-01", "2024-01-01 25:00", "13:00", "soon", "31/04/2024"]
)
def test_what_is_no_time_is_null(text: str) -> None:
    assert instant(text, "dmy") is None


def test_the_shops_clock_follows_its_summer_time() -> None:
    zone = ZoneInfo("America/New_York")
    for month in (1, 7):
        assert instant(f"2024-0{month}-01 12:00", zone=str(zone)) == datetime(2024, month, 1, 12, tzinfo=zone)


def test_typed_times_need_no_reading() -> None:
    naive = pa.array([datetime(2024, 1, 2, 3)], pa.timestamp("ns"))  # noqa: DTZ001
    assert as_time(naive, "ymd", "Asia/Shanghai")[0].as_py() == datetime(2024, 1, 1, 19, tzinfo=UTC)
    assert as_time(naive.cast(pa.date32(), safe=False), "ymd", "UTC")[0].as_py() == datetime(2024, 1, 2, tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), st.sampled_from([".", ","]))
def test_every_price_is_read_with_either_decimal_sign_and_with_thousands(price: object, decimal: str) -> None:
    written = f"{price:,}"
    swapped = written.translate(str.maketrans(",.", ".,")) if decimal == "," else written
    for text in (swapped, f"€ {swapped}", swapped.replace("." if decimal == "," else ",", "")):
        assert as_number(pa.array([text]), decimal)[0].as_py() == float(str(price))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["12,3,4", "1.2.3", "abc", "1e999", "12x", ".", "-", "1,23"])
def test_what_is_no_number_is_null(text: str) -> None:
    assert as_number(pa.array([text]))[0].as_py() is None


def test_numbers_of_any_type_are_taken_as_they_are_meant() -> None:
    for kind in (pa.int32(), pa.float32(), pa.float64(), pa.decimal128(25, 2)):
        assert as_number(pa.array([3, None]).cast(kind)).to_pylist() == [3.0, None]
    assert as_number(pa.array([6.95], pa.float32())).to_pylist() == [6.95]
    assert as_number(pa.array([float("nan"), float("inf")])).to_pylist() == [None, None]


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789", min_size=1, max_size=25))
def test_ids_of_digits_survive_letter_by_letter_however_they_are_written(digits: str) -> None:
    written = pa.array([digits, f'="{digits}"', f"'{digits}", f" {digits}\t"])
    assert as_text(written).to_pylist() == [digits] * 4


def test_a_point_zero_is_dropped_from_long_ids_and_where_the_whole_column_has_it() -> None:
    assert as_text(pa.array(["1.0", "2.0"])).to_pylist() == ["1", "2"]
    assert as_text(pa.array(["1.0", "2.1", "13085.0"])).to_pylist() == ["1.0", "2.1", "13085"]
