"""What customers did with items before a cutoff, as rows of arrays: the training data of every recommender here.

Actions come from a History only, and can be cut to an earlier cutoff, never to a later one. A *step* is one moment of
one customer: the actions of a step happened together, in no known order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags, Floats, Ints, pieces
from shijin.represent.cutoff import History
from shijin.represent.packed import Kind

WEIGHTS = {Kind.ORDER: 1.0, Kind.CART: 0.6, Kind.REVIEW: 0.6, Kind.VIEW: 0.3}  # evidence of interest, by kind
COLUMNS = ("item", "ts", "kind", "quantity", "amount", "channel")  # of every row
STAYS = np.iinfo(np.int64).max  # the time at which an item that stays in the cart is removed


@dataclass(frozen=True)
class Actions:
    """Rows sorted by customer, time and item; a customer has one row for each item and kind in a step.

    Parameters
    ----------
    offsets : (n + 1,) int64
        Where each customer's rows begin; positions are those of the History.
    item : (a,) int32
        Index into the shop's items.
    ts : (a,) int64
        Microseconds of the shop's wall clock.
    kind : (a,) uint8
        A `Kind`: ORDER, CART, REVIEW or VIEW.
    quantity, amount : (a,) float64
        Pieces and money of the row, shop currency.
    channel : (a,) int32
        0 where unknown.
    n_items : int
        Size of the shop's vocabulary of items.
    now : int
        The cutoff.
    removed_ts : (a,) int64
        When the item of a cart was taken out again, in microseconds; `STAYS` where it was not. None where no item was.
    """

    offsets: Ints
    item: Codes
    ts: Ints
    kind: NDArray[np.uint8]
    quantity: Floats
    amount: Floats
    channel: NDArray[np.int32]
    n_items: int
    now: int
    removed_ts: Ints | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def customer(self) -> Ints:
        """(a,) each row's customer."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @cached_property
    def has_rows(self) -> Flags:
        """(n,) whether a customer has any action."""
        return np.diff(self.offsets) > 0

    @cached_property
    def ordered(self) -> Flags:
        """(a,) whether the row is an order."""
        return self.kind == Kind.ORDER

    @cached_property
    def in_cart(self) -> Flags:
        """(a,) whether the row put an item into the cart that was not taken out again before the cutoff."""
        carts = self.kind == Kind.CART
        return carts if self.removed_ts is None else carts & (self.removed_ts >= self.now)

    @cached_property
    def weight(self) -> Floats:
        """(a,) how strongly the row shows interest in the item, 0..1: `WEIGHTS`."""
        by_kind = np.zeros(max(WEIGHTS) + 1)
        by_kind[list(WEIGHTS)] = list(WEIGHTS.values())
        return by_kind[self.kind]

    @cached_property
    def step(self) -> Ints:
        """(a,) how many steps of the same customer came later: 0 in the newest."""
        new = np.ones(len(self.item), dtype=np.int64)
        new[1:] = (self.ts[1:] != self.ts[:-1]) | (self.customer[1:] != self.customer[:-1])
        number = np.cumsum(new)  # steps counted over the whole shop, so that a difference within a customer is an age
        last = np.zeros(len(self), dtype=np.int64)
        last[self.has_rows] = number[self.offsets[1:][self.has_rows] - 1]
        return last[self.customer] - number

    @property
    def newest(self) -> Ints:
        """(n,) time of each customer's newest action; the cutoff where there is none."""
        newest = np.full(len(self), self.now)
        newest[self.has_rows] = self.ts[self.offsets[1:][self.has_rows] - 1]
        return newest

    def take(self, rows: Flags) -> Actions:
        """Keep only some rows; every customer keeps the position."""
        return self._with_rows(rows, np.bincount(self.customer[rows], minlength=len(self)))

    def before(self, cutoff: int) -> Actions:
        """Cut to an earlier cutoff."""
        return replace(self.take(self.ts < cutoff), now=min(cutoff, self.now))

    def of(self, customers: Ints) -> Actions:
        """Keep only some customers, in this order; their positions are then 0, 1, 2 ..."""
        counts = np.diff(self.offsets)[customers]
        return self._with_rows(pieces(self.offsets[:-1][customers], counts), counts)

    def _with_rows(self, rows: Ints | Flags, counts: Ints) -> Actions:
        """Some rows, with how many each customer then has."""
        columns = {name: getattr(self, name)[rows] for name in COLUMNS}
        columns["removed_ts"] = None if self.removed_ts is None else self.removed_ts[rows]
        return replace(self, offsets=np.concatenate([[0], np.cumsum(counts)]), **columns)


def actions_of(history: History, n_items: int) -> Actions:
    """Gather the actions of a History's customers.

    Parameters
    ----------
    n_items
        Size of the shop's vocabulary.
    """
    if history.lines is None:
        return _no_actions(len(history), n_items, history.cutoff)
    lines, moment = history.lines, np.repeat(np.arange(len(history.moments)), np.diff(history.lines.offsets))
    kind = history.moments.kind[moment]
    kind[kind == Kind.CHARGE] = Kind.ORDER  # an item added to its order on a later day is bought too
    rows = np.flatnonzero((lines.item >= 0) & np.isin(kind, list(WEIGHTS)) & (lines.quantity > 0))
    customer, kind = history.customer[moment[rows]], kind[rows]
    item, ts, channel = lines.item[rows], lines.ts[rows], history.moments.channel[moment[rows]]
    # Lines of one customer, moment, item and kind become one row: sorted next to each other, then summed by run.
    order = np.lexsort((kind, item, ts, customer))
    starts = np.flatnonzero(_begins([column[order] for column in (customer, ts, item, kind)]))
    first = order[starts]
    counts = np.bincount(customer[first], minlength=len(history))
    total = np.add.reduceat if len(starts) else (lambda values, _: values)
    return Actions(
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        item=item[first],
        ts=ts[first],
        kind=kind[first],
        quantity=total(lines.quantity[rows[order]], starts),
        amount=total(lines.amount[rows[order]], starts),
        channel=channel[first],
        n_items=n_items,
        now=history.cutoff,
        removed_ts=_removed_ts(history, moment, customer[first], item[first], ts[first], n_items),
    )


def _removed_ts(history: History, moment: Ints, customer: Ints, item: Codes, ts: Ints, n_items: int) -> Ints | None:
    """(a,) when the item of each row was next taken out of its customer's cart; None where none was.

    A removal without an item empties the cart.

    Parameters
    ----------
    moment : (l,) int64
        Of each line of the History.
    customer, item, ts : (a,) int64
        Of each row.
    """
    if history.lines is None:
        return None
    removed = np.flatnonzero(history.moments.kind[moment] == Kind.CART_REMOVED)
    if not len(removed):
        return None
    of, what, when = history.customer[moment[removed]], history.lines.item[removed], history.lines.ts[removed]
    one = what >= 0
    of_item = _next_ts(customer * n_items + item, ts, of[one] * n_items + what[one], when[one])
    return np.minimum(of_item, _next_ts(customer, ts, of[~one], when[~one]))


def _next_ts(key: Ints, ts: Ints, event_key: Ints, event_ts: Ints) -> Ints:
    """(a,) time of the next event with each row's key, at the row's own time or later; `STAYS` where there is none."""
    # Rows and events sorted together by key and time, newest first: the last event above a row is its next one.
    is_event = np.r_[np.zeros(len(key), bool), np.ones(len(event_key), bool)]
    keys, times = np.r_[key, event_key], np.r_[ts, event_ts]
    order = np.lexsort((~is_event, -times, keys))  # at one time the event stands above the row
    place = np.maximum.accumulate(np.where(is_event[order], np.arange(len(order)), -1))
    there = np.maximum(place, 0)
    follows = (place >= 0) & (keys[order][there] == keys[order])
    result = np.empty(len(order), np.int64)
    result[order] = np.where(follows, times[order][there], STAYS)
    return result[: len(key)]


def _no_actions(customers: int, n_items: int, cutoff: int) -> Actions:
    empty = np.zeros(0)
    columns = (empty.astype(np.int32), empty.astype(np.int64), empty.astype(np.uint8), empty, empty)
    return Actions(np.zeros(customers + 1, dtype=np.int64), *columns, empty.astype(np.int32), n_items, cutoff)


def _begins(keys: Sequence[NDArray[np.number]]) -> Flags:
    """(a,) whether a row differs from the row before it in any key."""
    new = np.zeros(len(keys[0]), dtype=bool)
    new[:1] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    return new
