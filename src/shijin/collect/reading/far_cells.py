"""Removes cells that lie far from the table of an XLSX sheet, before the empty cells up to them fill the memory.

A spreadsheet keeps only the cells that hold something; whoever reads a sheet as a block also holds the empty ones.
"""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np

from shijin.arrays import Flags, Ints

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_BLOCK = 4_000_000  # cells, empty ones included, that are read without looking further
_SPARSE = 20  # times as many cells in the block as hold something
_GAPS = (2_000, 60)  # empty rows, and empty columns, that part a cell from the table


def without_far_cells(data: bytes) -> tuple[bytes, int]:
    """Remove the far cells of all sheets of an XLSX file.

    Returns
    -------
    The file, and how many cells were removed

    Raises
    ------
    zipfile.BadZipFile, zlib.error, OSError ...
        When it is damaged, as `zipfile` raises them.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        names = [name for name in book.namelist() if _SHEET.fullmatch(name)]
        sheets = {name: _near(book.read(name)) for name in names}
        removed = sum(count for _, count in sheets.values())
        if not removed:
            return data, 0
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as copy:
            for name in dict.fromkeys(book.namelist()):
                copy.writestr(name, sheets[name][0] if sheets.get(name, (b"", 0))[1] else book.read(name))
    return stream.getvalue(), removed


def _near(xml: bytes) -> tuple[bytes, int]:
    """A sheet without its far cells, and how many there were."""
    found = re.search(rb"<(\w+:)?sheetData", xml)
    cell = rb"<" + (found.group(1) or b"" if found else b"") + rb"c"
    count = xml.count(cell + b" ")
    if _last_row(xml) * _most_columns(xml) <= max(_BLOCK, _SPARSE * count):
        return xml, 0
    pattern = cell + rb'\s[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*?(?:/>|>.*?</' + cell[1:] + rb">)"
    cells = re.compile(pattern, re.DOTALL)
    places = [(int(number), _column(letters)) for letters, number in (one.groups() for one in cells.finditer(xml))]
    if not places:
        return xml, 0
    rows, columns = np.array(places, dtype=np.int64).T
    near = _in_main_block(rows, _GAPS[0])
    near &= _in_main_block(columns, _GAPS[1])
    kept = iter(near.tolist())
    return cells.sub(lambda one: one.group() if next(kept) else b"", xml), int((~near).sum())


def _last_row(xml: bytes) -> int:
    """The number of the last row that has a number."""
    found = re.findall(rb'<(?:\w+:)?row\s[^>]*?\br="(\d{1,7})"', xml[xml.rfind(b"row ", 0, xml.rfind(b"row ")) - 20 :])
    numbers = found or re.findall(rb'\br="[A-Z]{1,3}(\d{1,7})"', xml)[-1:]
    return max(map(int, numbers), default=0)


def _most_columns(xml: bytes) -> int:
    """At most how many columns there are, by the letters of the columns."""
    for letters, most in ((3, 16_384), (2, 702)):
        if re.search(rb'\br="[A-Z]{%d}\d' % letters, xml):
            return most
    return 26


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _in_main_block(numbers: Ints, gap: int) -> Flags:
    """Which cells are in the block of rows, or columns, with most cells; blocks have gaps between."""
    places, rank = np.unique(numbers, return_inverse=True)
    block = np.cumsum(np.diff(places, prepend=places[:1]) > gap)[rank]
    return block == np.bincount(block).argmax()
