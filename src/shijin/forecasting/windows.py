"""The closed windows of a shop: what members may learn from.

A window is closed when it ends by the cutoff of the forecast, so that its outcome is known there.
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
from shijin.represent.cutoff import only, split_at
from shijin.represent.packed import DAY_US, Kind, Packed

STEPS_PER_HORIZON = 2  # windows overlap by half: twice the examples, each half new
MOST_WINDOWS = 13
LEAST_HISTORY_H = 0.5  # of the horizon: what a window's history must at least span
LEAST_HISTORY_DAYS = 14
LEAST_CUSTOMERS = 10
LEAST_HORIZONS = 2.0  # of history before the cutoff, for anything to be learnt
LEAST_TRAINING_CUSTOMERS = 50  # in the newest closed window
LEAST_BUYERS = 10  # of them with an order in it


def closed_windows(packed: Packed, cutoff: int, horizon_days: int) -> list[Window]:
    """List the closed windows before a cutoff, newest first, each with those who had bought by its beginning.

    Parameters
    ----------
    packed
        The whole shop; only what is before `cutoff` is read.
    cutoff
        The forecast's cutoff T; windows begin at ``T - H - k * H / 2``.
    """
    windows: list[Window] = []
    for history, outcomes in _all_windows(packed, cutoff, horizon_days):
        window = only(history, outcomes, history.bought)
        if len(window[0]) < LEAST_CUSTOMERS:
            break
        windows.append(window)
    return windows


def prospect_windows(packed: Packed, cutoff: int, horizon_days: int) -> Iterator[Window]:
    """Give the same windows, each with those who had looked but not bought; none in which there were none."""
    if (packed.moments.kind[packed.offsets[:-1]] <= Kind.CHARGE).all():
        return  # nobody ever looked before they bought
    for history, outcomes in _all_windows(packed, cutoff, horizon_days):
        if not history.bought.all():
            yield only(history, outcomes, ~history.bought)


def _all_windows(packed: Packed, cutoff: int, horizon_days: int) -> Iterator[Window]:
    # Whoever forecasts as of a cutoff has seen the days before it: where they are silent, that is what they say.
    observed = replace(packed, end=max(packed.end, cutoff))
    least_days = max(LEAST_HISTORY_H * horizon_days, LEAST_HISTORY_DAYS)
    for back in dict.fromkeys(round(step * horizon_days / STEPS_PER_HORIZON) for step in range(MOST_WINDOWS)):
        begin = cutoff - (horizon_days + back) * DAY_US
        if begin - packed.start < least_days * DAY_US:
            break
        try:
            history, outcomes = split_at(observed, begin, horizon_days)
        except EmptyHistoryError:  # only looks, no order yet
            break
        if outcomes is None:
            break
        yield history, outcomes


def numbered(windows: Sequence[Window]) -> list[Ints]:
    """Number the customers of windows as they come, a customer alike in every window.

    Who is held out, or in which fold they are, is read off it, so that nobody is judged by who knew them.
    """
    places = [history.place for history, _ in windows]
    number_of = np.full(max((int(place.max(initial=-1)) + 1 for place in places), default=0), -1)
    known = 0
    for place in places:
        new = place[number_of[place] < 0]
        number_of[new] = known + np.arange(len(new))
        known += len(new)
    return [number_of[place] for place in places]


def history_in_horizons(packed: Packed, cutoff: int, horizon_days: int) -> float:
    """How many horizons of history lie before a cutoff: decides how members may be judged and combined."""
    return (cutoff - packed.start) / DAY_US / horizon_days


def customers_in(windows: Sequence[Window]) -> int:
    """How many customers the newest closed window holds; 0 where too few of them ordered in it to learn from."""
    if not windows or int((windows[0][1].orders > 0).sum()) < LEAST_BUYERS:
        return 0
    return len(windows[0][0])


def too_young(packed: Packed, cutoff: int, horizon_days: int, windows: Sequence[Window]) -> dict[str, Any] | None:
    """Say why nothing can be learnt before a cutoff, as a note of the words room; None where something can.

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
        return {"code": "forecast.too_quiet", "days": horizon_days, "needs": LEAST_BUYERS}
    return None
