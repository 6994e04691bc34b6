from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.metrics import value

Floats = np.ndarray
# Few different numbers, so that ties are common.
shops = st.lists(
    st.tuples(st.sampled_from([0.0, 0.0, 1.0, 2.5, 40.0]), st.sampled_from([0.1, 0.2, 0.2, 0.7])),
    min_size=1,
    max_size=12,
)


def arrays(shop: list[tuple[float, float]]) -> tuple[Floats, Floats]:
    spend, forecast = zip(*shop, strict=True)
    return np.array(spend), np.array(forecast)


def gini_by_area(spend: list[float], score: list[float]) -> float:
    """Twice the area between the curve of cumulative spend and the diagonal, customers with equal scores as one."""
    total, n = sum(spend), len(spend)
    area = share = 0.0
    for level in sorted(set(score), reverse=True):
        tied = [s for s, f in zip(spend, score, strict=True) if f == level]
        area += len(tied) / n * (share + sum(tied) / total / 2)
        share += sum(tied) / total
    return 2 * area - 1


@given(shops)
def test_auc_is_the_share_of_pairs_in_the_right_order(shop: list[tuple[float, float]]) -> None:
    spend, forecast = arrays(shop)
    ordered, stayed = forecast[spend > 0], forecast[spend == 0]
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in ordered for b in stayed]
    figure = value.auc(spend > 0, forecast)
    if pairs:
        assert figure == pytest.approx(sum(pairs) / len(pairs))
    else:
        assert np.isnan(figure)


@given(shops)
def test_the_normalised_gini_is_a_ratio_of_areas(shop: list[tuple[float, float]]) -> None:
    spend, forecast = arrays(shop)
    figure = value.normalised_gini(spend, forecast)
    best = gini_by_area(spend.tolist(), spend.tolist()) if spend.sum() else 0.0
    if best > 1e-12:
        assert figure == pytest.approx(gini_by_area(spend.tolist(), forecast.tolist()) / best)


def test_the_normalised_gini_of_three_customers() -> None:
    # Spend 6, 3, 1 ranked as 3, 6, 1. Best: cumulative .6, .9, 1; found: .3, .9, 1.
    # Areas 1/3 * (.3 + .75 + .95) = 2/3 and 1/3 * (.15 + .6 + .95) = 1.7/3; twice that less 1: 1/3 and .4/3.
    spend = np.array([6.0, 3.0, 1.0])
    assert value.normalised_gini(spend, np.array([2.0, 3.0, 1.0])) == pytest.approx(0.4)
    assert value.normalised_gini(spend, spend) == pytest.approx(1.0)
    assert value.normalised_gini(spend, -spend) == pytest.approx(-1.0)
    assert value.normalised_gini(spend, np.ones(3)) == pytest.approx(0.0)


@pytest.mark.parametrize("each", [0.0, 5.0, 0.1, 19.99, 1e6])
@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_there_is_no_gini_where_nobody_spends_or_everybody_alike(each: float, n: int) -> None:
    assert np.isnan(value.normalised_gini(np.full(n, each), np.arange(float(n))))


def test_the_log_score_is_the_log_of_what_was_given_to_what_happened() -> None:
    scores = value.log_scores(np.array([True, False, True]), np.array([1 / 4, 1 / 4, 1 / 2]))
    assert scores == pytest.approx([log(1 / 4), log(3 / 4), log(1 / 2)])


def test_calibration_is_judged_in_tenths_of_customers() -> None:
    # Forecast rises from tenth to tenth; in each tenth of ten customers as many came as the number of the tenth.
    p_active = np.repeat(np.arange(10) / 10 + 0.05, 10)
    active = np.concatenate([np.arange(10) < tenth for tenth in range(10)])
    assert value.calibration_error(active, p_active) == pytest.approx(0.05)
    bins = value.reliability(active, p_active)
    assert [(place, share) for place, share, _, _ in bins] == [(place, pytest.approx(0.1)) for place in range(1, 11)]
    assert [observed for *_, observed in bins] == pytest.approx(np.arange(10) / 10)


def test_calibration_of_fewer_than_ten_customers_has_as_many_bins() -> None:
    assert value.calibration_error(np.array([True, False]), np.array([0.75, 0.5])) == pytest.approx((0.25 + 0.5) / 2)


def test_the_level_is_total_over_total() -> None:
    assert value.level(np.array([10.0, 30.0]), np.array([20.0, 40.0])) == pytest.approx(3 / 2)
    assert np.isnan(value.level(np.zeros(2), np.ones(2)))


def test_rmse_and_absolute_error() -> None:
    spend, forecast = np.array([0.0, 10.0]), np.array([3.0, 6.0])
    assert value.rmse(spend, forecast) == pytest.approx(sqrt((9 + 16) / 2))
    assert value.absolute_error(spend, forecast) == pytest.approx(7 / 2)


def test_spearman_correlates_mean_ranks() -> None:
    # Ranks 1.5, 1.5, 3, 4 against 1, 2, 4, 3: covariance 3.5, variances 4.5 and 5.
    figure = value.spearman(np.array([0.0, 0.0, 5.0, 9.0]), np.array([0.1, 0.2, 0.4, 0.3]))
    assert figure == pytest.approx(3.5 / sqrt(4.5 * 5))
    assert np.isnan(value.spearman(np.zeros(3), np.arange(3.0)))
    assert np.isnan(value.spearman(np.arange(3.0), np.ones(3)))


def test_coverage_asks_only_those_whose_p90_is_above_zero() -> None:
    spend, p90 = np.array([0.0, 50.0, 5.0, 10.0, 11.0]), np.array([0.0, 0.0, 10.0, 10.0, 10.0])
    assert value.coverage_p90(spend, p90) == pytest.approx(2 / 3)
    assert np.isnan(value.coverage_p90(spend, np.zeros(5)))


def test_the_pit_distance_is_the_widest_gap_to_uniform() -> None:
    # Steps at .1 and .2: before 1 the share is 1 where uniform has .2.
    assert value.pit_distance(np.array([0.2, 0.1])) == pytest.approx(0.8)
    assert value.pit_distance((np.arange(10) + 0.5) / 10) == pytest.approx(0.05)


def test_deciles_start_with_the_best() -> None:
    forecast = np.arange(20.0)
    rows = value.deciles(2 * forecast, forecast)
    assert rows[0] == (1, 2, 18.5, 37.0)
    assert rows[-1] == (10, 2, 0.5, 1.0)
    assert len(value.deciles(np.ones(3), np.arange(3.0))) == 3


@given(shops)
def test_no_measure_depends_on_the_order_of_customers(shop: list[tuple[float, float]]) -> None:
    spend, forecast = arrays(shop)
    back = slice(None, None, -1)
    for measure in (value.normalised_gini, value.spearman, value.level, value.rmse, value.absolute_error):
        assert measure(spend, forecast) == pytest.approx(measure(spend[back], forecast[back]), nan_ok=True)
