import numpy as np
import pytest

from shijin.network.first_guess import GUESSES, LEAST_ROWS, FirstGuess, no_guess

FLAG, ACTIVITY, SPEND, IF_ACTIVE = range(GUESSES)
RNG = np.random.default_rng(4)
FEATURES = RNG.normal(size=(400, 6)).astype(np.float32)
ACTIVE = (RNG.random(400) < 0.6).astype(np.float32)


def targets(features: np.ndarray = FEATURES, noise: float = 0.1, seed: int = 1) -> np.ndarray:
    """Three targets, each depending on another feature."""
    drawn = np.random.default_rng(seed).normal(size=(len(features), 3))
    return np.array([0.5, 1.0, -0.5]) + features[:, :3] * np.array([0.3, -0.4, 0.5]) + noise * drawn


def fitted(features: np.ndarray = FEATURES, of: np.ndarray | None = None) -> tuple[FirstGuess, np.ndarray]:
    first_guess, left_out = FirstGuess.fit(features, targets() if of is None else of, ACTIVE)
    assert first_guess is not None
    return first_guess, left_out


def test_a_first_guess_finds_how_targets_depend_on_features() -> None:
    first_guess, left_out = fitted()
    fresh = np.random.default_rng(9).normal(size=(300, 6)).astype(np.float32)
    for features, guess in ((fresh, first_guess.guess(fresh)), (FEATURES, left_out)):
        assert guess.shape == (len(features), GUESSES)
        np.testing.assert_array_equal(guess[:, FLAG], 1)
        usual = (np.abs(features) < 2.8).all(axis=1)  # a feature is clipped at three deviations
        assert np.abs(guess[:, 1:] - targets(features, noise=0))[usual].max() < 0.1


def test_where_targets_do_not_depend_on_features_the_guess_is_the_mean() -> None:
    noise = np.random.default_rng(2).normal(size=(400, 3))
    guess = fitted(of=noise)[0].guess(FEATURES)
    assert guess[:, ACTIVITY].std() < 0.1
    assert guess[:, ACTIVITY].mean() == pytest.approx(noise[:, 0].mean(), abs=0.02)


def one_by_one(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Each row's guess by a ridge that never saw it, with the penalty whose guesses are best."""
    best, guesses = np.inf, y
    for penalty in (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0):
        left_out = np.zeros(len(x))
        for row in range(len(x)):
            others = np.arange(len(x)) != row
            middle, mean = x[others].mean(axis=0), y[others].mean()
            away = x[others] - middle
            slopes = np.linalg.solve(away.T @ away + penalty * np.eye(x.shape[1]), away.T @ (y[others] - mean))
            left_out[row] = mean + (x[row] - middle) @ slopes
        error = float(np.mean((left_out - y) ** 2))
        if error < best:
            best, guesses = error, left_out
    return guesses


@pytest.mark.parametrize("which", [ACTIVITY, SPEND, IF_ACTIVE])
def test_a_row_of_the_context_holds_the_guess_of_a_fit_that_never_saw_it(which: int) -> None:
    drawn = np.random.default_rng(0)
    features = drawn.uniform(-1, 1, (60, 6)).astype(np.float32)  # none beyond three deviations
    active = (features[:, 0] + drawn.normal(size=60) * 0.3 > 0).astype(np.float32)
    spend, if_active = (features[:, place] * 0.8 + drawn.normal(size=60) * 0.3 for place in (1, 0))
    of = np.stack([active, spend, if_active], axis=1)
    _, left_out = FirstGuess.fit(features, of, active)
    x = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-3)
    rows = active > 0 if which == IF_ACTIVE else np.ones(60, dtype=bool)
    np.testing.assert_allclose(left_out[rows, which], one_by_one(x[rows], of[rows, which - 1]), atol=1e-3)


def test_spend_given_activity_is_fitted_on_active_customers() -> None:
    of = targets()
    of[ACTIVE == 0, 2] = 1e6
    one, left_out = fitted(of=of)
    other, _ = fitted()
    np.testing.assert_array_equal(one.guess(FEATURES)[:, IF_ACTIVE], other.guess(FEATURES)[:, IF_ACTIVE])
    assert np.abs(left_out[:, IF_ACTIVE]).max() < 4


def test_the_order_of_the_context_means_nothing() -> None:
    order = np.random.default_rng(3).permutation(400)
    one, left_out = fitted()
    other, shuffled = FirstGuess.fit(FEATURES[order], targets()[order], ACTIVE[order])
    assert other is not None
    np.testing.assert_allclose(other.guess(FEATURES), one.guess(FEATURES), atol=3e-4)
    np.testing.assert_allclose(shuffled, left_out[order], atol=3e-4)


def test_too_few_rows_give_no_guess() -> None:
    few = LEAST_ROWS - 1
    first_guess, left_out = FirstGuess.fit(FEATURES[:few], targets()[:few], ACTIVE[:few])
    assert first_guess is None
    np.testing.assert_array_equal(left_out, no_guess(few))
    assert no_guess(few).shape == (few, GUESSES)
    one, _ = FirstGuess.fit(FEATURES[: few + 1], targets()[: few + 1], ACTIVE[: few + 1])
    assert one is not None


def test_a_constant_feature_and_customers_far_out_give_finite_guesses() -> None:
    features = FEATURES.copy()
    features[:, 5] = 7
    first_guess, left_out = fitted(features)
    far = first_guess.guess(features * np.float32(1e6))
    assert np.isfinite(far).all()
    assert np.abs(far).max() <= 4
    assert np.isfinite(left_out).all()
