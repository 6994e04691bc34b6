"""Reads files: CSV, TSV, Parquet, XLSX and JSON lines become a `Raw`. It does not know what the columns mean."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.json as pajson
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from shijin.collect.guess import decode, delimiter_of, first_row
from shijin.collect.raw import Raw, digest_of, from_arrow
from shijin.errors import SourceError

_BLOCK_BYTES = 1 << 24


def read_raw(path: Path, encoding: str | None) -> Raw:
    """Read a CSV, TSV, Parquet, XLSX or JSON-lines file; the kind is detected from its content.

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
    return _without_blank_rows(_read(path, _bytes_of(path), encoding), str(path))


def _read(path: Path, data: bytes, encoding: str | None) -> Raw:
    where = str(path)
    if data.startswith(b"PAR1") or path.suffix.lower() in {".parquet", ".pq"}:
        table, detected = _parquet(data, where), {"file": "Parquet"}
    elif data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        table, detected = _sheet(data, where), {"file": "XLSX"}
    else:
        text, used = decode(data, encoding, where)
        detected = {"encoding": used}
        if text.lstrip()[:1] != "{":
            return _delimited(text, path, digest_of(data), detected)
        table, detected = _json_lines(text, where), {"file": "JSON lines"} | detected
    return from_arrow(table, path.name, digest_of(data), detected, where)


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


def _json_lines(text: str, where: str) -> pa.Table:
    try:
        return pajson.read_json(pa.BufferReader(text.encode()))
    except pa.ArrowException as error:
        raise SourceError("collect.not_json_lines", where) from error


def _sheet(data: bytes, where: str) -> pa.Table:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError("collect.damaged_spreadsheet", where) from error
    sheet = max(sheets, key=len, default=[])
    if len(sheet) < 2:
        raise SourceError("collect.only_a_header" if sheet else "collect.empty_sheet", where)
    names = unique_names([str(cell) for cell in sheet[0]])
    # A spreadsheet gives each cell a type, not each column; its reader returns the cells as Python objects.
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


def _delimited(text: str, path: Path, digest: str, detected: dict[str, str]) -> Raw:
    where, name = str(path), path.name
    text = text.lstrip("\r\n")
    first = text.split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:  # Excel's line that names the delimiter
        text = text.split("\n", 1)[1]
    delimiter = "\t" if name.lower().endswith(".tsv") else delimiter_of(text)
    _refuse_open_quote(text, delimiter, where)
    header = first_row(text, delimiter)
    table, broken = _parse(text, delimiter, len(header), where)
    if table.num_rows + len(broken) < 2:
        raise SourceError("collect.only_a_header", where)
    # The parsed rows, header included, have the numbers that the broken ones leave over.
    is_parsed = np.ones(table.num_rows + len(broken), dtype=bool)
    is_parsed[[number for number, _ in broken]] = False
    numbers = np.flatnonzero(is_parsed)
    detected = {"file": "TSV" if delimiter == "\t" else "CSV", "delimiter": delimiter} | detected
    names = unique_names(header)
    rows = table.slice(1).rename_columns(names)
    return Raw(rows, numbers[1:], name, digest, tuple(names), tuple(broken), detected)


def _parse(text: str, delimiter: str, width: int, where: str) -> tuple[pa.Table, list[tuple[int, str]]]:
    """Parse delimited text; gives the rows, the header first, and those with another number of cells."""
    broken: list[tuple[int, str]] = []
    widths: list[int] = []

    def handler(row: pacsv.InvalidRow) -> str:
        widths.append(row.actual_columns)
        broken.append((int(row.number) - 1, row.text))  # 1 is the header's number
        return "skip"

    names = [f"f{place}" for place in range(width)]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(text.encode()),
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=names),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=handler),
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowException as error:
        raise SourceError("collect.not_a_table", where) from error
    if table.num_rows == 1 and broken and all(cells == width + 1 for cells in widths):
        return _without_last(table, text, delimiter, width, where) or (table, broken)
    return table, broken


def _without_last(
    header: pa.Table, text: str, delimiter: str, width: int, where: str
) -> tuple[pa.Table, list[tuple[int, str]]] | None:
    """Parse rows that all end in a delimiter which the header lacks, without the empty cell after it.

    It gives None where a row has something in that cell, or another number of cells.

    Parameters
    ----------
    header : (1 row)
        The header as `_parse` returns it.
    """
    rows, broken = _parse(text, delimiter, width + 1, where)
    empty = pc.equal(pc.utf8_trim_whitespace(rows.column(width)), "")
    if len(broken) != 1 or not pc.all(empty).as_py():  # only the header may have another number of cells
        return None
    return pa.concat_tables([header, rows.select(header.column_names)]), []


def _refuse_open_quote(text: str, delimiter: str, where: str) -> None:
    """Refuse a text in which an open quote makes one cell of all that follows."""
    if text.count('"') % 2 == 0:
        return
    end = ["\x1e"]  # it is parsed as a row of its own, unless a quote is still open
    row, last = -1, [""]
    try:
        for last in csv.reader(chain(io.StringIO(text, newline=""), end), delimiter=delimiter):
            row += bool(last)  # empty lines are not rows
    except csv.Error:  # the cell is longer than the parser allows
        row, last = row + 1, [""]
    if last != end:
        if row:
            raise SourceError("collect.open_quote", where, row=row)
        raise SourceError("collect.open_quote_in_header", where)


def unique_names(names: Sequence[str]) -> list[str]:
    """Strip names of spaces around them; an empty or repeated one gets its place.

    Examples
    --------
    >>> unique_names([" id", "", "id"])
    ['id', 'column 2', 'id (column 3)']
    """
    bare = [name.strip().removeprefix("\ufeff") or f"column {place}" for place, name in enumerate(names, 1)]
    return [name if name not in bare[: place - 1] else f"{name} (column {place})" for place, name in enumerate(bare, 1)]
