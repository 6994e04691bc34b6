"""Tables in, the same kind out: pandas, polars or Arrow, by narwhals. It knows no column."""

from __future__ import annotations

from typing import Any, Literal

import narwhals as nw
import pyarrow as pa

from shijin.errors import SourceError

Kind = Literal["pandas", "polars", "arrow"]


def to_arrow(frame: Any) -> tuple[pa.Table, Kind]:  # noqa: ANN401  (any eager data frame)
    """Take a data frame.

    Returns
    -------
    Its content, and its kind for `like`.

    Raises
    ------
    SourceError
        When it is no eager data frame.

    Examples
    --------
    >>> to_arrow(pa.table({"a": [1]}))[1]
    'arrow'
    >>> to_arrow([1, 2])
    Traceback (most recent call last):
    shijin.errors.SourceError: a list is no table. Cure: give a pandas, polars or Arrow table.
    """
    if isinstance(frame, pa.Table):
        return frame, "arrow"
    try:
        eager = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        problem = f"a {type(frame).__name__} is no table"
        raise SourceError(problem, cure="give a pandas, polars or Arrow table") from error
    kind: Kind = "polars" if eager.implementation.is_polars() else "pandas"
    table = pa.table(eager.to_arrow())
    # A filtered pandas table brings its row numbers along under such a name; an index with a name is a column.
    return table.select([name for name in table.column_names if not name.startswith("__index_level_")]), kind


def like(table: pa.Table, kind: Kind) -> Any:  # noqa: ANN401
    """Give a table as the kind that came in."""
    if kind == "arrow":
        return table
    frame = nw.from_native(table, eager_only=True)
    return frame.to_pandas() if kind == "pandas" else frame.to_polars()
