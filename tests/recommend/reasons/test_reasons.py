"""Reasons: which one holds first, that its numbers are true, and how it is written as JSON and in words."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from reasonshop import (
    MANY,
    OLD,
    Reason,
    Shop,
    bought_on,
    shop_of,
)

import recount
from ledger import Row, packed, row
from shijin.recommend.members.neighbours import ItemNeighbours
from shijin.recommend.past import co_purchases
from shijin.recommend.reasons import antecedents, reason_text
from shijin.recommend.reasons.reason_text import reason_args, reason_codes, reason_texts
from shijin.recommend.reasons.reasons import CODES, Reasons, Shown
from shijin.words import LANGUAGES, say_note


def test_purchases_at_even_intervals_are_a_rhythm_with_their_mean_halves_up() -> None:
    shop = Shop(OLD + bought_on("a", "tea", "01-10", "01-20", "01-31"))  # 10 and 11 days
    assert shop.reason("a", "tea") == ("rhythm", {"gap_days": 11, "ago_days": 1, "bought_days": 3})


def test_a_day_is_one_purchase_however_many_lines_it_has() -> None:
    twice = [*bought_on("a", "tea", "01-10", "01-10", "01-31"), row("a", "2024-01-31 19:00", item_id="tea")]
    assert Shop(OLD + twice).reason("a", "tea") == ("again", {"bought_days": 2, "ago_days": 1})


def test_a_rhythm_that_ended_long_ago_does_not_hold() -> None:
    rows = OLD + bought_on("a", "tea", "01-01", "01-03", "01-05")
    assert Shop(rows).reason("a", "tea") == ("again", {"bought_days": 3, "ago_days": 27})
    late = OLD + bought_on("a", "tea", "01-05", "01-11", "01-14")  # 4.5 days, three of them are 13.5
    assert Shop(late).reason("a", "tea")[0] == "again"
    assert Shop(late[:-1] + bought_on("a", "tea", "01-19")).reason("a", "tea")[0] == "rhythm"


@pytest.mark.parametrize(
    ("days", "code"),
    [
        (("01-05", "01-15", "01-31"), "rhythm"),  # 10 and 16
        (("01-05", "01-13", "01-29"), "rhythm"),  # 8 and 16: just twice as long
        (("01-05", "01-13", "01-30"), "again"),  # 8 and 17
        (("01-05", "01-06", "01-31"), "again"),
        (("01-01", "01-02", "01-03", "01-31"), "again"),  # 28 of 30 days in one gap
        (("01-01", "01-06", "01-11", "01-31"), "rhythm"),  # 20 of 30
    ],
)
def test_uneven_gaps_are_no_rhythm(days: tuple[str, ...], code: str) -> None:
    assert Shop(OLD + bought_on("a", "tea", *days)).reason("a", "tea")[0] == code


def test_an_item_bought_once_has_its_age() -> None:
    assert Shop(OLD + bought_on("a", "tea", "01-25")).reason("a", "tea") == ("bought", {"ago_days": 7})


def test_an_unbought_cart_goes_before_repeated_purchases() -> None:
    rows = OLD + bought_on("a", "tea", "01-03", "01-25")
    assert Shop(rows + bought_on("a", "tea", "01-29", kind="cart")).reason("a", "tea") == ("cart", {"ago_days": 3})
    assert Shop(rows + bought_on("a", "tea", "01-24", kind="cart")).reason("a", "tea")[0] == "again"
    assert Shop(rows + bought_on("a", "tea", "01-25", kind="cart")).reason("a", "tea")[0] == "again"  # at that moment


def test_views_count_by_the_day_since_the_last_purchase() -> None:
    views = bought_on("a", "tea", "01-05", "01-25", "01-29", kind="view")
    views.append(row("a", "2024-01-25 18:00", None, "view", item_id="tea"))
    assert Shop(OLD + views).reason("a", "tea") == ("viewed", {"look_days": 3, "ago_days": 3})
    assert Shop(OLD + views + bought_on("a", "tea", "01-07")).reason("a", "tea") == (
        "viewed",
        {"look_days": 2, "ago_days": 3},
    )
    assert Shop(OLD + views + bought_on("a", "tea", "01-30")).reason("a", "tea") == ("bought", {"ago_days": 2})


def test_carts_and_views_older_than_the_horizon_give_way_to_other_customers_purchases() -> None:
    others = [
        one
        for who in "bcd"
        for one in bought_on(who, "cup", "01-05") + bought_on(who, "pot", "01-0" + str(6 + (who == "d")))
    ]
    mine = bought_on("a", "cup", "01-30")
    for kind, alone in (("cart", {"ago_days": 28}), ("view", {"look_days": 1, "ago_days": 28})):
        old = bought_on("a", "pot", "01-04", kind=kind)
        assert Shop(others + mine + old).reason("a", "pot")[0] == "after"
        code = {"cart": "cart", "view": "viewed"}[kind]
        assert Shop(OLD + mine[:0] + bought_on("a", "hat", "01-30") + old).reason("a", "pot") == (code, alone)


def test_after_counts_others_who_bought_on_a_later_day_and_not_the_other_way_round() -> None:
    rows = bought_on("a", "cup", "01-02", "01-20")
    rows += [one for who in "bc" for one in bought_on(who, "cup", "01-05") + bought_on(who, "pot", "01-07")]
    rows += bought_on("d", "pot", "01-05") + bought_on("d", "cup", "01-07")  # the other way round
    rows += bought_on("e", "cup", "01-05") + bought_on("e", "pot", "01-05")  # on one day
    args = {"others": 2, "ago_days": 12, "bought_item": "cup", "bought_name": "Cup"}
    assert Shop(rows).reason("a", "pot") == ("after", args)
    more = rows + [one for who in "fg" for item in ("cup", "pot") for one in bought_on(who, item, "01-05")]
    assert Shop(more).reason("a", "pot") == ("with", args | {"others": 3})
    assert Shop(more, similar=[]).reason("a", "pot")[0] == "category"


def test_one_other_customer_is_no_evidence() -> None:
    rows = bought_on("a", "cup", "01-20") + bought_on("b", "cup", "01-05") + bought_on("b", "rum", "01-07")
    assert Shop(rows).reason("a", "rum") == ("sold", {"customers": 1})


def reason_by_members(rows: list[Row], *members: dict[str, float]) -> Reason:
    """The reason of rum for a, where each member has some weights from bought items to rum."""
    items, similar = packed(rows).items.tolist(), []
    for weights in members:
        matrix = np.zeros((len(items), len(items)), np.float32)
        for item, weight in weights.items():
            matrix[items.index(item), items.index("rum")] = weight
        similar.append(ItemNeighbours("given", sp.csr_matrix(matrix), 0.5))
    return Shop(rows, similar).reason("a", "rum")


def went_on_to_rum(*items: str) -> list[Row]:
    """Two customers who bought some items and later rum."""
    return [one for who in "bc" for item in items for one in bought_on(who, item, "01-02")] + [
        one for who in "bc" for one in bought_on(who, "rum", "01-04")
    ]


def test_the_antecedent_has_the_largest_decayed_share_or_is_the_next_where_nobody_bought_both() -> None:
    rows = went_on_to_rum("tea", "cup")
    for item, day in (("tea", "10"), ("cup", "20"), ("jam", "25")):
        rows += bought_on("a", item, f"01-{day}")
    assert reason_by_members(rows, {"tea": 3.0, "cup": 1.0, "jam": 0.0})[1]["bought_item"] == "tea"  # 3/4 against 1/2
    assert reason_by_members(rows, {"tea": 1.9, "cup": 1.0, "jam": 0.0})[1]["bought_item"] == "cup"
    assert (
        reason_by_members(rows, {"tea": 1.9, "cup": 1.0, "jam": 9.0})[1]["bought_item"] == "cup"
    )  # nobody followed jam
    assert reason_by_members(rows, {"jam": 9.0})[0] != "after"


def test_members_count_in_shares_whatever_their_scale() -> None:
    rows = went_on_to_rum("tea", "cup")
    rows += [row("a", "2024-01-20", item_id=item) for item in ("tea", "cup")]
    loud, quiet = {"tea": 600.0, "cup": 400.0}, {"tea": 0.1, "cup": 0.9}
    assert reason_by_members(rows, loud)[1]["bought_item"] == "tea"
    assert reason_by_members(rows, loud, quiet)[1]["bought_item"] == "cup"  # 0.6 + 0.1 against 0.4 + 0.9


def test_a_charge_is_no_antecedent_however_large_its_weight() -> None:
    charges = ("POST", "DOT", "C2")
    rows = went_on_to_rum("tea", *charges)
    rows += [row("a", "2024-01-20", item_id=item) for item in ("tea", *charges)]
    assert reason_by_members(rows, {"tea": 1.0} | dict.fromkeys(charges, 9.0))[1]["bought_item"] == "tea"


def test_of_equal_counts_after_goes_before_with() -> None:
    rows = bought_on("a", "cup", "01-20")
    for who in "bc":
        rows += bought_on(who, "cup", "01-05", "01-06") + bought_on(who, "pot", "01-05", "01-06")
    assert Shop(rows).reason("a", "pot")[:1] == ("after",)
    assert Shop(rows).reason("a", "pot")[1]["others"] == 2


def test_a_charge_or_a_viewed_item_is_no_antecedent() -> None:
    rows = []
    for who, day in (("b", "02"), ("c", "03"), ("a", "20")):
        rows += bought_on(who, "POST", f"01-{day}") + bought_on(who, "cup", f"01-{day}", kind="view")
    rows += bought_on("b", "rum", "01-05") + bought_on("c", "rum", "01-05")
    assert Shop(rows).reason("a", "rum") == ("sold", {"customers": 2})


def test_shares_count_purchases_of_products_by_category_and_then_by_brand() -> None:
    rows = OLD + bought_on("a", "tea", "01-02", "01-03", "01-04") + bought_on("a", "hat", "01-05", "01-06", "01-06")
    rows += bought_on("a", "POST", "01-02")
    args = {"share": 60, "purchases": 3, "all_purchases": 5, "category": "drinks"}
    assert Shop(rows + bought_on("z", "rum", "01-02"), similar=[]).reason("a", "rum") == ("category", args)
    assert Shop(rows, similar=[]).reason("a", "jam") == ("listed", {})


def test_a_small_share_comes_after_recent_popularity() -> None:
    rows = bought_on("a", "tea", "01-02") + bought_on("a", "hat", "01-05", "01-06", "01-07", "01-08", "01-09")
    rows += bought_on("d", "rum", "01-02")
    recent = [one for who in "bc" for one in bought_on(who, "rum", "01-22")]
    assert Shop(rows + recent, similar=[]).reason("a", "rum") == ("popular", {"customers": 2, "days": 10})
    args = {"share": 17, "purchases": 1, "all_purchases": 6, "category": "drinks"}
    assert Shop(rows + recent[:1], similar=[]).reason("a", "rum") == ("category", args)
    day_before = [one for who in "bc" for one in bought_on(who, "rum", "01-21")]
    assert Shop(rows + day_before, similar=[]).reason("a", "rum") == ("category", args)


def test_a_new_item_of_a_bought_category_is_new_in_a_shop_old_enough() -> None:
    mine = bought_on("a", "cup", "01-05") + bought_on("a", "hat", "01-06", "01-07", "01-08", "01-09")
    new = bought_on("b", "pot", "01-22") + bought_on("c", "pot", "01-30")
    args = {"sold_ago_days": 10, "share": 20, "category": "china"}
    assert Shop(OLD + mine + new, similar=[]).reason("a", "pot") == ("new", args)
    young = bought_on("a", "cup", "01-20") + new
    assert Shop(young, similar=[]).reason("a", "pot")[0] == "popular"
    assert Shop(OLD + mine + bought_on("b", "jam", "01-25"), similar=[]).reason("a", "jam") == (
        "sold",
        {"customers": 1},
    )


def test_an_item_that_nobody_touched_is_listed_or_of_a_bought_category() -> None:
    shop = Shop(OLD + bought_on("a", "cup", "01-05"))
    assert shop.reason("a", "jam") == ("listed", {})
    args = {"share": 100, "purchases": 1, "all_purchases": 1, "category": "china"}
    assert shop.reason("a", "pot") == ("category", args)


def test_an_explored_item_keeps_the_reason_that_holds() -> None:
    shop = Shop(OLD + bought_on("a", "tea", "01-25"))
    assert shop.reason("a", "tea", explored=True) == ("explore", {"also": "bought", "ago_days": 7})
    assert shop.reason("a", "jam", explored=True) == ("explore", {"also": "listed"})


def test_a_list_without_rows_has_no_reasons() -> None:
    shop = Shop(OLD)
    found = shop.reasons(shop.shown())
    assert len(found) == 0
    for text in (reason_codes(found), reason_args(found, shop.catalogue), reason_texts(found, shop.catalogue, "en")):
        assert (len(text), text.type) == (0, pa.string())


def test_a_customer_without_an_item_gets_popular_or_sold() -> None:
    rows = [row("a", "2024-01-05"), *(one for who in "bc" for one in bought_on(who, "rum", "01-25"))]
    assert Shop(rows).reason("a", "rum") == ("popular", {"customers": 2, "days": 10})


def all_shown(shop: Shop, seed: int = 0) -> Shown:
    """Every product to every customer, a third of them explored."""
    products = np.flatnonzero(shop.catalogue.product)
    customer = np.repeat(np.arange(len(shop.history)), len(products))
    item = np.tile(products, len(shop.history)).astype(np.int32)
    return Shown(customer, item, np.random.default_rng(seed).random(len(item)) < 1 / 3)


@given(MANY)
def test_every_reason_is_true_when_it_is_recounted(many: list[tuple[Any, ...]]) -> None:
    shop = shop_of(many)
    shown = all_shown(shop)
    reasons = shop.reasons(shown)
    assert (reasons.code >= 0).all()
    assert recount.untrue(shop.sheet(), shop.table(shown, reasons)) == []


@given(MANY)
def test_counting_in_small_batches_counts_the_same(many: list[tuple[Any, ...]]) -> None:
    shop = shop_of(many)
    shown = all_shown(shop)
    whole = shop.table(shown, shop.reasons(shown))
    with pytest.MonkeyPatch.context() as patch:
        for module, name, size in (
            (co_purchases, "AT_ONCE", 3),
            (co_purchases, "MOST_SLOTS", 2),
            (antecedents, "AT_ONCE", 4),
            (reason_text, "AT_ONCE", 5),
        ):
            patch.setattr(module, name, size)
        pd.testing.assert_frame_equal(shop.table(shown, shop.reasons(shown)), whole)


@given(MANY, st.randoms())
def test_the_order_of_rows_in_the_file_changes_no_reason(many: list[tuple[Any, ...]], dice: Any) -> None:
    one, other = shop_of(many), shop_of(many)
    other = Shop(dice.sample(other.rows, len(other.rows)))
    shown = all_shown(one)
    pd.testing.assert_frame_equal(one.table(shown, one.reasons(shown)), other.table(shown, other.reasons(shown)))


@given(MANY)
def test_a_reason_for_some_rows_is_the_same_as_among_all(many: list[tuple[Any, ...]]) -> None:
    shop = shop_of(many)
    shown = all_shown(shop)
    whole, rows = shop.reasons(shown), np.arange(0, len(shown), 3)
    part = shop.reasons(Shown(shown.customer[rows], shown.item[rows], shown.explored[rows]))
    assert np.array_equal(part.code, whole.code[rows])
    assert np.array_equal(part.numbers, whole.numbers[rows])
    assert np.array_equal(part.about, whole.about[rows])


@given(MANY)
def test_sentences_have_the_arguments_in_both_languages(many: list[tuple[Any, ...]]) -> None:
    shop = shop_of(many)
    shown = all_shown(shop)
    reasons = shop.reasons(shown)
    table = shop.table(shown, reasons)
    for language in LANGUAGES:
        texts = reason_texts(reasons, shop.catalogue, language).to_pylist()
        for code, arguments, words in zip(table["reason_code"], table["reason_args"], texts, strict=True):
            values = json.loads(arguments)
            truth = values.pop("also", code)
            sentence = say_note({"code": f"recommend.{truth}"} | values, language)
            explored = {"code": "recommend.explore", "truth": sentence}
            assert words == (say_note(explored, language) if code == "explore" else sentence)


def test_sentences_have_singulars_and_thousands_marks() -> None:
    shop = Shop(OLD)
    numbers = np.array([[1, 1, 3], [1200, 1, 0]], dtype=np.int32)
    code = np.array([CODES.index("rhythm"), CODES.index("popular")], dtype=np.int8)
    reasons = Reasons(code, np.zeros(2, bool), numbers, np.full(2, -1, np.int32))
    assert reason_texts(reasons, shop.catalogue, "en").to_pylist() == [
        "buys it every 1 day, last 1 day ago",
        "1,200 customers bought it in the last 1 day",
    ]
    assert reason_texts(reasons, shop.catalogue, "zh").to_pylist()[1] == "最近 1 天有 1,200 位顾客购买"


def test_names_may_contain_any_text() -> None:
    name = 'Tee "grün" \\ {x} \n茶'
    shop = Shop(OLD)
    catalogue = replace(shop.catalogue, names=np.full(len(shop.catalogue), name))
    one = np.zeros(1, np.int32)
    reasons = Reasons(np.array([CODES.index("with")], np.int8), one > 0, np.array([[2, 3, 0]], np.int32), one)
    written = reason_args(reasons, catalogue)[0].as_py()
    assert json.loads(written)["bought_name"] == name
    assert "grün" in written  # as people read it
    assert name in reason_texts(reasons, catalogue, "en")[0].as_py()
