"""What customers buy: each knob of amounts and items, measured on orders drawn with it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shijin.simulate.baskets import BasketLines, Catalogue, draw_amounts, draw_lines, log_basket_shift, make_catalogue
from shijin.simulate.knobs import Knobs
from shijin.simulate.lives import simulate_lives

N, EACH = 2000, 60  # customers, and orders of each
ALIKE = Knobs(customers=N, basket_median=100.0, basket_between=0.0, basket_within=0.0)


def log_amounts(knobs: Knobs, shift: np.ndarray | None = None, seed: int = 1) -> np.ndarray:
    """(n, EACH) log amounts."""
    customer = np.repeat(np.arange(knobs.customers), EACH)
    cents, _ = draw_amounts(
        knobs, customer, np.zeros(knobs.customers) if shift is None else shift, np.random.default_rng(seed)
    )
    return np.log(cents.reshape(knobs.customers, EACH) / 100)


def test_alike_customers_pay_the_median_each_time() -> None:
    np.testing.assert_allclose(log_amounts(ALIKE), np.log(100))


def test_amounts_have_the_median_and_the_spreads_between_and_within_customers_of_their_knobs() -> None:
    logs = log_amounts(replace(ALIKE, basket_between=0.7, basket_within=0.4))
    usual = logs.mean(axis=1)
    assert np.median(usual) == pytest.approx(np.log(100), abs=0.06)
    assert np.sqrt(usual.var() - 0.4**2 / EACH) == pytest.approx(0.7, rel=0.06)
    assert logs.std(axis=1, ddof=1).mean() == pytest.approx(0.4, rel=0.03)


@pytest.mark.parametrize("skew", [-1.2, -0.4, 0.3])
def test_baskets_are_as_skewed_as_their_knob_and_the_true_mean_accounts_for_it(skew: float) -> None:
    knobs = replace(ALIKE, basket_within=0.5, basket_skew=skew)
    customer = np.repeat(np.arange(N), EACH)
    cents, means = draw_amounts(knobs, customer, np.zeros(N), np.random.default_rng(2))
    logs = np.log(cents / 100)
    assert logs.std() == pytest.approx(0.5, rel=0.02)
    assert stats.skew(logs) == pytest.approx(skew, rel=0.15)  # of the log of a gamma it is near -1 / sqrt(shape)
    assert cents.mean() / 100 == pytest.approx(means.mean(), rel=0.01)


@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_customers_differ_in_how_variable_their_baskets_are(spread: float) -> None:
    logs = log_amounts(replace(ALIKE, basket_within=0.2, basket_within_spread=spread))
    measured = np.log(logs.std(axis=1, ddof=1)).std()
    sampling = 1 / np.sqrt(2 * (EACH - 1))  # of the log of a standard deviation
    assert measured == pytest.approx(np.hypot(spread, sampling), rel=0.08)


def test_the_variability_of_a_customers_baskets_is_bounded() -> None:
    logs = log_amounts(replace(ALIKE, basket_within=1.0, basket_within_spread=2.0, customers=500))
    assert logs.std(axis=1).max() < 2.0 * 1.5  # a standard deviation of 60 orders strays by a tenth


@pytest.mark.parametrize("tail", [0.0, 3.0])
def test_a_tail_makes_a_few_customers_far_larger(tail: float) -> None:
    knobs = replace(ALIKE, customers=20_000, basket_between=0.5, basket_tail=tail)
    customer = np.arange(20_000)
    cents, _ = draw_amounts(knobs, customer, np.zeros(20_000), np.random.default_rng(1))
    away = np.log(cents / 10_000) / 0.5
    beyond = (away > 3).mean()
    expected = stats.t.sf(3, tail) if tail else stats.norm.sf(3)  # .0288, or .0013
    assert beyond == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000))
    assert (away.min() > -5.01, away.max() < 6.01) == (True, True)


@pytest.mark.parametrize("tie", [-0.3, 0.5])
def test_baskets_go_with_rates_by_their_tie(tie: float) -> None:
    knobs = replace(ALIKE, rates="lognormal", rate_basket_tie=tie)
    lives = simulate_lives(knobs, np.random.default_rng(3))
    logs = log_amounts(knobs, log_basket_shift(knobs, lives))[:, 0]
    assert np.polyfit(np.log(lives.rates), logs, 1)[0] == pytest.approx(tie, abs=0.01)
    assert np.median(logs) == pytest.approx(np.log(100), abs=0.01)


def test_baskets_go_with_staying_by_their_tie_and_one_timers_have_their_own() -> None:
    knobs = replace(ALIKE, dropout="lifetime", lifetime_spread=0.8, staying_basket_tie=0.4)
    lives = simulate_lives(knobs, np.random.default_rng(3))
    logs = log_amounts(knobs, log_basket_shift(knobs, lives))[:, 0]
    assert np.polyfit(lives.staying, logs, 1)[0] == pytest.approx(0.4, abs=0.01)
    knobs = replace(ALIKE, one_timers=0.5, one_timer_basket=-0.7)
    lives = simulate_lives(knobs, np.random.default_rng(3))
    logs = log_amounts(knobs, log_basket_shift(knobs, lives))[:, 0]
    assert logs[lives.one_timer].mean() - logs[~lives.one_timer].mean() == pytest.approx(-0.7, abs=0.01)


@pytest.mark.parametrize("growth", [-0.2, 0.1])
def test_the_nth_basket_is_n_to_the_growth_times_the_first(growth: float) -> None:
    logs = log_amounts(replace(ALIKE, basket_growth=growth))
    np.testing.assert_allclose(logs[7], np.log(100) + growth * np.log(np.arange(1, EACH + 1)), atol=1e-3)


def test_a_drifting_basket_has_its_knobs_deviation_after_fifty_orders() -> None:
    logs = log_amounts(replace(ALIKE, basket_drift=0.5)) - np.log(100)
    np.testing.assert_allclose(logs[:, 0], 0, atol=1e-3)
    assert logs[:, 50].std() == pytest.approx(0.5, rel=0.08)
    assert logs[:, 12].std() == pytest.approx(0.5 * np.sqrt(12 / 50), rel=0.08)
    assert logs[:, 50].mean() == pytest.approx(0, abs=0.05)


def test_bulk_orders_are_a_share_and_exp_of_the_lift_larger() -> None:
    logs = log_amounts(replace(ALIKE, bulk_share=0.03, bulk_lift=1.7)) - np.log(100)
    bulk = logs > 0.01
    np.testing.assert_allclose(logs[bulk], 1.7, atol=1e-3)
    assert bulk.mean() == pytest.approx(0.03, abs=0.002)


def test_gamma_amounts_have_the_moments_of_the_gamma_gamma() -> None:
    knobs = Knobs(customers=N, baskets="gamma_gamma", basket_p=4.0, basket_q=6.0, basket_gamma=20.0)
    amounts = np.exp(log_amounts(knobs))
    assert amounts.mean() == pytest.approx(4 * 20 / (6 - 1), rel=0.05)  # p gamma / (q - 1)
    variation = amounts.std(axis=1) / amounts.mean(axis=1)
    assert variation.mean() == pytest.approx(1 / np.sqrt(4), rel=0.05)


def test_every_order_costs_at_least_a_cent_and_a_shop_without_orders_has_no_amounts() -> None:
    cents, means = draw_amounts(
        replace(ALIKE, basket_median=0.1, basket_within=3.0),
        np.zeros(N, np.int64),
        np.zeros(N),
        np.random.default_rng(1),
    )
    assert cents.min() == 1
    cents, means = draw_amounts(ALIKE, np.zeros(0, np.int64), np.zeros(N), np.random.default_rng(1))
    assert (len(cents), len(means)) == (0, N)


# --- items ------------------------------------------------------------------------------------------------------------


def lines_of(knobs: Knobs, seed: int = 1) -> tuple[Catalogue, BasketLines]:
    rng = np.random.default_rng(seed)
    catalogue = make_catalogue(knobs, rng)
    customer = np.repeat(np.arange(knobs.customers), EACH)
    return catalogue, draw_lines(knobs, catalogue, customer, rng.integers(1, 20_000, len(customer)), rng)


def test_a_catalogue_has_its_items_sorted_by_category_and_every_one_may_be_bought() -> None:
    catalogue = make_catalogue(Knobs(items=500, categories=12), np.random.default_rng(1))
    assert (len(catalogue.items), len(catalogue.categories)) == (500, 12)
    assert (np.diff(catalogue.category) >= 0).all()
    assert (np.diff(catalogue.popularity) > 0).all()
    assert (catalogue.popularity[0], catalogue.popularity[-1]) == (0, pytest.approx(1))


@pytest.mark.parametrize("popularity", [0.0, 1.1])
def test_popularity_sets_the_share_of_the_top_items(popularity: float) -> None:
    catalogue = make_catalogue(Knobs(items=400, popularity=popularity), np.random.default_rng(1))
    weights = 1 / (np.arange(400) + 3.0) ** popularity
    top = np.sort(np.diff(catalogue.popularity))[::-1][:40].sum()
    assert top == pytest.approx(weights[:40].sum() / weights.sum())


def test_orders_have_as_many_lines_as_their_knob() -> None:
    _, drawn = lines_of(
        Knobs(customers=100, items=100_000, popularity=0.0, loyalty=0.0, lines_per_order=3.5, categories=1000)
    )
    counts = np.bincount(drawn.order, minlength=100 * EACH)
    assert counts.min() == 1
    assert counts.mean() == pytest.approx(3.5, rel=0.03)


def test_an_item_stands_once_in_an_order() -> None:
    _, drawn = lines_of(Knobs(customers=50, items=3, lines_per_order=6.0))
    pairs = np.stack([drawn.order, drawn.item], axis=1)
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert drawn.quantity.min() >= 1


def test_fully_loyal_customers_buy_only_a_few_items() -> None:
    def distinct(loyalty: float) -> np.ndarray:
        _, drawn = lines_of(Knobs(customers=60, items=300, loyalty=loyalty))
        owner = drawn.order // EACH
        return np.array([len(np.unique(drawn.item[owner == one])) for one in range(60)])

    assert distinct(1.0).max() <= 4
    assert distinct(0.3).mean() > 20


@given(st.integers(0, 10_000), st.integers(1, 30), st.floats(1, 8))
def test_lines_sum_to_their_orders_to_the_cent_and_none_is_negative(seed: int, items: int, lines: float) -> None:
    rng = np.random.default_rng(seed)
    knobs = Knobs(customers=3, items=items, categories=2, lines_per_order=lines)
    customer = np.sort(rng.integers(0, 3, 12))
    cents = rng.integers(1, 10 ** rng.integers(1, 8), 12)
    drawn = draw_lines(knobs, make_catalogue(knobs, rng), customer, cents, rng)
    np.testing.assert_array_equal(np.bincount(drawn.order, weights=drawn.cents, minlength=12), cents)
    assert drawn.cents.min() >= 0
    assert drawn.item.max() < items
