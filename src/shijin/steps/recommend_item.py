"""recommend --item: who wants one item most, as a list to send."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa

from shijin.arrays import Ints
from shijin.errors import ConfigError, Options
from shijin.notes import Progress
from shijin.recommend.ranking.recommender import Ranking, likeliest
from shijin.recommend.reasons.reasons import Shown
from shijin.schema import WANTED_BY
from shijin.steps.cards import ItemCustomersCard
from shijin.steps.list_request import RecommendOptions, card_of, list_request, reasons_in_words
from shijin.steps.receipts import receipt_of
from shijin.steps.recommender import keep
from shijin.threads import one_blas_thread
from shijin.workspace import Result, Workspace


def customers_for_item(
    workspace: Workspace, options: RecommendOptions, item: str, now: datetime, progress: Progress | None
) -> Result[ItemCustomersCard]:
    """Find the customers who are likeliest to want one item: a list to send.

    Returns
    -------
    Result
        Table "item_customers": `schema.WANTED_BY`, the likeliest customer first, `k` at most, without customers who
        have the item not among their hundred likeliest.

    Raises
    ------
    ConfigError
        When there is no such item, or it is not a product, no customer may want it, or its customers are to be
        ordered by anything but their probability.
    """
    chosen = {"diverse": options.diverse, "value_aware": options.value_aware}
    named = [name for name, value in chosen.items() if value]
    if named:
        raise ConfigError("steps.item_takes_no_order", options=Options(named))
    request = list_request(workspace, options, now, progress)
    context, threads = request.context, workspace.config.engine.threads
    code = int(context.catalogue.codes(pa.array([item]))[0])
    rows = likeliest(request.recommender.members, context.asked, code)

    def mine(ranking: Ranking) -> tuple[Ranking, Ints]:
        chosen = ranking.item == code
        place = np.arange(len(chosen)) - np.searchsorted(ranking.customer, ranking.customer) + 1
        return ranking.take(chosen), place[chosen]

    with one_blas_thread():
        parts = list(request.each(mine, rows, threads))
    ranking, place = Ranking.together([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    likely = ranking.likely
    order = np.lexsort((place, -likely))[: options.k]
    if not len(order):
        raise ConfigError("steps.nobody_for_item", key="item", item=item)
    by_customer = np.argsort(ranking.customer[order], kind="stable")
    shown = Shown(
        ranking.customer[order][by_customer], ranking.item[order][by_customer], np.zeros(len(order), dtype=bool)
    )
    reasons = reasons_in_words(workspace, request, shown)
    back = np.argsort(by_customer, kind="stable")
    columns = {
        "customer_id": pa.array(context.history.customers, pa.string()).take(pa.array(ranking.customer[order])),
        "rank": np.arange(1, len(order) + 1, dtype=np.int32),
        "score": likely[order],
        "place": place[order].astype(np.int32),
        **{name: column.take(pa.array(back)) for name, column in reasons.items()},
    }
    table = pa.table(columns, schema=WANTED_BY)
    card = ItemCustomersCard(**card_of(request, options), item=item, name=str(context.catalogue.names[code]))
    keep(workspace, request.id, request.recommender)
    receipt = receipt_of(workspace, "recommend", options, card, now, rows={"rows": table.num_rows})
    tables = {"item_customers": table}
    return Result("item_customers", card, receipt, tables, notes=tuple(request.notes), shown=(*tables,))
