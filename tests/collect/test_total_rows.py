"""Rows of sums, wherever they stand and whatever they are called; customers and items of such a name are none."""

from pathlib import Path

import pytest

from collecting import read_file

HEADER = "order_id,customer_id,order_date,total"
LINES = [f"{n},c{n % 5},2024-01-{1 + n:02d},{20 + n}.00" for n in range(24)]
SUM = sum(20 + n for n in range(24))
WORDS = [
    "Grand Total",
    "Total",
    "TOTAL:",
    "Sum",
    "Subtotal",
    "Sub-Total",
    "合计",
    "总计：",
    "合 计",
    "小计",
    "Summe",
    "Gesamt",
    "Totale",
]


def set_aside(folder: Path, lines: list[str], header: str = HEADER) -> tuple[int, float, int]:
    """Orders, their money, and rows set aside as sums."""
    collected = read_file(folder, "\n".join([header, *lines]))
    amounts = collected.events["amount"].to_pylist()
    return len(amounts), sum(amounts), collected.rejected["reason"].to_pylist().count("total_row")


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("row", ["{word},,,{sum}.00", ",{word},,{sum}.00", "{word},{word},2024-02-01,{sum}.00"])
def test_a_row_with_such_a_word_is_a_sum(word: str, row: str, tmp_path: Path) -> None:
    assert set_aside(tmp_path, [*LINES, row.format(word=word, sum=SUM)]) == (24, SUM, 1)


def test_sums_between_the_rows_and_above_them_are_set_aside(tmp_path: Path) -> None:
    first = sum(20 + n for n in range(8))
    lines = [*LINES[:8], f"小计,,,{first}.00", *LINES[8:], f"小计,,,{SUM - first}.00", f"总计,,,{SUM}.00"]
    assert set_aside(tmp_path, lines) == (24, SUM, 3)
    assert set_aside(tmp_path, [f"Total,,,{SUM}.00", *LINES]) == (24, SUM, 1)


NAMES = ["Total Fitness", "Sumner & Co", "Totally Tea", "Summer Sale", "合计家居", "Gesamtschule Köln"]


@pytest.mark.parametrize("name", [*NAMES, "Total", "Sum"])
@pytest.mark.parametrize(
    "header", ["customer_id,order_id,order_date,total", "item_name,order_id,order_date,total,customer_id"]
)
def test_customers_and_items_of_such_a_name_are_none(name: str, header: str, tmp_path: Path) -> None:
    lines = [f"{name if n % 4 == 0 else f'x{n % 3}'},{n},2024-01-{n + 1:02d},{20 + n}.00" for n in range(24)]
    if header.endswith("customer_id"):
        lines = [f"{line},c{n % 5}" for n, line in enumerate(lines)]
    assert set_aside(tmp_path, lines, header) == (24, SUM, 0)


@pytest.mark.parametrize("word", ["1周小计", "2024年1月合计", "华东区总计", "小计"])
def test_a_sum_of_a_period_is_one(word: str, tmp_path: Path) -> None:
    rows = "c1,2024-01-02,20\nc2,2024-01-03,30\n"
    collected = read_file(tmp_path, f"客户,日期,金额\n{rows},{word},50\n{rows}")
    assert collected.rejected["reason"].to_pylist() == ["total_row"]
