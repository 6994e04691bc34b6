"""Lists, and the customers of an item, as tables with a reason for each row in the shop's language."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from shijin.recommend.item_customers import ItemCustomers
from shijin.recommend.ranking.lists import Lists
from shijin.recommend.reasons.reason_text import reason_args, reason_codes, reason_texts
from shijin.recommend.reasons.reasons import Shown, reasons_of
from shijin.recommend.request import ListRequest
from shijin.schema import RECOMMENDATIONS, WANTED_BY
from shijin.words import Language


def lists_table(request: ListRequest, lists: Lists, language: Language) -> pa.Table:
    """Lay out lists as `schema.RECOMMENDATIONS`."""
    context = request.context
    shown = Shown(lists.customer, lists.item, lists.explored)
    reasons = reason_columns(request, shown, language)  # first, since it needs the most memory
    columns = {
        "customer_id": pa.array(context.history.customers, pa.string()).take(pa.array(lists.customer)),
        "rank": lists.rank.astype(np.int32),
        "item_id": pa.array(context.catalogue.items, pa.string()).take(pa.array(lists.item)),
        "score": lists.score,
        "propensity": lists.propensity,
        **reasons,
    }
    return pa.table(columns, schema=RECOMMENDATIONS)


def item_customers_table(request: ListRequest, ranked: ItemCustomers, language: Language) -> pa.Table:
    """Lay out the customers of one item as `schema.WANTED_BY`."""
    n = len(ranked)
    by_customer = np.argsort(ranked.customer, kind="stable")  # reasons are counted by customer, then put back in order
    item = np.full(n, ranked.item, dtype=np.int32)
    shown = Shown(ranked.customer[by_customer], item, np.zeros(n, dtype=bool))
    reasons = reason_columns(request, shown, language)
    back = pa.array(np.argsort(by_customer, kind="stable"))
    customers = pa.array(request.context.history.customers, pa.string())
    columns = {
        "customer_id": customers.take(pa.array(ranked.customer)),
        "rank": np.arange(1, n + 1, dtype=np.int32),
        "score": ranked.score,
        "place": ranked.place.astype(np.int32),
        **{name: column.take(back) for name, column in reasons.items()},
    }
    return pa.table(columns, schema=WANTED_BY)


def reason_columns(request: ListRequest, shown: Shown, language: Language) -> dict[str, pa.ChunkedArray]:
    """The reason of each row: its code, its arguments as JSON, its sentence."""
    context, similar = request.context, request.recommender.members.neighbours
    pasts = context.after_feedback
    reasons = reasons_of(context.actions, context.catalogue, shown, similar, context.horizon_days, pasts)
    return {
        "reason_code": reason_codes(reasons),
        "reason_args": reason_args(reasons, context.catalogue),
        "reason": reason_texts(reasons, context.catalogue, language),
    }
