"""Reads delimited text: CSV, TSV, and columns parted by semicolons, bars or spaces."""

from __future__ import annotations

import csv
import io
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from shijin.collect.guess import delimiter_of, first_row
from shijin.collect.header import LOOKED_AT, header_place, is_data
from shijin.collect.names import unique_names
from shijin.collect.raw import Raw
from shijin.errors import SourceError
from shijin.prepare.findings import finding

_BLOCK_BYTES = 1 << 24


def delimited(text: str, path: Path, digest: str, detected: dict[str, str]) -> Raw:
    """Read delimited text.

    Rows are numbered from the first after the header; lines above the header have no number.

    Raises
    ------
    SourceError
        When it has only a header or none, a quote that is never closed, or cannot be parsed.
    """
    where, name = str(path), path.name
    text = _with_line_feeds(text).lstrip("\r\n")
    first = text.split("\n", 1)[0].strip()
    if first.lower().startswith("sep=") and len(first) == 5:  # Excel's line that names the delimiter
        text = text.split("\n", 1)[1]
    delimiter = "\t" if name.lower().endswith(".tsv") else delimiter_of(text)
    if delimiter_is_absent(text, delimiter) and (spaced := _with_tabs(text)) is not None:
        text, delimiter, detected = spaced, "\t", {**detected, "spaces": "yes"}
    _refuse_open_quote(text, delimiter, where)
    text, skipped = _from_header(text, delimiter, where)
    header = first_row(text, delimiter)
    table, broken = _parse(text, delimiter, len(header), where)
    if table.num_rows + len(broken) < 2:
        raise SourceError("collect.only_a_header", where)
    # The parsed rows, header included, have the numbers that the broken ones leave over.
    is_parsed = np.ones(table.num_rows + len(broken), dtype=bool)
    is_parsed[[number for number, _ in broken]] = False
    numbers = np.flatnonzero(is_parsed)
    is_spaced = bool(detected.pop("spaces", ""))
    detected = {"file": "TSV" if delimiter == "\t" and not is_spaced else "CSV"} | detected
    detected["delimiter"] = " " if is_spaced else delimiter
    names = unique_names(header)
    rows = table.slice(1).rename_columns(names)
    notes = (finding("title_rows", "notes", skipped, 0.0),) if skipped else ()
    return Raw(rows, numbers[1:], name, digest, tuple(names), tuple(broken), detected, notes)


def _with_line_feeds(text: str) -> str:
    """Text whose lines end in line feeds, where they end in carriage returns alone."""
    return text.replace("\r", "\n") if "\r" in text and "\n" not in text else text


def delimiter_is_absent(text: str, delimiter: str) -> bool:
    """Whether none of the first lines contains a delimiter."""
    return not any(delimiter in line for line in text[:20_000].splitlines()[:LOOKED_AT])


def _with_tabs(text: str) -> str | None:
    """Text whose columns are parted by spaces, with tabs instead; None where its lines have not equally many words."""
    lines = [line for line in text.splitlines() if line.strip()]
    widths = {len(line.split()) for line in lines[:1_000]}
    if len(widths) != 1 or widths.pop() < 3 or len(lines) < 3 or '"' in text[:20_000]:
        return None
    return "\n".join("\t".join(line.split()) for line in lines) + "\n"


def _from_header(text: str, delimiter: str, where: str) -> tuple[str, int]:
    """The text from its header on, and how many lines above it were skipped.

    Raises
    ------
    SourceError
        When its first line is data.
    """
    reader = csv.reader(io.StringIO(text[:400_000], newline=""), delimiter=delimiter)
    rows, ends = [], []
    try:
        for row in reader:
            rows.append(row)
            ends.append(reader.line_num)
            if len(rows) == LOOKED_AT:
                break
    except csv.Error:  # a cell longer than the parser allows: the header is the first row
        return text, 0
    place = header_place(rows)
    following = next((row for row in rows[place + 1 :] if any(cell.strip() for cell in row)), None)
    if following is not None and is_data(rows[place], following):
        raise SourceError("collect.no_header", where, cells=", ".join(rows[place][:5]))
    if not place:
        return text, 0
    lines = io.StringIO(text, newline="")
    skipped = ends[place - 1]
    offset = sum(len(next(lines)) for _ in range(skipped))
    return text[offset:], skipped


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
