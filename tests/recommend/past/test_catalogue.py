"""The catalogue: codes are the vocabulary's, then items that are only listed; and which items are products."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from ledger import packed, row
from shijin.config import ItemsSection
from shijin.errors import SchemaError
from shijin.recommend.past.actions import actions_of
from shijin.recommend.past.catalogue import Catalogue, catalogue_of, prices
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff

CUTOFF = as_cutoff(date(2024, 2, 1))
ITEMS = pa.table(
    {
        "item_id": ["cup", "tea", "POST", "never", "M", "N"],
        "name": ["Cup", None, "Postage", "Never sold", "Manual", None],
        "category": ["china", "drinks", None, "drinks", None, "beer"],
        "brand": ["Kiln", None, None, "Aged", None, None],
        "price": [4.0, 2.0, None, 7.0, None, None],
    }
)
TOUCHED = np.array(["tea", "unlisted", "cup", "POST"])


def catalogue(*, listed: bool, items: pa.Table = ITEMS, rules: ItemsSection | None = None) -> Catalogue:
    return catalogue_of(items, TOUCHED, rules or ItemsSection(), listed=listed)


def test_codes_are_the_vocabularys_and_items_never_touched_follow() -> None:
    assert catalogue(listed=False).items.tolist() == TOUCHED.tolist()
    assert catalogue(listed=True).items.tolist() == [*TOUCHED, "never", "M", "N"]
    assert len(catalogue(listed=True)) == 7


def test_names_categories_and_brands_are_in_the_order_of_the_items() -> None:
    found = catalogue(listed=True)
    assert found.names.tolist() == ["tea", "unlisted", "Cup", "Postage", "Never sold", "Manual", "N"]
    assert found.categories.tolist() == ["beer", "china", "drinks"]
    assert found.category.tolist() == [2, -1, 1, -1, 2, -1, 0]
    assert found.brands.tolist() == ["Aged", "Kiln"]
    assert found.brand.tolist() == [-1, -1, 1, -1, 0, -1, -1]
    assert (found.category.dtype, found.brand.dtype) == (np.int32, np.int32)
    assert found.listed_price.tolist() == pytest.approx([2.0, np.nan, 4.0, np.nan, 7.0, np.nan, np.nan], nan_ok=True)


def test_a_catalogue_of_touched_items_does_not_know_other_listed_ones() -> None:
    found = catalogue(listed=False)
    assert found.categories.tolist() == ["china", "drinks"]
    assert found.brands.tolist() == ["Kiln"]


def test_charges_and_corrections_are_no_products_by_code_or_name() -> None:
    assert catalogue(listed=True).product.tolist() == [True, True, True, False, True, False, True]
    named = catalogue(listed=True, rules=ItemsSection(charges=("cup",), tests=("Never sold",)))
    assert named.product.tolist() == [True, True, False, True, False, True, True]


def test_known_ids_have_codes_and_unknown_ones_and_nulls_have_none() -> None:
    codes = catalogue(listed=True).codes(pa.array(["never", "tea", "stranger", None]))
    assert codes.tolist() == [4, 0, -1, -1]
    assert codes.dtype == np.int32


def test_a_list_in_another_order_gives_touched_items_the_same_codes_and_names() -> None:
    one, other = catalogue(listed=False), catalogue(listed=False, items=ITEMS.take([5, 4, 3, 2, 1, 0]))
    for name in ("items", "names", "category", "brand", "categories", "brands", "product"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


def test_a_shop_without_a_list_calls_items_by_their_ids() -> None:
    found = catalogue(listed=True, items=ITEMS.schema.empty_table())
    assert found.items.tolist() == found.names.tolist() == TOUCHED.tolist()
    assert found.product.tolist() == [True, True, True, False]
    assert found.category.tolist() == found.brand.tolist() == [-1] * 4
    assert len(found.categories) == 0
    assert np.isnan(found.listed_price).all()


def test_a_shop_without_items_has_an_empty_catalogue() -> None:
    found = catalogue_of(ITEMS.schema.empty_table(), np.zeros(0, "<U1"), ItemsSection(), listed=True)
    assert len(found) == 0
    assert found.codes(pa.array(["tea"])).tolist() == [-1]


def test_a_list_without_ids_is_refused() -> None:
    with pytest.raises(SchemaError, match="item_id is missing"):
        catalogue(listed=True, items=ITEMS.drop(["item_id"]))


def test_the_price_of_a_piece_is_the_mean_paid_else_the_listed_one() -> None:
    shop = packed(
        [
            row("a", "2024-01-02", 6.0, item_id="tea", quantity=2.0),
            row("b", "2024-01-03", 4.0, item_id="tea", quantity=2.0),
            row("b", "2024-01-04", -5.0, "return", item_id="tea", quantity=-1.0),
            row("b", "2024-01-05", None, "view", item_id="cup"),
            row("b", "2024-01-06", 0.0, item_id="gift"),
            row("b", "2024-01-07", None, "view", item_id="unlisted"),
            row("b", "2024-02-02", 900.0, item_id="tea"),
        ]
    )
    found = catalogue_of(ITEMS, shop.items, ItemsSection(), listed=True)
    paid = prices(found, actions_of(split_at(shop, CUTOFF, 10)[0], len(shop.items)))
    assert dict(zip(found.items.tolist(), paid.tolist(), strict=True)) == pytest.approx(
        {
            "tea": 2.5,
            "cup": 4.0,
            "gift": 0.0,
            "unlisted": np.nan,
            "POST": np.nan,
            "never": 7.0,
            "M": np.nan,
            "N": np.nan,
        },
        nan_ok=True,
    )
