"""What customers did with items before a cutoff, as rows of arrays: what every recommender here learns from.

It comes from a History only, and can be cut further back, never forward. A *step* is one moment of one customer: what
stands in it happened together, and nothing tells its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints, pieces
from shijin.represent.cutoff import History
from shijin.represent.packed import Kind

WEIGHTS = {Kind.ORDER: 1.0, Kind.CART: 0.6, Kind.REVIEW: 0.6, Kind.VIEW: 0.3}  # how much each says of what is wanted


@dataclass(frozen=True)
class Actions:
    """Rows sorted by customer, time and item; a customer does one kind of thing with an item once a step.

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
    channel : (a,) int16
        0 where unknown.
    n_items : int
        How many items the shop's vocabulary has.
    now : int
        The cutoff.
    """

    offsets: Ints
    item: Codes
    ts: Ints
    kind: NDArray[np.uint8]
    quantity: Floats
    amount: Floats
    channel: NDArray[np.int16]
    n_items: int
    now: int

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def customer(self) -> Ints:
        """(a,) each row's customer."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    @cached_property
    def ordered(self) -> NDArray[np.bool_]:
        """(a,) whether the row was bought."""
        return self.kind == Kind.ORDER

    @cached_property
    def weight(self) -> Floats:
        """(a,) how much the row says of what is wanted, 0..1."""
        by_kind = np.zeros(max(WEIGHTS) + 1)
        by_kind[list(WEIGHTS)] = list(WEIGHTS.values())
        return by_kind[self.kind]

    @cached_property
    def step(self) -> Ints:
        """(a,) how many steps of the same customer came later: 0 in the newest."""
        new = np.ones(len(self.item), dtype=np.int64)
        new[1:] = (self.ts[1:] != self.ts[:-1]) | (self.customer[1:] != self.customer[:-1])
        number = np.cumsum(new)
        last = np.zeros(len(self), dtype=np.int64)
        some = np.diff(self.offsets) > 0
        last[some] = number[self.offsets[1:][some] - 1]
        return last[self.customer] - number

    @property
    def newest(self) -> Ints:
        """(n,) when each customer did something last; the cutoff where never."""
        found = np.full(len(self), self.now)
        some = np.diff(self.offsets) > 0
        found[some] = self.ts[self.offsets[1:][some] - 1]
        return found

    def take(self, rows: NDArray[np.bool_]) -> Actions:
        """Keep only some rows; every customer keeps the place."""
        counts = np.bincount(self.customer[rows], minlength=len(self))
        columns = ("item", "ts", "kind", "quantity", "amount", "channel")
        kept = {name: getattr(self, name)[rows] for name in columns}
        return replace(self, offsets=np.concatenate([[0], np.cumsum(counts)]), **kept)

    def before(self, cutoff: int) -> Actions:
        """What was known at an earlier cutoff."""
        return replace(self.take(self.ts < cutoff), now=min(cutoff, self.now))

    def of(self, customers: Ints) -> Actions:
        """Keep only some customers, in the order given; their positions are then 0, 1, 2 ..."""
        counts = np.diff(self.offsets)[customers]
        rows = pieces(self.offsets[:-1][customers], counts)
        columns = ("item", "ts", "kind", "quantity", "amount", "channel")
        kept = {name: getattr(self, name)[rows] for name in columns}
        return replace(self, offsets=np.concatenate([[0], np.cumsum(counts)]), **kept)

    def bought(self) -> sp.csr_matrix:
        """(n, items) how often each customer bought each item: in how many steps."""
        rows = self.ordered
        once = (np.ones(int(rows.sum()), np.float32), (self.customer[rows], self.item[rows]))
        return sp.csr_matrix(once, shape=(len(self), self.n_items))


def actions_of(history: History, n_items: int) -> Actions:
    """Gather what a History's customers did with items.

    Parameters
    ----------
    n_items
        Size of the shop's vocabulary.
    """
    if history.lines is None:
        nothing = np.zeros(0)
        empty = (nothing.astype(np.int32), nothing.astype(np.int64), nothing.astype(np.uint8), nothing, nothing)
        offsets = np.zeros(len(history) + 1, dtype=np.int64)
        return Actions(offsets, *empty, nothing.astype(np.int16), n_items, history.cutoff)
    lines, moment = history.lines, np.repeat(np.arange(len(history.moments)), np.diff(history.lines.offsets))
    kind = history.moments.kind[moment]
    kind[kind == Kind.CHARGE] = Kind.ORDER  # an item that joins its order on a later day is bought too
    rows = np.flatnonzero((lines.item >= 0) & np.isin(kind, list(WEIGHTS)) & (lines.quantity > 0))
    customer, kind = history.customer[moment[rows]], kind[rows]
    item, ts, channel = lines.item[rows], lines.ts[rows], history.moments.channel[moment[rows]]
    order = np.lexsort((kind, item, ts, customer))
    starts = np.flatnonzero(_begins([column[order] for column in (customer, ts, item, kind)]))
    one = order[starts]
    counts = np.bincount(customer[one], minlength=len(history))
    total = np.add.reduceat if len(starts) else (lambda values, _: values)
    return Actions(
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        item=item[one],
        ts=ts[one],
        kind=kind[one],
        quantity=total(lines.quantity[rows[order]], starts),
        amount=total(lines.amount[rows[order]], starts),
        channel=channel[one],
        n_items=n_items,
        now=history.cutoff,
    )


def _begins(keys: Sequence[NDArray[np.number]]) -> NDArray[np.bool_]:
    """(a,) whether a row differs from the one before it in any key."""
    new = np.zeros(len(keys[0]), dtype=bool)
    new[:1] = True
    for key in keys:
        new[1:] |= key[1:] != key[:-1]
    return new
