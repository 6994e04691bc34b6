import warnings
from dataclasses import replace
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from shijin.forecasting.btyd.bgnbd import OrderModel, _likelihood, fit_orders, plain_model, standard_errors
from shijin.forecasting.btyd.order_days import OrderDays, order_days, rehearsal
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff
from shijin.simulate.knobs import BGNBD_GAMMA, Knobs
from shijin.simulate.shops import simulate

MODELS = [
    OrderModel(0.7, 40.0, 0.8, 2.5),
    OrderModel(0.7, 40.0, 0.8, 2.5, early=1),
    OrderModel(1.3, 15.0, 0.4, 6.0, regularity=3),
    OrderModel(1.3, 15.0, 0.4, 6.0, regularity=2, early=1),
]


def seen_of(rows: list[tuple[float, float, float]]) -> OrderDays:
    x, recency, age = np.array(rows, dtype=float).T
    nothing = np.zeros(len(rows))
    return OrderDays(x, recency, age, nothing, x + 1, nothing)


SOME = seen_of([(0, 0, 30), (0, 0, 300), (1, 20, 25), (3, 100, 101), (3, 100, 400), (40, 390, 400)])


@pytest.mark.parametrize("model", MODELS)
def test_the_gradient_is_that_of_the_likelihood(model: OrderModel) -> None:
    counts = np.arange(1.0, 7.0)
    _, gradient = _likelihood(model, SOME, counts)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-5
        values = []
        for sign in (1, -1):
            r, alpha, a, b = np.exp(model.logs + sign * step)
            values.append(_likelihood(replace(model, r=r, alpha=alpha, a=a, b=b), SOME, counts)[0])
        assert gradient[i] == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-5, abs=1e-4)


def test_one_order_and_silence_by_hand() -> None:
    # r = 1, alpha = 10, a = b = 1, x = 1, t_x = 10, T = 20.
    # Gone: a / (b + x - 1) / (alpha + t_x)^2 = 1 / 400; alive: 1 / (alpha + T)^2 = 1 / 900.
    model, seen = OrderModel(1.0, 10.0, 1.0, 1.0), seen_of([(1, 10, 20)])
    alive = (1 / 900) / (1 / 900 + 1 / 400)
    assert model.p_alive(seen) == pytest.approx(alive)
    # Within 30 days: 1 - ((alpha + T) / (alpha + T + H))^(r + x) = 1 - (30 / 60)^2.
    assert model.p_active(seen, 30.0) == pytest.approx(alive * 3 / 4)
    # At least two: NB(2, 1/2) >= 2, one half, times the chance to stay, b + x over a + b + x = 2 / 3; given one.
    tails = model.order_tails(seen, 30.0, np.array([1.0, 2.0]))
    assert tails[0] == pytest.approx([1.0, (1 / 2) * (2 / 3) / (3 / 4)])


@pytest.mark.parametrize("early", [0, 1])
def test_leaving_after_the_first_order_is_what_early_means(early: int) -> None:
    alive = OrderModel(1.0, 10.0, 1.0, 1.0, early=early).p_alive(seen_of([(0, 0, 20)]))
    # Early: gone a / b / alpha = 1 / 10, alive 1 / (alpha + T) = 1 / 30.
    assert alive == pytest.approx(1.0 if early == 0 else (1 / 30) / (1 / 30 + 1 / 10))


@pytest.mark.parametrize("model", MODELS)
def test_silence_and_activity_add_up_over_the_horizon(model: OrderModel) -> None:
    """P(no order in H) is the likelihood of the same history, silent for H longer, over that of the history."""
    later = replace(SOME, age=SOME.age + 60.0)
    now, then = (
        np.array([_likelihood(model, at.take([i]), np.ones(1))[0] for i in range(len(at))]) for at in (SOME, later)
    )
    np.testing.assert_allclose(1 - model.p_active(SOME, 60.0), np.exp(then - now), rtol=1e-9)


def test_the_density_of_a_regular_customer_integrates_over_rates() -> None:
    model, k = OrderModel(1.5, 20.0, 1.0, 3.0, regularity=2), 2
    seen = replace(seen_of([(1, 12, 20)]), log_gaps=np.log([12.0]))

    def joint(rate: float) -> float:
        gamma = model.alpha**model.r * rate ** (model.r - 1) * np.exp(-model.alpha * rate) / 0.8862269254527580
        gap = rate**k * 12.0 * np.exp(-12 * rate)
        silent = np.exp(-8 * rate) * (1 + 8 * rate)
        return gamma * gap * (1 / 4 + 3 / 4 * silent)  # a / (a + b) leave, the rest stay

    assert model.log_likelihood(seen) == pytest.approx(np.log(quad(joint, 0, 3)[0]), rel=1e-6)


def test_a_shop_of_the_model_gives_its_parameters_back() -> None:
    knobs = replace(BGNBD_GAMMA, customers=8000)
    shop = simulate(knobs, seed=11)
    history, _ = split_at(shop.packed, shop.packed.end, 1)
    seen = order_days(history)
    model, good = fit_orders(seen, plain_model(seen))
    truth = np.log([knobs.rate_shape, knobs.rate_scale_days, knobs.dropout_a, knobs.dropout_b])
    errors = standard_errors(model, seen)
    assert good
    assert (errors < 0.2).all()
    assert (np.abs(model.logs - truth) < 2.5 * errors).all()
    early, _ = fit_orders(seen, replace(plain_model(seen), early=1))
    assert model.log_likelihood(seen) > early.log_likelihood(seen)


def test_regular_gaps_are_the_likelier_the_more_regular_they_are() -> None:
    shop = simulate(Knobs(customers=800, regularity=3.0, items=0), seed=2)
    seen = order_days(split_at(shop.packed, shop.packed.end, 1)[0])
    values = []
    for k in (1, 2, 3, 4, 6):
        start = replace(plain_model(seen), regularity=k)
        values.append(fit_orders(seen, replace(start, alpha=start.alpha / k))[0].log_likelihood(seen))
    assert int(np.argmax(values)) == 2


def test_order_days_merge_orders_of_a_day_and_count_from_the_first() -> None:
    knobs = Knobs(customers=300, days=300, rate_scale_days=5.0, clock="day", return_share=0.2, views_per_order=1.0)
    shop = simulate(knobs, seed=1)
    cutoff = as_cutoff(knobs.start + timedelta(days=200))
    history, _ = split_at(shop.packed, cutoff, 30)
    seen = order_days(history)
    for i in range(len(history)):
        moments = history.moments.take(slice(history.offsets[i], history.offsets[i + 1]))
        days = np.unique(moments.ts[moments.kind == 0] // 86_400_000_000)
        first = days[0] if len(days) else moments.ts[0] // 86_400_000_000
        assert seen.days[i] == len(days)
        assert seen.repeats[i] == max(len(days) - 1, 0)
        assert seen.recency[i] == (days[-1] - first if len(days) else 0)
        assert seen.age[i] == cutoff // 86_400_000_000 - first
        assert seen.log_gaps[i] == pytest.approx(np.log(np.diff(days)).sum())
        assert seen.money[i] == pytest.approx(max(moments.amount.sum(), 0) / history.scale)


def test_a_rehearsal_sees_what_an_earlier_cutoff_sees() -> None:
    shop = simulate(Knobs(customers=300, days=300), seed=1)
    now, _ = split_at(shop.packed, as_cutoff(shop.knobs.start + timedelta(days=200)), 30)
    then, outcomes = split_at(shop.packed, as_cutoff(shop.knobs.start + timedelta(days=170)), 30)
    rehearsed = rehearsal(now, 30)
    assert rehearsed is not None
    assert outcomes is not None
    expected = order_days(then)
    for part in ("repeats", "recency", "age", "log_gaps", "days"):
        np.testing.assert_array_equal(getattr(rehearsed[0], part), getattr(expected, part))
    np.testing.assert_array_equal(rehearsed[1], outcomes.orders > 0)
    assert rehearsal(now, 150) is None


def cdnow() -> OrderDays:
    spec = find_spec("lifetimes")
    if spec is None or spec.origin is None:
        pytest.skip("lifetimes, the oracle, is not installed (extra bench)")
    file = Path(spec.origin).parent / "datasets" / "CDNOW_master.txt"
    if not file.exists():
        pytest.skip(f"{file.name} is not among the data sets of this lifetimes")
    rows = [line.split() for line in file.read_text("utf-8").splitlines()[1:]]
    customer = np.array([int(row[0]) for row in rows])
    day = np.array([row[1] for row in rows])
    stamps = np.array([f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in day.tolist()], dtype="datetime64[D]").astype(np.int64)
    cutoff = int(np.datetime64("1998-01-01").astype(np.int64))
    keys = np.unique(np.stack([customer, stamps], axis=1)[stamps < cutoff], axis=0)
    _, first, count = np.unique(keys[:, 0], return_index=True, return_counts=True)
    begin, last = keys[first, 1], keys[first + count - 1, 1]
    gaps = np.zeros(len(first))
    return OrderDays(count - 1.0, last - begin + 0.0, cutoff - begin + 0.0, gaps, count + 0.0, gaps)


def test_lifetimes_agrees_on_cdnow() -> None:
    seen = cdnow()
    lifetimes = pytest.importorskip("lifetimes", reason="the oracle is in the extra bench")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = lifetimes.BetaGeoFitter(penalizer_coef=0.0).fit(seen.repeats, seen.recency, seen.age)
        alive = oracle.conditional_probability_alive(seen.repeats, seen.recency, seen.age)
        coming = oracle.conditional_expected_number_of_purchases_up_to_time(180, seen.repeats, seen.recency, seen.age)
    model, good = fit_orders(seen, plain_model(seen))
    assert good
    theirs = oracle.params_[["r", "alpha", "a", "b"]].to_numpy()
    np.testing.assert_allclose([model.r, model.alpha, model.a, model.b], theirs, rtol=0.01)
    np.testing.assert_allclose(model.p_alive(seen), np.asarray(alive), atol=0.01)
    starts = np.arange(1.0, 200.0)
    ours = model.p_active(seen, 180.0) * model.order_tails(seen, 180.0, starts).sum(axis=1)
    np.testing.assert_allclose(ours, np.asarray(coming), rtol=0.015, atol=1e-4)
    assert ours.sum() == pytest.approx(float(np.sum(coming)), rel=0.01)


def test_a_model_that_cannot_be_fitted_keeps_its_start_and_returns_false() -> None:
    broken = replace(SOME, age=np.full(len(SOME), np.nan))
    start = OrderModel(0.7, 40.0, 0.8, 2.5, early=1)
    with np.errstate(invalid="ignore"):
        assert fit_orders(broken, start) == (start, False)
