"""What the network reads: customers, their shop, and the shop's closed windows with what came of them.

Everything is made from Histories, by the kernels that serve every other member. Money is counted in bins of the
forecast's grid relative to each customer's *own bin*: about what they would spend in the horizon by their usual basket
and their decayed spend. So one network fits a customer of ten and one of ten thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Ints, Singles
from shijin.distribution import HIGHEST, LOWEST, ORDER_STARTS, SPEND_BINS
from shijin.errors import EmptyHistoryError
from shijin.network.first_guess import FirstGuess, no_guess
from shijin.represent.cutoff import History, Outcomes, only, split_at
from shijin.represent.features import GRAINS, features, shop_series
from shijin.represent.packed import DAY_US, Kind
from shijin.represent.tokens import NAMES, Tokens, tokens

# Simulated shops have no items, so what is inside an order means nothing to the network.
UNREAD = ("lines_mean", "quantity_mean", "price_level", "variety", "novelty_share", "novel_last")
OWN_BINS = 44  # spend bins relative to a customer's own
OWN_CENTRE = 24  # which of them is the own bin
TIME_BINS = 8  # equal parts of the horizon in which the first order may fall
MOST_WINDOWS = 3  # newest closed windows, one horizon apart
YEAR_DAYS = 364  # whole weeks
LEAST_HISTORY_H, LEAST_HISTORY_DAYS = 0.25, 7  # before a window
LEAST_CUSTOMERS = 16  # in a window
MOST_TOLD = 1024  # customers of context that a forecast reads
DRAW_SEED = 0  # of which they are: by position, so the same whatever their ids
MOST_KNOWN = 20_000  # customers from whom a shop is known
_LOG_STEP = np.log(HIGHEST / LOWEST) / (SPEND_BINS - 1)
_SHRINK = 2.0  # a customer's usual basket counts as much as so many of the shop's median orders
_COMPOSITION = (0.1, 0.25, 0.5, 0.75, 0.9)
LEVELS = 4  # numbers on the level of a closed window

Window = tuple[History, Outcomes]


@dataclass(frozen=True)
class Customers:
    """What is read of n customers as of one cutoff.

    features : (n, F) float32
    tokens : their moments
    own_bin : (n,) int64, bin of the grid
    """

    features: Singles
    tokens: Tokens
    own_bin: Ints

    def __len__(self) -> int:
        return len(self.own_bin)


@dataclass(frozen=True)
class Answers:
    """What n customers of a closed window did, in the network's terms.

    active : (n,) float32, 1 where there was an order
    own_spend : (n,) int64, spend bin relative to the own bin; where active
    spend, orders : (n,) float32, log1p of spend in median orders and of orders
    order_bin, time_bin : (n,) int64; where active
    """

    active: Singles
    own_spend: Ints
    spend: Singles
    orders: Singles
    order_bin: Ints
    time_bin: Ints

    @property
    def bins(self) -> Ints:
        """(n,) 0 where there was no order, else one more than the spend bin."""
        return (self.own_spend + 1) * (self.active > 0)


@dataclass(frozen=True)
class Context:
    """Customers of closed windows with their answers.

    customers, answers : of c customers
    window : (c,) int64, which of the w windows each is of
    shops : (w, S) float32, the shop as of each window
    lags : (w, 2) float32, how long ago: log of horizons, and in years
    levels : ((MOST_WINDOWS + 1) * LEVELS,) float32, what the whole windows came to, the year ago last
    guesses : (c, GUESSES) float32, what a ridge on all others of the context says of each
    first_guess : that ridge on all of them, or None where they are too few
    """

    customers: Customers
    answers: Answers
    window: Ints
    shops: Singles
    lags: Singles
    levels: Singles
    guesses: Singles
    first_guess: FirstGuess | None

    def __len__(self) -> int:
        return len(self.window)

    def guess(self, customers: Customers) -> Singles:
        """(n, GUESSES) the first guess for n customers to be forecast."""
        return no_guess(len(customers)) if self.first_guess is None else self.first_guess.guess(customers.features)

    @classmethod
    def empty(cls, n_features: int, n_shop: int) -> Self:
        """Give a context that says nothing."""
        none, no_floats = np.zeros(0, np.int64), np.zeros(0, np.float32)
        no_tokens = Tokens(np.zeros((0, len(NAMES)), np.float32), np.zeros(1, np.int64))
        nobody = Customers(np.zeros((0, n_features), np.float32), no_tokens, none)
        answers = Answers(no_floats, none, no_floats, no_floats, none, none)
        levels = np.zeros((MOST_WINDOWS + 1) * LEVELS, np.float32)
        no_shops, no_lags = np.zeros((0, n_shop), np.float32), np.zeros((0, 2), np.float32)
        return cls(nobody, answers, none, no_shops, no_lags, levels, no_guess(0), None)


def read_customers(history: History, horizon_days: int) -> Customers:
    """Read every customer of a History."""
    made = features(history, horizon_days)
    read = [place for place, name in enumerate(made.names) if name not in UNREAD]
    n_orders = np.expm1(made.column("orders").astype(np.float64))
    usual = n_orders * made.column("basket_log_mean") / (n_orders + _SHRINK)
    decayed = np.log(np.maximum(np.expm1(made.column("spend_decay_1h").astype(np.float64)) * np.log(2), LOWEST))
    own_bin = _bin(np.exp(np.maximum(usual, decayed)))
    return Customers(made.values[:, read], tokens(history, horizon_days), own_bin)


def read_shop(history: History, horizon_days: int) -> Singles:
    """(S,) the shop as of a cutoff: its level series, its season, and what its customers are like."""
    n_orders = np.log1p(history.n_orders())
    age = history.age_days
    seen = np.diff(history.offsets) > 0
    newest = np.log1p(age[history.offsets[1:][seen] - 1] / horizon_days)
    oldest = np.log1p(age[history.offsets[:-1][seen]] / horizon_days)
    orders = history.moments.amount[(history.moments.kind == Kind.ORDER) & (history.moments.amount > 0)]
    baskets = np.log(orders / history.scale) if len(orders) else np.zeros(1)
    parts = [np.quantile(part, _COMPOSITION) for part in (n_orders, newest, oldest, baskets)]
    looks = np.bincount(history.moments.kind, minlength=len(Kind))[:8] / max(len(orders), 1)
    known = [np.log1p(len(history)), *np.log1p(looks[1:6])]
    return np.concatenate([[*shop_series(history, horizon_days).values()], *parts, known]).astype(np.float32)


def read_answers(customers: Customers, outcomes: Outcomes, scale: float) -> Answers:
    """Put outcomes in the network's terms."""
    money = outcomes.spend / scale
    own = np.clip(_bin(np.maximum(money, LOWEST / 2)) - customers.own_bin + OWN_CENTRE, 0, OWN_BINS - 1)
    first = np.where(np.isfinite(outcomes.first_days), outcomes.first_days, 0.0)
    return Answers(
        (outcomes.orders > 0).astype(np.float32),
        own,
        np.log1p(money).astype(np.float32),
        np.log1p(outcomes.orders).astype(np.float32),
        np.clip(np.searchsorted(ORDER_STARTS, outcomes.orders, side="right") - 1, 0, None),
        np.clip((first / outcomes.horizon_days * TIME_BINS).astype(np.int64), 0, TIME_BINS - 1),
    )


@dataclass(frozen=True)
class Past:
    """A shop's own past as of a cutoff: what a context is drawn from.

    cutoff : of the forecast
    shop : (S,) float32, the shop as of the cutoff
    windows : closed windows worth reading
    """

    cutoff: int
    shop: Singles
    windows: list[Window]

    @classmethod
    def of(cls, history: History, horizon_days: int) -> Self:
        """Read the past out of a History."""
        known = thinned(history)
        return cls(history.cutoff, read_shop(known, horizon_days), context_windows(known, horizon_days))

    def context(self, most: int, rng: np.random.Generator, n_features: int) -> Context:
        """Draw a context of at most so many customers; one that says nothing where there is nothing to tell."""
        return read_context(self.windows, self.cutoff, most, rng) or Context.empty(n_features, len(self.shop))


def thinned(history: History) -> History:
    """Keep customers evenly by position where there are more than are needed to know a shop."""
    apart = -(-len(history) // MOST_KNOWN)
    return history if apart <= 1 else history.take(np.arange(0, len(history), apart))


def context_windows(history: History, horizon_days: int) -> list[Window]:
    """List the closed windows of a History worth reading: the newest ones, and the one a year ago; without prospects.

    Of the prospects of a past window the History may hold those alone who have bought since.
    """
    shop = history.as_shop()
    windows: list[Window] = []
    for days in _begins(horizon_days):
        begin = history.cutoff - days * DAY_US
        if begin - history.start < max(LEAST_HISTORY_H * horizon_days, LEAST_HISTORY_DAYS) * DAY_US:
            continue
        try:
            before, outcomes = split_at(shop, begin, horizon_days)
        except EmptyHistoryError:
            continue
        if outcomes is None:
            continue
        before, outcomes = only(before, outcomes, before.bought)
        if len(before) >= LEAST_CUSTOMERS:
            windows.append((before, outcomes))
    return windows


def _begins(horizon_days: int) -> list[int]:
    newest = [step * horizon_days for step in range(1, MOST_WINDOWS + 1)]
    apart = min(abs(YEAR_DAYS - days) for days in newest)
    year = [YEAR_DAYS] if horizon_days <= YEAR_DAYS and apart > horizon_days / 4 else []
    return newest + year


def read_context(windows: Sequence[Window], cutoff: int, most: int, rng: np.random.Generator) -> Context | None:
    """Read customers of closed windows, drawn by chance: two parts of the newest window, one of each other.

    Parameters
    ----------
    cutoff
        Of the forecast; every window is closed there.
    most
        How many customers in all.

    Returns
    -------
    None where there is no window.
    """
    if not windows or most < 1:
        return None
    read, answers, place, shops, lags = [], [], [], [], []
    for number, ((history, outcomes), rows) in enumerate(zip(windows, told_rows(windows, most, rng), strict=True)):
        drawn = history.take(rows)
        customers = read_customers(drawn, outcomes.horizon_days)
        read.append(customers)
        answers.append(read_answers(customers, outcomes.take(rows), history.scale))
        place.append(np.full(len(rows), number))
        shops.append(read_shop(history, outcomes.horizon_days))
        days = (cutoff - history.cutoff) / DAY_US
        lags.append([np.log(days / outcomes.horizon_days), days / YEAR_DAYS])
    customers, told = _joined_customers(read), _joined_answers(answers)
    first_guess, guesses = FirstGuess.of(customers.features, _targets(told), told.active)
    return Context(
        customers,
        told,
        np.concatenate(place),
        np.stack(shops),
        np.array(lags, dtype=np.float32),
        read_levels(windows, cutoff),
        guesses,
        first_guess,
    )


def told_rows(windows: Sequence[Window], most: int, rng: np.random.Generator) -> list[Ints]:
    """Draw who of each window is told, rising rows."""
    shares = np.array([2.0] + [1.0] * (len(windows) - 1))
    wanted = np.maximum((most * shares / shares.sum()).astype(int), 1)
    return [np.sort(rng.permutation(len(history))[:count]) for (history, _), count in zip(windows, wanted, strict=True)]


def _targets(answers: Answers) -> NDArray[np.float64]:
    """(c, 3) what the first guess is of: activity, spend against the own bin, and that on the log given activity."""
    log_ratio = _LOG_STEP * (answers.own_spend - OWN_CENTRE)
    return np.stack([answers.active, answers.active * np.log1p(np.exp(log_ratio)), log_ratio], axis=1)


def read_levels(windows: Sequence[Window], cutoff: int) -> Singles:
    """Read what each whole window came to: known, share active, orders and spend against the formula; logs."""
    levels = np.zeros((MOST_WINDOWS + 1, LEVELS), np.float32)
    for history, outcomes in windows:
        steps = (cutoff - history.cutoff) / DAY_US / outcomes.horizon_days
        place = round(steps) - 1 if abs(steps - round(steps)) < 0.01 and round(steps) <= MOST_WINDOWS else MOST_WINDOWS
        # A short history has not filled the decayed sums yet: what is missing is added.
        filled = 1 - np.exp2(-history.span_days / outcomes.horizon_days)
        decay = np.exp2(-history.age_days / outcomes.horizon_days) * np.log(2) / filled
        moments = history.moments
        orders = (decay * (moments.kind == Kind.ORDER)).sum()
        spend = (decay * moments.amount * (moments.kind <= Kind.CHARGE)).sum() / history.scale
        levels[place] = (
            1.0,
            np.log((np.count_nonzero(outcomes.orders) + 1) / (len(history) + 2)),
            np.log((outcomes.orders.sum() + 1) / (orders + 1)),
            np.log((outcomes.spend.sum() / history.scale + 1) / (max(spend, 0.0) + 1)),
        )
    return levels.ravel()


def _bin(money: NDArray[np.float64]) -> Ints:
    """Bin of the standard grid, for money in median orders; what rounding leaves of a difference moves nobody."""
    steps = np.log(np.maximum(money, LOWEST) / LOWEST) / _LOG_STEP
    return np.clip(np.floor(np.rint(steps * GRAINS) / GRAINS), 0, SPEND_BINS - 1).astype(np.int64)


def _joined_customers(parts: Sequence[Customers]) -> Customers:
    starts = np.cumsum([0] + [len(part.tokens.values) for part in parts])
    offsets = [part.tokens.offsets[1:] + start for part, (start, _) in zip(parts, pairwise(starts), strict=True)]
    values = np.concatenate([part.tokens.values for part in parts])
    return Customers(
        np.concatenate([part.features for part in parts]),
        Tokens(values, np.concatenate([[0], *offsets])),
        np.concatenate([part.own_bin for part in parts]),
    )


def _joined_answers(parts: Sequence[Answers]) -> Answers:
    return Answers(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in Answers.__annotations__}
    )
