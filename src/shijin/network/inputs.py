"""The network's inputs, customers and their shop, and the targets it is trained on.

Everything is made from Histories by the kernels that serve every other member. Spend is counted in bins of the
forecast's grid relative to each customer's *base bin*: about what the customer would spend in the horizon by their
usual basket and their decayed spend. So one network fits a customer of ten and one of ten thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Ints, Singles
from shijin.distribution import HIGHEST, LOWEST, ORDER_STARTS, SPEND_BINS
from shijin.represent.cutoff import History, Outcomes
from shijin.represent.features import GRAINS, features, shop_series
from shijin.represent.packed import Kind
from shijin.represent.tokens import Tokens, tokens

# Simulated shops have no items, so the network cannot learn what the contents of an order mean.
UNREAD = ("lines_mean", "quantity_mean", "price_level", "variety", "novelty_share", "novel_last")
RELATIVE_BINS = 44  # spend bins relative to a customer's base bin
RELATIVE_CENTRE = 24  # which of them is the base bin
TIME_BINS = 8  # equal parts of the horizon in which the first order may fall
LOG_STEP = np.log(HIGHEST / LOWEST) / (SPEND_BINS - 1)  # width of a spend bin, on the log
_SHRINK = 2.0  # median orders of the shop that a customer's usual basket is averaged with
_COMPOSITION = (0.1, 0.25, 0.5, 0.75, 0.9)  # quantiles that describe the customers of a shop


@dataclass(frozen=True)
class Customers:
    """The inputs for n customers as of one cutoff.

    features : (n, F) float32
    tokens : their moments
    base_bin : (n,) int64, bin of the grid
    """

    features: Singles
    tokens: Tokens
    base_bin: Ints

    def __len__(self) -> int:
        return len(self.base_bin)


@dataclass(frozen=True)
class Targets:
    """The outcomes of n customers in a closed window, in the network's terms.

    active : (n,) float32, 1 where there was an order
    relative_spend : (n,) int64, spend bin relative to the base bin; valid where active
    spend, orders : (n,) float32, log1p of spend in median orders, and of orders
    order_bin, time_bin : (n,) int64; valid where active
    """

    active: Singles
    relative_spend: Ints
    spend: Singles
    orders: Singles
    order_bin: Ints
    time_bin: Ints

    @property
    def bins(self) -> Ints:
        """(n,) 0 where there was no order, else one more than the relative spend bin."""
        return (self.relative_spend + 1) * (self.active > 0)


def read_customers(history: History, horizon_days: int) -> Customers:
    """Read every customer of a History."""
    computed = features(history, horizon_days)
    columns = [place for place, name in enumerate(computed.names) if name not in UNREAD]
    n_orders = np.expm1(computed.column("orders").astype(np.float64))
    # The mean log basket, shrunk towards 0 (the shop's median order) where a customer has few orders.
    usual = n_orders * computed.column("basket_log_mean") / (n_orders + _SHRINK)
    # Spend decayed with a half-life of one horizon, times log 2, is the spend of a horizon at a constant rate.
    decayed = np.log(np.maximum(np.expm1(computed.column("spend_decay_1h").astype(np.float64)) * np.log(2), LOWEST))
    base_bin = _bin(np.exp(np.maximum(usual, decayed)))
    return Customers(computed.values[:, columns], tokens(history, horizon_days), base_bin)


def read_shop(history: History, horizon_days: int) -> Singles:
    """(S,) the shop as of a cutoff: its level series, its season, and the composition of its customers."""
    n_orders = np.log1p(history.n_orders())
    age = history.age_days
    seen = np.diff(history.offsets) > 0
    newest = np.log1p(age[history.offsets[1:][seen] - 1] / horizon_days)
    oldest = np.log1p(age[history.offsets[:-1][seen]] / horizon_days)
    orders = history.moments.amount[(history.moments.kind == Kind.ORDER) & (history.moments.amount > 0)]
    baskets = np.log(orders / history.scale) if len(orders) else np.zeros(1)
    quantiles = [np.quantile(part, _COMPOSITION) for part in (n_orders, newest, oldest, baskets)]
    per_order = np.bincount(history.moments.kind, minlength=len(Kind))[:8] / max(len(orders), 1)
    counts = [np.log1p(len(history)), *np.log1p(per_order[1:6])]
    return np.concatenate([[*shop_series(history, horizon_days).values()], *quantiles, counts]).astype(np.float32)


def read_targets(customers: Customers, outcomes: Outcomes, scale: float) -> Targets:
    """Put the outcomes of a closed window into the network's terms.

    Parameters
    ----------
    scale
        Of the window's History, shop currency.
    """
    money = outcomes.spend / scale
    relative = _bin(np.maximum(money, LOWEST / 2)) - customers.base_bin + RELATIVE_CENTRE
    first = np.where(np.isfinite(outcomes.first_days), outcomes.first_days, 0.0)
    return Targets(
        (outcomes.orders > 0).astype(np.float32),
        np.clip(relative, 0, RELATIVE_BINS - 1),
        np.log1p(money).astype(np.float32),
        np.log1p(outcomes.orders).astype(np.float32),
        np.clip(np.searchsorted(ORDER_STARTS, outcomes.orders, side="right") - 1, 0, None),
        np.clip((first / outcomes.horizon_days * TIME_BINS).astype(np.int64), 0, TIME_BINS - 1),
    )


def joined_customers(parts: Sequence[Customers]) -> Customers:
    """Put customers of several cutoffs one after the other."""
    # Offsets of each part move by the tokens of the parts before it; each part's leading 0 is dropped.
    starts = np.cumsum([0] + [len(part.tokens.values) for part in parts])
    offsets = [part.tokens.offsets[1:] + start for part, (start, _) in zip(parts, pairwise(starts), strict=True)]
    values = np.concatenate([part.tokens.values for part in parts])
    return Customers(
        np.concatenate([part.features for part in parts]),
        Tokens(values, np.concatenate([[0], *offsets])),
        np.concatenate([part.base_bin for part in parts]),
    )


def joined_targets(parts: Sequence[Targets]) -> Targets:
    """Put the targets of several windows one after the other."""
    names = Targets.__annotations__
    return Targets(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _bin(money: NDArray[np.float64]) -> Ints:
    """Bin of the standard grid for money in median orders.

    Steps are rounded to `GRAINS` first: a difference that only rounding has left must not move a customer to another
    bin.
    """
    steps = np.log(np.maximum(money, LOWEST) / LOWEST) / LOG_STEP
    return np.clip(np.floor(np.rint(steps * GRAINS) / GRAINS), 0, SPEND_BINS - 1).astype(np.int64)
