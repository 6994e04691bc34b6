"""The network in NumPy, which forecasts without torch. The same arithmetic as `architecture.py`, name by name.

The context's keys and values are computed once for a shop, and then customers in blocks. The bits of a customer depend
neither on the other customers of the forecast nor on the load of the machine: `products` treat all rows alike, and one
thread computes each batch.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Singles, per_customer
from shijin.distribution import ORDER_STARTS, P_FLOOR, SPEND_BINS, Distribution, Grid
from shijin.errors import ModelError
from shijin.network.context import DRAW_SEED, MOST_CONTEXT, Context, Past
from shijin.network.inputs import RELATIVE_BINS, RELATIVE_CENTRE, TIME_BINS, Customers, read_customers
from shijin.network.products import by_block, product
from shijin.network.weights import HEAD_WIDTH, Tensors, Weights
from shijin.represent.cutoff import History, split_at
from shijin.represent.packed import DAY_US, Kind, Moments, Packed
from shijin.represent.tokens import Tokens
from shijin.threads import one_blas_thread

Part = TypeVar("Part")
Numbers = TypeVar("Numbers", NDArray[np.float32], NDArray[np.float64])
SCORE_BOUND = 8.0  # pooling scores are squashed to this, so the exponential cannot overflow
CLIP = 5.0  # standardised inputs are clipped here
BATCH = 1024  # customers read at once, by one thread
LOG_SCALES = (-5.0, 2.0)  # of the level
_TRIAL_DAYS = 2  # horizon of the trial forecast

_GELU = np.float32(np.sqrt(2 / np.pi))


@dataclass(frozen=True)
class Outputs:
    """The network's outputs for n customers: as `architecture.Outputs`, and the vectors they are computed from."""

    active: Singles
    relative_spend: Singles
    orders: Singles
    time: Singles
    vectors: Singles

    def distribution(self, customers: Customers, grid: Grid) -> Distribution:
        """Put bins relative to each customer's base bin back on the grid."""
        p_active = np.clip(1 / (1 + np.exp(-self.active.astype(np.float64))), P_FLOOR, 1 - P_FLOOR)
        relative = _softmax(self.relative_spend.astype(np.float64))
        place = customers.base_bin[:, None] + np.arange(RELATIVE_BINS) - RELATIVE_CENTRE
        spend = np.zeros((len(relative), SPEND_BINS))
        # Relative bins beyond the grid share its first or last bin, so probabilities are added, not assigned.
        np.add.at(spend, (np.arange(len(relative))[:, None], np.clip(place, 0, SPEND_BINS - 1)), relative)
        orders = _softmax(self.orders.astype(np.float64))
        return Distribution(p_active, spend, orders, grid)


@dataclass(frozen=True)
class Read:
    """A shop as the network has read it.

    keys, values : for each block, (heads, 1 + c, d / heads) of the row of the shop and the rows of the context
    shop : (1, d) what the shop adds to each customer's row
    level : (4,) see `architecture.Outputs`
    context : the context that was read
    """

    keys: list[Singles]
    values: list[Singles]
    shop: Singles
    level: Singles
    context: Context


class Network:
    """The shipped network, or any other weights of the architecture."""

    def __init__(self, weights: Weights) -> None:
        self.tensors: Tensors = weights.tensors
        self.name = weights.name
        self.depth = 1 + max(int(name.split(".")[1]) for name in self.tensors if name.startswith("blocks."))
        self.width = len(self.tensors["asked"])
        self.heads = max(self.width // HEAD_WIDTH, 1)
        self.n_features = len(self.tensors["standardise_features.mean"])
        self.level_factor = float(weights.card.get("level_factor", 1.0))

    def read(self, shop: Singles, context: Context) -> Read:
        """Read a shop and its context."""
        of_shop = self._perceptron("shop", self._standardised("standardise_shop", shop[None]))
        shop_row = of_shop + self._perceptron("levels", context.levels[None])
        rows = np.concatenate([shop_row, self._context_rows(context)])
        # Only these rows are attended to, in every block, so their keys and values serve all customers of the shop.
        keys, values = [], []
        for number in range(self.depth):
            block = f"blocks.{number}."
            normed = self._norm(block + "norm_attention", rows)
            keys.append(self._split(self._linear(block + "key", normed)))
            values.append(self._split(self._linear(block + "value", normed)))
            rows = self._block(block, rows, normed, keys[-1], values[-1])
        level = self._perceptron("level_head", self._norm("norm", rows[:1]))[0]
        return Read(keys, values, shop_row, level, context)

    def forward(self, customers: Customers, read: Read) -> Outputs:
        """Compute the outputs for n customers of a shop that was read."""
        pooled, guesses = self._pooled(customers.tokens), read.context.guess(customers)
        vectors, out = by_block(partial(self._vectors, read), customers.features, pooled, guesses)
        edges = np.cumsum([1, RELATIVE_BINS, len(ORDER_STARTS), TIME_BINS])
        active, relative_spend, orders, time = np.split(out, edges[:-1], axis=1)
        return Outputs(active[:, 0], relative_spend, orders, time, vectors)

    def _vectors(self, read: Read, features: Singles, pooled: Singles, guesses: Singles) -> tuple[Singles, Singles]:
        """Vectors and outputs of a block of customers."""
        rows = self._rows(features, pooled, guesses) + read.shop + self.tensors["asked"]
        for number in range(self.depth):
            block = f"blocks.{number}."
            normed = self._norm(block + "norm_attention", rows)
            rows = self._block(block, rows, normed, read.keys[number], read.values[number])
        vectors = self._norm("norm", rows)
        return vectors, self._perceptron("head", vectors)

    def level_scale(self, read: Read) -> float:
        """Scale of a Laplace distribution: of the log of the shop's spend over the sum of its customers' forecasts.

        The network's estimate of the distribution's middle is not used: it lies near 0, and applying it improves
        nothing on shops held out.
        """
        return self.level_factor * float(np.exp(np.clip(read.level[3], *LOG_SCALES)))

    def _rows(self, features: Singles, pooled: Singles, guesses: Singles) -> Singles:
        features = self._standardised("standardise_features", features)
        return self._perceptron("row", np.concatenate([self._periodic(features), features, pooled, guesses], axis=1))

    def _context_rows(self, context: Context) -> Singles:
        if not len(context):
            return np.zeros((0, self.width), np.float32)
        shops = self._perceptron("shop", self._standardised("standardise_shop", context.shops))[context.window]
        targets = context.targets
        numbers = np.stack([targets.spend, targets.orders, targets.active], axis=1)
        numbers = np.concatenate([numbers, context.lags[context.window]], axis=1)
        outcome = self.tensors["answer_bin.weight"][targets.bins] + self._linear("answer", numbers)
        customers = context.customers
        rows = self._rows(customers.features, self._pooled(customers.tokens), context.guesses)
        return rows + shops + outcome + self.tensors["told"]

    def _periodic(self, features: Singles) -> Singles:
        angle = np.float32(2 * np.pi) * features[:, :, None] * self.tensors["periodic.frequency"]
        waves = np.concatenate([np.sin(angle), np.cos(angle), features[:, :, None]], axis=2)
        # Each feature has a small layer of its own: one batched product over features, then back to rows.
        out = product().times(waves.transpose(1, 0, 2), self.tensors["periodic.weight"])
        out += self.tensors["periodic.bias"][:, None]
        return np.maximum(out, 0).transpose(1, 0, 2).reshape(len(features), -1)

    def _pooled(self, read: Tokens) -> Singles:
        """Pool each customer's tokens: every head averages the tokens' values with its own weights."""
        weight, value = by_block(self._weighed, read.values)
        total, weights = per_customer(value, read.offsets), per_customer(weight, read.offsets)
        share = total.reshape(*weights.shape, value.shape[1] // weight.shape[1])
        return (share / (weights[:, :, None] + np.float32(1e-6))).reshape(total.shape)

    def _weighed(self, tokens: Singles) -> tuple[Singles, Singles]:
        """Weights of a block of tokens by head, (m, heads), and their values times these, (m, d)."""
        hidden = _gelu(self._perceptron("events.token", self._standardised("events.standardise", tokens)))
        weight = np.exp(SCORE_BOUND * np.tanh(self._linear("events.score", hidden) / SCORE_BOUND))
        value = self._linear("events.value", hidden).reshape(len(tokens), weight.shape[1], -1) * weight[:, :, None]
        return weight, value.reshape(len(tokens), -1)

    def _block(self, block: str, rows: Singles, normed: Singles, keys: Singles, values: Singles) -> Singles:
        query = self._split(self._linear(block + "query", normed))
        scores = product().times(query, keys.transpose(0, 2, 1))
        scores *= np.float32(1 / np.sqrt(query.shape[2]))
        read = product().times(_softmax(scores), values).transpose(1, 0, 2).reshape(len(rows), -1)
        rows = rows + self._linear(block + "out", read)
        return rows + self._perceptron(block + "mlp", self._norm(block + "norm_mlp", rows))

    def _split(self, rows: Singles) -> Singles:
        """(r, d) -> (heads, r, d / heads)."""
        return np.ascontiguousarray(rows.reshape(len(rows), self.heads, -1).transpose(1, 0, 2))

    def _standardised(self, name: str, x: Singles) -> Singles:
        return np.clip((x - self.tensors[f"{name}.mean"]) / self.tensors[f"{name}.deviation"], -CLIP, CLIP)

    def _linear(self, name: str, x: Singles) -> Singles:
        out = product().times(x, self.tensors[f"{name}.weight"].T)
        out += self.tensors[f"{name}.bias"]
        return out

    def _perceptron(self, name: str, x: Singles) -> Singles:
        return self._linear(f"{name}.second", _gelu(self._linear(f"{name}.first", x)))

    def _norm(self, name: str, x: Singles) -> Singles:
        centred = x - x.mean(axis=1, keepdims=True)
        variance = (centred * centred).mean(axis=1, keepdims=True)
        return (
            centred / np.sqrt(variance + np.float32(1e-5)) * self.tensors[f"{name}.weight"]
            + self.tensors[f"{name}.bias"]
        )


def checked_weights(weights: Weights) -> Weights:
    """Check weights by a trial forecast of a shop of two customers, and return them.

    Raises
    ------
    ModelError
        When they belong to another network, or their forecast is not finite. A card may match such weights.
    """
    try:
        network, history = Network(weights), _two_customers()
        trial = forecast(network, history, _TRIAL_DAYS, read_past(network, history, _TRIAL_DAYS))
    except (KeyError, ValueError, IndexError) as error:
        raise ModelError("network.another_networks_weights", weights.name, error=str(error)) from error
    if not (np.isfinite(trial.mean()).all() and np.isfinite(trial.level_scale or np.nan)):
        raise ModelError("network.weights_not_finite", weights.name)
    return weights


def _two_customers() -> History:
    one, three = np.ones(3), np.arange(3, dtype=np.float64)
    kinds, channels = np.full(3, Kind.ORDER, np.uint8), np.zeros(3, np.int32)
    moments = Moments((three * DAY_US).astype(np.int64), kinds, 10 + three, one, one, 0 * one, one, channels)
    shop = Packed(np.array(["a", "b"]), np.array([0, 1, 3]), moments, 0, 4 * DAY_US)
    return split_at(shop, 4 * DAY_US, _TRIAL_DAYS)[0]


@one_blas_thread()
def read_past(network: Network, history: History, horizon_days: int, most: int = MOST_CONTEXT) -> Read:
    """Read a shop's own past: customers of its closed windows, with their targets, as context.

    Parameters
    ----------
    most
        How many customers of context; 0 for none.
    """
    past = Past.of(history, horizon_days)
    return network.read(past.shop, past.context(most, np.random.default_rng(DRAW_SEED), network.n_features))


@one_blas_thread()
def forecast(network: Network, history: History, horizon_days: int, read: Read, threads: int = 1) -> Distribution:
    """Forecast every customer of a History, batch by batch.

    Parameters
    ----------
    read
        The shop and its context, from `read_past`.
    threads
        How many batches are computed at a time; the numbers do not depend on it.
    """
    grid = Grid.of_scale(history.scale)

    def one(customers: Customers) -> Distribution:
        return network.forward(customers, read).distribution(customers, grid)

    parts = _by_batch(one, history, horizon_days, threads)
    p_active, spend, orders = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("p_active", "spend", "orders")
    )
    return Distribution(p_active, spend, orders, grid, network.level_scale(read))


@one_blas_thread()
def vectors(network: Network, history: History, horizon_days: int, read: Read, threads: int = 1) -> Singles:
    """(n, d) the network's vector for every customer of a History; similar customers have near vectors."""
    parts = _by_batch(lambda customers: network.forward(customers, read).vectors, history, horizon_days, threads)
    return np.concatenate(parts)


def _by_batch(compute: Callable[[Customers], Part], history: History, horizon_days: int, threads: int) -> list[Part]:
    """Read and compute customers batch by batch; no customers are one empty batch."""

    def batch(first: int) -> Part:
        return compute(read_customers(history.between(first, min(first + BATCH, len(history))), horizon_days))

    firsts = range(0, max(len(history), 1), BATCH)
    if threads == 1:
        return [batch(first) for first in firsts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(batch, firsts))


def _gelu(x: Singles) -> Singles:
    """GELU by tanh, ``x / 2 * (1 + tanh(sqrt(2 / pi) * (x + .044715 x^3)))``, computed mostly in place."""
    out = np.float32(0.044715) * x
    out *= x
    out *= x
    out += x
    out *= _GELU
    np.tanh(out, out=out)
    out += np.float32(1)
    out *= np.float32(0.5) * x
    return out


def _softmax(x: Numbers) -> Numbers:
    weight = x - x.max(axis=-1, keepdims=True)
    np.exp(weight, out=weight)
    weight /= weight.sum(axis=-1, keepdims=True)
    return weight
