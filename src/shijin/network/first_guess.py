"""A first guess from the context: ridge regressions of the targets on the features.

Attention learns slowly what least squares finds at once: that in this shop large baskets come back, in that one recency
is all. So every customer's row holds the guess of a ridge on the context, and every context row the guess of a ridge
that has not seen that row: from these the network learns how far to trust the guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from shijin.arrays import Floats, Singles, row_sums

GUESSES = 4  # numbers a row: whether there is a guess, activity, spend, spend given activity
LEAST_ROWS = 24  # of context, for a guess
_PENALTIES = np.array([3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0])  # in rows
_MOST = 3.0  # deviations a feature may lie from the context's mean
_GRAINS = 4096.0  # guesses are rounded to such steps of 1, so that the order of rows leaves no trace


@dataclass(frozen=True)
class FirstGuess:
    """Three linear guesses over standardised features.

    mean, deviation : (F,) of the context
    centre : (3,) mean of each target
    slopes : (F, 3)
    """

    mean: Floats
    deviation: Floats
    centre: Floats
    slopes: Floats

    @classmethod
    def fit(cls, features: Singles, targets: Floats, active: Singles) -> tuple[Self | None, Singles]:
        """Fit on c rows of context.

        Parameters
        ----------
        features : (c, F)
        targets : (c, 3)
            Activity, spend, and spend given activity; the last is fitted on active rows only.
        active : (c,)

        Returns
        -------
        FirstGuess or None
            None where there are too few rows.
        (c, GUESSES)
            Each row's guess by all others.
        """
        some = active > 0
        if len(features) < LEAST_ROWS:
            return None, no_guess(len(features))
        mean, deviation = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64) + 1e-3
        x = _standardised(features, mean, deviation)
        centre, slopes = np.zeros(3), np.zeros((x.shape[1], 3))
        left_out = np.zeros((len(x), 3))
        centre[:2], slopes[:, :2], left_out[:, :2] = _ridge(x, targets[:, :2])
        if np.count_nonzero(some) >= LEAST_ROWS:
            centre[2:], slopes[:, 2:], left_out[some, 2:] = _ridge(x[some], targets[some, 2:])
            # Rows without an order were not in this fit, so its plain guess is one that has not seen them.
            left_out[~some, 2] = centre[2] + x[~some] @ slopes[:, 2]
        return cls(mean, deviation, centre, slopes), _with_flag(left_out)

    def guess(self, features: Singles) -> Singles:
        """(n, GUESSES) for n customers."""
        x = _standardised(features, self.mean, self.deviation)
        return _with_flag(self.centre + np.stack([row_sums(x, slopes) for slopes in self.slopes.T], axis=1))


def no_guess(rows: int) -> Singles:
    """(rows, GUESSES) where there is nothing to guess from."""
    return np.zeros((rows, GUESSES), np.float32)


def _ridge(x: Floats, targets: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit a ridge for each target; the penalty is the one with the best left-out guesses (Golub et al. 1979).

    Returns
    -------
    centre : (t,)
    slopes : (F, t)
    left_out : (c, t)
        Each row's guess by a fit that has not seen it.
    """
    middle, centre = x.mean(axis=0), targets.mean(axis=0)
    x, away = x - middle, targets - centre
    # One eigendecomposition serves all penalties: in its basis a penalty only shrinks each direction.
    values, vectors = np.linalg.eigh(x.T @ x)
    turned, projected = x @ vectors, vectors.T @ (x.T @ away)
    best: list[tuple[float, Floats, Floats]] = [(np.inf, away[:, 0], away[:, 0])] * away.shape[1]
    for penalty in _PENALTIES:
        shrunk = 1 / (np.maximum(values, 0) + penalty)
        fitted = turned @ (projected * shrunk[:, None])
        # A left-out residual is the residual over 1 - leverage: no refit is needed. 1 / c is the mean's leverage.
        leverage = np.minimum((turned * turned) @ shrunk + 1 / len(x), 0.999)
        left = (away - fitted) / (1 - leverage)[:, None]
        for target in range(away.shape[1]):
            error = float(np.mean(left[:, target] ** 2))
            if error < best[target][0]:
                best[target] = (error, vectors @ (projected[:, target] * shrunk), away[:, target] - left[:, target])
    slopes = np.stack([one[1] for one in best], axis=1)
    return centre - middle @ slopes, slopes, centre + np.stack([one[2] for one in best], axis=1)


def _standardised(features: Singles, mean: Floats, deviation: Floats) -> Floats:
    return np.clip((features - mean) / deviation, -_MOST, _MOST)


def _with_flag(guesses: Floats) -> Singles:
    """Round guesses, and put a 1 before each row: there is a guess."""
    rounded = np.rint(np.clip(guesses, -4, 4) * _GRAINS) / _GRAINS
    return np.concatenate([np.ones((len(guesses), 1)), rounded], axis=1).astype(np.float32)
