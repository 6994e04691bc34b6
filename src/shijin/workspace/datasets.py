"""Tables with commits: each dataset is a Delta table that changes in one atomic commit or not at all.

It knows names, keys and schemas, not what the rows mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, write_deltalake
from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

from shijin.config import EngineSection
from shijin.engine.duckdb import connect
from shijin.schema import CONTACTS, EVENTS, ITEMS, PROVENANCE, conform
from shijin.workspace.disk import refusals

SCHEMAS: dict[str, pa.Schema] = {"events": EVENTS, "items": ITEMS, "contacts": CONTACTS}
NEW, CHANGED, SAME = "new", "changed", "same"
_BASIS = "shijin.basis"  # in a commit that forecasts do not read: the identity of what they do read


@dataclass(frozen=True)
class Merged:
    """What became of each row handed to a merge.

    status : (n,) "new", "changed" or "same", in the order of the rows
    added, updated, same
        How many of each.
    """

    status: pa.Array
    added: int
    updated: int
    same: int


def version(path: Path) -> int:
    """The dataset's last commit, -1 where there is none yet."""
    table = _open(path)
    return table.version() if table else -1


def identity(path: Path) -> str:
    """A name for exactly these rows: changes with every commit, and only then."""
    table = _open(path)
    return _named(table) if table else ""


def basis(path: Path) -> str:
    """A name for the rows that forecasts read: as `identity`, but a commit that keeps the basis does not change it."""
    table = _open(path)
    if table is None:
        return ""
    with refusals(path):
        return str(table.history(1)[0].get(_BASIS) or _named(table))


def _named(table: DeltaTable) -> str:
    return f"{table.metadata().id}@{table.version()}"


def read(path: Path, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows, of all columns or some; an empty table of the right schema where the dataset does not exist yet."""
    table = _open(path)
    if columns is not None:
        schema = pa.schema([schema.field(name) for name in columns])
    if table is None:
        return schema.empty_table()
    # Delta's own file system is a Python object: Arrow's threads may let go of it while the process ends, and abort it.
    plain = SubTreeFileSystem(str(path.absolute()), LocalFileSystem())
    with refusals(path):
        rows = table.to_pyarrow_table(columns=schema.names, filesystem=plain)
    return conform(rows, schema, str(path)).combine_chunks()


def merge(
    path: Path, rows: pa.Table, key: str, schema: pa.Schema, engine: EngineSection, *, keep_basis: bool = False
) -> Merged:
    """Add rows whose key is new and replace those whose content changed, in one commit; none where nothing changed.

    Parameters
    ----------
    keep_basis
        Whether these are rows that no forecast reads, neither as they were nor as they come: `basis` stays.
    """
    rows = conform(rows, schema, str(path))
    existing = read(path, schema, [name for name in schema.names if name not in PROVENANCE])
    status = _compare(existing, rows, key, engine)
    different = rows.filter(pc.not_equal(status, SAME))
    updated = pc.sum(pc.equal(status, CHANGED)).as_py() or 0
    noted = CommitProperties(custom_metadata={_BASIS: basis(path)} if keep_basis else None)
    with refusals(path):
        if different.num_rows and not updated:
            write_deltalake(path, different, mode="append", commit_properties=noted)
        elif updated:
            merger = DeltaTable(path).merge(
                different,
                f"kept.{key} = came.{key}",
                source_alias="came",
                target_alias="kept",
                commit_properties=noted,
            )
            merger.when_matched_update_all().when_not_matched_insert_all().execute()
    return Merged(status, different.num_rows - updated, updated, rows.num_rows - different.num_rows)


def _open(path: Path) -> DeltaTable | None:
    if not (path / "_delta_log").is_dir() or not any((path / "_delta_log").glob("*.json")):
        return None
    with refusals(path):
        return DeltaTable(path)


def _compare(existing: pa.Table, rows: pa.Table, key: str, engine: EngineSection) -> pa.Array:
    if not existing.num_rows:
        return pa.repeat(NEW, rows.num_rows)
    content = [name for name in rows.column_names if name not in (*PROVENANCE, key)]
    same = " AND ".join(f"came.{name} IS NOT DISTINCT FROM kept.{name}" for name in content)
    with connect(engine) as connection:
        connection.register("kept", existing)
        connection.register("came", rows.append_column("place", pa.array(np.arange(rows.num_rows))))
        found: pa.Table = connection.sql(
            f"SELECT CASE WHEN kept.{key} IS NULL THEN '{NEW}' WHEN {same} THEN '{SAME}' ELSE '{CHANGED}' END AS status"
            f" FROM came LEFT JOIN kept ON came.{key} = kept.{key} ORDER BY came.place"
        ).to_arrow_table()
    status: pa.Array = found.column("status").combine_chunks()
    return status.cast(pa.string())
