"""Histories as tokens: the network's inputs for each moment, in numbers without units.

Each of the newest moments of a customer is a token; older moments share tokens, more of them the older they are. A
token counts its moments, so nothing is cut off. Real and simulated shops are read by the same code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints, per_customer
from shijin.represent.cutoff import History
from shijin.represent.packed import DAY_US, Kind

NEWEST = 64  # moments with a token of their own
PER_DOUBLING = 4  # tokens for the moments NEWEST .. 2 NEWEST from the end, for 2 .. 4 NEWEST, and so on
YEAR_US = 1461 * DAY_US // 4  # the epoch is a first of January
KINDS = (Kind.ORDER, Kind.RETURN, Kind.VIEW, Kind.CART, Kind.REVIEW)  # with a column each; other kinds share one
NAMES = (
    *(f"is_{kind.name.lower()}" for kind in KINDS),
    "is_other",
    "log_amount",
    "amount_to_usual",
    "age",
    "age_h",
    "gap_before",
    "gap_before_h",
    "gap_after",
    "gap_after_to_before",
    "is_first",
    "from_end",
    "from_start",
    "year_sin",
    "year_cos",
    "discount_share",
    "moments",
)
_LEAST_MONEY = 0.02  # of a median order
_LEAST_DAYS = 0.1


@dataclass(frozen=True)
class Tokens:
    """Tokens of n customers, within a customer from old to new.

    values : (m, len(NAMES)) float32
    offsets : (n + 1,) int64, where each customer's tokens begin
    """

    values: NDArray[np.float32]
    offsets: Ints


def tokens(history: History, horizon_days: int) -> Tokens:
    """Read every customer of a History as tokens.

    Examples
    --------
    >>> tokens("yesterday", 90)
    Traceback (most recent call last):
    TypeError: tokens are made from a History, got str
    """
    if not isinstance(history, History):
        raise TypeError(f"tokens are made from a History, got {type(history).__name__}")
    values = np.empty((len(history.moments), len(NAMES)), dtype=np.float32)
    for place, column in enumerate((*_content(history), *_timing(history, horizon_days))):
        values[:, place] = column
    return _shared(values, history.offsets)


def _content(history: History) -> list[Floats]:
    """Kind, amount, and the amount against the customer's usual order."""
    moments = history.moments
    kinds = [(moments.kind == kind).astype(np.float64) for kind in KINDS]
    kinds.append(1.0 - sum(kinds))
    has_money = moments.kind <= Kind.RETURN
    log_amount = np.log(np.abs(moments.amount) / history.scale + _LEAST_MONEY)
    is_order = kinds[KINDS.index(Kind.ORDER)]
    n_orders = per_customer(is_order, history.offsets)
    usual = per_customer(log_amount * is_order, history.offsets) / np.maximum(n_orders, 1)
    against = (log_amount - usual[history.customer]) * is_order
    return [*kinds, np.where(has_money, log_amount, 0.0), against]


def _timing(history: History, horizon_days: int) -> list[Floats]:
    """Age, the gaps on both sides, place in the sequence and in the year; then discount, and one moment a token."""
    age, offsets, customer = history.age_days, history.offsets, history.customer
    m = len(age)
    place = np.arange(m) - offsets[:-1][customer]
    from_end = np.diff(offsets)[customer] - 1 - place
    # Neighbours in the whole array; at the edges of a customer they belong to another and are masked below.
    older = np.concatenate([age[:1], age[:-1]])
    newer = np.concatenate([age[1:], np.zeros(min(m, 1))])
    is_first = place == 0
    before = np.where(is_first, 0.0, older - age)
    after = np.where(from_end == 0, age, age - newer)
    angle = 2 * np.pi * (history.moments.ts % YEAR_US / YEAR_US)
    bought = np.abs(history.moments.amount)
    discount = history.moments.discount / np.maximum(bought + history.moments.discount, 1e-9)
    return [
        np.log1p(age),
        np.log((age + _LEAST_DAYS) / horizon_days),
        np.log1p(before),
        np.where(is_first, 0.0, np.log((before + _LEAST_DAYS) / horizon_days)),
        np.log1p(after),
        np.where(is_first, 0.0, np.log((after + 1) / (before + 1))),
        is_first.astype(np.float64),
        np.log1p(from_end),
        np.log1p(place),
        np.sin(angle),
        np.cos(angle),
        discount,
        np.zeros(m),
    ]


def _shared(values: NDArray[np.float32], offsets: Ints) -> Tokens:
    """Let moments beyond the newest share tokens: their mean, and the log of their number."""
    counts = np.diff(offsets)
    if not (counts > NEWEST).any():
        return Tokens(values, offsets)
    owner = np.repeat(np.arange(len(counts)), counts)
    from_end = offsets[1:][owner] - 1 - np.arange(len(values))
    # Beyond the newest, PER_DOUBLING tokens for each doubling of the distance from the end.
    further = np.floor(PER_DOUBLING * np.log2(np.maximum(from_end, NEWEST) / NEWEST)).astype(np.int64)
    token = np.where(from_end < NEWEST, from_end, NEWEST + further)
    starts = np.flatnonzero((np.diff(owner, prepend=-1) != 0) | (np.diff(token, prepend=-1) != 0))
    members = np.diff(np.append(starts, len(values)))
    means = (np.add.reduceat(values, starts, axis=0) / members[:, None]).astype(np.float32)
    means[:, NAMES.index("moments")] = np.log(members)
    return Tokens(means, np.searchsorted(owner[starts], np.arange(len(counts) + 1)))
