"""A source as it came: columns of text, or of the types that a file has, row by row. It does not know their meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shijin.collect.nested import flattened
from shijin.collect.values import as_array, is_text
from shijin.errors import SourceError


@dataclass(frozen=True)
class Raw:
    """A source as it came.

    Parameters
    ----------
    table : (n rows)
        Columns as the source names them, without those that cannot be text.
    row : (n,) int64
        The number of each row in the source, rising; 1 is the first after the header. Blank lines of a text have none.
        The rows of a second sheet are numbered on, and so are those of lists in a document.
    name
        The file's name.
    digest
        SHA-256 of its bytes: the same file has the same.
    columns
        The names of all columns of the source, also of those that `table` lacks.
    broken : tuple of (row, text)
        Rows that do not have as many cells as the header.
    detected
        What reading detected: kind of file, encoding, delimiter.
    findings
        What reading noticed, rows of FINDINGS: lines above the table, sheets that were not read.
    of_orders
        Of a file of lines joined with one of orders: the columns of the orders. It has every line of each order.
    """

    table: pa.Table
    row: NDArray[np.int64]
    name: str
    digest: str
    columns: tuple[str, ...]
    broken: tuple[tuple[int, str], ...] = ()
    detected: dict[str, str] = field(default_factory=dict)
    findings: tuple[dict[str, Any], ...] = ()
    of_orders: tuple[str, ...] = ()

    @property
    def rows_in(self) -> int:
        """How many rows the source has, broken ones included."""
        return self.table.num_rows + len(self.broken)


def from_arrow(table: pa.Table, name: str, digest: str, detected: dict[str, str], where: str) -> Raw:
    """Take a table that is in memory; nested columns are flattened (`nested.flattened`).

    Raises
    ------
    SourceError
        When it has no rows, or no columns.
    """
    flat = flattened(table).table
    if not flat.num_rows or not flat.num_columns:
        raise SourceError("collect.no_rows", where)
    names = flat.column_names
    columns = [_decoded(column) for column in flat.columns]
    return Raw(
        pa.table(columns, names=names), np.arange(1, flat.num_rows + 1), name, digest, tuple(names), (), detected
    )


def with_rows(raw: Raw, table: pa.Table, rows: NDArray[np.int64] | None = None) -> Raw:
    """The same source with columns that a format adds or replaces, and with some of its rows only.

    Parameters
    ----------
    table : (n rows)
    rows
        The places of the rows to keep; all where None.
    """
    if rows is None:
        return replace(raw, table=table)
    return replace(raw, table=table.take(pa.array(rows)), row=raw.row[rows])


def readable(raw: Raw, needed: Collection[str]) -> Raw:
    r"""Leave out the columns whose bytes are not text, such as pictures.

    Parameters
    ----------
    needed
        Columns that are to be read.

    Raises
    ------
    SourceError
        When one of them is not text.

    Examples
    --------
    >>> readable(from_arrow(pa.table({"id": [b"\xff"]}), "orders", "", {}, "orders"), ["id"])
    Traceback (most recent call last):
    shijin.errors.SourceError: orders: the column id is not UTF-8 text. Cure: write it as text.
    """
    not_text = [field.name for field in raw.table.schema if not _can_be_text(field.type)]
    for name in not_text:
        if name in needed:
            raise SourceError("collect.column_not_text", raw.name, column=name)
    return replace(raw, table=raw.table.drop_columns(not_text)) if not_text else raw


def digest_of(data: bytes | pa.Table) -> str:
    """SHA-256 of a file's bytes, or of a table in memory."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, data.schema) as writer:
        writer.write_table(data)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Decode bytes as text; those that are not text stay bytes, whatever type the file gives them."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if _can_be_text(kind) and not is_text(kind):
        return column
    # The cast trusts the bytes; only the full validation reads them.
    try:
        text = as_array(column).cast(pa.string())
        text.validate(full=True)
    except pa.ArrowException:
        return pa.chunked_array([pa.nulls(len(column), pa.binary())])
    return pa.chunked_array([text])


def _can_be_text(kind: pa.DataType) -> bool:
    simple = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_null)
    timely = (pa.types.is_timestamp, pa.types.is_date, pa.types.is_time, pa.types.is_dictionary)
    return is_text(kind) or any(is_kind(kind) for is_kind in (*simple, *timely))
