"""The linear models, against a dense computation from every prefix of every history."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from listshop import past, simulated_shop
from numpy.typing import NDArray

from shijin.recommend.members import linear
from shijin.recommend.members.linear import FADED, ease_items, next_items
from shijin.recommend.past.actions import Actions

Dense = NDArray[np.float64]


def prefixes(actions: Actions, past_fades: float, future_fades: float) -> tuple[Dense, Dense]:
    """The items of every customer up to each step but the last, and the items that followed, one prefix at a time."""
    before, after = [], []
    for customer in range(len(actions)):
        rows = np.flatnonzero(actions.customer == customer)
        for step in range(int(actions.step[rows].max(initial=0)), 0, -1):
            done, to_come = np.zeros(actions.n_items), np.zeros(actions.n_items)
            for row in rows:
                age = int(actions.step[row]) - step
                fades, steps, where = (past_fades, age, done) if age >= 0 else (future_fades, -age - 1, to_come)
                if fades**steps >= FADED:
                    where[actions.item[row]] += fades**steps * actions.weight[row]
            before.append(done)
            after.append(to_come)
    shape = (-1, actions.n_items)
    return np.array(before).reshape(shape), np.array(after).reshape(shape)


def densely(actions: Actions, fades: tuple[float, float], ridge: float) -> Dense:
    """(P'P + l I)^-1 P'F of all prefixes."""
    done, to_come = prefixes(actions, *fades)
    return np.linalg.solve(done.T @ done + ridge * np.eye(actions.n_items), done.T @ to_come)


def test_one_step_after_another_by_hand() -> None:
    weights = next_items(past("a b", "a c", "a c"), ridge=7.0).toarray()  # P'P is 3 at a, P'F 1 at b and 2 at c
    expected = np.zeros((4, 4))
    expected[0, 1:3] = [1 / 10, 2 / 10]
    assert weights == pytest.approx(expected)


def test_the_past_and_the_future_decay_and_views_count_less_by_hand() -> None:
    # One prefix is a alone (to come: b .6, then c .4), the other b .6 and a faded to .8 (to come: c).
    actions = past("a b+ c")
    done, to_come = np.array([[1, 0, 0, 0], [0.8, 0.6, 0, 0]]), np.array([[0, 0.6, 0.4, 0], [0, 0, 1, 0]])
    for weights, expected in zip(prefixes(actions, 0.8, 0.4), (done, to_come), strict=True):
        assert weights == pytest.approx(expected)
    by_hand = np.linalg.solve(done.T @ done + 100 * np.eye(4), done.T @ to_come)
    assert next_items(actions).toarray() == pytest.approx(by_hand, rel=1e-4)


WORDS = st.sampled_from(["a", "b", "ab", "ac", "bcd", "c?", "d+", "a*b", "."])


@given(st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=1, max_size=4), st.sampled_from([1.0, 100.0]))
def test_it_is_the_dense_model_of_every_prefix(pasts: list[str], ridge: float) -> None:
    actions = past(*pasts)
    expected = densely(actions, (0.7, 0.3), ridge)
    assert next_items(actions, 0.7, 0.3, ridge).toarray() == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_a_simulated_shop_is_the_dense_model_too() -> None:
    actions = simulated_shop(60).actions
    expected = densely(actions, (0.8, 0.4), 100.0)
    weights = next_items(actions).toarray()
    assert np.abs(expected).max() > 0.05
    assert weights == pytest.approx(expected, rel=1e-3, abs=1e-5)


def test_of_too_many_items_only_the_most_frequent_have_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "MOST_ITEMS", 2)
    actions = past("a b a d", "b a", "c a")
    weights = next_items(actions).toarray()
    alone = densely(actions.take(actions.item < 2), (0.8, 0.4), 100.0)
    assert weights == pytest.approx(alone, rel=1e-4)
    assert weights[:2, :2].any()


def test_with_too_many_products_the_newest_steps_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "MOST_PRODUCTS", 1.0)
    weights = next_items(past("a b c", "d")).toarray()  # the prefix "a b" has four products, "a" is older
    assert not weights.any()
    monkeypatch.setattr(linear, "MOST_PRODUCTS", 4.0)
    weights = next_items(past("a b c", "d")).toarray()
    done, to_come = np.array([[0.8, 1, 0, 0]]), np.array([[0, 0, 1.0, 0]])
    by_hand = np.linalg.solve(done.T @ done + 100 * np.eye(4), done.T @ to_come)
    assert weights == pytest.approx(by_hand, rel=1e-4)


def test_of_many_items_the_nearest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = next_items(simulated_shop(60).actions)
    monkeypatch.setattr(linear, "WHOLE", 10)
    trimmed_weights = next_items(simulated_shop(60).actions)
    assert whole.min() < 0 < trimmed_weights.data.min()
    assert trimmed_weights.nnz == (whole.data > 0).sum()


@pytest.mark.parametrize("customers", [("",), ("a",), ("a", "b", "")])
def test_without_customers_who_came_again_there_are_no_weights(customers: tuple[str, ...]) -> None:
    weights = next_items(past(*customers))
    assert weights.shape == (4, 4)
    assert weights.nnz == 0


# --- whatever the order -----------------------------------------------------------------------------------------------


def test_items_of_the_same_customers_by_hand() -> None:
    # a and b have three customers each, two of them both: X'X + I is [[4, 2], [2, 4]], of which the inverse is
    # [[4, -2], [-2, 4]] / 12.
    weights = ease_items(past("a b", "b . a a a", "a", "b"), ridge=1.0).toarray()
    assert weights[:2, :2] == pytest.approx(np.array([[0, 1 / 2], [1 / 2, 0]]))
    assert not weights.diagonal().any()


@given(st.lists(st.lists(WORDS, max_size=8).map(" ".join), min_size=1, max_size=5), st.sampled_from([1.0, 100.0]))
def test_it_is_the_dense_ease_of_each_customers_items(pasts: list[str], ridge: float) -> None:
    actions = past(*pasts)
    weight = np.zeros((len(actions), actions.n_items))
    np.add.at(weight, (actions.customer, actions.item), actions.weight)
    weight = np.minimum(weight, 1.0)
    seen = np.flatnonzero(weight.any(axis=0))
    inverse = np.linalg.inv(weight[:, seen].T @ weight[:, seen] + ridge * np.eye(len(seen)))
    expected = np.zeros((actions.n_items, actions.n_items))
    expected[np.ix_(seen, seen)] = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    assert ease_items(actions, ridge).toarray() == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_of_too_many_customers_an_even_sample_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "MOST_PRODUCTS", 8)  # each customer has four products, together they have 16
    every_second = ease_items(past("a b", "c d", "a b", "c d")).toarray()
    assert every_second[0, 1] > 0
    assert not every_second[2, 3]
