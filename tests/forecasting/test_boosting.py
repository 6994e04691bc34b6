import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from shijin.distribution import P_FLOOR
from shijin.errors import ModelError
from shijin.forecasting import boosting
from shijin.forecasting.boosting import CANDIDATES, Boosting
from shijin.forecasting.member import Forecaster, Savable, Window
from shijin.forecasting.windows import closed_windows
from shijin.metrics.value import auc
from shijin.represent.cutoff import History, Outcomes, split_at
from shijin.represent.packed import DAY_US, Packed
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

H = 60
SHOP = simulate(replace(DEMO, customers=700), seed=6).packed
CUTOFF = SHOP.end - H * DAY_US
WINDOWS = closed_windows(SHOP, CUTOFF, H)


def judged() -> tuple[History, Outcomes]:
    history, outcomes = split_at(SHOP, CUTOFF, H)
    assert outcomes is not None
    return history, outcomes


@pytest.fixture(scope="module")
def member() -> Boosting:
    trained = Boosting()
    trained.fit(WINDOWS, 0)
    return trained


def assert_same(a: Boosting, b: Boosting) -> None:
    history, _ = judged()
    one, other = a.forecast(history, H), b.forecast(history, H)
    for part in ("p_active", "spend", "orders"):
        assert np.array_equal(getattr(one, part), getattr(other, part)), part


def test_it_has_the_face_of_a_member_that_can_be_saved() -> None:
    assert isinstance(Boosting(), Forecaster)
    assert isinstance(Boosting(), Savable)


def test_it_learns_who_comes_and_how_much(member: Boosting) -> None:
    history, outcomes = judged()
    forecast = member.forecast(history, H)
    came = outcomes.orders > 0
    assert auc(came, forecast.p_active) > 0.75
    assert forecast.p_active.mean() == pytest.approx(came.mean(), rel=0.25)
    assert forecast.mean().sum() == pytest.approx(outcomes.spend.sum(), rel=0.35)
    assert forecast.expected_orders().sum() == pytest.approx(outcomes.orders.sum(), rel=0.3)
    assert np.corrcoef(forecast.mean()[came], outcomes.spend[came])[0, 1] > 0.3


def test_what_it_gives_is_a_distribution(member: Boosting) -> None:
    history, _ = judged()
    forecast = member.forecast(history, H)
    assert np.all((forecast.p_active >= P_FLOOR) & (forecast.p_active <= 1 - P_FLOOR))
    for part in (forecast.spend, forecast.orders):
        assert part.min() >= 0
        assert part.sum(axis=1) == pytest.approx(1.0)


def test_the_size_of_its_trees_is_chosen_from_a_few(member: Boosting, monkeypatch: pytest.MonkeyPatch) -> None:
    assert member.settings in CANDIDATES
    other = next(candidate for candidate in CANDIDATES if candidate != member.settings)
    monkeypatch.setattr(boosting, "CANDIDATES", (other,))
    again = Boosting()
    again.fit(WINDOWS[:2], 0)
    assert again.settings == other


def test_threads_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "THREADED_ROWS", 0)
    monkeypatch.setattr(boosting, "MOST_ROUNDS", 15)
    one, two = Boosting(threads=1), Boosting(threads=2)
    for member in (one, two):
        member.fit(WINDOWS[:2], 0)
    assert_same(one, two)


def test_the_same_windows_and_seed_give_the_same_bits_and_another_seed_others(member: Boosting) -> None:
    again, other = Boosting(), Boosting()
    again.fit(WINDOWS, 0)
    other.fit(WINDOWS, 1)
    assert_same(member, again)
    with pytest.raises(AssertionError):
        assert_same(member, other)


def through_json(member: Boosting) -> dict[str, Any]:
    """A member's state as a model's folder keeps it: what JSON holds, and files."""
    state = member.state()
    files = state.pop("files")
    return {**json.loads(json.dumps(state)), "files": files}


def test_state_comes_back_to_the_bit_through_json(member: Boosting) -> None:
    assert_same(member, Boosting().load(through_json(member)))


def test_it_forecasts_nothing_before_it_is_fitted() -> None:
    with pytest.raises(ModelError, match="not fitted"):
        Boosting().forecast(judged()[0], H)


def changed(outcomes_of: dict[str, np.ndarray], window: Window) -> Window:
    return window[0], replace(window[1], **outcomes_of)


def nobody(window: Window) -> Window:
    n = len(window[0])
    return changed({"spend": np.zeros(n), "orders": np.zeros(n, dtype=np.int64)}, window)


def for_nothing(window: Window) -> Window:
    return changed({"spend": np.zeros(len(window[0]))}, window)


def few(window: Window) -> Window:
    """Nineteen customers come, one less than enough."""
    orders = np.zeros(len(window[0]), dtype=np.int64)
    orders[:19] = 1
    return changed({"spend": 30.0 * orders, "orders": orders}, window)


def none_left_out(window: Window) -> Window:
    """Of those who come none is among the customers who are left out to choose by."""
    orders = (np.arange(len(window[0])) % 4 == 0).astype(np.int64)
    return changed({"spend": 30.0 * orders, "orders": orders}, window)


def one_left_out(window: Window) -> Window:
    """Only one of them: what LightGBM draws from one row is nothing."""
    window = none_left_out(window)
    orders = window[1].orders.copy()
    orders[3] = 1
    return changed({"spend": 30.0 * orders, "orders": orders}, window)


@pytest.mark.parametrize("thinned", [nobody, for_nothing, few, none_left_out, one_left_out])
def test_too_little_to_learn_from_is_refused(thinned: Callable[[Window], Window]) -> None:
    with pytest.raises(ModelError, match="too little to learn from"):
        Boosting().fit([thinned(WINDOWS[0])], 0)


def test_no_window_at_all_is_refused() -> None:
    with pytest.raises(ModelError, match="0 customers in closed windows"):
        Boosting().fit([], 0)


def test_just_enough_to_learn_from_is_taken_even_where_nobody_comes_twice() -> None:
    history, outcomes = WINDOWS[0]
    orders = np.zeros(len(history), dtype=np.int64)
    orders[:20] = 1
    member = Boosting()
    member.fit([(history, replace(outcomes, orders=orders, spend=25.0 * orders))], 0)
    forecast = member.forecast(history, H)
    assert np.isfinite(forecast.mean()).all()
    assert forecast.expected_orders() == pytest.approx(forecast.p_active)
    assert_same(member, Boosting().load(through_json(member)))


def test_more_rows_than_it_learns_from_are_thinned_out_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "MOST_ROWS", 900)
    total = sum(len(history) for history, _ in WINDOWS)
    examples = boosting._examples(WINDOWS, 0)
    assert 900 - len(WINDOWS) <= len(examples.values) <= 900 < total
    assert examples.held_out.mean() == pytest.approx(1 / 4, abs=0.05)


def scaled(money: float) -> Packed:
    return replace(SHOP, moments=replace(SHOP.moments, amount=SHOP.moments.amount * money))


def test_another_currency_scales_the_forecast() -> None:
    shops = [scaled(money) for money in (1.0, 7.31)]
    forecasts = []
    for shop in shops:
        member = Boosting()
        member.fit(closed_windows(shop, CUTOFF, H), 0)
        forecasts.append(member.forecast(split_at(shop, CUTOFF, H)[0], H))
    assert forecasts[1].p_active == pytest.approx(forecasts[0].p_active, rel=1e-9)
    assert forecasts[1].mean() == pytest.approx(7.31 * forecasts[0].mean(), rel=1e-6)
