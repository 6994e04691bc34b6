import numpy as np
import pytest

from shijin.network.first_guess import GUESSES, LEAST_ROWS, FirstGuess, no_guess

FLAG, ACTIVITY, SPEND, GIVEN_ACTIVE = range(GUESSES)
RNG = np.random.default_rng(4)
FEATURES = RNG.normal(size=(400, 6)).astype(np.float32)
ACTIVE = (RNG.random(400) < 0.6).astype(np.float32)


def targets(features: np.ndarray = FEATURES, noise: float = 0.1, seed: int = 1) -> np.ndarray:
    """Three targets that hang on the features: each on another."""
    drawn = np.random.default_rng(seed).normal(size=(len(features), 3))
    return np.array([0.5, 1.0, -0.5]) + features[:, :3] * np.array([0.3, -0.4, 0.5]) + noise * drawn


def made(features: np.ndarray = FEATURES, of: np.ndarray | None = None) -> tuple[FirstGuess, np.ndarray]:
    first_guess, left_out = FirstGuess.of(features, targets() if of is None else of, ACTIVE)
    assert first_guess is not None
    return first_guess, left_out


def test_a_first_guess_finds_what_hangs_on_what() -> None:
    first_guess, left_out = made()
    fresh = np.random.default_rng(9).normal(size=(300, 6)).astype(np.float32)
    for features, said in ((fresh, first_guess.guess(fresh)), (FEATURES, left_out)):
        assert said.shape == (len(features), GUESSES)
        np.testing.assert_array_equal(said[:, FLAG], 1)
        usual = (np.abs(features) < 2.8).all(axis=1)  # a feature is held within three deviations
        assert np.abs(said[:, 1:] - targets(features, noise=0))[usual].max() < 0.1


def test_where_nothing_hangs_on_anything_the_guess_is_the_mean() -> None:
    noise = np.random.default_rng(2).normal(size=(400, 3))
    said = made(of=noise)[0].guess(FEATURES)
    assert said[:, ACTIVITY].std() < 0.1
    assert said[:, ACTIVITY].mean() == pytest.approx(noise[:, 0].mean(), abs=0.02)


def one_by_one(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Each row's guess by a ridge that never saw it, with the penalty whose guesses are best."""
    best, found = np.inf, y
    for penalty in (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0):
        said = np.zeros(len(x))
        for row in range(len(x)):
            others = np.arange(len(x)) != row
            middle, mean = x[others].mean(axis=0), y[others].mean()
            away = x[others] - middle
            slopes = np.linalg.solve(away.T @ away + penalty * np.eye(x.shape[1]), away.T @ (y[others] - mean))
            said[row] = mean + (x[row] - middle) @ slopes
        error = float(np.mean((said - y) ** 2))
        if error < best:
            best, found = error, said
    return found


@pytest.mark.parametrize("which", [ACTIVITY, SPEND, GIVEN_ACTIVE])
def test_a_row_of_the_context_holds_the_guess_of_a_fit_that_never_saw_it(which: int) -> None:
    drawn = np.random.default_rng(0)
    features = drawn.uniform(-1, 1, (60, 6)).astype(np.float32)  # none beyond three deviations
    active = (features[:, 0] + drawn.normal(size=60) * 0.3 > 0).astype(np.float32)
    spend, given = (features[:, place] * 0.8 + drawn.normal(size=60) * 0.3 for place in (1, 0))
    of = np.stack([active, spend, given], axis=1)
    _, left_out = FirstGuess.of(features, of, active)
    x = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-3)
    rows = active > 0 if which == GIVEN_ACTIVE else np.ones(60, dtype=bool)
    np.testing.assert_allclose(left_out[rows, which], one_by_one(x[rows], of[rows, which - 1]), atol=1e-3)


def test_spend_given_activity_is_learnt_from_who_was_active() -> None:
    of = targets()
    of[ACTIVE == 0, 2] = 1e6
    one, left_out = made(of=of)
    other, _ = made()
    np.testing.assert_array_equal(one.guess(FEATURES)[:, GIVEN_ACTIVE], other.guess(FEATURES)[:, GIVEN_ACTIVE])
    assert np.abs(left_out[:, GIVEN_ACTIVE]).max() < 4


def test_the_order_of_the_context_means_nothing() -> None:
    order = np.random.default_rng(3).permutation(400)
    one, left_out = made()
    other, shuffled = FirstGuess.of(FEATURES[order], targets()[order], ACTIVE[order])
    assert other is not None
    np.testing.assert_allclose(other.guess(FEATURES), one.guess(FEATURES), atol=3e-4)
    np.testing.assert_allclose(shuffled, left_out[order], atol=3e-4)


def test_too_few_rows_give_no_guess() -> None:
    few = LEAST_ROWS - 1
    first_guess, left_out = FirstGuess.of(FEATURES[:few], targets()[:few], ACTIVE[:few])
    assert first_guess is None
    np.testing.assert_array_equal(left_out, no_guess(few))
    assert no_guess(few).shape == (few, GUESSES)
    one, _ = FirstGuess.of(FEATURES[: few + 1], targets()[: few + 1], ACTIVE[: few + 1])
    assert one is not None


def test_a_feature_that_never_differs_and_customers_far_out_are_borne() -> None:
    features = FEATURES.copy()
    features[:, 5] = 7
    first_guess, left_out = made(features)
    far = first_guess.guess(features * np.float32(1e6))
    assert np.isfinite(far).all()
    assert np.abs(far).max() <= 4
    assert np.isfinite(left_out).all()
