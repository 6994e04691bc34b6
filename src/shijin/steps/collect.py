"""collect: a shop's file goes into its workspace; the same file again changes nothing.

Items and contacts are committed before the events that need them, the receipt comes last. A run that is killed in
between leaves whole tables, and the next run of the same file adds what is missing.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import Collected, CollectOptions, from_table, read_source
from shijin.errors import EmptyHistoryError, SourceError
from shijin.prepare.findings import finding, findings_table
from shijin.prepare.quality import rejections
from shijin.workspace import Merged, Receipt, Workspace
from shijin.workspace.receipts import started


def collect(
    workspace: Workspace,
    source: Path | pa.Table,
    options: CollectOptions,
    now: datetime,
    *,
    needs_orders: bool = False,
) -> tuple[Receipt, pa.Table]:
    """Collect a file, or a table in memory.

    Parameters
    ----------
    needs_orders
        Whether a source is refused that leaves the workspace without any order, as the whole way does; else it is said.

    Returns
    -------
    Receipt
        ``rows`` and ``money`` balance: in = accepted + updated + duplicates + quarantined.
    FINDINGS
        What is to be said about the source.

    Raises
    ------
    SourceError, QuarantineError, ConfigError
        When the source cannot be taken; then nothing has changed.
    EmptyHistoryError
        When orders are needed and there are none; then nothing has changed.
    BusyError, WorkspaceError
        When the workspace cannot be written.
    """
    config = workspace.config
    if isinstance(source, Path):
        collected = read_source(source, config, options, now)
    else:
        collected = from_table(source, config, options, now)
    said = [*collected.findings.to_pylist(), *rejections(collected.rejected, collected.rows_in)]
    with workspace.lock():
        _refuse_second_currency(workspace.read("events", ["currency"]), collected, config.shop.currency)
        if not has_orders(collected.events) and not has_orders(workspace.read("events", ["type"])):
            if needs_orders:
                problem = "there is no order, so there is nothing to forecast from"
                raise EmptyHistoryError(problem, _name(source), "add the shop's orders, or say --map type=COLUMN")
            rows = collected.events.num_rows
            said.append(finding("no_orders_yet", "warns", rows, rows / collected.rows_in))
        findings = findings_table(said)
        workspace.refuse_full_disk(collected.events, collected.items, collected.contacts, collected.rejected)
        before = workspace.versions()
        if collected.contacts.num_rows:
            workspace.merge("contacts", _filled(collected.contacts, workspace.read("contacts")), "customer_id")
        if collected.items.num_rows:
            workspace.merge("items", _filled(workspace.read("items"), collected.items), "item_id")
        withdrawn = _withdrawn(workspace, collected)
        merged = workspace.merge("events", pa.concat_tables([collected.events, withdrawn]), "event_id")
        outputs = keep_rejected(workspace, collected)
        receipt = Receipt(
            verb="collect",
            started_at=started(now),
            inputs=inputs_of(source, collected, options),
            rows=rows_of(collected, merged.status) | {"withdrawn": withdrawn.num_rows, "derived": collected.derived},
            money=_money(collected, merged),
            findings=tuple(findings.to_pylist()),
            before=before,
            after=workspace.versions(),
            outputs=outputs,
        )
        workspace.write_receipt(receipt)
    return receipt, findings


def inputs_of(source: Path | pa.Table, collected: Collected, options: CollectOptions) -> dict[str, Any]:
    """What a receipt says of a source and how it was read."""
    return {"source": _name(source), "digest": collected.digest, "options": asdict(options), "guess": collected.guess}


def _name(source: Path | pa.Table) -> str:
    return source.name if isinstance(source, Path) else "table in memory"


def has_orders(events: pa.Table) -> bool:
    """Whether there is an order among events."""
    return bool(pc.any(pc.equal(events["type"], "order")).as_py())


def keep_rejected(workspace: Workspace, collected: Collected) -> tuple[str, ...]:
    """Keep the rows that were set aside; gives the file, relative to the workspace, where there are any."""
    if not collected.rejected.num_rows:
        return ()
    # Named by content, so that the same file again replaces its rows and does not double them.
    path = workspace.write_quarantine(collected.digest[:16], collected.rejected)
    return (str(path.relative_to(workspace.root)),)


def _refuse_second_currency(kept: pa.Table, collected: Collected, own: str | None) -> None:
    there = pc.unique(kept["currency"]).drop_null().to_pylist()
    came = pc.unique(collected.events["currency"]).drop_null().to_pylist()
    if own is None and there and came and set(came) != set(there):
        problem = f"amounts in {', '.join(came)}, while the workspace holds {', '.join(there)}"
        source = str(collected.events["source"][0])
        raise SourceError(problem, source, "convert the amounts, or collect it into a workspace of its own")


def _filled(first: pa.Table, second: pa.Table) -> pa.Table:
    """Rows whose key is in either table: what `first` knows, and from `second` what it does not."""
    key, *rest = first.column_names
    joined = pa.table({key: pc.unique(pa.chunked_array([*first[key].chunks, *second[key].chunks], pa.string()))})
    columns = {key: joined[key]}
    for name in rest:
        values = [_looked_up(joined[key], table[key], table[name]) for table in (first, second)]
        columns[name] = pc.coalesce(*values)
    return pa.table(columns, schema=first.schema)


def _looked_up(keys: pa.ChunkedArray, among: pa.ChunkedArray, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.take(pc.index_in(keys, value_set=among))


def _withdrawn(workspace: Workspace, collected: Collected) -> pa.Table:
    """Lines that an order no longer has when its source tells it anew; they stay in the tables as void."""
    if not collected.whole_orders:
        return collected.events.slice(0, 0)
    kept = workspace.read("events")
    told_again = pc.is_in(kept["order_id"], value_set=pc.unique(collected.events["order_id"]))
    gone = pc.invert(pc.is_in(kept["event_id"], value_set=collected.events["event_id"].combine_chunks()))
    rows = kept.filter(pc.and_(pc.and_(told_again, gone), pc.not_equal(kept["type"], "void")))
    place = rows.schema.get_field_index("type")
    return rows.set_column(place, rows.schema.field(place), pa.repeat("void", rows.num_rows))


def rows_of(collected: Collected, status: pa.Array) -> dict[str, int]:
    """What became of each row that came in: in = accepted + updated + duplicates + quarantined.

    Parameters
    ----------
    status : (n,) string
        What the merge made of each event.
    """
    of_rows = status.slice(0, collected.events.num_rows - collected.derived)
    counts = {name: pc.sum(pc.equal(of_rows, status)).as_py() or 0 for name, status in _BECAME.items()}
    counts["duplicates"] += collected.repeated
    return {"in": collected.rows_in, **counts, "quarantined": collected.rejected.num_rows}


def _money(collected: Collected, merged: Merged) -> dict[str, float]:
    status = merged.status.slice(0, collected.events.num_rows)
    amounts = collected.events["amount"]
    sums = {name: _sum(amounts.filter(pc.equal(status, became))) for name, became in _BECAME.items()}
    sums["duplicates"] += collected.repeated_money
    return {"in": collected.money_in, **sums, "quarantined": _sum(collected.rejected["amount"])}


def _sum(amounts: pa.ChunkedArray) -> float:
    return float(pc.sum(amounts).as_py() or 0.0)


_BECAME = {"accepted": "new", "updated": "changed", "duplicates": "same"}
