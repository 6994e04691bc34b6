"""Whatever bytes come, they are read or refused with one line, and every row is accounted for."""

import io
import random
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from shijin.collect import Collected, CollectOptions, read_source
from shijin.collect.files import read_raw
from shijin.config import Config
from shijin.errors import ShijinError, SourceError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
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
        found = read_source(path, Config(), CollectOptions(), NOW)
    except ShijinError as error:
        refusal = str(error)
    else:
        refusal = ""
        assert_balance(found)
    assert not refusal or ("Cure:" in refusal and "\n" not in refusal)


def assert_balance(found: Collected) -> None:
    assert found.rows_in == found.events.num_rows + found.rejected.num_rows
    money = sum(pc.sum(table["amount"]).as_py() or 0.0 for table in (found.events, found.rejected))
    assert found.money_in == pytest.approx(money)


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
    for said in (None, encoding):
        assert read_raw(path, said).table["name"][7].as_py() == f"{LETTERS[encoding]} 7"


@pytest.mark.parametrize("said", ["utf-16", "UTF-16-LE", "utf_16_be", "utf-32"])
@pytest.mark.parametrize("end", [b"", b"\n"])  # an even and an odd number of bytes
def test_an_encoding_of_wide_signs_is_refused_for_a_file_of_narrow_ones(said: str, end: bytes, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"customer,date,total\na,2024-01-02,3\nb,2024-01-02,4" + end)
    with pytest.raises(SourceError, match=rf"no {said} text. Cure: say another --encoding, or leave it out"):
        read_raw(path, said)


def test_lines_that_end_the_old_way_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"customer,date,total\ra,2024-01-02,3\rb,2024-01-02,4\r")
    assert read_raw(path, None).table["total"].to_pylist() == ["3", "4"]


def test_excels_own_word_for_the_delimiter_is_heeded(tmp_path: Path) -> None:
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
    with pytest.raises(SourceError, match="it holds no rows"):
        read_raw(path, None)
