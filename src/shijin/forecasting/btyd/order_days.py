"""A history as buy-till-you-die models read it: how often, how recently, since when, how much. Knows no model."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints
from shijin.represent.cutoff import History, per_customer
from shijin.represent.packed import DAY_US, Kind


@dataclass(frozen=True)
class OrderDays:
    """(n,) arrays of whole days; orders on one day count as one.

    repeats : order days after the first (x)
    recency : days from the first order day to the last (t_x)
    age : days from the first order day to the cutoff (T), >= 1
    log_gaps : sum of the logarithms of the gaps between order days
    days : order days in all; 0 for who has been seen but never ordered (their age counts from their first moment)
    money : everything they spent net of returns, in units of the shop's scale, floored at 0
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
    """Look back to one horizon before the cutoff: what was known of who had ordered by then, and who came since.

    None where the history does not reach two horizons back.
    """
    if history.span_days < 2 * horizon_days:
        return None
    customer, day = _distinct_days(history)
    then = history.cutoff // DAY_US - horizon_days
    before = day < then
    came = np.bincount(customer[~before], minlength=len(history)) > 0
    known = np.bincount(customer[before], minlength=len(history)) > 0
    return _summary(history, customer[before], day[before], then).take(known), came[known]


def _distinct_days(history: History) -> tuple[Ints, Ints]:
    is_order = history.moments.kind == Kind.ORDER
    customer, day = history.customer[is_order], history.moments.ts[is_order] // DAY_US
    new = np.ones(len(day), dtype=bool)
    new[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
    return customer[new], day[new]


def _summary(history: History, customer: Ints, day: Ints, cutoff_day: int) -> OrderDays:
    n = len(history)
    days = np.bincount(customer, minlength=n).astype(float)
    begin = history.moments.ts[history.offsets[:-1]] // DAY_US  # stays so for who never ordered
    last = begin.copy()
    begin[customer[::-1]] = day[::-1]  # the earliest is written last
    last[customer] = day
    gaps = np.zeros(len(day))
    again = np.flatnonzero(customer[1:] == customer[:-1]) + 1
    gaps[again] = np.log(day[again] - day[again - 1])
    money = per_customer(history.moments.amount * (history.moments.kind <= Kind.CHARGE), history.offsets)
    return OrderDays(
        repeats=np.maximum(days - 1, 0.0),
        recency=(last - begin).astype(float),
        age=(cutoff_day - begin).astype(float),
        log_gaps=np.bincount(customer, weights=gaps, minlength=n).astype(float),
        days=days,
        money=np.maximum(money / history.scale, 0.0),
    )
