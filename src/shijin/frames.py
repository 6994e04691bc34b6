"""Converts tables of pandas or polars to Arrow and back, by narwhals. It knows no column."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import narwhals as nw
import pyarrow as pa
from narwhals.exceptions import DuplicateError

from shijin.errors import SourceError

Kind = Literal["pandas", "polars", "arrow"]
_UNLIKE = (pa.ArrowException, OverflowError, TypeError, ValueError)  # as values of different types in a column raise


def to_arrow(frame: Any) -> tuple[pa.Table, Kind]:  # noqa: ANN401  (any eager data frame)
    """Convert a data frame to Arrow.

    Returns
    -------
    Its content, and its kind, which `like` needs.

    Raises
    ------
    SourceError
        When it is not an eager data frame, or two of its columns have the same name.

    Examples
    --------
    >>> to_arrow(pa.table({"a": [1]}))[1]
    'arrow'
    >>> to_arrow([1, 2])
    Traceback (most recent call last):
    shijin.errors.SourceError: a list is not a table. Cure: pass a table of pandas, polars or Arrow.
    """
    if isinstance(frame, pa.Table):
        return frame, "arrow"
    try:
        eager = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise SourceError("schema.not_a_table", kind=type(frame).__name__) from error
    except DuplicateError as error:
        raise SourceError("schema.columns_repeated") from error
    kind: Kind = "polars" if eager.implementation.is_polars() else "pandas"
    try:
        table = pa.table((_with_texts(eager) if _has_objects(eager) else eager).to_arrow())
    except _UNLIKE:
        table = pa.table(_with_texts(eager).to_arrow())
    # A filtered pandas table has its row numbers as a column of this name; an index with a name is a real column.
    return table.select([name for name in table.column_names if not name.startswith("__index_level_")]), kind


def _has_objects(frame: nw.DataFrame[Any]) -> bool:
    """Whether a polars table holds Python objects, which it gives Arrow as addresses."""
    return frame.implementation.is_polars() and nw.Object in frame.schema.values()


def _with_texts(frame: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """Write columns as text whose values Arrow cannot give one type, such as numbers and texts in one column."""
    for name in frame.columns:
        if not _has_one_type(frame, name):
            # Values of different types are Python objects, which nothing but Python converts.
            texts = [_text(value) for value in frame[name].to_list()]
            frame = frame.with_columns(nw.new_series(name, texts, nw.String(), backend=frame.implementation))
    return frame


def _has_one_type(frame: nw.DataFrame[Any], name: str) -> bool:
    """Whether Arrow can give a column one type."""
    try:
        frame[name].to_arrow()
    except _UNLIKE:
        return False
    return not _has_objects(frame.select(name))


def _text(value: object) -> str | None:
    """A value as text: a whole number without a point, nothing of what is missing."""
    if value is None or value != value:  # only what is not a number, or not a time, differs from itself
        return None
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text.encode(errors="replace").decode()


def like(table: pa.Table, kind: Kind) -> Any:  # noqa: ANN401
    """Convert an Arrow table to a kind of data frame."""
    if kind == "arrow":
        return table
    frame = nw.from_native(table, eager_only=True)
    return frame.to_pandas() if kind == "pandas" else frame.to_polars()
