"""Any bytes are read, or refused in one line, and every row is accounted for."""

import io
import random
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from collecting import NOW, PLAIN, read_file, same_events, utc, values_of
from shijin.collect import Collected, CollectOptions, Context, read_sources
from shijin.collect.files import read_raw
from shijin.config import Config
from shijin.errors import QuarantineError, ShijinError, SourceError

ROWS = [f'c{n % 9},2024-01-{n % 28 + 1:02d} 10:00,{n},s{n % 4},"1,{n:03d}.50",a{n}@x.org' for n in range(60)]
CSV = "\n".join(["customer_id,ts,order_id,sku,amount,email", *ROWS]).encode()
CHINESE = ("用户ID,下单时间,实付金额\n" + "张三,2024年1月5日,￥3.5\n" * 30).encode("gb18030")


def parquet() -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table({"customer": [1, 2, 3] * 20, "ts": ["2024-01-01"] * 60, "total": [1.5] * 60}), stream)
    return stream.getvalue()


def mangled(data: bytes, dice: random.Random) -> bytes:
    """Some bytes changed, cut out, doubled, or the end cut off."""
    mangled = bytearray(data)
    for _ in range(dice.choice([1, 3, 20, 100])):
        at, kind = dice.randrange(len(mangled) + 1), dice.random()
        if kind < 0.4:
            mangled[at : at + 1] = bytes([dice.randrange(256)])
        elif kind < 0.6:
            del mangled[at : at + dice.randrange(1, 30)]
        elif kind < 0.8:
            mangled[at:at] = dice.choice([b'"', b",", b"\n", b"\r", b";", b"\t", b"\xff", b"=", b"'", b"e999", b"-"])
        elif kind < 0.85:
            del mangled[at:]
        else:
            mangled[at:at] = mangled[: dice.randrange(1, 40)]
    return bytes(mangled)


@pytest.mark.parametrize("seed", range(40))
def test_mangled_files_are_read_or_refused_with_one_line(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    path = tmp_path / "mangled"
    path.write_bytes(mangled(dice.choice([CSV, CSV, CHINESE, parquet()]), dice))
    try:
        collected = read_sources([path], Context(Config(), CollectOptions(), NOW))[0]
    except ShijinError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert_balance(collected)
    assert not refusal or ("Cure:" in refusal and "\n" not in refusal)


def assert_balance(collected: Collected) -> None:
    assert collected.rows_in == collected.events.num_rows + collected.rejected.num_rows
    money = sum(pc.sum(table["amount"]).as_py() or 0.0 for table in (collected.events, collected.rejected))
    assert collected.money_in == pytest.approx(money)


LETTERS = {
    "utf-8": "白色茶杯",
    "utf-8-sig": "白色茶杯",
    "utf-16": "白色茶杯",
    "gb18030": "白色茶杯与茶壶，木制书架",
    "big5": "白色茶杯與茶壺，木製書架",
    "cp932": "しろいカップとティーポット",
    "cp949": "하얀 찻잔과 찻주전자",
    "cp1251": "Белая чашка и чайник",
    "cp1252": "Käse für Zoë, müde Füße",
}


@pytest.mark.parametrize("encoding", LETTERS)
def test_letters_are_read_in_the_encodings_shops_use(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    rows = "".join(f'c{n},2024-01-02,3.5,"{LETTERS[encoding]} {n}"\n' for n in range(20))
    path.write_bytes(("customer,date,total,name\n" + rows).encode(encoding))
    for option in (None, encoding):
        assert read_raw(path, option).table["name"][7].as_py() == f"{LETTERS[encoding]} 7"


@pytest.mark.parametrize("encoding", ["utf-16", "UTF-16-LE", "utf_16_be", "utf-32"])
@pytest.mark.parametrize("end", [b"", b"\n"])  # an even and an odd number of bytes
def test_an_encoding_of_wide_letters_is_refused_for_a_file_of_narrow_ones(
    encoding: str, end: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"customer,date,total\na,2024-01-02,3\nb,2024-01-02,4" + end)
    with pytest.raises(SourceError, match=rf"is not {encoding} text. Cure: choose another encoding, or leave"):
        read_raw(path, encoding)


def test_lines_may_end_in_a_carriage_return(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"customer,date,total\ra,2024-01-02,3\rb,2024-01-02,4\r")
    assert read_raw(path, None).table["total"].to_pylist() == ["3", "4"]


def test_excels_line_that_names_the_delimiter_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"sep=;\ncustomer;date;total\na;2024-01-02;3,5\n")
    assert read_raw(path, None).table["total"].to_pylist() == ["3,5"]


def test_headers_that_are_empty_or_come_twice_get_their_place(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"id,,id\n1,2,3\n")
    assert read_raw(path, None).table.column_names == ["id", "column 2", "id (column 3)"]


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    pq.write_table(pa.table({"customer": pa.array([], pa.string())}), path)
    with pytest.raises(SourceError, match="the table has no rows"):
        read_raw(path, None)


def test_tabs_part_a_tsv(tmp_path: Path) -> None:
    assert values_of(
        read_file(tmp_path, "user\ttime\ttotal\na\t2024-01-02\t3\n", "x.tsv"), "customer_id", "amount"
    ) == [("a", 3.0)]


def test_json_lines_go_in(tmp_path: Path) -> None:
    lines = '{"user": "01", "time": "2024-01-02T03:04:05Z", "total": 3.5}\n'
    lines += '{"user": "02", "time": "2024-01-03", "total": 4}\n'
    assert values_of(read_file(tmp_path, lines, "x.jsonl"), "customer_id", "ts", "amount") == [
        ("01", utc(2024, 1, 2, 3, 4, 5), 3.5),
        ("02", utc(2024, 1, 3), 4.0),
    ]


def test_a_spreadsheet_goes_in_with_its_ids_as_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [
        ("customer id", "order date", "amount", "sku"),
        (12345, datetime(2024, 3, 5, 10, 30), 2.5, "00123"),  # noqa: DTZ001
        (12346, datetime(2024, 3, 6), 3, "123456789012345678"),  # noqa: DTZ001
    ]:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    assert values_of(read_file(tmp_path, stream.getvalue(), "x.xlsx"), "customer_id", "ts", "amount", "item_id") == [
        ("12345", utc(2024, 3, 5, 10, 30), 2.5, "00123"),
        ("12346", utc(2024, 3, 6), 3.0, "123456789012345678"),
    ]


def test_csv_parquet_and_spreadsheet_of_one_table_give_the_same_events(tmp_path: Path) -> None:
    table = pa.table(
        {
            "customer_id": pa.array([7, 8, 7, None]),
            "order_id": pa.array(["1", "2", "3", "4"]),
            "sku": pa.array([85048, 85049, None, 85049]),
            "paid_at": pa.array([datetime(2024, 1, day, 12, 30) for day in (1, 2, 3, 4)]),  # noqa: DTZ001
            "total": pa.array([6.95, 0.1, 3.0, 2.5], pa.float32()),
        }
    )
    csv = "customer_id,order_id,sku,paid_at,total\n7,1,85048,2024-01-01 12:30:00,6.95\n"
    csv += "8,2,85049,2024-01-02 12:30:00,0.1\n7,3,,2024-01-03 12:30:00,3.0\n,4,85049,2024-01-04 12:30:00,2.5\n"
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(table.column_names)
    for row in table.to_pylist():
        book.active.append([round(value, 3) if isinstance(value, float) else value for value in row.values()])
    stream, parquet = io.BytesIO(), io.BytesIO()
    book.save(stream)
    pq.write_table(table, parquet)
    of_csv = read_file(tmp_path, csv)
    for content, name in [(parquet.getvalue(), "x.parquet"), (stream.getvalue(), "x.xlsx")]:
        other = read_file(tmp_path, content, name)
        assert same_events(of_csv.events, other.events), name
        assert other.rejected["reason"].to_pylist() == of_csv.rejected["reason"].to_pylist() == ["no_customer"]


def test_rows_with_too_many_or_too_few_cells_are_bad_rows(tmp_path: Path) -> None:
    good = "".join(f"c,2024-01-{n % 28 + 1:02d},{n}\n" for n in range(60))
    collected = read_file(tmp_path, PLAIN + "a,2024-01-01\n" + good + "a,2024-01-01,3,4\n")
    assert collected.rejected.select(["source_row", "reason", "row"]).to_pylist() == [
        {"source_row": 1, "reason": "bad_row", "row": "a,2024-01-01"},
        {"source_row": 62, "reason": "bad_row", "row": "a,2024-01-01,3,4"},
    ]
    assert collected.events["source_row"].to_pylist() == list(range(2, 62))
    assert collected.rows_in == 62


def test_rows_of_nothing_but_delimiters_are_no_rows(tmp_path: Path) -> None:
    collected = read_file(tmp_path, PLAIN + "a,2024-01-01,3\n,,\nb,2024-01-01,3\n,,\n,,\n")
    assert (collected.rows_in, collected.rejected.num_rows) == (2, 0)
    assert values_of(collected, "source_row") == [(1,), (3,)]
    with pytest.raises(SourceError, match="only a header, no rows"):
        read_file(tmp_path, PLAIN + ",,\n")


def test_quoted_texts_may_hold_line_breaks(tmp_path: Path) -> None:
    file = 'customer,date,total,note\na,2024-01-01,3,"two\nlines"\nb,2024-01-02,4,x\n'
    assert values_of(read_file(tmp_path, file), "customer_id", "source_row") == [("a", 1), ("b", 2)]


def test_a_delimiter_at_the_end_of_every_row_is_no_column(tmp_path: Path) -> None:
    file = PLAIN + "".join(f"c,2024-01-{n % 28 + 1:02d},{n},\n" for n in range(400))
    collected = read_file(tmp_path, file)
    assert (collected.events.num_rows, collected.rejected.num_rows) == (400, 0)
    assert values_of(collected, "source_row", "amount")[:2] == [(1, 0.0), (2, 1.0)]


@pytest.mark.parametrize("last", ["c,2024-01-01,3\n", "c,2024-01-01,3,4\n", "c,2024-01-01,3,,\n"])
def test_rows_of_which_one_has_other_cells_keep_their_delimiter(last: str, tmp_path: Path) -> None:
    with pytest.raises(QuarantineError, match=r"4[01] of 41 rows"):
        read_file(tmp_path, PLAIN + "c,2024-01-01,3,\n" * 40 + last)


@pytest.mark.parametrize("name", ["x.parquet", "x.csv"])
def test_a_truncated_parquet_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the Parquet file is truncated or damaged"):
        read_file(tmp_path, b"PAR1" + random.Random(7).randbytes(300), name)


def test_a_truncated_spreadsheet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the spreadsheet is truncated or damaged"):
        read_file(tmp_path, b"PK\x03\x04" + random.Random(8).randbytes(300), "x.xlsx")


@pytest.mark.parametrize(
    ("header", "row", "broken"),
    [
        ("note,customer,date,total\n", "x,c,2024-01-01,3\n", '"never,c,2024-01-01,3\n'),
        ("customer,date,total,note\n", "c,2024-01-01,3,x\n", 'c,2024-01-01,3,"never\n'),
    ],
)
def test_a_quote_that_is_never_closed_is_refused_with_its_row(
    header: str, row: str, broken: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="a quote opens in row 8 and is never closed"):
        read_file(tmp_path, header + row * 7 + broken + row * 393)


def test_a_quote_that_is_never_closed_is_found_among_quotes_that_mean_inches(tmp_path: Path) -> None:
    inches, plain = 'c,2024-01-01,3,5" wide\n', "c,2024-01-01,3,x\n"
    with pytest.raises(SourceError, match="a quote opens in row 7 and is never closed"):
        read_file(tmp_path, "customer,date,total,note\n" + inches * 6 + 'c,2024-01-01,3,"never\n' + plain * 40)


def test_a_quote_that_means_inches_opens_nothing(tmp_path: Path) -> None:
    file = "customer,date,total,note\n" + 'c,2024-01-01,3,5" wide\n' * 41
    assert read_file(tmp_path, file).events.num_rows == 41


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path, words in [(tmp_path, "a folder, not a file"), (tmp_path / "none.csv", "no such file")]:
        with pytest.raises(SourceError, match=words):
            read_sources([path], Context(Config(), CollectOptions(), NOW))[0]


@pytest.mark.parametrize("start", [b"%PDF-1.7\nname,total\n1,2\n", b"{\\rtf1 name,total\n1,2}\n"])
def test_a_document_is_refused_whatever_its_name(start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(start)
    with pytest.raises(SourceError, match="cannot be read as text"):
        read_raw(path, None)
