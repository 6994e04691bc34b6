"""Reads spreadsheets: all sheets that look alike become one table, others are named."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineWorkbook

from shijin.collect.header import LOOKED_AT, header_place, is_data
from shijin.collect.names import unique_names
from shijin.errors import SourceError
from shijin.prepare.clean import plain
from shijin.prepare.findings import finding

_ALIKE = 0.75  # shared names divided by all names of two sheets that are read together
_WIDEST, _MOST_CELLS = 702, 20_000_000  # columns with three letters, and the cells of a sheet that has them
_DIMENSION = re.compile(rb'<dimension ref="(?:[A-Z]+\d+:)?([A-Z]+)(\d+)"')


@dataclass(frozen=True)
class _Sheet:
    name: str
    table: pa.Table
    skipped: int


def sheet_table(data: bytes, where: str) -> tuple[pa.Table, tuple[dict[str, Any], ...]]:
    """Read a spreadsheet: the sheet with most rows, and all sheets with the same columns.

    Returns
    -------
    The rows as texts, and findings: sheets that were not read, lines above the headers.

    Raises
    ------
    SourceError
        When it is damaged, empty, has no header, or a stray cell makes it too large to read.
    """
    _refuse_stray_cells(data, where)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = [(name, workbook.get_sheet_by_name(name).to_python()) for name in workbook.sheet_names]
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile) as error:
        raise SourceError("collect.damaged_spreadsheet", where) from error
    except BaseException as error:  # a panic of the reader on a damaged file is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise SourceError("collect.damaged_spreadsheet", where) from error
    grids = [(name, grid) for name, grid in grids if grid]
    sheets = [_read(name, grid, where) for name, grid in grids if len(grid) > 1]
    sheets = [sheet for sheet in sheets if sheet.table.num_rows]
    if not sheets:
        raise SourceError("collect.only_a_header" if grids else "collect.empty_sheet", where)
    return _together(sheets)


def _read(name: str, grid: list[list[Any]], where: str) -> _Sheet:
    top = [[_text(cell) or "" for cell in row] for row in grid[:LOOKED_AT]]
    place = header_place(top)
    if place + 1 < len(top) and is_data(top[place], top[place + 1]):
        raise SourceError("collect.no_header", where, cells=", ".join(top[place][:5]))
    names = unique_names(top[place])
    # A spreadsheet gives each cell a type, not each column; its reader returns the cells as Python objects.
    rows = grid[place + 1 :]
    columns = [[_text(cell) for cell in column] for column in zip(*rows, strict=True)] if rows else [[] for _ in names]
    table = pa.table([pa.array(column, pa.string()) for column in columns], names=names)
    empty = [
        n
        for n, column in zip(names, table.columns, strict=True)
        if column.null_count == table.num_rows and n.startswith("column ")
    ]
    return _Sheet(name, table.drop_columns(empty), place)


def _together(sheets: list[_Sheet]) -> tuple[pa.Table, tuple[dict[str, Any], ...]]:
    main = max(sheets, key=lambda sheet: sheet.table.num_rows)
    alike = [sheet for sheet in sheets if sheet is main or _similarity(sheet.table, main.table) >= _ALIKE]
    known = {plain(name): name for name in main.table.column_names}
    tables = []
    for sheet in alike:
        names = [known.get(plain(name), name) for name in sheet.table.column_names]
        tables.append(sheet.table.rename_columns(unique_names(names)))
    notes = []
    others = [sheet for sheet in sheets if sheet not in alike]
    if others:
        listed = ", ".join(f"{sheet.name} ({sheet.table.num_rows:,})" for sheet in others)
        rows = sum(sheet.table.num_rows for sheet in others)
        notes.append(finding("sheets_unread", "warns", rows, 0.0, sheets=listed))
    if skipped := sum(sheet.skipped for sheet in alike):
        notes.append(finding("title_rows", "notes", skipped, 0.0))
    return pa.concat_tables(tables, promote_options="default").combine_chunks(), tuple(notes)


def _similarity(first: pa.Table, second: pa.Table) -> float:
    names = [{plain(name) for name in table.column_names} for table in (first, second)]
    return len(names[0] & names[1]) / len(names[0] | names[1])


def _text(cell: object) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2.0**63:
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)


def _refuse_stray_cells(data: bytes, where: str) -> None:
    """Refuse a sheet that a stray cell far away makes so large that reading its empty cells would need all memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if re.match(r"xl/worksheets/[^/]+\.xml$", name)]
            corners = [(name, corner) for name in names for corner in _far_corners(archive, name)]
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error):
        return  # no archive, or a damaged one: the reader of spreadsheets says so
    for name, (column, rows) in corners:
        if _number(column) > _WIDEST and _number(column) * rows > _MOST_CELLS:
            sheet = name.rsplit("/", 1)[-1].removesuffix(".xml")
            raise SourceError("collect.too_wide", where, sheet=sheet, rows=rows, columns=column)


def _far_corners(archive: zipfile.ZipFile, name: str) -> list[tuple[str, int]]:
    """The last cell of a sheet as it states it, else all cells in columns of three letters."""
    with archive.open(name) as file:
        head = file.read(4096)
        match = _DIMENSION.search(head)
        corners = [match] if match else re.finditer(rb' r="([A-Z]{3})(\d+)"', head + file.read())
        return [(corner[1].decode(), int(corner[2])) for corner in corners]


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number
