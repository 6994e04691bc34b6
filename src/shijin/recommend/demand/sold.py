"""The pieces of each item that were ordered before a cutoff, by line, with the orders they belong to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shijin.arrays import Codes, Flags, Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.represent.cutoff import History
from shijin.represent.packed import DAY_US, Kind


@dataclass(frozen=True)
class Sold:
    """What was ordered before a cutoff; returned pieces were ordered all the same.

    Parameters
    ----------
    item : (a,) int32
    ts : (a,) int64
        Microseconds of the shop's wall clock.
    pieces, amount : (a,) float64
        Pieces, and money in the shop's currency.
    order_ts, customer_since : (o,) int64
        Time of each order, whatever it holds, and the first moment of its customer.
    n_items : int
    start, now : int
        The first midnight of the data, and the cutoff.
    """

    item: Codes
    ts: Ints
    pieces: Floats
    amount: Floats
    order_ts: Ints
    customer_since: Ints
    n_items: int
    start: int
    now: int

    def before(self, cutoff: int) -> Sold:
        """Cut to an earlier cutoff."""
        rows, orders = self.ts < cutoff, self.order_ts < cutoff
        of_lines = {name: getattr(self, name)[rows] for name in ("item", "ts", "pieces", "amount")}
        of_orders = {name: getattr(self, name)[orders] for name in ("order_ts", "customer_since")}
        return replace(self, now=min(cutoff, self.now), **of_lines, **of_orders)

    def per_item(self, values: Floats) -> Floats:
        """(v,) sums of values of lines, by item."""
        return np.bincount(self.item, values, self.n_items).astype(np.float64)

    def units(self, first: int, last: int) -> Floats:
        """(v,) pieces of each item ordered in [first, last)."""
        return self.per_item(self.pieces * ((self.ts >= first) & (self.ts < last)))

    def faded(self, half_life_days: float) -> Floats:
        """(v,) pieces of each item per order, both decayed by age; 0 where nobody ordered."""
        newest = self.order_ts.max(initial=self.start)  # time since then decays pieces and orders alike
        orders = _decayed(newest - self.order_ts, half_life_days).sum()
        return self.per_item(self.pieces * _decayed(newest - self.ts, half_life_days)) / (orders or 1.0)

    def prices(self) -> Floats:
        """(v,) mean price of a piece; 0 where none was ordered."""
        pieces = self.per_item(self.pieces)
        return np.divide(self.per_item(self.amount), pieces, out=np.zeros(self.n_items), where=pieces > 0)

    def known(self) -> Flags:
        """(v,) whether an item was ever ordered."""
        return self.per_item(self.pieces) > 0


def sold_of(history: History, actions: Actions, product: Flags) -> Sold:
    """Gather what was ordered before the cutoff.

    Parameters
    ----------
    product : (v,) bool
        `Catalogue.product`; charges and test codes are left out.
    """
    rows = actions.ordered & product[actions.item]
    orders = history.moments.kind == Kind.ORDER
    return Sold(
        item=actions.item[rows],
        ts=actions.ts[rows],
        pieces=actions.quantity[rows],
        amount=actions.amount[rows],
        order_ts=history.moments.ts[orders],
        customer_since=history.moments.ts[history.offsets[:-1]][history.customer[orders]],
        n_items=len(product),
        start=history.start,
        now=history.cutoff,
    )


def _decayed(age: Ints, half_life_days: float) -> Floats:
    return np.exp2(-age / (half_life_days * DAY_US))
