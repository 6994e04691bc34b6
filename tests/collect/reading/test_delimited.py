"""Text is read whatever parts its cells, and whatever stands around its table."""

import random
from pathlib import Path

import pytest

from shijin.collect.files import read_raw
from shijin.collect.raw import Raw
from shijin.errors import SourceError

NAMES = ["order no", "customer", "date", "total"]
ROWS = [[f"{n}", f"h{n % 5}", f"2024-01-{n % 28 + 1:02d}", f"{n}.50"] for n in range(1, 41)]


def read(folder: Path, content: str | bytes, name: str = "orders.csv") -> Raw:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_raw(path, None)


def codes_of(raw: Raw) -> dict[str, int]:
    return {row["code"]: row["rows"] for row in raw.findings}


def text(delimiter: str, names: list[str] = NAMES, rows: list[list[str]] = ROWS) -> str:
    return "".join(delimiter.join(row) + "\n" for row in [names, *rows])


def assert_is_the_table(raw: Raw, names: list[str] = NAMES) -> None:
    assert raw.table.column_names == names
    assert [list(row.values()) for row in raw.table.to_pylist()] == ROWS
    assert raw.row.tolist() == list(range(1, 41))


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "，", "、", "::"])
@pytest.mark.parametrize("above", ["", "Orders, of June; all | of them\n\n", ",,,\n;;;\n"])
def test_any_delimiter_is_found(delimiter: str, above: str, tmp_path: Path) -> None:
    assert_is_the_table(read(tmp_path, above + text(delimiter)))


@pytest.mark.parametrize("above", ["", "Orders of June\n", "\n\n# June\n"])
@pytest.mark.parametrize("delimiter", [" ", "   "])
def test_spaces_and_tabs_part_columns_whose_names_have_none(delimiter: str, above: str, tmp_path: Path) -> None:
    names = [name.replace(" ", "_") for name in NAMES]
    assert_is_the_table(read(tmp_path, above + text(delimiter, names), "orders.txt"), names)


def test_tabs_and_spaces_may_be_mixed(tmp_path: Path) -> None:
    dice = random.Random(1)
    lines = ["".join(cell + dice.choice(["\t", " ", "  ", " \t"]) for cell in row) for row in ROWS]  # also at the end
    assert_is_the_table(read(tmp_path, "a b c d\n" + "\n".join(lines), "orders.txt"), ["a", "b", "c", "d"])


def test_columns_of_fixed_width_are_parted_by_their_spaces(tmp_path: Path) -> None:
    rows = [[f"{n:05d}", f"199701{n:02d}", f"{n}", f"{n * 1.5:.2f}"] for n in range(1, 29)]
    content = "id       date      n   paid\n" + "".join(f" {a} {b} {c:>3}{d:>9}\n" for a, b, c, d in rows)
    raw = read(tmp_path, content, "CDNOW_master.txt")
    assert [list(row.values()) for row in raw.table.to_pylist()] == rows


def test_a_date_and_its_clock_stay_one_cell_between_spaces(tmp_path: Path) -> None:
    content = "id time amount\n" + "".join(f"u{n % 4} 2024-01-{n:02d} 10:{n}:00 {n}.5\n" for n in range(10, 29))
    assert read(tmp_path, content, "x.txt").table["time"][0].as_py() == "2024-01-10T10:10:00"


def test_names_of_several_words_are_parted_by_wide_spaces(tmp_path: Path) -> None:
    content = "Order Date    Customer Name    Order Total\n"
    content += "".join(f"2024-01-{n:02d}    Anna Mo {n % 4}        {n}.50\n" for n in range(1, 29))
    raw = read(tmp_path, content, "x.txt")
    assert raw.table.column_names == ["Order Date", "Customer Name", "Order Total"]
    assert raw.table["Customer Name"][2].as_py() == "Anna Mo 3"


@pytest.mark.parametrize("cells", ["red shirt", "A 12", "7", "2024-01-02 10:00", "a, b", "shirt"])
def test_one_column_stays_one_column(cells: str, tmp_path: Path) -> None:
    raw = read(tmp_path, "item id\n" + "".join(f'"{cells} {n}"\n' for n in range(9)))
    assert raw.table.column_names == ["item id"]
    raw = read(tmp_path, "item_id\n" + "".join(f"{cells.replace(',', '')}{n}\n" for n in range(9)))
    assert raw.table.column_names == ["item_id"]


def test_delimiters_inside_cells_do_not_count(tmp_path: Path) -> None:
    decimals = [[*row[:3], row[3].replace(".", ",")] for row in ROWS]
    assert read(tmp_path, text(";", NAMES, decimals)).table["total"][0].as_py() == "1,50"
    noted = [[*row, f"a|b|c; {row[0]}"] for row in ROWS]
    assert read(tmp_path, text(",", [*NAMES, "note"], noted)).table["note"][0].as_py() == "a|b|c; 1"


@pytest.mark.parametrize(
    ("above", "lines"),
    [
        ("Orders\n", 1),
        ("Orders,,,\nJune,,,\n,,,\n", 3),
        ("\n\n\n", 0),
        ('"A title, with\na second line"\nJune\n', 2),
        ("# Export\n#账号：[shop@x.org]\n#----------\n", 3),
    ],
)
def test_skipped_lines_are_counted_and_rows_are_numbered_from_the_header(
    above: str, lines: int, tmp_path: Path
) -> None:
    raw = read(tmp_path, above + text(","))
    assert_is_the_table(raw)
    assert codes_of(raw) == ({"title_rows": lines} if lines else {})


def test_comments_below_the_table_are_no_rows_and_other_lines_are_set_aside(tmp_path: Path) -> None:
    raw = read(tmp_path, text(",") + "#-----导出结束-----\n# 共 40 笔\nend of the report\n#1001,x\n")
    assert codes_of(raw) == {"title_rows": 2}
    assert raw.broken == ((43, "end of the report"), (44, "#1001,x"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_titles_are_skipped_in_any_encoding_with_any_line_end(encoding: str, end: str, tmp_path: Path) -> None:
    names = ["订单编号", "买家昵称", "付款时间", "实付金额"]
    content = ("店铺订单导出\n导出时间：2024-06-01,,,\n" + text(",", names)).replace("\n", end)
    assert_is_the_table(read(tmp_path, content.encode(encoding)), names)


def test_mixed_line_ends_and_a_missing_last_one_are_read(tmp_path: Path) -> None:
    lines = text(",").rstrip("\n").split("\n")
    dice = random.Random(3)
    content = "".join(line + dice.choice(["\n", "\r\n", "\r", "\n\n"]) for line in lines[:-1]) + lines[-1]
    assert_is_the_table(read(tmp_path, content))


def test_a_few_zero_bytes_are_taken_out(tmp_path: Path) -> None:
    rows = [[*row[:3], row[3]] for row in ROWS] * 20
    raw = read(tmp_path, text(",", NAMES, rows).replace("h3,2024-01-04", "h\x003,2024-01-04", 1))
    assert raw.table["customer"][2].as_py() == "h3"


def test_a_delimiter_at_the_end_of_the_names_alone_is_no_column(tmp_path: Path) -> None:
    assert_is_the_table(read(tmp_path, ",".join(NAMES) + ",\n" + text(",").split("\n", 1)[1]))


def test_cells_keep_their_quotes_signs_and_control_characters(tmp_path: Path) -> None:
    raw = read(tmp_path, text(",") + '="41",h\x1b[1m,"a ""b"", c",\n')
    assert list(raw.table.to_pylist()[-1].values()) == ['="41"', "h\x1b[1m", 'a "b", c', ""]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
def test_a_file_without_names_is_refused_with_its_first_cells(delimiter: str, tmp_path: Path) -> None:
    content = text(delimiter).split("\n", 1)[1]
    with pytest.raises(SourceError, match=r"there is no header: the first line is data \(1, h1, 2024-01-02, 1.50\)"):
        read(tmp_path, content, "orders.txt")


def test_a_web_page_is_refused_whatever_its_name(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the file is a web page or XML"):
        read(tmp_path, "<html><table><tr><td>id</td></tr></table></html>", "orders.xls")


def test_a_file_of_titles_alone_has_no_rows(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="only a header, no rows"):
        read(tmp_path, "Orders of June\n\n")


@pytest.mark.parametrize("start", [0, 1])
def test_row_numbers_without_a_name_are_a_column_as_r_writes_them(start: int, tmp_path: Path) -> None:
    numbered = [[f"{n}", *row] for n, row in enumerate(ROWS, start)]
    for delimiter in (",", " "):
        quoted = [[f'"{cell}"' for cell in row] for row in numbered]
        content = delimiter.join(f'"{name}"' for name in NAMES) + "\n" + text(delimiter, [], quoted).lstrip("\n")
        raw = read(tmp_path, content)
        assert raw.table.column_names == ["column 1", *NAMES]
        assert raw.table.select(NAMES).to_pylist()[0] == dict(zip(NAMES, ROWS[0], strict=True))


def test_quotes_may_be_escaped_with_a_backslash(tmp_path: Path) -> None:
    noted = [[*row, '"a \\"big\\" one, yes"'] for row in ROWS]
    assert read(tmp_path, text(",", [*NAMES, "note"], noted)).table["note"][3].as_py() == 'a "big" one, yes'


def test_lines_that_are_each_one_quoted_cell_are_unpacked(tmp_path: Path) -> None:
    rows = [[*row[:3], '"' + row[3] + '"'] for row in ROWS]
    content = "".join('"' + line.replace('"', '""') + '"\n' for line in text(",", NAMES, rows).splitlines())
    assert_is_the_table(read(tmp_path, content))
