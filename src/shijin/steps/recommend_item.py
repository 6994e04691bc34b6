"""recommend for an item: the customers most likely to buy it next, as a list to send."""

from __future__ import annotations

from datetime import datetime

from shijin.errors import ConfigError, Options
from shijin.notes import Progress
from shijin.recommend.item_customers import rank_customers
from shijin.recommend.tables import item_customers_table
from shijin.steps.cards import ItemCustomersCard
from shijin.steps.list_request import RecommendOptions, card_of, prepared
from shijin.steps.receipts import receipt_of
from shijin.steps.recommender import keep
from shijin.workspace import Result, Workspace


def customers_for_item(
    workspace: Workspace, options: RecommendOptions, item: str, now: datetime, progress: Progress | None
) -> Result[ItemCustomersCard]:
    """Find the customers who are most likely to buy one item next: a list to send.

    Returns
    -------
    Result
        Table "item_customers": `schema.WANTED_BY`, the likeliest customer first, `k` at most, without customers whose
        hundred likeliest items lack it.

    Raises
    ------
    ConfigError
        When there is no such item, or it is not a product, no customer is likely to buy it, or its customers are to be
        ordered by anything but their probability.
    """
    chosen = {"diverse": options.diverse, "value_aware": options.value_aware}
    named = [name for name, value in chosen.items() if value]
    if named:
        raise ConfigError("steps.item_takes_no_order", options=Options(named))
    ready = prepared(workspace, options, now, progress)
    request, language = ready.request, workspace.config.shop.locale
    customers = rank_customers(request, item, ready.item, options.k, workspace.config.engine.threads)
    table = item_customers_table(request, customers, language)
    name = str(request.context.catalogue.names[ready.item])
    card = ItemCustomersCard(**card_of(ready, options), item=item, name=name)
    keep(workspace, ready.recommender, request.recommender)
    receipt = receipt_of(workspace, "recommend", options, card, now, rows={"rows": table.num_rows})
    tables = {"item_customers": table}
    return Result("item_customers", card, receipt, tables, notes=tuple(ready.notes), shown=(*tables,))
