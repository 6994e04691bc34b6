"""What lists are judged by: what each customer bought next, and what was known before it.

Two questions of a shop's own past. *Window*: all that lies before a cutoff is known, and what was bought within a
horizon from it on is asked. *Last*: of each customer all before the newest order is known, and what stood in it is
asked; what other customers did later is known there too, so the first question is the one to trust.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Codes, Ints
from shijin.config import ItemsSection
from shijin.errors import EmptyHistoryError
from shijin.recommend.past.actions import Actions, actions_of
from shijin.recommend.past.catalogue import Catalogue, catalogue_of, known
from shijin.represent.cutoff import History, split_at
from shijin.represent.packed import DAY_US, Lines, Packed

Protocol = Literal["window", "last"]
WHERE = "backtest --items"
NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True)
class ItemTable:
    """The shop's list of items, `schema.ITEMS`, and which codes are no products."""

    items: pa.Table
    rules: ItemsSection


@dataclass(frozen=True)
class KnownPast:
    """What was done before some moment, and the items touched by then; the shop's later items have later codes.

    customers : (n,) str, ids by position
    """

    customers: NDArray[np.str_]
    actions: Actions
    catalogue: Catalogue

    @property
    def eligible(self) -> NDArray[np.bool_]:
        """(items,) what a list may hold: products that somebody touched."""
        return self.catalogue.product & known(self.catalogue, self.actions)

    def refuse_no_choice(self, where: str, least: int = 2) -> None:
        """Refuse a past in which there is nothing to choose among.

        Raises
        ------
        EmptyHistoryError
            When fewer products were touched than there must be at least.
        """
        products = len(np.unique(self.actions.item[self.catalogue.product[self.actions.item]]))
        if products >= least:
            return
        if products:
            problem = "one item only in what was ordered, so that there is nothing to choose"
            cure = "collect orders of more items, or say --map item_id=COLUMN where another column tells them apart"
            raise EmptyHistoryError(problem, where, cure)
        cure = "collect orders with a column of items, or say --map item_id=COLUMN"
        raise EmptyHistoryError("no item in what was ordered, so that there is nothing to choose", where, cure)


@dataclass(frozen=True)
class Task:
    """A past, and what its customers bought next.

    Parameters
    ----------
    given : Known
        The past; its items may be fewer than the shop's.
    items : (v,) str
        All items the shop ever had, by code.
    taken : (t,) int64, rising
        ``customer * v + item`` of what was bought next: products, by customers with a past.
    """

    protocol: Protocol
    given: KnownPast
    items: NDArray[np.str_]
    taken: Ints

    @property
    def past(self) -> NDArray[np.bool_]:
        """(n,) whether anything is known of a customer."""
        return np.diff(self.given.actions.offsets) > 0

    @property
    def steps(self) -> Ints:
        """(n,) how many steps are known of each customer."""
        actions, found = self.given.actions, np.zeros(len(self.past), dtype=np.int64)
        found[self.past] = actions.step[actions.offsets[:-1][self.past]] + 1
        return found

    def keys(self, customer: Ints, item: Ints | Codes) -> Ints:
        """One number for a customer and an item, as in `taken`."""
        return customer * len(self.items) + item

    def bought(self) -> Ints:
        """Keys of what was bought before, rising."""
        actions = self.given.actions
        return np.unique(self.keys(actions.customer[actions.ordered], actions.item[actions.ordered]))


def tasks(packed: Packed, goods: ItemTable, horizon_days: int, cutoff: int) -> tuple[Task, Task, KnownPast]:
    """Ask what was bought in the window from a cutoff on, and what each customer bought last before the window's end.

    Returns
    -------
    window, last : Question
    Known
        All that was done before the window's end.

    Raises
    ------
    EmptyHistoryError
        When the shop has fewer than two items to choose among, less than a horizon of history before the cutoff, or a
        window that is not closed; or when nobody with a past bought anything in it.
    """
    until = cutoff + horizon_days * DAY_US
    if until > packed.end:
        raise EmptyHistoryError("the judged window ends after the data", WHERE, "choose an earlier --cutoff")
    if cutoff - packed.start < horizon_days * DAY_US:
        days = max(int((cutoff - packed.start) // DAY_US), 0)
        shorter = max(int((packed.end - packed.start) // DAY_US // 3), 1)
        problem = f"{days} days of history before the judged window, which has {horizon_days}"
        raise EmptyHistoryError(problem, WHERE, f"choose --horizon {shorter}d or shorter, or collect more")
    given, whole = known_before(packed, goods, cutoff), known_before(packed, goods, until)
    given.refuse_no_choice(WHERE)
    window = asked_of_window(given, whole, packed.items)
    if not len(window.taken):
        problem = f"nobody who was known at its beginning bought an item in the judged window of {horizon_days} days"
        raise EmptyHistoryError(problem, WHERE, "choose a longer --horizon or another --cutoff")
    return window, asked_of_last(whole, packed.items), whole


def known_before(packed: Packed, goods: ItemTable, cutoff: int, *, listed: bool = False) -> KnownPast:
    """What was known of customers and items at a cutoff; nothing that lies at or after it is looked at.

    Parameters
    ----------
    listed
        Whether items that nobody ever touched are known from the shop's list, as they are today.
    """
    history, _ = split_at(packed, cutoff, 1)
    return known_of(history, packed, goods, listed=listed)


def known_of(history: History, packed: Packed, goods: ItemTable, *, listed: bool) -> KnownPast:
    """As `known_before`, of a History that was split from `packed`."""
    lines = history.lines
    vocabulary = packed.items[: 0 if lines is None else int(lines.item.max(initial=-1)) + 1]
    items = goods.items if lines is None else _in_their_categories(goods.items, lines, packed, vocabulary)
    catalogue = catalogue_of(items, vocabulary, goods.rules, listed=listed)
    return KnownPast(history.customers, actions_of(history, len(catalogue)), catalogue)


def asked_of_window(given: KnownPast, whole: KnownPast, items: NDArray[np.str_]) -> Task:
    """Ask what customers known at the cutoff bought from it on, as far as it is known in the end."""
    later = whole.actions
    rows = later.ordered & whole.catalogue.product[later.item] & (later.ts >= given.actions.now)
    place = pc.index_in(pa.array(whole.customers, pa.string()), pa.array(given.customers, pa.string()))
    place = pc.fill_null(place, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return _question("window", given, items, place[later.customer[rows]], later.item[rows])


def asked_of_last(whole: KnownPast, items: NDArray[np.str_]) -> Task:
    """Ask what stood in each customer's newest order; who ordered nothing is asked nothing."""
    actions = whole.actions
    ordered = actions.ordered & whole.catalogue.product[actions.item]
    newest = np.full(len(actions), NEVER)
    np.maximum.at(newest, actions.customer[ordered], actions.ts[ordered])
    newest = np.where(newest == NEVER, actions.now, newest)[actions.customer]
    rows = ordered & (actions.ts == newest)
    given = KnownPast(whole.customers, actions.take(actions.ts < newest), whole.catalogue)
    return _question("last", given, items, actions.customer[rows], actions.item[rows])


def _question(protocol: Protocol, given: KnownPast, items: NDArray[np.str_], customer: Ints, item: Codes) -> Task:
    """Of pairs of a customer and an item keep those of customers with a past; position -1 is a stranger."""
    past = np.append(np.diff(given.actions.offsets) > 0, [False])[customer]
    return Task(protocol, given, items, np.unique(customer[past] * len(items) + item[past]))


def _in_their_categories(items: pa.Table, lines: Lines, packed: Packed, vocabulary: NDArray[np.str_]) -> pa.Table:
    """The list of items with the categories in which they were sold by then; as it stands where no line tells one.

    Names, brands and listed prices have no date and are taken as they are today.
    """
    usual = usual_category(lines, len(vocabulary))
    named = pa.array(packed.categories, pa.string()).take(pa.array(usual, mask=usual < 0))
    place = pc.index_in(items["item_id"].combine_chunks(), pa.array(vocabulary, pa.string()))
    category = pc.coalesce(named.take(place), items["category"].combine_chunks())
    column = items.schema.get_field_index("category")
    return items.set_column(column, items.schema.field(column), category)


def usual_category(lines: Lines, n_items: int) -> Codes:
    """(items,) the category that most lines of each item have, of equals the one seen first; -1 where none tells."""
    usual = np.full(n_items, -1, dtype=np.int32)
    rows = (lines.item >= 0) & (lines.category >= 0)
    width = int(lines.category.max(initial=0)) + 1
    pairs, counts = np.unique(lines.item[rows].astype(np.int64) * width + lines.category[rows], return_counts=True)
    order = np.lexsort((-pairs, counts))  # the best one of an item is written last
    usual[pairs[order] // width] = pairs[order] % width
    return usual
