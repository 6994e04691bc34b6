"""A shop as arrays, as features, tokens and the simulator use them.

There are two levels. *Moments*: one row for each order, return, charge, view, cart, review ...; *lines*: the items of a
moment. Customers are rows of offsets into moments, moments are rows of offsets into lines. Times are the shop's wall
clock in whole microseconds, so that a day begins at a multiple of `DAY_US` and differences are exact.

**The order of customers** is by their history: first moment, then the moments after it; ids break only full ties. Hence
a customer's position does not depend on ids, on the order of rows in a file, or on anything that happens after a
cutoff. Within a customer moments are sorted by time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints, pieces

DAY_US = 86_400_000_000
UTC = ZoneInfo("UTC")


class Kind(IntEnum):
    """The kind of a moment. Only ORDER counts as an order; ORDER, RETURN and CHARGE carry spend."""

    ORDER = 0
    RETURN = 1
    CHARGE = 2  # postage, fees, and lines added to an order on a later day
    VIEW = 3
    CART = 4
    REVIEW = 5
    CONTACT = 6
    OTHER = 7
    CART_REMOVED = 8  # an item was taken out of the cart; the behaviour model counts it with the other kinds


@dataclass(frozen=True)
class Moments:
    """m moments, sorted by customer and time.

    ts : (m,) int64, microseconds of the shop's wall clock since 1970
    kind : (m,) uint8, a `Kind`
    amount : (m,) float64, shop currency, all lines of the moment; negative for returns
    lines : (m,) float64, number of lines
    quantity : (m,) float64, number of pieces; negative for returns
    discount : (m,) float64, shop currency taken off, >= 0
    novel : (m,) float64, number of items that this customer had not ordered before
    channel : (m,) int32, 0 where unknown
    """

    ts: Ints
    kind: NDArray[np.uint8]
    amount: Floats
    lines: Floats
    quantity: Floats
    discount: Floats
    novel: Floats
    channel: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Moments:
        """Keep only some rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Lines:
    """l lines of moments, sorted as the moments; within a moment by order and item.

    offsets : (m + 1,) int64, where each moment's lines begin
    item : (l,) int32, index into `Packed.items`, -1 where there is none
    category : (l,) int32, index into `Packed.categories`, -1 where there is none
    quantity, amount : (l,) float64
    ts : (l,) int64, time of the line itself: lines of an order without an order_id may have different times of one day
    """

    offsets: Ints
    item: NDArray[np.int32]
    category: NDArray[np.int32]
    quantity: Floats
    amount: Floats
    ts: Ints

    def take(self, moments: Ints) -> Lines:
        """Lines of some moments, in the order given."""
        counts = np.diff(self.offsets)[moments]
        line = pieces(self.offsets[:-1][moments], counts)
        offsets = np.concatenate([[0], np.cumsum(counts)])
        columns = ("item", "category", "quantity", "amount", "ts")
        return replace(self, offsets=offsets, **{name: getattr(self, name)[line] for name in columns})


def joined_moments(parts: Sequence[Moments]) -> Moments:
    """Put moments of several parts one after the other."""
    names = Moments.__dataclass_fields__
    return Moments(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def joined_lines(parts: Sequence[Lines]) -> Lines:
    """Put lines of several parts one after the other."""
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    columns = ("item", "category", "quantity", "amount", "ts")
    joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in columns}
    return Lines(offsets=np.concatenate([[0], np.cumsum(counts)]), **joined)


@dataclass(frozen=True)
class Packed:
    """A whole shop.

    Parameters
    ----------
    customers : (n,) str
        Ids in the order described above.
    offsets : (n + 1,) int64
        Where each customer's moments begin.
    moments : Moments
    start : int
        Midnight, shop time, of the first day of data: earlier days are unknown, not empty.
    end : int
        Midnight, shop time, after the last day known to be observed; a window that ends later is not closed.
    lines : Lines or None
        None where a shop has no items.
    items, categories : (v,) str
        Vocabularies, in order of first appearance in time.
    zone
        The time zone of the shop's wall clock, by which all times are counted.
    """

    customers: NDArray[np.str_]
    offsets: Ints
    moments: Moments
    start: int
    end: int
    lines: Lines | None = None
    items: NDArray[np.str_] = field(default_factory=lambda: np.zeros(0, dtype="<U1"))
    categories: NDArray[np.str_] = field(default_factory=lambda: np.zeros(0, dtype="<U1"))
    zone: ZoneInfo = UTC

    def __len__(self) -> int:
        return len(self.customers)

    def take(self, rows: Ints) -> Packed:
        """Keep only some customers, rising rows, as a part of this shop: days and vocabularies stay the shop's."""
        counts = np.diff(self.offsets)[rows]
        moment = pieces(self.offsets[:-1][rows], counts)
        return replace(
            self,
            customers=self.customers[rows],
            offsets=np.concatenate([[0], np.cumsum(counts)]),
            moments=self.moments.take(moment),
            lines=self.lines.take(moment) if self.lines is not None else None,
        )
