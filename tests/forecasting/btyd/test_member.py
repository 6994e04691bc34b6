import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from shijin.forecasting.btyd.bgnbd import OrderModel
from shijin.forecasting.btyd.member import Btyd
from shijin.forecasting.btyd.order_days import order_days
from shijin.forecasting.member import Forecaster, Savable, Window
from shijin.represent.cutoff import History, Outcomes, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind, Packed
from shijin.simulate.knobs import BGNBD_GAMMA, DEMO, Knobs
from shijin.simulate.shops import simulate


def window(packed: Packed, days_before_end: int, horizon_days: int) -> tuple[History, Outcomes]:
    history, outcomes = split_at(packed, packed.end - days_before_end * DAY_US, horizon_days)
    assert outcomes is not None
    return history, outcomes


def windows(packed: Packed, horizon_days: int) -> list[Window]:
    return [window(packed, (1 + i) * horizon_days, horizon_days) for i in (1, 2)]


def test_it_has_the_face_of_a_member_that_can_be_saved() -> None:
    assert isinstance(Btyd(), Forecaster)
    assert isinstance(Btyd(), Savable)


@pytest.mark.parametrize("trained", [False, True])
def test_its_own_world_is_forecast_right(trained: bool) -> None:
    shop = simulate(replace(BGNBD_GAMMA, customers=8000), seed=21)
    history, outcomes = window(shop.packed, 120, 120)
    member = Btyd()
    if trained:
        member.fit(windows(shop.packed, 120), 0)
    forecast = member.forecast(history, 120)
    p_active, came = forecast.p_active, outcomes.orders > 0
    groups = np.array_split(np.argsort(p_active, kind="stable"), 10)
    error = np.mean([abs(p_active[rows].mean() - came[rows].mean()) for rows in groups])
    assert error <= 0.03
    assert forecast.expected_orders().sum() == pytest.approx(outcomes.orders.sum(), rel=0.06)
    assert forecast.mean().sum() == pytest.approx(outcomes.spend.sum(), rel=0.08)
    pit = np.sort(forecast.pit(outcomes.spend, np.random.default_rng(0).random(len(came))))
    assert np.abs(pit - (np.arange(len(pit)) + 0.5) / len(pit)).max() < 1.63 / np.sqrt(len(pit))  # 1 % of KS tests
    pit_given_order = np.sort(((forecast.cdf(outcomes.spend) - (1 - p_active)) / p_active)[came])
    assert np.abs(pit_given_order - (np.arange(len(pit_given_order)) + 0.5) / len(pit_given_order)).max() < 0.04
    # Whoever knows the shop's true parameters foretells no better; whoever knows each customer's does.
    knobs = shop.knobs
    true_model = OrderModel(knobs.rate_shape, knobs.rate_scale_days, knobs.dropout_a, knobs.dropout_b)
    scores = [
        np.log(np.clip(np.where(came, p, 1 - p), 1e-4, 1)).mean()
        for p in (true_model.p_active(order_days(history), 120), p_active, shop.true_p_active(history, 120))
    ]
    assert scores[1] > scores[0] - 0.001
    assert scores[1] < scores[2]
    assert member.notes == []


def test_regular_customers_are_foretold_by_their_clock() -> None:
    knobs = Knobs(customers=1500, days=500, regularity=8.0, rate_shape=6.0, rate_scale_days=180.0, items=0)
    shop = simulate(replace(knobs, dropout_b=10.0), seed=5)
    history, outcomes = window(shop.packed, 30, 30)
    regular = Btyd()
    forecast = regular.forecast(history, 30)
    came = outcomes.orders > 0
    poisson = Btyd()
    poisson.fit(windows(shop.packed, 30), 0)
    assert poisson.trained is not None
    assert poisson.trained[0].regularity > 1
    orders, baskets = poisson.trained
    poisson.trained = replace(orders, regularity=1, alpha=orders.alpha * orders.regularity), baskets
    scores = [
        np.log(np.where(came, p, 1 - p)).mean() for p in (forecast.p_active, poisson.forecast(history, 30).p_active)
    ]
    assert scores[0] > scores[1] + 0.01


def test_what_was_learnt_comes_back_from_json() -> None:
    shop = simulate(replace(DEMO, customers=800), seed=1)
    history, _ = window(shop.packed, 60, 60)
    member = Btyd()
    member.fit(windows(shop.packed, 60), 0)
    again = Btyd().load(json.loads(json.dumps(member.state())))
    for part in ("p_active", "spend", "orders"):
        np.testing.assert_array_equal(
            getattr(member.forecast(history, 60), part), getattr(again.forecast(history, 60), part)
        )
    untrained = Btyd().load(Btyd().state())
    np.testing.assert_array_equal(untrained.forecast(history, 60).spend, Btyd().forecast(history, 60).spend)


def test_rows_are_distributions_and_the_mean_is_orders_times_baskets() -> None:
    shop = simulate(replace(DEMO, customers=500), seed=1)
    history, _ = window(shop.packed, 60, 60)
    forecast = Btyd().forecast(history, 60)
    for part in (forecast.spend, forecast.orders):
        assert part.min() >= -1e-15
        np.testing.assert_allclose(part.sum(axis=1), 1.0, atol=1e-9)
    per_order = forecast.mean() / forecast.expected_orders()
    is_order = history.moments.kind == Kind.ORDER
    assert np.median(per_order) == pytest.approx(history.moments.amount[is_order].mean(), rel=0.25)


def test_more_money_makes_the_same_forecast_in_more_money() -> None:
    packed = simulate(replace(DEMO, customers=400), seed=1).packed
    richer = replace(packed, moments=replace(packed.moments, amount=packed.moments.amount * 7.31))
    one, other = (Btyd().forecast(window(shop, 60, 60)[0], 60) for shop in (packed, richer))
    np.testing.assert_allclose(other.mean(), 7.31 * one.mean(), rtol=1e-6)
    np.testing.assert_allclose(other.p_active, one.p_active, rtol=1e-9)


def test_returns_lower_what_is_expected_of_a_customer() -> None:
    shop = simulate(replace(BGNBD_GAMMA, customers=400, return_share=0.3), seed=1)
    history, _ = window(shop.packed, 90, 90)
    without_returns = replace(shop.packed.moments, amount=np.maximum(shop.packed.moments.amount, 0.0))
    unreturned, _ = window(replace(shop.packed, moments=without_returns), 90, 90)
    returned = np.add.reduceat((history.moments.kind == Kind.RETURN).astype(int), history.offsets[:-1]) > 0
    with_returns, without = Btyd().forecast(history, 90).mean(), Btyd().forecast(unreturned, 90).mean()
    assert returned.sum() > 50
    assert with_returns[returned].sum() < 0.9 * without[returned].sum()


AWKWARD = {
    "ten customers": Knobs(customers=10, days=200),
    "one order each": Knobs(customers=40, days=200, one_timers=1.0),
    "one customer, one order": Knobs(customers=1, days=30, one_timers=1.0, items=0),
    "nobody leaves": Knobs(customers=50, days=200, dropout="none", rate_scale_days=10.0),
    "all on one day": Knobs(customers=30, days=1, joining=0.0, items=0),
    "views before orders": Knobs(customers=60, days=200, views_per_order=5.0, joining=1.0),
}


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("horizon_days", [1, 30, 1000])
def test_every_shop_gets_a_forecast(name: str, horizon_days: int) -> None:
    shop = simulate(AWKWARD[name], seed=3)
    middle = shop.knobs.start + timedelta(days=max(shop.knobs.days // 2, 1))
    for cutoff in (as_cutoff(middle), shop.packed.end, shop.packed.end + 400 * DAY_US):
        first_order = shop.packed.moments.ts[shop.packed.moments.kind == Kind.ORDER].min()
        history, _ = split_at(shop.packed, max(cutoff, (first_order // DAY_US + 1) * DAY_US), horizon_days)
        member = Btyd()
        member.fit([], 0)
        forecast = member.forecast(history, horizon_days)
        assert np.isfinite(forecast.mean()).all()
        assert ((forecast.p_active >= 1e-4) & (forecast.p_active <= 1 - 1e-4)).all()
        np.testing.assert_allclose(forecast.spend.sum(axis=1), 1.0, atol=1e-9)


def test_a_shop_whose_customers_ordered_once_has_a_note() -> None:
    shop = simulate(AWKWARD["one order each"], seed=3)
    history, _ = split_at(shop.packed, shop.packed.end, 30)
    member = Btyd()
    member.forecast(history, 30)
    assert member.notes == ["no_repeat_orders"]


def test_silence_lowers_the_chance_to_come_again() -> None:
    shop = simulate(replace(BGNBD_GAMMA, customers=1000), seed=2)
    soon, _ = split_at(shop.packed, shop.packed.end, 90)
    late, _ = split_at(shop.packed, shop.packed.end + 200 * DAY_US, 90)
    member = Btyd()
    member.fit(windows(shop.packed, 90), 0)
    assert (member.forecast(late, 90).p_active < member.forecast(soon, 90).p_active).mean() > 0.99
