"""The items that lists may hold, filter by filter, so that a refusal can name the filter; and each item's value."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Flags, Floats
from shijin.errors import ConfigError, Options, Phrase, suggestion
from shijin.notes import Note
from shijin.recommend.item_context import ItemContext
from shijin.recommend.past.catalogue import known_items, prices
from shijin.represent.days import as_instant

COST_COLUMNS = ("item_id", "type", "ts", "amount", "cost")  # of `schema.EVENTS`, for `item_worth`
MOST_NAMES = 8  # of categories, in a refusal


def all_products(context: ItemContext) -> Flags:
    """(items,) every product that existed at the cutoff.

    Raises
    ------
    ConfigError
        When there is none.
    """
    products = context.products
    if not products.any():
        raise ConfigError("recommend.no_products", key="items.charges")
    return products


def of_categories(context: ItemContext, allowed: Flags, categories: Sequence[str]) -> Flags:
    """(items,) the allowed items of some categories; all where none is named.

    Raises
    ------
    ConfigError
        When the shop has no such category, or no allowed item is of them.
    """
    if not categories:
        return allowed
    left = allowed & np.isin(context.catalogue.category, _category_codes(context, categories))
    if not left.any():
        named = ", ".join(map(repr, categories))
        raise ConfigError("recommend.category_leaves_nothing", key="category", categories=named)
    return left


def in_stock(context: ItemContext, allowed: Flags, ids: pa.Array, where: str = "") -> tuple[Flags, list[Note]]:
    """(items,) the allowed items among some ids, and a note where some ids are unknown.

    Parameters
    ----------
    ids
        Ids of the items in stock.
    where
        The file that they come from, for a refusal; empty where they come from the caller.

    Raises
    ------
    ConfigError
        When none of the allowed items is among them.
    """
    codes = context.catalogue.codes(ids)
    known = int((codes >= 0).sum())
    left = allowed & np.isin(np.arange(len(allowed)), codes[codes >= 0])
    if not left.any():
        before, key = int(allowed.sum()), "" if where else "in_stock"
        raise ConfigError("recommend.stock_leaves_nothing", where, key=key, before=before, known=known, ids=len(ids))
    unknown = len(ids) - known
    return left, [{"code": "lists.strange_stock", "strange": unknown, "rows": len(ids)}] if unknown else []


def item_worth(context: ItemContext, events: pa.Table) -> tuple[Floats, Note]:
    """(items,) the value of a piece: price less cost where the orders have costs, else the price; and a note of which.

    An item without a price of its own has the shop's median price.

    Parameters
    ----------
    events
        `schema.EVENTS`, at least the columns `COST_COLUMNS`; orders from the cutoff on are left out.
    """
    price = prices(context.catalogue, context.actions)
    priced = np.isfinite(price) & known_items(context.catalogue, context.actions)
    price = np.where(np.isfinite(price), price, np.median(price[priced]) if priced.any() else 1.0)
    before = pc.less(events["ts"], pa.scalar(as_instant(context.history.cutoff, context.packed.zone)))
    with_cost = pc.and_(pc.and_(pc.equal(events["type"], "order"), pc.is_valid(events["cost"])), before)
    rows = events.filter(with_cost)
    code = context.catalogue.codes(rows["item_id"].combine_chunks())
    amount, cost = (pc.fill_null(rows[name], 0.0).to_numpy() for name in ("amount", "cost"))
    known = code >= 0
    paid = np.bincount(code[known], amount[known], len(price))
    spent = np.bincount(code[known], cost[known], len(price))
    if not paid.sum() > 0:
        return price, {"code": "lists.no_costs"}
    usual = 1 - spent.sum() / paid.sum()  # the shop's margin, for items without costs
    margin = np.where(paid > 0, 1 - spent / np.maximum(paid, 1e-9), usual)
    return price * margin, {"code": "lists.costs", "items": int((paid > 0).sum()), "share": f"{usual:.0%}"}


def requested_item(context: ItemContext, item: str, allowed: Flags, filters: Sequence[str]) -> int:
    """The code of an item that may be on a list.

    Parameters
    ----------
    allowed : (items,)
        The items that the filters left.
    filters
        The keys of the filters that are set.

    Raises
    ------
    ConfigError
        When there is no such item, it is not a product, nobody had touched it, or a filter leaves it out.
    """
    code = int(context.catalogue.codes(pa.array([item]))[0])
    if code < 0:
        raise ConfigError("recommend.no_such_item", key="item", item=item)
    if not context.catalogue.product[code]:
        raise ConfigError("recommend.item_is_no_product", key="item", item=item)
    if not known_items(context.catalogue, context.actions)[code]:
        raise ConfigError("recommend.item_never_touched", key="item", item=item, day=context.day)
    if not allowed[code]:
        raise ConfigError("recommend.item_filtered_out", key="item", item=item, filters=Options(filters))
    return code


def _category_codes(context: ItemContext, categories: Sequence[str]) -> list[int]:
    """Codes of categories by their exact names, else of all whose names differ in capitals only."""
    names = context.catalogue.categories.tolist()
    by_folded: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        by_folded.setdefault(name.casefold(), []).append(place)
    codes: list[int] = []
    for name in categories:
        if not names:
            raise ConfigError("recommend.no_categories", key="category")
        if name.casefold() not in by_folded:
            raise ConfigError("recommend.no_such_category", key="category", name=name, suggestion=_near(name, names))
        codes += [names.index(name)] if name in names else by_folded[name.casefold()]
    return codes


def _near(name: str, names: list[str]) -> Phrase:
    """The category that somebody may have meant, else the first ones there are."""
    folded = [known.casefold() for known in names]
    near = difflib.get_close_matches(name.casefold(), folded, 1, 0.5)
    meant = names[folded.index(near[0])] if near else name
    return suggestion(meant, names if near else names[:MOST_NAMES])
