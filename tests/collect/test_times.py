"""Texts become instants, or null."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shijin.collect.times import as_time, joined_date_and_time
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


LANGUAGES = {
    "English": ("Wednesday, January 3, 2024", "Wed, 3 Jan 2024", "Jan-03-2024", "03-JAN-24", "3rd of January 2024"),
    "German": ("Mittwoch, 3. Januar 2024", "Mi., 3. Jan. 2024", "3. Jänner 2024", "Mi 03.01.2024"),
    "French": ("mercredi 3 janvier 2024", "mer. 3 janv. 2024", "3 janv. 2024", "3-janv.-24"),
    "Spanish": ("miércoles, 3 de enero de 2024", "mié 3 ene 2024", "3-ene-24", "3/ene/2024"),
    "Italian": ("mercoledì 3 gennaio 2024", "mer 3 gen 2024", "3 gen. 2024"),
    "Portuguese": ("quarta-feira, 3 de janeiro de 2024", "3 de jan. de 2024", "3/jan/2024"),
    "Dutch": ("woensdag 3 januari 2024", "wo 3 jan. 2024"),
    "Swedish": ("onsdag 3 januari 2024",),
    "Polish": ("3 stycznia 2024", "3 sty 2024"),
    "Russian": ("3 января 2024 г.", "среда, 3 января 2024"),
    "Turkish": ("3 Ocak 2024", "03 Oca 2024"),
    "Chinese": ("2024年1月3日", "2024年01月03日 星期三", "2024年1月3日（周三）", "2024年1月3号", "星期三, 2024-01-03"),
    "Japanese": ("2024年1月3日(水)", "2024年1月3日 水曜日"),
    "Korean": ("2024년 1월 3일", "2024. 1. 3.", "2024년 1월 3일 수요일"),
    "full width": ("２０２４／１／３", "２０２４－０１－０３", "２０２４年１月３日"),
    "figures": ("2024.01.03", "2024/1/3", "3. 1. 2024", "2024 01 03", "20240103", "1704240000", "٣/١/٢٠٢٤"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_is_read_in_the_languages_of_shops(language: str) -> None:
    for text in LANGUAGES[language]:
        assert instant(text, "dmy") == datetime(2024, 1, 3, tzinfo=UTC), text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mar 5 mars 2024", (2024, 3, 5)),  # a Tuesday in French, then the month
        ("martes 5 de marzo de 2024", (2024, 3, 5)),
        ("Mar 5, 2024", (2024, 3, 5)),
        ("3 août 2024 14h30", (2024, 8, 3, 14, 30)),
        ("3 févr. 2024 à 10:05", (2024, 2, 3, 10, 5)),
        ("1er déc. 2024", (2024, 12, 1)),
        ("3. März 2024 um 10:05 Uhr", (2024, 3, 3, 10, 5)),
        ("3 de março de 2024 às 10:05", (2024, 3, 3, 10, 5)),
        ("3 Jan 2024 14:30", (2024, 1, 3, 14, 30)),
        ("Jan 3, 2024 10:00:00 AM", (2024, 1, 3, 10)),
        ("2:30 PM, Jan 3, 2024", (2024, 1, 3, 14, 30)),
        ("Wed Jan  3 10:05:00 2024", (2024, 1, 3, 10, 5)),
        ("03JAN2024", (2024, 1, 3)),
        ("20240105143000", (2024, 1, 5, 14, 30)),
        ("202401051430", (2024, 1, 5, 14, 30)),
        ("20240105 14:30:00", (2024, 1, 5, 14, 30)),
        ("1704292200", (2024, 1, 3, 14, 30)),
        ("1704292200.5", (2024, 1, 3, 14, 30, 0, 500_000)),
        ("1704292200123", (2024, 1, 3, 14, 30, 0, 123_000)),
        ("1704292200123456", (2024, 1, 3, 14, 30, 0, 123_456)),
        ("1704292200123456789", (2024, 1, 3, 14, 30, 0, 123_456)),
        ("2024-01-03 10:05:00.25", (2024, 1, 3, 10, 5, 0, 250_000)),
        ("2024-01-03 10:05:00,1234567", (2024, 1, 3, 10, 5, 0, 123_456)),
        ("2024-1-3 9:5:7", (2024, 1, 3, 9, 5, 7)),
        ("2024-01-03\n10:05", (2024, 1, 3, 10, 5)),
        ("2024-01-03 24:00:00", (2024, 1, 4)),
        ("2024-12-31 24:00", (2025, 1, 1)),
    ],
)
def test_dates_and_times_of_day_are_read_together(text: str, expected: tuple[int, ...]) -> None:
    assert instant(text) == datetime(*expected, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("clock", "hour", "minute"),
    [
        ("下午2:30", 14, 30),
        ("下午 2:30", 14, 30),
        ("下午2时30分", 14, 30),
        ("14时30分00秒", 14, 30),
        ("14点半", 14, 30),
        ("14：30", 14, 30),
        ("下午14:30", 14, 30),
        ("上午10:05", 10, 5),
        ("上午12:05", 0, 5),
        ("下午12:05", 12, 5),
        ("中午12:05", 12, 5),
        ("中午11:50", 11, 50),
        ("中午1:05", 13, 5),
        ("凌晨0:05", 0, 5),
        ("凌晨3:05", 3, 5),
        ("早上8:00", 8, 0),
        ("晚上8:05", 20, 5),
        ("晚上20:05", 20, 5),
        ("午後2:30", 14, 30),
        ("오후 2:30", 14, 30),
        ("2:30 PM", 14, 30),
        ("2:30 p.m.", 14, 30),
        ("2:30 p. m.", 14, 30),
        ("2:30\u202fPM", 14, 30),
        ("2:30pm", 14, 30),
        ("2 PM", 14, 0),
        ("12:05 AM", 0, 5),
        ("12:05 a.m.", 0, 5),
    ],
)
def test_halves_of_the_day_are_read(clock: str, hour: int, minute: int) -> None:
    for date in ("2024/1/3", "2024-01-03", "2024年1月3日"):
        assert instant(f"{date} {clock}") == datetime(2024, 1, 3, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2024-07-03T10:05:00+00:00", 0),
        ("2024-07-03 10:05:00 UTC", 0),
        ("2024-07-03T10:05Z", 0),
        ("20240703T100500Z", 0),
        ("2024-07-03 10:05:00 +0200", 2),
        ("2024-07-03 10:05:00+02", 2),
        ("2024-07-03 10:05 CEST", 2),
        ("2024-07-03 10:05 JST", 9),
        ("2024-07-03 10:05 EST", -5),
        ("Jul 3, 2024 10:05:00 AM PDT", -7),
        ("10:05:00 Jul 03, 2024 PDT", -7),
        ("3 jul 2024 10:05:00 GMT-8", -8),
        ("2024-07-03 10:05 UTC+08:00", 8),
        ("2024-07-03T10:05:00+08:00[Asia/Shanghai]", 8),
        ("Wed Jul 03 2024 10:05:00 GMT+0200 (Central European Summer Time)", 2),
        ("Wed Jul 03 10:05:00 CST 2024", -6),
        ("03/Jul/2024:10:05:00 +0200", 2),
    ],
)
def test_a_zone_by_name_or_offset_wins_over_the_shops(text: str, hours: int) -> None:
    assert instant(text, zone="Europe/Berlin") == datetime(2024, 7, 3, 10, 5, tzinfo=timezone(timedelta(hours=hours)))


def test_cst_is_the_time_of_china_for_a_shop_in_asia() -> None:
    assert instant("Wed Jul 03 10:05:00 CST 2024", zone="Asia/Shanghai") == datetime(2024, 7, 3, 2, 5, tzinfo=UTC)


@settings(max_examples=80, deadline=None)
@given(
    st.datetimes(datetime(1972, 1, 1), datetime(2068, 12, 31)).map(lambda moment: moment.replace(microsecond=0)),  # noqa: DTZ001
    st.sampled_from(
        [
            ("%d-%b-%y %H:%M:%S", "ymd"),
            ("%a, %d %b %Y %I:%M:%S %p", "ymd"),
            ("%B %d, %Y, %I:%M:%S %p", "ymd"),
            ("%a %b %d %H:%M:%S %Y", "ymd"),
            ("%Y%m%d%H%M%S", "ymd"),
            ("%d/%m/%Y %H:%M:%S", "dmy"),
            ("%m/%d/%y %I:%M:%S %p", "mdy"),
            ("%d.%m.%y %H:%M:%S", "dmy"),
            ("%y-%m-%d %H:%M:%S", "ymd"),
            ("%Y年%m月%d日 %H时%M分%S秒", "ymd"),
            ("%Y/%m/%d %H：%M：%S", "ymd"),
        ]
    ),
)
def test_every_moment_written_in_a_style_is_read_back(moment: datetime, style: tuple[str, str]) -> None:
    written, order = style
    assert instant(moment.strftime(written), order) == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "20240230",
        "20240230143000",
        "20240105253000",
        "31-Feb-2024",
        "Jan 32, 2024",
        "2024-01-03 10:61",
        "2024-01-03 24:00:01",
        "2024-01-03 10:05 +25:00",
        "1/3/2024 13:30 AM",
        "2024/1/3 晚上12:05",  # of this day or the next
        "3 Marvin 2024",
        "Marble 3, 2024",
        "Order 3 Jan 2024",
        "下午2:30",
        "2024年1月",
        "0000-00-00 00:00:00",
        "99999999999999",
        "2024",
    ],
)
def test_what_is_no_date_of_any_language_is_null(text: str) -> None:
    assert instant(text, "mdy") is None


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


def test_a_column_of_dates_and_one_of_times_are_read_as_one() -> None:
    joined = joined_date_and_time(pa.array(["01/03/2024", "01/04/2024", None]), pa.array(["10:30:00", None, "11:00"]))
    assert as_time(joined, "mdy", "UTC").to_pylist() == [
        datetime(2024, 1, 3, 10, 30, tzinfo=UTC),
        datetime(2024, 1, 4, tzinfo=UTC),
        None,
    ]
