"""What the tests of collecting share: files that are read, and the values that come out."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from shijin.collect import Collected, CollectOptions, Context, read_sources
from shijin.config import Config
from shijin.schema import PROVENANCE

NOW = datetime(2025, 1, 1, tzinfo=UTC)
PLAIN = "customer_id,ts,amount\n"


def read_file(
    folder: Path, content: str | bytes, name: str = "orders.csv", config: Config | None = None, **options: object
) -> Collected:
    """Write a file and read it."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_sources([path], Context(config or Config(), CollectOptions(**options), NOW))[0]  # type: ignore[arg-type]


def values_of(collected: Collected, *columns: str) -> list[tuple[object, ...]]:
    """Events as tuples, in the order of the source's rows."""
    table = collected.events.sort_by("source_row").select(list(columns))
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def same_events(first: pa.Table, second: pa.Table) -> bool:
    """Whether two tables of events are equal, wherever they come from."""
    columns = [name for name in first.column_names if name not in PROVENANCE]
    return bool(first.select(columns).sort_by("event_id").equals(second.select(columns).sort_by("event_id")))


def utc(*parts: int) -> datetime:
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]
