"""The members of a shop by hand: what is known of its items, of its categories, and what new items borrow."""

import numpy as np
import pytest
import scipy.sparse as sp
from listshop import floor, listed, past

from shijin.recommend.members import members as room
from shijin.recommend.members.members import LENT, LISTED, Members, fit_members
from shijin.recommend.members.neighbours import members_of
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue

A, B, C, D, E, F = range(6)
INF = np.inf


def fitted(actions: Actions, catalogue: Catalogue, horizon_days: int = 10) -> Members:
    return fit_members(actions, catalogue, horizon_days, "cutoff")


def similar(members: Members, name: str) -> sp.csr_matrix:
    return next(one.similar for one in members.neighbours if one.name == name)


def test_what_is_known_of_items_is_counted_by_hand() -> None:
    # Ages: 10, 9, 8, 7 days. a is bought three times by two, looked at once; b is put into a cart and bought; d never.
    items = fitted(past("a ab . a?", "b+ . a c", days=10), listed(4)).items
    assert items.count.tolist() == pytest.approx([3.3, 1.6, 1.0, 0.0])
    fade = {age: 0.5 ** (age / 10) for age in (10, 9, 8, 7)}
    assert items.recent.tolist() == pytest.approx(
        [fade[10] + fade[9] + 0.3 * fade[7] + fade[8], fade[9] + 0.6 * fade[10], fade[7], 0.0]
    )
    assert items.age_days.tolist() == [7, 9, 7, INF]
    assert items.known_days.tolist() == [10, 10, 7, 0]
    assert items.price.tolist() == pytest.approx([1, 2, 3, np.nan], nan_ok=True)
    assert items.again.tolist() == [1 / 5, 0, 0, 0]  # three purchases by two customers
    assert items.gap_days.tolist() == [1, INF, INF, INF]
    assert items.current.tolist() == [(1 + 1) / (4 + 6), 1 / 8, 2 / 7, 1 / 6]


def test_of_a_category_the_share_of_late_speaks_and_who_is_listed_is_not_nothing() -> None:
    members = fitted(past("a b c", days=10), listed(4, "xxy."))
    fade = {age: 0.5 ** (age / 10) for age in (10, 9, 8)}
    of_x = fade[10] + fade[9] + 2 * LISTED
    expected = [[(fade[10] + LISTED) / of_x, (fade[9] + LISTED) / of_x, 0, 0], [0, 0, 1, 0]]
    assert members.by_category.toarray() == pytest.approx(np.array(expected))
    assert members.category.tolist() == [0, 0, 1, -1]


def test_of_a_large_category_only_the_most_sold_of_late_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "OF_A_CATEGORY", 2)
    members = fitted(past("a b c c"), listed(4, "xxxx"))
    assert np.flatnonzero(members.by_category.toarray()[0]).tolist() == [B, C]


def test_an_item_that_was_not_there_yet_has_no_category() -> None:
    catalogue = listed(4, "xxxx", touched=3)  # c will be sold after this past, d is listed and nobody's yet
    members = fitted(past("a b"), catalogue)
    assert members.category.tolist() == [0, 0, -1, 0]
    assert similar(members, "directional")[:, [C]].nnz == 0


def test_a_shop_without_categories_lends_nothing_and_has_none() -> None:
    actions = past("a b c", "b c d")
    members = fitted(actions, listed(4))
    assert members.by_category.shape == (0, 4)
    for one, plain in zip(members.neighbours, members_of(actions), strict=False):
        assert np.array_equal(one.similar.toarray(), plain.similar.toarray())


SOLD = ("a b a b a b", "a b b a b a")  # a and b, often


def test_an_item_that_nobody_bought_yet_has_half_of_what_its_siblings_have() -> None:
    members = fitted(past(*SOLD), listed(4, "xx.x", touched=2))
    plain = {one.name: one.similar for one in members_of(past(*SOLD))}
    for name, before in plain.items():
        lent = similar(members, name)[:, [D]].toarray()
        assert lent == pytest.approx(LENT / 2 * before[:, [A, B]].toarray().sum(axis=1, keepdims=True))
        assert lent[A] > 0
        assert similar(members, name)[:, [C]].nnz == 0  # new as well, of no category
    items = members.items
    assert items.count[D] == pytest.approx(LENT / 2 * (items.count[A] + items.count[B]))
    assert items.recent[D] == pytest.approx(LENT / 2 * (items.recent[A] + items.recent[B]))


def test_an_item_that_was_sold_once_of_late_keeps_its_own_and_borrows_beside_it() -> None:
    actions = past(*SOLD, ". . . . . . . a c", days=12)
    plain = {one.name: one.similar for one in members_of(actions)}["follows"]
    found = similar(fitted(actions, listed(4, "xxx.")), "follows")
    assert found[A, C] == pytest.approx(plain[A, C] + LENT / 2 * (plain[A, A] + plain[A, B]))


@pytest.mark.parametrize(
    "newcomer", ["c . . . . . . . . .", ". . . . . c c c c c"], ids=["known for long", "sold often enough"]
)
def test_who_is_known_for_long_or_sold_often_borrows_nothing(newcomer: str) -> None:
    actions = past(*SOLD, newcomer, days=12)
    found = similar(fitted(actions, listed(4, "xxx.")), "follows")
    plain = {one.name: one.similar for one in members_of(actions)}["follows"]
    assert np.array_equal(found.toarray(), plain.toarray())


def test_siblings_are_of_the_brand_and_where_the_brand_sells_nothing_else_of_the_category() -> None:
    # d is of a's brand, e of a brand that nothing else of x has, f of b's brand and of a category that sells nothing.
    catalogue = listed(6, "xx.xxy", "mn.mon", touched=2)
    members = fitted(past(*SOLD, items=6), catalogue)
    plain = {one.name: one.similar for one in members_of(past(*SOLD, items=6))}["cosine"].toarray()
    found = similar(members, "cosine").toarray()
    assert found[:, D] == pytest.approx(LENT * plain[:, A])
    assert found[:, E] == pytest.approx(LENT / 2 * (plain[:, A] + plain[:, B]))
    assert not found[:, F].any()


def test_of_many_siblings_the_most_sold_of_late_lend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SIBLINGS", 1)
    members = fitted(past(*SOLD, "b b b"), listed(4, "xx.x", touched=2))
    assert members.items.recent[D] == pytest.approx(LENT * members.items.recent[B])


def test_a_charge_borrows_nothing() -> None:
    catalogue = listed(4, "xx.x", touched=2)
    no_product = catalogue.product.copy()
    no_product[D] = False
    members = fitted(past(*SOLD), Catalogue(**{**catalogue.__dict__, "product": no_product}))
    assert members.items.count[D] == 0


def test_purchases_fade_by_half_two_and_eight_horizons_and_every_member_is_there() -> None:
    shop = floor()
    members = fit_members(shop.actions, shop.catalogue, 20, "customer")
    assert members.half_lives == (10.0, 40.0, 160.0)
    assert members.clock == "customer"
    counted = ["directional", "follows", "transitions", "cosine"]
    assert [one.name for one in members.neighbours] == [*counted, "linear", "beside"]
