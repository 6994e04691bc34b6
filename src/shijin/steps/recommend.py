"""recommend: what each customer wants next, as lists with reasons, of everybody or of one."""

from __future__ import annotations

import hashlib
import json
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
from shijin.errors import ConfigError
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
from shijin.steps.affinity import ROWS as AFFINITIES
from shijin.steps.affinity import affinity_of
from shijin.steps.demand import demand_of, keep_demand
from shijin.steps.recommender import (
    ItemContext,
    in_words,
    item_context,
    keep,
    recommender_of,
    score_beside,
    taught_notes,
    within,
)
from shijin.steps.score import LATEST, looks_back
from shijin.steps.shelf import eligible_items, refuse_item, worth_of
from shijin.threads import one_blas_thread
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started

ROWS, CARD = "recommendations.parquet", "recommendations.json"
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

    @property
    def only(self) -> tuple[str, ...]:
        """The categories, however many are named."""
        return (self.categories,) if isinstance(self.categories, str) else tuple(self.categories)

    @property
    def filters(self) -> tuple[str, ...]:
        """The filters that are set, as the command line calls them."""
        given = {
            "--exclude-bought": self.exclude_bought,
            "--category": bool(self.only),
            "--in-stock": self.in_stock is not None,
            "--min-gap": self.min_gap is not None,
        }
        return tuple(name for name, there in given.items() if there)

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
        shijin.errors.ConfigError: k: 'ten' is no whole number. Cure: write one such as 10.
        """
        if None not in (customer, item):
            raise ConfigError("a customer and an item are named", "recommend", "name one of the two")
        k = (SHORT if item is None else LONG) if k is None else k
        told = {"categories" if name == "category" else name: value for name, value in named.items()}
        known = [field.name for field in fields(cls) if field.name != "k"]
        for name in told:
            if name not in known:
                raise ConfigError(f"no option {name!r}", "recommend", f"there are {', '.join(known)}")
        if isinstance(k, bool) or not isinstance(k, Integral):
            raise ConfigError(f"{k!r} is no whole number", "k", "write one such as 10")
        if not isinstance(told.get("diverse", 0.0), Real):
            raise ConfigError(f"{told['diverse']!r} is no number", "diverse", "choose 0 to 1")
        return cls(int(k), **told)


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

        def fill(wanted: Ranking) -> Lists:
            return make_lists(wanted, self.worth, category, self.shape)

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
            found = self.recommender.rank(Query(part, eligible, excluded, self.allow_repeat, requested))
            with_past = np.diff(part.offsets) > 0
            found = found.take(with_past[found.customer])
            return use(replace(found, customer=some[found.customer]).and_also(self._newcomers(some[~with_past])))

        _ = self.bestsellers, self.recommender.ranker.booster  # made once, before threads ask for them
        return over_batches(answer, context.asked, rows, threads)

    def _newcomers(self, customers: Ints) -> Ranking:
        found = self.bestsellers.rank(customers)
        return found.take(~np.isin(found.customer * self.context.asked.n_items + found.item, self.context.excluded))


def recommend(
    workspace: Workspace, options: RecommendOptions, now: datetime, progress: Progress | None = None
) -> tuple[Receipt, pa.Table]:
    """Make every customer's list, and put lists, interests and the demand for items beside the newest forecast.

    Returns
    -------
    Receipt
        ``inputs``: the card: id of the score, options, what the recommender learnt from, counts, notes; among these
        also that the data go on after the cutoff.
    Table
        `schema.RECOMMENDATIONS`, customers in the order of their histories.

    Raises
    ------
    ConfigError
        When an option says what cannot be, or the filters leave nothing for anybody.
    EmptyHistoryError
        When the shop has no items to choose among.
    """
    request = list_request(workspace, options, progress)
    context, threads = request.context, workspace.config.engine.threads
    told = in_words(workspace, progress)
    interests, (expected, foretold) = (
        affinity_of(workspace, context),
        demand_of(context),
    )  # before lists fill the memory
    with one_blas_thread():
        lists = request.lists(None, threads)
        if not len(lists.item):
            raise _nothing_left(options, "anybody", "--all")
        told("reasons", 0, 1)
        table = _table(workspace, request, lists)
    told("reasons", 1, 1)
    request.notes.extend(_left_out(request, lists))
    counted = _counted(lists, table)
    del lists
    id = score_beside(workspace, context, now)
    keep(workspace, request.id, request.recommender)
    card = card_of(request, options) | {"score": id, **counted}
    with workspace.lock():
        workspace.write_rows(f"scores/{id}/{ROWS}", table)
        workspace.write_rows(f"scores/{id}/{AFFINITIES}", interests)
        workspace.write_text(f"scores/{id}/{CARD}", json.dumps(card, indent=1, ensure_ascii=False) + "\n")
    outputs = tuple(f"scores/{id}/{name}" for name in (ROWS, AFFINITIES, CARD))
    outputs += keep_demand(workspace, expected, {"score": id, **foretold})
    said = card | {"notes": [*card["notes"], *looks_back(workspace, card["cutoff"])]}
    receipt = Receipt("recommend", started(now), inputs=said, rows={"rows": table.num_rows}, outputs=outputs)
    workspace.write_receipt(receipt)
    return receipt, table


def recommend_to(
    workspace: Workspace, options: RecommendOptions, customer: str, now: datetime, progress: Progress | None = None
) -> tuple[Receipt, pa.Table]:
    """Make one customer's list; the receipt keeps what was shown, with its propensities.

    Raises
    ------
    ConfigError
        When there is no such customer, or as in `recommend`.
    """
    request = list_request(workspace, options, progress, customer)
    context = request.context
    row = np.flatnonzero(context.history.customers == customer)
    lists = request.lists(row, 1)
    if not len(lists.item):
        raise _nothing_left(options, repr(customer), "customer")
    table = _table(workspace, request, lists)
    names = dict(zip(table["item_id"].to_pylist(), context.catalogue.names[lists.item].tolist(), strict=True))
    card = card_of(request, options) | _counted(lists, table) | {"customer": customer, "names": names, "score": None}
    shown = table.select(["rank", "item_id", "score", "propensity"]).to_pylist()
    keep(workspace, request.id, request.recommender)
    receipt = Receipt("recommend", started(now), inputs=card | {"shown": shown}, rows={"rows": table.num_rows})
    workspace.write_receipt(receipt)
    return receipt, table


def latest_lists(workspace: Workspace) -> tuple[dict[str, Any], pa.Table] | None:
    """Card and lists that stand beside the newest forecast; None where there are none."""
    if not (workspace.root / LATEST).exists():
        return None
    id = workspace.read_json(LATEST, "id")["id"]
    if not (workspace.root / "scores" / str(id) / CARD).exists():
        return None
    keys = ("cutoff", "horizon_days", "options", "explore", "customers", "items", "notes")
    card = workspace.read_json(f"scores/{id}/{CARD}", *keys)
    return card, workspace.read_rows(f"scores/{id}/{ROWS}", RECOMMENDATIONS)


def list_request(
    workspace: Workspace,
    options: RecommendOptions,
    progress: Progress | None,
    customer: str | None = None,
    item: str | None = None,
) -> ListRequest:
    """Check what is asked before anything long begins, and find the recommender that answers it.

    Raises
    ------
    ConfigError
        When an option says what cannot be, there is no such customer or item, or a filter leaves nothing.
    EmptyHistoryError
        When the shop has no items to choose among.
    """
    if options.k < 1 or (item is None and options.k > SHORTLIST):
        most = f"to {SHORTLIST}" if item is None else "or more"
        raise ConfigError(f"a list of {options.k}", "--k", f"ask for 1 {most}")
    if not 0 <= options.diverse <= 1:
        raise ConfigError(f"{options.diverse}", "--diverse", "choose 0 (by score alone) to 1 (by variety alone)")
    context = within(item_context(workspace, options.horizon, options.cutoff), options.min_gap)
    if customer is not None and customer not in context.history.customers:
        problem = f"no customer {customer!r} with a history before {context.day}"
        raise ConfigError(problem, "customer", "write the id as it stands in the order file")
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


def _nothing_left(options: RecommendOptions, whom: str, where: str) -> ConfigError:
    problem = f"nothing is left to recommend to {whom}"
    if not options.filters:
        return ConfigError(problem, where, "collect orders of more items")
    return ConfigError(f"{problem} after {' and '.join(options.filters)}", where, "leave out a filter")


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


def _table(workspace: Workspace, request: ListRequest, lists: Lists) -> pa.Table:
    context = request.context
    said = reasons_in_words(
        workspace, request, Shown(lists.customer, lists.item, lists.explored)
    )  # takes the most room
    columns = {
        "customer_id": pa.array(context.history.customers, pa.string()).take(pa.array(lists.customer)),
        "rank": lists.rank.astype(np.int32),
        "item_id": pa.array(context.catalogue.items, pa.string()).take(pa.array(lists.item)),
        "score": lists.score,
        "propensity": lists.propensity,
        **said,
    }
    return pa.table(columns, schema=RECOMMENDATIONS)


def reasons_in_words(workspace: Workspace, request: ListRequest, shown: Shown) -> dict[str, pa.ChunkedArray]:
    """Give the reason of each row: its code, its arguments as JSON, its words in the shop's language."""
    context = request.context
    similar = request.recommender.members.neighbours
    found = reasons_of(context.actions, context.catalogue, shown, similar, context.horizon_days, context.asked)
    language = workspace.config.shop.locale
    return {
        "reason_code": reason_codes(found),
        "reason_args": reason_args(found, context.catalogue),
        "reason": reason_texts(found, context.catalogue, language),
    }


def _left_out(request: ListRequest, lists: Lists) -> list[Note]:
    """Who got bestsellers or nothing, where anybody did."""
    newcomers = int((np.diff(request.context.asked.offsets) == 0).sum())
    unlisted = len(request.context.history) - len(np.unique(lists.customer))
    counts = {"lists.newcomers": newcomers, "lists.unlisted": unlisted}
    return [{"code": code, "customers": customers} for code, customers in counts.items() if customers]


def card_of(request: ListRequest, options: RecommendOptions) -> dict[str, Any]:
    """What every receipt says: what was asked, and what answered."""
    kept = {name: getattr(options, name) for name in ("k", "exclude_bought", "diverse", "value_aware")}
    kept |= {"categories": list(options.only), "min_gap": options.min_gap}
    kept["in_stock"] = None if options.in_stock is None else int(request.allowed.sum())
    return {
        "recommender": request.id,
        "cutoff": request.context.day.isoformat(),
        "horizon_days": request.context.horizon_days,
        "options": kept,
        "explore": request.shape.explore,
        "learnt": request.recommender.card(),
        "notes": request.notes,
    }


def _counted(lists: Lists, table: pa.Table) -> dict[str, Any]:
    """What lists hold, in numbers, for their card."""
    counts = pc.value_counts(table["reason_code"]).to_pylist()
    return {
        "customers": len(np.unique(lists.customer)),
        "items": len(np.unique(lists.item)),
        "explored": int(lists.explored.sum()),
        "reasons": {row["values"]: row["counts"] for row in counts},
    }
