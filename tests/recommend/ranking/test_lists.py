"""From candidates to lists: order, variety, value, and propensities that are the probabilities of the shown items."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.recommend.ranking.lists import Lists, ListShape, make_lists
from shijin.recommend.ranking.recommender import Ranking


def rank(*customers: list[float], first: int = 0, has_chance: bool = True) -> Ranking:
    """Candidates of some customers with falling chances; the j-th of a customer is item j."""
    counts = [len(one) for one in customers]
    value = np.concatenate([np.zeros(0), *(np.array(one) for one in customers)])
    item = np.concatenate([np.zeros(0), *(np.arange(count) for count in counts)]).astype(np.int32)
    customer = np.repeat(np.arange(len(customers)) + first, counts)
    return Ranking(customer, item, value, value if has_chance else np.zeros(len(value)))


def lists(
    ranking: Ranking, *, worth: list[float] | None = None, category: Sequence[int] = (-1,) * 40, **shape: Any
) -> Lists:
    values = None if worth is None else np.array(worth)
    return make_lists(ranking, values, np.array(category, dtype=np.int32), ListShape(**shape))


def shown(found: Lists, customer: int = 0) -> list[int]:
    return found.item[found.customer == customer].tolist()


THREE = ([0.5, 0.4, 0.3, 0.2], [0.9], [])


def test_each_customer_has_the_best_in_order_as_many_as_there_are() -> None:
    found = lists(rank(*THREE), k=3)
    assert found.customer.tolist() == [0, 0, 0, 1]
    assert found.rank.tolist() == [1, 2, 3, 1]
    assert found.item.tolist() == [0, 1, 2, 0]
    assert found.score.tolist() == [0.5, 0.4, 0.3, 0.9]
    assert found.propensity.tolist() == [1.0] * 4
    assert not found.explored.any()


def test_without_customers_or_candidates_there_is_no_list() -> None:
    for ranking in (rank(), rank([])):
        found = lists(ranking, k=3, explore=0.3)
        assert [len(getattr(found, name)) for name in Lists.__dataclass_fields__] == [0] * 6


def test_without_a_chance_the_score_orders_for_each_customer_alone() -> None:
    without, newcomer = rank([3.0, 1.0], has_chance=False), rank([0.2, 0.1], first=1)
    both = lists(Ranking.joined([without, newcomer]), k=2)
    assert both.score.tolist() == [3.0, 1.0, 0.2, 0.1]
    assert lists(without, k=2).score.tolist() == [3.0, 1.0]


def test_with_worth_lists_are_ordered_by_value_times_chance() -> None:
    found = lists(rank([0.5, 0.4, 0.3]), worth=[1, 2, -4], k=3)
    assert shown(found) == [1, 0, 2]
    assert found.score.tolist() == pytest.approx([0.8, 0.5, -1.2])


def test_equals_stay_in_their_order() -> None:
    assert shown(lists(rank([0.5, 0.5, 0.5, 0.1]), k=4)) == [0, 1, 2, 3]


# --- variety ----------------------------------------------------------------------------------------------------------

KINDS = [0, 0, 0, 1, 1, -1]
LIKELY = [0.60, 0.59, 0.58, 0.57, 0.56, 0.55]


def test_variety_subtracts_the_share_of_the_list_that_has_the_same_category_by_hand() -> None:
    # After item 0 the rest of kind 0 lose all of the share; then half; an item without category loses nothing.
    assert shown(lists(rank(LIKELY), category=KINDS, k=6, diverse=0.5)) == [0, 3, 5, 1, 4, 2]
    assert shown(lists(rank(LIKELY), category=KINDS, k=6, diverse=0.0)) == [0, 1, 2, 3, 4, 5]


def test_variety_counts_where_every_item_loses_money_too() -> None:
    losing = {"worth": [-1.0, -2.0, -3.0], "category": [0, 0, 1], "k": 3}
    assert shown(lists(rank([0.5, 0.4, 0.3]), **losing)) == [0, 1, 2]
    assert shown(lists(rank([0.5, 0.4, 0.3]), **losing, diverse=0.9)) == [0, 2, 1]


def test_all_variety_never_repeats_a_category_while_another_is_left_and_likely_ones_come_first() -> None:
    kinds = [0, 0, 0, 0, 1, 1, 2]
    found = shown(lists(rank([0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1]), category=kinds, k=7, diverse=1.0))
    assert found[:3] == [0, 4, 6]
    assert {kinds[item] for item in found[3:5]} == {0, 1}


VALUES = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=25).map(lambda values: sorted(values, reverse=True))


@given(VALUES, st.data())
def test_more_variety_has_no_fewer_categories_at_its_ends(values: list[float], data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.integers(0, 4), min_size=len(values), max_size=len(values)))
    of = [
        {kinds[item] for item in shown(lists(rank(values), category=kinds, k=5, diverse=diverse))}
        for diverse in (0.0, 1.0)
    ]
    assert len(of[0]) <= len(of[1]) == min(5, len(set(kinds)))


@given(VALUES, st.floats(0, 1), st.floats(0, 0.5), st.integers(1, 30))
def test_a_list_never_repeats_an_item_and_is_as_long_as_it_can_be(
    values: list[float], diverse: float, explore: float, k: int
) -> None:
    found = lists(rank(values, values[:3]), category=[0, 1, 2] * 10, k=k, diverse=diverse, explore=explore, seed=k)
    for customer, candidates in ((0, len(values)), (1, min(3, len(values)))):
        items = shown(found, customer)
        assert len(items) == len(set(items)) == min(k, candidates)
        assert max(items) < candidates
        assert found.rank[found.customer == customer].tolist() == list(range(1, len(items) + 1))
        by_item = dict(zip(items, found.score[found.customer == customer].tolist(), strict=True))
        assert by_item == {item: values[item] for item in items}


# --- exploring --------------------------------------------------------------------------------------------------------


def test_the_logged_propensity_is_the_frequency_with_which_a_slot_shows_an_item_given_the_slots_before_it() -> None:
    explore, runs, candidates, k = 0.3, 4000, 4, 3
    ranking = rank(*[[0.4, 0.3, 0.2, 0.1]] * runs)
    found = lists(ranking, k=k, explore=explore, seed=7)
    items, logged = found.item.reshape(runs, k), found.propensity.reshape(runs, k)
    seen: Counter[tuple[int, ...]] = Counter()
    logged_by_path: dict[tuple[int, ...], set[float]] = {}
    for row, chances in zip(items.tolist(), logged.tolist(), strict=True):
        for slot, chance in enumerate(chances):
            seen[tuple(row[: slot + 1])] += 1
            logged_by_path.setdefault(tuple(row[: slot + 1]), set()).add(round(chance, 12))
    assert all(len(chances) == 1 for chances in logged_by_path.values())  # the same slots before it, the same chance
    for path, times in seen.items():
        before = seen[path[:-1]] if len(path) > 1 else runs
        (chance,) = logged_by_path[path]
        assert times / before == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / before) + 1e-9)
    for path in [(), *(path for path in seen if len(path) < k)]:  # the probabilities of a place add up to one
        left = [item for item in range(candidates) if item not in path]
        if all((*path, item) in logged_by_path for item in left):
            assert sum(min(logged_by_path[(*path, item)]) for item in left) == pytest.approx(1)
    assert sum(min(logged_by_path[(item,)]) for item in range(candidates)) == pytest.approx(1)


def test_the_best_item_has_the_rest_of_the_probability_and_a_share_all_others_the_share() -> None:
    found = lists(rank(*[[0.4, 0.3, 0.2, 0.1]] * 500), k=2, explore=0.4)
    first = found.rank == 1
    assert set(found.propensity[first & ~found.explored].round(12)) == {0.7}
    assert set(found.propensity[first & found.explored].round(12)) == {0.1}
    assert set(found.item[first & ~found.explored].tolist()) == {0}
    assert 0.2 < found.explored[first].mean() < 0.4  # three of four draws show another than the best
    second = found.rank == 2
    assert set(found.propensity[second].round(12)) == {round(0.6 + 0.4 / 3, 12), round(0.4 / 3, 12)}


def test_a_place_with_one_candidate_left_shows_it_with_probability_1() -> None:
    found = lists(rank(*[[0.2, 0.1]] * 50), k=5, explore=0.5)
    assert found.propensity[found.rank == 2] == pytest.approx(np.ones(50))
    assert not found.explored[found.rank == 2].any()


def test_without_exploring_every_propensity_is_one_and_no_seed_matters() -> None:
    ranking = rank(*THREE, [0.2, 0.1])
    one, other = (lists(ranking, k=3, diverse=0.3, seed=seed) for seed in (1, 2))
    for name in Lists.__dataclass_fields__:
        assert getattr(one, name).tolist() == getattr(other, name).tolist()
    assert (one.propensity == 1).all()


@given(st.integers(0, 2**32 - 1), st.integers(0, 19))
def test_draws_depend_on_a_customers_position_whoever_else_gets_a_list(seed: int, customer: int) -> None:
    whole = lists(rank(*[[0.4, 0.3, 0.2, 0.1]] * 20), k=3, explore=0.5, seed=seed)
    alone = lists(rank([0.4, 0.3, 0.2, 0.1], first=customer), k=3, explore=0.5, seed=seed)
    mine = whole.customer == customer
    for name in Lists.__dataclass_fields__:
        assert getattr(alone, name).tolist() == getattr(whole, name)[mine].tolist()


def test_a_longer_list_begins_as_a_shorter_one_does() -> None:
    ranking = rank(*[[0.5, 0.4, 0.3, 0.2, 0.1]] * 40)
    short, long = (lists(ranking, k=k, explore=0.5, seed=3) for k in (2, 4))
    begins = long.rank <= 2
    assert short.explored.any()
    for name in ("customer", "item", "propensity", "explored"):
        assert getattr(long, name)[begins].tolist() == getattr(short, name).tolist()


def test_customers_and_places_draw_independently_and_another_seed_draws_anew() -> None:
    ranking = rank(*[[0.4, 0.3, 0.2, 0.1]] * 300)
    one, other = (lists(ranking, k=2, explore=0.5, seed=seed).item.reshape(-1, 2) for seed in (1, 2))
    assert 0.1 < (one != other).mean() < 0.9
    assert any(before.tolist() != after.tolist() for before, after in pairwise(one))
    explored = lists(ranking, k=2, explore=0.5, seed=1).explored.reshape(-1, 2).astype(float)
    assert abs(np.corrcoef(explored.T)[0, 1]) < 0.2
