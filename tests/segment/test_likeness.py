"""Likeness: similarity is the cosine of standardised vectors, nobody is their own neighbour, the map is no accident."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.decomposition import PCA

from shijin.arrays import Singles
from shijin.sampling import evenly
from shijin.segment.likeness import BLOCK, RankGap, Standard, flat_map, nearest, rank_gaps, standard_of

SHOPS = arrays(np.float32, st.tuples(st.integers(1, 40), st.integers(2, 6)), elements=st.integers(-3, 3))
PLAIN = Standard(np.zeros(2, np.float32), np.ones(2, np.float32))


def drawn(customers: int, width: int, seed: int = 1) -> Singles:
    dice = np.random.default_rng(seed)
    mixed = dice.normal(size=(customers, width)) @ dice.normal(size=(width, width))
    return (mixed + dice.normal(size=width)).astype(np.float32)


def test_similarity_is_the_cosine_by_hand() -> None:
    vectors = np.array([[3, 4], [4, 3], [-3, -4], [4, -3], [30, 40]], np.float32)
    rows, similarity = nearest(vectors, PLAIN, 0, 10)
    assert rows.tolist() == [4, 1, 3, 2]
    assert similarity.tolist() == [1.0, 24 / 25, 0.0, -1.0]


def test_a_number_in_another_unit_or_from_another_zero_changes_nothing() -> None:
    vectors = drawn(50, 4)
    other = vectors * np.array([1, 100, 0.01, 5], np.float32) + np.array([0, -7, 3, 40], np.float32)
    rows, similarity = nearest(vectors, standard_of(vectors), 7, 49)
    again, other_similarity = nearest(other, standard_of(other), 7, 49)
    assert similarity == pytest.approx(other_similarity, abs=1e-4)
    assert rows[:5].tolist() == again[:5].tolist()


def test_what_is_the_same_of_everybody_counts_for_nothing() -> None:
    vectors = drawn(20, 3)
    with_constant = np.column_stack([vectors, np.full(20, 9.5, np.float32)])
    rows, similarity = nearest(vectors, standard_of(vectors), 3, 5)
    again, other_similarity = nearest(with_constant, standard_of(with_constant), 3, 5)
    assert rows.tolist() == again.tolist()
    assert similarity.tolist() == other_similarity.tolist()


def test_equals_come_in_the_order_of_their_rows() -> None:
    vectors = np.array([[1, 0], [0, 1], [2, 0], [0, 1], [3, 0]], np.float32)
    assert nearest(vectors, PLAIN, 2, 4)[0].tolist() == [0, 4, 1, 3]


@given(SHOPS, st.integers(0, 39), st.integers(1, 50))
def test_nobody_is_their_own_neighbour_and_all_others_are_looked_at(vectors: Singles, row: int, most: int) -> None:
    row %= len(vectors)
    rows, similarity = nearest(vectors, standard_of(vectors), row, most)
    assert row not in rows
    assert len(set(rows.tolist())) == len(rows) == min(most, len(vectors) - 1)
    assert (np.diff(similarity) <= 0).all()
    assert (np.abs(similarity) <= 1).all()


def test_many_customers_are_searched_in_blocks_and_exactly() -> None:
    vectors = drawn(2 * BLOCK + 5, 3)
    mean, deviation = vectors.mean(axis=0, dtype=float), vectors.std(axis=0, dtype=float)
    standard = standard_of(vectors)
    assert standard.mean == pytest.approx(mean, abs=1e-5)
    assert standard.deviation == pytest.approx(deviation, rel=1e-5)
    unit = (vectors - mean) / deviation
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    whole = unit @ unit[BLOCK]
    whole[BLOCK] = -2
    rows, similarity = nearest(vectors, standard, BLOCK, 20)
    assert similarity == pytest.approx(np.sort(whole)[::-1][:20], abs=2e-6)
    assert whole[rows] == pytest.approx(similarity, abs=2e-6)


def test_the_map_is_the_principal_plane_with_its_explained_variance() -> None:
    vectors = drawn(300, 6)
    standard = standard_of(vectors)
    flat = flat_map(vectors, standard)
    known = PCA(2, svd_solver="full").fit(standard.of(vectors))
    places = known.transform(standard.of(vectors))
    turned = np.sign((places * flat.places).sum(axis=0))
    assert flat.places == pytest.approx(places * turned, abs=1e-3)
    assert flat.explained == pytest.approx(known.explained_variance_ratio_.sum(), abs=1e-4)


def test_the_map_is_turned_the_same_way_whatever_the_customers_are_called_or_sorted() -> None:
    vectors = drawn(200, 5)
    order = np.random.default_rng(2).permutation(200)
    flat, shuffled = flat_map(vectors, standard_of(vectors)), flat_map(vectors[order], standard_of(vectors[order]))
    assert shuffled.places == pytest.approx(flat.places[order], abs=1e-3)


@pytest.mark.parametrize("vectors", [np.ones((1, 4), np.float32), np.full((9, 4), 0.3, np.float32)])
def test_customers_who_are_all_the_same_lie_on_one_spot(vectors: Singles) -> None:
    standard = standard_of(vectors)
    flat = flat_map(vectors, standard)
    assert not flat.places.any()
    assert flat.explained == 0
    assert nearest(vectors, standard, 0, 3)[1].tolist() == [0.0] * min(3, len(vectors) - 1)


@given(st.integers(1, 5000), st.integers(1, 300))
def test_rows_are_chosen_evenly_from_the_first_to_the_last(customers: int, most: int) -> None:
    rows = evenly(customers, most)
    assert len(rows) == min(customers, most)
    assert rows[0] == 0
    assert rows[-1] == (customers - 1 if most > 1 else 0)
    assert set(np.diff(rows)) <= {customers // max(len(rows) - 1, 1) + side for side in (-1, 0, 1)}


def test_gaps_by_hand() -> None:
    vectors = np.array([[1, 0], [1, 0.1], [-1, 0.2], [-1, 0.3]], np.float32)
    gaps = rank_gaps(vectors, {"orders": np.array([1.0, 2.0, 3.0, 4.0]), "same": np.ones(4)}, nearest_few=1)
    # Ranks 1/4 .. 4/4: neighbours are one place apart; the six pairs 1, 1, 1, 2, 2 and 3 places.
    assert gaps == {"orders": RankGap(0.25, round(10 / 6 / 4, 3)), "same": RankGap(0.0, 0.0)}


def test_one_customer_has_no_gaps() -> None:
    assert rank_gaps(np.ones((1, 2), np.float32), {"orders": np.ones(1)}) == {}
