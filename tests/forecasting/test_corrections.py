"""Corrections move forecasts as computed here by hand; their weight is learnt from closed windows alone."""

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from numpy.typing import NDArray

from shijin.distribution import SPEND_BINS, Distribution, Grid
from shijin.forecasting.backtest import UNCORRECTED, backtest
from shijin.forecasting.corrections import (
    PRIOR,
    PRIOR_CUSTOMERS,
    Corrections,
    Trust,
    corrected,
    effect,
    learn_trust,
    pull,
)
from shijin.forecasting.model import train
from shijin.represent.cutoff import split_at
from shijin.represent.packed import DAY_US
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

GRID = Grid.of_scale(10.0)
ORDERS = np.eye(len(GRID.order_starts))
NOBODY = -1


def thirds(expected: NDArray[np.float64]) -> NDArray[np.int64]:
    """The best third is tier 0, and so on; equal ones by row."""
    place = np.empty(len(expected), dtype=np.int64)
    place[np.argsort(-expected, kind="stable")] = np.arange(len(expected)) * 3 // len(expected)
    return place


def forecast_of(p_active: list[float], spend: list[float]) -> Distribution:
    """Customers who order with `p_active` and then spend about `spend`, within a few bins; the first has one order."""
    centre = np.log(np.array(spend))[:, None]
    shape = np.exp(-(((np.log(GRID.spend_means)[None, :] - centre) / 0.4) ** 2) / 2)
    orders = ORDERS[np.minimum(np.arange(len(spend)), len(ORDERS) - 1)]
    one = Distribution(np.array(p_active), shape / shape.sum(axis=1, keepdims=True), orders, GRID)
    return one.stretched(np.array(spend))


SIX = forecast_of([0.9, 0.8, 0.5, 0.4, 0.2, 0.1], [100.0, 90.0, 40.0, 30.0, 12.0, 10.0])


def odds(p: float) -> float:
    return log(p / (1 - p))


def probability(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds))


# -- where a forecast goes ---------------------------------------------------------------------------------------------


def test_a_customer_goes_half_the_way_to_the_typical_one_of_the_corrected_tier() -> None:
    corrected_tier = np.array([NOBODY] * 4 + [0, NOBODY])
    moved = corrected(SIX, pull(SIX, corrected_tier, thirds(SIX.mean())), 0.5)
    # The tier above holds the first two: the middle of .9 * 100 and .8 * 90, and of .9 and .8.
    typical, forecast_mean = (90 + 72) / 2, 0.2 * 12
    assert moved.mean()[4] == pytest.approx((typical * forecast_mean) ** 0.5, rel=1e-4)
    assert moved.p_active[4] == pytest.approx(probability((odds(0.85) + odds(0.2)) / 2))
    # Order counts mix half and half with those of the tier, who come by their chance: .9 and .8 of 1.7.
    assert moved.orders[4] == pytest.approx(0.5 * ORDERS[4] + 0.5 * (0.9 * ORDERS[0] + 0.8 * ORDERS[1]) / 1.7)
    assert moved.spend[4].sum() == pytest.approx(1)


def test_everybody_else_stays_to_the_bit() -> None:
    corrected_tier = np.array([NOBODY] * 4 + [0, NOBODY])
    moved = corrected(SIX, pull(SIX, corrected_tier, thirds(SIX.mean())), 0.7)
    others = [0, 1, 2, 3, 5]
    for part in ("p_active", "spend", "orders"):
        assert np.array_equal(getattr(moved, part)[others], getattr(SIX, part)[others])
    assert moved.level_scale == SIX.level_scale


@pytest.mark.parametrize(("weight", "expected"), [(0.0, 12 * 0.2), (1.0, 81.0)])
def test_a_weight_of_nothing_leaves_and_one_of_all_goes_the_whole_way(weight: float, expected: float) -> None:
    corrected_tier = np.array([NOBODY] * 4 + [0, NOBODY])
    moved = corrected(SIX, pull(SIX, corrected_tier, thirds(SIX.mean())), weight)
    assert moved.mean()[4] == pytest.approx(expected, rel=1e-4)


def test_it_goes_down_as_well_as_up() -> None:
    moved = corrected(SIX, pull(SIX, np.array([2] + [NOBODY] * 5), thirds(SIX.mean())), 0.5)
    assert moved.mean()[0] < SIX.mean()[0]
    assert moved.p_active[0] < SIX.p_active[0]


def test_a_customer_already_in_the_corrected_tier_or_corrected_into_an_empty_one_stays() -> None:
    corrected_tier = np.array([0, 1, 2, 1, 2, 3])
    assert pull(SIX, corrected_tier, thirds(SIX.mean())).rows.tolist() == [1, 2]  # tier 3 holds nobody
    agreed = pull(SIX, np.array([0, NOBODY, NOBODY, 1, NOBODY, 2]), thirds(SIX.mean()))
    assert corrected(SIX, agreed, 1.0) is SIX


def test_spend_is_stretched_and_keeps_its_shape_on_the_log() -> None:
    one = forecast_of([0.5], [30.0])
    wide = one.stretched(np.array([90.0]))
    assert wide.quantile(0.9)[0] / wide.quantile(0.6)[0] == pytest.approx(
        one.quantile(0.9)[0] / one.quantile(0.6)[0], rel=0.02
    )
    assert wide.quantile(0.9)[0] / one.quantile(0.9)[0] == pytest.approx(3, rel=0.02)


def test_what_would_go_beyond_the_grid_stays_in_its_last_bin() -> None:
    far = forecast_of([0.5], [30.0]).stretched(np.array([1e9]))
    assert far.spend.shape == (1, SPEND_BINS)
    assert far.spend[0, -1] == pytest.approx(1)


# -- the last correction before an instant -----------------------------------------------------------------------------

CORRECTIONS = Corrections(
    np.array(["b", "a", "b", "stranger", "c"]), np.array([20, 10, 30, 5, 40]), np.array([0, 1, 2, 0, 0]), thirds
)


def test_of_several_corrections_the_newest_before_the_cutoff_counts() -> None:
    customers = np.array(["c", "b", "a"])
    assert CORRECTIONS.of(customers, None).tolist() == [0, 2, 1]
    assert CORRECTIONS.of(customers, 40).tolist() == [NOBODY, 2, 1]  # at the cutoff is not before it
    assert CORRECTIONS.of(customers, 30).tolist() == [NOBODY, 0, 1]
    assert CORRECTIONS.of(customers, 10).tolist() == [NOBODY] * 3
    assert (CORRECTIONS.since(30), CORRECTIONS.since(31), len(CORRECTIONS)) == (2, 1, 5)


# -- how far: learnt ---------------------------------------------------------------------------------------------------


def crowd(n: int) -> Distribution:
    """Every third customer of much, of some and of little."""
    kinds = np.arange(n) % 3
    return forecast_of(np.array([0.8, 0.5, 0.2])[kinds].tolist(), np.array([100.0, 40.0, 12.0])[kinds].tolist())


def outcomes_of(p_active: NDArray[np.float64], spend: NDArray[np.float64], seed: int) -> tuple[NDArray, NDArray]:
    rng = np.random.default_rng(seed)
    active = rng.random(len(p_active)) < p_active
    return np.where(active, spend * np.exp(rng.normal(-0.08, 0.4, len(spend))), 0.0), active.astype(np.int64)


def trust_after(*, right: bool, corrections: int) -> Trust:
    """The lowest are said to be high: rightly, so that they do as the high ones do, or wrongly."""
    n = 900
    forecast = crowd(n)
    low = np.flatnonzero(np.arange(n) % 3 == 2)[:corrections]
    corrected_tier = np.full(n, NOBODY)
    corrected_tier[low] = 0
    p_active, spend = forecast.p_active.copy(), forecast.spend @ GRID.spend_means
    if right:
        p_active[low], spend[low] = 0.8, 100.0
    return learn_trust(forecast, corrected_tier, np.arange(n) % 3, *outcomes_of(p_active, spend, seed=1))


def test_right_corrections_teach_to_follow_them_and_wrong_ones_to_leave_them() -> None:
    right, wrong = trust_after(right=True, corrections=200), trust_after(right=False, corrections=200)
    assert right.taught == wrong.taught == 200
    assert right.weight > 0.9
    assert wrong.weight < 0.1


def test_the_prior_counts_as_much_as_twenty_customers() -> None:
    few = trust_after(right=False, corrections=5)
    assert few.taught == 5
    assert PRIOR_CUSTOMERS * PRIOR / (PRIOR_CUSTOMERS + 5) <= few.weight <= PRIOR  # five can take a fifth of it away
    many = trust_after(right=False, corrections=200)
    assert many.weight >= (20 * 0.5) / 220


def test_without_corrections_the_weight_is_the_prior() -> None:
    assert trust_after(right=True, corrections=0) == Trust() == Trust(PRIOR, 0)


def test_the_season_of_the_window_does_not_count_for_corrections() -> None:
    """Everybody buys a third of what was forecast: that makes nobody's correction to low right."""
    n = 900
    forecast = crowd(n)
    corrected_tier = np.full(n, NOBODY)
    corrected_tier[np.flatnonzero(np.arange(n) % 3 == 0)[:200]] = 1  # the high ones are said to be normal, wrongly
    spend, orders = outcomes_of(forecast.p_active, forecast.spend @ GRID.spend_means, seed=2)
    assert learn_trust(forecast, corrected_tier, np.arange(n) % 3, spend, orders).weight < 0.2
    assert learn_trust(forecast, corrected_tier, np.arange(n) % 3, spend / 3, orders).weight < 0.2


# -- what it did, by hand ----------------------------------------------------------------------------------------------


def test_the_effect_is_measured_over_those_moved_and_over_everybody() -> None:
    active, spend = np.array([True, False]), np.array([30.0, 0.0])
    forecasts = {
        "with": (np.array([0.5, 0.5]), np.array([20.0, 5.0])),
        "without": (np.array([0.25, 0.5]), np.array([5.0, 5.0])),
    }
    figures = effect(10.0, np.array([0]), active, spend, forecasts)
    assert figures["with"]["corrected"] == pytest.approx(
        {"log_score": log(1 / 2), "level_error": log(30 / 20), "log_error": log(40 / 30)}
    )
    assert figures["without"]["corrected"] == pytest.approx(
        {"log_score": log(1 / 4), "level_error": log(30 / 5), "log_error": log(40 / 15)}
    )
    assert figures["with"]["everyone"] == pytest.approx(
        {"log_score": log(1 / 2), "level_error": log(30 / 25), "log_error": (log(40 / 30) + log(15 / 10)) / 2}
    )
    assert figures["difference"] == {"log_error": pytest.approx(log(15 / 30)), "half": None}


# -- in a model and in a backtest --------------------------------------------------------------------------------------

H = 60
SHOP = simulate(replace(DEMO, customers=250, days=420, joining=0.6), seed=8).packed
JUDGED = SHOP.end - H * DAY_US
OPENED = JUDGED - H * DAY_US  # the newest window that may teach before the judged one


def correct_all(ts: int, tier: int = 0) -> Corrections:
    """Every customer is said to belong in one tier."""
    n = len(SHOP)
    return Corrections(SHOP.customers, np.full(n, ts), np.full(n, tier), thirds)


def test_a_model_learns_on_the_newest_closed_window_and_nothing_else_of_it_changes() -> None:
    plain, corrected_model = train(SHOP, H, SHOP.end), train(SHOP, H, SHOP.end, corrections=correct_all(OPENED))
    history, outcomes = split_at(SHOP, JUDGED, H)
    assert outcomes is not None
    assert corrected_model.trust is not None
    assert plain.trust is None
    assert corrected_model.trust.taught == len(history) - int(
        (thirds(np.arange(len(history), dtype=float)) == 0).sum()
    )  # a third is forecast there anyway
    one, other = (model.forecast(split_at(SHOP, SHOP.end, H)[0]) for model in (plain, corrected_model))
    for part in ("p_active", "spend", "orders"):
        assert np.array_equal(getattr(one, part), getattr(other, part))


def test_corrections_made_in_the_window_that_would_teach_teach_nothing() -> None:
    assert train(SHOP, H, SHOP.end, corrections=correct_all(JUDGED)).trust == Trust()
    young = SHOP.start + 100 * DAY_US
    assert train(SHOP, H, young, corrections=correct_all(SHOP.start)).trust == Trust()


def test_a_backtest_without_corrections_is_what_it_was_and_newer_ones_change_only_their_own_figures() -> None:
    plain = backtest(SHOP, H)
    newer = backtest(SHOP, H, corrections=correct_all(JUDGED))
    assert plain.corrections is None
    assert "corrections" not in plain.as_json()
    assert newer.corrections == {"customers": 0, "weight": 0.5, "taught": 0, "newer": len(SHOP)}
    assert newer.members.equals(plain.members)
    assert newer.as_json() == plain.as_json() | {"corrections": newer.corrections}
    followed = backtest(SHOP, H, corrections=correct_all(JUDGED - 1))
    assert followed.corrections is not None
    assert (followed.corrections["weight"], followed.corrections["taught"]) == (0.5, 0)
    names = followed.members["member"].to_pylist()
    assert set(names) - set(plain.members["member"].to_pylist()) == {UNCORRECTED}
    assert followed.scores["everyone"][UNCORRECTED] == plain.scores["everyone"]["stack"]
    assert followed.scores["everyone"]["stack"] != plain.scores["everyone"]["stack"]
