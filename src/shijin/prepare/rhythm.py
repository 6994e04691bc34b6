"""Days and weeks that do not fit a shop's own rhythm: whole days without an order, weeks far from those around them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shijin.prepare.findings import finding

# A run of empty days is said where so many orders were to be expected in it that chance does not leave it empty.
_EXPECTED_IN_GAP = 20.0
_EXPECTED_IN_WEEK = 20.0
_WEEKS_AROUND = 4
_FACTOR = 3.0
# So few rows before so long a silence are typing errors and empty dates, hardly the shop's past.
_LONE_SHARE = 0.005
_LONE_DAYS = 2 * 366


def empty_days(orders: NDArray[np.int64], first_day: date) -> list[dict[str, Any]]:
    """Find runs of days without any order in a shop that normally has some.

    Parameters
    ----------
    orders : (d,)
        Orders of each day, from `first_day` on; the first and the last day have some.

    Examples
    --------
    >>> busy = np.full(60, 10)
    >>> busy[30:33] = 0
    >>> [(found["rows"], found["examples"]) for found in empty_days(busy, date(2024, 1, 1))]
    [(3, ['2024-01-31', '2024-02-01', '2024-02-02'])]
    >>> empty_days(np.array([1, 0, 0, 0, 0, 0, 0, 1]), date(2024, 1, 1))
    []
    """
    if len(orders) < 14:
        return []
    weekday = np.arange(len(orders)) % 7
    usual = np.bincount(weekday, orders, 7) / np.bincount(weekday, minlength=7)
    empty = orders == 0
    run = np.cumsum(np.diff(empty.astype(int), prepend=0) == 1) * empty
    expected = np.bincount(run, usual[weekday])
    telling = (expected[run] >= _EXPECTED_IN_GAP) & empty
    days = np.flatnonzero(telling)
    if not len(days):
        return []
    names = [str(first_day + timedelta(days=int(day))) for day in days]
    runs = len(np.unique(run[days]))
    return [
        finding(
            "gap_days", "warns", len(days), len(days) / len(orders), names, runs=runs, first=names[0], last=names[-1]
        )
    ]


def begin(days: NDArray[np.int64], rows: NDArray[np.int64]) -> int:
    """Find where a shop's days begin when a few rows dated years before all others are left out.

    Parameters
    ----------
    days, rows : (d,)
        Days that have rows, rising, and how many each has.

    Returns
    -------
    Place of the first day behind a gap of over two years before which less than half a percent of the rows lie, else 0.

    Examples
    --------
    >>> begin(np.array([0, 19_700, 19_701]), np.array([1, 300, 300]))
    1
    >>> begin(np.array([0, 19_700, 19_701]), np.array([50, 300, 300]))
    0
    """
    early = np.cumsum(rows)[:-1] < _LONE_SHARE * rows.sum()
    lone = np.flatnonzero((np.diff(days) > _LONE_DAYS) & early)
    return int(lone[-1]) + 1 if len(lone) else 0


def strange_weeks(orders: NDArray[np.int64], first_day: date) -> list[dict[str, Any]]:
    """Find weeks with three times, or a third of, the orders of the weeks around them, and lasting changes of level.

    Parameters
    ----------
    orders : (d,)
        Orders of each day, from `first_day` on.

    Examples
    --------
    >>> busy = np.full(140, 10)
    >>> busy[70:77] = 50
    >>> [(found["code"], found["examples"]) for found in strange_weeks(busy, date(2024, 1, 1))]
    [('level_weeks', ['2024-03-11'])]
    """
    weeks = orders[: len(orders) // 7 * 7].reshape(-1, 7).sum(axis=1)
    if len(weeks) < 2 * _WEEKS_AROUND + 1:
        return []
    around = np.array([_usual_around(weeks, place) for place in range(len(weeks))])
    far = (weeks > _FACTOR * around) | (weeks * _FACTOR < around)
    strange = np.flatnonzero(far & (np.maximum(weeks, around) >= _EXPECTED_IN_WEEK) & (weeks > 0))
    findings = []
    if len(strange):
        names = [str(first_day + timedelta(days=7 * int(week))) for week in strange]
        share = len(strange) / len(weeks)
        findings.append(finding("level_weeks", "warns", len(strange), share, names, first=names[0]))
    return findings + _lasting(weeks, first_day)


def _usual_around(weeks: NDArray[np.int64], place: int) -> float:
    low, high = max(0, place - _WEEKS_AROUND), place + _WEEKS_AROUND + 1
    return float(np.median(np.delete(weeks[low:high], place - low)))


def _lasting(weeks: NDArray[np.int64], first_day: date) -> list[dict[str, Any]]:
    """The largest change from the median of eight weeks to that of the next eight, if it is threefold."""
    span = 2 * _WEEKS_AROUND
    if len(weeks) < 2 * span:
        return []
    medians = np.median(np.lib.stride_tricks.sliding_window_view(weeks, span), axis=1)
    before, after = medians[:-span], medians[span:]
    change = np.log(np.maximum(after, 1) / np.maximum(before, 1))
    as_large = np.flatnonzero(np.abs(change) >= np.abs(change).max() - 1e-9)
    largest = int(as_large[len(as_large) // 2])  # medians see a step a few weeks early and late alike
    busy = max(before[largest], after[largest]) >= _EXPECTED_IN_WEEK
    if not busy or abs(change[largest]) < np.log(_FACTOR):
        return []
    day = str(first_day + timedelta(days=7 * (largest + span)))
    factor = f"{np.exp(change[largest]):.2g}"
    rows = int(weeks[largest + span :].sum())
    return [finding("level_shift", "warns", rows, rows / max(int(weeks.sum()), 1), [day], day=day, factor=factor)]
