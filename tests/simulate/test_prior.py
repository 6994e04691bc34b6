"""Which shops there may be: draws lie in their ranges, knobs can be held, and every drawn shop can be forecast."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.represent.cutoff import split_at
from shijin.represent.packed import DAY_US, Kind
from shijin.simulate import prior
from shijin.simulate.knobs import Knobs
from shijin.simulate.prior import Task, draw_task
from shijin.simulate.ranges import RANGES
from shijin.simulate.shops import simulate

SEEDS = range(300)
TASKS = [draw_task(np.random.default_rng(seed)) for seed in SEEDS]
# What no forecast reads, or what only sets the unit of money.
NEVER_DRAWN = {"items", "categories", "lines_per_order", "popularity", "loyalty", "basket_median"}


def task_of(seed: int, **fixed: object) -> Task:
    return draw_task(np.random.default_rng(seed), **fixed)  # type: ignore[arg-type]


@given(st.integers(0, 2**62))
def test_any_draw_lies_in_the_ranges_of_its_knobs(seed: int) -> None:
    task = task_of(seed)  # Knobs refuses what does not
    for crowd in (task.knobs, *task.guests):
        for name, (low, high) in RANGES.items():
            value = getattr(crowd, name)
            assert value is None or low <= value <= high, name
    shortest, longest = prior.HORIZON_DAYS
    assert shortest <= task.horizon_days <= longest
    assert prior.HISTORY_DAYS[0] <= task.history_days <= prior.HISTORY_DAYS[1]
    assert task.knobs.days == task.history_days + task.horizon_days
    assert prior.CUSTOMERS[0] <= task.customers <= prior.CUSTOMERS[1]


@pytest.mark.parametrize("seed", [0, 7, 123])
def test_a_seed_makes_one_task(seed: int) -> None:
    assert task_of(seed) == task_of(seed)
    assert task_of(seed) != task_of(seed + 1)


def test_every_knob_of_behaviour_is_turned() -> None:
    drawn = {knob.name for knob in fields(Knobs) if len({getattr(task.knobs, knob.name) for task in TASKS}) > 1}
    assert {knob.name for knob in fields(Knobs)} - drawn == NEVER_DRAWN


def test_horizons_histories_and_gaps_reach_over_the_orders_of_magnitude_they_name() -> None:
    def reach(values: list[float]) -> tuple[float, float]:
        return float(np.quantile(values, 0.03)), float(np.quantile(values, 0.97))

    low, high = reach([task.horizon_days for task in TASKS])
    assert (low < 9, high > 280) == (True, True)
    low, high = reach([task.history_days / task.horizon_days for task in TASKS])
    assert (low < 0.8, high > 11) == (True, True)
    low, high = reach([t.knobs.rate_median_days for t in TASKS if t.knobs.rates == "lognormal"])
    assert (low < 3, high > 200) == (True, True)


HELD = {
    "constant rates": {"drift_spread": 0.0},
    "no season": {"season_amplitude": 0.0, "holiday_lift": 0.0, "trend": 0.0, "promotions": 0},
    "nobody leaves": {"dropout": "none", "one_timers": 0.0, "comeback": 0.0},
    "with items": {"items": 50},
}


@pytest.mark.parametrize("name", HELD)
def test_knobs_can_be_held_and_every_other_is_drawn_as_before(name: str) -> None:
    turned = 0
    for seed in range(60):
        task, free = task_of(seed, **HELD[name]), task_of(seed)
        assert task.horizon_days == free.horizon_days
        assert task.knobs == replace(free.knobs, **HELD[name])  # type: ignore[arg-type]
        assert task.guests == tuple(replace(guest, **HELD[name]) for guest in free.guests)  # type: ignore[arg-type]
        turned += task != free
    assert turned > 20


@pytest.mark.parametrize("customers", [30, 5000])
def test_the_number_of_customers_can_be_held_too(customers: int) -> None:
    for seed in range(30):
        task = task_of(seed, customers=customers)
        assert task.knobs == replace(task_of(seed).knobs, customers=task.knobs.customers)
        assert task.customers == customers


def test_a_share_of_shops_is_calm_and_keeps_its_usual_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    def calm(tasks: list[Task]) -> float:
        knobs = [task.knobs for task in tasks]
        return float(np.mean([one.season_amplitude <= 0.15 and 0 < one.holiday_lift <= 0.3 for one in knobs]))

    assert calm(TASKS) == pytest.approx(prior.CALM, abs=0.09)
    monkeypatch.setattr(prior, "CALM", 0.0)
    wild = [task_of(seed) for seed in SEEDS]
    monkeypatch.setattr(prior, "CALM", 1.0)
    tame = [task_of(seed) for seed in SEEDS]
    assert calm(wild) < 0.1
    assert calm(tame) > 0.95
    gaps = [
        (one.knobs.rate_scale_days / one.knobs.rate_shape, other.knobs.rate_scale_days / other.knobs.rate_shape)
        for one, other in zip(wild, tame, strict=True)
        if one.knobs.rates == "gamma"
    ]
    assert len(gaps) > 50
    np.testing.assert_allclose(*zip(*gaps, strict=True))


def test_a_share_of_shops_has_guests_who_differ_but_have_the_same_calendar() -> None:
    with_guests = [task for task in TASKS if task.guests]
    assert len(with_guests) / len(TASKS) == pytest.approx(prior.GUESTS, abs=0.08)
    calendar = ("days", "start", "clock", "season_amplitude", "holiday_lift", "holiday_day", "trend", "weekend")
    ways = ("dropout", "regularity", "rate_median_days", "basket_within")
    for task in with_guests:
        for name in calendar:
            assert getattr(task.guests[0], name) == getattr(task.knobs, name), name
    for name in ways:
        differ = [getattr(task.guests[0], name) != getattr(task.knobs, name) for task in with_guests]
        assert 0.2 < np.mean(differ) < 0.9, name


def test_a_knob_held_out_of_range_or_unknown_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Knobs\.drift_spread: 9\.0 is out of range"):
        task_of(1, drift_spread=9.0)
    with pytest.raises(TypeError, match="whales"):
        task_of(1, whales=1.0)


def test_busy_shops_have_fewer_customers_so_that_nearly_none_has_too_many_moments() -> None:
    orders = []
    for seed in range(60):
        kinds = simulate(TASKS[seed].knobs, seed, TASKS[seed].guests).packed.moments.kind
        orders.append((kinds == Kind.ORDER).sum())
    assert np.quantile(orders, 0.9) < prior.MOST_MOMENTS
    busy = [task.customers for task in TASKS if task.knobs.days > 100 * task.knobs.rate_median_days]
    assert len(busy) > 20
    assert max(busy) <= 600  # 100 orders each


def test_nearly_every_drawn_shop_has_a_past_and_a_closed_window_to_be_forecast() -> None:
    ready = 0
    for seed in range(80):
        task = task_of(seed, customers=100)
        packed = simulate(task.knobs, seed, task.guests).packed
        history, outcomes = split_at(packed, packed.end - task.horizon_days * DAY_US, task.horizon_days)
        assert outcomes is not None
        assert (packed.end - packed.start) / DAY_US <= task.knobs.days
        ready += len(history) >= 30
    assert ready >= 66
