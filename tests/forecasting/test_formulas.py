import json
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from shijin.forecasting.formulas import (
    DECAYED,
    FLOORS,
    Formula,
    all_formulas,
    decayed,
    decayed_by_tenure,
    last_window,
    rfm,
    zero,
)
from shijin.forecasting.member import Forecaster, Savable, Window
from shijin.forecasting.windows import closed_windows
from shijin.represent.cutoff import History, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.pack import pack
from shijin.represent.packed import DAY_US, UTC, Packed
from shijin.schema import EVENTS, conform
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

SHOP = simulate(replace(DEMO, customers=600), seed=4).packed
CUTOFF = SHOP.end - 60 * DAY_US
WINDOWS = closed_windows(SHOP, CUTOFF, 60)
NAMES = [formula.name for formula in all_formulas()]


def by_name(name: str) -> Formula:
    return {formula.name: formula for formula in all_formulas()}[name]


def fitted(name: str) -> Formula:
    formula = by_name(name)
    formula.fit(WINDOWS, 0)
    return formula


def history_of(*rows: tuple[str, date, str, float]) -> History:
    """As of 31 January 2024; each row is a customer, a day, a type and an amount."""
    who, day, kind, amount = zip(*rows, strict=True)
    columns = {
        "customer_id": who,
        "ts": pa.array(day, pa.date32()).cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC")),
        "type": kind,
        "amount": amount,
        "event_id": [str(place) for place in range(len(rows))],
    }
    return split_at(pack(conform(pa.table(columns), EVENTS, "rows"), UTC), as_cutoff(date(2024, 1, 31)), 10)[0]


HISTORY = history_of(
    ("a", date(2024, 1, 1), "order", 40.0),  # 30 days old
    ("a", date(2024, 1, 21), "order", 20.0),  # 10 days old
    ("a", date(2024, 1, 26), "return", -8.0),  # 5 days old
    ("a", date(2024, 1, 26), "view", 99.0),
    ("b", date(2024, 1, 11), "order", 16.0),  # 20 days old
    ("b", date(2024, 1, 11), "charge", 4.0),
)


def test_last_window_repeats_what_the_last_horizon_brought() -> None:
    money, orders = last_window(HISTORY, 10)
    assert (money.tolist(), orders.tolist()) == ([20.0 - 8.0, 0.0], [1.0, 0.0])


def test_decayed_spend_halves_with_every_half_life() -> None:
    # Half-life 10 days: 40 / 8 + 20 / 2 - 8 / sqrt(2), and 20 / 4, times ln 2.
    money, orders = decayed(1.0)(HISTORY, 10)
    assert money == pytest.approx(np.log(2) * np.array([5 + 10 - 8 / 2**0.5, 5]))
    assert orders == pytest.approx(np.log(2) * np.array([1 / 8 + 1 / 2, 1 / 4]))


def test_a_longer_half_life_forgets_more_slowly_and_is_brought_to_the_same_horizon() -> None:
    money, _ = decayed(2.0)(HISTORY, 5)  # again 10 days, of which the horizon is a half
    assert money == pytest.approx(np.log(2) / 2 * np.array([5 + 10 - 8 / 2**0.5, 5]))


def test_a_customer_who_orders_every_day_is_forecast_the_same_for_every_day_ahead() -> None:
    days = [date(2023, 1, 1) + timedelta(days) for days in range(395)]  # to 30 January 2024
    money, orders = decayed(1.0)(history_of(*(("a", day, "order", 3.0) for day in days)), 20)
    assert orders[0] == pytest.approx(20, rel=0.02)
    assert money[0] == pytest.approx(60, rel=0.02)


def test_short_tenure_is_made_up_for() -> None:
    # a has been here 30 days, three half-lives: 7/8 of the decay could fill; b 20 days: 3/4.
    money, _ = decayed(1.0)(HISTORY, 10)
    filled, _ = decayed_by_tenure(HISTORY, 10)
    assert filled == pytest.approx(money / np.array([7 / 8, 3 / 4]))


def test_rfm_adds_up_fifths_and_gives_median_orders() -> None:
    # Of two customers the better is in the fifth fifth, the other in the third: recency, frequency and money are a's.
    money, points = rfm(HISTORY, 10)
    assert points.tolist() == [15.0, 9.0]
    assert money.tolist() == [15.0 * HISTORY.scale, 9.0 * HISTORY.scale]


def test_zero_is_zero() -> None:
    money, orders = zero(HISTORY, 10)
    assert not money.any()
    assert not orders.any()


@pytest.mark.parametrize("name", NAMES)
def test_each_has_the_face_of_a_member_that_can_be_saved(name: str) -> None:
    assert isinstance(by_name(name), Forecaster)
    assert isinstance(by_name(name), Savable)


@pytest.mark.parametrize("name", NAMES)
def test_fitting_keeps_the_ranking_of_the_formula(name: str) -> None:
    formula = fitted(name)
    history, _ = split_at(SHOP, CUTOFF, 60)
    score = np.maximum(formula.score(history, 60)[0], 0)
    mean = formula.forecast(history, 60).mean()
    by_score = np.argsort(score, kind="stable")
    assert np.all(np.diff(mean[by_score]) >= -1e-9 * mean.max())
    if score.any():
        assert spearmanr(score, mean).statistic > 0.999


@pytest.mark.parametrize("name", [name for name in NAMES if name != "all zero"])
def test_the_level_is_that_of_the_closed_windows(name: str) -> None:
    formula = fitted(name)
    forecasts = [formula.forecast(history, 60) for history, _ in WINDOWS]
    spent = sum(outcomes.spend.sum() / history.scale for history, outcomes in WINDOWS)
    forecast_spend = sum(one.mean().sum() / history.scale for one, (history, _) in zip(forecasts, WINDOWS, strict=True))
    ordered = sum(outcomes.orders.sum() for _, outcomes in WINDOWS)
    came = sum((outcomes.orders > 0).sum() for _, outcomes in WINDOWS)
    assert forecast_spend == pytest.approx(spent, rel=1e-6)
    assert sum(one.p_active.sum() for one in forecasts) == pytest.approx(came, rel=1e-3)
    # An active customer orders at least once, whatever the formula says.
    assert sum(one.expected_orders().sum() for one in forecasts) == pytest.approx(ordered, rel=0.25)


def test_the_floor_is_one_of_a_few_and_keeps_what_is_next_to_nothing_above_it() -> None:
    formula = fitted(DECAYED)
    assert formula.floor in FLOORS
    history, _ = split_at(SHOP, CUTOFF, 60)
    assert formula.forecast(history, 60).mean().min() >= 0.99 * formula.level * formula.floor * history.scale


def test_untrained_it_takes_its_orders_for_a_poisson_rate() -> None:
    formula = by_name(DECAYED)
    forecast = formula.forecast(HISTORY, 10)
    money, orders = decayed(1.0)(HISTORY, 10)
    assert forecast.p_active == pytest.approx(1 - np.exp(-orders))
    assert forecast.mean() == pytest.approx(money + FLOORS[0] * HISTORY.scale, rel=1e-6)


def without(spend: bool, orders: bool) -> list[Window]:
    return [
        (
            history,
            replace(
                outcomes,
                spend=outcomes.spend * (not spend),
                orders=outcomes.orders * (not orders),
            ),
        )
        for history, outcomes in WINDOWS
    ]


@pytest.mark.parametrize(
    "windows",
    [
        [],
        without(spend=True, orders=True),
        [(history, replace(outcomes, orders=outcomes.orders + 1)) for history, outcomes in WINDOWS],
    ],
    ids=["no window", "nobody came", "everybody came"],
)
def test_windows_that_teach_nothing_leave_it_untrained(windows: list[Window]) -> None:
    formula = by_name(DECAYED)
    formula.fit(windows, 0)
    assert formula.state() == by_name(DECAYED).state()


def test_a_shop_where_everything_came_back_is_forecast_next_to_nothing() -> None:
    formula = by_name(DECAYED)
    formula.fit(without(spend=True, orders=False), 0)
    history, outcomes = split_at(SHOP, CUTOFF, 60)
    assert outcomes is not None
    forecast = formula.forecast(history, 60)
    assert np.isfinite(forecast.mean()).all()
    assert forecast.p_active.mean() == pytest.approx((outcomes.orders > 0).mean(), abs=0.1)


def scaled(shop: Packed, money: float) -> Packed:
    return replace(shop, moments=replace(shop.moments, amount=shop.moments.amount * money))


@pytest.mark.parametrize("name", NAMES)
def test_another_currency_scales_the_forecast(name: str) -> None:
    other = by_name(name)
    other.fit(closed_windows(scaled(SHOP, 7.31), CUTOFF, 60), 0)
    one = fitted(name).forecast(split_at(SHOP, CUTOFF, 60)[0], 60)
    two = other.forecast(split_at(scaled(SHOP, 7.31), CUTOFF, 60)[0], 60)
    assert two.p_active == pytest.approx(one.p_active, rel=1e-6)
    assert two.mean() == pytest.approx(7.31 * one.mean(), rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_state_comes_back_to_the_bit_through_json(name: str) -> None:
    history, _ = split_at(SHOP, CUTOFF, 60)
    for formula in (by_name(name), fitted(name)):
        again = by_name(name).load(json.loads(json.dumps(formula.state())))
        a, b = formula.forecast(history, 60), again.forecast(history, 60)
        for part in ("p_active", "spend", "orders"):
            assert np.array_equal(getattr(a, part), getattr(b, part))
