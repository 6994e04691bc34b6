"""Training windows: closed windows or last steps, each with the actions before it; members are fitted once."""

import numpy as np
import pytest
from listshop import FIRST, past, simulated_shop

from shijin.arrays import Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.ranking import training_windows as module
from shijin.recommend.ranking.training import train_recommender
from shijin.recommend.ranking.training_windows import TrainingData, chosen_training, training_windows
from shijin.represent.packed import DAY_US


def pairs_of(actions: Actions, keys: Ints) -> list[tuple[int, str]]:
    customer, item = np.divmod(keys, actions.n_items)
    return [(who, "abcd"[code]) for who, code in zip(customer.tolist(), item.tolist(), strict=True)]


def test_a_window_has_its_purchases_as_targets_and_the_actions_before_it_the_newest_first() -> None:
    actions = past("a . . b c?", ". . b . d", ". . . . . . a", days=7)  # windows of two days end on days 7, 5 and 3
    windows = list(training_windows(actions, 2, "window"))
    assert [pairs_of(actions, window.targets) for window in windows] == [[(2, "a")], [(0, "b"), (1, "d")], [(1, "b")]]
    assert [(window.actions.now - FIRST) // DAY_US for window in windows] == [5, 3, 1]
    assert [window.actions.item.tolist() for window in windows] == [[0, 1, 2, 1, 3], [0, 1], [0]]
    assert [window.buyers.tolist() for window in windows] == [[], [0, 1], []]  # customers with earlier actions


def test_a_last_step_has_its_purchases_as_targets_and_the_steps_before_it() -> None:
    actions = past("a b cd", "b a?", "c", days=9)
    windows = list(training_windows(actions, 2, "last"))
    assert [pairs_of(actions, window.targets) for window in windows] == [
        [(0, "c"), (0, "d"), (2, "c")],
        [(0, "b"), (1, "b")],
    ]
    assert [window.actions.item.tolist() for window in windows] == [[0, 1, 1], [0]]
    assert [window.buyers.tolist() for window in windows] == [[0], [0]]


def test_windows_are_used_where_enough_customers_came_back_within_one_else_last_steps() -> None:
    many = ["a . . b"] * 20 + ["a"] * 80
    assert chosen_training(past(*many, days=5), 2) == "window"
    assert chosen_training(past(*many, "a", days=5), 2) == "last"
    assert chosen_training(past("a b", days=5), 30) == "last"  # no window has closed
    assert chosen_training(past("a . . b?", days=5), 2) == "last"  # a view is no purchase


def test_in_a_large_shop_fewer_than_a_fifth_of_the_customers_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_BUYERS", 3)
    assert chosen_training(past(*["a . . b"] * 3, *["a"] * 80, days=5), 2) == "window"


def test_training_twice_gives_the_same_and_members_are_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, fitted = simulated_shop(), []
    fit = module.fit_members
    monkeypatch.setattr(
        module, "fit_members", lambda actions, *options: fitted.append(actions.now) or fit(actions, *options)
    )
    data = TrainingData(shop.actions, shop.catalogue, 30, "window")
    of_both = [train_recommender(data, allow_repeat=allow_repeat) for allow_repeat in (True, False)]
    assert len(fitted) == len(set(fitted)) > 1
    for allow_repeat, recommender in zip((True, False), of_both, strict=True):
        alone = train_recommender(TrainingData(shop.actions, shop.catalogue, 30, "window"), allow_repeat=allow_repeat)
        assert recommender.card() == alone.card()
        assert np.array_equal(recommender.rank(shop.query()).score, alone.rank(shop.query()).score)
