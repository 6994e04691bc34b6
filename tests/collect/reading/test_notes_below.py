"""Notes below a table are no rows; rows that were cut are set aside."""

from pathlib import Path

import pytest

from shijin.collect.files import read_raw
from shijin.collect.raw import Raw

CSV = "order no,customer,date,total\n" + "".join(f"{n},c{n % 3},2024-01-{n + 1:02d},{n}.5\n" for n in range(20))


def read(folder: Path, content: str) -> Raw:
    path = folder / "orders.csv"
    path.write_text(content, "utf-8")
    return read_raw(path, None)


@pytest.mark.parametrize(
    ("notes", "lines"),
    [
        ("Printed by Anna\n", 1),
        ("\n\nRows in all: 20\nEnd of the report\n", 2),
        ("说明：以上为全部订单\n", 1),
        (",,,\nEnd of the report,,,\n", 1),
        (",,,Signed: the manager\n", 1),
        ("# a comment\nPrinted by Anna\n", 2),
    ],
)
def test_rows_of_one_text_at_the_end_are_skipped_and_counted(notes: str, lines: int, tmp_path: Path) -> None:
    raw = read(tmp_path, CSV + notes)
    assert (raw.table.num_rows, raw.broken) == (20, ())
    assert [(row["code"], row["rows"]) for row in raw.findings] == [("title_rows", lines)]


@pytest.mark.parametrize("end", ["20", "20,c2", '"20"', "20,c2,2024-01-21"])
def test_a_row_that_was_cut_is_set_aside(end: str, tmp_path: Path) -> None:
    raw = read(tmp_path, CSV + end)
    assert [number for number, _ in raw.broken] == [21]
    assert raw.findings == ()


@pytest.mark.parametrize("row", ["Total,,,200.0\n", ",,,200.0\n", "20,,,\n"])
def test_rows_with_a_number_are_rows(row: str, tmp_path: Path) -> None:
    assert read(tmp_path, CSV + row).table.num_rows == 21


def test_a_note_between_rows_is_a_row(tmp_path: Path) -> None:
    raw = read(tmp_path, CSV + "here begins February\n" + CSV.split("\n", 1)[1])
    assert [text for _, text in raw.broken] == ["here begins February"]


def test_a_table_of_names_keeps_its_last_row(tmp_path: Path) -> None:
    assert read(tmp_path, "name,city\nAnna Mo,Rome\nBo Li,\n").table.num_rows == 2
