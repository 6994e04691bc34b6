"""What is known at a cutoff: items in the categories in which they were sold by then."""

from datetime import date

import pyarrow as pa
import pytest

from ledger import packed, row
from shijin.config import ItemsSection
from shijin.errors import EmptyHistoryError
from shijin.recommend.past.known_past import ItemTable, KnownPast, known_before
from shijin.represent.days import as_cutoff
from shijin.schema import ITEMS

CUTOFF = as_cutoff(date(2024, 2, 1))
LATER = as_cutoff(date(2024, 2, 21))
UNTIL = date(2024, 3, 1)
SHOP = [
    row("ann", "2024-01-02", item_id="tea", category="drinks"),
    row("ann", "2024-01-20", item_id="cup", category="china"),
    row("bob", "2024-01-05", item_id="pot", category="china"),
    row("bob", "2024-02-05", item_id="jug", category="china"),
]


def category_of(past: KnownPast, item: str) -> str | None:
    """The category of an item, None where it has none."""
    catalogue = past.catalogue
    code = int(catalogue.category[catalogue.items.tolist().index(item)])
    return None if code < 0 else str(catalogue.categories[code])


def item_table(categories: dict[str, str | None] | None = None) -> ItemTable:
    """The shop's list of items, each with its category of today."""
    of = categories or {}
    columns = {"item_id": list(of), "category": list(of.values())}
    return ItemTable(
        pa.table({name: columns.get(name, [None] * len(of)) for name in ITEMS.names}, schema=ITEMS), ItemsSection()
    )


def test_categories_are_those_in_which_items_were_sold_until_then() -> None:
    """Later, and in the list of items, cup is in glass; before the cutoff it was in china twice and in glass once."""
    more = [
        row("bob", f"2024-01-{day}", item_id="cup", order_id=f"x{day}", category=name)
        for day, name in (("06", "glass"), ("07", "china"))
    ]
    later = [row("eve", "2024-02-10", item_id="cup", order_id=f"y{place}", category="glass") for place in range(3)]
    shop = packed([*SHOP, *more, *later], observed_until=UNTIL)
    for cutoff, expected in ((CUTOFF, "china"), (LATER, "glass")):
        past = known_before(shop, item_table({"cup": "glass", "tea": "listed"}), cutoff)
        assert category_of(past, "cup") == expected


def test_without_categories_in_lines_those_of_the_list_of_items_are_used() -> None:
    rows = [{name: value for name, value in one.items() if name != "category"} for one in SHOP]
    past = known_before(packed(rows, observed_until=UNTIL), item_table({"cup": "china"}), CUTOFF)
    assert [category_of(past, item) for item in ("tea", "cup", "pot")] == [None, "china", None]


def test_of_equally_frequent_categories_the_one_seen_first_is_used() -> None:
    rows = [
        row("ann", "2024-01-02", item_id="tea", order_id="1", category="z"),
        row("ann", "2024-01-03", item_id="tea", order_id="2", category="a"),
        row("ann", "2024-01-04", item_id="cup", order_id="3", category="a"),
        row("ann", "2024-02-03", item_id="tea", order_id="4", category="a"),
    ]
    past = known_before(packed(rows, observed_until=UNTIL), item_table({"tea": None}), CUTOFF)
    assert category_of(past, "tea") == "z"


def test_items_first_touched_later_are_unknown_and_listed_ones_are_known_only_where_allowed() -> None:
    shop, table = packed(SHOP, observed_until=UNTIL), item_table({"idle": None})
    assert known_before(shop, table, CUTOFF).catalogue.items.tolist() == ["tea", "pot", "cup"]
    past = known_before(shop, table, CUTOFF, listed=True)
    assert past.catalogue.items.tolist() == ["tea", "pot", "cup", "idle"]
    assert past.eligible.all()


@pytest.mark.parametrize(("item", "words"), [(None, "name no item"), ("tea", "only one item")])
def test_a_past_without_two_products_is_refused(item: str | None, words: str) -> None:
    past = known_before(packed([one | {"item_id": item} for one in SHOP], observed_until=UNTIL), item_table(), CUTOFF)
    with pytest.raises(EmptyHistoryError, match=words):
        past.refuse_no_choice()
