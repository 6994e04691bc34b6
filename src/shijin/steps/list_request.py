"""What recommendations are made from: the options, the shop's items and their past, the recommender and its filters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from functools import cached_property
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints
from shijin.errors import ConfigError, suggestion
from shijin.notes import Note, Progress
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import known
from shijin.recommend.ranking.candidates import Query
from shijin.recommend.ranking.lists import Lists, Shape, make_lists
from shijin.recommend.ranking.newcomers import Bestsellers, bestsellers
from shijin.recommend.ranking.ranker import SHORTLIST
from shijin.recommend.ranking.recommender import Ranking, Recommender, over_batches
from shijin.recommend.reasons.reason_text import reason_args, reason_codes, reason_texts
from shijin.recommend.reasons.reasons import Shown, reasons_of
from shijin.schema import RECOMMENDATIONS
from shijin.steps.recommender import (
    ItemContext,
    in_words,
    item_context,
    recommender_of,
    taught_notes,
    within,
)
from shijin.steps.shelf import eligible_items, refuse_item, worth_of
from shijin.workspace import Workspace

SHORT, LONG = 10, 100  # how many items for a customer, how many customers for an item, where nobody says


Answer = TypeVar("Answer")


@dataclass(frozen=True)
class RecommendOptions:
    """What lists are to hold.

    Parameters
    ----------
    k
        How long they are at most.
    exclude_bought
        Leave out what a customer bought before.
    categories
        Only this one, or these.
    in_stock
        A file, or ids, of the items that are there.
    min_gap
        Leave out what a customer bought less than so long ago, such as "14d".
    diverse
        0..1, how much variety of categories counts against likeliness.
    value_aware
        Order by what an item brings times the chance that it is taken.
    horizon, cutoff
        How far ahead is asked, the shop's own or 30 days where that is shorter; and as of when, the end of the data.
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
        there = {
            "exclude_bought": self.exclude_bought,
            "category": bool(self.only),
            "in_stock": self.in_stock is not None,
            "min_gap": self.min_gap is not None,
        }
        return tuple(name for name, is_set in there.items() if is_set)

    @classmethod
    def of(cls, k: object, customer: object, item: object, named: Mapping[str, Any]) -> RecommendOptions:
        """Read options as a caller in Python names them; `category` is `categories`.

        Raises
        ------
        ConfigError
            When customer and item are both named, there is no such option, or a number is none.

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
    """How long a list is where nobody names a length: ten items for a customer, a hundred customers for an item."""
    return k if k is not None else (SHORT if item is None else LONG)


@dataclass(frozen=True)
class ListRequest:
    """All that lists, or who wants an item, are made from."""

    context: ItemContext
    id: str
    recommender: Recommender
    allowed: NDArray[np.bool_]
    worth: Floats | None
    shape: Shape
    notes: list[Note]
    allow_repeat: bool

    @cached_property
    def bestsellers(self) -> Bestsellers:
        """For customers of whom no item is known."""
        context = self.context
        return bestsellers(context.actions, context.history, self.allowed, context.horizon_days)

    def lists(self, rows: Ints | None, threads: int) -> Lists:
        """Lists of some customers, or of all."""
        category = self.context.catalogue.category

        def fill(ranking: Ranking) -> Lists:
            return make_lists(ranking, self.worth, category, self.shape)

        parts = list(self.each(fill, rows, threads))
        return Lists(*(np.concatenate([getattr(part, name) for part in parts]) for name in Lists.__annotations__))

    def each(self, use: Callable[[Ranking], Answer], rows: Ints | None, threads: int) -> Iterator[Answer]:
        """What is made of the candidates of each batch of customers, in order; bestsellers where nothing is known."""
        context = self.context
        eligible = context.catalogue.product & known(context.catalogue, context.actions)
        requested = None if np.array_equal(self.allowed, eligible) else self.allowed

        def answer(batch: tuple[Ints, Actions]) -> Answer:
            some, part = batch
            excluded = _barred_of(context.excluded, some, part.n_items)
            ranking = self.recommender.rank(Query(part, eligible, excluded, self.allow_repeat, requested))
            with_past = np.diff(part.offsets) > 0
            ranking = ranking.take(with_past[ranking.customer])
            of_known = replace(ranking, customer=some[ranking.customer])
            return use(of_known.and_also(self._newcomers(some[~with_past])))

        _ = self.bestsellers, self.recommender.ranker.booster  # made once, before threads ask for them
        return over_batches(answer, context.asked, rows, threads)

    def _newcomers(self, customers: Ints) -> Ranking:
        ranking = self.bestsellers.rank(customers)
        return ranking.take(
            ~np.isin(ranking.customer * self.context.asked.n_items + ranking.item, self.context.excluded)
        )


def list_request(
    workspace: Workspace,
    options: RecommendOptions,
    now: datetime,
    progress: Progress | None,
) -> ListRequest:
    """Check what is asked before anything long begins, and find the recommender that answers it.

    Raises
    ------
    ConfigError
        When an option says what cannot be, there is no such customer or item, or a filter leaves nothing.
    EmptyHistoryError
        When the shop has no items to choose among.
    """
    customer, item = options.customer, options.item
    if options.k < 1:
        raise ConfigError("steps.count_below_one", key="k", count=options.k)
    if item is None and options.k > SHORTLIST:
        raise ConfigError("steps.list_too_long", key="k", count=options.k, most=SHORTLIST)
    if not 0 <= options.diverse <= 1:
        raise ConfigError("steps.diverse_out_of_range", key="diverse", value=options.diverse)
    context = within(item_context(workspace, options.horizon, options.cutoff, now), options.min_gap)
    if customer is not None and customer not in context.history.customers:
        raise ConfigError("steps.no_such_customer", key="customer", customer=customer, day=context.day)
    allowed, notes = eligible_items(context, options.only, options.in_stock)
    if item is not None:
        refuse_item(context, item, allowed, options.filters)
    worth = None
    if options.value_aware:
        worth, how = worth_of(workspace, context)
        notes.append(how)
    if options.diverse and not (context.catalogue.category[allowed] >= 0).any():
        notes.append({"code": "lists.no_categories"})
    allow_repeat = not options.exclude_bought
    id, recommender = recommender_of(workspace, context, in_words(workspace, progress), allow_repeat=allow_repeat)
    notes += taught_notes(recommender)
    shape = Shape(options.k, options.diverse, workspace.config.recommend.explore, _seed(id))
    return ListRequest(context, id, recommender, allowed, worth, shape, notes, allow_repeat)


def _seed(id: str) -> int:
    """Draws change with the data, and with nothing else."""
    return int.from_bytes(hashlib.sha256(id.encode()).digest()[:4], "big")


def _barred_of(excluded: Ints, some: Ints, n_items: int) -> Ints:
    """The same for some customers, who are then numbered 0, 1, 2 ..."""
    first, last = np.searchsorted(excluded, some * n_items), np.searchsorted(excluded, (some + 1) * n_items)
    counts = last - first
    if not counts.sum():
        return excluded[:0]
    rows = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    return np.repeat(np.arange(len(some)), counts) * n_items + excluded[rows] % n_items


def lists_table(workspace: Workspace, request: ListRequest, lists: Lists) -> pa.Table:
    """Lay out lists as `schema.RECOMMENDATIONS`."""
    context = request.context
    reasons = reasons_in_words(
        workspace, request, Shown(lists.customer, lists.item, lists.explored)
    )  # takes the most room
    columns = {
        "customer_id": pa.array(context.history.customers, pa.string()).take(pa.array(lists.customer)),
        "rank": lists.rank.astype(np.int32),
        "item_id": pa.array(context.catalogue.items, pa.string()).take(pa.array(lists.item)),
        "score": lists.score,
        "propensity": lists.propensity,
        **reasons,
    }
    return pa.table(columns, schema=RECOMMENDATIONS)


def reasons_in_words(workspace: Workspace, request: ListRequest, shown: Shown) -> dict[str, pa.ChunkedArray]:
    """Give the reason of each row: its code, its arguments as JSON, its words in the shop's language."""
    context = request.context
    similar = request.recommender.members.neighbours
    reasons = reasons_of(context.actions, context.catalogue, shown, similar, context.horizon_days, context.asked)
    language = workspace.config.shop.locale
    return {
        "reason_code": reason_codes(reasons),
        "reason_args": reason_args(reasons, context.catalogue),
        "reason": reason_texts(reasons, context.catalogue, language),
    }


def card_of(request: ListRequest, options: RecommendOptions) -> dict[str, Any]:
    """The fields that the card of every kind of recommendation begins with."""
    named = {name: getattr(options, name) for name in ("k", "exclude_bought", "diverse", "value_aware")}
    named |= {"categories": list(options.only), "min_gap": options.min_gap}
    named["in_stock"] = None if options.in_stock is None else int(request.allowed.sum())
    return {
        "recommender": request.id,
        "cutoff": request.context.day.isoformat(),
        "horizon_days": request.context.horizon_days,
        "options": named,
        "explore": request.shape.explore,
        "learnt": request.recommender.card(),
    }


def counts_of(lists: Lists, table: pa.Table) -> dict[str, Any]:
    """What lists hold, in numbers, for their card."""
    counts = pc.value_counts(table["reason_code"]).to_pylist()
    return {
        "customers": len(np.unique(lists.customer)),
        "items": len(np.unique(lists.item)),
        "explored": int(lists.explored.sum()),
        "reasons": {row["values"]: row["counts"] for row in counts},
    }
