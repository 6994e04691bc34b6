"""Removes cells that lie far from the table of an XLSX or ODS sheet, before the empty cells up to them fill the memory.

A spreadsheet keeps only the cells that hold something; whoever reads a sheet as a block also holds the empty ones.
"""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np

from shijin.arrays import Flags, Ints

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
# Places that no sheet has, which only damage explains; the first pattern is faster, and matches texts of cells too.
_PLACE = rb""" r=["'](?:[A-Za-z]{4,}|[A-Za-z]*0*[2-9]\d{6}|[A-Za-z]*\d{8,})"""
_PERHAPS, _IMPOSSIBLE = re.compile(_PLACE), re.compile(rb"<(?:\w+:)?(?:row|c)(?=\s)[^>]*?" + _PLACE)
_BLOCK = 4_000_000  # cells, empty ones included, that are read without looking further
_SPARSE = 20  # times as many cells in the block as hold something
_GAPS = (2_000, 60)  # empty rows, and empty columns, that part a cell from the table


def without_far_cells(data: bytes) -> tuple[bytes, int]:
    """Remove the far cells of all sheets of an XLSX or ODS file.

    Returns
    -------
    The file, and how many cells were removed

    Raises
    ------
    ValueError, zipfile.BadZipFile, zlib.error, OSError ...
        When it is damaged; the others as `zipfile` raises them.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheets = {name: _near(book.read(name)) for name in book.namelist() if _SHEET.fullmatch(name)}
        if "content.xml" in book.namelist():
            sheets["content.xml"] = _near_in_ods(book.read("content.xml"))
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
    if _PERHAPS.search(xml) and _IMPOSSIBLE.search(xml):
        raise ValueError(_IMPOSSIBLE.pattern)
    match = re.search(rb"<(\w+:)?sheetData", xml)
    cell = rb"<" + (match.group(1) or b"" if match else b"") + rb"c"
    count = sum(xml.count(cell + end) for end in (b" ", b">", b"/"))
    if _last_row(xml) * _most_columns(xml) <= max(_BLOCK, _SPARSE * count):
        return xml, 0
    place = rb"""\s[^>]*?\br=["']([A-Za-z]{1,3})(\d{1,7})["']"""
    cells = re.compile(cell + place + rb"[^>]*?(?:/>|>.*?</" + cell[1:] + rb">)", re.DOTALL)
    places = [(int(number), _column(letters)) for letters, number in (one.groups() for one in cells.finditer(xml))]
    if len(places) < count:  # some cells do not say where they are
        raise ValueError(len(places))
    rows, columns = np.array(places, dtype=np.int64).T
    near = _in_main_block(rows, _GAPS[0])
    near &= _in_main_block(columns, _GAPS[1])
    is_near = iter(near.tolist())
    return cells.sub(lambda one: one.group() if next(is_near) else b"", xml), int((~near).sum())


def _near_in_ods(xml: bytes) -> tuple[bytes, int]:
    """The sheets of an ODS file without cells behind a thousand empty ones in a row, and how many there were."""
    gap = rb'<table:table-cell[^>]*number-columns-repeated="\d{4,}"[^>]*?/>'
    beyond = re.compile(gap + rb"((?:(?!</table:table-row>).)*)", re.DOTALL)
    removed = sum(one.group(1).count(b"</table:table-cell>") for one in beyond.finditer(xml))
    return (beyond.sub(b"", xml), removed) if removed else (xml, 0)


def _last_row(xml: bytes) -> int:
    """The number of the last row; the largest there is where a cell says that it is in a far later one."""
    last = max(map(int, re.findall(rb"""<(?:\w+:)?row\s[^>]*?\br=["'](\d{1,7})""", xml)), default=1)
    later = re.search(rb""" r=["'][A-Za-z]{1,3}\d{%d}""" % (len(str(last)) + 1), xml)
    return 10_000_000 if later else last


def _most_columns(xml: bytes) -> int:
    """At most how many columns there are, by the letters of the columns."""
    for letters, most in ((3, 17_576), (2, 702)):
        if re.search(rb""" r=["'][A-Za-z]{%d}\d""" % letters, xml):
            return most
    return 26


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _in_main_block(numbers: Ints, gap: int) -> Flags:
    """Which cells are in the block of rows, or columns, with most cells; blocks have gaps between."""
    places, rank = np.unique(numbers, return_inverse=True)
    block = np.cumsum(np.diff(places, prepend=places[:1]) > gap)[rank]
    return block == np.bincount(block).argmax()
