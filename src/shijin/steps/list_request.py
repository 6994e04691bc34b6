"""Options of recommendations, and a request made from them: the shop, its recommender, and what the filters leave."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import pyarrow as pa

from shijin.arrays import Flags
from shijin.collect.stock import read_stock
from shijin.errors import ConfigError, suggestion
from shijin.notes import Note, Progress
from shijin.recommend.cards import training_notes
from shijin.recommend.item_context import ItemContext, excluding_recent
from shijin.recommend.ranking.lists import ListShape
from shijin.recommend.ranking.ranker import SHORTLIST
from shijin.recommend.request import ListRequest
from shijin.recommend.shelf import COST_COLUMNS, all_products, in_stock, item_worth, of_categories, requested_item
from shijin.steps.recommender import in_words, item_context, recommender_of
from shijin.workspace import Workspace

SHORT, LONG = 10, 100  # how many items for a customer, how many customers for an item, by default


@dataclass(frozen=True)
class RecommendOptions:
    """Options of recommendations.

    Parameters
    ----------
    k
        The greatest length of a list.
    exclude_bought
        Exclude items that the customer bought before.
    categories
        Recommend items of this category only, or of these.
    in_stock
        A file, or ids, of the items in stock: recommend only these.
    min_gap
        Exclude items that the customer bought within this time, such as "14d".
    diverse
        0..1, how much variety of categories counts against the chance.
    value_aware
        Order by the value of an item times the chance that it is bought.
    horizon, cutoff
        Within how many days an item is to be bought, the shop's horizon or 30 days where that is shorter; and as of
        when, the end of the data.
    customer, item
        One customer's list, or the customers for one item, instead of all lists.
    """

    k: int = SHORT
    exclude_bought: bool = False
    categories: str | Sequence[str] = ()
    in_stock: Path | str | Sequence[str] | pa.Array | None = None
    min_gap: str | int | None = None
    diverse: float = 0.0
    value_aware: bool = False
    horizon: str | int | None = None
    cutoff: str | date | None = None
    customer: str | None = None
    item: str | None = None

    @property
    def only(self) -> tuple[str, ...]:
        """The categories, however many are named."""
        return (self.categories,) if isinstance(self.categories, str) else tuple(self.categories)

    @property
    def filters(self) -> tuple[str, ...]:
        """The filters that are set, by their keys."""
        is_set_by_key = {
            "exclude_bought": self.exclude_bought,
            "category": bool(self.only),
            "in_stock": self.in_stock is not None,
            "min_gap": self.min_gap is not None,
        }
        return tuple(name for name, is_set in is_set_by_key.items() if is_set)

    @classmethod
    def of(cls, k: object, customer: object, item: object, named: Mapping[str, Any]) -> RecommendOptions:
        """Read options as a caller in Python names them; `category` is `categories`.

        Raises
        ------
        ConfigError
            When customer and item are both named, there is no such option, or a value is not a number.

        Examples
        --------
        >>> RecommendOptions.of(None, "c1", None, {"category": "Coffee"}).only
        ('Coffee',)
        >>> RecommendOptions.of("ten", None, None, {})
        Traceback (most recent call last):
        shijin.errors.ConfigError: k: 'ten' is not a whole number. Cure: write one such as 10.
        """
        if None not in (customer, item):
            raise ConfigError("steps.customer_and_item")
        k = length(None, item) if k is None else k
        chosen = {"categories" if name == "category" else name: value for name, value in named.items()}
        known = [field.name for field in fields(cls) if field.name not in ("k", "customer", "item")]
        for name in chosen:
            if name not in known:
                raise ConfigError("steps.no_such_option", name=name, suggestion=suggestion(name, known))
        if isinstance(k, bool) or not isinstance(k, Integral):
            raise ConfigError("steps.not_a_whole_number", key="k", value=k)
        if not isinstance(chosen.get("diverse", 0.0), Real):
            raise ConfigError("steps.diverse_out_of_range", key="diverse", value=chosen["diverse"])
        named_customer, named_item = (None if name is None else str(name) for name in (customer, item))
        return cls(int(k), **chosen, customer=named_customer, item=named_item)


def length(k: int | None, item: object) -> int:
    """The length of a list; by default ten items for a customer, and a hundred customers for an item."""
    return k if k is not None else (SHORT if item is None else LONG)


@dataclass(frozen=True)
class Prepared:
    """A request, with all that its results need besides.

    recommender : id of the recommender
    item : code of the item of `RecommendOptions.item`, -1 where none is named
    notes : what the results must be read with
    """

    request: ListRequest
    recommender: str
    item: int
    notes: list[Note]


def prepared(workspace: Workspace, options: RecommendOptions, now: datetime, progress: Progress | None) -> Prepared:
    """Check the options before anything long begins, and find or train the recommender.

    Raises
    ------
    ConfigError
        When an option has an impossible value, there is no such customer or item, or a filter leaves nothing.
    EmptyHistoryError
        When the shop has no items to choose from.
    """
    _refuse_impossible(options)
    context = excluding_recent(item_context(workspace, options.horizon, options.cutoff, now), options.min_gap)
    if options.customer is not None and options.customer not in context.history.customers:
        raise ConfigError("steps.no_such_customer", key="customer", customer=options.customer, day=context.day)
    allowed, notes = eligible_items(context, options)
    item = -1 if options.item is None else requested_item(context, options.item, allowed, options.filters)
    worth = None
    if options.value_aware:
        worth, note = item_worth(context, workspace.read("events", list(COST_COLUMNS)))
        notes.append(note)
    if options.diverse and not (context.catalogue.category[allowed] >= 0).any():
        notes.append({"code": "lists.no_categories"})
    allow_repeat = not options.exclude_bought
    id, recommender = recommender_of(workspace, context, in_words(workspace, progress), allow_repeat=allow_repeat)
    notes += training_notes(recommender)
    shape = ListShape(options.k, options.diverse, workspace.config.recommend.explore, _seed(id))
    return Prepared(ListRequest(context, recommender, allowed, worth, shape, allow_repeat), id, item, notes)


def eligible_items(context: ItemContext, options: RecommendOptions) -> tuple[Flags, list[Note]]:
    """(items,) what may be recommended: products that existed at the cutoff, of the categories, in stock.

    Raises
    ------
    ConfigError
        When a filter leaves nothing, or the shop has no such category.
    SourceError
        When the file of stock cannot be read.
    """
    allowed = of_categories(context, all_products(context), options.only)
    if options.in_stock is None:
        return allowed, []
    if isinstance(options.in_stock, Path | str):
        return in_stock(context, allowed, read_stock(Path(options.in_stock)), str(options.in_stock))
    return in_stock(context, allowed, pa.array(options.in_stock).cast(pa.string()))


def card_of(prepared: Prepared, options: RecommendOptions) -> dict[str, Any]:
    """The fields that the card of every kind of recommendation begins with."""
    named = {name: getattr(options, name) for name in ("k", "exclude_bought", "diverse", "value_aware")}
    named |= {"categories": list(options.only), "min_gap": options.min_gap}
    request = prepared.request
    named["in_stock"] = None if options.in_stock is None else int(request.allowed.sum())
    return {
        "recommender": prepared.recommender,
        "cutoff": request.context.day.isoformat(),
        "horizon_days": request.context.horizon_days,
        "options": named,
        "explore": request.shape.explore,
        "learnt": request.recommender.card(),
    }


def _refuse_impossible(options: RecommendOptions) -> None:
    if options.k < 1:
        raise ConfigError("steps.count_below_one", key="k", count=options.k)
    if options.item is None and options.k > SHORTLIST:
        raise ConfigError("steps.list_too_long", key="k", count=options.k, most=SHORTLIST)
    if not 0 <= options.diverse <= 1:
        raise ConfigError("steps.diverse_out_of_range", key="diverse", value=options.diverse)


def _seed(id: str) -> int:
    """The seed of the draws: it changes with the data and with nothing else."""
    return int.from_bytes(hashlib.sha256(id.encode()).digest()[:4], "big")
