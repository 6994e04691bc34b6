"""Measures of lists: by hand, and against the definitions written as loops."""

from math import inf, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.metrics.lists import MARGIN, Gap, coverage, ndcg, novelty, paired_gap, recall

K = 4


@st.composite
def answered(draw: st.DrawFn) -> list[tuple[list[int], set[int]]]:
    """Lists of at most K items, and what was taken, at least one each."""
    items = st.integers(0, 8)
    lists = st.lists(items, max_size=K, unique=True)
    return draw(st.lists(st.tuples(lists, st.sets(items, min_size=1)), min_size=1, max_size=6))


def flat(customers: list[tuple[list[int], set[int]]]) -> tuple[np.ndarray, ...]:
    entries = [
        (row, place, item in bought)
        for row, (listed, bought) in enumerate(customers)
        for place, item in enumerate(listed)
    ]
    row, place, hit = (
        (np.array(column) for column in zip(*entries, strict=True)) if entries else (np.zeros(0, int),) * 3
    )
    return row, place, hit.astype(bool), np.array([len(bought) for _, bought in customers])


@given(answered())
def test_ndcg_and_recall_are_what_their_definitions_say(customers: list[tuple[list[int], set[int]]]) -> None:
    row, place, hit, bought_items = flat(customers)
    gains, shares = [], []
    for listed, bought in customers:
        gain = sum(1 / log2(rank + 1) for rank, item in enumerate(listed, 1) if item in bought)
        best = sum(1 / log2(rank + 1) for rank in range(1, min(len(bought), K) + 1))
        gains.append(gain / best)
        shares.append(len(set(listed) & bought) / len(bought))
    assert ndcg(row, place, hit, bought_items, K) == pytest.approx(gains)
    assert recall(row, hit, bought_items) == pytest.approx(shares)


@given(answered(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(customers: list[tuple[list[int], set[int]]], random: object) -> None:
    row, place, hit, bought = flat(customers)
    order = np.arange(len(row))
    random.shuffle(order)  # type: ignore[attr-defined]
    moved = ndcg(row[order], place[order], hit[order], bought, K)
    assert moved == pytest.approx(ndcg(row, place, hit, bought, K))


def test_the_best_list_has_ndcg_one_however_much_was_taken() -> None:
    for bought in (1, 3, K, 20):
        n = min(bought, K)
        figure = ndcg(np.zeros(n, int), np.arange(n), np.ones(n, bool), np.array([bought]), K)
        assert figure == pytest.approx([1.0])


def test_a_hit_further_down_gains_less() -> None:
    figure = [ndcg(np.zeros(1, int), np.array([place]), np.ones(1, bool), np.array([1]), 10)[0] for place in range(10)]
    assert figure == sorted(figure, reverse=True)
    assert len(set(figure)) == 10


def test_coverage_counts_an_item_once_and_only_what_was_sold() -> None:
    sold = np.array([True, True, False, True, True])
    assert coverage(np.array([0, 0, 2, 1, 0]), sold) == 2 / 4
    assert coverage(np.zeros(0, int), sold) == 0.0
    assert np.isnan(coverage(np.array([0]), np.zeros(3, bool)))


def test_novelty_is_in_bits_and_what_nobody_bought_counts_as_bought_by_one() -> None:
    buyers = np.array([16, 4, 1, 0])
    assert [novelty(np.array([item]), buyers, 16) for item in range(4)] == [0.0, 2.0, 4.0, 4.0]
    assert np.isnan(novelty(np.zeros(0, int), buyers, 16))


@given(st.integers(2, 40), st.integers(0, 99))
def test_the_gap_is_that_of_customers_drawn_a_thousand_times(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    listed, peer = rng.random(n), rng.random(n)
    drawn = np.random.default_rng(7)
    means = [(listed - peer)[drawn.integers(0, n, n)].mean() for _ in range(1000)]
    gap = paired_gap(listed, peer, seed=7)
    assert gap.value == pytest.approx(listed.mean() - peer.mean())
    assert [gap.low, gap.high] == pytest.approx(np.quantile(means, [0.025, 0.975]).tolist())


def test_a_win_and_a_loss_lie_wholly_beyond_the_margin() -> None:
    assert Gap(0.1, MARGIN + 1e-9, 0.2).verdict == "win"
    assert Gap(-0.1, -0.2, -MARGIN - 1e-9).verdict == "loss"
    assert [Gap(0.1, MARGIN, 0.2).verdict, Gap(-0.1, -0.2, -MARGIN).verdict, Gap(0.0, -inf, inf).verdict] == ["tie"] * 3


def test_one_customer_is_too_few_to_compare_lists() -> None:
    gap = paired_gap(np.array([1.0]), np.array([0.0]))
    assert gap.value == 1.0
    assert np.isnan([gap.low, gap.high]).all()
    assert gap.verdict == "tie"
