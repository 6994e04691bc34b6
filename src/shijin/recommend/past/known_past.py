"""What was known of customers and items at a cutoff: the actions before it, and the catalogue as it was then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags
from shijin.config import ItemsSection
from shijin.errors import EmptyHistoryError
from shijin.recommend.past.actions import Actions, actions_of
from shijin.recommend.past.catalogue import Catalogue, catalogue_of, known_items
from shijin.represent.cutoff import History, split_at
from shijin.represent.packed import Lines, Packed


@dataclass(frozen=True)
class ItemTable:
    """The shop's list of items, `schema.ITEMS`, and the rules for which codes are no products."""

    items: pa.Table
    rules: ItemsSection


@dataclass(frozen=True)
class KnownPast:
    """Actions before a cutoff, and the items touched by then; items that the shop got later have later codes.

    customers : (n,) str, ids by position
    """

    customers: NDArray[np.str_]
    actions: Actions
    catalogue: Catalogue

    @property
    def eligible(self) -> Flags:
        """(items,) whether a list may hold an item: a product that somebody touched."""
        return self.catalogue.product & known_items(self.catalogue, self.actions)

    def refuse_no_choice(self, least: int = 2) -> None:
        """Refuse a past with too few products to choose from.

        Parameters
        ----------
        least
            How many products there must be at least.

        Raises
        ------
        EmptyHistoryError
            When fewer products were touched.
        """
        products = len(np.unique(self.actions.item[self.catalogue.product[self.actions.item]]))
        if products < least:
            raise EmptyHistoryError("recommend.one_item" if products else "recommend.no_item")


def known_before(packed: Packed, item_table: ItemTable, cutoff: int, *, listed: bool = False) -> KnownPast:
    """What was known of customers and items at a cutoff; nothing at or after it is read.

    Parameters
    ----------
    listed
        Whether items of the shop's list that nobody ever touched are known, as they are today.
    """
    history, _ = split_at(packed, cutoff, 1)
    return known_of(history, packed, item_table, listed=listed)


def known_of(history: History, packed: Packed, item_table: ItemTable, *, listed: bool) -> KnownPast:
    """The same as `known_before`, for a History that was split from `packed`."""
    lines = history.lines
    vocabulary = packed.items[: 0 if lines is None else int(lines.item.max(initial=-1)) + 1]
    items = item_table.items
    if lines is not None:
        items = _with_categories_of(lines, items, packed, vocabulary)
    catalogue = catalogue_of(items, vocabulary, item_table.rules, listed=listed)
    return KnownPast(history.customers, actions_of(history, len(catalogue)), catalogue)


def _with_categories_of(lines: Lines, items: pa.Table, packed: Packed, vocabulary: NDArray[np.str_]) -> pa.Table:
    """The list of items with the categories in which they were sold by then; unchanged where no line has a category.

    Names, brands and listed prices have no date and are taken as they are today.
    """
    usual = usual_category(lines, len(vocabulary))
    named = pa.array(packed.categories, pa.string()).take(pa.array(usual, mask=usual < 0))
    place = pc.index_in(items["item_id"].combine_chunks(), pa.array(vocabulary, pa.string()))
    category = pc.coalesce(named.take(place), items["category"].combine_chunks())
    column = items.schema.get_field_index("category")
    return items.set_column(column, items.schema.field(column), category)


def usual_category(lines: Lines, n_items: int) -> Codes:
    """(items,) the most frequent category of each item's lines, of equals the one seen first; -1 where none has one."""
    usual = np.full(n_items, -1, dtype=np.int32)
    rows = (lines.item >= 0) & (lines.category >= 0)
    width = int(lines.category.max(initial=0)) + 1
    pairs, counts = np.unique(lines.item[rows].astype(np.int64) * width + lines.category[rows], return_counts=True)
    order = np.lexsort((-pairs, counts))  # several pairs of one item are assigned in turn: the best is written last
    usual[pairs[order] // width] = pairs[order] % width
    return usual
