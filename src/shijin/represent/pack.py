"""Pack events into arrays: lines are grouped into moments, and customers are put in their order.

An order is an order_id, else a customer's calendar day in the shop's time zone. A moment never spans two days: lines
added to an order on a later day are a CHARGE there, so that no cutoff (a midnight) can cut a moment. The order of
summation depends on contents only, so shuffled rows give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints, pieces
from shijin.errors import EmptyHistoryError
from shijin.represent.cutoff import as_cutoff
from shijin.represent.packed import DAY_US, Kind, Lines, Moments, Packed, history_order
from shijin.schema import FEEDBACK_TYPES

KIND_OF_TYPE = {
    "order": Kind.ORDER,
    "return": Kind.RETURN,
    "charge": Kind.CHARGE,
    "view": Kind.VIEW,
    "cart": Kind.CART,
    "review": Kind.REVIEW,
    "contact": Kind.CONTACT,
}
# Stored in the tables but read by no model: feedback given today must not make today the end of the data.
NEVER_PACKED = ("void", "refund_undated", *FEEDBACK_TYPES)


def pack(events: pa.Table, zone: ZoneInfo, observed_until: date | None = None) -> Packed:
    """Turn canonical events into arrays.

    Parameters
    ----------
    events
        Of `schema.EVENTS`; rows in any order.
    zone
        The shop's time zone, whose midnights separate days.
    observed_until
        The last day known to be complete; the last day with an event where not given. Later events are left out.

    Raises
    ------
    EmptyHistoryError
        When no event is left.
    """
    rows = _readable_rows(events, zone, observed_until)
    if not len(rows.ts):
        raise EmptyHistoryError("represent.no_events", "data/events")
    rows = rows.take(_line_order(rows))
    starts = np.flatnonzero(_is_first_line(rows))
    moments, owner = _moments(rows, starts)
    customers, moment_order, offsets = _in_order(moments, owner, len(rows.customer_ids))
    line_counts = np.diff(np.append(starts, len(rows.ts)))
    lines, items, categories = _lines(rows, starts, line_counts, moment_order)
    return Packed(
        rows.customer_ids[customers],
        offsets,
        moments.take(moment_order),
        int(rows.ts.min()) // DAY_US * DAY_US,
        as_cutoff(observed_until) + DAY_US if observed_until else (int(rows.ts.max()) // DAY_US + 1) * DAY_US,
        lines,
        items=items,
        categories=categories,
        zone=zone,
    )


def _in_order(moments: Moments, owner: Ints, n: int) -> tuple[Ints, Ints, Ints]:
    """Order n customers by their histories, and moments by customer and time.

    Returns
    -------
    (n,) customers, (m,) moments and (n + 1,) offsets of customers into the ordered moments.
    """
    contents = (moments.channel, moments.novel, moments.lines, moments.discount, moments.quantity)
    by_time = np.lexsort((*contents, moments.amount, moments.kind, moments.ts, owner))
    ordered, ordered_owner = moments.take(by_time), owner[by_time]
    more = (ordered.quantity, ordered.discount, ordered.lines, ordered.novel, ordered.channel)
    customers = history_order(ordered_owner, ordered.ts, ordered.kind, ordered.amount, n, more)
    rank = np.empty(n, dtype=np.int64)
    rank[customers] = np.arange(n)
    by_customer = np.argsort(rank[ordered_owner], kind="stable")  # stable: moments of a customer stay in their order
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rank[owner], minlength=n))])
    return customers, by_time[by_customer], offsets


@dataclass(frozen=True)
class _Rows:
    """The columns of events that are packed, as arrays; without an order_id `order` is a negative number of the day."""

    customer: Ints
    ts: Ints
    kind: NDArray[np.uint8]
    order: Ints
    item: NDArray[np.int32]
    category: NDArray[np.int32]
    quantity: Floats
    amount: Floats
    discount: Floats
    channel: NDArray[np.int16]
    customer_ids: NDArray[np.str_]
    items: NDArray[np.str_]
    categories: NDArray[np.str_]

    def take(self, rows: Ints) -> _Rows:
        vocabularies = ("customer_ids", "items", "categories")
        return _Rows(
            **{
                name: value if name in vocabularies else value[rows]
                for name, value in ((name, getattr(self, name)) for name in self.__dataclass_fields__)
            }
        )

    @property
    def day(self) -> Ints:
        return self.ts // DAY_US

    @property
    def group(self) -> NDArray[np.int8]:
        """0 for lines of an order, 1 for lines of a return, 2 + kind for lines that are moments of their own."""
        of_order = (self.kind == Kind.ORDER) | (self.kind == Kind.CHARGE)
        return np.where(of_order, 0, np.where(self.kind == Kind.RETURN, 1, 2 + self.kind)).astype(np.int8)


def _readable_rows(events: pa.Table, zone: ZoneInfo, observed_until: date | None) -> _Rows:
    events = events.filter(pc.invert(pc.is_in(events["type"], pa.array(NEVER_PACKED))))
    ts = wall_clock(events["ts"], zone)
    if observed_until is not None:
        keep = ts < as_cutoff(observed_until) + DAY_US
        events, ts = events.filter(pa.array(keep)), ts[keep]
    customer, customer_ids = _codes(events["customer_id"], np.int64)
    order, _ = _codes(events["order_id"], np.int64)
    item, items = _codes(events["item_id"], np.int32)
    category, categories = _codes(events["category"], np.int32)
    channel_by_name, channels = _codes(events["channel"], np.int32)
    channel, _ = by_first_appearance(channel_by_name, ts, channels)
    types, type_names = _codes(events["type"], np.int64)
    # Without an order_id the day is the order: counted down from -1, so that no number meets the code of an order_id.
    kinds = np.array([KIND_OF_TYPE.get(str(name), Kind.OTHER) for name in type_names], dtype=np.uint8)
    return _Rows(
        customer=customer,
        ts=ts,
        kind=kinds[types] if len(types) else np.zeros(0, np.uint8),
        order=np.where(order < 0, ts.min(initial=0) // DAY_US - 1 - ts // DAY_US, order),
        item=item,
        category=category,
        quantity=_numbers(events["quantity"], 1.0),
        amount=_numbers(events["amount"], 0.0),
        discount=_numbers(events["discount"], 0.0),
        channel=(channel + 1).astype(np.int16),
        customer_ids=customer_ids,
        items=items,
        categories=categories,
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


def _line_order(rows: _Rows) -> Ints:
    """Sort lines by moment, within it by item and then all other columns, so that tied lines are equal."""
    rest = (rows.channel, rows.discount, rows.category, rows.quantity)
    keys = (*rest, rows.amount, rows.ts, rows.item, rows.kind, rows.order, rows.group, rows.day, rows.customer)
    return np.lexsort(keys)


def _is_first_line(rows: _Rows) -> NDArray[np.bool_]:
    """(l,) whether a sorted line is the first of its moment; a view or a review always is."""
    is_first = np.ones(len(rows.ts), dtype=bool)
    same = rows.group[1:] < 2
    for key in (rows.customer, rows.day, rows.group, rows.order):
        same = same & (key[1:] == key[:-1])
    is_first[1:] = ~same
    return is_first


def _moments(rows: _Rows, starts: Ints) -> tuple[Moments, Ints]:
    """Sum the lines of each moment; give the moments and the customer of each."""
    product = ((rows.kind == Kind.ORDER) | (rows.kind == Kind.RETURN)).astype(float)
    total = np.add.reduceat
    moments = Moments(
        ts=np.minimum.reduceat(rows.ts, starts),
        kind=_kinds(rows, starts),
        amount=total(rows.amount, starts),
        lines=total(product, starts),
        quantity=total(rows.quantity * product, starts),
        discount=total(rows.discount, starts),
        novel=total(_first_of_item(rows), starts),
        channel=rows.channel[starts],
    )
    return moments, rows.customer[starts]


def _kinds(rows: _Rows, starts: Ints) -> NDArray[np.uint8]:
    """(m,) kind of each moment: one of postage alone is a charge, and an order is counted on its first day only."""
    customer, group, order = rows.customer[starts], rows.group[starts], rows.order[starts]
    has_order = np.logical_or.reduceat(rows.kind == Kind.ORDER, starts)
    kind = np.where((group == 0) & ~has_order, Kind.CHARGE, rows.kind[starts]).astype(np.uint8)
    kind[(group == 0) & has_order] = Kind.ORDER
    # The moments of one order are neighbours when sorted by customer, order and day: all but the first are charges.
    candidates = np.flatnonzero(kind == Kind.ORDER)
    by_order = candidates[np.lexsort((rows.day[starts][candidates], order[candidates], customer[candidates]))]
    again = (customer[by_order][1:] == customer[by_order][:-1]) & (order[by_order][1:] == order[by_order][:-1])
    kind[by_order[1:][again]] = Kind.CHARGE
    return kind


def _first_of_item(rows: _Rows) -> Floats:
    """(l,) 1 on one line of each first order of an item by a customer."""
    first = np.zeros(len(rows.ts))
    ordered = np.flatnonzero((rows.kind == Kind.ORDER) & (rows.item >= 0))
    by_item = ordered[np.lexsort((rows.ts[ordered], rows.item[ordered], rows.customer[ordered]))]
    new = np.ones(len(by_item), dtype=bool)
    new[1:] = (rows.customer[by_item][1:] != rows.customer[by_item][:-1]) | (
        rows.item[by_item][1:] != rows.item[by_item][:-1]
    )
    first[by_item[new]] = 1.0
    return first


def _lines(
    rows: _Rows, starts: Ints, counts: Ints, moment_order: Ints
) -> tuple[Lines | None, NDArray[np.str_], NDArray[np.str_]]:
    """Give the lines in the order of the moments, and the vocabularies of items and categories."""
    if not len(rows.items):
        return None, rows.items, rows.categories
    moved = counts[moment_order]
    offsets = np.concatenate([[0], np.cumsum(moved)])
    source = pieces(starts[moment_order], moved)
    item, items = by_first_appearance(rows.item[source], rows.ts[source], rows.items)
    category, categories = by_first_appearance(rows.category[source], rows.ts[source], rows.categories)
    lines = Lines(offsets, item, category, rows.quantity[source], rows.amount[source], rows.ts[source])
    return lines, items, categories


def by_first_appearance(
    codes: NDArray[np.integer[Any]], ts: Ints, names: NDArray[np.str_]
) -> tuple[NDArray[np.int32], NDArray[np.str_]]:
    """Renumber a vocabulary by first appearance in time (names break ties), so that later events change no code."""
    if not len(names):
        return codes.astype(np.int32), names
    never = np.iinfo(np.int64).max
    first = np.full(len(names), never)
    np.minimum.at(first, codes[codes >= 0], ts[codes >= 0])
    order = np.lexsort((names, first))
    order = order[first[order] < never]
    rank = np.full(len(names) + 1, -1, dtype=np.int32)  # the last entry serves code -1
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[codes], names[order]
