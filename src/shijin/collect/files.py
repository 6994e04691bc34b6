"""Reads files: CSV, TSV, Parquet, spreadsheets and JSON become a `Raw`. It does not know what the columns mean."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shijin.collect.archives import unpacked
from shijin.collect.delimited import delimited
from shijin.collect.guess import decode
from shijin.collect.json_files import is_json, json_table
from shijin.collect.raw import Raw, digest_of, from_arrow
from shijin.collect.sheets import sheet_table
from shijin.errors import SourceError

_SHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def read_raw(path: Path, encoding: str | None) -> Raw:
    """Read a CSV, TSV, Parquet, spreadsheet or JSON file, compressed or not; the kind is detected from its content.

    Raises
    ------
    SourceError
        When it is missing, a folder, empty, only a header, truncated, or of another kind.

    Examples
    --------
    >>> read_raw(Path("nowhere.csv"), None)
    Traceback (most recent call last):
    shijin.errors.SourceError: nowhere.csv: there is no such file. Cure: check the path.
    """
    data = _bytes_of(path)
    files = unpacked(data, path.name, str(path))
    raws = [_read(path.with_name(name), content, encoding, str(path)) for name, content in files]
    raw = replace(_together(raws, str(path)), name=path.name, digest=digest_of(data))
    return _without_blank_rows(raw, str(path))


def _together(raws: list[Raw], where: str) -> Raw:
    """The files of an archive as one, where they have the same columns."""
    first = raws[0]
    if any(raw.columns != first.columns for raw in raws):
        raise SourceError("collect.not_one_table", where, files=", ".join(raw.name for raw in raws))
    if len(raws) == 1:
        return first
    offsets = np.cumsum([0, *(raw.rows_in for raw in raws[:-1])])
    return replace(
        first,
        table=pa.concat_tables([raw.table for raw in raws], promote_options="permissive").combine_chunks(),
        row=np.concatenate([raw.row + offset for raw, offset in zip(raws, offsets, strict=True)]),
        broken=tuple(
            (row + int(offset), text) for raw, offset in zip(raws, offsets, strict=True) for row, text in raw.broken
        ),
        findings=tuple(one for raw in raws for one in raw.findings),
    )


def _read(path: Path, data: bytes, encoding: str | None, where: str) -> Raw:
    if data.startswith(b"PAR1") or path.suffix.lower() in {".parquet", ".pq"}:
        return from_arrow(_parquet(data, where), path.name, "", {"file": "Parquet"}, where)
    if data.startswith(_SHEETS):
        table, notes = sheet_table(data, where)
        return replace(from_arrow(table, path.name, "", {"file": "XLSX"}, where), findings=notes)
    text, used = decode(data, encoding, where)
    detected = {"encoding": used}
    if is_json(text):
        kind = "JSON lines" if text.lstrip()[0] == "{" else "JSON"
        return from_arrow(json_table(text, where), path.name, "", {"file": kind} | detected, where)
    return delimited(
        text, Path(where).with_name(path.name) if path.name != Path(where).name else Path(where), "", detected
    )


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
    return replace(raw, table=raw.table.filter(pa.array(~blank)), row=raw.row[~blank])


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


def _parquet(data: bytes, where: str) -> pa.Table:
    try:
        return pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise SourceError("collect.damaged_parquet", where) from error
