"""Calibrate the interval of a shop's total: one factor, fitted on simulated shops held out.

The network gives the scale of every shop's level. After short training this scale is too wide: without the factor, its
80 % intervals of the total hold nine shops in ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shijin.distribution import Distribution, Grid
from shijin.network.runtime import Network
from shijin.network.tasks import Example, example
from shijin.network.weights import Weights
from shijin.threads import one_blas_thread

SEED = 9_001  # of the shops; they are used neither for training nor for judging
SHOPS, SHARE = 240, 0.8
FACTORS = (0.05, 5.0)  # between which the factor is searched
HALVINGS = 30  # of that range, on the log

ShopForecast = tuple[Distribution, float]  # of a shop's customers, and their total spend, in median orders


@one_blas_thread()
def level_factor(weights: Weights, shops: int = SHOPS) -> float:
    """Find the factor on the level's scale with which intervals of the total cover `SHARE` of the shops."""
    network = Network(weights)
    forecasts = [forecast_example(network, example(SEED, number)) for number in range(shops)]
    low, high = (float(np.log(end)) for end in FACTORS)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if coverage(forecasts, float(np.exp(middle))) >= SHARE else (middle, high)
    return float(np.exp((low + high) / 2))


def forecast_example(network: Network, one: Example) -> ShopForecast:
    """Forecast an example; the level's scale is the network's own, with its factor."""
    read = network.read(one.shop, one.context)
    forecast = network.forward(one.query, read).distribution(one.query, Grid.of_scale(1.0))
    return replace(forecast, level_scale=network.level_scale(read)), float(np.expm1(one.targets.spend).sum())


def coverage(forecasts: Sequence[ShopForecast], factor: float = 1.0) -> float:
    """Share of shops whose total lies within its interval, the scales of the levels multiplied by a factor."""
    inside = []
    for forecast, total in forecasts:
        ends = replace(forecast, level_scale=factor * (forecast.level_scale or 0.0)).total_interval(SHARE)
        inside.append(ends is not None and ends[0] <= total <= ends[1])
    return float(np.mean(inside))
