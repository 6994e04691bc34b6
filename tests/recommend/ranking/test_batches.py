"""Batches of customers: everybody once, in order, and the same rankings."""

from dataclasses import replace

import numpy as np
import pytest
from listshop import NOBODY, simulated_shop
from trainedshop import trained

from shijin.arrays import Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.ranking import batches as batches_module
from shijin.recommend.ranking.batches import batches, map_batches
from shijin.recommend.ranking.candidates import Query
from shijin.recommend.ranking.recommender import Ranking, Recommender


@pytest.fixture(scope="module")
def by_windows() -> Recommender:
    return trained(simulated_shop(), "window")


def assert_same(one: Ranking, other: Ranking) -> None:
    for name in Ranking.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_batches_hold_every_customer_once_and_change_no_ranking(
    by_windows: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = simulated_shop()
    monkeypatch.setattr(batches_module, "AT_ONCE", 1)
    parts = list(batches(shop.actions))
    assert [len(rows) for rows, _ in parts] == [64, 64, 22]
    assert np.concatenate([rows for rows, _ in parts]).tolist() == list(range(150))

    def ranked(batch: tuple[Ints, Actions]) -> Ranking:
        rows, part = batch
        ranking = by_windows.rank(Query(part, shop.catalogue.product, NOBODY, True))
        return replace(ranking, customer=rows[ranking.customer])

    whole = by_windows.rank(shop.query())
    for threads in (1, 2):
        assert_same(Ranking.joined(list(map_batches(ranked, shop.actions, None, threads))), whole)
    some = np.array([5, 149])
    assert_same(
        Ranking.joined(list(map_batches(ranked, shop.actions, some, 1))), whole.take(np.isin(whole.customer, some))
    )
