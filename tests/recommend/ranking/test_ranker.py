"""The ranker: weights >= 0, calibrated chances, and an order that depends neither on codes nor on other customers."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from shijin.recommend.ranking import ranker as ranker_module
from shijin.recommend.ranking.candidates import Candidates
from shijin.recommend.ranking.ranker import LEAST_TO_RANK, LEAST_TO_WEIGH, SHORTLIST, Examples, Ranker, fit_ranker

NAMES = ("good_share", "noise_share", "bad_share", "actions", "silence", "pace")
WIDTH = 12


def examples(lists: int, seed: int = 0, *, width: int = WIDTH) -> Examples:
    """Lists of candidates of which one is bought, the likelier the larger its first share and the smaller its third."""
    dice = np.random.default_rng(seed)
    shares = dice.random((lists, width, 3))
    odds = np.exp(3 * shares[:, :, 0] - 2 * shares[:, :, 2])
    at = (odds.cumsum(axis=1) / odds.sum(axis=1, keepdims=True) < dice.random((lists, 1))).sum(axis=1)
    known = np.repeat(dice.integers(1, 30, (lists, 1, 3)), width, axis=1)
    columns = np.concatenate([shares, known], axis=2).reshape(-1, len(NAMES)).astype(np.float32)
    bought = np.arange(width) == at[:, None]
    unbiased = np.repeat(np.arange(lists) % 3 > 0, width)
    customer = np.repeat(np.arange(lists), width)
    return Examples(customer, columns, bought.ravel(), unbiased, customer)


def candidates_of(customer: NDArray[np.int64], columns: NDArray[np.float32]) -> Candidates:
    everything = np.ones(len(customer), dtype=bool)
    return Candidates(customer, np.arange(len(customer), dtype=np.int32), columns, everything, everything)


def ranks(ranker: Ranker, some: Examples) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score and chance of every candidate; all of these short lists are on the shortlist."""
    rows, score, chance = ranker.ordered(candidates_of(some.customer, some.columns))
    back = np.argsort(rows)
    return score[back], chance[back]


# --- weights ----------------------------------------------------------------------------------------------------------


def test_a_good_member_has_weight_noise_has_little_and_a_misleading_one_has_none() -> None:
    weights = fit_ranker(examples(400), NAMES, 1).weights
    assert weights["good_share"] == pytest.approx(3, abs=0.4)
    assert weights["noise_share"] < 0.5
    assert weights["bad_share"] == 0
    assert set(weights) == {"good_share", "noise_share", "bad_share"}


def test_no_step_from_the_weights_within_bounds_makes_the_purchases_likelier() -> None:
    some = examples(40)
    weights = fit_ranker(some, NAMES, 1).weights
    best = np.array([weights[name] for name in NAMES[:3]])

    def loss(weights: NDArray[np.float64]) -> float:
        total = ranker_module.SHRINK / 2 * float(((weights - 1) ** 2).sum())
        for customer in range(40):
            mine = some.customer == customer
            utility = some.columns[mine, :3].astype(float) @ weights
            total += float(np.log(np.exp(utility).sum()) - utility[some.bought[mine]].mean())
        return total

    for place in range(3):
        for step in (-0.02, 0.02):
            other = best.copy()
            other[place] = max(other[place] + step, 0.0)
            assert loss(best) <= loss(other) + 1e-9


def test_with_too_few_buyers_all_members_have_weight_1() -> None:
    none = examples(50)
    for some in (replace(none, bought=np.zeros(len(none.bought), bool)), examples(LEAST_TO_WEIGH - 1), examples(0)):
        ranker = fit_ranker(some, NAMES, 1)
        assert ranker.weights == dict.fromkeys(NAMES[:3], 1.0)
        assert (ranker.trees, ranker.curve) == ("", None)


def test_few_buyers_give_weights_without_trees_enough_give_trees() -> None:
    few, enough = (fit_ranker(examples(lists), NAMES, 1) for lists in (LEAST_TO_RANK - 1, LEAST_TO_RANK))
    assert few.trees == ""
    assert few.booster is None
    assert enough.trees
    assert few.curve
    assert enough.curve


def test_without_trees_the_weights_order() -> None:
    ranker = fit_ranker(examples(30), NAMES, 1)
    other = examples(5, seed=1)
    blend = sum(weight * other.columns[:, NAMES.index(name)] for name, weight in ranker.weights.items())
    assert ranks(ranker, other)[0] == pytest.approx(blend, rel=1e-5)


def test_trees_learn_that_a_member_misleads_which_weights_cannot() -> None:
    ranker, unseen = fit_ranker(examples(1500), NAMES, 1), examples(500, seed=9)
    blend = sum(weight * unseen.columns[:, NAMES.index(name)] for name, weight in ranker.weights.items())
    assert hits(unseen, ranks(ranker, unseen)[0]) > hits(unseen, np.asarray(blend)) + 0.02


def hits(some: Examples, score: NDArray[np.float64]) -> float:
    """How often the bought item is among the first three."""
    order = np.argsort(-score.reshape(-1, WIDTH), axis=1)[:, :3]
    return float(np.take_along_axis(some.bought.reshape(-1, WIDTH), order, axis=1).any(axis=1).mean())


# --- the chance -------------------------------------------------------------------------------------------------------


def test_the_mean_chance_is_the_share_bought_of_unbiased_lists() -> None:
    some = examples(60)
    few = examples(LEAST_TO_RANK - 1)
    for one in (replace(few, unbiased=np.ones(len(few.unbiased), bool)), some):
        ranker = fit_ranker(one, NAMES, 1)
        _, chance = ranks(ranker, one)
        assert ((chance > 0) & (chance < 1)).all()
        assert chance[one.unbiased].mean() == pytest.approx(one.bought[one.unbiased].mean(), rel=0.03)


def test_at_every_place_the_chance_is_the_share_bought_of_unseen_lists() -> None:
    ranker, unseen = fit_ranker(examples(1500), NAMES, 1), examples(3000, seed=9)
    score, chance = (values.reshape(-1, WIDTH) for values in ranks(ranker, unseen))
    bought, order = unseen.bought.reshape(-1, WIDTH), np.argsort(-score, axis=1)
    for place in range(WIDTH):
        predicted, observed = (
            np.take_along_axis(values, order[:, [place]], axis=1).mean() for values in (chance, bought)
        )
        assert predicted == pytest.approx(observed, abs=0.03)


def test_the_chance_is_fitted_to_fair_lists_only_and_not_at_all_with_too_few_buyers() -> None:
    some = examples(50)
    nobody = replace(some, unbiased=np.zeros(len(some.unbiased), bool))
    assert fit_ranker(nobody, NAMES, 1).curve is None
    half = some.bought & ~some.unbiased  # purchases of biased lists do not change the chance
    fewer_bought = replace(some, bought=some.bought & (some.unbiased | (np.cumsum(half) % 2 == 0)))
    curve, fewer = fit_ranker(some, NAMES, 1), fit_ranker(fewer_bought, NAMES, 1)
    same = replace(fewer, weights=curve.weights, curve=curve.curve)
    assert ranks(same, some)[1].mean() == pytest.approx(some.bought[some.unbiased].mean(), rel=0.05)
    _, chance = ranks(fewer, fewer_bought)
    assert chance[fewer_bought.unbiased].mean() == pytest.approx(
        fewer_bought.bought[fewer_bought.unbiased].mean(), rel=0.05
    )


@pytest.mark.parametrize("lists", [LEAST_TO_WEIGH + 5, LEAST_TO_RANK + 20])
def test_where_all_candidates_were_bought_no_chance_is_fitted(lists: int) -> None:
    some = examples(lists)
    ranker = fit_ranker(replace(some, bought=np.ones(len(some.bought), bool)), NAMES, 1)
    assert ranker.curve is None
    assert (ranks(ranker, some)[1] == 0).all()


def test_without_a_fitted_chance_it_is_0_and_the_score_is_not_negative() -> None:
    against = np.array([[-0.9, 0.0, 0.0, 1, 1, 1], [0.2, 0.1, 0.0, 1, 1, 1]], dtype=np.float32)
    for ranker in (fit_ranker(examples(3), NAMES, 1), replace(fit_ranker(examples(80), NAMES, 1), curve=None)):
        _, score, chance = ranker.ordered(candidates_of(np.zeros(2, dtype=np.int64), against))
        assert chance.tolist() == [0, 0]
        assert (score >= 0).all()


# --- shortlists and other customers -----------------------------------------------------------------------------------


def test_a_shortlist_holds_the_best_by_weight_best_first() -> None:
    ranker = Ranker(NAMES, {"good_share": 2.0, "bad_share": 1.0}, "", None)
    some = examples(3, width=SHORTLIST + 30)
    rows, score, _ = ranker.ordered(candidates_of(some.customer, some.columns))
    blend = 2.0 * some.columns[:, 0].astype(float) + some.columns[:, 2]
    for customer in range(3):
        mine = np.flatnonzero(some.customer == customer)
        best = mine[np.argsort(-blend[mine], kind="stable")][:SHORTLIST]
        assert rows[some.customer[rows] == customer].tolist() == best.tolist()
    assert score == pytest.approx(blend[rows], rel=1e-6)


@pytest.fixture(scope="module")
def trained_on() -> Ranker:
    return fit_ranker(examples(120), NAMES, 1)


@given(st.lists(st.integers(0, 39), min_size=1, max_size=6, unique=True).map(sorted))
def test_who_else_is_ranked_changes_no_bit(trained_on: Ranker, customers: list[int]) -> None:
    some = examples(40, seed=5)
    score, chance = ranks(trained_on, some)
    part = np.isin(some.customer, customers)
    alone = ranks(trained_on, some.take(part))
    assert alone[0].tolist() == score[part].tolist()
    assert alone[1].tolist() == chance[part].tolist()


@given(st.randoms(use_true_random=False))
def test_the_order_in_which_candidates_come_changes_no_bit(trained_on: Ranker, dice: np.random.Generator) -> None:
    some = examples(4, seed=6)
    order = np.concatenate([dice.sample(range(first, first + WIDTH), WIDTH) for first in range(0, 4 * WIDTH, WIDTH)])
    for one, other in zip(ranks(trained_on, some), ranks(trained_on, some.take(order)), strict=True):
        assert one[order].tolist() == other.tolist()


def test_training_is_the_same_whatever_order_candidates_have_and_on_more_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranker_module, "MOST_TREES", 2)
    some = examples(LEAST_TO_RANK)
    dice = np.random.default_rng(1)
    places = dice.permuted(np.tile(np.arange(WIDTH), (LEAST_TO_RANK, 1)), axis=1)
    shuffled = some.take((np.arange(LEAST_TO_RANK)[:, None] * WIDTH + places).ravel())
    trained = fit_ranker(some, NAMES, 1)
    assert trained.trees
    for other in (fit_ranker(shuffled, NAMES, 1), fit_ranker(some, NAMES, 2)):
        score, chance = ranks(other, some)
        assert score == pytest.approx(ranks(trained, some)[0], abs=1e-9)
        assert chance == pytest.approx(ranks(trained, some)[1], abs=1e-6)
