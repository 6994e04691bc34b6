"""Peers and who is judged: forecasts remembered, the fallback of boosting, and networks trained on a shop alone."""

# ruff: noqa: E402 - benchmarks are scripts beside the package: their folder is named before they are imported

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import context
from context import forecasts, others_only, own_outcome_told, permuted, shuffled
from lineup import OrFormula, Remembered
from peers import ShopTransformer, Ziln, ziln_loss
from shijin.distribution import Distribution
from shijin.errors import ModelError
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.member import Window
from shijin.forecasting.members import default_members
from shijin.forecasting.windows import closed_windows
from shijin.metrics.value import auc
from shijin.network.context import Past, context_windows
from shijin.network.runtime import Network
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
        assert (dealt.orders != outcomes.orders).any()
        together = [sorted(zip(one.spend, one.orders, one.first_days, strict=True)) for one in (dealt, outcomes)]
        np.testing.assert_array_equal(*map(np.array, together))  # a customer's outcome stays in one piece


def test_told_of_others_only_nobody_asked_is_among_the_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told, asked = [], []
    read, forecast = context._read, context.forecast

    def watched_read(network: Network, history: History, horizon_days: int, change: Any) -> Any:
        windows = change(Past.of(history, horizon_days).windows)
        told.append(set(np.concatenate([window[0].customers for window in windows]).tolist()))
        return read(network, history, horizon_days, change)

    def watched_forecast(network: Network, history: History, *rest: Any) -> Distribution:
        asked.append(set(history.customers.tolist()))
        return forecast(network, history, *rest)

    monkeypatch.setattr(context, "_read", watched_read)
    monkeypatch.setattr(context, "forecast", watched_forecast)
    others_only(Network(load_weights()), HISTORY, HORIZON)
    assert len(told) == len(asked) == 4
    for those, others in zip(asked, told, strict=True):
        assert not those & others
        assert len(others) > 100
    assert set.union(*asked) == set(HISTORY.customers.tolist())


def test_told_of_others_only_rows_come_back_in_the_customers_order() -> None:
    network = Network(load_weights())
    found, plain = (
        ways(network, HISTORY, HORIZON) for ways in (others_only, lambda *of: forecasts(*of)["behaviour model"])
    )
    assert np.corrcoef(found.p_active, plain.p_active)[0, 1] > 0.95


def test_how_many_are_told_of_their_own_outcome_is_everybody_known_then_where_all_are_told() -> None:
    known = np.isin(HISTORY.customers, np.concatenate([window[0].customers for window in context_windows(HISTORY, 60)]))
    assert own_outcome_told(HISTORY, HORIZON) == pytest.approx(known.mean())


def test_permuted_tensors_hold_the_same_numbers_elsewhere() -> None:
    weights = load_weights()
    spoilt = permuted(weights)
    for name, one in weights.tensors.items():
        assert sorted(spoilt.tensors[name].ravel()) == sorted(one.ravel())
        assert one.size < 3 or len(np.unique(one)) < 3 or (spoilt.tensors[name] != one).any(), name
