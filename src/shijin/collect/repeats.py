"""Rows that repeat another row of the same source in every column, as after pasting an export twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from shijin.arrays import Ints
from shijin.collect.raw import Raw
from shijin.collect.values import as_array
from shijin.config import EngineSection
from shijin.engine.duckdb import connect
from shijin.prepare.findings import Severity, finding

_NOTICED, _MANY = 0.001, 0.1  # shares of the rows


def first_of(raw: Raw, engine: EngineSection) -> Ints:
    """(n,) the place of the first row that is equal to each row in every column; its own place where it is the first.

    Examples
    --------
    >>> from shijin.collect.raw import from_arrow
    >>> raw = from_arrow(pa.table({"id": ["1", "2", "1"], "total": ["9", "9", "9"]}), "orders", "", {}, "orders")
    >>> first_of(raw, EngineSection()).tolist()
    [0, 1, 0]
    """
    columns = _columns(raw)
    rows = pa.table({**columns, "place": np.arange(raw.table.num_rows)})
    with connect(engine) as connection:
        connection.register("rows", rows)
        query = f"SELECT min(place) OVER (PARTITION BY {', '.join(columns)}) AS first FROM rows ORDER BY place"
        return np.asarray(connection.sql(query).to_arrow_table()["first"].to_numpy(), np.int64)


def repeated_findings(raw: Raw, is_order: pa.Array, engine: EngineSection) -> list[dict[str, Any]]:
    """The finding that order lines of a source repeat others in every column; none where hardly any does.

    Examples
    --------
    >>> from shijin.collect.raw import from_arrow
    >>> raw = from_arrow(pa.table({"id": ["1", "2", "1"], "total": ["9", "9", "9"]}), "orders", "", {}, "orders")
    >>> repeated_findings(raw, pa.array([True, True, True]), EngineSection())[0]["rows"]
    1
    """
    columns = _columns(raw)
    lines = pa.table(columns).filter(is_order)
    if not lines.num_rows:
        return []
    with connect(engine) as connection:
        connection.register("lines", lines)
        query = f"SELECT count(*) - count(DISTINCT hash({', '.join(columns)})) AS repeated FROM lines"
        repeated = connection.sql(query).to_arrow_table()["repeated"][0].as_py()
    share = repeated / lines.num_rows
    severity: Severity = "warns" if share > _MANY else "notes"
    return [finding("identical_rows", severity, repeated, share)] if share >= _NOTICED else []


def _columns(raw: Raw) -> dict[str, pa.Array]:
    return {f"c{place}": as_array(column) for place, column in enumerate(raw.table.columns)}
