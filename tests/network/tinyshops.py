"""Shops for the network's tests: written by hand, or simulated."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from shijin.represent.cutoff import History, Outcomes, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind, Moments, Packed
from shijin.simulate.knobs import Knobs
from shijin.simulate.shops import simulate

START = as_cutoff(date(2022, 1, 1))
SIMULATED = Knobs(
    customers=400,
    days=700,
    rate_scale_days=25.0,
    return_share=0.1,
    views_per_order=0.5,
    dropout="lifetime",
    lifetime_days=500.0,
    season_amplitude=0.3,
    items=0,
)
HORIZON = 60

Moment = tuple[float, float]


def by_hand(histories: Sequence[Sequence[Moment]], days: int) -> Packed:
    """A shop of (day, amount) moments, sorted in each customer; below zero is a return. First days rise."""
    moments = [moment for history in histories for moment in history]
    day, amount = (np.array(column, dtype=float) for column in zip(*moments, strict=True))
    kind = np.where(amount < 0, Kind.RETURN, Kind.ORDER).astype(np.uint8)
    ones, nothing = np.ones(len(day)), np.zeros(len(day))
    return Packed(
        np.array([f"c{place:04d}" for place in range(len(histories))]),
        np.cumsum([0, *map(len, histories)]),
        Moments(
            START + np.round(day * DAY_US).astype(np.int64),
            kind,
            amount,
            ones,
            np.sign(amount),
            nothing,
            nothing,
            nothing.astype(np.int16),
        ),
        START,
        START + days * DAY_US,
    )


def day(number: int) -> int:
    """The midnight that begins a day of a shop written by hand."""
    return START + number * DAY_US


def split(packed: Packed, cutoff: int, horizon_days: int) -> tuple[History, Outcomes]:
    """Split at a cutoff whose window is closed."""
    history, outcomes = split_at(packed, cutoff, horizon_days)
    assert outcomes is not None
    return history, outcomes


def simulated(seed: int = 1, knobs: Mapping[str, object] | None = None) -> Packed:
    """A shop with returns and views, two years long."""
    return simulate(replace(SIMULATED, **(knobs or {})), seed).packed  # type: ignore[arg-type]


def history_of(packed: Packed, horizon_days: int = HORIZON) -> History:
    """What was known of a shop one horizon before its end."""
    return split(packed, packed.end - horizon_days * DAY_US, horizon_days)[0]


def in_other_money(packed: Packed, rate: float) -> Packed:
    """The same shop, its money counted in another unit."""
    moments = packed.moments
    return replace(packed, moments=replace(moments, amount=moments.amount * rate, discount=moments.discount * rate))
