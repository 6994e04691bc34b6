from dataclasses import replace
from math import log, log1p, sqrt

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from shijin.distribution import ORDER_STARTS, Grid
from shijin.network.architecture import Outputs
from shijin.network.inputs import OWN_BINS, OWN_CENTRE, TIME_BINS, Answers
from shijin.network.objective import LEVEL_WEIGHT, ORDERS_WEIGHT, TIME_WEIGHT, Loss, loss

SURE = 50.0  # log odds
OWN_BIN = torch.tensor([30, 21])
# Two customers: the first orders three times, for three median orders in all; the second does not.
ANSWERS = Answers(
    active=np.array([1, 0], np.float32),
    own_spend=np.array([OWN_CENTRE - 4, 0]),
    spend=np.array([log1p(3), 0], np.float32),
    orders=np.array([log1p(3), 0], np.float32),
    order_bin=np.array([2, 0]),
    time_bin=np.array([1, 0]),
)


def nothing_known() -> Outputs:
    shapes = ((2,), (2, OWN_BINS), (2, len(ORDER_STARTS)), (2, TIME_BINS), (4,))
    return Outputs(*(torch.zeros(shape) for shape in shapes))


def all_known() -> Outputs:
    said = nothing_known()
    said.active[:] = torch.tensor([SURE, -SURE])
    for bins, came in ((said.own_spend, ANSWERS.own_spend), (said.orders, ANSWERS.order_bin)):
        bins[0, came[0]] = SURE
    said.time[0, ANSWERS.time_bin[0]] = SURE
    return said


def test_who_knows_nothing_pays_the_log_of_the_choices() -> None:
    found = loss(nothing_known(), ANSWERS, OWN_BIN)
    assert float(found.active) == pytest.approx(log(2))
    assert float(found.spend) == pytest.approx(log(OWN_BINS) / 2)  # one of two customers ordered
    assert float(found.orders) == pytest.approx(log(len(ORDER_STARTS)) / 2)
    assert float(found.time) == pytest.approx(log(TIME_BINS) / 2)


def test_who_knows_all_pays_nothing() -> None:
    found = loss(all_known(), ANSWERS, OWN_BIN)
    for name in ("active", "spend", "orders", "time"):
        assert float(getattr(found, name)) == pytest.approx(0, abs=1e-6), name


def test_the_total_weighs_the_parts() -> None:
    one, two, three, four, five = (torch.tensor(float(number)) for number in (1, 2, 3, 4, 5))
    total = Loss(active=one, spend=two, orders=three, time=four, level=five).total
    assert float(total) == pytest.approx(1 + 2 + 3 * ORDERS_WEIGHT + 4 * TIME_WEIGHT + 5 * LEVEL_WEIGHT)


def test_what_is_said_of_spend_given_an_order_does_not_count_where_there_was_none() -> None:
    said, other = nothing_known(), nothing_known()
    for bins in (other.own_spend, other.orders, other.time):
        bins[1, 3] = SURE
    before, after = loss(said, ANSWERS, OWN_BIN), loss(other, ANSWERS, OWN_BIN)
    for name in ("active", "spend", "orders", "time"):
        assert float(getattr(before, name)) == float(getattr(after, name)), name


def level(of: Outputs, answers: Answers = ANSWERS) -> float:
    return float(loss(of, answers, OWN_BIN).level)


def test_the_level_is_how_far_the_shop_lies_from_its_customers_forecasts() -> None:
    # Both may order with p = 1/2 and would then spend what their own bin means.
    said = nothing_known()
    said.own_spend[:, OWN_CENTRE] = SURE
    means = Grid.of_scale(1.0).spend_means
    orders_off = log((1 + 1) / (1 + 1))
    expected = 0.5 * (means[30] + means[21])
    spend_off = log((3 + 1) / (expected + 1))
    # What chance does: each of two is there or not; variances of the sums, against the sums squared.
    chance = (2 * 0.25 / (1 + 1) ** 2, 0.25 * (means[30] ** 2 + means[21] ** 2) / (expected + 1) ** 2)

    def surprise(off: tuple[float, float], scales: tuple[float, float]) -> float:
        wide = [sqrt(scale**2 + by_chance / 2) for scale, by_chance in zip(scales, chance, strict=True)]
        return sum(log(width) + abs(away) / width for width, away in zip(wide, off, strict=True)) / 2

    assert level(said) == pytest.approx(surprise((orders_off, spend_off), (1, 1)), rel=1e-4)
    said.level[:] = torch.tensor([orders_off, spend_off, 0.0, 0.0])
    assert level(said) == pytest.approx(surprise((0, 0), (1, 1)), rel=1e-4)
    said.level[:] = torch.tensor([orders_off + 1, spend_off, log(2), log(3)])
    assert level(said) == pytest.approx(surprise((1, 0), (2, 3)), rel=1e-4)


def test_bins_beyond_the_grid_are_its_last_ones() -> None:
    said = nothing_known()
    said.own_spend[:, -1] = SURE
    said.active[:] = SURE
    answers = replace(ANSWERS, active=np.ones(2, np.float32))
    most = Grid.of_scale(1.0).spend_means
    spend_off = log(4 / (most[30 + OWN_BINS - 1 - OWN_CENTRE] + most[21 + OWN_BINS - 1 - OWN_CENTRE] + 1))
    assert spend_off < -2.5  # so it is held there
    assert level(said, answers) == pytest.approx((0 + 2.5) / 2, rel=1e-4)
    said.own_spend[:, -1] = -SURE
    beyond = loss(said, answers, torch.tensor([63, 63]))
    assert np.isfinite(float(beyond.level))


def test_the_level_teaches_nothing_but_the_level() -> None:
    said = nothing_known()
    for part in (said.active, said.own_spend, said.orders, said.time, said.level):
        part.requires_grad_()
    loss(said, ANSWERS, OWN_BIN).level.backward()
    assert said.level.grad is not None
    assert said.level.grad.abs().sum() > 0
    assert all(part.grad is None for part in (said.active, said.own_spend, said.orders, said.time))
