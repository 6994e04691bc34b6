"""Formats that declare what each column means: what they name as unread, and columns that they make themselves."""

from pathlib import Path

import pytest

from collect.formats.test_exports import EXPORTS
from collecting import read_file, values_of
from shijin.errors import SourceError


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


def test_an_export_without_its_column_of_customers_is_read_as_a_table(tmp_path: Path) -> None:
    text, expected = EXPORTS["bigcommerce"]
    text = text.replace("Customer ID", "Shopper").replace("Customer Name", "Shopper name")
    text = text.replace("Customer Email", "Shopper e-mail")
    collected = read_file(tmp_path, text)
    assert collected.guess["format"] == "table"
    assert sorted(values_of(collected, "type", "order_id", "amount"), key=str) == sorted(
        ((kind, order, money) for kind, _, order, money in expected), key=str
    )


def test_an_export_without_times_is_refused_by_its_format_too(tmp_path: Path) -> None:
    text = EXPORTS["bigcommerce"][0].replace("Order Date", "Week")
    with pytest.raises(SourceError, match="time"):
        read_file(tmp_path, text, format="bigcommerce")
