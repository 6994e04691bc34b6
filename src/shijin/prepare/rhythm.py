"""Finds days and weeks outside a shop's rhythm: days without an order, weeks far from the weeks around them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shijin.config import WeekStart
from shijin.prepare.findings import finding

# A run of empty days is a finding where so many orders were expected that it is not empty by chance.
_EXPECTED_IN_GAP = 20.0
_EXPECTED_IN_WEEK = 20.0
_WEEKS_AROUND = 4
_WEEKDAYS: dict[WeekStart, int] = {"monday": 0, "sunday": 6}  # as `date.weekday` counts
_FACTOR = 3.0
# So few rows before so long a gap are typing errors and missing dates rather than the shop's past.
_LONE_SHARE = 0.005
_LONE_DAYS = 2 * 366


def empty_days(orders: NDArray[np.int64], first_day: date) -> list[dict[str, Any]]:
    """Find runs of days without any order in a shop that usually has some.

    Parameters
    ----------
    orders : (d,)
        Orders of each day, from `first_day` on; the first and the last day have some.

    Examples
    --------
    >>> busy = np.full(60, 10)
    >>> busy[30:33] = 0
    >>> [(row["rows"], row["examples"]) for row in empty_days(busy, date(2024, 1, 1))]
    [(3, ['2024-01-31', '2024-02-01', '2024-02-02'])]
    >>> empty_days(np.array([1, 0, 0, 0, 0, 0, 0, 1]), date(2024, 1, 1))
    []
    """
    if len(orders) < 14:
        return []
    weekday = np.arange(len(orders)) % 7
    # The mean of each weekday: a shop that is closed on Sundays expects nothing on them.
    usual = np.bincount(weekday, orders, 7) / np.bincount(weekday, minlength=7)
    empty = orders == 0
    # Each run of empty days is numbered from 1, days with orders are 0; a run expects the usual orders of its weekdays.
    run = np.cumsum(np.diff(empty.astype(int), prepend=0) == 1) * empty
    expected = np.bincount(run, usual[weekday])
    days = np.flatnonzero((expected[run] >= _EXPECTED_IN_GAP) & empty)
    if not len(days):
        return []
    names = [str(first_day + timedelta(days=int(day))) for day in days]
    runs = len(np.unique(run[days]))
    return [
        finding(
            "gap_days", "warns", len(days), len(days) / len(orders), names, runs=runs, first=names[0], last=names[-1]
        )
    ]


def first_regular_day(days: NDArray[np.int64], rows: NDArray[np.int64]) -> int:
    """Find a shop's first day, apart from a few rows dated years before all others.

    Parameters
    ----------
    days, rows : (d,)
        Days that have rows, rising, and the number of rows of each.

    Returns
    -------
    Index of the first day after a gap of over two years with less than half a percent of the rows before it, else 0.

    Examples
    --------
    >>> first_regular_day(np.array([0, 19_700, 19_701]), np.array([1, 300, 300]))
    1
    >>> first_regular_day(np.array([0, 19_700, 19_701]), np.array([50, 300, 300]))
    0
    """
    early = np.cumsum(rows)[:-1] < _LONE_SHARE * rows.sum()
    lone = np.flatnonzero((np.diff(days) > _LONE_DAYS) & early)
    return int(lone[-1]) + 1 if len(lone) else 0


def unusual_weeks(orders: NDArray[np.int64], first_day: date, week_start: WeekStart = "monday") -> list[dict[str, Any]]:
    """Find weeks with three times, or a third of, the orders of the weeks around them, and lasting changes.

    Parameters
    ----------
    orders : (d,)
        Orders of each day, from `first_day` on.
    week_start
        The day with which the shop's weeks begin; days before the first such day are in no week.

    Examples
    --------
    >>> busy = np.full(140, 10)
    >>> busy[70:77] = 50
    >>> [(row["code"], row["examples"]) for row in unusual_weeks(busy, date(2024, 1, 1))]
    [('level_weeks', ['2024-03-11'])]
    >>> [row["examples"] for row in unusual_weeks(busy, date(2024, 1, 1), "sunday")]
    [['2024-03-10']]
    """
    skipped = (_WEEKDAYS[week_start] - first_day.weekday()) % 7
    orders, first_day = orders[skipped:], first_day + timedelta(days=skipped)
    weeks = orders[: len(orders) // 7 * 7].reshape(-1, 7).sum(axis=1)
    if len(weeks) < 2 * _WEEKS_AROUND + 1:
        return []
    around = np.array([_usual_around(weeks, place) for place in range(len(weeks))])
    far = (weeks > _FACTOR * around) | (weeks * _FACTOR < around)
    unusual = np.flatnonzero(far & (np.maximum(weeks, around) >= _EXPECTED_IN_WEEK) & (weeks > 0))
    findings = []
    if len(unusual):
        names = [str(first_day + timedelta(days=7 * int(week))) for week in unusual]
        share = len(unusual) / len(weeks)
        findings.append(finding("level_weeks", "warns", len(unusual), share, names, first=names[0]))
    return findings + _lasting_change(weeks, first_day)


def _usual_around(weeks: NDArray[np.int64], place: int) -> float:
    """The median week of the four before and the four after, without the week itself."""
    low, high = max(0, place - _WEEKS_AROUND), place + _WEEKS_AROUND + 1
    return float(np.median(np.delete(weeks[low:high], place - low)))


def _lasting_change(weeks: NDArray[np.int64], first_day: date) -> list[dict[str, Any]]:
    """Find the largest change from the median of eight weeks to that of the next eight, if it is threefold."""
    span = 2 * _WEEKS_AROUND
    if len(weeks) < 2 * span:
        return []
    medians = np.median(np.lib.stride_tricks.sliding_window_view(weeks, span), axis=1)
    before, after = medians[:-span], medians[span:]
    change = np.log(np.maximum(after, 1) / np.maximum(before, 1))
    # Several weeks may show the largest change, within rounding.
    as_large = np.flatnonzero(np.abs(change) >= np.abs(change).max() - 1e-9)
    largest = int(as_large[len(as_large) // 2])  # medians show a step a few weeks early and late: take the middle
    busy = max(before[largest], after[largest]) >= _EXPECTED_IN_WEEK
    if not busy or abs(change[largest]) < np.log(_FACTOR):
        return []
    day = str(first_day + timedelta(days=7 * (largest + span)))
    factor = f"{np.exp(change[largest]):.2g}"
    rows = int(weeks[largest + span :].sum())
    return [finding("level_shift", "warns", rows, rows / max(int(weeks.sum()), 1), [day], day=day, factor=factor)]
