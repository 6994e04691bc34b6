"""Formats that declare what each column means: what they name as unread, and columns that they make themselves."""

from pathlib import Path

import pytest

from collect.formats.test_exports import EXPORTS
from collecting import read_file, values_of


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("segment", {"event", "properties.revenue", "properties.products.price"}),
        ("ga4", {"ecommerce.purchase_revenue"}),
        ("paypal", {"From Email Address", "To Email Address", "Type"}),
    ],
)
def test_columns_from_which_a_format_makes_others_are_read(name: str, columns: set[str], tmp_path: Path) -> None:
    reading = read_file(tmp_path, EXPORTS[name][0], "export.txt").reading
    assert reading is not None
    assert not columns & set(reading.unread)


def test_a_column_of_the_export_is_not_taken_for_one_that_the_format_makes(tmp_path: Path) -> None:
    first, *rest = EXPORTS["ga4"][0].splitlines()
    lines = [first.replace('{"event_name"', '{"money": "1", "kind": "x", "event_name"'), *rest]
    collected = read_file(tmp_path, "\n".join(lines), "export.txt")
    assert next(row for row in values_of(collected, "type", "amount") if row[0] == "order") == ("order", 19.0)
    assert collected.reading is not None
    assert {"money", "kind"} <= set(collected.reading.unread)
