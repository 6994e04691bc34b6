"""The closed windows of a shop: what members may learn from.

A window is closed when it ends by the cutoff of the forecast, so that its outcome is known there.
"""

from __future__ import annotations

from dataclasses import replace

from shijin.errors import EmptyHistoryError
from shijin.forecast.member import Window
from shijin.represent.cutoff import split_at
from shijin.represent.packed import DAY_US, Packed

STEPS_PER_HORIZON = 2  # windows overlap by half: twice the examples, each half new
MOST_WINDOWS = 13
LEAST_HISTORY_H = 0.5  # of the horizon: what a window's history must at least span
LEAST_HISTORY_DAYS = 14
LEAST_CUSTOMERS = 10


def closed_windows(packed: Packed, cutoff: int, horizon_days: int) -> list[Window]:
    """List the closed windows before a cutoff, newest first.

    Parameters
    ----------
    packed
        The whole shop; only what is before `cutoff` is read.
    cutoff
        The forecast's cutoff T; windows begin at ``T - H - k * H / 2``.
    """
    # Whoever forecasts as of a cutoff has seen the days before it: where they are silent, that is what they say.
    observed = replace(packed, end=max(packed.end, cutoff))
    windows: list[Window] = []
    least_days = max(LEAST_HISTORY_H * horizon_days, LEAST_HISTORY_DAYS)
    for back in dict.fromkeys(round(step * horizon_days / STEPS_PER_HORIZON) for step in range(MOST_WINDOWS)):
        begin = cutoff - (horizon_days + back) * DAY_US
        if begin - packed.start < least_days * DAY_US:
            break
        try:
            history, outcomes = split_at(observed, begin, horizon_days)
        except EmptyHistoryError:  # only looks, no order yet
            break
        if outcomes is None or len(history) < LEAST_CUSTOMERS:
            break
        windows.append((history, outcomes))
    return windows


def history_in_horizons(packed: Packed, cutoff: int, horizon_days: int) -> float:
    """How many horizons of history lie before a cutoff: decides how members may be judged and combined."""
    return (cutoff - packed.start) / DAY_US / horizon_days
