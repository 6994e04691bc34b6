"""A file becomes columns of text (or of the types it has), row by row as it came. It does not know what they mean."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.json as pajson
import pyarrow.parquet as pq
from numpy.typing import NDArray
from python_calamine import CalamineError, CalamineWorkbook

from shijin.collect.guess import decode, delimiter_of, first_row
from shijin.errors import SourceError

_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True)
class Raw:
    """A source as it came.

    Parameters
    ----------
    table : (n rows)
        Columns as the source names them.
    row : (n,) int64
        Which row of the source each is; 1 is the first after the header.
    broken : tuple of (row, text)
        Rows that do not part into as many columns as the header has.
    name
        The file's name.
    digest
        Of its bytes: the same file has the same.
    told
        What was found out while reading: kind of file, encoding, delimiter.
    """

    table: pa.Table
    row: NDArray[np.int64]
    name: str
    digest: str
    broken: tuple[tuple[int, str], ...] = ()
    told: dict[str, str] = field(default_factory=dict)

    @property
    def rows_in(self) -> int:
        """How many rows came, broken ones too."""
        return self.table.num_rows + len(self.broken)


def read_raw(path: Path, encoding: str | None) -> Raw:
    """Read a CSV, TSV, Parquet, XLSX or JSON-lines file, told apart by content.

    Raises
    ------
    SourceError
        When it is missing, a folder, empty, only a header, truncated, or no such file at all.

    Examples
    --------
    >>> read_raw(Path("nowhere.csv"), None)
    Traceback (most recent call last):
    shijin.errors.SourceError: nowhere.csv: no such file. Cure: check the path.
    """
    return _without_blank_rows(_read(path, _bytes_of(path), encoding), str(path))


def _read(path: Path, data: bytes, encoding: str | None) -> Raw:
    where = str(path)
    if data.startswith(b"PAR1") or path.suffix.lower() in {".parquet", ".pq"}:
        table, told = _parquet(data, where), {"file": "Parquet"}
    elif data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        table, told = _sheet(data, where), {"file": "XLSX"}
    else:
        text, found = decode(data, encoding, where)
        told = {"encoding": found}
        if text.lstrip()[:1] == "{":
            table, told = _json_lines(text, where), {"file": "JSON lines"} | told
        else:
            return _delimited(text, where, path.name, _digest(data), told)
    return from_arrow(table, path.name, _digest(data), told, where)


def from_arrow(table: pa.Table, name: str, digest: str, told: dict[str, str], where: str) -> Raw:
    """A table that is in memory already; nested columns are left out."""
    flat = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    if not table.num_rows or not flat:
        raise SourceError("it holds no rows", where, "export it again")
    return Raw(table.select(flat), np.arange(1, table.num_rows + 1), name, digest, (), told)


def _without_blank_rows(raw: Raw, where: str) -> Raw:
    """Spreadsheets leave rows of nothing but delimiters below a table; they are no rows."""
    blank = np.ones(raw.table.num_rows, dtype=bool)
    for column in raw.table.columns:
        if not blank.any():
            return raw
        empty = pc.is_null(column)
        if pa.types.is_string(column.type):
            empty = pc.or_kleene(empty, pc.equal(column, ""))
        blank &= empty.to_numpy()
    if blank.all() and not raw.broken:
        raise SourceError("only a header, no rows", where, "export it again")
    return replace(raw, table=raw.table.filter(pa.array(~blank)), row=raw.row[~blank])


def digest_of(table: pa.Table) -> str:
    """A digest of a table in memory."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return _digest(sink.getvalue())


def _digest(data: bytes | pa.Buffer) -> str:
    return hashlib.sha256(data).hexdigest()


def _bytes_of(path: Path) -> bytes:
    if path.is_dir():
        raise SourceError("a folder, not a file", str(path), "name the file in it")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceError("no such file", str(path), "check the path") from error
    except OSError as error:
        raise SourceError(f"cannot be read ({error.strerror})", str(path), "check its permissions") from error
    if not data.strip():
        raise SourceError("the file is empty", str(path), "export it again")
    return data


def _parquet(data: bytes, where: str) -> pa.Table:
    try:
        return pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise SourceError("truncated or no Parquet file", where, "copy or export it again") from error


def _json_lines(text: str, where: str) -> pa.Table:
    try:
        return pajson.read_json(pa.BufferReader(text.encode()))
    except pa.ArrowException as error:
        raise SourceError("not readable as JSON lines", where, "write one object a line") from error


def _sheet(data: bytes, where: str) -> pa.Table:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError("truncated or no spreadsheet", where, "save it again as XLSX or CSV") from error
    sheet = max(sheets, key=len, default=[])
    if len(sheet) < 2:
        raise SourceError("only a header, no rows" if sheet else "the sheet is empty", where, "export it again")
    names = unique_names([str(cell) for cell in sheet[0]])
    # A spreadsheet has a type for each cell, not for a column; its reader hands them out as Python objects.
    columns = [[_cell(cell) for cell in column] for column in zip(*sheet[1:], strict=True)]
    return pa.table([pa.array(column, pa.string()) for column in columns], names=names)


def _cell(cell: object) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)


def _delimited(text: str, where: str, name: str, digest: str, told: dict[str, str]) -> Raw:
    text = text.lstrip("\r\n")
    first = text.split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:  # Excel's own way to say the delimiter
        text = text.split("\n", 1)[1]
    delimiter = "\t" if name.lower().endswith(".tsv") else delimiter_of(text)
    header = first_row(text, delimiter)
    table, broken = _parse(text, delimiter, len(header), where)
    if table.num_rows + len(broken) < 2:
        raise SourceError("only a header, no rows", where, "export it again")
    whole = np.ones(table.num_rows + len(broken), dtype=bool)
    whole[[number for number, _ in broken]] = False
    numbers = np.flatnonzero(whole)
    told = {"file": "TSV" if delimiter == "\t" else "CSV", "delimiter": delimiter} | told
    return Raw(table.slice(1).rename_columns(unique_names(header)), numbers[1:], name, digest, tuple(broken), told)


def _parse(text: str, delimiter: str, width: int, where: str) -> tuple[pa.Table, list[tuple[int, str]]]:
    broken: list[tuple[int, str]] = []

    def keep(row: pacsv.InvalidRow) -> str:
        broken.append((int(row.number) - 1, row.text))  # 1 is the header's number
        return "skip"

    names = [f"f{place}" for place in range(width)]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=names),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep),
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowException as error:
        raise SourceError("not readable as a table", where, "check quotes and delimiter, export it again") from error
    return table, broken


def unique_names(names: Sequence[str]) -> list[str]:
    """Names without spaces around; an empty or repeated one gets its place.

    Examples
    --------
    >>> unique_names([" id", "", "id"])
    ['id', 'column 2', 'id (column 3)']
    """
    bare = [name.strip().removeprefix("\ufeff") or f"column {place}" for place, name in enumerate(names, 1)]
    return [name if name not in bare[: place - 1] else f"{name} (column {place})" for place, name in enumerate(bare, 1)]
