"""The context: customers of a shop's own closed windows, together with what they did there.

The network reads a context with every forecast and so learns what this shop's customers do, without training. A
context is drawn from the closed windows of one History, so it never holds anything from the cutoff on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Ints, Singles
from shijin.errors import EmptyHistoryError
from shijin.network.first_guess import FirstGuess, no_guess
from shijin.network.inputs import (
    LOG_STEP,
    RELATIVE_CENTRE,
    Customers,
    Targets,
    joined_customers,
    joined_targets,
    read_customers,
    read_shop,
    read_targets,
)
from shijin.represent.cutoff import History, Outcomes, customers_of, split_at
from shijin.represent.packed import DAY_US, Kind
from shijin.represent.tokens import NAMES, Tokens
from shijin.sampling import stride

MOST_WINDOWS = 3  # newest closed windows, with one horizon between them
YEAR_DAYS = 364  # whole weeks
LEAST_HISTORY_H, LEAST_HISTORY_DAYS = 0.25, 7  # before a window
LEAST_CUSTOMERS = 16  # in a window
MOST_CONTEXT = 1024  # customers of context that a forecast reads
DRAW_SEED = 0  # of the draw; customers are drawn by position, so their ids do not matter
MOST_SAMPLED = 20_000  # customers from whom a shop is read
LEVELS = 4  # numbers on the level of a closed window

Window = tuple[History, Outcomes]


@dataclass(frozen=True)
class Context:
    """Customers of closed windows with their targets.

    customers, targets : of c customers
    window : (c,) int64, which of the w windows each belongs to
    shops : (w, S) float32, the shop as of each window
    lags : (w, 2) float32, how long ago: log of horizons, and in years
    levels : ((MOST_WINDOWS + 1) * LEVELS,) float32, totals of the whole windows; the window a year ago is last
    guesses : (c, GUESSES) float32, each customer's guess by a ridge on all other customers of the context
    first_guess : the ridge on all of them, or None where they are too few
    """

    customers: Customers
    targets: Targets
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
        """Give a context without customers."""
        no_ints, no_floats = np.zeros(0, np.int64), np.zeros(0, np.float32)
        no_tokens = Tokens(np.zeros((0, len(NAMES)), np.float32), np.zeros(1, np.int64))
        customers = Customers(np.zeros((0, n_features), np.float32), no_tokens, no_ints)
        targets = Targets(no_floats, no_ints, no_floats, no_floats, no_ints, no_ints)
        levels = np.zeros((MOST_WINDOWS + 1) * LEVELS, np.float32)
        no_shops, no_lags = np.zeros((0, n_shop), np.float32), np.zeros((0, 2), np.float32)
        return cls(customers, targets, no_ints, no_shops, no_lags, levels, no_guess(0), None)


@dataclass(frozen=True)
class Past:
    """A shop's own past as of a cutoff, from which a context is drawn.

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
        sample = thinned(history)
        return cls(history.cutoff, read_shop(sample, horizon_days), context_windows(sample, horizon_days))

    def context(self, most: int, rng: np.random.Generator, n_features: int) -> Context:
        """Draw a context of at most so many customers; it is empty where there is no window."""
        return read_context(self.windows, self.cutoff, most, rng) or Context.empty(n_features, len(self.shop))


def thinned(history: History) -> History:
    """Keep customers evenly by position where there are more than a shop has to be read from."""
    return history.take(np.arange(0, len(history), stride(len(history), MOST_SAMPLED)))


def context_windows(history: History, horizon_days: int) -> list[Window]:
    """List the closed windows of a History worth reading: the newest ones, and the one a year ago.

    Prospects are left out: of a past window's prospects the History holds only those who have bought since.
    """
    shop = history.as_shop()
    windows: list[Window] = []
    for days in _days_before(horizon_days):
        start = history.cutoff - days * DAY_US
        if start - history.start < max(LEAST_HISTORY_H * horizon_days, LEAST_HISTORY_DAYS) * DAY_US:
            continue
        try:
            before, outcomes = split_at(shop, start, horizon_days)
        except EmptyHistoryError:
            continue
        if outcomes is None:
            continue
        before, outcomes = customers_of(before, outcomes)
        if len(before) >= LEAST_CUSTOMERS:
            windows.append((before, outcomes))
    return windows


def _days_before(horizon_days: int) -> list[int]:
    """How many days before the cutoff each window starts; the year-ago one only where no newer one is near it."""
    newest = [step * horizon_days for step in range(1, MOST_WINDOWS + 1)]
    distance = min(abs(YEAR_DAYS - days) for days in newest)
    year = [YEAR_DAYS] if horizon_days <= YEAR_DAYS and distance > horizon_days / 4 else []
    return newest + year


def read_context(windows: Sequence[Window], cutoff: int, most: int, rng: np.random.Generator) -> Context | None:
    """Read customers of closed windows, drawn at random: two shares from the newest window, one from each other.

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
    draws = draw_context(windows, most, rng)
    parts = [_read_window(window, rows) for window, rows in zip(windows, draws, strict=True)]
    customers = joined_customers([customers for customers, _ in parts])
    targets = joined_targets([targets for _, targets in parts])
    first_guess, guesses = FirstGuess.fit(customers.features, _guess_targets(targets), targets.active)
    return Context(
        customers,
        targets,
        np.repeat(np.arange(len(draws)), [len(rows) for rows in draws]),
        np.stack([read_shop(history, outcomes.horizon_days) for history, outcomes in windows]),
        np.array([_lags(window, cutoff) for window in windows], dtype=np.float32),
        read_levels(windows, cutoff),
        guesses,
        first_guess,
    )


def _read_window(window: Window, rows: Ints) -> tuple[Customers, Targets]:
    history, outcomes = window
    customers = read_customers(history.take(rows), outcomes.horizon_days)
    return customers, read_targets(customers, outcomes.take(rows), history.scale)


def _lags(window: Window, cutoff: int) -> tuple[float, float]:
    history, outcomes = window
    days = (cutoff - history.cutoff) / DAY_US
    return float(np.log(days / outcomes.horizon_days)), days / YEAR_DAYS


def draw_context(windows: Sequence[Window], most: int, rng: np.random.Generator) -> list[Ints]:
    """Draw the rows of each window's customers that the context holds, rising."""
    shares = np.array([2.0] + [1.0] * (len(windows) - 1))
    counts = np.maximum((most * shares / shares.sum()).astype(int), 1)
    return [np.sort(rng.permutation(len(history))[:count]) for (history, _), count in zip(windows, counts, strict=True)]


def _guess_targets(targets: Targets) -> NDArray[np.float64]:
    """(c, 3) targets of the first guess: activity, spend against the base bin, and the log of the latter if active."""
    log_ratio = LOG_STEP * (targets.relative_spend - RELATIVE_CENTRE)
    return np.stack([targets.active, targets.active * np.log1p(np.exp(log_ratio)), log_ratio], axis=1)


def read_levels(windows: Sequence[Window], cutoff: int) -> Singles:
    """Read the totals of each whole window: known, share active, orders and spend against the formula; logs."""
    levels = np.zeros((MOST_WINDOWS + 1, LEVELS), np.float32)
    for history, outcomes in windows:
        # A window a whole number of horizons ago has a row of its own; any other is the one a year ago.
        steps = (cutoff - history.cutoff) / DAY_US / outcomes.horizon_days
        row = round(steps) - 1 if abs(steps - round(steps)) < 0.01 and round(steps) <= MOST_WINDOWS else MOST_WINDOWS
        orders, spend = _formula(history, outcomes.horizon_days)
        levels[row] = (
            1.0,
            np.log((np.count_nonzero(outcomes.orders) + 1) / (len(history) + 2)),
            np.log((outcomes.orders.sum() + 1) / (orders + 1)),
            np.log((outcomes.spend.sum() / history.scale + 1) / (max(spend, 0.0) + 1)),
        )
    return levels.ravel()


def _formula(history: History, horizon_days: int) -> tuple[float, float]:
    """Orders, and spend in median orders, that the decayed formula expects of all customers together."""
    # A short history has not filled the decayed sums yet: the missing part is added.
    filled = 1 - np.exp2(-history.span_days / horizon_days)
    decay = np.exp2(-history.age_days / horizon_days) * np.log(2) / filled
    moments = history.moments
    orders = (decay * (moments.kind == Kind.ORDER)).sum()
    spend = (decay * moments.amount * (moments.kind <= Kind.CHARGE)).sum() / history.scale
    return float(orders), float(spend)
