from dataclasses import replace
from math import log, log1p, sqrt

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from shijin.distribution import ORDER_STARTS, Grid
from shijin.network.architecture import Outputs
from shijin.network.inputs import RELATIVE_BINS, RELATIVE_CENTRE, TIME_BINS, Targets
from shijin.network.objective import LEVEL_WEIGHT, ORDERS_WEIGHT, TIME_WEIGHT, Loss, loss

SURE = 50.0  # log odds
BASE_BIN = torch.tensor([30, 21])
# Two customers: the first orders three times, for three median orders in all; the second does not.
TARGETS = Targets(
    active=np.array([1, 0], np.float32),
    relative_spend=np.array([RELATIVE_CENTRE - 4, 0]),
    spend=np.array([log1p(3), 0], np.float32),
    orders=np.array([log1p(3), 0], np.float32),
    order_bin=np.array([2, 0]),
    time_bin=np.array([1, 0]),
)


def uninformed() -> Outputs:
    shapes = ((2,), (2, RELATIVE_BINS), (2, len(ORDER_STARTS)), (2, TIME_BINS), (4,))
    return Outputs(*(torch.zeros(shape) for shape in shapes))


def certain() -> Outputs:
    outputs = uninformed()
    outputs.active[:] = torch.tensor([SURE, -SURE])
    for logits, bins in ((outputs.relative_spend, TARGETS.relative_spend), (outputs.orders, TARGETS.order_bin)):
        logits[0, bins[0]] = SURE
    outputs.time[0, TARGETS.time_bin[0]] = SURE
    return outputs


def test_the_loss_of_uninformed_outputs_is_the_log_of_the_number_of_choices() -> None:
    losses = loss(uninformed(), TARGETS, BASE_BIN)
    assert float(losses.active) == pytest.approx(log(2))
    assert float(losses.spend) == pytest.approx(log(RELATIVE_BINS) / 2)  # one of two customers ordered
    assert float(losses.orders) == pytest.approx(log(len(ORDER_STARTS)) / 2)
    assert float(losses.time) == pytest.approx(log(TIME_BINS) / 2)


def test_the_loss_of_certain_and_right_outputs_is_zero() -> None:
    losses = loss(certain(), TARGETS, BASE_BIN)
    for name in ("active", "spend", "orders", "time"):
        assert float(getattr(losses, name)) == pytest.approx(0, abs=1e-6), name


def test_the_total_weighs_the_parts() -> None:
    one, two, three, four, five = (torch.tensor(float(number)) for number in (1, 2, 3, 4, 5))
    total = Loss(active=one, spend=two, orders=three, time=four, level=five).total
    assert float(total) == pytest.approx(1 + 2 + 3 * ORDERS_WEIGHT + 4 * TIME_WEIGHT + 5 * LEVEL_WEIGHT)


def test_outputs_given_an_order_do_not_count_where_there_was_none() -> None:
    outputs, other = uninformed(), uninformed()
    for logits in (other.relative_spend, other.orders, other.time):
        logits[1, 3] = SURE
    before, after = loss(outputs, TARGETS, BASE_BIN), loss(other, TARGETS, BASE_BIN)
    for name in ("active", "spend", "orders", "time"):
        assert float(getattr(before, name)) == float(getattr(after, name)), name


def level(outputs: Outputs, targets: Targets = TARGETS) -> float:
    return float(loss(outputs, targets, BASE_BIN).level)


def test_the_level_is_the_shops_total_against_its_customers_forecasts() -> None:
    # Both may order with p = 1/2 and would then spend the mean of their base bin.
    outputs = uninformed()
    outputs.relative_spend[:, RELATIVE_CENTRE] = SURE
    means = Grid.of_scale(1.0).spend_means
    orders_off = log((1 + 1) / (1 + 1))
    expected = 0.5 * (means[30] + means[21])
    spend_off = log((3 + 1) / (expected + 1))
    # Each of two is active or not: variances of the sums, against the sums squared.
    chance = (2 * 0.25 / (1 + 1) ** 2, 0.25 * (means[30] ** 2 + means[21] ** 2) / (expected + 1) ** 2)

    def surprise(off: tuple[float, float], scales: tuple[float, float]) -> float:
        wide = [sqrt(scale**2 + by_chance / 2) for scale, by_chance in zip(scales, chance, strict=True)]
        return sum(log(width) + abs(away) / width for width, away in zip(wide, off, strict=True)) / 2

    assert level(outputs) == pytest.approx(surprise((orders_off, spend_off), (1, 1)), rel=1e-4)
    outputs.level[:] = torch.tensor([orders_off, spend_off, 0.0, 0.0])
    assert level(outputs) == pytest.approx(surprise((0, 0), (1, 1)), rel=1e-4)
    outputs.level[:] = torch.tensor([orders_off + 1, spend_off, log(2), log(3)])
    assert level(outputs) == pytest.approx(surprise((1, 0), (2, 3)), rel=1e-4)


def test_bins_beyond_the_grid_are_its_last_ones() -> None:
    outputs = uninformed()
    outputs.relative_spend[:, -1] = SURE
    outputs.active[:] = SURE
    targets = replace(TARGETS, active=np.ones(2, np.float32))
    most = Grid.of_scale(1.0).spend_means
    spend_off = log(
        4 / (most[30 + RELATIVE_BINS - 1 - RELATIVE_CENTRE] + most[21 + RELATIVE_BINS - 1 - RELATIVE_CENTRE] + 1)
    )
    assert spend_off < -2.5  # so it is clipped there
    assert level(outputs, targets) == pytest.approx((0 + 2.5) / 2, rel=1e-4)
    outputs.relative_spend[:, -1] = -SURE
    beyond = loss(outputs, targets, torch.tensor([63, 63]))
    assert np.isfinite(float(beyond.level))


def test_the_levels_loss_has_gradients_for_the_level_only() -> None:
    outputs = uninformed()
    for part in (outputs.active, outputs.relative_spend, outputs.orders, outputs.time, outputs.level):
        part.requires_grad_()
    loss(outputs, TARGETS, BASE_BIN).level.backward()
    assert outputs.level.grad is not None
    assert outputs.level.grad.abs().sum() > 0
    assert all(part.grad is None for part in (outputs.active, outputs.relative_spend, outputs.orders, outputs.time))
