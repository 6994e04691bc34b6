"""Corrections of customers' tiers, read from the committed events as forecasts take them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Floats, Ints
from shijin.config import TiersSection
from shijin.forecasting.corrections import Corrections
from shijin.notes import Note
from shijin.represent.rows import wall_clock
from shijin.segment.tiers import assign
from shijin.workspace import Workspace
from shijin.workspace.folder import setting


def read_corrections(workspace: Workspace) -> Corrections | None:
    """All corrections of tiers, whenever they were made; None where there are none that name a tier of the shop."""
    events = _corrections(workspace)
    tiers = workspace.config.tiers
    place = _places(events["text"], tiers)
    known = place >= 0
    if not known.any():
        return None
    customers = events["customer_id"].to_numpy().astype(np.str_)
    ts = wall_clock(events["ts"], workspace.config.shop.zone)

    def tier_of(expected: Floats) -> Ints:
        return _places(pa.array(assign(expected, tiers)), tiers)

    return Corrections(customers[known], ts[known], place[known], tier_of)


def tiers_read(workspace: Workspace, corrections: Corrections | None) -> list[str]:
    """What an id must contain besides the data: the shop's tiers, where there are corrections of them."""
    return [] if corrections is None else [setting(workspace.config, "tiers")]


def unread_notes(workspace: Workspace, corrections: Corrections | None, before: int | None) -> list[Note]:
    """Notes on corrections that a forecast does not read: later ones, and those that name no tier of the shop."""
    later = 0 if corrections is None or before is None else corrections.since(before)
    stray = int(np.count_nonzero(_places(_corrections(workspace)["text"], workspace.config.tiers) < 0))
    counts = {"corrections_later": later, "corrections_of_no_tier": stray}
    return [{"code": f"forecast.{code}", "rows": rows} for code, rows in counts.items() if rows]


def _corrections(workspace: Workspace) -> pa.Table:
    events = workspace.read("events", ["customer_id", "ts", "type", "text"])
    return events.filter(pc.equal(events["type"], "correction"))


def _places(names: pa.Array | pa.ChunkedArray, tiers: TiersSection) -> Ints:
    """(n,) each tier's place from the top, -1 where it is none of the shop's."""
    place = pc.fill_null(pc.index_in(names, value_set=pa.array(tiers.names)), -1)
    return place.to_numpy(zero_copy_only=False).astype(np.int64)
