"""A history as buy-till-you-die models read it: how often, how recently, since when, how much. Knows no model."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from shijin.represent.cutoff import History, per_customer
from shijin.represent.packed import DAY_US, Floats, Kind


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
    n = len(history)
    is_order = history.moments.kind == Kind.ORDER
    customer, day = history.customer[is_order], history.moments.ts[is_order] // DAY_US
    new = np.ones(len(day), dtype=bool)
    new[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
    customer, day = customer[new], day[new]
    days = np.bincount(customer, minlength=n).astype(float)
    cutoff_day = history.cutoff // DAY_US
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
        log_gaps=np.bincount(customer, weights=gaps, minlength=n),
        days=days,
        money=np.maximum(money / history.scale, 0.0),
    )
