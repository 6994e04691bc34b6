"""Reads delimited text: its delimiter, the row of names below titles and notes, and its rows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from shijin.arrays import Ints
from shijin.collect.raw import Raw
from shijin.collect.reading.header import ROWS, Header, find_header, typed_columns, unique_names
from shijin.collect.reading.noticed import title_rows
from shijin.errors import SourceError

_BLOCK_BYTES = 1 << 24
_SAMPLE_BYTES = 1 << 18
_FITS = 0.9  # share of rows with as many cells as there are names, in a text that is surely parted so
_DELIMITERS = (",", "\t", ";", "|")
_NOTE = re.compile(r"\s*(?:#(?!\d)|[-=*_#]{3,})")  # how a line begins that is no row: a comment, or a rule
_CLOCK_AFTER_DATE = re.compile(
    rb"(?m)(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}) +(?=\d{1,2}:\d{2})"
)


@dataclass(frozen=True)
class Layout:
    """How a text is laid out.

    Parameters
    ----------
    name
        The delimiter, for people.
    delimiter
        What parts the cells in the text that `rewrite` gives.
    header
        Where the names are.
    above
        How many rows are above them.
    start
        The first byte of the row of names.
    body
        The first byte of the rows.
    """

    name: str
    delimiter: str
    header: Header
    above: int
    start: int
    body: int


def read_delimited(data: bytes, name: str, digest: str, detected: dict[str, str], where: str) -> Raw:
    r"""Read delimited text.

    Parameters
    ----------
    data
        UTF-8.

    Raises
    ------
    SourceError
        When it has no row of names or nothing below it, or a quote is never closed.

    Examples
    --------
    >>> raw = read_delimited(b"Orders\n\nid;total\n1;2,50\n2;3\n", "orders.csv", "", {}, "orders.csv")
    >>> raw.table.to_pylist(), raw.detected["delimiter"], [row["code"] for row in raw.findings]
    ([{'id': '1', 'total': '2,50'}, {'id': '2', 'total': '3'}], ';', ['title_rows'])
    """
    data, sep = _without_sep_line(data.lstrip(b"\r\n"))
    layout, data = _layout_of(data, sep or ("\t" if name.lower().endswith(".tsv") else None))
    if layout is None:
        raise SourceError("collect.only_a_header", where)
    if not layout.header.exists and len(layout.header.cells) > 1:
        raise SourceError("collect.no_header", where, cells=", ".join(layout.header.cells[:6]))
    _refuse_open_quote(data[layout.start :], layout.delimiter, where)
    names, rows = _rows_below(data[layout.body :], layout, where)
    notes = sum(_is_note(text) for _, text in rows.broken)
    if notes:
        rows = replace(rows, broken=[row for row in rows.broken if not _is_note(row[1])])
    if not rows.table.num_rows and not rows.broken:
        raise SourceError("collect.only_a_header", where)
    kind = "TSV" if layout.name == "\t" else "CSV"
    detected = {"file": kind, "delimiter": layout.name} | detected
    findings = title_rows(layout.above + notes)
    table = rows.table.rename_columns(names)
    return Raw(table, rows.numbers, name, digest, tuple(names), tuple(rows.broken), detected, findings)


def _is_note(text: str) -> bool:
    """Whether a row with too few cells is a comment or a rule, such as ``#---- end of export``."""
    return bool(_NOTE.match(text))


def _without_sep_line(data: bytes) -> tuple[bytes, str | None]:
    """Take away Excel's line that names the delimiter."""
    match = re.match(rb'"?sep=(.)"?[ \t]*(?:\r\n|\r|\n)', data[:20], re.IGNORECASE)
    return (data[match.end() :], match.group(1).decode("latin-1")) if match else (data, None)


# ---------------------------------------------------------------- layout


def _layout_of(data: bytes, delimiter: str | None) -> tuple[Layout | None, bytes]:
    """Find the delimiter and the row of names; gives the text too, rewritten where it has no delimiter of one byte."""
    sample, is_whole = data[:_SAMPLE_BYTES], len(data) <= _SAMPLE_BYTES
    if delimiter and delimiter.encode() in sample:
        return _layout(sample, delimiter, delimiter, is_whole=is_whole), data
    layouts = [_layout(sample, one, one, is_whole=is_whole) for one in _DELIMITERS]
    there = [layout for layout in layouts if layout is not None]
    best = max(there, key=_quality, default=None)
    if best is None or (_quality(best)[0] and best.header.fits >= _FITS):
        return best, data
    for name, (rewrite, new_delimiter) in _REWRITES.items():
        layout = _layout(rewrite(sample), new_delimiter, name, is_whole=is_whole)
        is_better = layout is not None and (not _quality(best)[0] or layout.header.fits > best.header.fits)
        if layout is not None and is_better and _is_certain(layout, rewrite(sample)):
            return layout, rewrite(data)
    return best, data


def _quality(layout: Layout) -> tuple[bool, int, float]:
    """The better layout has names, in more columns, and more rows of as many cells."""
    width, header = len(layout.header.cells), layout.header
    return header.exists and width > 1 and header.fits >= 0.5, width, header.fits


def _by_spaces(data: bytes) -> bytes:
    """Make one tab of each run of spaces and tabs, but none of the space between a date and its clock."""
    bare = re.sub(rb"(?m)^[ \t]+|[ \t]+$|[ \t]+(?=\r)", b"", data)
    return re.sub(rb"[ \t]+", b"\t", _CLOCK_AFTER_DATE.sub(rb"\1T", bare))


def _by_wide_spaces(data: bytes) -> bytes:
    """Make one tab of each run of several spaces, for columns whose texts have single ones."""
    return re.sub(rb" *\t[ \t]*|  +", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+$|[ \t]+(?=\r)", b"", data))


def _without_line_quotes(data: bytes) -> bytes:
    """Unpack lines that are each one quoted cell, as a spreadsheet writes a CSV file that it holds in one column."""
    unquoted = re.sub(rb'(?m)^"(.*)"(?=\r?$)', lambda line: line.group(1).replace(b'""', b'"'), data)
    return unquoted if b'"' in data else b""


# What a text may be parted by where no delimiter fits: how it is rewritten, and the delimiter that it then has.
_REWRITES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "spaces": (_by_spaces, "\t"),
    "several spaces": (_by_wide_spaces, "\t"),
    "space": (lambda data: data if b'"' in data else b"", " "),
    "，": (lambda data: data.replace("，".encode(), b"\t"), "\t"),
    "、": (lambda data: data.replace("、".encode(), b"\t"), "\t"),
    "::": (lambda data: data.replace(b"::", b"\t"), "\t"),
    "quoted lines": (_without_line_quotes, ","),
}


def _is_certain(layout: Layout, sample: bytes) -> bool:
    """Whether a text is really parted by spaces or the like: in three columns or more, of which two are typed."""
    rows, _ = _first_rows(sample, layout.delimiter, is_whole=False)
    is_plain = layout.delimiter != "\t" or b'"' not in sample  # tabs were put into quoted texts too
    return is_plain and len(layout.header.cells) > 2 and layout.header.fits >= _FITS and typed_columns(rows) >= 2


def _layout(sample: bytes, delimiter: str, name: str, *, is_whole: bool) -> Layout | None:
    rows, ends = _first_rows(sample, delimiter, is_whole=is_whole)
    header = find_header(rows)
    if header is None:
        return None
    start = ends[header.row - 1] if header.row else 0
    above = sum(bool(row) for row in rows[: header.row])
    return Layout(name, delimiter, header, above, start, ends[header.row])


def _first_rows(sample: bytes, delimiter: str, *, is_whole: bool) -> tuple[list[list[str]], list[int]]:
    """Split the first rows of a text into cells; gives each row's end in bytes too."""
    lines = io.StringIO(sample.decode("utf-8", "ignore"), newline="").readlines()
    if not is_whole and len(lines) > 1:
        lines.pop()  # it is cut
    line_ends = np.cumsum([len(line.encode()) for line in lines])
    rows, ends = [], []
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        for row in islice(reader, ROWS):
            rows.append(row)
            ends.append(int(line_ends[reader.line_num - 1]))
    except csv.Error:  # a cell that never ends
        pass
    return rows, ends


# ---------------------------------------------------------------- rows


@dataclass(frozen=True)
class _Rows:
    """Parsed rows, and those with another number of cells.

    Parameters
    ----------
    table : (n rows)
        Columns f0, f1 ...
    numbers : (n,) int64
        Of the rows, from 1 on; the broken ones have the others.
    broken
        Number, from 1 on, and text.
    widths
        How many cells each broken row has.
    """

    table: pa.Table
    numbers: Ints
    broken: list[tuple[int, str]]
    widths: list[int]


def _rows_below(data: bytes, layout: Layout, where: str) -> tuple[list[str], _Rows]:
    """Parse the rows below the names; a delimiter at the end of every row, or of the names, is no column."""
    cells, delimiter = list(layout.header.cells), layout.delimiter
    rows = _parse(data, delimiter, len(cells), where)
    if rows.broken and b'\\"' in data:
        rows = min(rows, _parse(data, delimiter, len(cells), where, escape="\\"), key=lambda one: len(one.broken))
    if rows.broken and not rows.table.num_rows:
        if set(rows.widths) == {len(cells) + 1}:
            wider = _parse(data, delimiter, len(cells) + 1, where)
            if not wider.broken and _is_empty(wider.table.column(len(cells))):
                rows = replace(wider, table=wider.table.select(range(len(cells))))
            elif not wider.broken and _is_count(wider.table.column(0)):
                cells, rows = ["", *cells], wider  # row numbers without a name, as R writes them
        elif len(cells) > 1 and not cells[-1] and set(rows.widths) == {len(cells) - 1}:
            cells = cells[:-1]
            rows = _parse(data, delimiter, len(cells), where)
    return unique_names(cells), rows


def _is_count(column: pa.ChunkedArray) -> bool:
    """Whether a column numbers its rows, from 0 or 1 on."""
    return any(
        column.equals(pa.chunked_array([pa.array(range(start, len(column) + start)).cast(pa.string())]))
        for start in (0, 1)
    )


def _is_empty(column: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.equal(pc.utf8_trim_whitespace(column), "")).as_py())


def _parse(data: bytes, delimiter: str, width: int, where: str, escape: str | None = None) -> _Rows:
    """Parse delimited text without its names."""
    names = [f"f{place}" for place in range(width)]
    broken: list[tuple[int, str]] = []
    widths: list[int] = []

    def handler(row: pacsv.InvalidRow) -> str:
        widths.append(row.actual_columns)
        broken.append((int(row.number), row.text))
        return "skip"

    if not data.strip(b"\r\n"):
        return _Rows(pa.table({name: pa.array([], pa.string()) for name in names}), np.arange(0), [], [])
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES, column_names=names),
            parse_options=pacsv.ParseOptions(
                delimiter=delimiter,
                escape_char=escape or False,
                newlines_in_values=True,
                invalid_row_handler=handler,
            ),
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowException as error:
        raise SourceError("collect.not_a_table", where) from error
    is_parsed = np.ones(table.num_rows + len(broken) + 1, dtype=bool)
    is_parsed[[0, *(number for number, _ in broken)]] = False
    return _Rows(table, np.flatnonzero(is_parsed), broken, widths)


def _refuse_open_quote(data: bytes, delimiter: str, where: str) -> None:
    """Refuse a text in which an open quote makes one cell of all that follows."""
    if data.count(b'"') % 2 == 0:
        return
    end = ["\x1e"]  # it is parsed as a row of its own, unless a quote is still open
    row, last = -1, [""]
    try:
        for last in csv.reader(chain(io.StringIO(data.decode(), newline=""), end), delimiter=delimiter):
            row += bool(last)  # empty lines are not rows
    except csv.Error:  # the cell is longer than the parser allows
        row, last = row + 1, [""]
    if last != end:
        if row:
            raise SourceError("collect.open_quote", where, row=row)
        raise SourceError("collect.open_quote_in_header", where)
