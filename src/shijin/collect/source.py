"""The door of the room: a path or a table in memory becomes `Collected`, by the reader its content asks for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa

from shijin.collect.collected import Collected, CollectOptions
from shijin.collect.files import Raw, digest_of, from_arrow, read_raw
from shijin.collect.formats.shopify import is_shopify, read_shopify
from shijin.collect.formats.table import read_table
from shijin.config import Config


def read_source(path: Path, config: Config, options: CollectOptions, now: datetime) -> Collected:
    """Read a shop's file.

    Parameters
    ----------
    path
        CSV, TSV, Parquet, XLSX or JSON lines.
    now
        An instant with its time zone; what is dated after it is set aside as a future date.

    Raises
    ------
    SourceError
        When the file cannot be read, or no column can be the customer, the time or the amount.
    QuarantineError
        When more rows are bad than the shop can afford to set aside.
    ConfigError
        When an option or ``shijin.toml`` says what cannot be.

    Examples
    --------
    >>> from datetime import UTC
    >>> read_source(Path("."), Config(), CollectOptions(), datetime(2024, 1, 1, tzinfo=UTC))
    Traceback (most recent call last):
    shijin.errors.SourceError: .: a folder, not a file. Cure: name the file in it.
    """
    return _understand(read_raw(path, options.encoding or config.collect.encoding), config, options, now)


def from_table(
    table: pa.Table, config: Config, options: CollectOptions, now: datetime, name: str = "table"
) -> Collected:
    """Read a table that is in memory, as `read_source` reads a file.

    Examples
    --------
    >>> from datetime import UTC
    >>> table = pa.table({"user_id": ["007"], "paid_at": ["2024-01-02"], "total": ["12.50"]})
    >>> collected = from_table(table, Config(), CollectOptions(), datetime(2025, 1, 1, tzinfo=UTC))
    >>> collected.events.select(["customer_id", "amount"]).to_pylist()
    [{'customer_id': '007', 'amount': 12.5}]
    """
    raw = from_arrow(table, name, digest_of(table), {"file": "table in memory"}, name)
    return _understand(raw, config, options, now)


def _understand(raw: Raw, config: Config, options: CollectOptions, now: datetime) -> Collected:
    detected = options.format == "auto" and is_shopify(raw.table.column_names)
    read = read_shopify if options.format == "shopify" or detected else read_table
    return read(raw, config, options, now)
