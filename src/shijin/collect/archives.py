"""Unpacks a compressed file: gzip, bzip2, xz, and zip archives of files of one kind."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any

from shijin.errors import SourceError

LARGEST = 4 * 2**30  # bytes after unpacking
_OPENERS: dict[bytes, Callable[[io.BytesIO], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
_SHEETS = ("xl/workbook", "content.xml", "[Content_Types].xml")


def unpacked(data: bytes, name: str, where: str) -> list[tuple[str, bytes]]:
    """Files in a compressed file, by name; the file itself where it is not compressed.

    Parameters
    ----------
    name
        The file's name.

    Raises
    ------
    SourceError
        When it needs a password, is damaged, or unpacks to more than `LARGEST` bytes.

    Examples
    --------
    >>> unpacked(gzip.compress(b"id,total"), "orders.csv.gz", "orders.csv.gz")
    [('orders.csv', b'id,total')]
    """
    for magic, opener in _OPENERS.items():
        if data.startswith(magic):
            try:
                with opener(io.BytesIO(data)) as file:
                    return [(name.rsplit(".", 1)[0], _limited(file, where))]
            except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
                raise SourceError("collect.damaged_archive", where) from error
    return _members(data, where) or [(name, data)]


def _members(data: bytes, where: str) -> list[tuple[str, bytes]]:
    """Files in a zip archive; none where it is a spreadsheet, or no archive."""
    if not data.startswith(b"PK\x03\x04"):
        return []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(one.startswith(_SHEETS) for one in archive.namelist()):
                return []
            infos = [one for one in archive.infolist() if not one.is_dir() and not _is_hidden(one.filename)]
            if any(one.flag_bits & 1 for one in infos):
                raise SourceError("collect.locked_archive", where)
            files = []
            for info in infos:
                with archive.open(info) as file:
                    files.append((info.filename.rsplit("/", 1)[-1], _limited(file, where)))
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, RuntimeError, zlib.error, ValueError) as error:
        # A damaged spreadsheet is a damaged archive too; the reader of sheets names it better.
        if b"xl/" in data or b"[Content_Types]" in data or where.lower().endswith((".xlsx", ".xlsm", ".xlsb", ".ods")):
            return []
        raise SourceError("collect.damaged_archive", where) from error
    if not files:
        raise SourceError("collect.empty_file", where)
    return files


def _is_hidden(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1].startswith(".")


def _limited(file: IO[bytes], where: str) -> bytes:
    data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise SourceError("collect.damaged_archive", where)
    return data
