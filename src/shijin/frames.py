"""Converts tables of pandas or polars to Arrow and back, by narwhals. It knows no column."""

from __future__ import annotations

from typing import Any, Literal

import narwhals as nw
import pyarrow as pa

from shijin.errors import SourceError

Kind = Literal["pandas", "polars", "arrow"]


def to_arrow(frame: Any) -> tuple[pa.Table, Kind]:  # noqa: ANN401  (any eager data frame)
    """Convert a data frame to Arrow.

    Returns
    -------
    Its content, and its kind, which `like` needs.

    Raises
    ------
    SourceError
        When it is not an eager data frame.

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
    kind: Kind = "polars" if eager.implementation.is_polars() else "pandas"
    table = _as_arrow(eager)
    # A filtered pandas table has its row numbers as a column of this name; an index with a name is a real column.
    return table.select([name for name in table.column_names if not name.startswith("__index_level_")]), kind


def _as_arrow(frame: Any) -> pa.Table:  # noqa: ANN401
    """Convert a data frame; a column whose values have several types, as spreadsheets give, becomes text."""
    try:
        return pa.table(frame.to_arrow())
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.table({name: _column(frame[name]) for name in frame.columns})


def _column(series: Any) -> pa.Array:  # noqa: ANN401
    try:
        return series.to_arrow()
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        values = series.to_list()
        return pa.array([None if value is None or value != value else str(value) for value in values], pa.string())


def like(table: pa.Table, kind: Kind) -> Any:  # noqa: ANN401
    """Convert an Arrow table to a kind of data frame."""
    if kind == "arrow":
        return table
    frame = nw.from_native(table, eager_only=True)
    return frame.to_pandas() if kind == "pandas" else frame.to_polars()
