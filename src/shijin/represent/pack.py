"""Pack events into arrays: lines are grouped into moments, and customers are put in their order.

An order is an order_id, else a customer's calendar day in the shop's time zone. A moment never spans two days: lines
added to an order on a later day are a CHARGE there, so that no cutoff (a midnight) can cut a moment. The order of
summation depends on contents only, so shuffled rows give the same bits; and a part of the customers, packed with the
whole shop's codebook, has the bits that it has within the whole.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shijin.arrays import Flags, Floats, Ints, pieces
from shijin.represent.codebook import Codebook, appearances_in, codebook_of, codes_in
from shijin.represent.order import history_order
from shijin.represent.packed import Kind, Lines, Moments, Packed
from shijin.represent.rows import Rows, read_rows


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
    rows = read_rows(events, zone, observed_until)
    return _packed(rows, codebook_of([appearances_in(rows)], zone, observed_until))


def pack_part(events: pa.Table, codebook: Codebook) -> Packed:
    """Pack the events of some customers of a shop; of none, an empty part.

    Parameters
    ----------
    codebook
        Of the whole shop.
    """
    return _packed(read_rows(events, codebook.zone, codebook.observed_until), codebook)


def _packed(rows: Rows, codebook: Codebook) -> Packed:
    # Only channels are translated before sorting: they order moments by code, items and categories by name.
    channel = codes_in(codebook.channels, rows.channels, rows.channel)
    rows = replace(rows, channel=channel, channels=codebook.channels)
    rows = rows.take(_line_order(rows))
    starts = np.flatnonzero(_is_first_line(rows))
    moments, owner = _moments(rows, starts)
    customers, moment_order, offsets = _in_order(moments, owner, len(rows.customer_ids))
    line_counts = np.diff(np.append(starts, len(rows)))
    return Packed(
        rows.customer_ids[customers],
        offsets,
        moments.take(moment_order),
        codebook.start,
        codebook.end,
        _lines(rows, starts, line_counts, moment_order, codebook),
        items=codebook.items,
        categories=codebook.categories,
        zone=codebook.zone,
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


def _line_order(rows: Rows) -> Ints:
    """Sort lines by moment, within it by item and then all other columns, so that tied lines are equal."""
    rest = (rows.channel, rows.discount, rows.category, rows.quantity)
    keys = (*rest, rows.amount, rows.ts, rows.item, rows.kind, rows.order, rows.group, rows.day, rows.customer)
    return np.lexsort(keys)


def _is_first_line(rows: Rows) -> Flags:
    """(l,) whether a sorted line is the first of its moment; a view or a review always is."""
    is_first = np.ones(len(rows), dtype=bool)
    same = rows.group[1:] < 2
    for key in (rows.customer, rows.day, rows.group, rows.order):
        same = same & (key[1:] == key[:-1])
    is_first[1:] = ~same
    return is_first


def _moments(rows: Rows, starts: Ints) -> tuple[Moments, Ints]:
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
        channel=(rows.channel[starts] + 1).astype(np.int32),
    )
    return moments, rows.customer[starts]


def _kinds(rows: Rows, starts: Ints) -> NDArray[np.uint8]:
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


def _first_of_item(rows: Rows) -> Floats:
    """(l,) 1 on one line of each first order of an item by a customer."""
    first = np.zeros(len(rows))
    ordered = np.flatnonzero((rows.kind == Kind.ORDER) & (rows.item >= 0))
    by_item = ordered[np.lexsort((rows.ts[ordered], rows.item[ordered], rows.customer[ordered]))]
    new = np.ones(len(by_item), dtype=bool)
    new[1:] = (rows.customer[by_item][1:] != rows.customer[by_item][:-1]) | (
        rows.item[by_item][1:] != rows.item[by_item][:-1]
    )
    first[by_item[new]] = 1.0
    return first


def _lines(rows: Rows, starts: Ints, counts: Ints, moment_order: Ints, codebook: Codebook) -> Lines | None:
    """Give the lines in the order of the moments; None where the shop has no items."""
    if not len(codebook.items):
        return None
    moved = counts[moment_order]
    offsets = np.concatenate([[0], np.cumsum(moved)])
    source = pieces(starts[moment_order], moved)
    item = codes_in(codebook.items, rows.items, rows.item[source])
    category = codes_in(codebook.categories, rows.categories, rows.category[source])
    return Lines(offsets, item, category, rows.quantity[source], rows.amount[source], rows.ts[source])
