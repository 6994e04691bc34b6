"""How far whole shops turn out from what is said of their customers: one factor, learnt on simulated shops held out.

The network says for every shop how sure its level is. Trained for a short while it says so too timidly: without the
factor its 80 % intervals of the total hold nine shops in ten.
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

SEED = 9_001  # of the shops, on which nothing is trained and nothing judged
SHOPS, SHARE = 240, 0.8
FACTORS = (0.05, 5.0)
HALVINGS = 30

Told = tuple[Distribution, float]  # of a shop's customers, and what they spent together, in median orders


@one_blas_thread()
def level_factor(weights: Weights, shops: int = SHOPS) -> float:
    """Find by what to multiply the scale of the level, so that intervals of the total hold the share they say."""
    network = Network(weights)
    told = [of_example(network, example(SEED, number)) for number in range(shops)]
    low, high = (float(np.log(end)) for end in FACTORS)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if covered(told, float(np.exp(middle))) >= SHARE else (middle, high)
    return float(np.exp((low + high) / 2))


def of_example(network: Network, one: Example) -> Told:
    """Forecast an example, its level as the network has it."""
    read = network.read(one.shop, one.context)
    forecast = network.say(one.asked, read).distribution(one.asked, Grid.of_scale(1.0))
    return replace(forecast, level_scale=network.level_scale(read)), float(np.expm1(one.answers.spend).sum())


def covered(told: Sequence[Told], factor: float = 1.0) -> float:
    """Share of shops whose total lies within its interval, the scales of the level times a factor."""
    inside = []
    for forecast, total in told:
        ends = replace(forecast, level_scale=factor * (forecast.level_scale or 0.0)).total_interval(SHARE)
        inside.append(ends is not None and ends[0] <= total <= ends[1])
    return float(np.mean(inside))
