"""Peers that are no part of the package, each with the face of a member: networks that train on the shop alone.

Both need torch. `Ziln` is the network of Wang, Liu and Miao (2019): a small perceptron on the as-of features with a
zero-inflated lognormal loss. `ShopTransformer` is the behaviour model's own architecture without context, begun from
nothing and trained on the shop's closed windows: what the architecture is worth without pre-training. Both stop by
customers left out, and are averaged over nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import norm
from torch import Tensor, nn
from torch.nn import functional

from shijin.arrays import Ints
from shijin.distribution import ORDER_STARTS, P_FLOOR, Distribution, Grid
from shijin.errors import ModelError
from shijin.forecasting.member import Window
from shijin.forecasting.windows import numbered
from shijin.network.architecture import BehaviourModel, ContextInputs, Inputs, Size
from shijin.network.context import Context
from shijin.network.first_guess import no_guess
from shijin.network.inputs import Customers, Targets, read_customers, read_shop, read_targets
from shijin.network.objective import Loss, loss
from shijin.network.pretrain import measure_inputs, optimisers
from shijin.network.runtime import Network, forecast, read_past
from shijin.network.tasks import Example
from shijin.network.weights import Weights
from shijin.represent.cutoff import History
from shijin.represent.features import features
from shijin.represent.tokens import NAMES, Tokens

Array = NDArray[np.float32]

HELD_OUT = 5  # one customer in so many says when to stop
LEAST_ACTIVE = 20
CLIP = 5.0
LEAST_SIGMA = 0.05


def refuse_few(windows: Sequence[Window], name: str) -> None:
    """Refuse windows with too few customers who ordered to learn from."""
    active = sum(int((outcomes.orders > 0).sum()) for _, outcomes in windows)
    if active < LEAST_ACTIVE:
        raise ModelError(f"too little to learn from ({active} customers ordered)", name, "collect more")


class Ziln:
    """A perceptron with three outputs: the log odds of an order, and mean and deviation of log spend."""

    name = "ZILN network"
    hidden = (64, 32)
    batch, epochs, patience, rate = 512, 60, 8, 1e-3
    most_rows = 200_000

    def __init__(self) -> None:
        self.net: nn.Module | None = None
        self.mean, self.deviation = np.zeros(0, np.float32), np.ones(0, np.float32)
        self.order_shares = np.zeros(0)

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Train on closed windows."""
        refuse_few(windows, self.name)
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        x, active, spend, held_out = self._rows(windows, seed)
        self.mean, self.deviation = x[~held_out].mean(axis=0), x[~held_out].std(axis=0) + 1e-3
        data = [torch.as_tensor(part) for part in (self._standardised(x), active, spend)]
        known, unseen = (torch.as_tensor(np.flatnonzero(rows)) for rows in (~held_out, held_out))
        self.net = self._trained(data, known, unseen)
        orders = np.concatenate([outcomes.orders for _, outcomes in windows])
        bins = np.searchsorted(ORDER_STARTS, orders[orders > 0], side="right") - 1
        counts = np.bincount(bins, minlength=len(ORDER_STARTS)) + 0.01
        self.order_shares = counts / counts.sum()

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast every customer of a History; given an order, all have the same distribution of order counts."""
        if self.net is None:
            raise ModelError("forecasting.not_fitted", self.name)
        values = self._standardised(features(history, horizon_days).values)
        with torch.no_grad():
            logit, location, sigma = (
                part.numpy().astype(np.float64) for part in _three(self.net(torch.as_tensor(values)))
            )
        grid = Grid.of_scale(history.scale)
        log_edges = np.log(grid.spend_edges[1:-1] / history.scale)
        below = norm.cdf((log_edges - location[:, None]) / sigma[:, None])
        spend = np.diff(below, axis=1, prepend=0.0, append=1.0)
        p_active = np.clip(1 / (1 + np.exp(-logit)), P_FLOOR, 1 - P_FLOOR)
        return Distribution(p_active, spend, np.tile(self.order_shares, (len(spend), 1)), grid)

    def _rows(self, windows: Sequence[Window], seed: int) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
        keep = min(1.0, self.most_rows / sum(len(history) for history, _ in windows))
        rng = np.random.default_rng(seed)
        parts: list[tuple[Any, ...]] = []
        for (history, outcomes), number in zip(windows, numbered(windows), strict=True):
            rows = np.sort(rng.permutation(len(history))[: max(int(keep * len(history)), 1)])
            values = features(history, outcomes.horizon_days).values[rows]
            spend = outcomes.spend[rows] / history.scale
            parts.append((values, outcomes.orders[rows] > 0, spend, number[rows] % HELD_OUT == HELD_OUT - 1))
        values, active, spend, held_out = (np.concatenate(part) for part in zip(*parts, strict=True))
        return values, active.astype(np.float32), spend.astype(np.float32), held_out

    def _standardised(self, x: Array) -> Array:
        return np.clip((x - self.mean) / self.deviation, -CLIP, CLIP).astype(np.float32)

    def _trained(self, data: Sequence[Tensor], known: Tensor, unseen: Tensor) -> nn.Module:
        widths = (data[0].shape[1], *self.hidden)
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        net = nn.Sequential(*layers, nn.Linear(widths[-1], 3))
        optimiser = torch.optim.AdamW(net.parameters(), self.rate, weight_decay=1e-4)
        best, best_loss, since = copy.deepcopy(net), np.inf, 0
        for _ in range(self.epochs):
            for rows in known[torch.randperm(len(known))].split(self.batch):
                optimiser.zero_grad()
                ziln_loss(net(data[0][rows]), data[1][rows], data[2][rows]).backward()
                optimiser.step()
            with torch.no_grad():
                found = float(ziln_loss(net(data[0][unseen]), data[1][unseen], data[2][unseen]))
            since += 1
            if found < best_loss:
                best, best_loss, since = copy.deepcopy(net), found, 0
            if since >= self.patience:
                break
        return best


def ziln_loss(said: Tensor, active: Tensor, spend: Tensor) -> Tensor:
    """Cross-entropy of who orders, and of those who spent the lognormal surprise (Wang, Liu and Miao 2019, eq. 2)."""
    logit, location, sigma = _three(said)
    spent = (spend > 0).float()
    z = (torch.log(spend.clamp(min=1e-6)) - location) / sigma
    surprise = (torch.log(sigma) + z * z / 2) * spent
    return functional.binary_cross_entropy_with_logits(logit, active) + surprise.mean()


def _three(said: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return said[:, 0], said[:, 1], functional.softplus(said[:, 2]) + LEAST_SIGMA


@dataclass(frozen=True)
class _Told:
    """A closed window as the network reads it; `known` are the customers it learns from."""

    customers: Customers
    targets: Targets
    shop: Array
    known: Ints
    unseen: Ints


class ShopTransformer:
    """The behaviour model's architecture, trained on the shop alone."""

    name = "transformer, this shop alone"
    width, batch, steps, rate = 64, 512, 600, 1e-3
    judged_every, patience, most_judged = 50, 4, 1500  # steps, judgements, customers of a window

    def __init__(self) -> None:
        self.network: Network | None = None

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Train on closed windows."""
        refuse_few(windows, self.name)
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        told = [_told(window) for window in windows]
        first = told[0]
        model = BehaviourModel(Size(first.customers.features.shape[1], len(first.shop), len(NAMES), self.width))
        nobody = Context.empty(first.customers.features.shape[1], len(first.shop))
        measure_inputs(model, [Example(one.customers, one.shop, nobody, one.targets) for one in told])
        best = self._trained(model, told, ContextInputs.of(nobody), np.random.default_rng(seed))
        tensors = {name: value.numpy() for name, value in best.items()}
        self.network = Network(Weights(tensors, {"sha256": "0" * 64}))

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast every customer of a History, without context."""
        if self.network is None:
            raise ModelError("forecasting.not_fitted", self.name)
        return forecast(self.network, history, horizon_days, read_past(self.network, history, horizon_days, 0))

    def _trained(
        self, model: BehaviourModel, told: Sequence[_Told], nobody: ContextInputs, rng: np.random.Generator
    ) -> dict[str, Tensor]:
        steppers = optimisers(model, self.rate)
        sizes = np.array([len(one.known) for one in told], dtype=float)
        best, best_loss, since = _copied(model), np.inf, 0
        for step in range(self.steps):
            one = told[rng.choice(len(told), p=sizes / sizes.sum())]
            rows = np.sort(rng.permutation(one.known)[: self.batch])
            for stepper in steppers:
                for group in stepper.param_groups:
                    group["lr"] = self.rate * min((step + 1) / 50, (self.steps - step) / self.steps)
                stepper.zero_grad()
            _loss(model, one, rows, nobody).total.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            for stepper in steppers:
                stepper.step()
            if (step + 1) % self.judged_every:
                continue
            since += 1
            found = self._judged(model, told, nobody)
            if found < best_loss:
                best, best_loss, since = _copied(model), found, 0
            if since >= self.patience:
                break
        return best

    def _judged(self, model: BehaviourModel, told: Sequence[_Told], nobody: ContextInputs) -> float:
        with torch.no_grad():
            found = [float(_loss(model, one, one.unseen[: self.most_judged], nobody).total) for one in told[:4]]
        return float(np.mean(found))


def _told(window: Window) -> _Told:
    history, outcomes = window
    customers = read_customers(history, outcomes.horizon_days)
    held_out = np.arange(len(history)) % HELD_OUT == HELD_OUT - 1
    return _Told(
        customers,
        read_targets(customers, outcomes, history.scale),
        read_shop(history, outcomes.horizon_days),
        np.flatnonzero(~held_out),
        np.flatnonzero(held_out),
    )


def _loss(model: BehaviourModel, one: _Told, rows: Ints, nobody: ContextInputs) -> Loss:
    asked = taken(one.customers, rows)
    targets = Targets(**{name: getattr(one.targets, name)[rows] for name in Targets.__annotations__})
    inputs = Inputs.of(asked, one.shop, no_guess(len(asked)))
    return loss(model(inputs, nobody), targets, torch.as_tensor(asked.base_bin))


def taken(customers: Customers, rows: Ints) -> Customers:
    """Keep only some customers that were read.

    Examples
    --------
    >>> values, offsets = np.arange(4, dtype=np.float32)[:, None], np.array([0, 1, 3, 4])
    >>> three = Customers(np.zeros((3, 2), np.float32), Tokens(values, offsets), np.zeros(3, np.int64))
    >>> taken(three, np.array([1])).tokens.values.ravel().tolist()
    [1.0, 2.0]
    """
    starts, counts = customers.tokens.offsets[:-1][rows], np.diff(customers.tokens.offsets)[rows]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    places = np.repeat(starts - offsets[:-1], counts) + np.arange(offsets[-1])
    return Customers(
        customers.features[rows], Tokens(customers.tokens.values[places], offsets), customers.base_bin[rows]
    )


def _copied(model: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}
