"""Times after now are of another clock: the zone is set where the file says which, else named."""

from datetime import timedelta
from pathlib import Path

import pytest

from collecting import NOW, read_file, utc, values_of
from shijin.collect import Collected
from shijin.config import Config, ShopSection

ENGLISH, CHINESE = "customer,date,total,currency\n", "买家会员名,付款时间,实付款,币种\n"


def orders_of_today(folder: Path, header: str, hours: float, currency: str, config: Config | None = None) -> Collected:
    """Three orders of a clock that is some hours ahead of UTC, the last one just placed, and one of last week."""
    minutes = (-300, -90, -1, -7 * 24 * 60)
    times = [NOW + timedelta(hours=hours, minutes=minute) for minute in minutes]
    rows = [f"c{place},{time:%Y-%m-%d %H:%M:%S},10,{currency}\n" for place, time in enumerate(times)]
    return read_file(folder, header + "".join(rows), config=config)


def codes(collected: Collected) -> list[str]:
    return collected.findings["code"].to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("header", "hours", "currency", "zone"),
    [
        (CHINESE, 8, "", "Asia/Shanghai"),
        (ENGLISH, 8, "CNY", "Asia/Shanghai"),
        (ENGLISH, 9, "JPY", "Asia/Tokyo"),
        (ENGLISH, 9, "KRW", "Asia/Seoul"),
        (ENGLISH, 5.5, "INR", "Asia/Kolkata"),
        (ENGLISH, 11, "AUD", "Australia/Sydney"),
        (ENGLISH, 1, "EUR", "Europe/Paris"),
    ],
)
def test_the_zone_of_the_language_or_currency_is_set_where_it_explains_the_times(
    tmp_path: Path, header: str, hours: float, currency: str, zone: str
) -> None:
    collected = orders_of_today(tmp_path, header, hours, currency)
    assert collected.timezone == zone
    assert codes(collected) == ["zone_set"]
    assert max(values_of(collected, "ts")) == (NOW - timedelta(minutes=1),)
    assert collected.events.num_rows == 4


@pytest.mark.parametrize(("header", "hours", "currency"), [(ENGLISH, 8, ""), (ENGLISH, 8, "EUR"), (ENGLISH, 3, "USD")])
def test_another_clock_without_a_zone_is_named_and_its_rows_are_kept(
    tmp_path: Path, header: str, hours: float, currency: str
) -> None:
    collected = orders_of_today(tmp_path, header, hours, currency)
    assert collected.timezone is None
    assert codes(collected) == ["zone_guessed"]
    assert collected.events.num_rows == 4


def test_the_zone_of_the_settings_stays_and_the_day_of_tolerance_counts(tmp_path: Path) -> None:
    config = Config(shop=ShopSection(timezone="Europe/Berlin"))
    collected = orders_of_today(tmp_path, CHINESE, 8, "", config)
    assert collected.timezone is None
    assert codes(collected) == ["zone_guessed"]
    assert "Asia/Shanghai" in str(collected.findings.to_pylist())
    assert max(values_of(collected, "ts")) == (NOW + timedelta(hours=7, minutes=-1),)


def test_the_advice_is_never_the_zone_that_is_set(tmp_path: Path) -> None:
    config = Config(shop=ShopSection(timezone="Asia/Shanghai"))
    collected = orders_of_today(tmp_path, CHINESE, 11, "", config)
    assert codes(collected) == ["zone_guessed"]
    assert "Asia/Shanghai" not in str(collected.findings.to_pylist())


def test_a_file_without_times_after_now_is_read_as_it_is(tmp_path: Path) -> None:
    collected = orders_of_today(tmp_path, CHINESE, 0, "CNY")
    assert collected.timezone is None
    assert codes(collected) == []


def test_rows_more_than_a_day_after_now_are_set_aside(tmp_path: Path) -> None:
    file = ENGLISH + "".join(f"a,2024-12-{day:02d},10,\n" for day in range(1, 31)) + "a,2025-01-02 00:01,10,\n"
    collected = read_file(tmp_path, file)
    assert collected.rejected["reason"].to_pylist() == ["future_date"]
    assert "zone_guessed" not in codes(collected)


def test_times_with_a_zone_of_their_own_are_no_evidence(tmp_path: Path) -> None:
    collected = read_file(tmp_path, CHINESE + "a,2025-01-01T07:00:00+08:00,10,\n")
    assert values_of(collected, "ts") == [(utc(2024, 12, 31, 23),)]
    assert codes(collected) == []
