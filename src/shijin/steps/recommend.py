"""recommend: what each customer is likely to buy next, as lists with reasons, of all customers or of one."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import numpy as np

from shijin.errors import ConfigError, Options
from shijin.notes import Progress, silent
from shijin.recommend.cards import list_counts, newcomer_notes
from shijin.recommend.demand.demand import demand_of
from shijin.recommend.tables import lists_table
from shijin.steps.affinity import affinity_of, interests
from shijin.steps.cards import CustomerListCard, DemandCard, ListsCard
from shijin.steps.kinds import DEMAND_ROWS, DEMANDED, INTERESTS, ITEMS_BACKTEST, LIST_ROWS, LISTS, artifacts_of
from shijin.steps.list_request import RecommendOptions, card_of, prepared
from shijin.steps.receipts import receipt_of
from shijin.steps.recommend_item import customers_for_item
from shijin.steps.recommender import keep, score_for_lists
from shijin.steps.score import looks_back
from shijin.threads import one_blas_thread
from shijin.workspace import Content, Result, Workspace


def recommend(
    workspace: Workspace, options: RecommendOptions, now: datetime, progress: Progress | None = None
) -> Result[Any]:
    """Recommend items to every customer, to one customer, or find the customers for one item.

    Returns
    -------
    Result
        "recommendations", with every customer's list: `schema.RECOMMENDATIONS`, in the order of their histories;
        "customer_recommendations" with one list; or "item_customers": `schema.WANTED_BY`.

    Raises
    ------
    ConfigError
        When an option has an impossible value, there is no such customer or item, or the filters leave nothing.
    EmptyHistoryError
        When the shop has no items to choose among.
    """
    if options.customer is not None:
        return _to_customer(workspace, options, options.customer, now, progress)
    if options.item is not None:
        return customers_for_item(workspace, options, options.item, now, progress)
    return _to_everybody(workspace, options, now, progress)


def _to_everybody(
    workspace: Workspace, options: RecommendOptions, now: datetime, progress: Progress | None
) -> Result[ListsCard]:
    """Make every customer's list, and put lists, interests and the demand for items next to the newest forecast."""
    ready = prepared(workspace, options, now, progress)
    request, notes = ready.request, ready.notes
    context, threads, artifacts = request.context, workspace.config.engine.threads, artifacts_of(workspace)
    report = partial(progress or silent, {"code": "lists.reasons"})
    affinity, (expected, figures) = affinity_of(workspace, context), demand_of(context)  # before lists fill the memory
    with one_blas_thread():
        lists = request.lists(None, threads)
        if not len(lists.item):
            raise _nothing_left(options)
        report(0, 1)
        table = lists_table(request, lists, workspace.config.shop.locale)
    report(1, 1)
    notes.extend(newcomer_notes(request, lists))
    counts = list_counts(lists, table)
    del lists
    id = score_for_lists(workspace, context, now)
    keep(workspace, ready.recommender, request.recommender)
    source = artifacts.source(LISTS) | {"judged_by": artifacts.fingerprint(ITEMS_BACKTEST)}
    card = ListsCard(**card_of(ready, options), notes=notes, score=id, **counts, **source)
    demand = DemandCard(score=id, **figures, **artifacts.source(DEMANDED))
    with workspace.lock():
        outputs = (
            *artifacts.attach(LISTS, id, Content(card, {LIST_ROWS: table})),
            *artifacts.attach(INTERESTS, id, interests(workspace, context, id, affinity)),
            *artifacts.attach(DEMANDED, id, Content(demand, {DEMAND_ROWS: expected})),
        )
    receipt = receipt_of(workspace, "recommend", options, card, now, outputs=outputs, rows={"rows": table.num_rows})
    notes = [*notes, *looks_back(workspace, card.cutoff)]
    return Result("recommendations", card, receipt, {"recommendations": table}, id, notes=tuple(notes))


def _to_customer(
    workspace: Workspace, options: RecommendOptions, customer: str, now: datetime, progress: Progress | None
) -> Result[CustomerListCard]:
    """Make one customer's list; the receipt keeps its entries with their propensities."""
    ready = prepared(workspace, options, now, progress)
    request, context = ready.request, ready.request.context
    row = np.flatnonzero(context.history.customers == customer)
    lists = request.lists(row, 1)
    if not len(lists.item):
        raise _nothing_left(options)
    table = lists_table(request, lists, workspace.config.shop.locale)
    names = dict(zip(table["item_id"].to_pylist(), context.catalogue.names[lists.item].tolist(), strict=True))
    entries = table.select(["rank", "item_id", "score", "propensity"]).to_pylist()
    counts = list_counts(lists, table)
    card = CustomerListCard(**card_of(ready, options), **counts, customer=customer, names=names, entries=entries)
    keep(workspace, ready.recommender, request.recommender)
    receipt = receipt_of(workspace, "recommend", options, card, now, rows={"rows": table.num_rows})
    tables = {"recommendations": table}
    return Result("customer_recommendations", card, receipt, tables, notes=tuple(ready.notes), shown=(*tables,))


def _nothing_left(options: RecommendOptions) -> ConfigError:
    code = "steps.nothing_left" if options.filters else "steps.no_items_left"
    key = "all" if options.customer is None else "customer"
    return ConfigError(code, key=key, filters=Options(options.filters))
