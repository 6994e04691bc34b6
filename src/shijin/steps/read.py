"""Committed tables, read for shop, report and notebooks. Nothing here writes."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from shijin.engine.duckdb import connect
from shijin.prepare.findings import ABOUT_READING, findings_table
from shijin.prepare.quality import check
from shijin.schema import QUARANTINE, conform
from shijin.workspace import Receipt, Workspace


def read_events(workspace: Workspace) -> pa.Table:
    """All events, EVENTS; empty where nothing was collected yet."""
    return workspace.read("events")


def read_items(workspace: Workspace) -> pa.Table:
    """All items, ITEMS."""
    return workspace.read("items")


def read_contacts(workspace: Workspace) -> pa.Table:
    """All contacts, CONTACTS; for lists that are to be sent, never for models."""
    return workspace.read("contacts")


def last_collection(workspace: Workspace) -> Receipt | None:
    """The receipt of the last source of orders that was collected; None where there is none."""
    return next((one for one in reversed(workspace.receipts()) if one.verb == "collect"), None)


def read_findings(workspace: Workspace, now: datetime) -> pa.Table:
    """What is wrong with the collected data, FINDINGS, the gravest first; also what the last reading guessed."""
    findings = check(read_events(workspace), read_rejected(workspace), workspace.config, now).to_pylist()
    # The last reading of each source counts: it may have settled what an earlier one had asked.
    last = {one.card.get("digest"): one for one in workspace.receipts() if one.verb == "collect"}
    guessed = {
        (finding["code"], finding["arguments"]): dict(finding)
        for receipt in last.values()
        for finding in receipt.findings
        if finding["code"] in ABOUT_READING
    }
    return findings_table([*findings, *guessed.values()])


def read_rejected(workspace: Workspace) -> pa.Table:
    """Rows set aside, QUARANTINE; a row that came in several files counts once."""
    tables = [
        table.append_column("file", pa.repeat(name, table.num_rows))
        for name, table in workspace.read_quarantine().items()
    ]
    if not tables:
        return QUARANTINE.empty_table()
    with connect(workspace.config.engine) as connection:
        connection.register("kept", pa.concat_tables(tables))
        rows = connection.sql(
            """WITH numbered AS (
                SELECT *, row_number() OVER (PARTITION BY file, reason, row ORDER BY source_row) AS ordinal FROM kept)
            SELECT * FROM numbered
            QUALIFY row_number() OVER (PARTITION BY reason, row, ordinal ORDER BY file) = 1
            ORDER BY file, source_row"""
        ).to_arrow_table()
    return conform(rows, QUARANTINE, "quarantine")
