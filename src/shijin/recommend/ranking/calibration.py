"""The chance that a candidate is bought: a piecewise linear logistic curve of score, place in the list and more.

It is fitted to lists that were chosen without looking at the outcome, and to scores of trees that had not seen them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from shijin.arrays import Flags, Floats

BENDS = (0.5, 0.8, 0.95)  # quantiles at which the curve may bend: of bought candidates for score and place, else of all
ENOUGH_TO_BEND = 300  # bought candidates; below, the curve is straight
OF_CANDIDATE = 2  # the first inputs, which differ within a list


@dataclass(frozen=True)
class Curve:
    """Slopes over each input, and over its distance beyond each of its bends.

    bends : for each input where the curve bends
    slopes : the intercept; then for each input its own slope and one for each bend
    """

    bends: tuple[tuple[float, ...], ...]
    slopes: tuple[float, ...]

    def chance(self, inputs: Floats) -> Floats:
        """(p,) 0..1, for (p, i) inputs of `curve_inputs`."""
        pieces = _pieces(inputs, self.bends)
        odds = self.slopes[0] + weighted(zip(pieces.T, self.slopes[1:], strict=True), len(inputs))
        return np.asarray(expit(odds))


def fit_curve(inputs: Floats, bought: Flags) -> Curve:
    """Fit the curve to (p, i) inputs and whether each candidate was bought."""
    bends: list[tuple[float, ...]] = []
    for place, values in enumerate(inputs.T):
        among = values[bought] if place < OF_CANDIDATE else values
        at = np.unique(np.quantile(among, BENDS)) if bought.sum() >= ENOUGH_TO_BEND else np.zeros(0)
        bends.append(tuple(float(one) for one in at if values.min() < one < values.max()))
    pieces = _pieces(inputs, tuple(bends))
    # Standardised for the regression's penalty, then the slopes are turned back to the inputs' own units.
    middle, width = pieces.mean(axis=0), np.maximum(pieces.std(axis=0), 1e-9)
    model = LogisticRegression(C=10.0, max_iter=500).fit((pieces - middle) / width, bought)
    slopes = np.where(pieces.std(axis=0) > 0, model.coef_[0] / width, 0.0)
    intercept = float(model.intercept_[0] - slopes @ middle)
    return Curve(tuple(bends), (intercept, *(float(slope) for slope in slopes)))


def curve_inputs(score: Floats, place: Floats, actions: Floats, silence: Floats, pace: Floats) -> Floats:
    """(p, 6) the inputs of the curve.

    Parameters
    ----------
    place : (p,)
        Place in its list, from 0.
    silence, pace : (p,)
        Days since the customer's newest action, and mean days between steps; nan for a customer with one step.
    """
    once = ~np.isfinite(pace)
    late = np.where(once, 0.0, silence / np.maximum(np.where(once, 1.0, pace), 1.0))
    return np.column_stack([score, np.log1p(place), np.log1p(actions), np.log1p(silence), np.log1p(late), once])


def weighted(parts: Iterable[tuple[NDArray[np.floating], float]], n: int) -> Floats:
    """(n,) weighted sum of columns, added in their order: last bits of a matrix product depend on the other rows."""
    total = np.zeros(n)
    for column, weight in parts:
        total += weight * column.astype(np.float64)
    return total


def _pieces(inputs: Floats, bends: tuple[tuple[float, ...], ...]) -> Floats:
    columns = []
    for values, at in zip(inputs.T, bends, strict=True):
        columns += [values, *(np.maximum(values - one, 0.0) for one in at)]
    return np.column_stack(columns)
