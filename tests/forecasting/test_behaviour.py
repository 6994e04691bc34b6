"""The shipped network as a member: what it must know, whatever weights are shipped."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from shijin.distribution import consistent
from shijin.errors import ConfigError, ModelError
from shijin.forecasting.behaviour import ADAPTED, MOST_HORIZON_DAYS, Adapted, Behaviour, shipped
from shijin.forecasting.member import Window
from shijin.forecasting.windows import closed_windows
from shijin.metrics.value import auc, log_scores
from shijin.network.context import MOST_CONTEXT, Context, context_windows, read_context
from shijin.network.inputs import read_customers, read_shop
from shijin.network.runtime import Network
from shijin.network.weights import Weights
from shijin.represent.cutoff import History, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind
from shijin.simulate.knobs import DEMO, Knobs
from shijin.simulate.prior import draw_task
from shijin.simulate.shops import Shop, simulate

UNSEEN = 5_000_011  # seed of simulated shops that no pre-training drew
SHOP = simulate(replace(DEMO, customers=900, items=0), seed=3)
HORIZON = 60


def window_of(shop: Shop, days: int = 600, horizon_days: int = HORIZON) -> Window:
    history, outcomes = split_at(shop.packed, as_cutoff(shop.knobs.start + timedelta(days=days)), horizon_days)
    assert outcomes is not None
    return history, outcomes


@pytest.fixture(scope="module")
def window() -> Window:
    return window_of(SHOP)


@pytest.fixture(scope="module")
def unseen() -> list[Window]:
    """Judged windows of shops of the prior, each with at least 200 customers and closed windows to read."""
    judged: list[Window] = []
    for seed in range(UNSEEN, UNSEEN + 80):
        task = draw_task(np.random.default_rng(seed))
        packed = simulate(task.knobs, seed, task.guests).packed
        history, outcomes = split_at(packed, packed.end - task.horizon_days * DAY_US, task.horizon_days)
        windows = context_windows(history, task.horizon_days)
        if outcomes is not None and len(history) >= 200 and windows and 0.05 < (outcomes.orders > 0).mean() < 0.95:
            judged.append((history, outcomes))
    return judged[:16]


def surprise(network: Network, window: Window, change: Callable[[Sequence[Window]], Sequence[Window]]) -> float:
    """Mean log score of who orders, with the closed windows as `change` leaves them."""
    history, outcomes = window
    days = outcomes.horizon_days
    customers, shop = read_customers(history, days), read_shop(history, days)
    windows = change(context_windows(history, days))
    context = read_context(windows, history.cutoff, MOST_CONTEXT, np.random.default_rng(0))
    read = network.read(shop, context or Context.empty(customers.features.shape[1], len(shop)))
    outputs = network.forward(customers, read)
    p = np.clip(1 / (1 + np.exp(-outputs.active.astype(float))), 1e-4, 1 - 1e-4)
    return float(log_scores(outcomes.orders > 0, p).mean())


def as_they_were(windows: Sequence[Window]) -> Sequence[Window]:
    return windows


def none(windows: Sequence[Window]) -> Sequence[Window]:
    return windows[:0]


def shuffled(windows: Sequence[Window]) -> Sequence[Window]:
    """What came goes to other customers of the same window."""
    rng, mixed = np.random.default_rng(0), []
    for history, outcomes in windows:
        order = rng.permutation(len(history))
        parts = {name: getattr(outcomes, name)[order] for name in ("spend", "orders", "first_days")}
        mixed.append((history, replace(outcomes, **parts)))
    return mixed


def test_it_forecasts_without_training_better_than_the_share_who_ordered(window: Window) -> None:
    history, outcomes = window
    forecast = Behaviour().forecast(history, HORIZON)
    active = outcomes.orders > 0
    assert auc(active, forecast.p_active) > 0.7
    share = np.full(len(history), active.mean())
    assert log_scores(active, forecast.p_active).mean() > log_scores(active, share).mean() + 0.05


def test_fitting_teaches_it_nothing(window: Window) -> None:
    history, outcomes = window
    one, other = Behaviour(), Behaviour()
    other.fit([(history, outcomes)], seed=1)
    assert np.array_equal(one.forecast(history, HORIZON).p_active, other.forecast(history, HORIZON).p_active)


@pytest.mark.parametrize("customers", [30, 100])
def test_thirty_customers_are_enough_and_one_order_too(window: Window, customers: int) -> None:
    history, _ = window
    few = history.take(np.arange(customers))
    forecast = Behaviour().forecast(few, HORIZON)
    assert len(forecast) == customers
    assert np.isfinite(forecast.mean()).all()
    assert (few.n_orders() == 1).any()


def test_a_shop_of_customers_with_one_order_each_is_not_too_sure() -> None:
    once = simulate(Knobs(customers=120, days=300, one_timers=1.0, items=0), seed=2)
    history, _ = split_at(once.packed, once.packed.end, HORIZON)
    forecast = Behaviour().forecast(history, HORIZON)
    assert (history.n_orders() == 1).all()
    assert 0.001 < forecast.p_active.mean() < 0.3


def test_horizons_agree_and_rise(window: Window) -> None:
    history, _ = window
    days = (15, 30, 60, 120)
    agreed = consistent([Behaviour().forecast(history, horizon) for horizon in days])
    for shorter, longer in pairwise(agreed):
        assert (longer.p_active >= shorter.p_active - 1e-12).all()
        assert (longer.mean() >= shorter.mean() * (1 - 1e-12)).all()
        assert (longer.expected_orders() >= shorter.expected_orders() * (1 - 1e-9)).all()
    alone = Behaviour().forecast(history, 120)
    assert np.abs(alone.p_active - agreed[-1].p_active).mean() < 0.01  # they agreed nearly by themselves


@pytest.mark.parametrize("days", [0, MOST_HORIZON_DAYS + 1, 7300])
def test_a_horizon_it_has_not_learnt_is_refused(window: Window, days: int) -> None:
    with pytest.raises(ModelError, match=f"horizons of 1 to 400 days, not {days}"):
        Behaviour().forecast(window[0], days)


def test_a_model_trained_with_other_weights_is_refused() -> None:
    assert Behaviour().load(Behaviour().state()).name == Behaviour.name
    with pytest.raises(ModelError, match="other weights of the behaviour model"):
        Behaviour().load({"weights": "000000000000"})


def test_permuted_tensors_ruin_the_forecast(unseen: list[Window]) -> None:
    rng = np.random.default_rng(1)
    tensors = {name: rng.permutation(value.ravel()).reshape(value.shape) for name, value in shipped().tensors.items()}
    ruined = Network(Weights(tensors, shipped().card))
    sound = Network(shipped())
    gains = [surprise(sound, one, as_they_were) - surprise(ruined, one, as_they_were) for one in unseen[:8]]
    assert np.mean(np.array(gains) > 0) > 0.8
    assert np.mean(gains) > 0.1


def test_context_pays_and_a_shuffled_one_does_harm(unseen: list[Window]) -> None:
    network = Network(shipped())
    with_context, without, misled = (
        np.mean([surprise(network, one, how) for one in unseen]) for how in (as_they_were, none, shuffled)
    )
    assert with_context > without
    assert misled < with_context - 0.01


def late(history: History, least_orders: int) -> tuple[np.ndarray, np.ndarray]:
    """Customers who are one and a half to four of their usual gaps late, and how unequal their gaps are."""
    is_order = history.moments.kind == Kind.ORDER
    owner, age = history.customer[is_order], history.age_days[is_order]
    chosen, unequal = [], []
    for customer in np.flatnonzero(np.bincount(owner, minlength=len(history)) >= least_orders):
        ages = age[owner == customer]
        gaps = -np.diff(ages)
        if 1.5 < ages[-1] / gaps.mean() < 4:
            chosen.append(customer)
            unequal.append(gaps.std() / gaps.mean())
    return np.array(chosen), np.array(unequal)


def test_late_and_regular_is_a_worse_sign_than_late_and_clumpy_as_the_truth_says() -> None:
    knobs = Knobs(
        customers=6000,
        days=500,
        joining=0.3,
        items=0,
        rate_shape=30.0,
        rate_scale_days=600.0,  # all order about every twenty days
        regularity=2.0,
        regularity_spread=1.0,
        dropout="lifetime",
        lifetime_days=250.0,
    )
    history, outcomes = window_of(simulate(knobs, seed=8), days=440, horizon_days=60)
    chosen, unequal = late(history, least_orders=6)
    forecast = Behaviour().forecast(history, 60).p_active[chosen]
    came = outcomes.orders[chosen] > 0
    regular, clumpy = unequal < np.quantile(unequal, 0.3), unequal > np.quantile(unequal, 0.7)
    assert min(regular.sum(), clumpy.sum()) > 100
    assert came[regular].mean() < came[clumpy].mean() - 0.1  # the truth
    assert forecast[regular].mean() < forecast[clumpy].mean() - 0.05


def test_the_interval_is_wider_where_the_season_ahead_was_never_seen() -> None:
    knobs = replace(DEMO, customers=900, items=0, days=1100, season_amplitude=0.55, one_timers=0.0)
    shop = simulate(knobs, seed=5)
    young, old = window_of(shop, days=150, horizon_days=60), window_of(shop, days=900, horizon_days=60)
    scales = [Behaviour().forecast(history, 60).level_scale for history, _ in (young, old)]
    assert scales[0] is not None
    assert scales[1] is not None
    assert scales[0] > scales[1]


def test_adapting_learns_what_is_odd_about_a_shop_and_comes_back_from_what_was_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adapt = pytest.importorskip("shijin.network.adapt", reason="adapting needs torch")
    monkeypatch.setattr(adapt, "STEPS", 8)
    history, _ = window_of(SHOP)
    everybody = []
    for seen, outcomes in closed_windows(SHOP.packed, history.cutoff, HORIZON):
        ones = np.ones(len(seen))
        everybody.append((seen, replace(outcomes, orders=ones.astype(int), spend=ones, first_days=ones)))
    member = Adapted()
    member.fit(everybody, seed=0)
    adapted = member.forecast(history, HORIZON)
    assert adapted.p_active.mean() > Behaviour().forecast(history, HORIZON).p_active.mean() + 0.02
    again = Adapted().load(member.state())
    assert np.array_equal(again.forecast(history, HORIZON).p_active, adapted.p_active)


def test_adapting_without_torch_names_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shijin.network.adapt", None)  # as where torch is not installed
    with pytest.raises(ConfigError, match=r"in your clone of Shijin, run pip install '\.\[train\]'"):
        Adapted().fit(closed_windows(SHOP.packed, window_of(SHOP)[0].cutoff, HORIZON), seed=0)


def test_adapting_without_windows_is_refused() -> None:
    pytest.importorskip("torch", reason="adapting needs torch")
    with pytest.raises(ModelError, match="no closed window"):
        Adapted().fit([], seed=0)
    with pytest.raises(ModelError, match="behaviour model, adapted: the member is not fitted"):
        Adapted().forecast(window_of(SHOP)[0], HORIZON)
    assert Adapted.name == ADAPTED


def test_adapting_is_held_near_the_weights_it_begins_from(monkeypatch: pytest.MonkeyPatch) -> None:
    adapt = pytest.importorskip("shijin.network.adapt", reason="adapting needs torch")
    monkeypatch.setattr(adapt, "STEPS", 8)
    windows = closed_windows(SHOP.packed, window_of(SHOP)[0].cutoff, HORIZON)

    def distance(pull: float) -> float:
        monkeypatch.setattr(adapt, "PULL", pull)
        tensors = adapt.adapt(shipped(), windows, 0).tensors
        return sum(float(((value - shipped().tensors[name]) ** 2).sum()) for name, value in tensors.items())

    assert 0 < distance(1000.0) < 0.8 * distance(0.0)


def test_vectors_of_a_horizon_beyond_what_was_learnt_are_refused() -> None:
    with pytest.raises(ModelError, match="400 days, not 401"):
        Behaviour().vectors(window_of(SHOP)[0], 401)
