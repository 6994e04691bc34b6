"""Weights of pooling: equal without evidence, by hand where that is possible, and all on the member that is right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.pooling import (
    EQUAL_ROWS,
    LEAST_WIDTH,
    log_normal_weights,
    log_odds_weights,
    logistic,
    logit,
    mixture_shares,
    shift_to,
)


def test_logit_and_logistic_are_inverse() -> None:
    p = np.array([0.01, 0.2, 0.5, 0.99])
    assert logistic(logit(p)) == pytest.approx(p)
    assert logit(np.array([0.8]))[0] == pytest.approx(np.log(4))


@given(st.lists(st.floats(-40, 40), min_size=1, max_size=20), st.floats(1e-6, 1 - 1e-6))
def test_shifted_log_odds_average_the_share(log_odds: list[float], share: float) -> None:
    values = np.array(log_odds)
    assert logistic(values + shift_to(values, share)).mean() == pytest.approx(share, rel=1e-6)


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """True log odds, and what happened."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-0.5, 1.5, n)
    return log_odds, rng.random(n) < logistic(log_odds)


def test_the_true_log_odds_get_the_weight_one_and_noise_none_whatever_their_level() -> None:
    log_odds, active = drawn(20_000, seed=1)
    noise = np.random.default_rng(2).normal(size=len(log_odds))
    weights = log_odds_weights(np.stack([log_odds + 3, noise], axis=1), active)
    assert weights == pytest.approx([1, 0], abs=0.05)


def test_weights_of_a_few_outcomes_stay_near_equal_ones() -> None:
    log_odds, active = drawn(5, seed=3)
    weights = log_odds_weights(np.stack([log_odds, -log_odds], axis=1), active)
    assert weights == pytest.approx([0.5, 0.5], abs=0.2)


@pytest.mark.parametrize("active", [True, False])
def test_outcomes_that_are_all_alike_have_weights_too(active: bool) -> None:
    log_odds, _ = drawn(50, seed=4)
    weights = log_odds_weights(np.stack([log_odds, log_odds], axis=1), np.full(50, active))
    assert np.isfinite(weights).all()
    assert weights.min() >= 0


def test_the_true_mean_and_width_get_the_weight() -> None:
    rng = np.random.default_rng(5)
    mean, n = rng.normal(3, 0.8, 20_000), 20_000
    value = mean + rng.normal(0.4, 0.5, n)  # a level of .4 that no member has
    other = rng.permutation(mean)
    width = np.stack([np.full(n, 0.5), np.full(n, 0.5)], axis=1)
    location, widths = log_normal_weights(np.stack([mean, other], axis=1), width, value)
    assert location == pytest.approx([1, 0], abs=0.02)
    assert widths.sum() == pytest.approx(1, abs=0.05)


def test_with_fewer_outcomes_than_members_weights_are_equal() -> None:
    location, widths = log_normal_weights(np.zeros((2, 3)), np.full((2, 3), LEAST_WIDTH), np.zeros(2))
    assert location == pytest.approx([1 / 3] * 3)
    assert widths == pytest.approx([1 / 3] * 3)


def test_shares_of_a_mixture_by_hand() -> None:
    # A member that is certain of every outcome against one that gives it nothing: all outcomes are the first's.
    rows = 300
    shares = mixture_shares(np.tile([1.0, 0.0], (rows, 1)))
    prior = EQUAL_ROWS / 2
    assert shares == pytest.approx([(rows + prior) / (rows + EQUAL_ROWS), prior / (rows + EQUAL_ROWS)], abs=1e-6)


def test_shares_of_members_that_agree_or_of_no_outcomes_are_equal() -> None:
    assert mixture_shares(np.full((40, 4), 0.3)) == pytest.approx([0.25] * 4)
    assert mixture_shares(np.zeros((0, 4))).tolist() == [0.25] * 4
