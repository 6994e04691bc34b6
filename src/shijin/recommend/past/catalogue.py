"""What is known of the items themselves: names, categories, brands, prices, and which are no products.

Items have the codes of the shop's vocabulary; those that are listed and were never touched follow behind. A name, a
category or a brand has no date: it is taken as the catalogue has it today.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats
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
        What people call it; its id where it has no name.
    category, brand : (v,) int32
        Index into `categories` and `brands`, -1 where unknown.
    categories, brands : str
        By alphabet.
    listed_price : (v,) float64
        As the source lists it, shop currency; nan where it does not.
    product : (v,) bool
        Whether it is one: no charge, no test code, no correction. Nothing else is ever recommended.
    touched : int
        Codes below it are the shop's vocabulary: items that somebody touched, if perhaps after the cutoff.
    """

    items: NDArray[np.str_]
    names: NDArray[np.str_]
    category: Codes
    brand: Codes
    categories: NDArray[np.str_]
    brands: NDArray[np.str_]
    listed_price: Floats
    product: NDArray[np.bool_]
    touched: int

    def __len__(self) -> int:
        return len(self.items)

    def codes(self, ids: pa.Array) -> Codes:
        """Codes of some items, -1 where there is none such."""
        return pc.fill_null(pc.index_in(ids, pa.array(self.items)), -1).to_numpy(zero_copy_only=False).astype(np.int32)


def catalogue_of(items: pa.Table, vocabulary: NDArray[np.str_], rules: ItemsSection, *, listed: bool) -> Catalogue:
    """Put the shop's list of items beside its vocabulary.

    Parameters
    ----------
    items
        `schema.ITEMS`.
    vocabulary : (v,) str
        Items by code.
    rules
        Which codes are no products.
    listed
        Whether items that nobody ever touched are added behind. A judged window must not know them: that an item is
        listed may tell that it will be sold.
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


def known(catalogue: Catalogue, actions: Actions) -> NDArray[np.bool_]:
    """(v,) whether an item was there at the cutoff: touched before it, or listed and never touched at all."""
    seen = np.bincount(actions.item, minlength=len(catalogue)) > 0
    return seen | (np.arange(len(catalogue)) >= catalogue.touched)


def prices(catalogue: Catalogue, actions: Actions) -> Floats:
    """(v,) what a piece costs: the mean of what was paid before the cutoff, else what is listed; nan where neither."""
    rows = actions.ordered & (actions.quantity > 0)
    pieces = np.bincount(actions.item[rows], actions.quantity[rows], len(catalogue))
    paid = np.bincount(actions.item[rows], actions.amount[rows], len(catalogue))
    return np.where(pieces > 0, paid / np.maximum(pieces, 1e-9), catalogue.listed_price)


def _coded(column: pa.Array) -> tuple[Codes, NDArray[np.str_]]:
    encoded = column.dictionary_encode()
    names = encoded.dictionary.to_numpy(zero_copy_only=False).astype(np.str_)
    order = np.argsort(names, kind="stable")
    rank = np.empty(len(names) + 1, dtype=np.int32)
    rank[order], rank[-1] = np.arange(len(names)), -1
    return rank[pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)], names[order]
