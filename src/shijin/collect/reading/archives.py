"""Unpacks gzip, bzip2, xz and zip files. It does not know what is in them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any

from shijin.errors import SourceError

_LEAST, _TIMES, _MOST = 1 << 29, 100, 1 << 34  # bytes that may be unpacked: at least, per byte packed, at most
_CHUNK = 1 << 20
_LAYERS = 3  # a gzip file within a zip file within ..
_STREAMS: dict[bytes, tuple[str, Callable[[IO[bytes]], Any]]] = {
    b"\x1f\x8b": (".gz", lambda stream: gzip.GzipFile(fileobj=stream)),
    b"BZh": (".bz2", bz2.BZ2File),
    b"\xfd7zXZ\x00": (".xz", lzma.LZMAFile),
}
_TABLES = {".csv", ".tsv", ".txt", ".tab", ".dat", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".json", ".jsonl"}
_TABLES |= {".ndjson", ".parquet", ".pq", ".gz", ".bz2", ".xz", ".zip"}
_DAMAGES = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, NotImplementedError)
_SPREADSHEETS = ("[Content_Types].xml", "mimetype", "content.xml", "xl/workbook.xml", "xl/workbook.bin")


@dataclass(frozen=True)
class Unpacked:
    """What a file holds.

    Parameters
    ----------
    files
        Name and bytes of each; the file itself where it is no archive.
    unread
        Names of files in it that are no tables, such as pictures.
    """

    files: tuple[tuple[str, bytes], ...]
    unread: tuple[str, ...] = ()


def unpacked(data: bytes, name: str, where: str) -> Unpacked:
    r"""Unpack a file, and the files in it; one that is no archive is returned as it is.

    Raises
    ------
    SourceError
        When it is damaged, has a password, is empty, or would unpack to far more than a table holds.

    Examples
    --------
    >>> unpacked(gzip.compress(b"id,total\n1,2\n"), "orders.csv.gz", "orders.csv.gz").files
    (('orders.csv', b'id,total\n1,2\n'),)
    >>> unpacked(b"PK\x03\x04 and no more", "orders.zip", "orders.zip")
    Traceback (most recent call last):
    shijin.errors.SourceError: orders.zip: the archive is truncated or damaged. Cure: copy or export it again.
    """
    most = min(max(_LEAST, _TIMES * len(data)), _MOST)
    return _unpacked(data, name, where, most, _LAYERS)


def _unpacked(data: bytes, name: str, where: str, most: int, layers: int) -> Unpacked:
    for magic, (suffix, opened) in _STREAMS.items():
        if data.startswith(magic) and layers:
            inner = name[: -len(suffix)] if name.lower().endswith(suffix) else name
            return _unpacked(_stream(data, opened, where, most), inner, where, most, layers - 1)
    if not data.startswith((b"PK\x03\x04", b"PK\x05\x06")) or not layers:
        return Unpacked(((name, data),))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if any(member.filename in _SPREADSHEETS for member in members):
                _refuse_bomb(members, where, most)
                return Unpacked(((name, data),))
            return _members(archive, members, where, most, layers)
    except RuntimeError as error:
        raise SourceError("collect.password", where) from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
    ) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(_damage(name), where) from error


def _damage(name: str) -> str:
    is_sheet = name.lower().endswith((".xlsx", ".xlsm", ".xlsb", ".ods"))
    return "collect.damaged_spreadsheet" if is_sheet else "collect.damaged_archive"


def _members(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], where: str, most: int, layers: int) -> Unpacked:
    """Unpack the tables of a zip file."""
    members = [member for member in members if not _is_hidden(member.filename)]
    tables = [member for member in members if PurePosixPath(member.filename).suffix.lower() in _TABLES] or members
    _refuse_bomb(tables, where, most)
    if any(member.flag_bits & 1 for member in tables):
        raise SourceError("collect.password", where)
    files: list[tuple[str, bytes]] = []
    unread = [_name(member) for member in members if member not in tables]
    for member in tables:
        name = _name(member)
        with archive.open(member) as stream:
            inner = _unpacked(_read(stream, where, most), PurePosixPath(name).name, where, most, layers - 1)
        files += inner.files
        unread += inner.unread
    files = [(name, content) for name, content in files if content.strip()]
    if not files:
        raise SourceError("collect.empty_archive", where)
    return Unpacked(tuple(files), tuple(unread))


def _is_hidden(name: str) -> bool:
    """Whether an operating system put the file there."""
    path = PurePosixPath(name)
    return path.name.startswith(".") or "__MACOSX" in path.parts or path.name.lower() in ("thumbs.db", "desktop.ini")


def _name(member: zipfile.ZipInfo) -> str:
    """The name of a file in an archive; Chinese Windows writes it in GBK and does not say so."""
    if member.flag_bits & 0x800 or member.filename.isascii():
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gbk")
    except UnicodeError:
        return member.filename


def _refuse_bomb(members: list[zipfile.ZipInfo], where: str, most: int) -> None:
    if sum(member.file_size for member in members) > most:
        raise SourceError("collect.archive_too_large", where, size=f"{most / (1 << 30):.3g}")


def _stream(data: bytes, opened: Callable[[IO[bytes]], Any], where: str, most: int) -> bytes:
    try:
        with opened(io.BytesIO(data)) as stream:
            return _read(stream, where, most)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise SourceError("collect.damaged_archive", where) from error


def _read(stream: IO[bytes], where: str, most: int) -> bytes:
    """Read a stream in pieces, no further than it may go."""
    pieces, size = [], 0
    while piece := stream.read(_CHUNK):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise SourceError("collect.archive_too_large", where, size=f"{most / (1 << 30):.3g}")
    return b"".join(pieces)
