"""What pre-training minimises: the negative log likelihood of what each customer of a simulated shop did."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from shijin.arrays import Ints
from shijin.distribution import SPEND_BINS, Grid
from shijin.network.architecture import BehaviourModel, ContextInputs, Inputs, Outputs
from shijin.network.inputs import OWN_BINS, OWN_CENTRE, Answers
from shijin.network.runtime import LOG_SCALES
from shijin.network.tasks import Example

ORDERS_WEIGHT, TIME_WEIGHT, LEVEL_WEIGHT = 0.5, 0.2, 0.02
_MOST_LEVEL = 2.5


@dataclass(frozen=True)
class Loss:
    """Parts of the loss, mean over customers, nats; `active` is the log score of who orders."""

    active: Tensor
    spend: Tensor
    orders: Tensor
    time: Tensor
    level: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised."""
        return (
            self.active + self.spend + ORDERS_WEIGHT * self.orders + TIME_WEIGHT * self.time + LEVEL_WEIGHT * self.level
        )


def loss_of(model: BehaviourModel, one: Example, device: torch.device) -> Loss:
    """Loss of a network on one example."""
    asked = Inputs.of(one.asked, one.shop, one.context.guess(one.asked), device)
    outputs = model(asked, ContextInputs.of(one.context, device))
    return loss(outputs, one.answers, torch.as_tensor(one.asked.own_bin, device=device))


def loss(outputs: Outputs, answers: Answers, own_bin: Tensor) -> Loss:
    """Weigh outputs for n customers against their answers; (n,) own bins tell the level in money."""
    active = torch.as_tensor(answers.active, device=outputs.active.device)

    def surprise(said: Tensor, came: Ints) -> Tensor:
        bins = torch.as_tensor(came, device=said.device)
        return (functional.cross_entropy(said, bins, reduction="none") * active).mean()

    return Loss(
        active=functional.binary_cross_entropy_with_logits(outputs.active, active),
        spend=surprise(outputs.own_spend, answers.own_spend),
        orders=surprise(outputs.orders, answers.order_bin),
        time=surprise(outputs.time, answers.time_bin),
        level=_level_surprise(outputs, answers, own_bin),
    )


def _level_surprise(outputs: Outputs, answers: Answers, own_bin: Tensor) -> Tensor:
    """Laplace surprise of how far the whole shop's orders and spend lie from what its customers' forecasts say."""
    device = own_bin.device
    with torch.no_grad():
        p = outputs.active.sigmoid()
        bins = (own_bin[:, None] + torch.arange(OWN_BINS, device=device) - OWN_CENTRE).clamp(0, SPEND_BINS - 1)
        means = torch.as_tensor(Grid.of_scale(1.0).spend_means, dtype=torch.float32, device=device)
        given = outputs.own_spend.softmax(1)
        money, square = (given * means[bins]).sum(1), (given * means[bins] ** 2).sum(1)
        spend = torch.expm1(torch.as_tensor(answers.spend, device=device)).sum()
        active = torch.as_tensor(answers.active, device=device).sum()
        off = torch.stack([torch.log((active + 1) / (p.sum() + 1)), torch.log((spend + 1) / ((p * money).sum() + 1))])
        off = off.clamp(-_MOST_LEVEL, _MOST_LEVEL)
        chance = torch.stack(
            [
                (p * (1 - p)).sum() / (p.sum() + 1) ** 2,
                (p * square - (p * money) ** 2).sum() / ((p * money).sum() + 1) ** 2,
            ]
        )
    middle, log_scale = outputs.level.chunk(2)
    # What chance does to a sum of customers comes on top of what the level itself is off by: variances add.
    scale = torch.sqrt(torch.exp(2 * log_scale.clamp(*LOG_SCALES)) + chance / 2)
    return (torch.log(scale) + (off - middle).abs() / scale).mean()
