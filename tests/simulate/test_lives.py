"""When customers order: each knob measured on lives drawn with it. Margins are several standard errors wide."""

from dataclasses import replace
from math import exp, gamma, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.simulate.calendar import Calendar
from shijin.simulate.knobs import Knobs
from shijin.simulate.lives import Lives, PersonalTime, simulate_lives

# Everybody is there from the first day on, stays, and orders once a day on average.
DAILY = Knobs(
    customers=1000,
    days=200,
    joining=0.0,
    dropout="none",
    rates="lognormal",
    rate_median_days=1.0,
    rate_spread=0.0,
)
# Many lives that all end inside the window.
MORTAL = Knobs(customers=4000, days=10_000, joining=0.0, rate_scale_days=2000.0, dropout="lifetime", lifetime_days=50.0)


def lives(knobs: Knobs, seed: int = 1) -> Lives:
    return simulate_lives(knobs, np.random.default_rng(seed))


def gaps_of(one: Lives, count: int) -> np.ndarray:
    """(n, count) the first gaps of the customers customer have as many."""
    counts = np.bincount(one.customer, minlength=len(one.rates))
    starts = np.cumsum(counts) - counts
    enough = starts[counts > count]
    return np.diff(one.day[enough[:, None] + np.arange(count + 1)], axis=1)


def counts_of(one: Lives, first: float, last: float) -> np.ndarray:
    inside = (one.day >= first) & (one.day < last)
    return np.bincount(one.customer[inside], minlength=len(one.rates))


# --- rates ------------------------------------------------------------------------------------------------------------


def test_gamma_rates_have_the_mean_and_the_spread_of_their_knobs() -> None:
    rates = lives(Knobs(customers=20_000, rate_shape=2.0, rate_scale_days=50.0)).rates
    assert rates.mean() == pytest.approx(2 / 50, rel=0.03)
    assert rates.std() == pytest.approx(sqrt(2) / 50, rel=0.05)


def test_lognormal_rates_have_the_median_and_the_spread_of_their_knobs() -> None:
    logs = np.log(lives(Knobs(customers=20_000, rates="lognormal", rate_median_days=30.0, rate_spread=1.2)).rates)
    assert np.median(logs) == pytest.approx(np.log(1 / 30), abs=0.05)
    assert logs.std() == pytest.approx(1.2, rel=0.03)


def test_customers_order_as_often_as_their_rate() -> None:
    one = lives(replace(DAILY, rate_spread=0.8, rate_median_days=4.0))
    counts = counts_of(one, 1, 200)
    expected = one.rates * 199
    assert counts.sum() == pytest.approx(expected.sum(), abs=5 * sqrt(expected.sum()))
    assert np.corrcoef(counts, expected)[0, 1] > 0.97


def test_the_number_of_a_customers_orders_is_bounded() -> None:
    assert counts_of(lives(replace(DAILY, customers=3, days=300, rate_median_days=0.1)), 0, 300).max() <= 2001


def test_the_busiest_founders_do_not_fall_silent_at_that_limit() -> None:
    one = lives(replace(DAILY, customers=20, days=300, before_days=600, founders=1.0, rate_median_days=0.1))
    assert (counts_of(one, 280, 300) > 10).all()


# --- drift ------------------------------------------------------------------------------------------------------------


def drift_of(spread: float, days: float, customers: int = 4000) -> tuple[np.ndarray, float]:
    """(n, pieces) log of how fast each customer's clock runs, and the days of a piece."""
    knobs = replace(DAILY, customers=customers, days=960, drift_spread=spread, drift_days=days)
    rng = np.random.default_rng(2)
    clock = PersonalTime.of(knobs, Calendar.of(knobs, rng), rng)
    assert clock.lived is not None
    width = clock.knots[1] - clock.knots[0]
    return np.log(np.diff(clock.lived, axis=1) / width), float(width)


@pytest.mark.parametrize(("spread", "days"), [(0.3, 30.0), (0.8, 200.0), (0.6, 2000.0)])
def test_drift_is_an_ornstein_uhlenbeck_process_of_its_spread_and_memory(spread: float, days: float) -> None:
    logs, width = drift_of(spread, days)
    np.testing.assert_allclose(logs.std(axis=0), spread, rtol=0.06)  # as wide at every age: it is stationary
    for lag in (1, 5, 20):
        correlation = np.corrcoef(logs[:, 3], logs[:, 3 + lag])[0, 1]
        assert correlation == pytest.approx(exp(-lag * width / days), abs=0.07)


def test_drift_keeps_the_mean_rate() -> None:
    logs, _ = drift_of(0.7, 200.0)
    assert np.exp(logs).mean() == pytest.approx(1, abs=0.03)
    one = lives(replace(DAILY, customers=3000, drift_spread=0.7, drift_days=20.0))
    assert counts_of(one, 1, 200).mean() == pytest.approx(199, rel=0.03)


def test_slow_drift_shows_as_counts_that_go_together_and_quick_drift_does_not() -> None:
    def correlation(spread: float, days: float) -> float:
        one = lives(replace(DAILY, drift_spread=spread, drift_days=days))
        return float(np.corrcoef(counts_of(one, 1, 100), counts_of(one, 101, 200))[0, 1])

    assert abs(correlation(0.0, 400.0)) < 0.12
    assert abs(correlation(0.6, 5.0)) < 0.25
    assert correlation(0.6, 2000.0) > 0.7


@given(st.integers(0, 50), st.lists(st.floats(-90, 199), min_size=3, max_size=3))
def test_every_customers_clock_and_its_inverse_agree(seed: int, days: list[float]) -> None:
    knobs = replace(DAILY, customers=5, before_days=90, drift_spread=0.9, drift_days=30.0, weekend=-0.5)
    rng = np.random.default_rng(seed)
    clock = PersonalTime.of(knobs, Calendar.of(knobs, rng), rng)
    customer = np.array([4, 0, 2])
    there = clock.elapsed(np.array(days), customer)
    np.testing.assert_allclose(clock.day_at(there[:, None], customer)[:, 0], days, atol=1e-5)


# --- gaps -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("regularity", "clumps"), [(1.0, 0.0), (0.5, 0.0), (4.0, 0.0), (1.0, 0.3), (1.0, 0.6)])
def test_gaps_have_mean_one_however_they_are_spread(regularity: float, clumps: float) -> None:
    gaps = gaps_of(lives(replace(DAILY, regularity=regularity, clumps=clumps)), 60)
    assert len(gaps) == 1000
    assert gaps.mean() == pytest.approx(1, abs=0.03)


def test_gaps_within_clumps_are_a_tenth_as_long() -> None:
    gaps = gaps_of(lives(replace(DAILY, clumps=0.4)), 60).ravel()
    # Exponential gaps times a factor: .02 to .2 within clumps (mean square .0148), 1.5933 between.
    assert gaps.var() == pytest.approx(2 * (0.4 * 0.0148 + 0.6 * 1.5933**2) - 1, rel=0.05)
    # Of those within clumps 1 - E exp(-.05 / u) are shorter than .05: .427; of the others .031.
    assert (gaps < 0.05).mean() == pytest.approx(0.4 * 0.427 + 0.6 * 0.031, abs=0.01)


def test_regularity_differs_between_customers_by_its_spread() -> None:
    one = lives(replace(DAILY, regularity=2.0, regularity_spread=0.6))
    logs = np.log(one.regularity)
    assert logs.mean() == pytest.approx(np.log(2), abs=0.08)
    assert logs.std() == pytest.approx(0.6, rel=0.1)
    gaps = gaps_of(one, 100)
    variation = (gaps.std(axis=1) / gaps.mean(axis=1)) ** 2 * one.regularity  # of a gamma: 1 / k
    assert np.median(variation) == pytest.approx(1, abs=0.05)
    assert np.corrcoef(np.log(gaps.std(axis=1) / gaps.mean(axis=1)), logs)[0, 1] < -0.9


@pytest.mark.parametrize("slowing", [-0.3, 0.25])
def test_the_nth_gap_is_n_to_the_slowing_times_the_first(slowing: float) -> None:
    gaps = gaps_of(lives(replace(DAILY, customers=3000, regularity=4.0, slowing=slowing)), 25).mean(axis=0)
    np.testing.assert_allclose(gaps, np.arange(1, 26) ** slowing, rtol=0.06)


# --- leaving ----------------------------------------------------------------------------------------------------------


def test_the_chance_of_dropping_out_is_the_same_at_each_repeat_order() -> None:
    one = lives(
        Knobs(customers=6000, days=5000, joining=0.0, rate_shape=50, rate_scale_days=1000, dropout_a=20, dropout_b=80)
    )
    counts = counts_of(one, 0, 5000)
    assert one.drop_chances.mean() == pytest.approx(0.2, abs=0.005)
    assert counts.min() == 2  # the first repeat order is the first chance
    assert counts.mean() == pytest.approx(1 + 99 / 19, rel=0.03)  # 1 + E 1/p
    assert (counts == 2).mean() == pytest.approx(0.2, abs=0.025)
    last = one.day[np.cumsum(counts) - 1]
    np.testing.assert_array_equal(last, one.deaths)


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.5])
def test_lifetimes_are_weibull(shape: float) -> None:
    one = lives(replace(MORTAL, lifetime_shape=shape))
    lasted = one.deaths - one.births
    for days in (10, 50, 120):
        assert (lasted > days).mean() == pytest.approx(exp(-((days / 50) ** shape)), abs=0.035)
    if shape >= 1:
        assert lasted.mean() == pytest.approx(50 * gamma(1 + 1 / shape), rel=0.06)


def test_lifetimes_differ_between_customers_by_their_spread() -> None:
    def width(spread: float) -> float:
        one = lives(replace(MORTAL, customers=20_000, lifetime_spread=spread, lifetime_days=30.0))
        return float(np.log(one.deaths - one.births).var())

    assert width(0.0) == pytest.approx(np.pi**2 / 6, rel=0.06)  # of the log of an exponential
    assert width(0.8) == pytest.approx(np.pi**2 / 6 + 0.64, rel=0.06)


@pytest.mark.parametrize("tie", [-0.5, 0.4])
def test_lifetimes_go_with_rates_to_the_power_of_their_tie(tie: float) -> None:
    one = lives(replace(MORTAL, rates="lognormal", rate_spread=0.8, lifetime_rate_tie=tie))
    slope = np.polyfit(np.log(one.rates), np.log(one.deaths - one.births), 1)[0]
    assert slope == pytest.approx(tie, abs=0.1)


def test_there_are_no_orders_after_death_and_deaths_after_the_window_are_unknown() -> None:
    one = lives(replace(MORTAL, days=60, rate_scale_days=5.0))
    assert (one.day <= one.deaths[one.customer]).all()
    assert np.isinf(one.deaths).mean() == pytest.approx(exp(-60 / 50), abs=0.05)
    assert one.deaths[np.isfinite(one.deaths)].max() < 60
    assert np.isinf(one.returns).all()


# --- coming back ------------------------------------------------------------------------------------------------------

RETURNING = replace(MORTAL, customers=2000, days=3000, rate_shape=50, rate_scale_days=500, comeback=0.3)


def test_a_share_of_lost_customers_comes_back_after_an_absence() -> None:
    one = lives(RETURNING)
    after = np.bincount(one.customer[one.day > one.deaths[one.customer]], minlength=2000) > 0
    assert after.mean() == pytest.approx(0.3, abs=0.045)
    absent = (one.returns - one.deaths)[np.isfinite(one.returns)]
    assert absent.mean() == pytest.approx(1.5 * 50, rel=0.15)


def test_customers_do_not_order_while_away_and_stay_after_coming_back() -> None:
    one = lives(RETURNING)
    died, back = one.deaths[one.customer], one.returns[one.customer]
    assert ((one.day <= died) | (one.day >= back)).all()
    returned = one.returns < 2900
    assert (counts_of(one, 2900, 3000)[returned] > 0).mean() > 0.95  # ten orders are expected of each


def test_one_timers_are_a_share_and_come_back_only_where_customers_do() -> None:
    knobs = replace(DAILY, one_timers=0.4)
    assert (counts_of(lives(knobs), 0, 200) == 1).mean() == pytest.approx(0.4, abs=0.07)
    # 500 days away on average times 1.5: a fifth of them is back within the window.
    back = counts_of(lives(replace(knobs, one_timers=1.0, comeback=1.0)), 0, 200) > 1
    assert back.mean() == pytest.approx(1 - exp(-200 / 750), abs=0.06)


def share_of_one_timers(one: Lives, joined: tuple[float, float]) -> float:
    return float(one.one_timer[(one.births >= joined[0]) & (one.births < joined[1])].mean())


@pytest.mark.parametrize("tie", [1.5, -1.5])
def test_customers_who_join_in_a_busy_time_are_one_timers_by_the_odds_of_the_knob(tie: float) -> None:
    knobs = replace(DAILY, customers=60_000, days=360, joining=1.0, one_timers=0.3, busy_one_timers=tie)
    one = lives(replace(knobs, holiday_lift=1.0, holiday_day=200.0, holiday_width_days=30.0))
    log_busy = one.calendar.log_busy(np.array([199.5, 40.0]))
    odds = 0.3 / 0.7 * np.exp(tie * log_busy)
    assert log_busy[0] - log_busy[1] == pytest.approx(1, abs=0.01)
    assert share_of_one_timers(one, (194, 205)) == pytest.approx(odds[0] / (1 + odds[0]), abs=0.02)
    assert share_of_one_timers(one, (10, 80)) == pytest.approx(odds[1] / (1 + odds[1]), abs=0.02)


def test_customers_who_join_late_are_one_timers_by_the_odds_of_the_knob() -> None:
    knobs = replace(DAILY, customers=60_000, days=100, joining=1.0, one_timers=0.5, late_one_timers=2.0)
    one = lives(knobs)
    assert share_of_one_timers(one, (0, 5)) == pytest.approx(1 / (1 + exp(0.95)), abs=0.03)
    assert share_of_one_timers(one, (95, 100)) == pytest.approx(1 / (1 + exp(-0.95)), abs=0.03)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_shares_of_one_timers_of_0_and_1_are_not_changed_by_odds(share: float) -> None:
    one = lives(replace(DAILY, joining=1.0, one_timers=share, busy_one_timers=2.0, late_one_timers=2.0, weekend=1.0))
    assert (one.one_timer == bool(share)).all()


def test_customers_who_came_back_and_drop_out_at_an_order_stay_away() -> None:
    knobs = replace(DAILY, customers=500, days=2000, one_timers=1.0, comeback=1.0, lifetime_days=20.0)
    one = lives(replace(knobs, dropout="at_order", dropout_a=500.0, dropout_b=500.0))  # every other order is the last
    counts = counts_of(one, 0, 2000)
    assert counts.mean() == pytest.approx(3, abs=0.3)  # the first, and 1 / p after coming back
    assert counts.max() < 20


# --- joining ----------------------------------------------------------------------------------------------------------


def test_joining_spreads_first_orders_over_its_share_of_the_window() -> None:
    births = lives(replace(DAILY, joining=0.25)).births
    assert (births.min() >= 0, births.max() <= 50) == (True, True)
    assert births.mean() == pytest.approx(25, abs=2.5)
    assert lives(DAILY).births.max() <= 1


@pytest.mark.parametrize(("growth", "half"), [(0.0, 0.5), (1.0, 0.25), (-1.0, 0.75), (-3.0, 1 - 0.5**4)])
def test_growth_bends_when_newcomers_join(growth: float, half: float) -> None:
    births = lives(replace(DAILY, customers=4000, joining=1.0, growth=growth)).births
    assert (births < 100).mean() == pytest.approx(half, abs=0.04)


@pytest.mark.parametrize("founders", [0.0, 0.6, 1.0])
def test_founders_joined_evenly_before_the_window_and_the_others_within(founders: float) -> None:
    knobs = replace(DAILY, customers=4000, before_days=300, joining=1.0, growth=1.0, founders=founders)
    births = lives(knobs).births
    before = births < 0
    assert before.mean() == pytest.approx(founders, abs=0.04)
    if founders:
        assert (births[before] < -150).mean() == pytest.approx(0.5, abs=0.05)
    if founders < 1:
        assert (births[~before] < 100).mean() == pytest.approx(0.25, abs=0.06)  # growth is the newcomers'


def test_without_founders_joining_is_even_over_both() -> None:
    births = lives(replace(DAILY, customers=4000, before_days=300, joining=1.0)).births
    assert (births < 0).mean() == pytest.approx(300 / 500, abs=0.04)


def test_orders_are_sorted_and_lie_inside_the_window_though_lives_began_before() -> None:
    one = lives(replace(DAILY, customers=200, before_days=300, rate_median_days=10.0, drift_spread=0.5))
    assert one.births.min() < -200
    assert (one.day.min() >= 0, one.day.max() < 200) == (True, True)
    assert (np.lexsort((one.day, one.customer)) == np.arange(len(one.day))).all()


def test_newcomers_crowd_where_the_calendar_is_busy() -> None:
    knobs = replace(
        DAILY, customers=4000, joining=1.0, holiday_lift=np.log(1 + 3), holiday_day=100.0, holiday_width_days=1.0
    )
    births = lives(knobs).births
    # Three more days' worth of a bell of width 1: 3 sqrt(pi), spread over 200 days.
    near = (np.abs(births - 99) < 4).mean()  # the window starts on the second of January
    assert near == pytest.approx((8 + 3 * sqrt(np.pi)) / (200 + 3 * sqrt(np.pi)), abs=0.015)


def test_a_seed_makes_one_set_of_lives() -> None:
    knobs = replace(RETURNING, customers=100, drift_spread=0.4, regularity_spread=0.3)
    one, again, other = lives(knobs, 1), lives(knobs, 1), lives(knobs, 2)
    np.testing.assert_array_equal(one.day, again.day)
    np.testing.assert_array_equal(one.returns, again.returns)
    assert not np.array_equal(one.rates, other.rates)
