"""What a newer source changes of the stored events: lines withdrawn, customers joined, orders known already."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import Collected
from shijin.prepare.findings import finding
from shijin.workspace import Workspace


def withdrawn_lines(workspace: Workspace, collected: Collected) -> pa.Table:
    """Lines that an order no longer has in a newer export; they stay in the tables as ``withdrawn``."""
    if not collected.whole_orders:
        return collected.events.slice(0, 0)
    events = workspace.read("events")
    exported_again = pc.is_in(events["order_id"], value_set=pc.unique(collected.events["order_id"]))
    gone = pc.invert(pc.is_in(events["event_id"], value_set=collected.events["event_id"].combine_chunks()))
    rows = events.filter(pc.and_(pc.and_(exported_again, gone), pc.not_equal(events["type"], "withdrawn")))
    place = rows.schema.get_field_index("type")
    return rows.set_column(place, rows.schema.field(place), pa.repeat("withdrawn", rows.num_rows))


def renamed_customers(workspace: Workspace, collected: Collected, withdrawn: pa.Table) -> pa.Table:
    """Stored events of customers who are now part of another one, with their new customer."""
    if collected.renamed is None or not collected.renamed.num_rows:
        return collected.events.slice(0, 0)
    old = collected.renamed["old"].combine_chunks()
    events = workspace.read("events")
    moved = events.filter(pc.is_in(events["customer_id"], value_set=old))
    for others in (collected.events, withdrawn):
        moved = moved.filter(pc.invert(pc.is_in(moved["event_id"], value_set=others["event_id"].combine_chunks())))
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
