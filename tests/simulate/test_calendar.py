"""One clock a shop: each knob makes it run faster where it says, and nowhere else. Days are days of the window."""

from dataclasses import replace
from datetime import date, timedelta
from math import e, exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.simulate.calendar import Calendar
from shijin.simulate.knobs import Knobs
from shijin.simulate.shops import simulate

NEW_YEAR = Knobs(days=1461, start=date(2023, 1, 1))  # a Sunday
STEADY = Knobs(customers=600, days=364, joining=0.0, dropout="none", rate_shape=100, rate_scale_days=1000, items=0)


def calendar_of(knobs: Knobs, seed: int = 0) -> Calendar:
    return Calendar.of(knobs, np.random.default_rng(seed))


def busy(knobs: Knobs, seed: int = 0) -> np.ndarray:
    """How fast the shop's clock runs on each day of the window."""
    return np.diff(calendar_of(knobs, seed).elapsed(np.arange(knobs.days + 1.0)))


def test_without_knobs_the_clock_counts_days() -> None:
    calendar = calendar_of(Knobs(days=400, before_days=200))
    days = np.array([-200.0, -0.5, 0.0, 17.25, 400.0])
    np.testing.assert_allclose(calendar.elapsed(days), days, atol=1e-9)
    np.testing.assert_allclose(calendar.day_at(days), days, atol=1e-9)


def test_activity_is_measured_over_whole_weeks_against_the_mean() -> None:
    weekly = calendar_of(replace(NEW_YEAR, weekend=1.0))
    np.testing.assert_allclose(weekly.log_busy(np.linspace(0, 1461, 300)), 0, atol=0.005)
    holiday = calendar_of(replace(NEW_YEAR, holiday_lift=1.0, holiday_day=100.0, holiday_width_days=30.0))
    peak, far = holiday.log_busy(np.array([100.0, 250.0]))
    assert peak - far == pytest.approx(1, abs=0.01)
    assert (far < 0 < peak, far > -0.4) == (True, True)


@pytest.mark.parametrize("before_days", [0, 100])
def test_the_clock_stands_at_zero_when_the_window_begins(before_days: int) -> None:
    calendar = calendar_of(replace(NEW_YEAR, before_days=before_days, weekend=1.0, season_amplitude=0.5))
    assert calendar.elapsed(np.zeros(1)) == pytest.approx(0, abs=1e-9)


BUSY = Knobs(
    days=700,
    before_days=300,
    weekend=-0.7,
    season_amplitude=0.5,
    holiday_lift=1.2,
    trend=-0.6,
    promotions=3,
    promotion_lift=-0.5,
)


@given(st.lists(st.floats(-300, 700), min_size=1, max_size=20), st.integers(0, 20))
def test_days_and_operational_time_are_each_others_inverse(days: list[float], seed: int) -> None:
    calendar = calendar_of(BUSY, seed)
    there = calendar.elapsed(np.array(days))
    np.testing.assert_allclose(calendar.day_at(there), days, atol=1e-6)
    assert (np.diff(calendar.elapsed(np.sort(days))) >= 0).all()


def test_operational_time_after_the_window_has_no_day() -> None:
    calendar = calendar_of(Knobs(days=100))
    assert calendar.day_at(np.array([1e6])).tolist() == [np.inf]


@pytest.mark.parametrize("weekend", [-1.0, -0.4, 0.8])
def test_weekends_are_busier_by_their_knob_and_weekdays_are_all_alike(weekend: float) -> None:
    speed_by_day = busy(replace(NEW_YEAR, weekend=weekend))
    weekdays = [(NEW_YEAR.start + timedelta(days=day)).weekday() for day in range(NEW_YEAR.days)]
    np.testing.assert_allclose(speed_by_day, [1 + weekend if day >= 5 else 1 for day in weekdays], atol=1e-9)


def test_orders_fall_on_weekends_as_often_as_the_knob_sets() -> None:
    shop = simulate(replace(STEADY, weekend=0.8), seed=1)
    ts = shop.packed.moments.ts
    weekday = (ts // 86_400_000_000 + 3) % 7  # 1970 began on a Thursday
    share = (weekday >= 5).mean()
    expected = 2 * 1.8 / (5 + 2 * 1.8)  # .419; 2/7 without
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / len(ts)))


def test_a_season_is_highest_on_its_day_and_lowest_half_a_year_later() -> None:
    speed_by_day = busy(replace(NEW_YEAR, season_amplitude=0.6, season_peak_day=100.0))[:365]
    assert abs(int(speed_by_day.argmax()) - 100) <= 1
    assert abs(int(speed_by_day.argmin()) - (100 + 183)) <= 1
    assert speed_by_day.max() == pytest.approx(1.6, abs=1e-3)
    assert speed_by_day.min() == pytest.approx(0.4, abs=1e-3)


def test_the_day_of_the_year_counts_from_january_whenever_a_window_begins() -> None:
    knobs = replace(NEW_YEAR, start=date(2023, 7, 1), holiday_lift=1.0, holiday_day=330.0)  # 27 November
    assert abs(int(busy(knobs)[:365].argmax()) - (date(2023, 11, 27) - date(2023, 7, 1)).days) <= 1


@pytest.mark.parametrize("lift", [-1.0, 0.9])
def test_a_holiday_lifts_its_day_by_exp_of_the_lift_and_fades_with_its_width(lift: float) -> None:
    knobs = replace(NEW_YEAR, holiday_lift=lift, holiday_day=200.0, holiday_width_days=12.0)
    calendar = calendar_of(knobs)
    speed = np.diff(calendar.elapsed(np.array([199.5, 200.5, 212.0, 213.0, 300.0, 301.0])))[::2]
    assert speed[0] == pytest.approx(exp(lift), rel=0.01)
    assert speed[1] == pytest.approx(1 + (exp(lift) - 1) / e, rel=0.08)  # a width away
    assert speed[2] == pytest.approx(1, abs=1e-6)


def test_a_holiday_comes_every_year_and_reaches_over_new_year() -> None:
    speed_by_day = busy(replace(NEW_YEAR, holiday_lift=1.0, holiday_day=362.0, holiday_width_days=10.0))
    for year in (0, 1, 2):
        around = speed_by_day[round(365.25 * year) + 350 : round(365.25 * year) + 375]
        assert around.max() == pytest.approx(exp(1), rel=0.01)
        assert around[-6] > 1.4  # the fourth of January
    assert speed_by_day[3] > 1.3  # and so in the first January


def test_a_trend_changes_the_log_by_its_knob_a_year_and_only_within_the_window() -> None:
    knobs = replace(NEW_YEAR, before_days=500, trend=-0.3)
    speed_by_day = busy(knobs)
    assert log(speed_by_day[800] / speed_by_day[0]) == pytest.approx(-0.3 * 800 / 365.25, abs=1e-6)
    before = np.diff(calendar_of(knobs).elapsed(np.arange(-500.0, 0.0)))
    np.testing.assert_allclose(before, 1, atol=1e-9)


def test_no_trend_makes_another_shop_of_it() -> None:
    speed_by_day = busy(replace(NEW_YEAR, trend=5.0))
    assert log(speed_by_day[-1] / speed_by_day[0]) == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize("lift", [-0.5, 0.6])
def test_promotions_lift_some_days_all_alike_for_as_long_as_they_run(lift: float) -> None:
    knobs = replace(NEW_YEAR, promotions=3, promotion_lift=lift, promotion_days=20.0)
    for seed in range(10):
        speed_by_day = busy(knobs, seed)
        lifted = ~np.isclose(speed_by_day, 1)
        np.testing.assert_allclose(speed_by_day[lifted], exp(lift), rtol=1e-9)  # two at once are no stronger
        assert 1 <= lifted.sum() <= 3 * 21
    assert not np.allclose(busy(knobs, 0), busy(knobs, 1))


def test_a_single_promotion_runs_without_a_break() -> None:
    for seed in range(10):
        days = np.flatnonzero(busy(replace(NEW_YEAR, promotions=1, promotion_days=20.0), seed) > 1)
        assert len(days) == days[-1] - days[0] + 1
        assert len(days) in (20, 21) or days[-1] == NEW_YEAR.days - 1


def test_an_uneven_calendar_keeps_orders_where_it_is_busy() -> None:
    knobs = replace(STEADY, start=date(2023, 1, 2), holiday_lift=1.2, holiday_day=180.0, trend=0.5, promotions=2)
    shop = simulate(knobs, seed=3)
    day = (shop.packed.moments.ts - shop.packed.start) / 86_400_000_000
    months = np.arange(0, 365, 28)
    counts = np.histogram(day[day >= 1], np.maximum(months, 1))[0]
    expected = np.diff(shop.calendar.elapsed(np.maximum(months, 1).astype(float)))
    expected *= shop.truth.rates.sum()
    assert (np.abs(counts - expected) < 4.5 * np.sqrt(expected)).all()
