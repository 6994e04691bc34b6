"""Tasks on which lists are judged: what each customer bought next, given what was known before.

Two tasks from a shop's own past. *Window*: the actions before a cutoff are known; the targets are the purchases within
a horizon from it on. *Last*: of each customer all actions before the newest order are known; the targets are the items
of that order. There, later actions of other customers are known too, so the first task is the one to trust.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags, Ints
from shijin.errors import EmptyHistoryError
from shijin.recommend.past.known_past import ItemTable, KnownPast, known_before
from shijin.represent.packed import DAY_US, Packed

Protocol = Literal["window", "last"]
NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Task:
    """A past, and what its customers bought next.

    Parameters
    ----------
    past : KnownPast
        Its items may be fewer than the shop's.
    items : (v,) str
        All items the shop ever had, by code.
    targets : (t,) int64, rising
        ``customer * v + item`` of what was bought next: products, by customers with a past.
    """

    protocol: Protocol
    past: KnownPast
    items: NDArray[np.str_]
    targets: Ints

    @property
    def has_past(self) -> Flags:
        """(n,) whether a customer has any action in the past."""
        return self.past.actions.has_rows

    @property
    def steps(self) -> Ints:
        """(n,) number of known steps of each customer."""
        actions, steps = self.past.actions, np.zeros(len(self.has_past), dtype=np.int64)
        steps[self.has_past] = actions.step[actions.offsets[:-1][self.has_past]] + 1
        return steps

    def keys(self, customer: Ints, item: Ints | Codes) -> Ints:
        """``customer * v + item``, as in `targets`."""
        return customer * len(self.items) + item

    def bought(self) -> Ints:
        """Keys of what was bought in the past, rising."""
        actions = self.past.actions
        return np.unique(self.keys(actions.customer[actions.ordered], actions.item[actions.ordered]))


def tasks(packed: Packed, item_table: ItemTable, horizon_days: int, cutoff: int) -> tuple[Task, Task, KnownPast]:
    """Make both tasks: purchases in the window from a cutoff on, and last orders before the window's end.

    Returns
    -------
    window, last : Task
    KnownPast
        All actions before the window's end.

    Raises
    ------
    EmptyHistoryError
        When the shop has fewer than two items to choose from, less than a horizon of history before the cutoff, or a
        window that is not closed; or when nobody with a past bought anything in it.
    """
    until = cutoff + horizon_days * DAY_US
    if until > packed.end:
        raise EmptyHistoryError("recommend.window_not_closed", key="cutoff")
    if cutoff - packed.start < horizon_days * DAY_US:
        days = max(int((cutoff - packed.start) // DAY_US), 0)
        shorter = max(int((packed.end - packed.start) // DAY_US // 3), 1)
        raise EmptyHistoryError("recommend.past_too_short", days=days, horizon_days=horizon_days, shorter=shorter)
    past, whole = known_before(packed, item_table, cutoff), known_before(packed, item_table, until)
    past.refuse_no_choice()
    window = window_task(past, whole, packed.items)
    if not len(window.targets):
        raise EmptyHistoryError("recommend.nobody_bought", horizon_days=horizon_days)
    return window, last_order_task(whole, packed.items), whole


def window_task(past: KnownPast, whole: KnownPast, items: NDArray[np.str_]) -> Task:
    """The targets are the purchases from the cutoff of `past` on, by its customers, as far as `whole` knows them."""
    later = whole.actions
    rows = later.ordered & whole.catalogue.product[later.item] & (later.ts >= past.actions.now)
    place = pc.index_in(pa.array(whole.customers, pa.string()), pa.array(past.customers, pa.string()))
    place = pc.fill_null(place, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return _task("window", past, items, place[later.customer[rows]], later.item[rows])


def last_order_task(whole: KnownPast, items: NDArray[np.str_]) -> Task:
    """The targets are the products of each customer's newest order; a customer without orders has none."""
    actions = whole.actions
    ordered = actions.ordered & whole.catalogue.product[actions.item]
    newest = np.full(len(actions), NEVER)
    np.maximum.at(newest, actions.customer[ordered], actions.ts[ordered])
    newest = np.where(newest == NEVER, actions.now, newest)[actions.customer]
    rows = ordered & (actions.ts == newest)
    past = KnownPast(whole.customers, actions.take(actions.ts < newest), whole.catalogue)
    return _task("last", past, items, actions.customer[rows], actions.item[rows])


def _task(protocol: Protocol, past: KnownPast, items: NDArray[np.str_], customer: Ints, item: Codes) -> Task:
    """Keep the pairs of customers with a past; position -1 is a customer unknown to it."""
    with_past = np.append(past.actions.has_rows, [False])[customer]
    return Task(protocol, past, items, np.unique(customer[with_past] * len(items) + item[with_past]))
