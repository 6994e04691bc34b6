"""DuckDB in memory, which spills to the system's temporary folder: it unions, joins, sorts and partitions tables.

It knows nothing of shops. Each caller opens its own connection, because DuckDB 2 refuses a second statement while a
result is still open.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb

from shijin.config import EngineSection


def connect(engine: EngineSection) -> duckdb.DuckDBPyConnection:
    """Open a connection that downloads nothing, uses the shop's limits of memory and threads, and has UTC as time zone.

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
