"""Customers who bought two items: exact counts, by the order of the days on which they bought them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shijin.arrays import Codes, Floats, Ints, pieces
from shijin.recommend.past.purchases import Purchases

AT_ONCE = 2_000_000  # matching pairs of rows that are held in memory at once
MOST_SLOTS = 4_000_000  # cells of the lookup table of a batch: its x items times all y items


@dataclass(frozen=True)
class CoPurchases:
    """For q different pairs of items x and y, the number of customers who bought both.

    Parameters
    ----------
    after : (q,) int64
        Customers who bought y on a later day than a day on which they had bought x.
    same_day : (q,) int64
        Customers who bought both on one day.
    """

    after: Ints
    same_day: Ints


def co_purchases_of(bought: Purchases, x: Codes, y: Codes) -> CoPurchases:
    """Count the customers who bought two items.

    Parameters
    ----------
    x, y : (q,) int32
        Different pairs, sorted by x.
    """
    return CoPurchases(_on_later_days(bought, x, y), _on_one_day(bought, x, y))


def _on_later_days(bought: Purchases, x: Codes, y: Codes) -> Ints:
    left, right = (np.flatnonzero(np.isin(bought.item, items)) for items in (x, y))
    sides = _Sides(x, y, bought.item[left], bought.customer[left], bought.item[right], bought.customer[right])
    # A customer has one row for each item, so that each match is another customer.
    first, last, after = bought.first[left], bought.last[right], np.zeros(len(x), dtype=np.int64)
    for pair, x_row, y_row in _matches(sides):
        after += np.bincount(pair[first[x_row] < last[y_row]], minlength=len(x))
    return after


def _on_one_day(bought: Purchases, x: Codes, y: Codes) -> Ints:
    start = int(bought.day.min(initial=0))
    span = int(bought.day.max(initial=0)) - start + 1

    def of_days(items: Codes) -> tuple[Codes, Ints]:
        """Item, and customer and day as one rising number, of every day on which some items were bought."""
        pairs = np.flatnonzero(np.isin(bought.item, items))
        days = bought.days[pairs]
        day = bought.day[pieces(bought.day_offsets[pairs], days)]
        key = np.repeat(bought.customer[pairs], days) * span + (day - start)
        order = np.argsort(key, kind="stable")
        return np.repeat(bought.item[pairs], days)[order], key[order]

    sides = _Sides(x, y, *of_days(x), *of_days(y))
    same_day, n = np.zeros(len(x), dtype=np.int64), len(bought.offsets) - 1
    for pair, x_row, _ in _matches(sides):
        # A customer who bought both on several days counts once: unique pairs of item pair and customer.
        once = np.unique(pair * n + sides.x_key[x_row] // span)
        same_day += np.bincount(once // n, minlength=len(x))
    return same_day


@dataclass(frozen=True)
class _Sides:
    """Pairs of items, and the rows of each side: rows match where their keys are equal. Keys rise."""

    x: Codes
    y: Codes
    x_item: Codes
    x_key: Ints
    y_item: Codes
    y_key: Ints


def _matches(sides: _Sides) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yield pair of items, row of x and row of y of every match, in batches; each x item lies in one batch."""
    # For each x row the run of y rows with the same key; both sides' keys rise.
    starts = np.searchsorted(sides.y_key, sides.x_key)
    counts = np.searchsorted(sides.y_key, sides.x_key, "right") - starts
    items, x_slot = np.unique(sides.x, return_inverse=True)
    y_items, y_slot = np.unique(sides.y, return_inverse=True)
    place, y_place = (
        np.searchsorted(known, item).astype(np.int32)
        for known, item in ((items, sides.x_item), (y_items, sides.y_item))
    )
    by_x = np.argsort(place, kind="stable")
    ends_of_x = np.cumsum(np.bincount(place, minlength=len(items)))
    for first, last in _batches(np.bincount(place, counts, len(items)), max(1, MOST_SLOTS // max(len(y_items), 1))):
        rows = by_x[(ends_of_x[first - 1] if first else 0) : ends_of_x[last - 1]]
        # A dense table from (x item of the batch, y item) to the number of the pair, -1 where nobody asks for it.
        slots = np.full((last - first) * len(y_items), -1, np.int32)
        pairs = np.arange(*np.searchsorted(x_slot, [first, last]))
        slots[(x_slot[pairs] - first) * len(y_items) + y_slot[pairs]] = pairs
        y_rows = pieces(starts[rows], counts[rows])
        pair = slots[np.repeat((place[rows] - first) * np.int64(len(y_items)), counts[rows]) + y_place[y_rows]]
        matched = np.flatnonzero(pair >= 0)
        yield pair[matched].astype(np.int64), np.repeat(rows, counts[rows])[matched], y_rows[matched]


def _batches(cost: Ints | Floats, most: int) -> Iterator[tuple[int, int]]:
    """Runs of neighbours: at most `most` of them, that cost AT_ONCE together at most, unless one alone costs more."""
    group = np.cumsum(cost) // AT_ONCE * len(cost) + np.arange(len(cost)) // most
    begins = np.flatnonzero(np.diff(group, prepend=-1))
    yield from zip(begins.tolist(), np.append(begins, len(cost))[1:].tolist(), strict=True)
