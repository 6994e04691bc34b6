"""The columns of candidates, by hand."""

import numpy as np
import pytest
from candidateshop import PASTS, columns_for
from listshop import HORIZON_DAYS, listed, past, simulated_shop

from shijin.recommend.members.members import fit_members
from shijin.recommend.ranking.candidates import candidates
from shijin.recommend.ranking.columns import UNRANKED, CustomerGroups, column_names


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
