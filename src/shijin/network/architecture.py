"""The network, in torch. Read `BehaviourModel.forward` first.

A customer's moments become tokens and are pooled into a vector; with the as-of features it makes a row. The context is
rows of the shop's closed windows, with their targets added, and one row of the shop itself: every row attends to these.
The query is the rows of the customers to be forecast, which attend to the context and never to each other. The outputs
are bins: whether a customer orders, how many orders, how much money relative to their usual, and when first.

Shapes: n customers of the query, c of the context, r = 1 + c + n rows, m tokens, d the width. `runtime.py` is the same
in NumPy.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from shijin.arrays import Singles
from shijin.distribution import ORDER_STARTS
from shijin.network.context import LEVELS, MOST_WINDOWS, Context
from shijin.network.first_guess import GUESSES
from shijin.network.inputs import RELATIVE_BINS, TIME_BINS, Customers
from shijin.network.runtime import CLIP, SCORE_BOUND
from shijin.network.weights import HEAD_WIDTH


@dataclass(frozen=True)
class Size:
    """How large a network is. `width` is the dial; everything else depends on it.

    n_features, n_shop, n_token : how many numbers are read of a customer, a shop, a token
    """

    n_features: int
    n_shop: int
    n_token: int
    width: int = 128

    @property
    def depth(self) -> int:
        """Blocks of the in-context transformer."""
        return max(self.width // 32, 1)

    @property
    def heads(self) -> int:
        """Heads of attention."""
        return max(self.width // HEAD_WIDTH, 1)

    @property
    def token_width(self) -> int:
        """Width of a token, before tokens are pooled to the full width."""
        return self.width // 2

    @property
    def n_outputs(self) -> int:
        """Output numbers of a customer."""
        return 1 + RELATIVE_BINS + len(ORDER_STARTS) + TIME_BINS

    def as_json(self) -> dict[str, Any]:
        """Give the sizes as a card stores them."""
        return asdict(self)


@dataclass(frozen=True)
class Outputs:
    """Outputs for n customers, on the log scale; all but `active` given at least one order.

    active : (n,) log odds of an order
    relative_spend : (n, RELATIVE_BINS) spend bins relative to each customer's base bin
    orders : (n, J) order bins
    time : (n, TIME_BINS) part of the horizon in which the first order falls
    level : (4,) Laplace distributions of the log of the whole shop's orders and spend over the sums of its customers'
        forecasts: the two middles, then the logs of the two scales
    """

    active: Tensor
    relative_spend: Tensor
    orders: Tensor
    time: Tensor
    level: Tensor


class Standardise(nn.Module):
    """Subtract a mean, divide by a deviation, clip; both are measured on the prior and stored with the weights."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(numbers))
        self.register_buffer("deviation", torch.ones(numbers))

    def forward(self, x: Tensor) -> Tensor:
        """(.., numbers) -> the same shape."""
        return ((x - self.mean) / self.deviation).clamp(-CLIP, CLIP)


class Periodic(nn.Module):
    """Each number as sines, cosines and itself, through a small layer of its own (Gorishniy et al. 2022, PLR)."""

    def __init__(self, numbers: int, frequencies: int = 4, width: int = 6) -> None:
        super().__init__()
        self.frequency = nn.Parameter(torch.randn(numbers, frequencies) * 0.3)
        self.weight = nn.Parameter(torch.randn(numbers, 2 * frequencies + 1, width) / math.sqrt(2 * frequencies + 1))
        self.bias = nn.Parameter(torch.zeros(numbers, width))

    def forward(self, x_rf: Tensor) -> Tensor:
        """(r, f) -> (r, f * width)."""
        angle = 2 * math.pi * x_rf[..., None] * self.frequency
        waves = torch.cat([angle.sin(), angle.cos(), x_rf[..., None]], dim=-1)
        out = torch.bmm(waves.transpose(0, 1), self.weight).transpose(0, 1)
        return functional.relu(out + self.bias).flatten(1)


class Perceptron(nn.Module):
    """Two linear layers with a GELU between."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(.., inputs) -> (.., outputs)."""
        return self.second(functional.gelu(self.first(x), approximate="tanh"))


class EventEncoder(nn.Module):
    """A customer's tokens -> one vector: every head averages the tokens' values with its own weights."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        width, self.heads = size.token_width, 2 * size.heads
        self.standardise = Standardise(size.n_token)
        self.token = Perceptron(size.n_token, 2 * width, width)
        self.score = nn.Linear(width, self.heads)
        self.value = nn.Linear(width, size.width)

    def forward(self, tokens_mv: Tensor, owner_m: Tensor, rows: int) -> Tensor:
        """Tokens (m, v) of `rows` customers, the owner of each -> (rows, d)."""
        hidden_mw = functional.gelu(self.token(self.standardise(tokens_mv)), approximate="tanh")
        # A softmax over ragged lists: bounded scores make exp safe, and sums by owner replace padded batches.
        weight_mh = torch.exp(SCORE_BOUND * torch.tanh(self.score(hidden_mw) / SCORE_BOUND))
        value_mhe = self.value(hidden_mw).unflatten(1, (self.heads, -1)) * weight_mh[..., None]
        total = value_mhe.new_zeros(rows, *value_mhe.shape[1:]).index_add(0, owner_m, value_mhe)
        weight = weight_mh.new_zeros(rows, self.heads).index_add(0, owner_m, weight_mh)
        return (total / (weight[..., None] + 1e-6)).flatten(1)


class Block(nn.Module):
    """A pre-norm transformer block whose rows attend to the first `readable` of them."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention, self.norm_mlp = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.mlp = Perceptron(width, 2 * width, width)

    def forward(self, x_rd: Tensor, readable: int) -> Tensor:
        """(r, d) -> (r, d)."""
        z_rd = self.norm_attention(x_rd)
        query = self._split(self.query(z_rd))
        key, value = self._split(self.key(z_rd[:readable])), self._split(self.value(z_rd[:readable]))
        read = functional.scaled_dot_product_attention(query, key, value)
        x_rd = x_rd + self.out(read.transpose(1, 2).flatten(2)[0])
        return x_rd + self.mlp(self.norm_mlp(x_rd))

    def _split(self, x_rd: Tensor) -> Tensor:
        """(r, d) -> (1, heads, r, d / heads)."""
        return x_rd.unflatten(1, (self.heads, -1)).transpose(0, 1)[None]


class BehaviourModel(nn.Module):
    """The whole network."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        d = size.width
        self.standardise_features, self.standardise_shop = Standardise(size.n_features), Standardise(size.n_shop)
        self.periodic = Periodic(size.n_features)
        self.events = EventEncoder(size)
        periodic = size.n_features * self.periodic.bias.shape[1]
        self.row = Perceptron(periodic + size.n_features + d + GUESSES, 2 * d, d)
        self.shop = Perceptron(size.n_shop, d, d)
        self.levels = Perceptron((MOST_WINDOWS + 1) * LEVELS, d, d)
        # The names of these four stand in shipped weights: the targets of the context, and marks of both sorts of rows.
        self.answer_bin = nn.Embedding(RELATIVE_BINS + 1, d)  # 0: no order
        self.answer = nn.Linear(5, d)  # log spend, log orders, active, two lags
        self.asked, self.told = nn.Parameter(torch.zeros(d)), nn.Parameter(torch.zeros(d))  # of query, of context
        self.blocks = nn.ModuleList(Block(d, size.heads) for _ in range(size.depth))
        self.norm = nn.LayerNorm(d)
        self.head = Perceptron(d, 2 * d, size.n_outputs)
        self.level_head = Perceptron(d, d, 4)

    def forward(self, query: Inputs, context: ContextInputs) -> Outputs:
        """Forecast n customers, given c of context."""
        shop_1d = self.shop(self.standardise_shop(query.shop))[None] + self.levels(context.levels)[None]
        query_nd = self.rows(query) + shop_1d + self.asked
        context_cd = self.context_rows(context)
        readable = 1 + len(context_cd)
        x_rd = torch.cat([shop_1d, context_cd, query_nd])
        for block in self.blocks:
            x_rd = block(x_rd, readable)
        x_rd = self.norm(x_rd)
        bins = self.head(x_rd[readable:])
        active, relative_spend, orders, time = bins.split([1, RELATIVE_BINS, len(ORDER_STARTS), TIME_BINS], dim=1)
        return Outputs(active[:, 0], relative_spend, orders, time, self.level_head(x_rd[0]))

    def rows(self, inputs: Inputs | ContextInputs) -> Tensor:
        """Features and pooled tokens -> (r, d)."""
        features_rf = self.standardise_features(inputs.features)
        pooled_rd = self.events(inputs.tokens, inputs.owner, len(features_rf))
        return self.row(torch.cat([self.periodic(features_rf), features_rf, pooled_rd, inputs.guesses], dim=1))

    def context_rows(self, context: ContextInputs) -> Tensor:
        """Rows of the context with their targets -> (c, d)."""
        if not len(context.features):
            return context.features.new_zeros(0, self.size.width)
        shops_cd = self.shop(self.standardise_shop(context.shops))[context.window]
        targets_cd = self.answer_bin(context.target_bin) + self.answer(context.targets)
        return self.rows(context) + shops_cd + targets_cd + self.told


@dataclass(frozen=True)
class Inputs:
    """Customers to be forecast, as tensors: features (n, f), tokens (m, v), owner (m,), guesses (n, g), shop (s,)."""

    features: Tensor
    tokens: Tensor
    owner: Tensor
    guesses: Tensor
    shop: Tensor

    @classmethod
    def of(cls, customers: Customers, shop: Singles, guesses: Singles, device: torch.device | None = None) -> Self:
        """Move customers, their shop and their first guesses to torch."""
        others = (torch.as_tensor(part, device=device) for part in (guesses, shop))
        return cls(*_customer_tensors(customers, device), *others)


@dataclass(frozen=True)
class ContextInputs:
    """A context as tensors.

    features (c, f), tokens (m, v), owner (m,), guesses (c, g), window (c,), shops (w, s), targets (c, 5) with their
    lags, target_bin (c,), levels
    """

    features: Tensor
    tokens: Tensor
    owner: Tensor
    guesses: Tensor
    window: Tensor
    shops: Tensor
    targets: Tensor
    target_bin: Tensor
    levels: Tensor

    @classmethod
    def of(cls, context: Context, device: torch.device | None = None) -> Self:
        """Move a context to torch."""
        features, tokens, owner = _customer_tensors(context.customers, device)
        targets = context.targets
        parts = [torch.as_tensor(part) for part in (targets.spend, targets.orders, targets.active)]
        lags = torch.as_tensor(context.lags)[torch.as_tensor(context.window)]
        return cls(
            features,
            tokens,
            owner,
            torch.as_tensor(context.guesses, device=device),
            torch.as_tensor(context.window, device=device),
            torch.as_tensor(context.shops, device=device),
            torch.cat([torch.stack(parts, dim=1), lags], dim=1).to(device),
            torch.as_tensor(targets.bins, device=device),
            torch.as_tensor(context.levels, device=device),
        )


def _customer_tensors(customers: Customers, device: torch.device | None) -> tuple[Tensor, Tensor, Tensor]:
    counts = torch.as_tensor(customers.tokens.offsets).diff()
    owner = torch.repeat_interleave(torch.arange(len(counts)), counts)
    return (
        torch.as_tensor(customers.features, device=device),
        torch.as_tensor(customers.tokens.values, device=device),
        owner.to(device),
    )
