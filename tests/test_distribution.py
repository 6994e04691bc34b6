import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shijin.distribution import ORDER_STARTS, SPEND_BINS, Distribution, Grid, consistent

# Two bins, [0, 10) and [10, 30); one or two orders.
SMALL = Grid(np.array([0.0, 10.0, 30.0]), np.array([1, 2]))


def one(p_active: float, spend: list[float], orders: list[float] | None = None, grid: Grid = SMALL) -> Distribution:
    rows = np.array([orders or [1.0] + [0.0] * (len(grid.order_starts) - 1)])
    return Distribution(np.array([p_active]), np.array([spend]), rows, grid)


def at(value: float) -> np.ndarray:
    return np.array([value])


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    widths = draw(st.lists(st.floats(0.1, 50), min_size=1, max_size=6))
    masses = draw(st.lists(st.floats(0.01, 1), min_size=len(widths), max_size=len(widths)))
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    p_active = draw(st.floats(1e-4, 1 - 1e-4))
    return one(p_active, (np.array(masses) / sum(masses)).tolist(), grid=Grid(edges, np.array([1])))


def crps_by_summing(forecast: Distribution, outcome: float, steps: int = 400_000) -> float:
    top = max(float(forecast.grid.spend_edges[-1]), outcome)
    width = top / steps
    x = (np.arange(steps) + 0.5) * width
    same = forecast.take(np.zeros(steps, dtype=int))
    return float((((same.cdf(x) - (x >= outcome)) ** 2) * width).sum())


def test_the_mean_is_probability_times_the_middle_of_the_bins() -> None:
    # 3/4 * (1/3 * 5 + 2/3 * 20) = 3/4 * 15
    assert one(3 / 4, [1 / 3, 2 / 3]).mean()[0] == pytest.approx(45 / 4)


def test_expected_orders_count_the_middle_of_a_bin_and_the_open_one_as_its_start() -> None:
    grid = Grid(np.array([0.0, 1.0]), np.array([1, 2, 5]))
    # bins {1}, {2, 3, 4}, {5 and more}: 1, 3, 5; 1/2 * (1/4 * 1 + 1/4 * 3 + 1/2 * 5)
    assert one(0.5, [1.0], [0.25, 0.25, 0.5], grid).expected_orders()[0] == pytest.approx(7 / 4)


@pytest.mark.parametrize(
    ("level", "spend"),
    [(0.1, 0.0), (0.5, 0.0), (0.6, 4.0), (0.75, 10.0), (0.875, 20.0), (1.0, 30.0)],
)
def test_quantiles_lie_on_straight_lines_above_the_mass_at_zero(level: float, spend: float) -> None:
    # F(0) = 1/2, F(10) = 3/4, F(30) = 1
    assert one(0.5, [0.5, 0.5]).quantile(level)[0] == pytest.approx(spend)


@pytest.mark.parametrize(("spend", "level"), [(0.0, 0.5), (4.0, 0.6), (10.0, 0.75), (20.0, 0.875), (99.0, 1.0)])
def test_the_distribution_function_reads_off_the_same_lines(spend: float, level: float) -> None:
    assert one(0.5, [0.5, 0.5]).cdf(at(spend))[0] == pytest.approx(level)


def test_crps_of_an_outcome_of_zero_is_the_squared_rest() -> None:
    # rest 1 - F falls 1/2 -> 1/4 over 10, 1/4 -> 0 over 20: 10 * (1/4 + 1/8 + 1/16) / 3 + 20 * (1/16) / 3
    assert one(0.5, [0.5, 0.5]).crps(at(0.0))[0] == pytest.approx(10 * 7 / 48 + 20 / 48)


def test_crps_beyond_the_last_edge_grows_by_one_for_each_unit() -> None:
    forecast = one(0.5, [0.5, 0.5])
    # F rises 1/2 -> 3/4 over 10, 3/4 -> 1 over 20: 10 * (1/4 + 3/8 + 9/16) / 3 + 20 * (9/16 + 3/4 + 1) / 3
    at_edge = 10 * 19 / 48 + 20 * 37 / 48
    assert forecast.crps(at(30.0))[0] == pytest.approx(at_edge)
    assert forecast.crps(at(37.0))[0] == pytest.approx(at_edge + 7)


@settings(max_examples=25, deadline=None)
@given(distributions(), st.floats(0, 1.5))
def test_crps_equals_its_integral(forecast: Distribution, share: float) -> None:
    outcome = share * float(forecast.grid.spend_edges[-1])
    assert forecast.crps(at(outcome))[0] == pytest.approx(crps_by_summing(forecast, outcome), rel=1e-4, abs=1e-3)


@given(distributions(), st.floats(0, 1))
def test_a_quantile_inverts_the_distribution_function(forecast: Distribution, level: float) -> None:
    spend = forecast.quantile(level)
    if level <= 1 - forecast.p_active[0]:
        assert spend[0] == 0
    else:
        assert forecast.cdf(spend)[0] == pytest.approx(level, abs=1e-9)


@given(distributions(), st.floats(0, 200), st.floats(0, 200))
def test_the_distribution_function_rises(forecast: Distribution, a: float, b: float) -> None:
    low, high = forecast.cdf(at(min(a, b)))[0], forecast.cdf(at(max(a, b)))[0]
    assert 1 - forecast.p_active[0] - 1e-12 <= low <= high <= 1 + 1e-12


@given(distributions())
def test_the_mean_is_the_area_above_the_distribution_function(forecast: Distribution) -> None:
    edges = forecast.grid.spend_edges
    rest = np.array([1 - forecast.cdf(at(edge))[0] for edge in edges])
    assert forecast.mean()[0] == pytest.approx(float(((rest[1:] + rest[:-1]) / 2 * np.diff(edges)).sum()))


def drawn(forecast: Distribution, n: int, seed: int) -> tuple[Distribution, np.ndarray]:
    rng = np.random.default_rng(seed)
    many = forecast.take(np.zeros(n, dtype=int))
    level = rng.random(n)
    return many, np.array([forecast.quantile(one_level)[0] for one_level in level])


def test_pit_is_uniform_on_what_the_forecast_itself_draws() -> None:
    many, spend = drawn(one(0.6, [0.2, 0.8]), 4000, seed=3)
    assert (spend == 0).mean() == pytest.approx(0.4, abs=0.03)
    pit = np.sort(many.pit(spend, np.random.default_rng(4).random(4000)))
    assert np.abs(pit - (np.arange(4000) + 0.5) / 4000).max() < 1.63 / np.sqrt(4000)  # 1 % of KS tests


def test_pit_is_not_uniform_on_what_another_draws() -> None:
    _, spend = drawn(one(0.6, [0.2, 0.8]), 4000, seed=3)
    wrong = one(0.6, [0.5, 0.5]).take(np.zeros(4000, dtype=int))
    pit = np.sort(wrong.pit(spend, np.random.default_rng(4).random(4000)))
    assert np.abs(pit - (np.arange(4000) + 0.5) / 4000).max() > 0.1


def test_crps_is_best_for_the_forecast_that_drew_the_outcomes() -> None:
    right = one(0.6, [0.2, 0.8])
    many, spend = drawn(right, 4000, seed=5)
    rows = np.zeros(4000, dtype=int)
    for wrong in (one(0.4, [0.2, 0.8]), one(0.6, [0.5, 0.5]), one(0.8, [0.1, 0.9])):
        assert many.crps(spend).mean() < wrong.take(rows).crps(spend).mean()


def test_pit_spreads_zeros_over_their_mass() -> None:
    assert one(0.75, [0.5, 0.5]).pit(at(0.0), at(0.6))[0] == pytest.approx(0.15)


def test_taking_customers_keeps_their_rows() -> None:
    two = Distribution(np.array([0.25, 0.5]), np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0], [0, 1.0]]), SMALL)
    first = two.take(np.array([False, True]))
    assert len(first) == 1
    assert first.mean()[0] == two.mean()[1] == 10.0


def test_the_standard_grid_is_in_median_orders_and_starts_at_zero() -> None:
    grid = Grid.of_scale(50.0)
    edges = grid.spend_edges
    assert len(edges) == SPEND_BINS + 1
    assert edges[0] == 0
    assert edges[-2] == pytest.approx(50.0 * 1e4)
    assert np.all(np.diff(edges) > 0)
    assert Grid.of_scale(50.0 * 7.31).spend_edges == pytest.approx(7.31 * edges)
    assert grid.order_starts[:8].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert np.array_equal(grid.order_starts, ORDER_STARTS)


def test_the_open_top_bin_stands_for_one_and_a_half_times_its_edge() -> None:
    assert Grid.of_scale(1.0).spend_means[-1] == pytest.approx(15_000.0)


def test_bins_hold_their_lower_edge_and_the_last_holds_everything_above() -> None:
    assert SMALL.spend_bin(np.array([0.5, 9.99, 10.0, 29.0, 30.0, 1e9])).tolist() == [0, 0, 1, 1, 1, 1]
    grid = Grid(np.array([0.0, 1.0]), np.array([1, 2, 5]))
    assert grid.order_bin(np.array([1, 2, 4, 5, 1000])).tolist() == [0, 1, 1, 2, 2]


# --- a whole shop, and several horizons --------------------------------------------------------------------------


def test_nobody_says_how_far_the_total_may_be_off_unless_somebody_does() -> None:
    assert one(0.5, [0.5, 0.5]).total_interval() is None


def test_the_interval_of_the_total_holds_what_the_level_may_be_off_by_and_what_chance_does() -> None:
    # Each of two customers: mean 1/2 * 5 = 2.5, mean square 1/2 * 25, variance 6.25. Level: a Laplace of scale .3.
    both = Distribution(np.array([0.5, 0.5]), np.array([[1.0, 0.0]] * 2), np.array([[1.0, 0.0]] * 2), SMALL, 0.3)
    scale = np.sqrt(0.3**2 + 2 * 6.25 / 5**2 / 2)
    low, high = both.total_interval(0.8) or (0.0, 0.0)
    assert (low, high) == pytest.approx((5 * np.exp(-scale * np.log(5)), 5 * np.exp(scale * np.log(5))))


def test_one_horizon_stays_as_it_is() -> None:
    alone = one(0.5, [0.5, 0.5])
    assert consistent([alone])[0] is alone


def test_a_longer_horizon_is_raised_to_a_shorter_one_where_it_says_less() -> None:
    short, long = one(0.6, [0.5, 0.5], [0.5, 0.5]), one(0.4, [0.0, 1.0], [1.0, 0.0])
    raised = consistent([short, long])[1]
    # P(spend <= 0, 10, 30): short .4 .7 1; long .6 .6 1; the lower of both .4 .6 1.
    assert raised.p_active[0] == pytest.approx(0.6)
    assert raised.spend[0] == pytest.approx([0.2 / 0.6, 0.4 / 0.6])
    # P(orders <= 0, 1, 2): short .4 .7 1; long .6 1 1; the lower of both .4 .7 1.
    assert raised.orders[0] == pytest.approx([0.5, 0.5])


@given(distributions(), st.floats(1e-4, 1 - 1e-4))
def test_horizons_made_to_agree_rise_in_every_way(first: Distribution, p: float) -> None:
    second = Distribution(np.array([p]), first.spend[:, ::-1], first.orders, first.grid)
    short, long = consistent([first, second])
    assert long.p_active[0] >= short.p_active[0] - 1e-12
    assert long.mean()[0] >= short.mean()[0] - 1e-9
    assert long.spend.sum() == pytest.approx(1)
    for level in (0.1, 0.5, 0.9):
        assert long.quantile(level)[0] >= short.quantile(level)[0] - 1e-9
