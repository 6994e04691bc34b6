"""The engine that unions, joins, sorts and partitions: DuckDB, in memory, spilling to the system's temporary folder.

It knows nothing of shops. Every caller takes a connection of its own, because DuckDB 2 refuses a second statement
while a result is still open.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from shijin.config import EngineSection


def connect(engine: EngineSection) -> duckdb.DuckDBPyConnection:
    """Open a connection that downloads nothing, keeps to the shop's memory and threads, and reads times as UTC.

    Examples
    --------
    >>> connect(EngineSection()).execute("SELECT current_setting('TimeZone')").fetchone()
    ('UTC',)
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": engine.threads,
            "memory_limit": engine.memory.replace(" ", ""),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(Path(tempfile.gettempdir()) / "shijin-spill"),
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection
