"""The chance that a candidate is taken: a logistic curve of straight pieces over its score and place in the list.

It is learnt on lists that were chosen without a look at what was taken, from scores of trees that had not seen them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from shijin.arrays import Floats

BENDS = (0.5, 0.8, 0.95)  # quantiles at which the curve may bend: of what was taken for score and place, else of all
ENOUGH_TO_BEND = 300  # taken; below, the curve is straight
OF_CANDIDATE = 2  # inputs that differ within a list, the first


@dataclass(frozen=True)
class Curve:
    """Slopes over each input and over how far it lies beyond each of its bends.

    bends : for each input where the curve bends
    slopes : the intercept; then for each input its own slope and one a bend
    """

    bends: tuple[tuple[float, ...], ...]
    slopes: tuple[float, ...]

    def chance(self, inputs: Floats) -> Floats:
        """(p,) 0..1 of (p, i) inputs as `curve_inputs` has them."""
        pieces = _pieces(inputs, self.bends)
        odds = self.slopes[0] + weighted(zip(pieces.T, self.slopes[1:], strict=True), len(inputs))
        return np.asarray(expit(odds))


def fit_curve(inputs: Floats, taken: NDArray[np.bool_]) -> Curve:
    """Learn the curve from (p, i) inputs and what was taken of them."""
    bends: list[tuple[float, ...]] = []
    for place, values in enumerate(inputs.T):
        among = values[taken] if place < OF_CANDIDATE else values
        at = np.unique(np.quantile(among, BENDS)) if taken.sum() >= ENOUGH_TO_BEND else np.zeros(0)
        bends.append(tuple(float(one) for one in at if values.min() < one < values.max()))
    pieces = _pieces(inputs, tuple(bends))
    middle, width = pieces.mean(axis=0), np.maximum(pieces.std(axis=0), 1e-9)
    model = LogisticRegression(C=10.0, max_iter=500).fit((pieces - middle) / width, taken)
    slopes = np.where(pieces.std(axis=0) > 0, model.coef_[0] / width, 0.0)
    intercept = float(model.intercept_[0] - slopes @ middle)
    return Curve(tuple(bends), (intercept, *(float(slope) for slope in slopes)))


def curve_inputs(score: Floats, place: Floats, actions: Floats, silence: Floats, pace: Floats) -> Floats:
    """(p, 6) what the chance is read off.

    Parameters
    ----------
    place : (p,)
        In its list, from 0.
    silence, pace : (p,)
        Days since the customer did anything, and from one time to the next; nan where the customer came once.
    """
    once = ~np.isfinite(pace)
    late = np.where(once, 0.0, silence / np.maximum(np.where(once, 1.0, pace), 1.0))
    return np.column_stack([score, np.log1p(place), np.log1p(actions), np.log1p(silence), np.log1p(late), once])


def weighted(parts: Iterable[tuple[NDArray[np.floating], float]], n: int) -> Floats:
    """(n,) sum of columns, each times its weight; in the last bits of a matrix product shows who else was asked."""
    total = np.zeros(n)
    for column, weight in parts:
        total += weight * column.astype(np.float64)
    return total


def _pieces(inputs: Floats, bends: tuple[tuple[float, ...], ...]) -> Floats:
    columns = []
    for values, at in zip(inputs.T, bends, strict=True):
        columns += [values, *(np.maximum(values - one, 0.0) for one in at)]
    return np.column_stack(columns)
