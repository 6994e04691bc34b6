"""Responses: which rows count, ratings of any scale, the newest opinion, and the cutoff."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import UTC, Row, events, row
from shijin.recommend.past.responses import ResponseKind, Responses, liking, responses_of, scale_of
from shijin.represent.days import as_cutoff

CUSTOMERS, ITEMS = np.array(["b", "a"]), np.array(["rum", "tea", "cup"])


def response(customer: str, at: str, kind: str, item: str | None, rating: float | None = None) -> Row:
    return row(customer, at, None, kind, item_id=item, rating=rating)


def gathered(rows: list[Row], until: int | None = None, zone: ZoneInfo = UTC) -> Responses:
    return responses_of(events(rows), CUSTOMERS, ITEMS, zone, until)


def written(responses: Responses) -> list[tuple[Any, ...]]:
    """Responses as people would write them: customer, item, kind, value."""
    columns = (CUSTOMERS[responses.customer], ITEMS[responses.item], responses.kind, responses.value)
    return [
        (str(who), str(item), ResponseKind(kind).name, value) for who, item, kind, value in zip(*columns, strict=True)
    ]


ALL = [
    response("a", "2024-01-05", "dismiss", "cup"),
    response("a", "2024-01-02", "rating", "tea", 4.0),
    response("b", "2024-01-03", "review", "rum", 1.0),
    response("b", "2024-01-04", "click", "tea"),
    response("b", "2024-01-04", "exposure", "tea"),
]


def test_responses_are_by_time_with_their_opinion_of_the_item() -> None:
    responses = gathered(ALL)
    assert written(responses) == [
        ("a", "tea", "RATING", 0.5),
        ("b", "rum", "RATING", -1.0),
        ("b", "tea", "CLICK", 1.0),
        ("b", "tea", "EXPOSURE", 0.0),
        ("a", "cup", "DISMISS", -1.0),
    ]
    assert (responses.ts // 86_400_000_000 - as_cutoff(date(2024, 1, 1)) // 86_400_000_000).tolist() == [1, 2, 3, 3, 4]
    types = [getattr(responses, name).dtype for name in ("customer", "item", "ts", "kind", "value")]
    assert types == [np.int64, np.int32, np.int64, np.uint8, np.float64]


@pytest.mark.parametrize(
    "other",
    [
        response("stranger", "2024-01-02", "dismiss", "tea"),
        response("a", "2024-01-02", "dismiss", "unheard of"),
        response("a", "2024-01-02", "dismiss", None),
        response("a", "2024-01-02", "review", "tea"),
        response("a", "2024-01-02", "rating", "tea"),
        response("a", "2024-01-02", "rating", "tea", float("nan")),
        response("a", "2024-01-02", "order", "tea", 5.0),
        response("a", "2024-01-02", "view", "tea"),
        response("a", "2024-01-02", "correction", "tea"),
        response("a", "2024-01-02", "conversion", "tea"),
    ],
    ids=lambda other: f"{other['type']} {other['customer_id']} {other['item_id']} {other['rating']}",
)
def test_unknown_customers_and_items_and_reviews_without_a_rating_are_left_out(other: Row) -> None:
    assert written(gathered([*ALL, other])) == written(gathered(ALL))
    assert written(gathered([other])) == []


def test_responses_from_the_cutoff_on_are_left_out_and_without_a_cutoff_all_count() -> None:
    rows = [response("a", "2024-01-31 23:59:59.999999", "dismiss", "cup"), response("a", "2024-02-01", "click", "tea")]
    assert written(gathered(rows, as_cutoff(date(2024, 2, 1)))) == [("a", "cup", "DISMISS", -1.0)]
    assert len(gathered(rows)) == 2


def test_the_cutoff_is_a_midnight_of_the_shop() -> None:
    rows = [response("a", "2024-01-31 16:30", "dismiss", "cup")]  # half past midnight on 1 February in Shanghai
    assert len(gathered(rows, as_cutoff(date(2024, 2, 1)), ZoneInfo("Asia/Shanghai"))) == 0
    assert len(gathered(rows, as_cutoff(date(2024, 2, 1)))) == 1


def test_a_later_rating_does_not_change_the_scale_before_the_cutoff() -> None:
    rows = [response("a", "2024-01-02", "rating", "tea", 4.0), response("b", "2024-02-02", "rating", "tea", 10.0)]
    assert written(gathered(rows, as_cutoff(date(2024, 2, 1)))) == [("a", "tea", "RATING", 0.5)]
    assert gathered(rows).value.tolist() == pytest.approx([-1 / 3, 1.0])


@pytest.mark.parametrize(
    ("ratings", "scale"),
    [
        ([1, 3, 5], (1, 5)),
        ([0.5, 4], (0, 5)),
        ([0, 5], (0, 5)),
        ([1, 10], (1, 10)),
        ([5.5], (1, 10)),
        ([0, 97], (0, 100)),
        ([101], (1, 101)),
        ([0, 1], (0, 1)),
        ([0], (0, 1)),
        ([0.2, 0.9], (0, 1)),
        ([-1, 1], (-1, 1)),
        ([-2, 1], (-5, 5)),
        ([-7, 3], (-10, 10)),
        ([1], (1, 5)),
        ([], (1, 5)),
    ],
    ids=str,
)
def test_the_scale_is_inferred_from_the_ratings(ratings: list[float], scale: tuple[float, float]) -> None:
    assert scale_of(np.array(ratings, dtype=float)) == scale


@pytest.mark.parametrize(
    ("most", "slip", "scale"),
    [
        ([5, 5, 4, 3], 50, (1, 5)),
        ([5, 5, 4, 3], 0, (1, 5)),
        ([5, 5, 4, 3], -5, (1, 5)),
        ([10, 7, 1, 5], 100, (1, 10)),
        ([0, 3, 5, 4], -4, (0, 5)),
        ([90, 70, 20, 55], 1000, (1, 100)),
        ([1, 1, 0, 1], 5, (0, 1)),
        ([1, 0, 0, 1], -1, (0, 1)),
        ([1, 1, 1, 1], 0, (0, 1)),  # one thumb down in a hundred is no typing error
        ([1, 1, 1, 1], -1, (-1, 1)),
    ],
    ids=str,
)
def test_one_mistyped_rating_in_a_hundred_does_not_change_the_scale(
    most: list[int], slip: float, scale: tuple[float, float]
) -> None:
    assert scale_of(np.array([*most * 25, slip], dtype=float)) == scale


def test_more_than_one_rating_in_twenty_is_no_typing_error() -> None:
    assert scale_of(np.array([*[4.0] * 95, *[9.0] * 5])) == (1, 5)
    assert scale_of(np.array([*[4.0] * 94, *[9.0] * 6])) == (1, 10)
    assert scale_of(np.array([*[4.0] * 94, *[0.0] * 6])) == (0, 5)


def test_a_mistyped_rating_does_not_change_the_liking_of_others() -> None:
    rows = [response("a", f"2024-01-{day:02d}", "rating", "tea", 5.0) for day in range(1, 29)]
    rows += [response("b", "2024-02-01", "rating", "rum", 50.0), response("b", "2024-02-02", "rating", "cup", 0.0)]
    assert gathered(rows).value.tolist() == [*[1.0] * 29, -1.0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_liking_is_between_the_worst_and_the_best_and_keeps_the_order(ratings: list[float]) -> None:
    values = np.array(ratings)
    worst, best = scale_of(values)
    assert np.mean(values > best) <= 0.05
    assert np.mean(values < worst) <= 0.05
    liked = liking(values)
    assert (np.abs(liked) <= 1).all()
    assert (np.diff(liked[np.argsort(values)]) >= 0).all()


def test_thumbs_next_to_reviews_of_five_are_read_as_thumbs() -> None:
    rows = [
        response("a", "2024-01-02", "review", "tea", 5.0),
        response("a", "2024-01-03", "review", "rum", 2.0),
        response("b", "2024-01-04", "rating", "tea", 1.0),
        response("b", "2024-01-05", "rating", "rum", 0.0),
    ]
    assert gathered(rows).value.tolist() == [1.0, -0.5, 1.0, -1.0]


def test_reviews_and_ratings_that_are_no_thumbs_share_the_shops_scale() -> None:
    rows = [response("a", "2024-01-02", "review", "tea", 10.0), response("b", "2024-01-03", "rating", "rum", 1.0)]
    assert gathered(rows).value.tolist() == [1.0, -1.0]
    rows = [response("a", "2024-01-02", "review", "tea", 10.0), response("b", "2024-01-03", "rating", "rum", 5.5)]
    assert gathered(rows).value.tolist() == [1.0, 0.0]


def test_the_newest_rating_or_dismissal_of_an_item_is_the_opinion() -> None:
    rows = [
        response("a", "2024-01-02", "rating", "tea", 5.0),
        response("a", "2024-01-04", "rating", "tea", 2.0),
        response("b", "2024-01-02", "dismiss", "tea"),
        response("b", "2024-01-03", "rating", "tea", 5.0),
        response("a", "2024-01-01", "rating", "cup", 5.0),
        response("a", "2024-01-03", "dismiss", "cup"),
        response("a", "2024-01-05", "click", "cup"),
        response("a", "2024-01-05", "exposure", "rum"),
    ]
    assert written(gathered(rows).opinions()) == [
        ("b", "tea", "RATING", 1.0),
        ("a", "cup", "DISMISS", -1.0),
        ("a", "tea", "RATING", -0.5),
    ]


def test_of_two_opinions_at_once_the_worse_counts() -> None:
    at = "2024-01-02"
    stars = [response("a", at, "rating", "tea", 2.0), response("a", at, "rating", "tea", 5.0)]
    assert (
        written(gathered(stars).opinions())
        == written(gathered(stars[::-1]).opinions())
        == [("a", "tea", "RATING", -0.5)]
    )
    both = [response("a", at, "dismiss", "tea"), response("a", at, "rating", "tea", 5.0)]
    assert written(gathered(both).opinions()) == [("a", "tea", "DISMISS", -1.0)]


MANY = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "x"]),
        st.integers(1, 4),
        st.sampled_from(["rating", "review", "dismiss", "click", "exposure"]),
        st.sampled_from(["rum", "tea", "cup", None]),
        st.sampled_from([None, 1.0, 3.0, 5.0]),
    ),
    min_size=1,
    max_size=12,
)


@given(MANY, st.randoms())
def test_the_order_of_rows_in_the_file_changes_nothing(many: list[tuple[Any, ...]], dice: Any) -> None:
    rows = [response(who, f"2024-01-0{day}", kind, item, rating) for who, day, kind, item, rating in many]
    one, other = gathered(rows), gathered(dice.sample(rows, len(rows)))
    for name in ("customer", "item", "ts", "kind", "value"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


@given(MANY)
def test_opinions_are_what_a_slow_dictionary_finds(many: list[tuple[Any, ...]]) -> None:
    rows = [response(who, f"2024-01-0{day}", kind, item, rating) for who, day, kind, item, rating in many]
    responses = gathered(rows)
    newest = {
        (who, item): (kind, value) for who, item, kind, value in written(responses) if kind in ("RATING", "DISMISS")
    }
    assert {(who, item): (kind, value) for who, item, kind, value in written(responses.opinions())} == newest
    assert len(responses.opinions()) == len(newest)
