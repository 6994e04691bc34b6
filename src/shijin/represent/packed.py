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

from shijin.arrays import Flags, Floats, Ints, pieces

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
    channel : (m,) int16, 0 where unknown
    """

    ts: Ints
    kind: NDArray[np.uint8]
    amount: Floats
    lines: Floats
    quantity: Floats
    discount: Floats
    novel: Floats
    channel: NDArray[np.int16]

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


def history_order(
    customer: Ints, ts: Ints, kind: NDArray[np.uint8], amount: Floats, n: int, more: Sequence[NDArray[np.number]] = ()
) -> Ints:
    """Order customers by their histories, compared moment by moment.

    A history that ends sorts after one that goes on, so that hiding everything from some instant on never swaps two
    customers who differ before it. Equal histories stay in the order in which they were given.

    Parameters
    ----------
    customer : (m,), rising
        Index of each moment's customer, 0 .. n - 1, each present.
    ts, kind, amount : (m,)
        Moments, within a customer sorted by these.
    n
        Number of customers.
    more : each (m,)
        Further columns, compared after `amount`. Two customers whose pasts differ only in a column that is not compared
        would be ordered by their futures, which is a leak.

    Returns
    -------
    (n,) the customers' indices in order.

    Examples
    --------
    >>> customer, ts = np.array([0, 0, 1, 2, 2]), np.array([5, 9, 5, 5, 7])
    >>> history_order(customer, ts, np.zeros(5, np.uint8), np.ones(5), 3)
    array([2, 0, 1])
    """
    counts = np.bincount(customer, minlength=n)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    moment_rank = _ranks((ts, kind, amount, *more))
    # Radix sort from the first moment on: a customer's rank is the number of customers before its group of ties.
    rank = np.zeros(n, dtype=np.int64)
    unsettled = np.arange(n)
    depth = 0
    while len(unsettled):
        ended = counts[unsettled] <= depth
        key = np.where(ended, len(ts), moment_rank[np.minimum(starts[unsettled] + depth, len(ts) - 1)])
        rank[unsettled], tied = _refined(rank[unsettled], key)
        unsettled = unsettled[tied & ~ended]  # only ties whose histories go on are compared at the next moment
        depth += 1
    return np.argsort(rank, kind="stable")


def _refined(rank: Ints, key: Ints) -> tuple[Ints, Flags]:
    """Refine ranks, equal within a group of ties, by a further key; also give whether each is tied still."""
    by_rank = np.lexsort((key, rank))
    group, key = rank[by_rank], key[by_rank]
    new_group = np.concatenate([[True], group[1:] != group[:-1]])
    new_key = new_group | np.concatenate([[True], key[1:] != key[:-1]])
    # Within a group a rank grows by the number of members with smaller keys.
    place = np.arange(len(rank))
    first_of_group = np.maximum.accumulate(np.where(new_group, place, 0))
    first_of_key = np.maximum.accumulate(np.where(new_key, place, 0))
    refined, tied = np.empty_like(rank), np.empty(len(rank), dtype=bool)
    refined[by_rank] = group + first_of_key - first_of_group
    tied[by_rank] = np.concatenate([~new_key[1:], [False]]) | ~new_key
    return refined, tied


def _ranks(columns: Sequence[NDArray[np.number]]) -> Ints:
    """(m,) rank of each row, compared column by column; equal rows share one."""
    by_row = np.lexsort(columns[::-1])
    new = np.zeros(len(by_row), dtype=bool)
    for column in columns:
        ordered = column[by_row]
        new[1:] |= ordered[1:] != ordered[:-1]
    rank = np.empty(len(by_row), dtype=np.int64)
    rank[by_row] = np.cumsum(new)
    return rank
