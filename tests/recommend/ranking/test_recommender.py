"""Learning and answering: what teaches, that no outcome is seen, and that names, order and company change nothing."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from listshop import NOBODY, Floor, floor, listed, past
from numpy.typing import NDArray

from shijin.arrays import Ints
from shijin.recommend.members.members import fit_members
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.ranking import ranker
from shijin.recommend.ranking import recommender as room
from shijin.recommend.ranking.candidates import Query, candidates
from shijin.recommend.ranking.recommender import Ranking, Recommender, batches, learn, likeliest, over_batches
from shijin.recommend.ranking.training_windows import TrainedOn, TrainingData, teachings
from shijin.represent.packed import DAY_US
from shijin.sampling import evenly

DAYS = 30


def learnt(
    shop: Floor, trained_on: TrainedOn | None = None, *, allow_repeat: bool = True, threads: int = 1
) -> Recommender:
    return learn(TrainingData(shop.actions, shop.catalogue, DAYS, trained_on, threads), allow_repeat=allow_repeat)


@pytest.fixture(scope="module")
def by_windows() -> Recommender:
    return learnt(floor(), "window")


# --- what is learnt ---------------------------------------------------------------------------------------------------


def test_where_nobody_came_back_nothing_is_learnt_and_the_popular_come_first() -> None:
    actions = past("a", "a", "b", "c")
    recommender = learn(TrainingData(actions, listed(4), DAYS))
    assert (recommender.trained_on, recommender.lists, recommender.ranker.curve) == ("nothing", 0, None)
    found = recommender.rank(Query(actions, listed(4).product, NOBODY, True))
    assert (found.chance == 0).all()
    assert found.item[found.customer == 2].tolist()[:2] == [1, 0]  # the own one, then what sells best


def test_where_enough_lists_teach_older_windows_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = learnt(floor(), "window")
    monkeypatch.setattr(room, "ENOUGH_LISTS", 1)
    assert learnt(floor(), "window").lists < whole.lists / 2


# --- no outcome is seen -----------------------------------------------------------------------------------------------


def with_other_future(actions: Actions, cutoff: int, seed: int = 1) -> Actions:
    """The same past with other items at other moments from a cutoff on."""
    dice = np.random.default_rng(seed)
    later = np.flatnonzero(actions.ts >= cutoff)
    item, kind = actions.item.copy(), actions.kind.copy()
    item[later] = dice.integers(0, actions.n_items, len(later))
    kind[later] = dice.permutation(kind[later])
    return replace(actions, item=item, kind=kind, amount=np.where(actions.ts >= cutoff, 1e6, actions.amount))


@pytest.mark.parametrize("back", [1, 2])
def test_what_happens_in_a_window_reaches_no_column_of_its_examples(back: int) -> None:
    shop = floor()
    cutoff = shop.actions.now - back * DAYS * DAY_US
    columns = []
    for actions in (shop.actions, with_other_future(shop.actions, cutoff)):
        teaching = next(islice(teachings(actions, DAYS, "window"), back - 1, None))
        members = fit_members(teaching.actions, shop.catalogue, DAYS, "cutoff")
        columns.append(candidates(members, Query(teaching.actions, shop.catalogue.product, NOBODY, True)))
        assert len(teaching.buyers) > 20
    one, other = columns
    assert one.item.tolist() == other.item.tolist()
    assert np.array_equal(one.columns, other.columns, equal_nan=True)


def test_the_last_step_of_a_customer_reaches_no_column_of_the_example_that_asks_for_it() -> None:
    shop = floor()
    actions = shop.actions
    newest = np.flatnonzero(actions.step == 0)
    item = actions.item.copy()
    item[newest] = np.random.default_rng(1).permutation(item[newest])
    columns = []
    for some in (actions, replace(actions, item=item)):
        teaching = next(teachings(some, DAYS, "last"))
        members = fit_members(teaching.actions, shop.catalogue, DAYS, "customer")
        columns.append(candidates(members, Query(teaching.actions, shop.catalogue.product, NOBODY, True)).columns)
    assert np.array_equal(*columns, equal_nan=True)


def test_items_that_nobody_had_touched_yet_are_no_candidates_of_an_example() -> None:
    actions = past(*["a . . b"] * 9, *["b . . a"] * 9, *["a . . c"] * 9, days=4)
    teaching = next(teachings(actions, 2, "window"))
    members = fit_members(teaching.actions, listed(4), 2, "cutoff")
    found = room._examples(members, teaching, TrainingData(actions, listed(4), 2, "window"), allow_repeat=True)
    lists = np.unique(found.customer)
    assert len(found.taken) == 2 * len(lists)  # a and b, not c or d
    assert found.taken.sum() == 18  # those of c are lost


def test_what_nobody_touched_to_this_day_teaches_nothing_and_may_still_be_wanted() -> None:
    actions = past(*["a . . b"] * 9, *["b . . a"] * 9, days=4)
    catalogue = listed(4, "xxxx", touched=2)  # c and d are new
    teaching = next(teachings(actions, 2, "window"))
    training = TrainingData(actions, catalogue, 2, "window")
    found = room._examples(training.members(0, teaching), teaching, training, allow_repeat=True)
    assert len(found.taken) == 2 * len(np.unique(found.customer))
    wanted = learn(training).rank(Query(actions, catalogue.product, NOBODY, True))
    assert {2, 3} <= set(wanted.item.tolist())


def test_the_chance_is_learnt_of_customers_chosen_without_a_look_at_what_they_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "MOST_OTHERS", 10)
    shop = floor()
    teaching = next(teachings(shop.actions, DAYS, "window"))
    training = TrainingData(shop.actions, shop.catalogue, DAYS, "window")
    found = room._examples(training.members(0, teaching), teaching, training, allow_repeat=True)
    known = np.flatnonzero(np.diff(teaching.actions.offsets) > 0)
    fair = np.unique(found.customer[found.fair])
    assert fair.tolist() == known[evenly(len(known), 10)].tolist()
    for customer in np.setdiff1d(found.customer, fair):
        assert found.taken[found.customer == customer].any()  # the others are there for what they took
    assert not all(found.taken[found.customer == customer].any() for customer in fair)


# --- answers ----------------------------------------------------------------------------------------------------------


def test_wanted_are_by_customer_and_falling_chance_which_is_one(by_windows: Recommender) -> None:
    found = by_windows.rank(floor().asked())
    assert by_windows.ranker.trees
    assert ((found.chance > 0) & (found.chance < 1)).all()
    assert (np.diff(found.customer) >= 0).all()
    same = np.diff(found.customer) == 0
    assert (np.diff(found.score)[same] <= 0).all()
    assert (np.diff(found.chance)[same] <= 0).all()
    assert set(found.customer) == set(range(len(floor().actions)))


def test_the_chances_of_all_add_up_to_about_as_many_as_are_then_taken() -> None:
    shop = floor(400)
    teaching = next(teachings(shop.actions, DAYS, "window"))
    recommender = learn(TrainingData(teaching.actions, shop.catalogue, DAYS, "window"))
    found = recommender.rank(Query(teaching.actions, shop.catalogue.product, NOBODY, True))
    taken = np.isin(found.customer * shop.actions.n_items + found.item, teaching.taken).sum()
    assert found.chance.sum() == pytest.approx(taken, rel=0.3)


@pytest.mark.parametrize("allow_repeat", [True, False])
def test_what_is_asked_for_and_what_is_barred_changes_no_score_and_no_chance_of_the_rest(allow_repeat: bool) -> None:
    shop = floor()
    n = shop.actions.n_items
    recommender = learnt(shop, "window", allow_repeat=allow_repeat)
    whole = recommender.rank(shop.asked(allow_repeat=allow_repeat))
    requested, excluded = np.arange(n) % 3 > 0, np.arange(0, len(shop.actions) * n, 5)
    narrow = recommender.rank(replace(shop.asked(allow_repeat=allow_repeat), requested=requested, excluded=excluded))
    stays = requested[whole.item] & ~np.isin(whole.customer * n + whole.item, excluded)
    kept = np.isin(narrow.customer * n + narrow.item, whole.customer * n + whole.item)
    assert_same(narrow.take(kept), whole.take(stays))
    assert 0 < stays.sum() < len(stays)


@pytest.mark.parametrize("allow_repeat", [True, False])
def test_a_customer_alone_has_the_list_of_all_to_the_bit(allow_repeat: bool) -> None:
    shop = floor()
    recommender = learnt(shop, allow_repeat=allow_repeat)
    whole = recommender.rank(shop.asked(allow_repeat=allow_repeat))
    for rows in [np.array([customer]) for customer in range(0, 150, 11)] + [np.arange(40, 90)]:
        part = recommender.rank(shop.asked(rows, allow_repeat=allow_repeat))
        assert_same(replace(part, customer=rows[part.customer]), whole.take(np.isin(whole.customer, rows)))


def assert_same(one: Ranking, other: Ranking) -> None:
    for name in Ranking.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def test_batches_hold_every_customer_once_and_change_no_answer(
    by_windows: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = floor()
    monkeypatch.setattr(room, "AT_ONCE", 1)
    found = list(batches(shop.actions))
    assert [len(rows) for rows, _ in found] == [64, 64, 22]
    assert np.concatenate([rows for rows, _ in found]).tolist() == list(range(150))

    def answer(batch: tuple[Ints, Actions]) -> Ranking:
        rows, part = batch
        wanted = by_windows.rank(Query(part, shop.catalogue.product, NOBODY, True))
        return replace(wanted, customer=rows[wanted.customer])

    whole = by_windows.rank(shop.asked())
    for threads in (1, 2):
        assert_same(Ranking.together(list(over_batches(answer, shop.actions, None, threads))), whole)
    some = np.array([5, 149])
    assert_same(
        Ranking.together(list(over_batches(answer, shop.actions, some, 1))), whole.take(np.isin(whole.customer, some))
    )


def test_two_threads_learn_and_answer_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranker, "MOST_TREES", 2)
    one, two = (learnt(floor(), "window", threads=threads) for threads in (1, 2))
    assert one.ranker.trees
    assert (one.ranker.weights, one.ranker.curve) == (two.ranker.weights, two.ranker.curve)
    assert_same(two.rank(floor().asked(), 2), one.rank(floor().asked()))


# --- names ------------------------------------------------------------------------------------------------------------


def renamed(shop: Floor, code: NDArray[np.int64]) -> Floor:
    """The same shop where item i is called code[i]."""
    actions, catalogue = shop.actions, shop.catalogue
    item = code[actions.item].astype(np.int32)
    order = np.lexsort((actions.kind, item, actions.ts, actions.customer))
    moved = {name: getattr(actions, name)[order] for name in ("ts", "kind", "quantity", "amount", "channel")}
    back = np.argsort(code)
    of_items = ("items", "names", "category", "brand", "listed_price", "product")
    listed_anew = {name: getattr(catalogue, name)[back] for name in of_items}
    return Floor(shop.history, replace(actions, item=item[order], **moved), replace(catalogue, **listed_anew))


@pytest.mark.parametrize("trained_on", ["window", "last"])
@pytest.mark.parametrize("seed", [4, 5])
def test_items_of_other_codes_have_the_same_lists_to_the_bit(trained_on: TrainedOn, seed: int) -> None:
    shop = floor(120)
    code = np.random.default_rng(seed).permutation(shop.actions.n_items)
    other = renamed(shop, code)
    one, two = learnt(shop, trained_on), learnt(other, trained_on)
    assert one.ranker.trees
    found = one.rank(shop.asked())
    assert_same(two.rank(other.asked()), replace(found, item=code[found.item]))


def test_customers_in_another_order_want_the_same(by_windows: Recommender) -> None:
    shop = floor()
    order = np.random.default_rng(2).permutation(len(shop.actions))
    whole, moved = by_windows.rank(shop.asked()), by_windows.rank(shop.asked(order))
    for place in range(0, len(order), 7):
        assert_same(
            replace(moved.take(moved.customer == place), customer=NOBODY),
            replace(whole.take(whole.customer == order[place]), customer=NOBODY),
        )


# --- who wants an item ------------------------------------------------------------------------------------------------


def test_everybody_is_looked_at_for_an_item_where_they_are_not_too_many(by_windows: Recommender) -> None:
    assert likeliest(by_windows.members, floor().actions, 3).tolist() == list(range(150))


def test_of_too_many_the_likeliest_to_want_it_and_those_who_had_it_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "MOST_ASKED", 5)
    actions = past("a b", "a b", "a", "c?", "b?", "d", "")
    members = fit_members(actions, listed(4, "x..x"), DAYS, "cutoff")
    assert likeliest(members, actions, 0).tolist() == [0, 1, 2, 4, 5]  # 5 has another of its category
    assert likeliest(members, actions, 1).tolist() == [0, 1, 2, 3, 4]  # the first of those who are all alike
    assert likeliest(members, actions, 2).tolist() == [0, 1, 2, 3, 4]
    monkeypatch.setattr(room, "MOST_ASKED", 2)
    assert likeliest(members, actions, 2).tolist() == [0, 3]
    assert likeliest(members, actions, 1).tolist() == [0, 2]  # 1 is as likely as 0, and comes later


def test_of_too_many_whoever_has_an_item_on_top_is_looked_at(
    by_windows: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = floor()
    monkeypatch.setattr(room, "MOST_ASKED", 149)
    wanted = by_windows.rank(shop.asked())
    place = np.arange(len(wanted.item)) - np.searchsorted(wanted.customer, wanted.customer)
    missed = 0
    for item in range(shop.actions.n_items):
        some = likeliest(by_windows.members, shop.actions, item)
        assert (np.diff(some) > 0).all()
        missed += len(set(wanted.customer[(wanted.item == item) & (place < 5)]) - set(some))
    assert missed <= 0.02 * 5 * 150


def test_no_catalogue_is_needed_beyond_what_was_touched() -> None:
    catalogue: Catalogue = listed(4, touched=2)
    actions = past("a b", "b a", "a b")
    found = learn(TrainingData(actions, catalogue, 2)).rank(Query(actions, catalogue.product, NOBODY, True))
    assert set(found.item.tolist()) == {0, 1, 2, 3}
