"""Reads files: text, spreadsheets, Parquet and JSON, packed or not, become a `Raw`. It knows no column's meaning."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shijin.collect.guess import decode
from shijin.collect.raw import Raw, digest_of, from_arrow, with_rows
from shijin.collect.reading.archives import unpacked
from shijin.collect.reading.delimited import read_delimited
from shijin.collect.reading.documents import read_documents
from shijin.collect.reading.join import alike, joined
from shijin.collect.reading.notes_below import without_notes_below
from shijin.collect.reading.noticed import files_unread
from shijin.collect.reading.sheets import read_sheets
from shijin.errors import SourceError

_ZEROS = 50  # bytes of a text, at least, for each zero byte that is a fault of the program that wrote it

_NO_TABLES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf")  # documents and pictures


def read_raw(path: Path, encoding: str | None) -> Raw:
    """Read a file; its kind is detected from its content.

    Text with delimiters, XLSX, XLS, ODS, Parquet, JSON; gzip, bzip2, xz and zip of these. Sheets, and files of an
    archive, that look alike are one table.

    Raises
    ------
    SourceError
        When it is missing, a folder, empty, only a header, without a header, damaged, or of another kind.

    Examples
    --------
    >>> read_raw(Path("nowhere.csv"), None)
    Traceback (most recent call last):
    shijin.errors.SourceError: nowhere.csv: there is no such file. Cure: check the path.
    """
    where, data = str(path), _bytes_of(path)
    digest = digest_of(data)
    archive = unpacked(data, path.name, where)
    del data
    if len(archive.files) == 1:
        (name, content), *_ = archive.files
        raw = replace(_read(name, content, encoding, where), name=path.name, digest=digest)
    else:
        raw = replace(_members(archive.files, encoding, where), name=path.name, digest=digest)
    return replace(raw, findings=(*raw.findings, *files_unread(list(archive.unread))))


def _members(files: Sequence[tuple[str, bytes]], encoding: str | None, where: str) -> Raw:
    """Join the files of an archive, which must look alike."""
    raws = [_read(name, content, encoding, f"{where}/{name}") for name, content in files]
    main = max(raws, key=lambda raw: raw.rows_in)
    if not all(alike(raw.table.column_names, main.table.column_names) for raw in raws):
        names = ", ".join(name for name, _ in files[:10])
        raise SourceError("collect.files_differ", where, files=names)
    return joined(raws)


def _read(name: str, data: bytes, encoding: str | None, where: str) -> Raw:
    """Read one file that is not packed."""
    if data.startswith(b"PAR1") or name.lower().endswith((".parquet", ".pq")):
        return _without_blank_rows(_parquet(data, name, where), where)
    if data.startswith(_NO_TABLES):
        raise SourceError("collect.not_text", where)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return without_notes_below(_without_blank_rows(read_sheets(data, name, "", where), where))
    text, used = _utf8(data, encoding, where)
    if text[:200].lstrip()[:1] in (b"{", b"[") and _is_json(text):
        documents = read_documents(text, where)
        detected = {"file": documents.kind, "encoding": used}
        raw = replace(
            from_arrow(documents.table, name, "", detected, where), row=documents.row, broken=documents.broken
        )
        return _without_blank_rows(raw, where)
    if text[:200].lstrip().lower().startswith((b"<html", b"<!doctype", b"<?xml", b"<table", b"<meta", b"<head")):
        raise SourceError("collect.web_page", where)
    return without_notes_below(_without_blank_rows(read_delimited(text, name, "", {"encoding": used}, where), where))


def _is_json(text: bytes) -> bool:
    """Whether a text begins as JSON does, and not with a cell such as ``[id]``."""
    first = text[:4096].lstrip()
    after = first[1:].lstrip()[:1]
    return after in ((b'"', b"}") if first[:1] == b"{" else (b"{", b"[", b"]"))


def _utf8(data: bytes, encoding: str | None, where: str) -> tuple[bytes, str]:
    """A text in UTF-8 without a byte-order mark, and the encoding that it had."""
    zeros = data.count(0)
    if zeros and zeros * _ZEROS < len(data) + 200 and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.replace(b"\0", b"")
    text, used = decode(data, encoding, where)
    if codecs.lookup(used).name in ("utf-8", "utf-8-sig"):
        return data.removeprefix(codecs.BOM_UTF8), used
    return text.removeprefix("\ufeff").encode(), used


def _without_blank_rows(raw: Raw, where: str) -> Raw:
    """Leave out rows of nothing but delimiters, which spreadsheets leave below a table."""
    blank = np.ones(raw.table.num_rows, dtype=bool)
    for column in raw.table.columns:
        if not blank.any():
            return raw
        empty = pc.is_null(column)
        if pa.types.is_string(column.type):
            empty = pc.or_kleene(empty, pc.equal(column, ""))
        blank &= empty.to_numpy()
    if blank.all() and not raw.broken:
        raise SourceError("collect.only_a_header", where)
    return with_rows(raw, raw.table, np.flatnonzero(~blank))


def _bytes_of(path: Path) -> bytes:
    if path.is_dir():
        raise SourceError("collect.folder", path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceError("collect.no_such_file", path) from error
    except OSError as error:
        raise SourceError("collect.cannot_be_read", path, error=error.strerror) from error
    if not data.strip():
        raise SourceError("collect.empty_file", path)
    return data


def _parquet(data: bytes, name: str, where: str) -> Raw:
    try:
        return from_arrow(pq.read_table(pa.BufferReader(data)), name, "", {"file": "Parquet"}, where)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SourceError("collect.damaged_parquet", where) from error
