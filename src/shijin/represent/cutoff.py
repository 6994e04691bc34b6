"""The split between past and future: only `split_at` makes a History and its Outcomes.

A History's arrays end strictly before the cutoff, and so do its facts of the whole shop. Features, tokens and every
member's inputs are made from a History alone, so a leak does not type-check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, InitVar, dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints, per_customer, pieces
from shijin.errors import ConfigError
from shijin.represent.days import day_of
from shijin.represent.facts import ShopFacts, facts_of
from shijin.represent.order import alike_by_id
from shijin.represent.packed import DAY_US, Kind, Lines, Moments, Packed, joined_lines, joined_moments

_DOOR = object()


@dataclass(frozen=True)
class History:
    """Everything known strictly before a cutoff, of customers with at least one moment before it.

    Parameters
    ----------
    facts : ShopFacts
        Of the whole shop before the cutoff, whichever of its customers the History holds.
    customers : (n,) str
    offsets : (n + 1,) int64
    moments : Moments
    lines : Lines or None
    place : (n,) int64
        Row of each customer in the packed shop, which identifies them at any cutoff. The order of these rows depends on
        the future, so it must not be used for a forecast.
    """

    facts: ShopFacts
    customers: NDArray[np.str_]
    offsets: Ints
    moments: Moments
    lines: Lines | None
    place: Ints
    _: KW_ONLY
    door: InitVar[object] = None

    def __post_init__(self, door: object) -> None:
        if door is not _DOOR:
            raise TypeError("a History is made by split_at(packed, cutoff, horizon_days) only")

    def __len__(self) -> int:
        return len(self.customers)

    @property
    def cutoff(self) -> int:
        """Microseconds of the shop's wall clock; always a midnight."""
        return self.facts.cutoff

    @property
    def start(self) -> int:
        """Midnight of the shop's first day of data."""
        return self.facts.start

    @property
    def scale(self) -> float:
        """The shop's median order before the cutoff, shop currency, > 0."""
        return self.facts.scale

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the shop's wall clock, by which all times are counted."""
        return self.facts.zone

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
        """(n,) whether an order or a charge lies before the cutoff. The others are prospects.

        A return alone shows an order that the data lacks, but neither when it was nor how much; a forecast from it put
        such a person among the best customers.
        """
        of_order = (self.moments.kind == Kind.ORDER) | (self.moments.kind == Kind.CHARGE)
        return per_customer(of_order.astype(float), self.offsets) > 0

    @cached_property
    def looked(self) -> NDArray[np.bool_]:
        """(n,) whether anything but returns lies before the cutoff. Of the others nothing is known that can recur."""
        return per_customer((self.moments.kind != Kind.RETURN).astype(float), self.offsets) > 0

    @property
    def customers_only(self) -> History:
        """The customers who have bought, without the prospects; itself where there are no prospects."""
        return self if self.bought.all() else self._customers_only

    @property
    def prospects_only(self) -> History:
        """The prospects, without the customers who have bought; itself where nobody has bought."""
        return self._prospects_only if self.bought.any() else self

    # Computed once. A History that kept itself would be freed by the garbage collector only, so it is not kept here.
    @cached_property
    def _customers_only(self) -> History:
        return self.take(self.bought)

    @cached_property
    def _prospects_only(self) -> History:
        return self.take(~self.bought)

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

    def between(self, first: int, last: int) -> History:
        """Keep the customers of a range of rows; nothing but lines is copied."""
        offsets = self.offsets[first : last + 1]
        rows = slice(int(offsets[0]), int(offsets[-1]))
        return History(
            self.facts,
            self.customers[first:last],
            offsets - offsets[0],
            self.moments.take(rows),
            self.lines.take(np.arange(rows.start, rows.stop)) if self.lines is not None else None,
            self.place[first:last],
            door=_DOOR,
        )

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
            self.facts,
            self.customers[chosen],
            np.concatenate([[0], np.cumsum(counts)]),
            self.moments.take(of_chosen),
            self.lines.take(np.flatnonzero(of_chosen)) if self.lines is not None else None,
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


def split_at(
    packed: Packed, cutoff: int, horizon_days: int, facts: ShopFacts | None = None
) -> tuple[History, Outcomes | None]:
    """Split a shop, or a part of its customers, at a cutoff.

    Parameters
    ----------
    cutoff
        A midnight of the shop, as microseconds of its wall clock. It may lie after the last event: days without events
        are data too.
    horizon_days
        Length of the window from the cutoff on.
    facts
        Of the whole shop before this cutoff, where `packed` is a part of it; computed where not given.

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
    facts = facts or facts_of([packed], cutoff)
    if (facts.cutoff, facts.start, facts.zone) != (cutoff, packed.start, packed.zone):
        raise ValueError("the facts are of another cutoff or another shop")
    before = packed.moments.ts < cutoff
    n = int(np.searchsorted(packed.moments.ts[packed.offsets[:-1]], cutoff)) if len(packed) else 0
    counts = per_customer(before.astype(np.float64), packed.offsets)[:n].astype(np.int64)
    moments = packed.moments.take(before)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    order = alike_by_id(packed.customers[:n], offsets, moments)
    # Customers who change places have equal moments, so only lines, customers and places have to be reordered.
    reordered = np.flatnonzero(before)[pieces(offsets[:-1][order], counts)]
    lines = packed.lines.take(reordered) if packed.lines is not None else None
    customers = packed.customers[:n][order]
    history = History(facts, customers, offsets, moments, lines, order, door=_DOOR)
    return history, _outcomes(packed, cutoff, horizon_days, order)


def merged(parts: Sequence[History], positions: Sequence[Ints]) -> History:
    """Put customers of several parts of a shop together.

    Parameters
    ----------
    positions
        Position of each part's customers in the order of the whole shop; they are put into this order.

    Returns
    -------
    A History whose `place` is -1, as its customers are not rows of one packed shop.
    """
    order = np.argsort(np.concatenate(positions))
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    starts = np.cumsum(counts) - counts
    moment = pieces(starts[order], counts[order])
    lines = [part.lines for part in parts if part.lines is not None]
    return History(
        parts[0].facts,
        np.concatenate([part.customers for part in parts])[order],
        np.concatenate([[0], np.cumsum(counts[order])]),
        joined_moments([part.moments for part in parts]).take(moment),
        joined_lines(lines).take(moment) if lines else None,
        np.full(len(order), -1),
        door=_DOOR,
    )


def only(
    history: History, outcomes: Outcomes, rows: NDArray[np.integer] | NDArray[np.bool_]
) -> tuple[History, Outcomes]:
    """Keep some customers of a closed window."""
    return history.take(rows), outcomes.take(rows)


def customers_of(history: History, outcomes: Outcomes) -> tuple[History, Outcomes]:
    """Keep the customers of a closed window who had bought before it."""
    return history.customers_only, outcomes.take(history.bought)


def prospects_of(history: History, outcomes: Outcomes) -> tuple[History, Outcomes]:
    """Keep the prospects of a closed window who looked; a return alone is no look."""
    rows = ~history.bought & history.looked
    return history.take(rows), outcomes.take(rows)


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
