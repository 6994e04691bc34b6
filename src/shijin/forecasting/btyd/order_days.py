"""A history as buy-till-you-die models read it: frequency, recency, age and money. It knows nothing about models."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints, per_customer
from shijin.represent.cutoff import History
from shijin.represent.packed import DAY_US, Kind


@dataclass(frozen=True)
class OrderDays:
    """(n,) arrays of whole days; orders on one day count as one.

    repeats : order days after the first (x)
    recency : days from the first order day to the last (t_x)
    age : days from the first order day to the cutoff (T), >= 1
    log_gaps : sum of the logarithms of the gaps between order days
    days : all order days; 0 for customers who never ordered, whose age counts from their first moment
    money : all spend net of returns, in units of the shop's scale, floored at 0
    """

    repeats: Floats
    recency: Floats
    age: Floats
    log_gaps: Floats
    days: Floats
    money: Floats

    def __len__(self) -> int:
        return len(self.repeats)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | slice) -> OrderDays:
        """Keep only some customers."""
        return OrderDays(*(getattr(self, part.name)[rows] for part in fields(self)))


def order_days(history: History) -> OrderDays:
    """Summarise every customer of a History."""
    return _summary(history, *_distinct_days(history), history.cutoff // DAY_US)


def rehearsal(history: History, horizon_days: int) -> tuple[OrderDays, NDArray[np.bool_]] | None:
    """Customers as they were one horizon before the cutoff, and whether each has ordered since.

    Only those who had ordered by then. None if the history spans less than two horizons.
    """
    if history.span_days < 2 * horizon_days:
        return None
    customer, day = _distinct_days(history)
    rehearsal_day = history.cutoff // DAY_US - horizon_days
    before = day < rehearsal_day
    ordered_since = np.bincount(customer[~before], minlength=len(history)) > 0
    known = np.bincount(customer[before], minlength=len(history)) > 0
    return _summary(history, customer[before], day[before], rehearsal_day).take(known), ordered_since[known]


def _distinct_days(history: History) -> tuple[Ints, Ints]:
    """Customer and day of every order day, by customer and day."""
    is_order = history.moments.kind == Kind.ORDER
    customer, day = history.customer[is_order], history.moments.ts[is_order] // DAY_US
    new = np.ones(len(day), dtype=bool)
    new[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
    return customer[new], day[new]


def _summary(history: History, customer: Ints, day: Ints, cutoff_day: int) -> OrderDays:
    n = len(history)
    days = np.bincount(customer, minlength=n).astype(float)
    begin = history.moments.ts[history.offsets[:-1]] // DAY_US  # first moment, kept for customers who never ordered
    last = begin.copy()
    # Of several values written to one place the last one stays: backwards that is the earliest day.
    begin[customer[::-1]] = day[::-1]
    last[customer] = day
    gaps = np.zeros(len(day))
    repeat = np.flatnonzero(customer[1:] == customer[:-1]) + 1
    gaps[repeat] = np.log(day[repeat] - day[repeat - 1])
    money = per_customer(history.moments.amount * (history.moments.kind <= Kind.CHARGE), history.offsets)
    return OrderDays(
        repeats=np.maximum(days - 1, 0.0),
        recency=(last - begin).astype(float),
        age=(cutoff_day - begin).astype(float),
        log_gaps=np.bincount(customer, weights=gaps, minlength=n).astype(float),
        days=days,
        money=np.maximum(money / history.scale, 0.0),
    )
