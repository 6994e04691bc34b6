"""Builds `Collected` out of lines: events with their ids, items, contacts, rows set aside, and their balance.

A *line* is a row of the source that was read: columns of EVENTS, ``row`` (its number in the source), ``item`` (the
source's own code or name, also of a charge), ``item_name``, ``key`` (the customer by the row alone), any of category,
brand and columns of CONTACTS, ``reason`` and ``detail`` (`reasons.details_of`; null where the row is accepted).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.collected import Collected
from shijin.collect.identity import contacts_of
from shijin.collect.ids import event_ids, ids_of
from shijin.collect.mapped import MappedSource, guess_of, notes_of_reading, reading_of
from shijin.collect.raw import Raw
from shijin.collect.reasons import cure_of, phrase_of, texts_of
from shijin.collect.values import as_array, as_text
from shijin.config import Config
from shijin.engine.duckdb import connect
from shijin.errors import QuarantineError
from shijin.prepare.findings import findings_table
from shijin.schema import BAD_REASONS, EVENTS, ITEMS, QUARANTINE, UTC, conform


def assemble(
    source: MappedSource,
    lines: pa.Table,
    format_name: str,
    now: datetime,
    notes: Sequence[dict[str, Any]] = (),
    derived: pa.Table | None = None,
) -> Collected:
    """Build what a source of one line a row gives.

    Parameters
    ----------
    notes
        Findings about reading.
    derived
        Lines of what the source mentions in a row of another event, such as a refund without a date.

    Raises
    ------
    QuarantineError
        When more rows are bad than the shop allows.
    """
    raw, config = source.raw, source.config
    rejected = rejected_of(lines, raw, config)
    refuse_too_many_bad(rejected, lines, raw, config)
    accepted = lines.filter(pc.is_null(lines["reason"]))
    events = events_of(accepted, event_ids(accepted, ids_of(format_name), config), raw, now)
    extra = lines.slice(0, 0) if derived is None else derived
    others = events_of(extra, event_ids(extra, ids_of(format_name), config), raw, now)
    unpaid = lines.filter(pc.equal(lines["reason"], "unpaid"))
    return Collected(
        events=pa.concat_tables([events, others]),
        items=items_of(accepted, config),
        contacts=contacts_of(accepted, config),
        rejected=rejected,
        findings=findings_table([*notes_of_reading(source), *notes]),
        guess=guess_of(source, format_name),
        reading=reading_of(source, format_name),
        rows_in=raw.rows_in,
        money_in=(pc.sum(lines["amount"]).as_py() or 0.0) + (pc.sum(others["amount"]).as_py() or 0.0),
        derived=others.num_rows,
        whole_orders=False,
        digest=raw.digest,
        unpaid=event_ids(unpaid, ids_of(format_name), config),
    )


def events_of(lines: pa.Table, ids: pa.Array, raw: Raw, now: datetime) -> pa.Table:
    """Convert accepted lines to EVENTS with these ids."""
    n = lines.num_rows
    columns = {name: lines[name] for name in lines.column_names if name in EVENTS.names}
    columns |= {
        "event_id": ids,
        "source": pa.repeat(raw.name, n),
        "source_row": lines["row"],
        "collected_at": pa.repeat(pa.scalar(now, UTC), n),
    }
    return conform(pa.table(columns), EVENTS, raw.name)


def items_of(lines: pa.Table, config: Config) -> pa.Table:
    """Find each item's most frequent name, category and brand; the first by alphabet where two are equally frequent."""
    known = [name for name in ("item_name", "category", "brand") if name in lines.column_names]
    sold = lines.filter(pc.is_valid(lines["item_id"]))
    if not known or not sold.num_rows:
        return conform(pa.table({"item_id": pc.unique(sold["item_id"])}), ITEMS, "items").sort_by("item_id")
    with connect(config.engine) as connection:
        connection.register("sold", sold.select(["item_id", *known]))
        table: pa.Table = connection.sql("SELECT DISTINCT item_id FROM sold").to_arrow_table()
        connection.register("items", table)
        # One column at a time, because the usual name and the usual category of an item may be of different lines.
        for name in known:
            column = name.removeprefix("item_")
            table = connection.sql(
                f"""SELECT items.*, usual.{column} FROM items LEFT JOIN (
                    SELECT item_id, {name} AS {column} FROM sold WHERE {name} IS NOT NULL GROUP BY item_id, {name}
                    QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY count(*) DESC, {name}) = 1) usual
                USING (item_id) ORDER BY item_id"""
            ).to_arrow_table()
            connection.register("items", table)
    return conform(table, ITEMS, "items")


def rejected_of(lines: pa.Table, raw: Raw, config: Config) -> pa.Table:
    """Collect lines with a reason, and broken rows, as QUARANTINE with the row as it came."""
    rejected = np.flatnonzero(pc.is_valid(lines["reason"]).to_numpy())
    chosen = lines.take(pa.array(rejected))
    places = pa.array(np.searchsorted(raw.row, chosen["row"].to_numpy()))  # row numbers rise
    as_came = pa.table([as_text(column) for column in raw.table.take(places).columns], names=raw.table.column_names)
    with connect(config.engine) as connection:
        connection.register("as_came", as_came)
        query = "SELECT to_json(as_came)::VARCHAR AS text FROM as_came"
        texts = as_array(connection.sql(query).to_arrow_table()["text"])
    table = pa.table(
        {
            "source": pa.repeat(raw.name, chosen.num_rows),
            "source_row": chosen["row"],
            "reason": chosen["reason"],
            "detail": texts_of(as_array(chosen["detail"])),
            "amount": chosen["amount"],
            "row": texts,
        }
    )
    broken = pa.table(
        {
            "source": pa.repeat(raw.name, len(raw.broken)),
            "source_row": pa.array([row for row, _ in raw.broken], pa.int64()),
            "reason": pa.repeat("bad_row", len(raw.broken)),
            "detail": pa.repeat(texts_of(_broken(raw))[0], len(raw.broken)),
            "row": pa.array([text for _, text in raw.broken], pa.string()),
        }
    )
    both = [conform(part, QUARANTINE, raw.name) for part in (table, broken)]
    return pa.concat_tables(both).sort_by("source_row")


def refuse_too_many_bad(rejected: pa.Table, lines: pa.Table, raw: Raw, config: Config) -> None:
    """Refuse a source with more bad rows than ``[collect] max_bad_share`` allows.

    Parameters
    ----------
    rejected
        QUARANTINE.
    lines
        All lines of the source.

    Raises
    ------
    QuarantineError
        Names the first bad row.
    """
    bad = rejected.filter(pc.is_in(rejected["reason"], pa.array(BAD_REASONS)))
    if bad.num_rows / raw.rows_in <= config.collect.max_bad_share:
        return
    row = bad["source_row"][0].as_py()
    # A broken row has no line: its detail is the number of cells that it should have.
    details = as_array(lines.filter(pc.equal(lines["row"], row))["detail"])
    detail = (details if len(details) else _broken(raw))[0].as_py()
    raise QuarantineError(
        "collect.too_many_bad_rows",
        raw.name,
        bad=bad.num_rows,
        rows=raw.rows_in,
        row=row,
        detail=phrase_of(detail),
        advice=cure_of(detail),
    )


def _broken(raw: Raw) -> pa.StructArray:
    """(1,) the detail of a row that does not have as many cells as the header."""
    return pa.array(
        [{"code": "bad_row", "column": "", "value": "", "allowed": str(raw.table.num_columns)}],
    )
