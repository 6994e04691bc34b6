"""Which items a list may hold, filter by filter, so that the one that leaves nothing can be named; and their worth."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Floats
from shijin.collect.stock import read_stock
from shijin.errors import ConfigError, Options, suggestion
from shijin.notes import Note
from shijin.recommend.past.catalogue import known, prices
from shijin.represent.cutoff import as_instant
from shijin.steps.recommender import ItemContext
from shijin.workspace import Workspace


def eligible_items(
    context: ItemContext, categories: Sequence[str], in_stock: Path | str | Sequence[str] | pa.Array | None
) -> tuple[NDArray[np.bool_], list[Note]]:
    """(items,) what may be recommended: products that are known, of the categories, in stock.

    Raises
    ------
    ConfigError
        When a filter leaves nothing, or a category is none of the shop's.
    SourceError
        When the file of stock cannot be read.
    """
    allowed = context.catalogue.product & known(context.catalogue, context.actions)
    notes: list[Note] = []
    if not allowed.any():
        raise ConfigError("steps.no_products", key="items.charges")
    if categories:
        allowed &= np.isin(context.catalogue.category, _category_codes(context, categories))
        if not allowed.any():
            raise ConfigError(
                "steps.category_leaves_nothing", key="category", categories=", ".join(map(repr, categories))
            )
    if in_stock is not None:
        is_file = isinstance(in_stock, Path | str)
        where = str(in_stock) if is_file else "in stock"
        ids = read_stock(Path(where)) if is_file else pa.array(in_stock).cast(pa.string())
        codes = context.catalogue.codes(ids)
        before = int(allowed.sum())
        allowed &= np.isin(np.arange(len(allowed)), codes[codes >= 0])
        if not allowed.any():
            known_ids = int((codes >= 0).sum())
            raise ConfigError("steps.stock_leaves_nothing", where, before=before, known=known_ids, ids=len(ids))
        strange = int((codes < 0).sum())
        if strange:
            notes.append({"code": "lists.strange_stock", "strange": strange, "rows": len(ids)})
    return allowed, notes


def worth_of(workspace: Workspace, context: ItemContext) -> tuple[Floats, Note]:
    """(items,) what a piece brings: price less cost where the source tells costs, else the price, which is said.

    An item without a price of its own has the shop's median.
    """
    price = prices(context.catalogue, context.actions)
    priced = np.isfinite(price) & known(context.catalogue, context.actions)
    price = np.where(np.isfinite(price), price, np.median(price[priced]) if priced.any() else 1.0)
    events = workspace.read("events", ["item_id", "type", "ts", "amount", "cost"])
    before = pc.less(events["ts"], pa.scalar(as_instant(context.history.cutoff, context.packed.zone)))
    costed = pc.and_(pc.and_(pc.equal(events["type"], "order"), pc.is_valid(events["cost"])), before)
    rows = events.filter(costed)
    code = context.catalogue.codes(rows["item_id"].combine_chunks())
    amount, cost = (pc.fill_null(rows[name], 0.0).to_numpy() for name in ("amount", "cost"))
    mine = code >= 0
    paid = np.bincount(code[mine], amount[mine], len(price))
    spent = np.bincount(code[mine], cost[mine], len(price))
    if not paid.sum() > 0:
        return price, {"code": "lists.no_costs"}
    usual = 1 - spent.sum() / paid.sum()
    margin = np.where(paid > 0, 1 - spent / np.maximum(paid, 1e-9), usual)
    return price * margin, {"code": "lists.costs", "items": int((paid > 0).sum()), "share": f"{usual:.0%}"}


def refuse_item(context: ItemContext, item: str, allowed: NDArray[np.bool_], filters: Sequence[str]) -> None:
    """Refuse to say who wants an item that cannot be on a list.

    Parameters
    ----------
    allowed : (items,)
        What `eligible_items` gave.
    filters
        What they are called that were asked for.

    Raises
    ------
    ConfigError
        When there is no such item, it is no product, nobody had touched it, or a filter leaves it out.
    """
    code = int(context.catalogue.codes(pa.array([item]))[0])
    if code < 0:
        raise ConfigError("steps.no_such_item", key="item", item=item)
    if not context.catalogue.product[code]:
        raise ConfigError("steps.item_is_no_product", key="item", item=item)
    if not known(context.catalogue, context.actions)[code]:
        raise ConfigError("steps.item_never_touched", key="item", item=item, day=context.day)
    if not allowed[code]:
        raise ConfigError("steps.item_filtered_out", key="item", item=item, filters=Options(filters))


def _category_codes(context: ItemContext, categories: Sequence[str]) -> list[int]:
    """The codes of some categories, by their very names, else of all that differ in capitals only."""
    names = context.catalogue.categories.tolist()
    alike: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        alike.setdefault(name.casefold(), []).append(place)
    codes: list[int] = []
    for name in categories:
        if name.casefold() not in alike:
            near = difflib.get_close_matches(name.casefold(), alike, 1, 0.5)
            meant = suggestion(names[alike[near[0]][0]], names) if near else suggestion(name, names[:8])
            raise ConfigError("steps.no_such_category", key="category", name=name, suggestion=meant)
        codes += [names.index(name)] if name in names else alike[name.casefold()]
    return codes
