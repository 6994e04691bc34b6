"""What a newer source changes of the stored events: lines withdrawn or void, customers joined, orders known already."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import Collected
from shijin.prepare.findings import finding
from shijin.workspace import Workspace


def withdrawn_lines(workspace: Workspace, collected: Collected) -> pa.Table:
    """Lines that are unpaid or gone in a newer export of their order; they stay in the tables as ``withdrawn``."""
    if not collected.whole_orders and not len(collected.unpaid):
        return collected.events.slice(0, 0)
    events = workspace.read("events")
    goes = pc.is_in(events["event_id"], value_set=collected.unpaid)
    if collected.whole_orders:
        goes = pc.or_(goes, pc.is_in(events["order_id"], value_set=pc.unique(collected.events["order_id"])))
    stood = events.filter(pc.and_(goes, pc.not_equal(events["type"], "withdrawn")))
    rows = without_events(stood, collected.events)
    place = rows.schema.get_field_index("type")
    return rows.set_column(place, rows.schema.field(place), pa.repeat("withdrawn", rows.num_rows))


def ended_lines(workspace: Workspace, collected: Collected) -> tuple[Collected, pa.Table]:
    """Orders that a row without money ends, as a cancellation in a log does, in this source or in a stored one.

    Returns
    -------
    The source with the lines void that a stored row ends, and the stored lines that a row of the source ends, as void
    """
    stored, events = workspace.read("events"), collected.events
    stored = without_events(stored, events)
    place = events.schema.get_field_index("type")
    types = pc.if_else(_are_ended(events, _endings(stored)), "void", events["type"])
    ended = stored.filter(_are_ended(stored, _endings(events)))
    void = ended.set_column(place, ended.schema.field(place), pa.repeat("void", ended.num_rows))
    return replace(collected, events=events.set_column(place, events.schema.field(place), types)), void


def _endings(events: pa.Table) -> pa.Table:
    """The rows that say of an order, or of one of its items, only that it ended: returns of nothing."""
    return events.filter(pc.and_(pc.equal(events["type"], "return"), pc.equal(events["amount"], 0.0)))


def _are_ended(events: pa.Table, endings: pa.Table) -> pa.ChunkedArray:
    """Whether each row is a line of an order that ended later."""
    is_line = pc.is_in(events["type"], pa.array(["order", "charge"]))
    whole = endings.filter(pc.is_null(endings["item_id"]))
    by_order = _end_later(events, whole, ["customer_id", "order_id"])
    return pc.and_(is_line, pc.or_(by_order, _end_later(events, endings, ["customer_id", "order_id", "item_id"])))


def _end_later(events: pa.Table, endings: pa.Table, columns: list[str]) -> pa.ChunkedArray:
    """Whether an ending has the same values, none of them null, and a later time."""
    own, there = (pc.binary_join_element_wise(*(one[name] for name in columns), "\x1f") for one in (events, endings))
    last = pa.table({"key": there, "ts": endings["ts"]}).group_by("key").aggregate([("ts", "max")])
    ends = last["ts_max"].take(pc.index_in(own, value_set=last["key"].combine_chunks(), skip_nulls=True))
    return pc.fill_null(pc.greater(ends, events["ts"]), fill_value=False)


def without_events(events: pa.Table, others: pa.Table) -> pa.Table:
    """Events that another table does not have."""
    return events.filter(pc.invert(pc.is_in(events["event_id"], value_set=others["event_id"].combine_chunks())))


def renamed_customers(workspace: Workspace, collected: Collected, gone: pa.Table) -> pa.Table:
    """Stored events of customers who are now part of another one, with their new customer."""
    if collected.renamed is None or not collected.renamed.num_rows:
        return collected.events.slice(0, 0)
    old = collected.renamed["old"].combine_chunks()
    events = workspace.read("events")
    moved = events.filter(pc.is_in(events["customer_id"], value_set=old))
    moved = without_events(without_events(moved, collected.events), gone)
    new = collected.renamed["new"].take(pc.index_in(moved["customer_id"], value_set=old))
    place = moved.schema.get_field_index("customer_id")
    return moved.set_column(place, moved.schema.field(place), new.combine_chunks())


def without_known_lines(workspace: Workspace, collected: Collected) -> tuple[Collected, list[dict[str, object]]]:
    """Leave out orders without lines that the workspace has with their lines: they would count twice."""
    events, n = collected.events, collected.events.num_rows - collected.derived
    if pc.any(pc.is_valid(events["item_id"])).as_py() or not pc.any(pc.is_valid(events["order_id"])).as_py():
        return collected, []
    stored = workspace.read("events", ["order_id", "item_id", "type"])
    with_lines = stored.filter(
        pc.and_(pc.is_valid(stored["item_id"]), pc.is_in(stored["type"], pa.array(["order", "void"])))
    )
    known = pc.fill_null(
        pc.is_in(events["order_id"], value_set=pc.unique(with_lines["order_id"].drop_null())), fill_value=False
    )
    rows = pc.sum(known.slice(0, n)).as_py() or 0
    if not rows:
        return collected, []
    dropped = events.slice(0, n).filter(known.slice(0, n))
    derived = pc.sum(pc.invert(known).slice(n)).as_py() or 0
    rest = replace(
        collected,
        events=events.filter(pc.invert(known)),
        derived=derived,
        repeated=collected.repeated + rows,
        repeated_money=collected.repeated_money + float(pc.sum(dropped["amount"]).as_py() or 0.0),
    )
    return rest, [finding("details_unused", "warns", rows, rows / collected.rows_in)]
