"""Candidates: by hand, within bounds, and for each customer alone the same as among all."""

from dataclasses import replace

import numpy as np
import pytest
from candidateshop import PASTS, columns_for, of
from listshop import HORIZON_DAYS, NOBODY, listed, past, simulated_shop

from shijin.recommend.members.members import Clock, fit_members
from shijin.recommend.past.actions import Actions
from shijin.recommend.ranking import candidates as room
from shijin.recommend.ranking.candidates import Candidates, Query, candidates
from shijin.recommend.ranking.columns import column_names
from shijin.represent.packed import DAY_US

A, B, C, D = range(4)
EVERYTHING = np.ones(4, dtype=bool)


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
