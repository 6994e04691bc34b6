"""The closed windows of a shop: the training data of members.

A window is closed if it ends by the forecast's cutoff, so that its outcome is known at the cutoff.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import floor
from typing import Any

import numpy as np

from shijin.arrays import Ints
from shijin.errors import EmptyHistoryError
from shijin.forecasting.member import Window
from shijin.represent.cutoff import customers_of, prospects_of, split_at
from shijin.represent.facts import facts_of
from shijin.represent.packed import DAY_US, Kind, Packed

STEPS_PER_HORIZON = 2  # windows overlap by half: twice the examples, each half new
MOST_WINDOWS = 13
LEAST_HISTORY_H = 0.5  # of a horizon: the least span of a window's history
LEAST_HISTORY_DAYS = 14
LEAST_CUSTOMERS = 10
LEAST_HORIZONS = 2.0  # of history before the cutoff, to learn anything
LEAST_TRAINING_CUSTOMERS = 50  # in the newest closed window
LEAST_WINDOW_BUYERS = 10  # of them with an order in it


def closed_windows(packed: Packed, cutoff: int, horizon_days: int) -> list[Window]:
    """List the closed windows before a cutoff, newest first, each with the customers who had bought before it.

    Parameters
    ----------
    packed
        The whole shop; only its part before `cutoff` is read.
    cutoff
        The forecast's cutoff T; windows begin at ``T - H - k * H / 2``.
    """
    return [window for [window] in closed_windows_of([packed], cutoff, horizon_days)]


def closed_windows_of(parts: Sequence[Packed], cutoff: int, horizon_days: int) -> Iterator[list[Window]]:
    """Give the closed windows of a shop in parts; of each window, one for each part. See `closed_windows`."""
    for windows in _all_windows(parts, cutoff, horizon_days):
        customers = [customers_of(*window) for window in windows]
        if sum(len(history) for history, _ in customers) < LEAST_CUSTOMERS:
            break
        yield customers


def prospect_windows(packed: Packed, cutoff: int, horizon_days: int) -> Iterator[Window]:
    """Give the same windows with their prospects instead; windows without prospects are left out."""
    return (window for [window] in prospect_windows_of([packed], cutoff, horizon_days))


def prospect_windows_of(parts: Sequence[Packed], cutoff: int, horizon_days: int) -> Iterator[list[Window]]:
    """Give the prospects of a shop in parts; of each window, one for each part. See `prospect_windows`."""
    if all((part.moments.kind[part.offsets[:-1]] <= Kind.CHARGE).all() for part in parts):
        return  # every customer's first moment is a purchase
    for windows in _all_windows(parts, cutoff, horizon_days):
        prospects = [prospects_of(*window) for window in windows]
        if any(len(history) for history, _ in prospects):
            yield prospects


def _all_windows(parts: Sequence[Packed], cutoff: int, horizon_days: int) -> Iterator[list[Window]]:
    # Data may end before the cutoff; days without events up to the cutoff are observed days all the same.
    observed = [replace(part, end=max(part.end, cutoff)) for part in parts]
    least_days = max(LEAST_HISTORY_H * horizon_days, LEAST_HISTORY_DAYS)
    for back in dict.fromkeys(round(step * horizon_days / STEPS_PER_HORIZON) for step in range(MOST_WINDOWS)):
        begin = cutoff - (horizon_days + back) * DAY_US
        if begin - parts[0].start < least_days * DAY_US:
            break
        try:
            facts = facts_of(observed, begin)
        except EmptyHistoryError:  # there are views, but no order yet
            break
        windows = [split_at(part, begin, horizon_days, facts) for part in observed]
        closed = [(history, outcomes) for history, outcomes in windows if outcomes is not None]
        if len(closed) < len(parts):
            break
        yield closed


def numbered(windows: Sequence[Window]) -> list[Ints]:
    """Number the customers of windows by first appearance; a customer has one number in all windows.

    Folds and held-out customers are chosen by these numbers, so that no customer is in training in one window and held
    out in another.
    """
    places = [history.place for history, _ in windows]
    number_of = np.full(max((int(place.max(initial=-1)) + 1 for place in places), default=0), -1)
    count = 0
    for place in places:
        new = place[number_of[place] < 0]
        number_of[new] = count + np.arange(len(new))
        count += len(new)
    return [number_of[place] for place in places]


def history_in_horizons(packed: Packed, cutoff: int, horizon_days: int) -> float:
    """How many horizons of history lie before a cutoff."""
    return (cutoff - packed.start) / DAY_US / horizon_days


def customers_in(windows: Sequence[Window]) -> int:
    """Number of customers in the newest closed window; 0 if too few of them ordered in it to learn from."""
    return customers_of_parts(windows[:1])


def customers_of_parts(window: Sequence[Window]) -> int:
    """Number of customers in a closed window, given by its parts; 0 if too few of them ordered in it to learn from."""
    buyers = sum(int((outcomes.orders > 0).sum()) for _, outcomes in window)
    return sum(len(history) for history, _ in window) if buyers >= LEAST_WINDOW_BUYERS else 0


def too_young(packed: Packed, cutoff: int, horizon_days: int, windows: Sequence[Window]) -> dict[str, Any] | None:
    """Why nothing can be learnt before a cutoff, as a note; None if something can.

    Parameters
    ----------
    windows
        The shop's `closed_windows` before that cutoff.
    """
    horizons = history_in_horizons(packed, cutoff, horizon_days)
    if horizons < LEAST_HORIZONS:
        return {
            "code": "forecast.too_young",
            "horizons": f"{floor(10 * horizons) / 10:.1f}",
            "needs": f"{LEAST_HORIZONS:g}",
        }
    customers = len(windows[0][0]) if windows else 0
    if customers < LEAST_TRAINING_CUSTOMERS:
        return {"code": "forecast.too_few", "customers": customers, "needs": LEAST_TRAINING_CUSTOMERS}
    if not customers_in(windows):
        return {"code": "forecast.too_quiet", "days": horizon_days, "needs": LEAST_WINDOW_BUYERS}
    return None
