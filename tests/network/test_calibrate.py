"""How sure whole shops' totals are: intervals of the shipped weights hold the share they say, on shops never seen."""

from dataclasses import replace

import numpy as np
import pytest

from shijin.distribution import Distribution, Grid
from shijin.network.calibrate import SHARE, coverage, forecast_example, level_factor
from shijin.network.runtime import Network
from shijin.network.tasks import example
from shijin.network.weights import load_weights

UNSEEN = 77_001  # seed of shops that neither training, nor judging, nor the factor has seen
SURE = Distribution(
    np.full(1000, 0.999), np.array([[0.0, 1.0]] * 1000), np.ones((1000, 1)), Grid(np.arange(3.0), np.array([1]))
)


def test_totals_within_their_intervals_are_counted() -> None:
    one = replace(SURE, level_scale=0.1)  # about 1,500 in all, and an 80 % interval of e^.16 both ways
    total = float(one.mean().sum())
    assert coverage([(one, total), (one, 1.15 * total), (one, 1.25 * total), (one, 0.8 * total)]) == 0.5
    assert coverage([(one, 1.25 * total)], factor=2.0) == 1.0
    assert coverage([(one, 1.15 * total)], factor=0.5) == 0.0


def test_intervals_of_the_total_cover_about_their_share_of_unseen_shops() -> None:
    network = Network(load_weights())
    forecasts = [forecast_example(network, example(UNSEEN, number)) for number in range(80)]
    # Three standard errors of a share of 80 shops.
    assert coverage(forecasts) == pytest.approx(SHARE, abs=0.135)


def test_the_factor_corrects_the_scales(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = load_weights()
    plain = level_factor(replace(weights, card=weights.card | {"level_factor": 1.0}), shops=30)
    doubled = level_factor(replace(weights, card=weights.card | {"level_factor": 2.0}), shops=30)
    assert plain == pytest.approx(2 * doubled, rel=1e-6)
