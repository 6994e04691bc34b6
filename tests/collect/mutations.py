"""Files of every kind that is read, and small damages to them: what a broken export or a hand may have done."""

import gzip
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from random import Random

import openpyxl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from collect.formats.test_exports import EXPORTS
from platforms import PLATFORMS
from platforms.plain import plain_table

_ORDERS = 12  # of each platform: small files reach the same code sooner
_PIECES = (
    *(b",", b'"', b"\n", b"\t", b";", b"|", b"\0", b"\r", b"'", b"=", b"-", b" ", b"{", b"}", b"[", b"]", b":"),
    *(b"1e999", b"9" * 30, b"-0", b"1,2.3", b"NaN", b"null", b"\xff\xfe", b"\xef\xbb\xbf", b"\xf0\x9f\x92\xb0"),
    *(b"\x1b[31m", b"0000-00-00", b"31/02/2024", b"99999999999999999999"),
    *(word.encode() for word in ("，", "年", "退款成功", "***", "合计", "¥", "€", "\u202e", "\u2028")),
)
Damage = Callable[[Random, bytes], bytes]


@cache
def seeds() -> Mapping[str, bytes]:
    """Whole files by name: of each platform, of each kind of container."""
    files: dict[str, bytes] = {}
    for name, platform in PLATFORMS.items():
        shop = platform.shop(5)[:_ORDERS]
        for file, content in platform.files(shop).items():
            files[f"{name}-{file}"] = content
    files |= {f"{name}-rows.txt": text.encode() for name, (text, _) in EXPORTS.items()}
    plain = plain_table(PLATFORMS["magento"], PLATFORMS["magento"].shop(6)[:_ORDERS])
    table = pacsv.read_csv(io.BytesIO(plain))
    files["plain.csv"], files["plain.csv.gz"] = plain, gzip.compress(plain, mtime=0)
    files["utf-16.csv"] = plain.decode().encode("utf-16")
    files["semicolons.csv"] = plain.replace(b",", b";").replace(b".", b",")
    files["plain.zip"], files["plain.xlsx"] = _zip_of({"plain.csv": plain}), _workbook_of(table)
    files["plain.parquet"] = _parquet_of(table)
    return files


def damaged(random: Random, name: str, content: bytes) -> bytes:
    """Damage a file in one to twenty places; of half of the archives and workbooks a part inside of them."""
    damage = _bytes_damaged
    if name.endswith((".zip", ".xlsx")) and random.random() < 0.7:
        damage = _part_damaged
    elif name.endswith(".gz") and random.random() < 0.7:
        return gzip.compress(damaged(random, "plain.csv", gzip.decompress(content)), mtime=0)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        content = damage(random, content)
    return content


def _bytes_damaged(random: Random, content: bytes) -> bytes:
    if not content:
        return content
    damage: Damage = random.choices(
        (_byte, _less, _more, _cut, _repeated, _lines_shuffled, _cells_shuffled), (25, 15, 20, 10, 12, 8, 10)
    )[0]
    return damage(random, content)


def _byte(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + bytes([random.randrange(256)]) + content[place + 1 :]


def _less(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + content[place + random.choice((1, 2, 10, 200)) :]


def _more(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[:place] + random.choice(_PIECES) + content[place:]


def _cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content))]


def _repeated(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content))
    return content[: place + random.randrange(300)] + content[place:]


def _lines_shuffled(random: Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    random.shuffle(lines)
    return b"\n".join(lines)


def _cells_shuffled(random: Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    place = random.randrange(len(lines))
    cells = lines[place].split(b",")
    random.shuffle(cells)
    lines[place] = b",".join(cells)
    return b"\n".join(lines)


def _part_damaged(random: Random, content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, EOFError):
        return _bytes_damaged(random, content)
    if not parts:
        return content
    name = random.choice(sorted(parts))
    return _zip_of(parts | {name: _bytes_damaged(random, parts[name])})


def _zip_of(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)  # without a time, so always the same
    return stream.getvalue()


def _workbook_of(table: pa.Table) -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.properties.created = book.properties.modified = datetime(2024, 1, 1)  # noqa: DTZ001
    rows: Sequence[Sequence[object]] = [table.column_names, *(list(row.values()) for row in table.to_pylist())]
    for row in rows:
        book.active.append(list(row))
    book.save(stream)
    return stream.getvalue()


def _parquet_of(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()
