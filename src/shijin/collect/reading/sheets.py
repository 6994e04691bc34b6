"""Reads spreadsheets: XLSX, XLSM, XLS, XLSB and ODS. All sheets that look alike are one table."""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from shijin.collect.raw import Raw
from shijin.collect.reading.far_cells import without_far_cells
from shijin.collect.reading.header import ROWS, find_header, typed_columns, unique_names
from shijin.collect.reading.join import alike, is_contained, joined, sums_up
from shijin.collect.reading.noticed import Findings, sheets_repeated, sheets_unread, stray_cells, title_rows
from shijin.errors import SourceError

_ERRORS = {"#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA", "#SPILL!", "#CALC!"}
_STRAY = 0.02  # share of rows below which a column beside the table, without a name, holds stray cells


@dataclass(frozen=True)
class _Sheet:
    """A sheet with a table, or why it has none.

    Parameters
    ----------
    rows
        How many rows it has.
    raw
        Its table; None where it has no row of names, or nothing below it.
    data_first
        The first cells where the first row is data.
    """

    name: str
    rows: int
    raw: Raw | None
    data_first: str = ""

    @property
    def table(self) -> Raw:
        """The table of a sheet that has one."""
        assert self.raw is not None
        return self.raw


def read_sheets(data: bytes, name: str, digest: str, where: str) -> Raw:
    """Read a spreadsheet.

    Raises
    ------
    SourceError
        When it is damaged, has a password, or no sheet has a table.
    """
    with _refusing_damage(where):
        far = 0
        if data.startswith(b"PK"):
            data, far = without_far_cells(data)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [_sheet(book, number, name, digest) for number in range(len(book.sheet_names))]
    tables = [sheet for sheet in sheets if sheet.raw is not None]
    if not tables:
        raise _refusal(sheets, where)
    raw = _chosen(tables, [sheet for sheet in sheets if sheet.raw is None and sheet.rows > 1])
    return replace(raw, findings=_added_up(raw.findings, far))


def _refusal(sheets: Sequence[_Sheet], where: str) -> SourceError:
    largest = max(sheets, key=lambda sheet: sheet.rows, default=None)
    if largest is None or not largest.rows:
        return SourceError("collect.empty_sheet", where)
    if largest.data_first:
        return SourceError("collect.no_header", where, cells=largest.data_first)
    return SourceError("collect.only_a_header", where)


@contextmanager
def _refusing_damage(where: str) -> Iterator[None]:
    """Refuse what the readers of spreadsheets raise for damaged files."""
    damages = (CalamineError, OSError, ValueError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError)
    try:
        yield
    except PasswordError as error:
        raise SourceError("collect.password", where) from error
    except (*damages, NotImplementedError, RuntimeError, MemoryError) as error:
        code = "collect.password" if "encrypted" in str(error) else "collect.damaged_spreadsheet"
        raise SourceError(code, where) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a failed assertion of the reader, which has no class to import
            raise
        raise SourceError("collect.damaged_spreadsheet", where) from error


def _chosen(tables: Sequence[_Sheet], others: Sequence[_Sheet]) -> Raw:
    """Join the sheets that look like the main one, which has most rows of data; name the others."""
    main = max(tables, key=_quality)
    columns = main.table.table.column_names
    chosen, repeated, unread = [main], [], list(others)
    for sheet in tables:
        if sheet is main:
            continue
        if not alike(sheet.table.table.column_names, columns):
            unread.append(sheet)
        elif is_contained(sheet.table, [one.table for one in chosen]) or sums_up(sheet.table, main.table):
            repeated.append(sheet)
        else:
            chosen.append(sheet)
    raws = [sheet.table for sheet in tables if sheet in chosen]
    raw = joined(raws) if len(raws) > 1 else raws[0]
    findings = sheets_unread({sheet.name: sheet.rows for sheet in unread}, raw.rows_in)
    findings += sheets_repeated({sheet.name: sheet.rows for sheet in repeated}, raw.rows_in)
    return replace(raw, findings=(*raw.findings, *findings))


def _quality(sheet: _Sheet) -> tuple[bool, int]:
    """The main sheet has a column of dates or numbers beside others, and most rows."""
    table = sheet.table.table
    rows = zip(*(pc.fill_null(column, "").to_pylist() for column in table.slice(0, ROWS).columns), strict=True)
    return typed_columns([table.column_names, *rows]) >= 2, table.num_rows


def _added_up(findings: Findings, far: int) -> Findings:
    """One finding about skipped lines, and one about stray cells, for all sheets."""
    lines = sum(row["rows"] for row in findings if row["code"] == "title_rows")
    cells = far + sum(row["rows"] for row in findings if row["code"] == "stray_cells")
    others = tuple(row for row in findings if row["code"] not in ("title_rows", "stray_cells"))
    return (*title_rows(lines), *stray_cells(cells), *others)


# ---------------------------------------------------------------- one sheet


def _sheet(book: CalamineWorkbook, number: int, name: str, digest: str) -> _Sheet:
    sheet = book.get_sheet_by_index(number)
    cells: list[list[Any]] = sheet.to_python()
    first = [["" if cell is None else _text(cell) or "" for cell in row] for row in cells[:ROWS]]
    header = find_header(first) if first else None
    rows = sum(any(cell not in ("", None) for cell in row) for row in cells[:ROWS]) + max(0, len(cells) - ROWS)
    if header is None:
        return _Sheet(sheet.name, 0, None)
    if not header.exists and len(header.cells) > 1:
        return _Sheet(sheet.name, rows, None, ", ".join(header.cells[:6]))
    _fill_merged(sheet, cells, header.row)
    body = cells[header.row + 1 :]
    table, stray = _table(list(header.cells), body)
    if not table.num_columns or not _has_rows(table):
        return _Sheet(sheet.name, rows, None)
    above = sum(any(row) for row in first[: header.row])
    findings = (*title_rows(above), *stray_cells(stray))
    numbers = np.arange(1, len(body) + 1)
    raw = Raw(table, numbers, name, digest, tuple(table.column_names), (), {"file": "XLSX"}, findings)
    return _Sheet(sheet.name, rows - above - 1, raw)


def _has_rows(table: pa.Table) -> bool:
    return any(column.null_count < len(column) for column in table.columns)


def _fill_merged(sheet: CalamineSheet, cells: list[list[Any]], header_row: int) -> None:
    """Write the value of merged cells, which only the topmost has, into the rows that they span below the names."""
    top, left = sheet.start or (0, 0)
    for (first_row, first_column), (last_row, _) in sheet.merged_cell_ranges or ():
        row, column = first_row - top, first_column - left
        if header_row < row < len(cells) and 0 <= column < len(cells[row]):
            for below in range(row + 1, min(last_row - top + 1, len(cells))):
                cells[below][column] = cells[row][column]


def _table(names: list[str], body: list[list[Any]]) -> tuple[pa.Table, int]:
    """Make texts of the cells; empty columns without a name, and those beside the table with stray cells, are left out.

    Returns
    -------
    The table, and how many stray cells there were
    """
    last = max((place for place, name in enumerate(names) if name), default=-1)
    places, columns, stray = [], [], 0
    # A spreadsheet gives each cell a type, not each column; its reader returns the cells as Python objects.
    for place, cells in enumerate(zip(*body, strict=True)):
        if not names[place] and not any(cell not in ("", None) for cell in cells):
            continue
        texts = pa.array([_text(cell) for cell in cells], pa.string())
        filled = len(texts) - texts.null_count
        if not names[place] and place > last and filled <= max(1, _STRAY * len(texts)):
            stray += filled
            continue
        places.append(place)
        columns.append(texts)
    unique = unique_names(names)
    return pa.table(columns, names=[unique[place] for place in places]), stray


def _text(cell: object) -> str | None:
    """A cell as text: whole numbers without a point, dates as ISO 8601, errors of formulas as nothing."""
    if isinstance(cell, str):
        return None if not cell or cell in _ERRORS else cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else str(cell) if math.isfinite(cell) else None
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    return None if cell is None else str(cell)
