"""Events written by hand, the way a shop would write them down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from shijin.represent.pack import pack
from shijin.represent.packed import Packed
from shijin.schema import EVENTS, conform

UTC = ZoneInfo("UTC")
Row = dict[str, Any]


def instant(text: str, zone: ZoneInfo = UTC) -> datetime:
    """Read '2024-01-01 10:00' as a time of a zone's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def row(customer: str, at: str, amount: float | None = 10.0, kind: str = "order", **more: Any) -> Row:
    return {"customer_id": customer, "ts": instant(at), "type": kind, "amount": amount} | more


def events(rows: Sequence[Row]) -> pa.Table:
    """Lay rows out as canonical events; a column nobody names is empty."""
    names = [name for name in EVENTS.names if any(name in one for one in rows)]
    columns = {name: pa.array([one.get(name) for one in rows], EVENTS.field(name).type) for name in names}
    columns["event_id"] = pa.array([f"e{place}" for place in range(len(rows))])
    return conform(pa.table(columns), EVENTS, "by hand")


def packed(rows: Sequence[Row], zone: ZoneInfo = UTC, observed_until: date | None = None) -> Packed:
    return pack(events(rows), zone, observed_until)
