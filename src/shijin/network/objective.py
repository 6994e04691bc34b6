"""The loss of pre-training: the negative log likelihood of what each customer of a simulated shop did."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from shijin.arrays import Ints
from shijin.distribution import SPEND_BINS, Grid
from shijin.network.architecture import BehaviourModel, ContextInputs, Inputs, Outputs
from shijin.network.inputs import RELATIVE_BINS, RELATIVE_CENTRE, Targets
from shijin.network.runtime import LOG_SCALES
from shijin.network.tasks import Example

ORDERS_WEIGHT, TIME_WEIGHT, LEVEL_WEIGHT = 0.5, 0.2, 0.02
_MOST_LEVEL = 2.5  # the log of total over forecast is clipped here


@dataclass(frozen=True)
class Loss:
    """Parts of the loss, mean over customers, nats; `active` is the log score of whether a customer orders."""

    active: Tensor
    spend: Tensor
    orders: Tensor
    time: Tensor
    level: Tensor

    @property
    def total(self) -> Tensor:
        """The weighted sum that training minimises."""
        return (
            self.active + self.spend + ORDERS_WEIGHT * self.orders + TIME_WEIGHT * self.time + LEVEL_WEIGHT * self.level
        )


def loss_of(model: BehaviourModel, one: Example, device: torch.device) -> Loss:
    """Loss of a network on one example."""
    query = Inputs.of(one.query, one.shop, one.context.guess(one.query), device)
    outputs = model(query, ContextInputs.of(one.context, device))
    return loss(outputs, one.targets, torch.as_tensor(one.query.base_bin, device=device))


def loss(outputs: Outputs, targets: Targets, base_bin: Tensor) -> Loss:
    """Compare outputs for n customers with their targets; the (n,) base bins turn relative bins into money."""
    active = torch.as_tensor(targets.active, device=outputs.active.device)

    def surprise(logits: Tensor, bins: Ints) -> Tensor:
        target = torch.as_tensor(bins, device=logits.device)
        return (functional.cross_entropy(logits, target, reduction="none") * active).mean()

    return Loss(
        active=functional.binary_cross_entropy_with_logits(outputs.active, active),
        spend=surprise(outputs.relative_spend, targets.relative_spend),
        orders=surprise(outputs.orders, targets.order_bin),
        time=surprise(outputs.time, targets.time_bin),
        level=_level_surprise(outputs, targets, base_bin),
    )


def _level_surprise(outputs: Outputs, targets: Targets, base_bin: Tensor) -> Tensor:
    """Laplace surprise of the whole shop's orders and spend, given the sums of its customers' forecasts."""
    device = base_bin.device
    with torch.no_grad():
        p = outputs.active.sigmoid()
        relative = torch.arange(RELATIVE_BINS, device=device) - RELATIVE_CENTRE
        bins = (base_bin[:, None] + relative).clamp(0, SPEND_BINS - 1)
        means = torch.as_tensor(Grid.of_scale(1.0).spend_means, dtype=torch.float32, device=device)
        spend_if_active = outputs.relative_spend.softmax(1)
        # First and second moment of each customer's spend given an order.
        money, square = (spend_if_active * means[bins]).sum(1), (spend_if_active * means[bins] ** 2).sum(1)
        spend = torch.expm1(torch.as_tensor(targets.spend, device=device)).sum()
        active = torch.as_tensor(targets.active, device=device).sum()
        off = torch.stack([torch.log((active + 1) / (p.sum() + 1)), torch.log((spend + 1) / ((p * money).sum() + 1))])
        off = off.clamp(-_MOST_LEVEL, _MOST_LEVEL)
        # Variance of each sum over independent customers, relative to the sum squared.
        chance = torch.stack(
            [
                (p * (1 - p)).sum() / (p.sum() + 1) ** 2,
                (p * square - (p * money) ** 2).sum() / ((p * money).sum() + 1) ** 2,
            ]
        )
    middle, log_scale = outputs.level.chunk(2)
    # Variances add: of the level itself, and of a sum of independent customers.
    scale = torch.sqrt(torch.exp(2 * log_scale.clamp(*LOG_SCALES)) + chance / 2)
    return (torch.log(scale) + (off - middle).abs() / scale).mean()
