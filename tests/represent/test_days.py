from datetime import date
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from shijin.represent.days import EPOCH, as_cutoff, as_instant, day_of
from shijin.represent.packed import DAY_US


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)))
def test_a_day_and_its_midnight_convert_to_each_other(day: date) -> None:
    assert as_cutoff(day) == (day - EPOCH).days * DAY_US
    assert as_instant(as_cutoff(day), ZoneInfo("UTC")).date() == day_of(as_cutoff(day)) == day


def test_midnights_are_the_shops_own_in_summer_and_winter() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert as_instant(as_cutoff(date(2024, 1, 15)), berlin).isoformat() == "2024-01-14T23:00:00+00:00"
    assert as_instant(as_cutoff(date(2024, 7, 15)), berlin).isoformat() == "2024-07-14T22:00:00+00:00"
