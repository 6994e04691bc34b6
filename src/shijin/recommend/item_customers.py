"""The customers for one item: those most likely to buy it next, the likeliest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shijin.arrays import Floats, Ints
from shijin.errors import ConfigError
from shijin.recommend.ranking.recommender import Ranking, likely_customers
from shijin.recommend.request import ListRequest
from shijin.threads import one_blas_thread


@dataclass(frozen=True)
class ItemCustomers:
    """c customers for one item, the likeliest first.

    item : its code
    customer : (c,) int64, position
    score : (c,) float64, the chance that the customer buys the item; the ranking score where no chance is known
    place : (c,) int64, the item's place in the customer's ranking, from 1
    """

    item: int
    customer: Ints
    score: Floats
    place: Ints

    def __len__(self) -> int:
        return len(self.customer)


def rank_customers(request: ListRequest, item: str, code: int, most: int, threads: int) -> ItemCustomers:
    """Rank the customers of one item.

    Parameters
    ----------
    item, code
        Id and code of the item; the request allows it.
    most
        How many customers at most.

    Returns
    -------
    ItemCustomers
        Without customers whose hundred best candidates lack the item.

    Raises
    ------
    ConfigError
        When there is no such customer.
    """
    rows = likely_customers(request.recommender.members, request.context.after_feedback, code)

    def of_item(ranking: Ranking) -> tuple[Ranking, Ints]:
        chosen = ranking.item == code
        place = np.arange(len(chosen)) - np.searchsorted(ranking.customer, ranking.customer) + 1
        return ranking.take(chosen), place[chosen]

    with one_blas_thread():
        parts = list(request.map_rankings(of_item, rows, threads))
    ranking, place = Ranking.joined([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    score = ranking.chance_or_score
    order = np.lexsort((place, -score))[:most]
    if not len(order):
        raise ConfigError("recommend.nobody_for_item", key="item", item=item)
    return ItemCustomers(code, ranking.customer[order], score[order], place[order])
