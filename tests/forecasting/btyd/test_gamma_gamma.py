import warnings

import numpy as np
import pytest

from shijin.arrays import Floats
from shijin.forecasting.btyd.gamma_gamma import BasketModel, _likelihood, fit_baskets, plain_baskets


def drawn(p: float, q: float, gamma: float, n: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(3)
    orders = rng.integers(1, 12, n).astype(float)
    return orders, rng.gamma(p * orders) / rng.gamma(q, 1 / gamma, n)


def test_the_mean_is_shrunk_towards_the_shops() -> None:
    model = BasketModel(p=2.0, q=3.0, gamma=10.0)  # the shop's mean order is p gamma / (q - 1) = 10
    means = model.mean(np.array([0.0, 1.0, 100.0]), np.array([0.0, 40.0, 4000.0]))
    assert means == pytest.approx([10.0, 2 * (10 + 40) / (2 + 2), 2 * 4010 / 202])


def test_the_gradient_is_that_of_the_likelihood() -> None:
    orders, money = drawn(2.0, 3.0, 5.0, 50)
    logs = np.array([0.3, 1.1, 0.7])
    _, gradient = _likelihood(logs, orders, money)
    for i in range(3):
        step = 1e-6 * np.eye(3)[i]
        slope = (_likelihood(logs + step, orders, money)[0] - _likelihood(logs - step, orders, money)[0]) / 2e-6
        assert gradient[i] == pytest.approx(slope, rel=1e-5)


def test_a_shop_of_the_model_gives_its_parameters_back() -> None:
    orders, money = drawn(6.0, 4.0, 15.0, 20_000)
    model, good = fit_baskets(orders, money, plain_baskets(orders, money))
    assert good
    logs, step = model.logs, 1e-4 * np.eye(3)
    rows = [_likelihood(logs + s, orders, money)[1] - _likelihood(logs - s, orders, money)[1] for s in step]
    errors = np.sqrt(np.diag(np.linalg.inv(-np.array(rows) / 2e-4)))
    assert (errors < 0.1).all()
    assert (np.abs(logs - np.log([6.0, 3.0, 15.0])) < 2.5 * errors).all()


def test_customers_without_money_have_no_influence() -> None:
    orders, money = drawn(6.0, 4.0, 15.0, 500)
    start = plain_baskets(orders, money)
    alone, _ = fit_baskets(orders, money, start)
    nothing = np.zeros(100)
    among, _ = fit_baskets(np.append(orders, nothing + 1), np.append(money, nothing), start)
    assert among == alone


def test_lifetimes_agrees() -> None:
    lifetimes = pytest.importorskip("lifetimes", reason="the oracle is in the extra bench")
    orders, money = drawn(6.25, 3.74, 15.4, 5000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = lifetimes.GammaGammaFitter(penalizer_coef=0.0).fit(orders, money / orders)
        means = oracle.conditional_expected_average_profit(orders, money / orders)
    model, _ = fit_baskets(orders, money, plain_baskets(orders, money))
    np.testing.assert_allclose([model.p, model.q, model.gamma], oracle.params_[["p", "q", "v"]].to_numpy(), rtol=0.01)
    np.testing.assert_allclose(model.mean(orders, money), np.asarray(means), rtol=0.005)
