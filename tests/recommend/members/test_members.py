"""The members of a shop by hand: statistics of its items and categories, and what new items borrow."""

import numpy as np
import pytest
import scipy.sparse as sp
from listshop import listed, past, simulated_shop

from shijin.recommend.members import members as members_module
from shijin.recommend.members.members import BORROWED, LISTED, Members, fit_members
from shijin.recommend.members.neighbours import fit_neighbours
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue

A, B, C, D, E, F = range(6)
INF = np.inf


def fitted(actions: Actions, catalogue: Catalogue, horizon_days: int = 10) -> Members:
    return fit_members(actions, catalogue, horizon_days, "cutoff")


def similar(members: Members, name: str) -> sp.csr_matrix:
    return next(member.similar for member in members.neighbours if member.name == name)


def test_statistics_of_items_are_counted_by_hand() -> None:
    # Ages: 10, 9, 8, 7 days. a is bought three times by two, viewed once; b is put into a cart and bought; d never.
    items = fitted(past("a ab . a?", "b+ . a c", days=10), listed(4)).items
    assert items.count.tolist() == pytest.approx([3.3, 1.6, 1.0, 0.0])
    fade = {age: 0.5 ** (age / 10) for age in (10, 9, 8, 7)}
    assert items.recent.tolist() == pytest.approx(
        [fade[10] + fade[9] + 0.3 * fade[7] + fade[8], fade[9] + 0.6 * fade[10], fade[7], 0.0]
    )
    assert items.age_days.tolist() == [7, 9, 7, INF]
    assert items.known_days.tolist() == [10, 10, 7, 0]
    assert items.price.tolist() == pytest.approx([1, 2, 3, np.nan], nan_ok=True)
    assert items.repeat_rate.tolist() == [1 / 5, 0, 0, 0]  # three purchases by two customers
    assert items.gap_days.tolist() == [1, INF, INF, INF]
    assert items.current.tolist() == [(1 + 1) / (4 + 6), 1 / 8, 2 / 7, 1 / 6]


def test_an_item_has_its_recent_share_of_the_category_and_a_listed_one_a_little() -> None:
    members = fitted(past("a b c", days=10), listed(4, "xxy."))
    fade = {age: 0.5 ** (age / 10) for age in (10, 9, 8)}
    of_x = fade[10] + fade[9] + 2 * LISTED
    expected = [[(fade[10] + LISTED) / of_x, (fade[9] + LISTED) / of_x, 0, 0], [0, 0, 1, 0]]
    assert members.by_category.toarray() == pytest.approx(np.array(expected))
    assert members.category.tolist() == [0, 0, 1, -1]


def test_of_a_large_category_only_recent_best_sellers_have_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_module, "OF_A_CATEGORY", 2)
    members = fitted(past("a b c c"), listed(4, "xxxx"))
    assert np.flatnonzero(members.by_category.toarray()[0]).tolist() == [B, C]


def test_an_item_that_was_not_there_yet_has_no_category() -> None:
    catalogue = listed(4, "xxxx", touched=3)  # c will be sold after this past, d is listed and nobody touched it
    members = fitted(past("a b"), catalogue)
    assert members.category.tolist() == [0, 0, -1, 0]
    assert similar(members, "directional")[:, [C]].nnz == 0


def test_in_a_shop_without_categories_nothing_is_borrowed() -> None:
    actions = past("a b c", "b c d")
    members = fitted(actions, listed(4))
    assert members.by_category.shape == (0, 4)
    for member, plain in zip(members.neighbours, fit_neighbours(actions), strict=False):
        assert np.array_equal(member.similar.toarray(), plain.similar.toarray())


SOLD = ("a b a b a b", "a b b a b a")  # a and b, often


def test_an_item_that_nobody_bought_yet_has_half_of_its_siblings_values() -> None:
    members = fitted(past(*SOLD), listed(4, "xx.x", touched=2))
    plain = {member.name: member.similar for member in fit_neighbours(past(*SOLD))}
    for name, before in plain.items():
        borrowed = similar(members, name)[:, [D]].toarray()
        assert borrowed == pytest.approx(BORROWED / 2 * before[:, [A, B]].toarray().sum(axis=1, keepdims=True))
        assert borrowed[A] > 0
        assert similar(members, name)[:, [C]].nnz == 0  # new as well, of no category
    items = members.items
    assert items.count[D] == pytest.approx(BORROWED / 2 * (items.count[A] + items.count[B]))
    assert items.recent[D] == pytest.approx(BORROWED / 2 * (items.recent[A] + items.recent[B]))


def test_an_item_that_was_sold_once_recently_adds_borrowed_values_to_its_own() -> None:
    actions = past(*SOLD, ". . . . . . . a c", days=12)
    plain = {member.name: member.similar for member in fit_neighbours(actions)}["follows"]
    similarity = similar(fitted(actions, listed(4, "xxx.")), "follows")
    assert similarity[A, C] == pytest.approx(plain[A, C] + BORROWED / 2 * (plain[A, A] + plain[A, B]))


@pytest.mark.parametrize(
    "newcomer", ["c . . . . . . . . .", ". . . . . c c c c c"], ids=["known for long", "sold often enough"]
)
def test_an_item_that_is_known_for_long_or_sold_often_borrows_nothing(newcomer: str) -> None:
    actions = past(*SOLD, newcomer, days=12)
    similarity = similar(fitted(actions, listed(4, "xxx.")), "follows")
    plain = {member.name: member.similar for member in fit_neighbours(actions)}["follows"]
    assert np.array_equal(similarity.toarray(), plain.toarray())


def test_siblings_are_of_the_brand_or_of_the_category_where_the_brand_sells_nothing_else() -> None:
    # d is of a's brand, e of a brand that nothing else of x has, f of b's brand and of a category that sells nothing.
    catalogue = listed(6, "xx.xxy", "mn.mon", touched=2)
    members = fitted(past(*SOLD, items=6), catalogue)
    plain = {member.name: member.similar for member in fit_neighbours(past(*SOLD, items=6))}["cosine"].toarray()
    similarity = similar(members, "cosine").toarray()
    assert similarity[:, D] == pytest.approx(BORROWED * plain[:, A])
    assert similarity[:, E] == pytest.approx(BORROWED / 2 * (plain[:, A] + plain[:, B]))
    assert not similarity[:, F].any()


def test_of_many_siblings_the_recent_best_sellers_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_module, "SIBLINGS", 1)
    members = fitted(past(*SOLD, "b b b"), listed(4, "xx.x", touched=2))
    assert members.items.recent[D] == pytest.approx(BORROWED * members.items.recent[B])


def test_a_charge_borrows_nothing() -> None:
    catalogue = listed(4, "xx.x", touched=2)
    no_product = catalogue.product.copy()
    no_product[D] = False
    members = fitted(past(*SOLD), Catalogue(**{**catalogue.__dict__, "product": no_product}))
    assert members.items.count[D] == 0


def test_half_lives_are_half_two_and_eight_horizons_and_every_member_is_there() -> None:
    shop = simulated_shop()
    members = fit_members(shop.actions, shop.catalogue, 20, "customer")
    assert members.half_lives == (10.0, 40.0, 160.0)
    assert members.clock == "customer"
    counted = ["directional", "follows", "transitions", "cosine"]
    assert [member.name for member in members.neighbours] == [*counted, "linear", "beside"]
