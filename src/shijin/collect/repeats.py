"""Rows that repeat another row of the same source in every column, as after pasting an export twice."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from shijin.arrays import Ints
from shijin.collect.raw import Raw
from shijin.collect.values import as_array
from shijin.config import EngineSection
from shijin.engine.duckdb import connect


def first_of(raw: Raw, engine: EngineSection) -> Ints:
    """(n,) the place of the first row that is equal to each row in every column; its own place where it is the first.

    Examples
    --------
    >>> from shijin.collect.raw import from_arrow
    >>> raw = from_arrow(pa.table({"id": ["1", "2", "1"], "total": ["9", "9", "9"]}), "orders", "", {}, "orders")
    >>> first_of(raw, EngineSection()).tolist()
    [0, 1, 0]
    """
    columns = {f"c{place}": as_array(column) for place, column in enumerate(raw.table.columns)}
    rows = pa.table({**columns, "place": np.arange(raw.table.num_rows)})
    with connect(engine) as connection:
        connection.register("rows", rows)
        query = f"SELECT min(place) OVER (PARTITION BY {', '.join(columns)}) AS first FROM rows ORDER BY place"
        return np.asarray(connection.sql(query).to_arrow_table()["first"].to_numpy(), np.int64)
