"""The names are found below whatever stands above them, and their lack is seen."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.collect.reading.header import find_header

BODY = "".join(f"{n},h{n % 5},2024-01-{n % 28 + 1:02d},{n}.50\n" for n in range(1, 25))
NAMES = "Order No,Customer ID,Order Date,Total\n"


def header_of(text: str) -> tuple[str, ...] | None:
    """The names that are found in a text with commas; None where it has none."""
    header = find_header(list(csv.reader(io.StringIO(text))))
    assert header is not None
    return header.cells if header.exists else None


@pytest.mark.parametrize(
    "above",
    [
        "",
        ",,,\n",
        "\n\n",
        "Orders of the corner shop,,,\nExported on 2024-06-01,,,\n,,,\n",
        "Report for June, 2024\n",
        "# comment\n# another, with a comma\n",
        '"Includes Amazon Marketplace, Fulfilment by Amazon"\n"All amounts in GBP, unless specified"\n' * 3,
        "Store:,Main street,Date:,2024-06-01\n",
        "From,2024-01-01,To,2024-06-01\n",
        "店铺订单导出,,,\n导出时间：2024-06-01 10:00,,,\n说明：金额单位为元,,,\n",
        "Orders,Customers,Revenue,\n24,5,516.00,\n,,,\n",
        "Order,,Payment,\n",
        "Seite 1 von 1,,,\n" * 40,
    ],
)
@pytest.mark.parametrize(
    "names",
    [NAMES, "Bestellung,Kunde,Datum,Betrag\n", "订单编号,买家昵称,付款时间,实付金额\n", "N°,Qui,Quand,Combien\n"],
)
def test_what_stands_above_the_names_is_skipped(above: str, names: str) -> None:
    assert header_of(above + names + BODY) == tuple(names.strip().split(","))


@pytest.mark.parametrize(
    "row",
    [
        "{n},21{m},31,pv,17044{n:05d}\n",
        "c{m},2024-01-{d:02d},{n}.50\n",
        "Anna {m},a{m}@x.org,shirt,{n}.00\n",
        "{d:02d}/01/2024,c{m},$1{n}.00\n",
        "c{m},2024年1月{d}日,{n}\n",
        "user{m},item{n},4,9783007{n:02d}\n",
        "order,Anna {m},2024-01-{d:02d},10\n",
        "Anna {n},shirt,red,large\n",
        "c{m},$3.50,view\n",
    ],
)
def test_a_first_row_of_data_is_no_header(row: str) -> None:
    rows = [row.format(n=n, m=n % 5, d=n % 28 + 1) for n in range(1, 40)]
    assert header_of("".join(rows)) is None


@pytest.mark.parametrize("lacking", [5, 20])
def test_a_row_of_data_without_dates_is_no_header_of_the_rows_below(lacking: int) -> None:
    rows = [f"c{n % 5},2024-01-{n % 28 + 1:02d},{n}.50,note {n}\n" for n in range(40)]
    rows[lacking] = "somebody,unknown,free,a text\n"
    assert header_of("".join(rows)) is None


@pytest.mark.parametrize(
    ("names", "row"),
    [
        ("customer,2022,2023,2024\n", "c{n},{n},{m},7\n"),
        ("Kunde,2024\n", "c{n},{n}\n"),
        ("sku,36,37,38,39\n", "s{n},{m},0,{n},1\n"),
        ("customer,2024-01,2024-02\n", "c{n},{n},{m}\n"),
        ("customer,2024-01-01,2024-01-02\n", "c{n},{n},{m}\n"),
        ("id,date,amount 1,amount 2\n", "{n},2024-01-02,{m},3\n"),
        ("user_id,item_id,rating\n", "{n},{m},3\n"),
        ("customer,product,colour\n", "Anna,shirt,red\n"),
        ("order,type,customer\n", "o{n},order,Anna\n"),
        (",customer,total\n", "{n},c{m},{n}.5\n"),
        ("vendor,type,value\n", "vendor,{n},{m}\n"),
    ],
)
def test_names_that_look_like_data_are_a_header(names: str, row: str) -> None:
    rows = "".join(row.format(n=n, m=(7 * n) % 11) for n in range(1, 30))
    assert header_of(names + rows) == tuple(names.strip().split(","))


def test_two_tables_in_one_file_keep_the_first_header() -> None:
    second = "Refund No,Customer ID,Refund Date,Amount\n" + BODY
    assert header_of("a,b,c,d\n" + BODY + second) == ("a", "b", "c", "d")


def test_the_header_of_a_second_export_is_still_a_header() -> None:
    assert header_of((NAMES + BODY) * 2) == tuple(NAMES.strip().split(","))


@given(st.lists(st.lists(st.text("a1,.-@€ 年", max_size=6), max_size=5), max_size=12))
def test_any_rows_have_a_header_or_none(rows: list[list[str]]) -> None:
    header = find_header(rows)
    assert (header is None) == (not any(cell.strip() for row in rows for cell in row))
    assert header is None or (0 <= header.row < len(rows) and 0 <= header.fits <= 1)
