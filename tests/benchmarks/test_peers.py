"""Peers and who is judged: forecasts remembered, the fallback of boosting, and networks trained on a shop alone."""

# ruff: noqa: E402 - benchmarks are scripts beside the package: their folder is named before they are imported

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from context import permuted, shuffled
from lineup import OrFormula, Remembered
from peers import ShopTransformer, Ziln, ziln_loss
from shijin.distribution import Distribution
from shijin.errors import ModelError
from shijin.forecast.formulas import DECAYED
from shijin.forecast.member import Window
from shijin.forecast.members import default_members
from shijin.forecast.windows import closed_windows
from shijin.metrics.value import auc
from shijin.network.weights import load_weights
from shijin.represent.cutoff import History, split_at
from shijin.represent.packed import DAY_US
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

HORIZON = 60
SHOP = simulate(replace(DEMO, customers=300, items=0), 1).packed
CUTOFF = SHOP.end - HORIZON * DAY_US
HISTORY, OUTCOMES = split_at(SHOP, CUTOFF, HORIZON)
WINDOWS = closed_windows(SHOP, CUTOFF, HORIZON)


class Counting:
    """A formula that counts how often it is fitted and asked."""

    name = "counting"

    def __init__(self) -> None:
        self.formula, self.fits, self.asked = default_members([DECAYED], 1)[0], 0, 0

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        self.fits += 1
        self.formula.fit(windows, seed)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        self.asked += 1
        return self.formula.forecast(history, horizon_days)


def test_what_was_asked_once_is_remembered_and_nothing_else() -> None:
    member, memory = Counting(), {}
    for one in (Remembered(member, memory), Remembered(member, memory)):
        one.fit(WINDOWS, 0)
        one.forecast(HISTORY, HORIZON)
    assert (member.fits, member.asked) == (1, 1)
    one.fit(WINDOWS[1:], 0)
    one.forecast(HISTORY, HORIZON)
    one.forecast(HISTORY.take(np.arange(20)), HORIZON)
    assert (member.fits, member.asked) == (2, 3)


def test_boosting_without_enough_customers_is_the_formula() -> None:
    few = [(history.take(np.arange(12)), outcomes.take(np.arange(12))) for history, outcomes in WINDOWS[:1]]
    fallen, formula = OrFormula(), default_members([DECAYED], 1)[0]
    for member in (fallen, formula):
        member.fit(few, 0)
    assert fallen.fell_back
    assert (fallen.forecast(HISTORY, HORIZON).p_active == formula.forecast(HISTORY, HORIZON).p_active).all()


def test_ziln_loss_by_hand() -> None:
    sigma = np.log(2) + 0.05  # softplus of 0, and the least
    said, active = torch.zeros(2, 3), torch.tensor([1.0, 0.0])
    found = float(ziln_loss(said, active, torch.tensor([float(np.e), 0.0])))
    assert found == pytest.approx(np.log(2) + (np.log(sigma) + 1 / (2 * sigma**2)) / 2, rel=1e-5)


@pytest.mark.parametrize("kind", [Ziln, ShopTransformer])
def test_a_network_trained_on_the_shop_alone_learns_who_comes(kind: type) -> None:
    member = kind()
    member.steps, member.epochs = 60, 15
    with pytest.raises(ModelError):
        member.forecast(HISTORY, HORIZON)
    member.fit(WINDOWS, 0)
    found = member.forecast(HISTORY, HORIZON)
    assert found.spend.sum(axis=1) == pytest.approx(1)
    assert auc(OUTCOMES.orders > 0, found.p_active) > 0.6


def test_shuffled_outcomes_are_the_same_in_all() -> None:
    for (_, dealt), (_, outcomes) in zip(shuffled(WINDOWS[:2]), WINDOWS[:2], strict=True):
        assert dealt.orders.sum() == outcomes.orders.sum()
        assert sorted(dealt.spend) == sorted(outcomes.spend)
        assert (dealt.orders != outcomes.orders).any()


def test_permuted_tensors_hold_the_same_numbers_elsewhere() -> None:
    weights = load_weights()
    spoilt = permuted(weights)
    for name, one in weights.tensors.items():
        assert sorted(spoilt.tensors[name].ravel()) == sorted(one.ravel())
    assert (spoilt.tensors["asked"] != weights.tensors["asked"]).any()
