"""The split between past and future: only `split_at` makes a History and its Outcomes.

A History's arrays end strictly before the cutoff, and so does its scale, the median order. Features, tokens and every
member's inputs are made from a History alone, so a leak does not type-check.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, InitVar, dataclass, fields
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints, per_customer, pieces
from shijin.errors import ConfigError, EmptyHistoryError
from shijin.represent.packed import DAY_US, Kind, Lines, Moments, Packed

_DOOR = object()
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class History:
    """Everything known strictly before a cutoff, of customers with at least one moment before it.

    Parameters
    ----------
    cutoff : int
        Microseconds of the shop's wall clock; always a midnight.
    start : int
        Midnight of the shop's first day of data.
    customers : (n,) str
    offsets : (n + 1,) int64
    moments : Moments
    lines : Lines or None
    scale : float
        The shop's median order before the cutoff, shop currency, > 0.
    zone
        The time zone of the shop's wall clock, by which all times are counted.
    place : (n,) int64
        Row of each customer in the packed shop, which identifies them at any cutoff. The order of these rows depends on
        the future, so it must not be used for a forecast.
    """

    cutoff: int
    start: int
    customers: NDArray[np.str_]
    offsets: Ints
    moments: Moments
    lines: Lines | None
    scale: float
    zone: ZoneInfo
    place: Ints
    _: KW_ONLY
    door: InitVar[object] = None

    def __post_init__(self, door: object) -> None:
        if door is not _DOOR:
            raise TypeError("a History is made by split_at(packed, cutoff, horizon_days) only")

    def __len__(self) -> int:
        return len(self.customers)

    @cached_property
    def customer(self) -> Ints:
        """(m,) index of each moment's customer."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @cached_property
    def age_days(self) -> Floats:
        """(m,) days from each moment to the cutoff, > 0."""
        return (self.cutoff - self.moments.ts) / DAY_US

    @cached_property
    def bought(self) -> NDArray[np.bool_]:
        """(n,) whether an order, a return or a charge lies before the cutoff. The others are prospects."""
        return per_customer((self.moments.kind <= Kind.CHARGE).astype(float), self.offsets) > 0

    @property
    def span_days(self) -> float:
        """Days from the shop's first day of data to the cutoff."""
        return (self.cutoff - self.start) / DAY_US

    @property
    def cutoff_date(self) -> date:
        """The day that begins at the cutoff."""
        return day_of(self.cutoff)

    def historic_spend(self) -> Floats:
        """(n,) all amounts before the cutoff, returns included, not floored; shop currency."""
        return per_customer(self.moments.amount * (self.moments.kind <= Kind.CHARGE), self.offsets)

    def n_orders(self) -> Floats:
        """(n,) number of orders before the cutoff."""
        return per_customer((self.moments.kind == Kind.ORDER).astype(float), self.offsets)

    def as_shop(self) -> Packed:
        """Give the shop as known at the cutoff, from which closed windows are split; without the vocabularies."""
        return Packed(self.customers, self.offsets, self.moments, self.start, self.cutoff, self.lines, zone=self.zone)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> History:
        """Keep only some customers, in their order; the scale stays the shop's. Returns itself where all are kept."""
        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.unique(rows)
        if len(chosen) == len(self):
            return self
        is_chosen = np.zeros(len(self), dtype=bool)
        is_chosen[chosen] = True
        of_chosen = np.repeat(is_chosen, np.diff(self.offsets))
        counts = np.diff(self.offsets)[chosen]
        return History(
            self.cutoff,
            self.start,
            self.customers[chosen],
            np.concatenate([[0], np.cumsum(counts)]),
            self.moments.take(of_chosen),
            self.lines.take(np.flatnonzero(of_chosen)) if self.lines is not None else None,
            self.scale,
            self.zone,
            self.place[chosen],
            door=_DOOR,
        )


@dataclass(frozen=True)
class Outcomes:
    """The outcomes of a History's customers in the window [cutoff, cutoff + horizon): labels only.

    Parameters
    ----------
    cutoff : int
    horizon_days : int
    spend : (n,)
        Orders, charges and returns dated in the window, summed, floored at 0; shop currency.
    orders : (n,) int64
        Number of orders; a later return does not un-count one.
    first_days : (n,)
        Days from the cutoff to the first order; inf where there is none.
    """

    cutoff: int
    horizon_days: int
    spend: Floats
    orders: Ints
    first_days: Floats

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Outcomes:
        """Keep only some customers, in their order."""
        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else np.unique(rows)
        parts = (self.spend[chosen], self.orders[chosen], self.first_days[chosen])
        return Outcomes(self.cutoff, self.horizon_days, *parts)


def split_at(packed: Packed, cutoff: int, horizon_days: int) -> tuple[History, Outcomes | None]:
    """Split a shop at a cutoff.

    Parameters
    ----------
    cutoff
        A midnight of the shop, as microseconds of its wall clock. It may lie after the last event: days without events
        are data too.
    horizon_days
        Length of the window from the cutoff on.

    Returns
    -------
    History
        Strictly before the cutoff.
    Outcomes or None
        None where the window is not closed: unknown spend is not zero spend.

    Raises
    ------
    ConfigError
        When the cutoff is not a midnight.
    EmptyHistoryError
        When no order lies before the cutoff.
    """
    if cutoff % DAY_US:
        instant = datetime.combine(day_of(cutoff), time()) + timedelta(microseconds=cutoff % DAY_US)
        raise ConfigError("represent.cutoff_within_a_day", key="cutoff", time=instant.isoformat(" "))
    before = packed.moments.ts < cutoff
    n = int(np.searchsorted(packed.moments.ts[packed.offsets[:-1]], cutoff)) if len(packed) else 0
    counts = per_customer(before.astype(np.float64), packed.offsets)[:n].astype(np.int64)
    moments = packed.moments.take(before)
    scale = _median_order(moments, cutoff)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    order = _alike_by_id(packed.customers[:n], offsets, moments)
    # Customers who change places have equal moments, so only lines, customers and places have to be reordered.
    reordered = np.flatnonzero(before)[pieces(offsets[:-1][order], counts)]
    lines = packed.lines.take(reordered) if packed.lines is not None else None
    customers = packed.customers[:n][order]
    history = History(cutoff, packed.start, customers, offsets, moments, lines, scale, packed.zone, order, door=_DOOR)
    return history, _outcomes(packed, cutoff, horizon_days, order)


def only(history: History, outcomes: Outcomes, rows: NDArray[np.bool_]) -> tuple[History, Outcomes]:
    """Keep some customers of a closed window."""
    return history.take(rows), outcomes.take(rows)


def as_cutoff(day: date) -> int:
    """The midnight that begins a day, as microseconds of the shop's wall clock.

    Examples
    --------
    >>> as_cutoff(date(1970, 1, 2)) == DAY_US
    True
    """
    return (day - EPOCH).days * DAY_US


def day_of(midnight: int) -> date:
    """The day that begins at a midnight of the shop's wall clock.

    Examples
    --------
    >>> day_of(DAY_US).isoformat()
    '1970-01-02'
    """
    return EPOCH + timedelta(days=midnight // DAY_US)


def as_instant(midnight: int, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a midnight of the shop's wall clock.

    Examples
    --------
    >>> as_instant(DAY_US, ZoneInfo("Europe/Paris")).isoformat()
    '1970-01-01T23:00:00+00:00'
    """
    local = datetime.combine(day_of(midnight), time(), tzinfo=zone)
    return local.astimezone(ZoneInfo("UTC"))


def _median_order(moments: Moments, cutoff: int) -> float:
    amounts = moments.amount[(moments.kind == Kind.ORDER) & (moments.amount > 0)]
    if len(amounts):
        return float(np.median(amounts))
    if (moments.kind == Kind.ORDER).any():
        return 1.0  # nobody paid anything: any unit will do
    raise EmptyHistoryError("represent.no_order_before", key="cutoff", day=day_of(cutoff).isoformat())


def _alike_by_id(customers: NDArray[np.str_], offsets: Ints, moments: Moments) -> Ints:
    """(n,) order of customers in which those with equal moments before the cutoff stand by id.

    In a packed shop later moments order customers with equal pasts, so that order would leak the future.
    """
    order = np.arange(len(customers))
    # alike[i] is for the pair (i - 1, i); equal neighbours form runs, numbered by the pairs that differ before them.
    alike = np.concatenate([[False], _like_the_next(offsets, moments), [False]])
    tied = np.flatnonzero(alike[1:] | alike[:-1])
    run = np.cumsum(~alike[:-1])[tied]
    _, name = np.unique(customers[tied], return_inverse=True)
    order[tied] = tied[np.lexsort((name, run))]
    return order


def _like_the_next(offsets: Ints, moments: Moments) -> NDArray[np.bool_]:
    """(n - 1,) whether a customer's moments equal those of the next customer in every column."""
    counts, first = np.diff(offsets), offsets[:-1]
    # Count and first time rule out most pairs; only the rest are compared moment by moment.
    alike = (counts[1:] == counts[:-1]) & (moments.ts[first[1:]] == moments.ts[first[:-1]])
    pairs = np.flatnonzero(alike)
    if not len(pairs):
        return alike
    length = counts[pairs]
    here = pieces(first[pairs], length)
    there = here + np.repeat(length, length)  # the same moment of the next customer, who has as many
    equal = np.ones(len(here), dtype=bool)
    for column in fields(Moments):
        values = getattr(moments, column.name)
        equal &= values[here] == values[there]
    alike[pairs] = np.logical_and.reduceat(equal, np.cumsum(length) - length)
    return alike


def _outcomes(packed: Packed, cutoff: int, horizon_days: int, order: Ints) -> Outcomes | None:
    until = cutoff + horizon_days * DAY_US
    if until > packed.end:
        return None
    n = len(order)
    moments = packed.moments.take(slice(0, int(packed.offsets[n])))
    inside = (moments.ts >= cutoff) & (moments.ts < until)
    # Only moments of the window are summed: zeros for later ones would change the last bits of a sum.
    counts = per_customer(inside.astype(float), packed.offsets[: n + 1]).astype(np.int64)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    moments = moments.take(inside)
    is_order = moments.kind == Kind.ORDER
    spend = per_customer(moments.amount * (moments.kind <= Kind.CHARGE), offsets)
    orders = per_customer(is_order.astype(float), offsets)
    # The appended inf makes the start of an empty last piece valid, as in `per_customer`.
    days = np.append(np.where(is_order, (moments.ts - cutoff) / DAY_US, np.inf), np.inf)
    first_days = np.where(counts > 0, np.minimum.reduceat(days, offsets[:-1]), np.inf)
    spend = np.maximum(spend, 0.0)[order]
    return Outcomes(cutoff, horizon_days, spend, orders[order].astype(np.int64), first_days[order])
