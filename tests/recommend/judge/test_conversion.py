"""Views that became orders, by hand."""

from datetime import date

import pyarrow as pa
import pytest

from ledger import Row, packed, row
from shijin.config import ItemsSection
from shijin.recommend.judge.conversion import MOST_CATEGORIES, view_conversion
from shijin.recommend.past.actions import actions_of
from shijin.recommend.past.catalogue import catalogue_of
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff
from shijin.schema import ITEMS

CUTOFF = as_cutoff(date(2024, 6, 1))


def look(customer: str, at: str, item: str) -> Row:
    return row(customer, at, None, "view", item_id=item)


def order(customer: str, at: str, item: str) -> Row:
    return row(customer, at, item_id=item, order_id=f"{customer}{at}")


def conversion_of(rows: list[Row], categories: dict[str, str] | None = None) -> dict | None:  # type: ignore[type-arg]
    shop = packed(rows)
    history, _ = split_at(shop, CUTOFF, 10)
    of = categories or {}
    columns = {"item_id": list(of), "category": list(of.values())}
    items = pa.table({name: columns.get(name, [None] * len(of)) for name in ITEMS.names}, schema=ITEMS)
    catalogue = catalogue_of(items, shop.items, ItemsSection(), listed=False)
    return view_conversion(actions_of(history, len(catalogue)), catalogue)


SHOP = [
    look("ann", "2024-01-01 10:00", "tea"),
    look("ann", "2024-01-03 10:00", "tea"),
    order("ann", "2024-01-02 09:00", "tea"),  # within a day of the first look
    look("ann", "2024-01-01 10:00", "cup"),
    order("ann", "2024-01-08 10:00", "cup"),  # seven days to the instant
    order("bob", "2024-01-01 09:00", "tea"),
    look("bob", "2024-01-01 10:00", "tea"),  # bought before the look only
    look("bob", "2024-01-01 10:00", "cup"),
    order("bob", "2024-03-01 10:00", "cup"),  # sixty days after
    look("cid", "2024-05-30 10:00", "tea"),  # so recent that only the first day is known
    order("cid", "2024-05-30 11:00", "tea"),
]


def test_a_pair_counts_from_its_first_view_and_only_where_so_many_days_are_known() -> None:
    conversion = conversion_of(SHOP)
    assert conversion is not None
    assert conversion["pairs"] == 5
    assert conversion["within"] == {
        "1": {"pairs": 5, "share": pytest.approx(2 / 5)},
        "7": {"pairs": 4, "share": pytest.approx(2 / 4)},
        "30": {"pairs": 4, "share": pytest.approx(2 / 4)},
    }
    assert conversion["categories"] == []


def test_categories_are_in_the_order_of_their_views() -> None:
    conversion = conversion_of(SHOP, {"tea": "drinks", "cup": "china"})
    assert conversion is not None
    assert [(one["category"], one["pairs"]) for one in conversion["categories"]] == [("drinks", 3), ("china", 2)]
    assert conversion["categories"][0]["within"]["1"] == {"pairs": 3, "share": pytest.approx(2 / 3)}
    assert conversion["categories"][1]["within"]["7"] == {"pairs": 2, "share": pytest.approx(1 / 2)}


def test_there_are_at_most_ten_categories() -> None:
    of = {f"i{number:02d}": f"c{number:02d}" for number in range(MOST_CATEGORIES + 5)}
    rows = [look("ann", "2024-01-01", item) for item in of] + [
        look("bob", "2024-01-02", "i14"),
        order("ann", "2024-01-03", "i00"),
    ]
    conversion = conversion_of(rows, of)
    assert conversion is not None
    assert [one["category"] for one in conversion["categories"]] == ["c14", *(f"c{number:02d}" for number in range(9))]


def test_a_view_of_the_last_hours_does_not_count_yet() -> None:
    conversion = conversion_of([order("ann", "2024-01-01", "tea"), look("ann", "2024-05-31 23:00", "tea")])
    assert conversion is not None
    assert conversion["within"]["1"] == {"pairs": 0, "share": None}


def test_a_shop_without_views_has_no_conversion() -> None:
    rows = [order("ann", "2024-01-01", "tea"), row("ann", "2024-01-02", None, "cart", item_id="tea")]
    assert conversion_of(rows) is None


def test_views_of_a_charge_are_left_out() -> None:
    assert conversion_of([order("ann", "2024-01-01", "tea"), look("ann", "2024-01-01", "POST")]) is None
