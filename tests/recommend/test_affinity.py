"""Affinity: shares recomputed by hand and by a slow dictionary; decay, and evidence against an item."""

from collections import defaultdict
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import UTC, Row, events, packed, row
from shijin.config import ItemsSection
from shijin.recommend.affinity import HALF_LIFE_HORIZONS, RESPONSE_WEIGHTS, affinities, affinity_table, half_life
from shijin.recommend.past.actions import WEIGHTS, actions_of
from shijin.recommend.past.catalogue import Catalogue, catalogue_of
from shijin.recommend.past.responses import ResponseKind, responses_of
from shijin.represent.cutoff import History, split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind
from shijin.schema import AFFINITY

CUTOFF = as_cutoff(date(2024, 2, 1))
CATEGORY = {"tea": "drinks", "rum": "drinks", "cup": "china", "pot": "china", "odd": None, "POST": "extras"}
BRAND = {"tea": "Leaf", "rum": "Cane", "cup": None, "pot": "Kiln", "odd": "Leaf", "POST": "Mail"}
LISTED = pa.table({"item_id": list(CATEGORY), "category": list(CATEGORY.values()), "brand": list(BRAND.values())})


def shop_of(rows: list[Row]) -> tuple[History, Catalogue]:
    shop = packed(rows)
    catalogue = catalogue_of(LISTED, shop.items, ItemsSection(), listed=True)
    return split_at(shop, CUTOFF, 10)[0], catalogue


def table_of(rows: list[Row], half_life_days: float) -> pa.Table:
    """The table of a shop of some events with feedback, all of it applied."""
    history, catalogue = shop_of(rows)
    responses = responses_of(events(rows), history.customers, catalogue.items, UTC)
    actions = actions_of(history, len(catalogue))
    return affinity_table(actions, catalogue, history.customers, half_life_days, responses)


def shares(table: pa.Table) -> list[tuple[Any, ...]]:
    return [tuple(one.values()) for one in table.select(["customer_id", "kind", "name", "share"]).to_pylist()]


SHOP = [
    row("a", "2024-01-22", item_id="tea"),  # ten days old: a half
    row("a", "2024-01-12", None, "view", item_id="cup"),  # twenty: a quarter
    row("a", "2024-01-22", None, "cart", item_id="pot"),
    row("b", "2024-01-22", item_id="rum"),
    row("b", "2024-01-02", item_id="odd"),  # thirty: an eighth
    row("c", "2024-01-22"),
]


def test_shares_and_interest_are_those_counted_by_hand() -> None:
    table = table_of(SHOP, 10.0)
    drinks, china = 1 / 2, 0.3 / 4 + 0.6 / 2
    leaf, kiln = 1 / 2, 0.6 / 2
    assert table.schema == AFFINITY
    expected = [
        ("b", "category", "drinks", 1.0, 1 / 2, date(2024, 1, 22)),
        ("b", "brand", "Cane", 4 / 5, 1 / 2, date(2024, 1, 22)),
        ("b", "brand", "Leaf", 1 / 5, 1 / 8, date(2024, 1, 2)),
        ("a", "category", "drinks", drinks / (drinks + china), drinks, date(2024, 1, 22)),
        ("a", "category", "china", china / (drinks + china), china, date(2024, 1, 22)),
        ("a", "brand", "Leaf", leaf / (leaf + kiln), leaf, date(2024, 1, 22)),
        ("a", "brand", "Kiln", kiln / (leaf + kiln), kiln, date(2024, 1, 22)),
    ]
    rows = [tuple(one.values()) for one in table.to_pylist()]
    assert [one[:3] + one[5:] for one in rows] == [one[:3] + one[5:] for one in expected]
    assert [one[3:5] for one in rows] == [pytest.approx(one[3:5]) for one in expected]


def test_without_decay_only_the_weights_count() -> None:
    drinks, china = 1.0, 0.9
    assert table_of(SHOP, np.inf)["interest"].to_pylist()[3:5] == pytest.approx([drinks, china])


def test_a_rating_counts_for_or_against_and_interest_is_at_least_0() -> None:
    bought = [row("a", "2024-01-22", item_id="tea"), row("a", "2024-01-22", item_id="cup")]
    liked = row("a", "2024-01-22", None, "rating", item_id="pot", rating=5.0)
    assert shares(table_of([*bought, liked], np.inf))[:2] == [
        ("a", "category", "china", pytest.approx(2 / 3)),
        ("a", "category", "drinks", pytest.approx(1 / 3)),
    ]
    soso = row("a", "2024-01-22", None, "rating", item_id="pot", rating=2.0)  # half against
    assert shares(table_of([*bought, soso], np.inf))[:2] == [
        ("a", "category", "drinks", pytest.approx(2 / 3)),
        ("a", "category", "china", pytest.approx(1 / 3)),
    ]
    bad = row("a", "2024-01-22", None, "rating", item_id="pot", rating=1.0)
    worse = row("a", "2024-01-22", None, "rating", item_id="cup", rating=1.0)
    assert shares(table_of([*bought, bad, worse], np.inf))[0] == ("a", "category", "drinks", 1.0)
    assert "china" not in table_of([*bought, bad, worse], np.inf)["name"].to_pylist()


def test_a_click_counts_as_a_view_an_exposure_not_at_all_and_not_interested_against() -> None:
    bought = [row("a", "2024-01-22", item_id="tea"), row("a", "2024-01-22", item_id="cup")]
    said = {kind: row("a", "2024-01-22", None, kind, item_id="pot") for kind in ("click", "exposure", "dismiss")}
    plain = {kind: table_of([*bought, one], np.inf)["interest"].to_pylist()[:2] for kind, one in said.items()}
    assert plain == {"click": [pytest.approx(1.3), 1.0], "exposure": [1.0, 1.0], "dismiss": [1.0, pytest.approx(0.7)]}
    assert RESPONSE_WEIGHTS[ResponseKind.CLICK] == WEIGHTS[Kind.VIEW]
    assert RESPONSE_WEIGHTS[ResponseKind.RATING] == WEIGHTS[Kind.ORDER]


def test_a_rating_that_was_replaced_does_not_count() -> None:
    bought = row("a", "2024-01-22", item_id="cup")
    bad, good = (
        row("a", at, None, "rating", item_id="pot", rating=stars)
        for at, stars in (("2024-01-22", 1), ("2024-01-23", 5))
    )
    assert table_of([bought, bad, good], np.inf)["interest"].to_pylist()[0] == 2.0


def test_a_review_counts_once_by_its_rating_where_it_has_one() -> None:
    bought = row("a", "2024-01-22", item_id="cup")
    rated = row("a", "2024-01-22", None, "review", item_id="tea", rating=5.0)
    alone = row("a", "2024-01-22", None, "review", item_id="rum")
    stern = row("a", "2024-01-22", None, "review", item_id="tea", rating=1.0)

    def interest(*rows: Row) -> dict[str, float]:
        table = table_of([bought, *rows], np.inf)
        categories = [one for one in table.to_pylist() if one["kind"] == "category"]
        return {one["name"]: one["interest"] for one in categories}

    assert interest(rated) == {"china": 1.0, "drinks": 1.0}
    assert interest(alone) == {"china": 1.0, "drinks": 0.6}
    assert interest(stern) == {"china": 1.0}


def test_a_response_after_the_cutoff_counts_in_full_and_dates_the_row() -> None:
    rows = [row("a", "2024-01-22", item_id="tea"), row("a", "2024-03-01", None, "click", item_id="cup")]
    first, second = table_of(rows, 10.0).slice(0, 2).to_pylist()
    assert (first["name"], first["interest"], first["last"]) == ("drinks", 0.5, date(2024, 1, 22))
    assert (second["name"], second["interest"], second["last"]) == ("china", pytest.approx(0.3), date(2024, 3, 1))


def test_not_interested_does_not_date_the_row() -> None:
    rows = [row("a", "2024-01-22", item_id="tea"), row("a", "2024-01-25", None, "dismiss", item_id="rum")]
    assert table_of(rows, np.inf)["last"].to_pylist()[0] == date(2024, 1, 22)


def test_postage_and_items_without_a_name_do_not_count() -> None:
    rows = [
        row("a", "2024-01-22", item_id="POST"),
        row("a", "2024-01-22", item_id="odd"),
        row("a", "2024-01-22", item_id="cup"),
    ]
    assert shares(table_of(rows, 10.0)) == [("a", "category", "china", 1.0), ("a", "brand", "Leaf", 1.0)]


def test_equal_shares_are_sorted_by_name() -> None:
    rows = [row("a", "2024-01-22", item_id="tea"), row("a", "2024-01-22", item_id="cup")]
    assert table_of(rows, 10.0)["name"].to_pylist() == ["china", "drinks", "Leaf"]


def test_a_shop_without_categories_has_an_empty_table() -> None:
    history, _ = shop_of([row("a", "2024-01-22", item_id="new")])
    bare = catalogue_of(LISTED.schema.empty_table(), np.array(["new"]), ItemsSection(), listed=True)
    table = affinity_table(actions_of(history, 1), bare, history.customers, 10.0)
    assert (table.schema, table.num_rows) == (AFFINITY, 0)
    assert affinities(actions_of(history, 1), bare.category, 0, 10.0).shape == (1, 0)


def test_the_matrix_holds_the_tables_shares() -> None:
    history, catalogue = shop_of(SHOP)
    matrix = affinities(actions_of(history, len(catalogue)), catalogue.category, len(catalogue.categories), 10.0)
    assert catalogue.categories.tolist() == ["china", "drinks", "extras"]
    assert matrix.toarray() == pytest.approx(
        np.array([[0, 0.875, 0], [0.375, 0.5, 0], [0, 0, 0]]) / [[0.875], [0.875], [1]]
    )
    assert matrix.has_sorted_indices


def test_the_half_life_is_a_few_horizons() -> None:
    assert half_life(60) == HALF_LIFE_HORIZONS * 60


MANY = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.integers(1, 31),
        st.sampled_from(["order", "view", "cart", "review", "rating", "dismiss", "click", "exposure", "return"]),
        st.sampled_from([*CATEGORY, None]),
        st.sampled_from([1.0, 2.0, 4.0, 5.0, None]),
    ),
    max_size=20,
)
OF_ACTION = {"order": 1.0, "cart": 0.6, "review": 0.6, "view": 0.3}


def slowly(rows: list[Row], half_life_days: float) -> dict[tuple[str, str], dict[str, float]]:
    """Interest by customer and kind, one row after the other; a later opinion of an item replaces an earlier one."""
    interest: dict[tuple[str, str], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    weights: dict[Any, tuple[Row, float]] = {}
    once = set()
    ratings = [one for one in rows if one["type"] in ("rating", "review") and one["rating"] is not None]
    rated = {(one["customer_id"], one["item_id"]) for one in ratings}
    for one in sorted(rows, key=lambda one: (one["ts"], one["type"] == "dismiss", -(one.get("rating") or 0))):
        kind, who, item = one["type"], one["customer_id"], one["item_id"]
        has_rating = kind == "review" and (who, item) in rated
        if kind in OF_ACTION and not has_rating and (one["ts"], kind, who, item) not in once:
            once.add((one["ts"], kind, who, item))
            weights[len(weights), "done"] = one, OF_ACTION[kind]
        if kind in ("rating", "review") and one["rating"] is not None:
            weights[who, item] = one, (one["rating"] - 3) / 2
        if kind == "dismiss":
            weights[who, item] = one, -0.3
        if kind == "click":
            weights[len(weights), "click"] = one, 0.3
    for one, weight in weights.values():
        age = (date(2024, 2, 1) - one["ts"].date()).days
        for kind, names in (("category", CATEGORY), ("brand", BRAND)):
            if names.get(one["item_id"]) and one["item_id"] != "POST":
                interest[one["customer_id"], kind][names[one["item_id"]]] += weight * 0.5 ** (age / half_life_days)
    return interest


@given(MANY, st.sampled_from([3.0, 30.0]))
def test_any_table_is_what_a_slow_dictionary_finds(many: list[tuple[Any, ...]], half_life_days: float) -> None:
    rows = [row(name, "2024-01-01", item_id="odd") for name in "abc"]
    rows += [
        row(who, f"2024-01-{day:02d}", None, kind, item_id=item, rating=stars if kind in ("rating", "review") else None)
        for who, day, kind, item, stars in many
    ]
    table = table_of(rows, half_life_days)
    expected = slowly(rows, half_life_days)
    for who in "abc":
        for kind in ("category", "brand"):
            left = {name: value for name, value in expected[who, kind].items() if value > 1e-9}
            of_customer = [one for one in table.to_pylist() if one["customer_id"] == who and one["kind"] == kind]
            of_customer = [one for one in of_customer if one["interest"] > 1e-9]
            assert {one["name"]: one["interest"] for one in of_customer} == pytest.approx(left)
            assert {one["name"]: one["share"] for one in of_customer} == pytest.approx(
                {name: value / sum(left.values()) for name, value in left.items()}
            )
            assert sorted(-one["share"] for one in of_customer) == [-one["share"] for one in of_customer]


def test_ages_are_days_and_their_parts() -> None:
    half_a_day = table_of([row("a", "2024-01-31 12:00", item_id="tea")], 0.5)
    assert half_a_day["interest"].to_pylist() == [0.5, 0.5]
    assert CUTOFF % DAY_US == 0
