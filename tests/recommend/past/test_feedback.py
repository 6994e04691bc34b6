"""Feedback changes histories at once: liked items are inserted, disliked ones are removed and excluded."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from listshop import FIRST, listed, past, simulated_shop

from shijin.recommend.members.members import fit_members
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.feedback import LIKED, apply_feedback
from shijin.recommend.past.responses import ResponseKind, Responses
from shijin.recommend.ranking.candidates import Query
from shijin.recommend.ranking.recommender import Ranking
from shijin.recommend.ranking.training import train_recommender
from shijin.recommend.ranking.training_windows import TrainingData
from shijin.represent.packed import DAY_US, Kind

COLUMNS = ("offsets", "item", "ts", "kind", "quantity", "amount", "channel")
VALUES = {ResponseKind.CLICK: 1.0, ResponseKind.EXPOSURE: 0.0, ResponseKind.DISMISS: -1.0}


def responses(*rows: tuple[int, str, float, ResponseKind, float]) -> Responses:
    """Responses: customer, letter, day, kind, value."""
    ordered = sorted(rows, key=lambda row: (row[2], row[0], row[1], row[3], -row[4]))
    customer, letter, day, kind, value = (list(column) for column in zip(*ordered, strict=True)) if rows else [[]] * 5
    return Responses(
        np.array(customer, dtype=np.int64),
        np.array(["abcdefghij".index(one) for one in letter], dtype=np.int32),
        FIRST + (np.array(day) * DAY_US).astype(np.int64),
        np.array(kind, dtype=np.uint8),
        np.array(value, dtype=np.float64),
    )


def rated(customer: int, letter: str, day: float, value: float) -> tuple[int, str, float, ResponseKind, float]:
    return customer, letter, day, ResponseKind.RATING, value


def clicked(customer: int, letter: str, day: float) -> tuple[int, str, float, ResponseKind, float]:
    return customer, letter, day, ResponseKind.CLICK, 1.0


def dismissed(customer: int, letter: str, day: float) -> tuple[int, str, float, ResponseKind, float]:
    return customer, letter, day, ResponseKind.DISMISS, -1.0


def written(actions: Actions) -> list[tuple[int, str, float, str]]:
    day = np.round((actions.ts - FIRST) / DAY_US, 6)
    kinds = [Kind(kind).name for kind in actions.kind]
    letters = ["abcd"[code] for code in actions.item]
    return list(zip(actions.customer.tolist(), letters, day.tolist(), kinds, strict=True))


PAST = past("a b a", "b c? d", "")


def test_without_feedback_nothing_changes() -> None:
    for nothing in (responses(), responses((0, "d", 1.0, ResponseKind.EXPOSURE, 0.0))):
        actions, excluded = apply_feedback(PAST, nothing)
        assert len(excluded) == 0
        for name in COLUMNS:
            assert np.array_equal(getattr(actions, name), getattr(PAST, name))
            assert getattr(actions, name).dtype == getattr(PAST, name).dtype


def test_a_like_is_inserted_as_a_review_and_a_click_as_a_view() -> None:
    actions, excluded = apply_feedback(
        PAST, responses(rated(0, "c", 1.5, LIKED), clicked(2, "d", 40.0), rated(1, "a", 3.0, 0.4))
    )
    assert written(actions) == [
        (0, "a", 0, "ORDER"),
        (0, "b", 1, "ORDER"),
        (0, "c", 1.5, "REVIEW"),
        (0, "a", 2, "ORDER"),
        (1, "b", 0, "ORDER"),
        (1, "c", 1, "VIEW"),
        (1, "d", 2, "ORDER"),
        (2, "d", 40, "VIEW"),
    ]
    assert actions.offsets.tolist() == [0, 4, 7, 8]
    assert actions.amount.tolist() == [1, 2, 0, 1, 2, 0, 4, 0]
    assert len(excluded) == 0


def test_feedback_of_today_is_dated_just_after_the_newest_action_and_is_no_new_visit() -> None:
    actions, _ = apply_feedback(PAST, responses(rated(0, "d", 25.0, 1.0), clicked(1, "a", 26.0)))
    assert written(actions)[3] == (0, "d", 2, "REVIEW")
    assert written(actions)[-1] == (1, "a", 2, "VIEW")
    assert (actions.newest - PAST.newest).tolist() == [1, 1, 0]  # microseconds
    assert actions.step.tolist() == [3, 2, 1, 0, 3, 2, 1, 0]


def test_a_review_of_the_order_file_is_not_inserted_twice() -> None:
    reviewed = past("a b*")
    actions, _ = apply_feedback(reviewed, responses(rated(0, "b", 1.0, 1.0), rated(0, "a", 1.0, 1.0)))
    assert written(actions) == [(0, "a", 0, "ORDER"), (0, "a", 1, "REVIEW"), (0, "b", 1, "REVIEW")]


def test_a_disliked_or_dismissed_item_is_removed_from_the_history_and_excluded() -> None:
    actions, excluded = apply_feedback(
        PAST, responses(rated(0, "a", 5.0, -0.1), dismissed(1, "c", 5.0), dismissed(2, "b", 5.0))
    )
    assert written(actions) == [(0, "b", 1, "ORDER"), (1, "b", 0, "ORDER"), (1, "d", 2, "ORDER")]
    assert excluded.tolist() == [0 * 4 + 0, 1 * 4 + 2, 2 * 4 + 1]


def test_the_newest_opinion_replaces_older_ones_and_a_click_on_a_disliked_item_does_not_bring_it_back() -> None:
    opinions = responses(
        dismissed(0, "a", 5.0), rated(0, "a", 6.0, 1.0), rated(0, "b", 5.0, 1.0), rated(0, "b", 6.0, -1.0)
    )
    actions, excluded = apply_feedback(PAST, opinions)
    assert [row for row in written(actions) if row[0] == 0] == [
        (0, "a", 0, "ORDER"),
        (0, "a", 2, "ORDER"),
        (0, "a", 2, "REVIEW"),
    ]
    assert excluded.tolist() == [1]
    after = responses(dismissed(0, "b", 5.0), clicked(0, "b", 6.0))
    assert [row[1] for row in written(apply_feedback(PAST, after)[0]) if row[0] == 0] == ["a", "a"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from("abcd"),
            st.integers(0, 40).map(float),
            st.sampled_from([ResponseKind.RATING, ResponseKind.CLICK, ResponseKind.EXPOSURE, ResponseKind.DISMISS]),
            st.sampled_from([-1.0, 0.0, 0.5, 1.0]),
        ),
        max_size=12,
    )
)
def test_histories_stay_in_order_and_hold_no_excluded_item(rows: list[Any]) -> None:
    rows = [(who, item, day, kind, VALUES.get(kind, value)) for who, item, day, kind, value in rows]
    actions, excluded = apply_feedback(PAST, responses(*rows))
    keys = list(zip(actions.customer.tolist(), actions.ts.tolist(), actions.item.tolist(), strict=True))
    assert keys == sorted(keys)
    assert not np.isin(actions.customer * 4 + actions.item, excluded).any()
    assert (np.diff(excluded) > 0).all()
    bought = PAST.ordered & ~np.isin(PAST.customer * 4 + PAST.item, excluded)
    assert actions.ordered.sum() == bought.sum()
    assert len(actions) == len(PAST)


# --- rankings by the same recommender follow --------------------------------------------------------------------------


def test_items_that_go_with_a_liked_one_rise_and_those_that_go_with_a_dismissed_one_fall() -> None:
    many = past(*["a b"] * 6, *["c d"] * 6, "a", "c", items=4)
    members = fit_members(many, listed(4), 10, "cutoff")
    cosine = next(one for one in members.neighbours if one.name == "cosine")

    def says(feedback: Responses, customer: int) -> dict[str, float]:
        actions, _ = apply_feedback(many, feedback)
        row = cosine.scores(actions, actions.weight).toarray()[customer]
        return dict(zip("abcd", row.tolist(), strict=True))

    plain, liking = says(responses(), 12), says(responses(rated(12, "c", 2.0, 1.0)), 12)
    assert plain["d"] == 0 < liking["d"]
    assert says(responses(dismissed(12, "a", 2.0)), 12)["b"] == 0 < plain["b"]
    assert says(responses(dismissed(12, "a", 2.0)), 13) == says(responses(), 13)


@pytest.mark.parametrize("days", [1, 400])
def test_feedback_long_after_the_last_order_keeps_chances_between_0_and_1(days: int) -> None:
    shop = simulated_shop()
    recommender = train_recommender(TrainingData(shop.actions, shop.catalogue, 30, "window"))
    assert recommender.ranker.curve

    def rank(feedback: Responses) -> Ranking:
        actions, excluded = apply_feedback(shop.actions, feedback)
        return recommender.rank(Query(actions, shop.catalogue.product, excluded, True))

    late = (shop.actions.now - FIRST) / DAY_US + days
    found = rank(responses(rated(3, "a", late, 1.0), clicked(4, "b", late), dismissed(5, "c", late)))
    assert ((found.chance > 0) & (found.chance < 1)).all()
    assert 2 not in found.item[found.customer == 5]
    others = ~np.isin(found.customer, [3, 4, 5])
    plain = rank(responses())
    assert found.take(others).item.tolist() == plain.take(~np.isin(plain.customer, [3, 4, 5])).item.tolist()
