"""All sheets that look alike are one table; what is left out is named."""

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from shijin.collect.files import read_raw
from shijin.collect.raw import Raw
from shijin.errors import SourceError

NAMES = ["Order No", "Customer ID", "Order Date", "Total"]
Rows = Sequence[Sequence[Any]]


def orders(first: int, last: int, year: int = 2023) -> list[list[Any]]:
    return [[n, f"c{n % 4}", datetime(year, 1 + n % 12, 1 + n % 28), n + 0.5] for n in range(first, last)]  # noqa: DTZ001


def book_of(sheets: Mapping[str, Rows]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    return book


def read(folder: Path, sheets: Mapping[str, Rows] | openpyxl.Workbook) -> Raw:
    stream = io.BytesIO()
    (book_of(sheets) if isinstance(sheets, Mapping) else sheets).save(stream)
    path = folder / "orders.xlsx"
    path.write_bytes(stream.getvalue())
    return read_raw(path, None)


def codes_of(raw: Raw) -> list[str]:
    return sorted(row["code"] for row in raw.findings)


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        ["order no", "CUSTOMER ID", " Order_Date ", "total"],
        [*NAMES, "Note"],
        [*NAMES, "Channel"],
    ],
)
def test_sheets_with_nearly_the_same_names_are_one_table(names: list[str], tmp_path: Path) -> None:
    second = [[*row, *["x"] * (len(names) - 4)] for row in orders(100, 130, 2024)]
    raw = read(tmp_path, {"Year 2023": [NAMES, *orders(0, 40)], "Year 2024": [names, *second]})
    assert raw.table["Order No"].to_pylist() == [str(n) for n in [*range(40), *range(100, 130)]]
    assert raw.table["Total"][-1].as_py() == "129.5"
    assert raw.row.tolist() == list(range(1, 71))
    assert codes_of(raw) == []


def test_columns_in_another_order_and_sheets_in_any_order_are_joined_by_name(tmp_path: Path) -> None:
    turned = [row[::-1] for row in orders(100, 160)]
    raw = read(tmp_path, {"a": [NAMES, *orders(0, 9)], "b": [NAMES[::-1], *turned], "c": [NAMES, *orders(200, 203)]})
    assert [int(number) for number in raw.table["Order No"].to_pylist()] == [*range(9), *range(100, 160), 200, 201, 202]
    assert set(raw.table["Customer ID"].to_pylist()) == {"c0", "c1", "c2", "c3"}


def test_each_sheet_may_have_titles_of_its_own(tmp_path: Path) -> None:
    first = [["Orders 2023"], [], NAMES, *orders(0, 20)]
    second = [["Orders 2024"], NAMES, *orders(100, 120)]
    raw = read(tmp_path, {"2023": first, "2024": second})
    assert raw.table.num_rows == 40
    assert [(row["code"], row["rows"]) for row in raw.findings] == [("title_rows", 2)]


def test_hidden_sheets_are_read_and_empty_ones_and_charts_are_not(tmp_path: Path) -> None:
    book = book_of({"2023": [NAMES, *orders(0, 20)], "2024": [NAMES, *orders(100, 120)], "empty": []})
    book["2024"].sheet_state = "hidden"
    book.create_chartsheet("chart")
    raw = read(tmp_path, book)
    assert (raw.table.num_rows, codes_of(raw)) == (40, [])


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        (["Customer ID", "Total"], [[f"c{n}", 100.5] for n in range(4)]),
        (["SKU", "Stock"], [[f"s{n}", n] for n in range(9)]),
        (["Item", "Order No", "Qty", "Unit Price", "Weight"], [["a", n, 1, 2.5, 3] for n in range(15)]),
        (["This file was exported by a shop.", None], [["Ask the shop", "for help"]]),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_a_sheet_of_another_shape_is_named(names: list[Any], rows: Rows, order: int, tmp_path: Path) -> None:
    sheets = {"Orders": [NAMES, *orders(0, 20)], "Other": [names, *rows]}
    raw = read(tmp_path, dict(list(sheets.items())[::order]))
    assert raw.table["Order No"].to_pylist() == [str(n) for n in range(20)]
    (finding,) = raw.findings
    assert (finding["code"], finding["examples"]) == ("sheets_unread", ["Other"])


def test_a_sheet_whose_rows_are_all_on_another_is_not_counted_twice(tmp_path: Path) -> None:
    rows = orders(0, 40)
    months = {f"month {n}": [NAMES, *(row for row in rows if row[2].month == n)] for n in (1, 2, 3)}
    raw = read(tmp_path, {**months, "All": [NAMES, *rows]})
    assert raw.table.num_rows == 40
    (finding,) = raw.findings
    assert (finding["code"], finding["examples"]) == ("sheets_repeated", ["month 1", "month 2", "month 3"])


def test_a_sheet_of_sums_by_customer_is_not_counted_twice(tmp_path: Path) -> None:
    rows = [[n, f"c{n % 4}", "shop", n + 0.5] for n in range(40)]
    sums = [[4 * n, f"c{n}", "shop", sum(row[3] for row in rows if row[1] == f"c{n}")] for n in range(4)]
    raw = read(tmp_path, {"Orders": [NAMES, *rows], "Customers": [NAMES, *sums]})
    assert (raw.table.num_rows, codes_of(raw)) == (40, ["sheets_repeated"])


def test_years_with_equal_sums_are_both_counted(tmp_path: Path) -> None:
    first, second = ([[n, f"c{n % 4}", f"{year}-01-02", 12.0] for n in range(20)] for year in (2023, 2024))
    raw = read(tmp_path, {"2023": [NAMES, *first], "2024": [NAMES, *second[:19], [20, "c3", "2024-01-02", 12.0]]})
    assert (raw.table.num_rows, codes_of(raw)) == (40, [])


def test_cells_of_every_type_become_text(tmp_path: Path) -> None:
    row = [12345678901, "00123", datetime(2024, 3, 5, 10, 30), date(2024, 3, 5), 2.5, True, "#N/A", None, "7"]  # noqa: DTZ001
    names = ["id", "sku", "at", "on", "price", "gift", "error", "empty", "text"]
    raw = read(tmp_path, {"a": [names, row, ["x"] * 9]})
    assert list(raw.table.to_pylist()[0].values()) == [
        *("12345678901", "00123", "2024-03-05T10:30:00", "2024-03-05", "2.5", "True"),
        *(None, None, "7"),
    ]


def test_merged_cells_below_the_names_hold_their_value_in_every_row(tmp_path: Path) -> None:
    book = book_of({"a": [["Orders"], ["order", "buyer", "item"], *([n, f"c{n}", f"i{n}"] for n in range(1, 7))]})
    sheet = book["a"]
    for place in ("A1:C1", "A3:A5", "B3:B5"):
        sheet.merge_cells(place)
    raw = read(tmp_path, book)
    assert raw.table["order"].to_pylist() == ["1", "1", "1", "4", "5", "6"]
    assert raw.table["buyer"].to_pylist() == ["c1", "c1", "c1", "c4", "c5", "c6"]
    assert raw.table["item"].to_pylist() == [f"i{n}" for n in range(1, 7)]


def test_empty_columns_and_cells_beside_the_table_are_left_out(tmp_path: Path) -> None:
    rows = [[None, n, None, f"c{n % 3}", n + 0.5, None, "checked" if n == 7 else None] for n in range(60)]
    raw = read(tmp_path, {"a": [[], [None, "order", None, "buyer", "total"], *rows]})
    assert raw.table.column_names == ["order", "buyer", "total"]
    assert [(row["code"], row["rows"]) for row in raw.findings] == [("stray_cells", 1)]


def test_a_column_without_a_name_that_has_values_is_read(tmp_path: Path) -> None:
    raw = read(tmp_path, {"a": [["order", None, "total"], *([n, f"c{n}", n + 0.5] for n in range(9))]})
    assert raw.table.column_names == ["order", "column 2", "total"]


def test_a_spreadsheet_without_names_is_refused_with_its_first_cells(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"there is no header: the first line is data \(0, c0, 2023-01-01, 0.5"):
        read(tmp_path, {"a": orders(0, 20)})


def test_a_spreadsheet_with_a_header_alone_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="only a header, no rows"):
        read(tmp_path, {"a": [NAMES], "b": []})
    with pytest.raises(SourceError, match="the spreadsheet is empty"):
        read(tmp_path, {"a": []})
