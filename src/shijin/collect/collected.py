"""What every reader hands on, and how lines that are understood become it: ids, items, rows set aside, balance.

A *line* is a row of the source that is understood: event columns, ``row`` (its place in the source), ``item`` (the
source's own code or name, also of a charge), ``item_name``, ``reason`` and ``detail`` (null where it is accepted).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.files import Raw
from shijin.collect.values import DateOrder, Decimal, as_array, as_text
from shijin.config import Config
from shijin.engine.duckdb import connect
from shijin.errors import QuarantineError
from shijin.schema import BAD_REASONS, CONTACTS, EVENTS, FINDINGS, ITEMS, QUARANTINE, UTC, conform

_CONTENT = (
    "ts, type, quantity, amount, customer_id, discount, category, cost, currency, rating, channel, session_id, text"
)
_CURES = {
    "bad_time": "correct the dates, or say --date-order dmy or --map ts=COLUMN",
    "bad_amount": "correct the amounts, or say --decimal , or --map amount=COLUMN",
    "bad_quantity": "correct the quantities, or say --map quantity=COLUMN",
    "future_date": "correct the dates, or say --date-order",
    "bad_row": "export it again with quoted texts",
    "unknown_kind": "correct the kinds, or say --map type=COLUMN",
    "unknown_customer": "use the ids of the orders, or collect the newest orders first",
    "unknown_item": "use the codes of the orders, or say --map item_id=COLUMN",
    "no_item": "name the item (a campaign will do for exposures, clicks and conversions), or say --map item_id=COLUMN",
    "bad_rating": "write numbers, or say --map rating=COLUMN",
    "unknown_tier": "use the names in [tiers], or say --map tier=COLUMN",
    "bad_propensity": "write probabilities above 0 and up to 1, or say --map propensity=COLUMN",
    "bad_position": "count places from 1, or say --map position=COLUMN",
}


@dataclass(frozen=True)
class CollectOptions:
    """How a source is to be read; what is empty comes from ``shijin.toml`` or is guessed."""

    map: Mapping[str, str] = field(default_factory=dict)
    format: Literal["auto", "table", "shopify"] = "auto"
    encoding: str | None = None
    decimal: Decimal | None = None
    date_order: DateOrder | None = None


@dataclass(frozen=True)
class Collected:
    """A source, understood.

    Parameters
    ----------
    events
        EVENTS; first one for each accepted row, then `derived` ones that the source tells in passing (postage of an
        order, an undated refund).
    items, contacts
        ITEMS and CONTACTS named in the source.
    rejected
        QUARANTINE: rows set aside, with their reasons.
    findings
        FINDINGS about reading itself.
    guess
        What was found out or guessed, to be shown: kind of file, encoding, columns by role, order of dates.
    rows_in, money_in
        All rows, and the sum of all amounts that can be read.
    derived
        How many of the events stand for no row of their own.
    whole_orders
        Whether the source tells each order whole, so that a line it no longer has is gone.
    digest
        Of the source.
    repeated, repeated_money
        Rows that tell an order which the same source tells again further down.
    """

    events: pa.Table
    items: pa.Table
    contacts: pa.Table
    rejected: pa.Table
    findings: pa.Table
    guess: dict[str, Any]
    rows_in: int
    money_in: float
    derived: int
    whole_orders: bool
    digest: str
    repeated: int = 0
    repeated_money: float = 0.0


def event_ids(lines: pa.Table, kind: str, config: Config) -> pa.Array:
    """Ids that depend on what a line says, never on where in which file it stands.

    With an order: kind of source, order, item, whether it came back, and ordinal among that order's such lines; else
    customer, time, type, item, quantity, amount and ordinal among equals. Ordinals follow content, so that a shuffled
    file gives the same; returns are counted apart, so that an export in which a return stands without its sale does not
    take it for the sale.
    """
    said = """CASE WHEN order_id IS NULL THEN concat_ws(chr(31), customer_id, epoch_us(ts), type,
            coalesce(item, ''), coalesce(round(quantity * 1e6)::HUGEINT::VARCHAR, ''),
            coalesce(round(amount * 1e6)::HUGEINT::VARCHAR, ''))
        ELSE concat_ws(chr(31), $kind, order_id, coalesce(item, ''),
            CASE WHEN type = 'return' THEN type END) END"""
    return numbered_ids(lines, said, _CONTENT, kind, config)


def numbered_ids(lines: pa.Table, said: str, content: str, kind: str, config: Config) -> pa.Array:
    """Hash what each line says, and its ordinal by content among lines that say the same.

    Parameters
    ----------
    said
        SQL over the lines' columns and ``$kind``: what makes a line what it is.
    content
        Columns that order those that say the same.
    kind
        The kind of source.
    """
    with connect(config.engine) as connection:
        connection.register("lines", lines.append_column("place", pa.array(np.arange(lines.num_rows))))
        query = f"""
            WITH keyed AS (SELECT place, {content}, chr(31) AS sep, {said} AS said FROM lines)
            SELECT place, 'e_' || left(sha256(concat_ws(sep, said,
                row_number() OVER (PARTITION BY said ORDER BY {content}))), 24) AS id
            FROM keyed ORDER BY place"""
        found = connection.sql(query, params={"kind": kind}).to_arrow_table()
    return as_array(found.column("id")).cast(pa.string())


def events_of(lines: pa.Table, ids: pa.Array, raw: Raw, now: datetime) -> pa.Table:
    """Accepted lines as EVENTS, under their ids."""
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
    """One row an item: its most frequent name, category and brand, the first by alphabet among equals."""
    known = [name for name in ("item_name", "category", "brand") if name in lines.column_names]
    sold = lines.filter(pc.is_valid(lines["item_id"]))
    if not known or not sold.num_rows:
        return conform(pa.table({"item_id": pc.unique(sold["item_id"])}), ITEMS, "items").sort_by("item_id")
    with connect(config.engine) as connection:
        connection.register("sold", sold.select(["item_id", *known]))
        table: pa.Table = connection.sql("SELECT DISTINCT item_id FROM sold").to_arrow_table()
        connection.register("named", table)
        for name in known:
            called = name.removeprefix("item_")
            table = connection.sql(
                f"""SELECT named.*, usual.{called} FROM named LEFT JOIN (
                    SELECT item_id, {name} AS {called} FROM sold WHERE {name} IS NOT NULL GROUP BY item_id, {name}
                    QUALIFY row_number() OVER (PARTITION BY item_id ORDER BY count(*) DESC, {name}) = 1) usual
                USING (item_id) ORDER BY item_id"""
            ).to_arrow_table()
            connection.register("named", table)
    return conform(table, ITEMS, "items")


def rejected_of(lines: pa.Table, raw: Raw, config: Config) -> pa.Table:
    """Lines with a reason, and rows that could not be parted, as QUARANTINE with the row as it came."""
    refused = np.flatnonzero(pc.is_valid(lines["reason"]).to_numpy())
    chosen = lines.take(pa.array(refused))
    places = pa.array(np.searchsorted(raw.row, chosen["row"].to_numpy()))
    came = pa.table([as_text(column) for column in raw.table.take(places).columns], names=raw.table.column_names)
    with connect(config.engine) as connection:
        connection.register("came", came)
        texts = as_array(connection.sql("SELECT to_json(came)::VARCHAR AS text FROM came").to_arrow_table()["text"])
    table = pa.table(
        {
            "source": pa.repeat(raw.name, chosen.num_rows),
            "source_row": chosen["row"],
            "reason": chosen["reason"],
            "detail": chosen["detail"],
            "amount": chosen["amount"],
            "row": texts,
        }
    )
    broken = [
        {
            "source": raw.name,
            "source_row": row,
            "reason": "bad_row",
            "detail": f"not {raw.table.num_columns} columns",
            "row": text,
        }
        for row, text in raw.broken
    ]
    rejected = pa.concat_tables([conform(table, QUARANTINE, raw.name), pa.Table.from_pylist(broken, QUARANTINE)])
    return rejected.sort_by("source_row")


def refuse_too_many_bad(rejected: pa.Table, rows_in: int, config: Config, where: str) -> None:
    """Refuse a source of which more rows are bad than the shop can afford to set aside.

    Raises
    ------
    QuarantineError
        With the first bad row.
    """
    bad = rejected.filter(pc.is_in(rejected["reason"], pa.array(BAD_REASONS)))
    share = bad.num_rows / rows_in
    if share <= config.collect.max_bad_share:
        return
    first = bad.slice(0, 1).to_pylist()[0]
    problem = f"{bad.num_rows} of {rows_in} rows are bad, the first is row {first['source_row']}: {first['detail']}"
    raise QuarantineError(problem, where, _CURES[first["reason"]])


def assemble(raw: Raw, lines: pa.Table, kind: str, config: Config, now: datetime) -> Collected:
    """Lines of a source that tells one thing a row, as what is handed on.

    Raises
    ------
    QuarantineError
        When more rows are bad than the shop can afford to set aside.
    """
    rejected = rejected_of(lines, raw, config)
    refuse_too_many_bad(rejected, raw.rows_in, config, raw.name)
    accepted = lines.filter(pc.is_null(lines["reason"]))
    return Collected(
        events=events_of(accepted, event_ids(accepted, kind, config), raw, now),
        items=items_of(accepted, config),
        contacts=CONTACTS.empty_table(),
        rejected=rejected,
        findings=FINDINGS.empty_table(),
        guess={},
        rows_in=raw.rows_in,
        money_in=pc.sum(lines["amount"]).as_py() or 0.0,
        derived=0,
        whole_orders=False,
        digest=raw.digest,
    )
