"""Texts become instants, or null."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shijin.collect.times import as_time
from shijin.collect.values import as_text


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
def test_a_zone_in_the_text_wins(moment: datetime, zone: timezone) -> None:
    assert instant(moment.replace(tzinfo=zone).isoformat(), zone="Asia/Shanghai") == moment.replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "order", "expected"),
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
def test_times_are_read_as_shops_write_them(text: str, order: str, expected: tuple[int, ...]) -> None:
    assert instant(text, order) == datetime(*expected, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2023-02-29", "2024-13-01", "0000-01-01", "2024-01-01 25:00", "13:00", "soon", "31/04/2024"]
)
def test_a_text_that_is_no_time_is_null(text: str) -> None:
    assert instant(text, "dmy") is None


def test_the_shops_clock_follows_its_summer_time() -> None:
    zone = ZoneInfo("America/New_York")
    for month in (1, 7):
        assert instant(f"2024-0{month}-01 12:00", zone=str(zone)) == datetime(2024, month, 1, 12, tzinfo=zone)


def test_an_instant_with_an_unknown_zone_is_read() -> None:
    column = pa.array([datetime(2024, 3, 5, 12, tzinfo=UTC)], pa.timestamp("us", "Mars/Base"))
    assert as_time(column, "ymd", "Asia/Shanghai").to_pylist() == [datetime(2024, 3, 5, 12, tzinfo=UTC)]
    assert as_text(column).to_pylist() == ["2024-03-05 12:00:00.000000Z"]


def test_times_of_a_type_are_not_parsed() -> None:
    naive = pa.array([datetime(2024, 1, 2, 3)], pa.timestamp("ns"))  # noqa: DTZ001
    assert as_time(naive, "ymd", "Asia/Shanghai")[0].as_py() == datetime(2024, 1, 1, 19, tzinfo=UTC)
    assert as_time(naive.cast(pa.date32(), safe=False), "ymd", "UTC")[0].as_py() == datetime(2024, 1, 2, tzinfo=UTC)
