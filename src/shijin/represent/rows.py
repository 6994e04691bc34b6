"""The columns of events that are packed, as arrays: one row is one line of an order, one view, one return ..."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind
from shijin.schema import FEEDBACK_TYPES

KIND_OF_TYPE = {
    "order": Kind.ORDER,
    "return": Kind.RETURN,
    "charge": Kind.CHARGE,
    "view": Kind.VIEW,
    "cart": Kind.CART,
    "cart_removed": Kind.CART_REMOVED,
    "review": Kind.REVIEW,
    "contact": Kind.CONTACT,
}
# Stored in the tables but read by no model: feedback given today must not make today the end of the data.
NEVER_PACKED = ("void", "withdrawn", "refund_undated", *FEEDBACK_TYPES)
_VOCABULARIES = ("customer_ids", "items", "categories", "channels")


@dataclass(frozen=True)
class Rows:
    """The l lines of a table of events.

    customer, item, category, channel : (l,) codes in the vocabularies, -1 where there is none
    ts : (l,) int64, microseconds of the shop's wall clock
    kind : (l,) uint8, a `Kind`
    order : (l,) code of the order_id; without one, a negative number of the day
    quantity, amount, discount : (l,) float64
    customer_ids, items, categories, channels : vocabularies of this table, sorted by name
    """

    customer: Ints
    ts: Ints
    kind: NDArray[np.uint8]
    order: Ints
    item: Codes
    category: Codes
    channel: Codes
    quantity: Floats
    amount: Floats
    discount: Floats
    customer_ids: NDArray[np.str_]
    items: NDArray[np.str_]
    categories: NDArray[np.str_]
    channels: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, rows: Ints) -> Rows:
        """Keep only some lines, with the same vocabularies."""
        columns = ((part.name, getattr(self, part.name)) for part in fields(self))
        return Rows(**{name: value if name in _VOCABULARIES else value[rows] for name, value in columns})

    @property
    def day(self) -> Ints:
        """(l,) days since 1970."""
        return self.ts // DAY_US

    @property
    def group(self) -> NDArray[np.int8]:
        """0 for lines of an order, 1 for lines of a return, 2 + kind for lines that are moments of their own."""
        of_order = (self.kind == Kind.ORDER) | (self.kind == Kind.CHARGE)
        return np.where(of_order, 0, np.where(self.kind == Kind.RETURN, 1, 2 + self.kind)).astype(np.int8)


def read_rows(events: pa.Table, zone: ZoneInfo, observed_until: date | None = None) -> Rows:
    """Read the lines of canonical events that are packed, up to and with the last observed day."""
    events = events.filter(pc.invert(pc.is_in(events["type"], pa.array(NEVER_PACKED))))
    ts = wall_clock(events["ts"], zone)
    if observed_until is not None:
        observed = ts < as_cutoff(observed_until) + DAY_US
        events, ts = events.filter(pa.array(observed)), ts[observed]
    customer, customer_ids = _codes(events["customer_id"], np.int64)
    order, _ = _codes(events["order_id"], np.int64)
    item, items = _codes(events["item_id"], np.int32)
    category, categories = _codes(events["category"], np.int32)
    channel, channels = _codes(events["channel"], np.int32)
    types, type_names = _codes(events["type"], np.int64)
    kinds = np.array([KIND_OF_TYPE.get(str(name), Kind.OTHER) for name in type_names], dtype=np.uint8)
    # Without an order_id the day is the order: counted down from -1, so that no number meets the code of an order_id.
    by_day = ts.min(initial=0) // DAY_US - 1 - ts // DAY_US
    return Rows(
        customer=customer,
        ts=ts,
        kind=kinds[types] if len(types) else np.zeros(0, np.uint8),
        order=np.where(order < 0, by_day, order),
        item=item,
        category=category,
        channel=channel,
        quantity=_numbers(events["quantity"], 1.0),
        amount=_numbers(events["amount"], 0.0),
        discount=_numbers(events["discount"], 0.0),
        customer_ids=customer_ids,
        items=items,
        categories=categories,
        channels=channels,
    )


def wall_clock(ts: pa.ChunkedArray, zone: ZoneInfo) -> Ints:
    """(l,) instants as microseconds of a zone's wall clock since 1970.

    Examples
    --------
    >>> noon = pa.chunked_array([pa.array([43_200_000_000], pa.timestamp("us", tz="UTC"))])
    >>> (wall_clock(noon, ZoneInfo("Asia/Shanghai")) // 3_600_000_000).tolist()
    [20]
    """
    local = pc.local_timestamp(ts.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us", tz=str(zone))))
    return local.cast(pa.int64()).to_numpy()


def _numbers(column: pa.ChunkedArray, missing: float) -> Floats:
    return pc.fill_null(column, missing).to_numpy().astype(np.float64)


def _codes(column: pa.ChunkedArray, dtype: type) -> tuple[NDArray[Any], NDArray[np.str_]]:
    """Codes in the order of the sorted vocabulary, -1 for null, and the vocabulary."""
    encoded = column.combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_numpy(zero_copy_only=False).astype(np.str_)
    order = np.argsort(names, kind="stable")
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return np.where(codes < 0, -1, rank[codes] if len(rank) else -1).astype(dtype), names[order]
