"""A file becomes columns of text (or of the types it has), row by row as it came. It does not know what they mean."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain
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
from shijin.collect.values import as_array
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
    columns = [_as_said(table[name]) for name in flat]
    return Raw(pa.table(columns, names=flat), np.arange(1, table.num_rows + 1), name, digest, (), told)


def readable(raw: Raw, needed: Collection[str]) -> Raw:
    r"""A source without the columns whose bytes are no text, such as pictures.

    Parameters
    ----------
    needed
        Columns that something is to be read from.

    Raises
    ------
    SourceError
        When one of them is no text.

    Examples
    --------
    >>> readable(from_arrow(pa.table({"id": [b"\xff"]}), "orders", "", {}, "orders"), ["id"])
    Traceback (most recent call last):
    shijin.errors.SourceError: orders: the column id is no UTF-8 text. Cure: write it as text.
    """
    blind = [field.name for field in raw.table.schema if not _can_be_text(field.type)]
    for name in blind:
        if name in needed:
            raise SourceError(f"the column {name} is no UTF-8 text", raw.name, "write it as text")
    return replace(raw, table=raw.table.drop_columns(blind)) if blind else raw


def _as_said(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bytes as the text they are; those that are none stay bytes, whatever the file calls them."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if _can_be_text(kind) and not _is_text(kind):
        return column
    try:
        text = as_array(column).cast(pa.string())
        text.validate(full=True)
    except pa.ArrowException:
        return pa.chunked_array([pa.nulls(len(column), pa.binary())])
    return pa.chunked_array([text])


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _can_be_text(kind: pa.DataType) -> bool:
    simple = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_null)
    timely = (pa.types.is_timestamp, pa.types.is_date, pa.types.is_time, pa.types.is_dictionary)
    return _is_text(kind) or any(is_such(kind) for is_such in (*simple, *timely))


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
    _refuse_open_quote(text, delimiter, where)
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
    odd: list[pacsv.InvalidRow] = []

    def keep(row: pacsv.InvalidRow) -> str:
        odd.append(row)
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
    if table.num_rows == 1 and broken and all(row.actual_columns == width + 1 for row in odd):
        return _without_last(table, text, delimiter, width, where) or (table, broken)
    return table, broken


def _without_last(
    header: pa.Table, text: str, delimiter: str, width: int, where: str
) -> tuple[pa.Table, list[tuple[int, str]]] | None:
    """Rows that all end in a delimiter which the header lacks, without the empty cell behind it; None where it is not.

    Parameters
    ----------
    header : (1 row)
        The header as its parsing gave it.
    """
    rows, broken = _parse(text, delimiter, width + 1, where)
    empty = pc.equal(pc.utf8_trim_whitespace(rows.column(width)), "")
    if len(broken) != 1 or not pc.all(empty).as_py():  # the header is the one that has other cells
        return None
    return pa.concat_tables([header, rows.select(header.column_names)]), []


def _refuse_open_quote(text: str, delimiter: str, where: str) -> None:
    """Refuse a text in which a cell swallows all that follows."""
    if text.count('"') % 2 == 0:
        return
    end = ["\x1e"]  # a row of its own, unless a quote is still open
    row, last = -1, [""]
    try:
        for last in csv.reader(chain(io.StringIO(text, newline=""), end), delimiter=delimiter):
            row += bool(last)  # empty lines are no rows
    except csv.Error:  # a cell longer than any cell is
        row, last = row + 1, [""]
    if last != end:
        problem = f"a quote opens in row {row} and is never closed" if row else "a quote in the header is never closed"
        raise SourceError(problem, where, 'close it, or write a " within a text twice')


def unique_names(names: Sequence[str]) -> list[str]:
    """Names without spaces around; an empty or repeated one gets its place.

    Examples
    --------
    >>> unique_names([" id", "", "id"])
    ['id', 'column 2', 'id (column 3)']
    """
    bare = [name.strip().removeprefix("\ufeff") or f"column {place}" for place, name in enumerate(names, 1)]
    return [name if name not in bare[: place - 1] else f"{name} (column {place})" for place, name in enumerate(bare, 1)]
