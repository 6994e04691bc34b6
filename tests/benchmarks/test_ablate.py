"""Pre-training without one thing: what is taken away is gone, and a lognormal is judged by the same bins."""

# ruff: noqa: E402 - benchmarks are scripts beside the package: their folder is named before they are imported

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from scipy.stats import norm

from ablate import USUAL_SIGMA, VARIANTS, Ablated, lognormal_bins, without_tokens
from shijin.network.inputs import RELATIVE_BINS, RELATIVE_CENTRE
from shijin.network.pretrain import Plan
from shijin.network.tasks import by_moments, example


def test_lognormal_bins_are_the_normals_probabilities() -> None:
    said = torch.zeros(2, RELATIVE_BINS)
    said[1, 0], said[1, 1] = 0.5, np.log(0.5)
    chances = lognormal_bins(said).exp().numpy()
    assert chances.sum(axis=1) == pytest.approx(1, abs=1e-4)
    edges = np.array([0, 1])  # of the own bin, in bins
    for row, (location, sigma) in enumerate([(0.5, USUAL_SIGMA), (2.5, USUAL_SIGMA / 2)]):
        low, high = norm.cdf((edges - location) / sigma)
        assert chances[row, RELATIVE_CENTRE] == pytest.approx(high - low, rel=1e-4)


def test_without_tokens_or_features_histories_look_alike() -> None:
    one = example(5, 3)
    tokens, features = without_tokens(one), by_moments(one)
    assert not tokens.query.tokens.values.any()
    assert len(tokens.query.tokens.offsets) == len(one.query) + 1
    assert tokens.query.features is one.query.features
    assert not features.query.features.any()
    assert not features.context.guess(features.query).any()
    assert features.query.tokens is one.query.tokens


@pytest.mark.parametrize("name", ["base", "no-tokens", "lognormal"])
def test_a_variant_trains_and_is_judged(name: str, tmp_path: Path) -> None:
    plan = Plan(2, cooldown=1, width=32, shops=1, held_out=2)
    run = Ablated(tmp_path, plan, VARIANTS[name])
    run.train()
    one = example(5, 3)
    found = run.real(one)
    assert 0 < run.progress.held_out["total"] < 10
    assert 0 < found["total"] < 10
    assert 0 <= found["auc"] <= 1
