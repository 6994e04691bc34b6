"""Rankings: order and chances, the same whatever names, order and other customers; the customers for an item."""

from dataclasses import replace

import numpy as np
import pytest
from listshop import NOBODY, SimulatedShop, listed, past, simulated_shop
from numpy.typing import NDArray
from trainedshop import DAYS, trained

from shijin.recommend.members.members import fit_members
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.ranking import ranker
from shijin.recommend.ranking import recommender as recommender_module
from shijin.recommend.ranking.candidates import Query
from shijin.recommend.ranking.recommender import Ranking, Recommender, likely_customers
from shijin.recommend.ranking.training import train_recommender
from shijin.recommend.ranking.training_windows import TrainedOn, TrainingData, training_windows


@pytest.fixture(scope="module")
def by_windows() -> Recommender:
    return trained(simulated_shop(), "window")


# --- rankings ---------------------------------------------------------------------------------------------------------


def test_a_ranking_is_by_customer_and_falling_chance_between_0_and_1(by_windows: Recommender) -> None:
    ranking = by_windows.rank(simulated_shop().query())
    assert by_windows.ranker.trees
    assert ((ranking.chance > 0) & (ranking.chance < 1)).all()
    assert (np.diff(ranking.customer) >= 0).all()
    same = np.diff(ranking.customer) == 0
    assert (np.diff(ranking.score)[same] <= 0).all()
    assert (np.diff(ranking.chance)[same] <= 0).all()
    assert set(ranking.customer) == set(range(len(simulated_shop().actions)))


def test_all_chances_add_up_to_about_the_number_of_items_then_bought() -> None:
    shop = simulated_shop(400)
    window = next(training_windows(shop.actions, DAYS, "window"))
    recommender = train_recommender(TrainingData(window.actions, shop.catalogue, DAYS, "window"))
    ranking = recommender.rank(Query(window.actions, shop.catalogue.product, NOBODY, True))
    bought = np.isin(ranking.customer * shop.actions.n_items + ranking.item, window.targets).sum()
    assert ranking.chance.sum() == pytest.approx(bought, rel=0.3)


@pytest.mark.parametrize("allow_repeat", [True, False])
def test_requested_and_excluded_items_change_no_score_and_no_chance_of_the_rest(allow_repeat: bool) -> None:
    shop = simulated_shop()
    n = shop.actions.n_items
    recommender = trained(shop, "window", allow_repeat=allow_repeat)
    whole = recommender.rank(shop.query(allow_repeat=allow_repeat))
    requested, excluded = np.arange(n) % 3 > 0, np.arange(0, len(shop.actions) * n, 5)
    narrow = recommender.rank(replace(shop.query(allow_repeat=allow_repeat), requested=requested, excluded=excluded))
    stays = requested[whole.item] & ~np.isin(whole.customer * n + whole.item, excluded)
    kept = np.isin(narrow.customer * n + narrow.item, whole.customer * n + whole.item)
    assert_same(narrow.take(kept), whole.take(stays))
    assert 0 < stays.sum() < len(stays)


@pytest.mark.parametrize("allow_repeat", [True, False])
def test_a_customer_alone_has_the_same_list_as_among_all_to_the_bit(allow_repeat: bool) -> None:
    shop = simulated_shop()
    recommender = trained(shop, allow_repeat=allow_repeat)
    whole = recommender.rank(shop.query(allow_repeat=allow_repeat))
    for rows in [np.array([customer]) for customer in range(0, 150, 11)] + [np.arange(40, 90)]:
        part = recommender.rank(shop.query(rows, allow_repeat=allow_repeat))
        assert_same(replace(part, customer=rows[part.customer]), whole.take(np.isin(whole.customer, rows)))


def assert_same(one: Ranking, other: Ranking) -> None:
    for name in Ranking.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_two_threads_train_and_rank_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker, "MOST_TREES", 2)
    one, two = (trained(simulated_shop(), "window", threads=threads) for threads in (1, 2))
    assert one.ranker.trees
    assert (one.ranker.weights, one.ranker.curve) == (two.ranker.weights, two.ranker.curve)
    assert_same(two.rank(simulated_shop().query(), 2), one.rank(simulated_shop().query()))


# --- names ------------------------------------------------------------------------------------------------------------


def renamed(shop: SimulatedShop, code: NDArray[np.int64]) -> SimulatedShop:
    """The same shop where item i is called code[i]."""
    actions, catalogue = shop.actions, shop.catalogue
    item = code[actions.item].astype(np.int32)
    order = np.lexsort((actions.kind, item, actions.ts, actions.customer))
    moved = {name: getattr(actions, name)[order] for name in ("ts", "kind", "quantity", "amount", "channel")}
    back = np.argsort(code)
    of_items = ("items", "names", "category", "brand", "listed_price", "product")
    listed_anew = {name: getattr(catalogue, name)[back] for name in of_items}
    return SimulatedShop(shop.history, replace(actions, item=item[order], **moved), replace(catalogue, **listed_anew))


@pytest.mark.parametrize("trained_on", ["window", "last"])
@pytest.mark.parametrize("seed", [4, 5])
def test_items_of_other_codes_have_the_same_lists_to_the_bit(trained_on: TrainedOn, seed: int) -> None:
    shop = simulated_shop(120)
    code = np.random.default_rng(seed).permutation(shop.actions.n_items)
    other = renamed(shop, code)
    one, two = trained(shop, trained_on), trained(other, trained_on)
    assert one.ranker.trees
    ranking = one.rank(shop.query())
    assert_same(two.rank(other.query()), replace(ranking, item=code[ranking.item]))


def test_customers_in_another_order_have_the_same_lists(by_windows: Recommender) -> None:
    shop = simulated_shop()
    order = np.random.default_rng(2).permutation(len(shop.actions))
    whole, moved = by_windows.rank(shop.query()), by_windows.rank(shop.query(order))
    for place in range(0, len(order), 7):
        assert_same(
            replace(moved.take(moved.customer == place), customer=NOBODY),
            replace(whole.take(whole.customer == order[place]), customer=NOBODY),
        )


# --- customers for an item --------------------------------------------------------------------------------------------


def test_all_customers_are_ranked_for_an_item_where_they_are_not_too_many(by_windows: Recommender) -> None:
    assert likely_customers(by_windows.members, simulated_shop().actions, 3).tolist() == list(range(150))


def test_of_too_many_the_likeliest_customers_and_those_who_had_the_item_are_ranked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recommender_module, "MOST_CUSTOMERS", 5)
    actions = past("a b", "a b", "a", "c?", "b?", "d", "")
    members = fit_members(actions, listed(4, "x..x"), DAYS, "cutoff")
    assert likely_customers(members, actions, 0).tolist() == [0, 1, 2, 4, 5]  # 5 has another of its category
    assert likely_customers(members, actions, 1).tolist() == [0, 1, 2, 3, 4]  # the first of equal ones
    assert likely_customers(members, actions, 2).tolist() == [0, 1, 2, 3, 4]
    monkeypatch.setattr(recommender_module, "MOST_CUSTOMERS", 2)
    assert likely_customers(members, actions, 2).tolist() == [0, 3]
    assert likely_customers(members, actions, 1).tolist() == [0, 2]  # 1 is as likely as 0, and comes later


def test_of_too_many_most_customers_with_the_item_on_top_are_ranked(
    by_windows: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = simulated_shop()
    monkeypatch.setattr(recommender_module, "MOST_CUSTOMERS", 149)
    ranking = by_windows.rank(shop.query())
    place = np.arange(len(ranking.item)) - np.searchsorted(ranking.customer, ranking.customer)
    missed = 0
    for item in range(shop.actions.n_items):
        some = likely_customers(by_windows.members, shop.actions, item)
        assert (np.diff(some) > 0).all()
        missed += len(set(ranking.customer[(ranking.item == item) & (place < 5)]) - set(some))
    assert missed <= 0.02 * 5 * 150


def test_items_that_nobody_touched_are_ranked_too() -> None:
    catalogue: Catalogue = listed(4, touched=2)
    actions = past("a b", "b a", "a b")
    ranking = train_recommender(TrainingData(actions, catalogue, 2)).rank(
        Query(actions, catalogue.product, NOBODY, True)
    )
    assert set(ranking.item.tolist()) == {0, 1, 2, 3}
