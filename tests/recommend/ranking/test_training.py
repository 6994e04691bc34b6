"""Training: its examples, no outcome in a column, and the customers to whom the chance is fitted."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from listshop import NOBODY, listed, past, simulated_shop
from trainedshop import DAYS, trained

from shijin.recommend.members.members import fit_members
from shijin.recommend.past.actions import Actions
from shijin.recommend.ranking import training
from shijin.recommend.ranking.candidates import Query, candidates
from shijin.recommend.ranking.training import train_recommender
from shijin.recommend.ranking.training_windows import TrainingData, training_windows
from shijin.represent.packed import DAY_US
from shijin.sampling import evenly


def test_where_no_customer_came_back_nothing_is_trained_and_best_sellers_come_first() -> None:
    actions = past("a", "a", "b", "c")
    recommender = train_recommender(TrainingData(actions, listed(4), DAYS))
    assert (recommender.trained_on, recommender.lists, recommender.ranker.curve) == ("nothing", 0, None)
    ranking = recommender.rank(Query(actions, listed(4).product, NOBODY, True))
    assert (ranking.chance == 0).all()
    assert ranking.item[ranking.customer == 2].tolist()[:2] == [1, 0]  # the item bought before, then the best seller


def test_with_enough_lists_older_windows_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained(simulated_shop(), "window")
    monkeypatch.setattr(training, "ENOUGH_LISTS", 1)
    assert trained(simulated_shop(), "window").lists < whole.lists / 2


def with_other_future(actions: Actions, cutoff: int, seed: int = 1) -> Actions:
    """The same past with other items at other moments from a cutoff on."""
    dice = np.random.default_rng(seed)
    later = np.flatnonzero(actions.ts >= cutoff)
    item, kind = actions.item.copy(), actions.kind.copy()
    item[later] = dice.integers(0, actions.n_items, len(later))
    kind[later] = dice.permutation(kind[later])
    return replace(actions, item=item, kind=kind, amount=np.where(actions.ts >= cutoff, 1e6, actions.amount))


@pytest.mark.parametrize("back", [1, 2])
def test_actions_in_a_window_change_no_column_of_its_training_examples(back: int) -> None:
    shop = simulated_shop()
    cutoff = shop.actions.now - back * DAYS * DAY_US
    columns = []
    for actions in (shop.actions, with_other_future(shop.actions, cutoff)):
        window = next(islice(training_windows(actions, DAYS, "window"), back - 1, None))
        members = fit_members(window.actions, shop.catalogue, DAYS, "cutoff")
        columns.append(candidates(members, Query(window.actions, shop.catalogue.product, NOBODY, True)))
        assert len(window.buyers) > 20
    one, other = columns
    assert one.item.tolist() == other.item.tolist()
    assert np.array_equal(one.columns, other.columns, equal_nan=True)


def test_the_last_step_of_a_customer_changes_no_column_of_the_example_that_has_it_as_target() -> None:
    shop = simulated_shop()
    actions = shop.actions
    newest = np.flatnonzero(actions.step == 0)
    item = actions.item.copy()
    item[newest] = np.random.default_rng(1).permutation(item[newest])
    columns = []
    for some in (actions, replace(actions, item=item)):
        window = next(training_windows(some, DAYS, "last"))
        members = fit_members(window.actions, shop.catalogue, DAYS, "customer")
        columns.append(candidates(members, Query(window.actions, shop.catalogue.product, NOBODY, True)).columns)
    assert np.array_equal(*columns, equal_nan=True)


def test_items_that_nobody_had_touched_yet_are_not_candidates_of_an_example() -> None:
    actions = past(*["a . . b"] * 9, *["b . . a"] * 9, *["a . . c"] * 9, days=4)
    window = next(training_windows(actions, 2, "window"))
    members = fit_members(window.actions, listed(4), 2, "cutoff")
    examples = training._examples(members, window, TrainingData(actions, listed(4), 2, "window"), allow_repeat=True)
    lists = np.unique(examples.customer)
    assert len(examples.bought) == 2 * len(lists)  # a and b, not c or d
    assert examples.bought.sum() == 18  # purchases of c are lost


def test_an_item_that_nobody_touched_to_this_day_is_in_no_example_and_is_still_recommended() -> None:
    actions = past(*["a . . b"] * 9, *["b . . a"] * 9, days=4)
    catalogue = listed(4, "xxxx", touched=2)  # c and d are new
    window = next(training_windows(actions, 2, "window"))
    data = TrainingData(actions, catalogue, 2, "window")
    examples = training._examples(data.members(0, window), window, data, allow_repeat=True)
    assert len(examples.bought) == 2 * len(np.unique(examples.customer))
    ranking = train_recommender(data).rank(Query(actions, catalogue.product, NOBODY, True))
    assert {2, 3} <= set(ranking.item.tolist())


def test_the_chance_is_fitted_to_customers_chosen_without_looking_at_what_they_bought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "MOST_OTHERS", 10)
    shop = simulated_shop()
    window = next(training_windows(shop.actions, DAYS, "window"))
    data = TrainingData(shop.actions, shop.catalogue, DAYS, "window")
    examples = training._examples(data.members(0, window), window, data, allow_repeat=True)
    with_past = np.flatnonzero(window.actions.has_rows)
    unbiased = np.unique(examples.customer[examples.unbiased])
    assert unbiased.tolist() == with_past[evenly(len(with_past), 10)].tolist()
    for customer in np.setdiff1d(examples.customer, unbiased):
        assert examples.bought[
            examples.customer == customer
        ].any()  # the others are there because they bought something
    assert not all(examples.bought[examples.customer == customer].any() for customer in unbiased)
