"""The catalogue of items: names, categories, brands, prices, and whether an item is a product.

Items have the codes of the shop's vocabulary; items of the shop's list that nobody ever touched follow after them.
Names, categories and brands have no date: they are taken as they are today.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags, Floats
from shijin.config import ItemsSection
from shijin.prepare.clean import PRODUCT, kinds_of_items
from shijin.recommend.past.actions import Actions
from shijin.schema import ITEMS, conform


@dataclass(frozen=True)
class Catalogue:
    """v items, in the order of their codes.

    Parameters
    ----------
    items : (v,) str
    names : (v,) str
        Name for people; the id where the item has no name.
    category, brand : (v,) int32
        Index into `categories` and `brands`, -1 where unknown.
    categories, brands : str
        Sorted.
    listed_price : (v,) float64
        Of the shop's list, shop currency; nan where it has none.
    product : (v,) bool
        Whether it is a product, and not a charge, a test code or a correction. Only products are ever recommended.
    touched : int
        Size of the shop's vocabulary: items of lower code were touched by somebody, perhaps after the cutoff.
    """

    items: NDArray[np.str_]
    names: NDArray[np.str_]
    category: Codes
    brand: Codes
    categories: NDArray[np.str_]
    brands: NDArray[np.str_]
    listed_price: Floats
    product: Flags
    touched: int

    def __len__(self) -> int:
        return len(self.items)

    def codes(self, ids: pa.Array) -> Codes:
        """Codes of some items, -1 where there is no such item."""
        return pc.fill_null(pc.index_in(ids, pa.array(self.items)), -1).to_numpy(zero_copy_only=False).astype(np.int32)


def catalogue_of(items: pa.Table, vocabulary: NDArray[np.str_], rules: ItemsSection, *, listed: bool) -> Catalogue:
    """Join the shop's list of items to its vocabulary.

    Parameters
    ----------
    items
        `schema.ITEMS`.
    vocabulary : (v,) str
        Items by code.
    rules
        Which codes are charges or tests, and therefore no products.
    listed
        Whether items that nobody ever touched are appended. A judged window must leave them out: an item may be on
        today's list because it was sold after the cutoff.
    """
    items = conform(items, ITEMS, "items")
    ids = vocabulary
    if listed:
        never = pc.invert(pc.is_in(items["item_id"], pa.array(vocabulary, pa.string())))
        ids = np.concatenate([vocabulary, items["item_id"].filter(never).to_numpy().astype(np.str_)])
    place = pc.index_in(pa.array(ids, pa.string()), items["item_id"].combine_chunks())
    column = {name: items[name].combine_chunks().take(place) for name in ITEMS.names}
    kinds = kinds_of_items(pa.array(ids, pa.string()), column["name"], rules)
    category, categories = _coded(column["category"])
    brand, brands = _coded(column["brand"])
    return Catalogue(
        items=ids,
        names=np.where(pc.is_valid(column["name"]), pc.fill_null(column["name"], ""), ids).astype(np.str_),
        category=category,
        brand=brand,
        categories=categories,
        brands=brands,
        listed_price=pc.fill_null(column["price"], np.nan).to_numpy(zero_copy_only=False),
        product=np.asarray(pc.equal(kinds, PRODUCT)),
        touched=len(vocabulary),
    )


def known_items(catalogue: Catalogue, actions: Actions) -> Flags:
    """(v,) whether an item existed at the cutoff: touched before it, or listed and never touched at all."""
    seen = np.bincount(actions.item, minlength=len(catalogue)) > 0
    return seen | (np.arange(len(catalogue)) >= catalogue.touched)


def prices(catalogue: Catalogue, actions: Actions) -> Floats:
    """(v,) price of a piece: the mean paid before the cutoff, else the listed price; nan where neither is known."""
    rows = actions.ordered & (actions.quantity > 0)
    pieces = np.bincount(actions.item[rows], actions.quantity[rows], len(catalogue))
    paid = np.bincount(actions.item[rows], actions.amount[rows], len(catalogue))
    return np.where(pieces > 0, paid / np.maximum(pieces, 1e-9), catalogue.listed_price)


def _coded(column: pa.Array) -> tuple[Codes, NDArray[np.str_]]:
    """Codes of a column's values, -1 where empty, and the sorted values."""
    encoded = column.dictionary_encode()
    names = encoded.dictionary.to_numpy(zero_copy_only=False).astype(np.str_)
    order = np.argsort(names, kind="stable")
    rank = np.empty(len(names) + 1, dtype=np.int32)
    rank[order], rank[-1] = np.arange(len(names)), -1
    return rank[pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)], names[order]
