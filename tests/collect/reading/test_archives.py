"""A packed file is read as the file in it; several files that look alike are one table."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shijin.collect.files import read_raw
from shijin.collect.raw import Raw
from shijin.errors import SourceError

CSV = "order,customer,date,total\n" + "".join(f"{n},c{n % 3},2024-01-{n + 1:02d},{n}.5\n" for n in range(20))
LATER = "customer,order,total,date\n" + "".join(f"c{n % 3},{n},{n}.5,2024-02-{n - 19:02d}\n" for n in range(20, 30))


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def read(folder: Path, content: bytes, name: str) -> Raw:
    path = folder / name
    path.write_bytes(content)
    return read_raw(path, None)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "orders.csv.gz": gzip.compress,
    "orders.csv.bz2": bz2.compress,
    "orders.csv.xz": lzma.compress,
    "orders.zip": lambda data: zipped({"orders.csv": data}),
    "whatever": gzip.compress,
    "twice.zip": lambda data: zipped({"orders.csv.gz": gzip.compress(data)}),
    "mac.zip": lambda data: zipped({"a/orders.csv": data, "__MACOSX/a/._orders.csv": b"\0\1", "a/.DS_Store": b"x"}),
}


@pytest.mark.parametrize("name", PACKERS)
def test_a_packed_file_is_the_file_in_it(name: str, tmp_path: Path) -> None:
    plain = read(tmp_path, CSV.encode(), "plain.csv")
    packed = read(tmp_path, PACKERS[name](CSV.encode()), name)
    assert packed.table.equals(plain.table)
    assert packed.row.tolist() == plain.row.tolist()
    assert (packed.name, packed.findings) == (name, ())
    assert packed.digest != plain.digest


def test_parquet_and_json_are_unpacked_as_well(tmp_path: Path) -> None:
    stream = io.BytesIO()
    pq.write_table(pa.table({"id": [1, 2]}), stream)
    for content in (stream.getvalue(), b'{"id": 1}\n{"id": 2}\n', b'[{"id": 1}, {"id": 2}]'):
        assert read(tmp_path, gzip.compress(content), "x.gz").table["id"].to_pylist() == [1, 2]


def test_files_that_look_alike_are_one_table(tmp_path: Path) -> None:
    raw = read(tmp_path, zipped({"2024/01.csv": CSV, "2024/02.csv": LATER, "readme.pdf": b"%PDF"}), "orders.zip")
    assert raw.table["order"].to_pylist() == [str(n) for n in range(30)]
    assert raw.table["customer"].to_pylist() == [f"c{n % 3}" for n in range(30)]
    assert raw.row.tolist() == list(range(1, 31))
    assert [(row["code"], row["examples"]) for row in raw.findings] == [("files_unread", ["readme.pdf"])]


def test_rows_set_aside_are_numbered_on_from_file_to_file(tmp_path: Path) -> None:
    raw = read(tmp_path, zipped({"a.csv": CSV + "20,c1\n", "b.csv": LATER + "x,y\n"}), "orders.zip")
    assert raw.broken == ((21, "20,c1"), (32, "x,y"))
    assert raw.row.tolist() == [n for n in range(1, 32) if n != 21]


def test_files_that_differ_are_refused_with_their_names(tmp_path: Path) -> None:
    people = "customer,mail\nc1,a@x.org\n"
    with pytest.raises(SourceError, match=r"several files with different columns \(orders.csv, people.csv\)"):
        read(tmp_path, zipped({"orders.csv": CSV, "people.csv": people}), "orders.zip")


def test_names_that_chinese_windows_writes_are_readable(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("x.pdf")
    data = zipped({"orders.csv": CSV})
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(info, b"%PDF")
    raw = read(tmp_path, stream.getvalue().replace(b"x.pdf", "说".encode("gbk") + b"pdf"), "orders.zip")
    assert [row["examples"] for row in raw.findings] == [["说pdf"]]


@pytest.mark.parametrize("name", ["x.csv.gz", "x.csv.bz2", "x.csv.xz", "x.zip"])
def test_truncated_archives_are_refused(name: str, tmp_path: Path) -> None:
    packers = {**PACKERS, "x.csv.gz": gzip.compress, "x.csv.bz2": bz2.compress, "x.csv.xz": lzma.compress}
    packed = packers.get(name, PACKERS["orders.zip"])(CSV.encode())
    for end in (len(packed) // 2, len(packed) - 4, 12):
        with pytest.raises(SourceError, match=r"truncated or damaged"):
            read(tmp_path, packed[:end], name)


def test_an_archive_with_a_password_is_refused(tmp_path: Path) -> None:
    data = bytearray(zipped({"orders.csv": CSV}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1  # the flag of an encrypted file
    with pytest.raises(SourceError, match="protected by a password"):
        read(tmp_path, bytes(data), "orders.zip")


def test_an_archive_that_unpacks_to_far_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shijin.collect.reading.archives._LEAST", 1 << 20)
    zeros = bytes(64 << 20)
    for name, content in (("x.gz", gzip.compress(zeros)), ("x.zip", zipped({"x.csv": zeros}))):
        with pytest.raises(SourceError, match="unpacks to more than"):
            read(tmp_path, content, name)


def test_an_archive_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file with a table"):
        read(tmp_path, zipped({"__MACOSX/x": b"1", "empty.csv": b""}), "orders.zip")
