import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import lognorm, nbinom

from shijin.distribution import P_FLOOR, Grid
from shijin.forecasting.spread import LEVELS, MIN_SHAPE_ROWS, Spread

GRID = Grid.of_scale(40.0)


def ones(value: float) -> np.ndarray:
    return np.array([value])


@pytest.mark.parametrize("width", [0.1, 0.5, 0.8, 1.2])
def test_the_untrained_shape_is_lognormal(width: float) -> None:
    forecast = Spread.untrained().distribution(ones(0.999), ones(100.0), ones(1.5), ones(width), GRID)
    true = lognorm(width, scale=100 * np.exp(-(width**2) / 2))
    for level in (0.1, 0.25, 0.5, 0.75, 0.9):
        overall = 1 - 0.999 + 0.999 * level
        assert forecast.quantile(overall)[0] == pytest.approx(true.ppf(level), rel=0.13)  # a bin is a quarter wide


@given(st.floats(0.01, 0.99), st.floats(1.0, 5000.0), st.floats(0.01, 1.5), st.floats(1.0, 60.0))
def test_the_means_are_those_of_the_member(p: float, spend: float, width: float, orders: float) -> None:
    forecast = Spread.untrained().distribution(ones(p), ones(spend), ones(orders), ones(width), GRID)
    assert forecast.mean()[0] == pytest.approx(p * spend, rel=1e-6)
    assert forecast.expected_orders()[0] == pytest.approx(p * orders, rel=1e-6)


@given(
    st.lists(st.tuples(st.floats(-1, 2), st.floats(0, 1e9), st.floats(0, 1e5), st.floats(0.01, 9)), min_size=1),
    st.floats(0.01, 1e5),
)
def test_any_forecast_of_a_member_becomes_a_distribution(
    rows: list[tuple[float, float, float, float]], scale: float
) -> None:
    p, spend, orders, width = (np.array(column) for column in zip(*rows, strict=True))
    forecast = Spread.untrained().distribution(p, spend, orders, width, Grid.of_scale(scale))
    assert np.all((forecast.p_active >= P_FLOOR) & (forecast.p_active <= 1 - P_FLOOR))
    for part in (forecast.spend, forecast.orders):
        assert part.min() >= 0
        assert part.sum(axis=1) == pytest.approx(1.0)


def test_a_forecast_narrower_than_its_bin_lies_in_two_bins_at_most() -> None:
    bin_12 = GRID.spend_means[12]
    forecast = Spread.untrained().distribution(ones(0.9), ones(bin_12 * 1.05), ones(1.5), ones(0.01), GRID)
    assert np.flatnonzero(forecast.spend[0] > 1e-9).tolist() == [12, 13]


def test_the_mean_factor_is_the_mean_of_the_exponential_of_the_shape() -> None:
    spread = Spread.untrained()
    for width in (0.2, 0.8, 1.2):
        assert spread.mean_factor(ones(width))[0] == pytest.approx(np.exp(width**2 / 2), rel=0.02)


def test_the_shape_is_that_of_the_residuals() -> None:
    residuals = np.random.default_rng(0).gumbel(size=5000)
    spread = Spread.of(residuals, np.ones(1), np.ones(1))
    assert spread.shape == pytest.approx(np.quantile(residuals, LEVELS), abs=1e-5)
    assert np.all(np.diff(spread.shape) > 0)


def test_equal_residuals_still_make_a_shape_that_rises() -> None:
    assert np.all(np.diff(Spread.of(np.zeros(100), np.ones(1), np.ones(1)).shape) > 0)


def test_too_few_residuals_leave_the_normal_shape() -> None:
    few = np.full(MIN_SHAPE_ROWS - 1, 7.0)
    assert Spread.of(few, np.ones(1), np.ones(1)).shape == pytest.approx(Spread.untrained().shape, abs=1e-6)


@pytest.mark.parametrize("size", [0.5, 2.0, 8.0])
def test_the_scatter_of_orders_is_found_again(size: float) -> None:
    mean = np.random.default_rng(1).uniform(1.5, 6.0, 40_000)
    further = nbinom.rvs(size, size / (size + mean - 1), random_state=2)
    spread = Spread.of(np.zeros(0), 1.0 + further, mean)
    assert spread.dispersion == pytest.approx(size, rel=0.1)


def test_the_scatter_of_orders_by_moments() -> None:
    # Further orders 0 and 4 around 2: squares 4 + 4, less 2 + 2, is an excess of 4; means squared 8: r = 8 / 4.
    assert Spread.of(np.zeros(0), np.array([1.0, 5.0]), np.array([3.0, 3.0])).dispersion == pytest.approx(2.0)


def test_orders_that_scatter_less_than_poisson_count_as_poisson() -> None:
    assert Spread.of(np.zeros(0), np.full(9, 3.0), np.full(9, 3.0)).dispersion == 50.0


def test_order_counts_are_one_and_a_negative_binomial() -> None:
    forecast = Spread(Spread.untrained().shape, 2.0).distribution(ones(0.5), ones(50.0), ones(3.0), ones(0.5), GRID)
    expected = nbinom.pmf(np.arange(6), 2.0, 2.0 / 4.0)
    assert forecast.orders[0, :6] == pytest.approx(expected, abs=0.003)


def test_state_comes_back_to_the_bit_through_json() -> None:
    spread = Spread.of(np.random.default_rng(3).normal(size=200), np.array([1.0, 5.0]), np.array([3.0, 3.0]))
    again = Spread.from_state(json.loads(json.dumps(spread.state())))
    assert np.array_equal(again.shape, spread.shape)
    assert again.dispersion == spread.dispersion
