"""A cell far from the table costs no memory, and no row."""

import io
import resource
import zipfile
from pathlib import Path

import openpyxl
import pytest

from shijin.collect.files import read_raw
from shijin.collect.reading.far_cells import without_far_cells
from shijin.errors import SourceError

CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def book(*far: str, rows: int = 30) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["order_id", "customer_id", "order_date", "total"])
    for n in range(rows):
        sheet.append([n, f"c{n % 5}", f"2024-01-{n % 28 + 1:02d}", n + 0.5])
    for place in far:
        sheet[place] = "x"
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    "far", [["XFD5000"], ["XFD1048576"], ["XFD20"], ["A1048576"], ["ZZ900000", "ABC7"], ["XFD1048576", "D1048575"]]
)
def test_far_cells_are_left_out_with_their_count(far: list[str], tmp_path: Path) -> None:
    path = tmp_path / "orders.xlsx"
    path.write_bytes(book(*far))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    raw = read_raw(path, None)
    assert raw.table.num_rows == 30
    assert raw.table.column_names == ["order_id", "customer_id", "order_date", "total"]
    assert [(row["code"], row["rows"]) for row in raw.findings] == [("stray_cells", len(far))]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


def test_a_sheet_without_far_cells_is_the_same_file() -> None:
    data = book("F33", rows=3000)
    assert without_far_cells(data) == (data, 0)


@pytest.mark.parametrize("place", ["A28999999999999", "ABCDE7", "XFD9999999"])
def test_places_that_no_sheet_has_are_damage(place: str, tmp_path: Path) -> None:
    damaged = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book())) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'r="A9"', f'r="{place}"'.encode()))
    path = tmp_path / "orders.xlsx"
    path.write_bytes(damaged.getvalue())
    with pytest.raises(SourceError, match="the spreadsheet is truncated or damaged"):
        read_raw(path, None)


@pytest.mark.parametrize("empty_rows", [1, 4968, 1_048_500])
def test_far_cells_of_an_ods_file_are_left_out(empty_rows: int, tmp_path: Path) -> None:
    rows = [("id", "who", "when", "total"), *((n, f"c{n % 4}", f"2024-01-{n + 1:02d}", n + 0.5) for n in range(25))]
    xml = "".join(
        "<table:table-row>" + "".join(CELL.format(cell) for cell in row) + "</table:table-row>" for row in rows
    )
    empty = '<table:table-cell table:number-columns-repeated="{}"/>'
    xml += f'<table:table-row table:number-rows-repeated="{empty_rows}">{empty.format(16384)}</table:table-row>'
    xml += f"<table:table-row>{empty.format(16383)}{CELL.format('x')}</table:table-row>"
    body = f'<table:table table:name="a">{xml}</table:table>'
    path = tmp_path / "orders.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        document = f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body>"
        archive.writestr("content.xml", f"<office:document-content {NAMESPACES}>{document}</office:document-content>")
    raw = read_raw(path, None)
    assert (raw.table.num_rows, raw.table.num_columns) == (25, 4)
    assert [(row["code"], row["rows"]) for row in raw.findings] == [("stray_cells", 1)]
