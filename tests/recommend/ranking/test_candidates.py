"""Candidates and their columns: by hand, within bounds, and for each customer alone the same as among all."""

from dataclasses import replace

import numpy as np
import pytest
from listshop import HORIZON_DAYS, NOBODY, listed, past, simulated_shop
from numpy.typing import NDArray

from shijin.recommend.members.members import Clock, Members, fit_members
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.ranking import candidates as room
from shijin.recommend.ranking.candidates import Candidates, Query, candidates
from shijin.recommend.ranking.columns import UNRANKED, CustomerGroups, column_names
from shijin.represent.packed import DAY_US

A, B, C, D = range(4)
EVERYTHING = np.ones(4, dtype=bool)
PASTS = ("a b a . b? c+", "b c", "a . b", "")


class Columns:
    """The columns of the candidates of some customers, by customer, letter and column."""

    def __init__(self, members: Members, query: Query) -> None:
        whole = candidates(members, query)
        self.found = of(whole, whole.eligible)
        self.names = column_names(members)

    @property
    def pairs(self) -> list[tuple[int, str]]:
        return list(zip(self.found.customer.tolist(), ("abcd"[code] for code in self.found.item), strict=True))

    def __call__(self, customer: int, letter: str, *names: str) -> list[float]:
        row = self.found.columns[self.pairs.index((customer, letter))]
        return [float(row[self.names.index(name)]) for name in names]


def columns_for(
    *pasts: str,
    catalogue: Catalogue | None = None,
    excluded: list[int] | None = None,
    allowed: str = "abcd",
    allow_repeat: bool = True,
    clock: Clock = "cutoff",
    days: int = 10,
) -> Columns:
    actions = past(*pasts, days=days)
    members = fit_members(actions, catalogue or listed(4, "xxyy"), 10, clock)
    is_allowed = np.isin(np.arange(4), ["abcd".index(letter) for letter in allowed])
    return Columns(members, Query(actions, is_allowed, np.array(excluded or [], dtype=np.int64), allow_repeat))


# --- candidates -------------------------------------------------------------------------------------------------------


def test_candidates_come_by_customer_and_item_each_once_and_everybody_has_the_popular_ones() -> None:
    found = columns_for(*PASTS)
    assert found.pairs == [(customer, letter) for customer in range(4) for letter in "abcd"]
    assert found.found.columns.shape == (16, len(found.names))
    assert found.found.columns.dtype == np.float32


def test_items_that_may_not_be_recommended_are_not_candidates() -> None:
    found = columns_for(*PASTS, allowed="bd", excluded=[0 * 4 + B, 2 * 4 + D])
    assert found.pairs == [(0, "d"), (1, "b"), (1, "d"), (2, "b"), (3, "b"), (3, "d")]


def test_without_repeats_bought_items_are_left_out_and_viewed_ones_stay() -> None:
    found = columns_for(*PASTS, allow_repeat=False, excluded=[3 * 4 + A])
    assert found.pairs == [(0, "c"), (0, "d"), (1, "a"), (1, "d"), (2, "c"), (2, "d"), (3, "b"), (3, "c"), (3, "d")]


def test_each_member_proposes_only_so_many_and_only_recent_best_sellers_are_for_everybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("PER_MEMBER", "PER_HABITS"):
        monkeypatch.setattr(room, name, 0)
    monkeypatch.setattr(room, "POPULAR", 2)
    monkeypatch.setattr(room, "FEW", 0)
    assert columns_for(*PASTS).pairs == [(customer, letter) for customer in range(4) for letter in "ab"]
    monkeypatch.setattr(room, "PER_HABITS", 1)
    assert [letter for customer, letter in columns_for(*PASTS).pairs if customer == 1] == ["a", "b", "c"]


def test_without_customers_or_allowed_items_there_are_no_candidates() -> None:
    shop = simulated_shop()
    members = fit_members(shop.actions, shop.catalogue, HORIZON_DAYS, "cutoff")
    found = candidates(members, shop.query(NOBODY))
    assert found.columns.shape == (0, len(column_names(members)))
    nothing = replace(shop.query(), allowed=np.zeros(shop.actions.n_items, dtype=bool))
    assert len(candidates(members, nothing).item) == 0


# --- columns ----------------------------------------------------------------------------------------------------------


def test_own_purchases_are_columns_and_an_item_never_met_has_none() -> None:
    found = columns_for(
        *PASTS
    )  # 0: a 10 and 8 days ago, b 9 days ago and looked at 6 days ago, c in the cart 5 days ago
    assert found(0, "a", "times", "age") == [2, 8]
    assert found(0, "b", "times", "age") == [1, 9]
    assert found(0, "b", "looks") == pytest.approx([0.3 * 0.8])
    assert found(0, "c", "times", "age", "looks") == pytest.approx([0, 5, 0.6])
    assert found(0, "d", "times", "looks", "lately", "steps", "habit_share", "habit_rank") == [0, 0, 0, 0, 0, UNRANKED]
    assert np.isnan(found(0, "d", "age", "due")).all()
    assert found(0, "a", "due") == pytest.approx([8 / 2])  # a comes again after 2 days
    assert found(0, "b", "due") == [0]  # nobody comes back to b
    assert found(0, "a", "soon", "lately", "long") == pytest.approx(
        [sum(0.5 ** (age / half) for age in (10, 8)) for half in (5, 20, 80)]
    )
    assert found(0, "a", "habit_share", "habit_rank") == [1, 0]
    assert found(0, "b", "habit_rank") == [1]


def test_interest_is_the_decayed_share_of_a_category_and_dearer_is_above_the_usual_price() -> None:
    found = columns_for("a c+", "b d")  # categories x: a, b; y: c, d; prices 1 to 4
    of_x, of_y = 0.9, 0.6
    interest = np.array([of_x / (of_x + of_y), of_y / (of_x + of_y)])
    dense = fit_members(past("a c+", "b d", days=10), listed(4, "xxyy"), 10, "cutoff").by_category.toarray()
    scores = interest @ dense
    assert found(0, "a", "interest_share") == pytest.approx([interest[0]])
    assert found(0, "d", "interest_share") == pytest.approx([interest[1]])
    better = (scores[None, :] > scores[:, None] + 1e-9).sum(axis=1)
    assert [found(0, letter, "category_rank")[0] for letter in "abcd"] == better.tolist()
    usual = np.log(1.0)  # c was never bought, so that it has no price
    assert [found(0, letter, "dearer")[0] for letter in "abd"] == pytest.approx(
        [np.log(price) - usual for price in (1, 2, 4)]
    )
    assert np.isnan(found(0, "c", "dearer")).all()


def test_an_item_without_a_category_has_no_interest_share() -> None:
    found = columns_for("a c", "b d", catalogue=listed(4, "xx.."))
    assert found(0, "c", "interest_share", "category_rank") == [0, UNRANKED]


def test_a_members_score_has_a_share_and_a_rank_among_the_customers_candidates() -> None:
    shop = simulated_shop()
    members = fit_members(shop.actions, shop.catalogue, HORIZON_DAYS, "cutoff")
    found, names = candidates(members, shop.query()), column_names(members)
    for one in members.neighbours:
        dense = one.scores(shop.actions, shop.actions.weight).toarray()[found.customer, found.item]
        value, share, rank = (found.columns[:, names.index(f"{one.name}{part}")] for part in ("", "_share", "_rank"))
        assert value == pytest.approx(dense, rel=1e-6)
        for customer in np.unique(found.customer)[:40]:
            mine = found.customer == customer
            top = max(float(value[mine].max()), 0.0)
            of_top = np.maximum(value[mine] / top, -1) if top else 0 * value[mine]
            assert share[mine] == pytest.approx(of_top, rel=1e-5)
            better = (value[mine][None, :] > value[mine][:, None]).sum(axis=1)
            assert rank[mine].tolist() == np.where(value[mine] > 0, better, UNRANKED).tolist()


def test_negative_scores_alone_give_share_0_and_no_share_is_below_minus_1() -> None:
    values = np.array([-0.5, -0.1, 2.0, -1.0, 1e-9, -0.3])
    groups = CustomerGroups(np.array([0, 0, 1, 1, 2, 2]), np.array([0, 2, 4]), np.ones(6, dtype=bool))
    assert groups.shares(values).tolist() == [0, 0, 1, -0.5, 1, -1]
    assert groups.ranks(values).tolist() == [UNRANKED, UNRANKED, 0, UNRANKED, 0, UNRANKED]


def test_equals_have_the_same_rank_so_that_item_codes_do_not_matter() -> None:
    values, customer = np.array([0.5, 0.2, 0.5, 0.1, 0.2, 0.5, 0.0]), np.array([0, 0, 0, 0, 1, 1, 1])
    groups = CustomerGroups(customer, np.array([0, 4]), np.ones(7, dtype=bool))
    assert groups.ranks(values).tolist() == [0, 2, 0, 3, 1, 0, UNRANKED]


def test_pairs_that_do_not_count_are_ranked_among_the_counted_ones_and_move_none() -> None:
    values, customer = np.array([0.5, 0.9, 0.3, 0.1, 0.7]), np.array([0, 0, 0, 0, 1])
    groups = CustomerGroups(customer, np.array([0, 4]), np.array([True, False, True, False, False]))
    assert groups.ranks(values).tolist() == [0, 0, 1, 2, 0]
    assert groups.shares(values)[:4] == pytest.approx([1, 1.8, 0.6, 0.2])


def test_columns_of_customers_are_counted_by_hand() -> None:
    found = columns_for(*PASTS)  # 10 days, the newest rows 5, 9, 8 days ago
    of = ("actions", "variety", "returning", "silence", "pace")
    assert found(0, "a", *of) == pytest.approx([5, 3, 1 / 3, 5, 5 / 4])
    assert found(1, "a", *of) == [2, 2, 0, 9, 1]
    assert found(3, "a", *of[:4]) == [0, 0, 0, 0]
    assert np.isnan(found(3, "a", "pace")).all()
    assert columns_for(*PASTS, clock="customer")(0, "a", "silence", "age") == [0, 3]


def test_a_response_after_the_cutoff_gives_silence_0_and_age_0() -> None:
    found = columns_for("a b . . . . . c*", "b", days=3)
    assert found(0, "c", "silence", "age") == [0, 0]


def test_columns_of_items_are_the_same_for_all_customers() -> None:
    found = columns_for("a b a", "b c")
    members = fit_members(past("a b a", "b c", days=10), listed(4, "xxyy"), 10, "cutoff")
    items = members.items
    for code, letter in enumerate("abcd"):
        expected = [np.log1p(items.count[code]), np.log1p(items.recent[code]), items.recent[code] / items.recent.max()]
        assert found(1, letter, "count", "recent", "recent_share") == pytest.approx(expected)
        assert found(1, letter, "known", "again", "current") == pytest.approx(
            [items.known_days[code], items.repeat_rate[code], items.current[code]]
        )
    assert np.isnan(found(1, "d", "item_age", "item_gap")).all()
    assert found(1, "a", "item_age", "item_gap") == [8, 2]


# --- each customer alone ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clock", ["cutoff", "customer"])
@pytest.mark.parametrize("allow_repeat", [True, False])
def test_a_customer_has_the_same_candidates_and_columns_to_the_bit_in_any_batch(
    clock: Clock, allow_repeat: bool
) -> None:
    shop = simulated_shop()
    members = fit_members(shop.actions, shop.catalogue, HORIZON_DAYS, clock)
    whole = candidates(members, shop.query(allow_repeat=allow_repeat))
    for rows in (np.array([3]), np.array([2, 77, 20]), np.arange(100, 131)):
        part = candidates(members, shop.query(rows, allow_repeat=allow_repeat))
        for place, customer in enumerate(rows):
            assert_same(of(part, part.customer == place), of(whole, whole.customer == customer))


def of(found: Candidates, rows: NDArray[np.bool_]) -> Candidates:
    return Candidates(*(getattr(found, name)[rows] for name in Candidates.__annotations__))


def assert_same(one: Candidates, other: Candidates) -> None:
    assert one.item.tolist() == other.item.tolist()
    assert np.array_equal(one.columns, other.columns, equal_nan=True)
    assert np.array_equal(one.counted, other.counted)
    assert np.array_equal(one.eligible, other.eligible)


@pytest.mark.parametrize("allow_repeat", [True, False])
def test_requested_and_excluded_items_change_no_column(allow_repeat: bool) -> None:
    shop = simulated_shop()
    n = shop.actions.n_items
    members = fit_members(shop.actions, shop.catalogue, HORIZON_DAYS, "cutoff")
    whole = candidates(members, shop.query(allow_repeat=allow_repeat))
    requested, excluded = np.arange(n) % 3 == 1, np.arange(0, len(shop.actions) * n, 7)
    narrow = candidates(members, replace(shop.query(allow_repeat=allow_repeat), requested=requested, excluded=excluded))
    assert_same(replace(of(narrow, narrow.counted), eligible=whole.eligible), whole)
    assert np.array_equal(
        narrow.eligible, requested[narrow.item] & ~np.isin(narrow.customer * n + narrow.item, excluded)
    )
    assert narrow.eligible.sum() > 0


@pytest.mark.parametrize("days", [1, 400])
@pytest.mark.parametrize("clock", ["cutoff", "customer"])
def test_another_epoch_gives_the_same_columns(days: int, clock: Clock) -> None:
    def moved(actions: Actions) -> Actions:
        return replace(actions, ts=actions.ts + days * DAY_US, now=actions.now + days * DAY_US)

    actions = past(*PASTS)
    one, other = (
        candidates(fit_members(some, listed(4, "xxyy"), 10, clock), Query(some, EVERYTHING, NOBODY, True))
        for some in (actions, moved(actions))
    )
    assert_same(one, other)
