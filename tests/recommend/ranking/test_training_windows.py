"""What teaches: closed windows or last steps, each with what was known before; members are fitted once."""

import numpy as np
import pytest
from listshop import FIRST, floor, past

from shijin.arrays import Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.ranking import training_windows as training
from shijin.recommend.ranking.recommender import learn
from shijin.recommend.ranking.training_windows import TrainingData, chosen_teaching, teachings
from shijin.represent.packed import DAY_US


def told(actions: Actions, keys: Ints) -> list[tuple[int, str]]:
    customer, item = np.divmod(keys, actions.n_items)
    return [(who, "abcd"[code]) for who, code in zip(customer.tolist(), item.tolist(), strict=True)]


def test_windows_teach_what_was_bought_in_each_from_what_was_before_it_the_newest_first() -> None:
    actions = past("a . . b c?", ". . b . d", ". . . . . . a", days=7)  # windows of two days end on days 7, 5 and 3
    found = list(teachings(actions, 2, "window"))
    assert [told(actions, one.taken) for one in found] == [[(2, "a")], [(0, "b"), (1, "d")], [(1, "b")]]
    assert [(one.actions.now - FIRST) // DAY_US for one in found] == [5, 3, 1]
    assert [one.actions.item.tolist() for one in found] == [[0, 1, 2, 1, 3], [0, 1], [0]]
    assert [one.buyers.tolist() for one in found] == [[], [0, 1], []]  # who was known before


def test_last_steps_teach_what_each_bought_then_from_the_steps_before() -> None:
    actions = past("a b cd", "b a?", "c", days=9)
    found = list(teachings(actions, 2, "last"))
    assert [told(actions, one.taken) for one in found] == [[(0, "c"), (0, "d"), (2, "c")], [(0, "b"), (1, "b")]]
    assert [one.actions.item.tolist() for one in found] == [[0, 1, 1], [0]]
    assert [one.buyers.tolist() for one in found] == [[0], [0]]


def test_windows_teach_where_enough_came_back_within_one_else_what_each_did_last() -> None:
    many = ["a . . b"] * 20 + ["a"] * 80
    assert chosen_teaching(past(*many, days=5), 2) == "window"
    assert chosen_teaching(past(*many, "a", days=5), 2) == "last"
    assert chosen_teaching(past("a b", days=5), 30) == "last"  # no window has closed
    assert chosen_teaching(past("a . . b?", days=5), 2) == "last"  # a look takes nothing


def test_a_shop_of_many_needs_no_fifth_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "LEAST_TAKERS", 3)
    assert chosen_teaching(past(*["a . . b"] * 3, *["a"] * 80, days=5), 2) == "window"


def test_who_learns_twice_learns_the_same_and_members_are_fitted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, fitted = floor(), []
    fit = training.fit_members
    monkeypatch.setattr(
        training, "fit_members", lambda actions, *told: fitted.append(actions.now) or fit(actions, *told)
    )
    shared = TrainingData(shop.actions, shop.catalogue, 30, "window")
    of_both = [learn(shared, allow_repeat=allow_repeat) for allow_repeat in (True, False)]
    assert len(fitted) == len(set(fitted)) > 1
    for allow_repeat, found in zip((True, False), of_both, strict=True):
        alone = learn(TrainingData(shop.actions, shop.catalogue, 30, "window"), allow_repeat=allow_repeat)
        assert found.card() == alone.card()
        assert np.array_equal(found.rank(shop.asked()).score, alone.rank(shop.asked()).score)
