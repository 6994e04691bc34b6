"""A simulated shop as a table of canonical events; `pack` turns it back into the same arrays."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from shijin.represent.packed import Kind
from shijin.schema import EVENTS, UTC, conform
from shijin.simulate.shops import Shop

SOURCE = "simulated"
_TYPES = np.array([kind.name.lower() for kind in Kind])


def as_events(shop: Shop) -> pa.Table:
    """Write a shop as a table of `schema.EVENTS`, sorted by time; the shop's time zone is UTC.

    An order's discount is written on its first line. Pack the table with ``observed_until`` on the window's last day.

    Examples
    --------
    >>> from shijin.simulate.knobs import Knobs
    >>> from shijin.simulate.shops import simulate
    >>> events = as_events(simulate(Knobs(customers=20, days=100), seed=1))
    >>> events["type"].unique().to_pylist(), events["customer_id"].null_count
    (['order'], 0)
    """
    packed, lines, moments = shop.packed, shop.lines, shop.packed.moments
    counts = np.diff(lines.offsets)
    moment = np.repeat(np.arange(len(moments)), counts)
    first = np.arange(len(moment)) == lines.offsets[:-1][moment]
    customer = np.repeat(np.arange(len(packed)), np.diff(packed.offsets))[moment]
    no_money = moments.kind[moment] > Kind.CHARGE
    number = shop.order_numbers[moment]
    order = np.char.add("o", np.char.zfill(number.astype(np.str_), 7))
    in_time = np.lexsort((np.arange(len(moment)), moments.ts[moment]))
    columns = {
        "customer_id": pa.array(packed.customers[customer][in_time]),
        "ts": pa.array(moments.ts[moment][in_time], UTC),
        "type": pa.array(_TYPES[moments.kind[moment]][in_time]),
        "event_id": pa.array(np.char.add("s", np.char.zfill(np.arange(len(moment)).astype(np.str_), 8))),
        "order_id": pa.array(order[in_time], pa.string(), mask=number[in_time] < 0),
        "quantity": pa.array(lines.quantity[in_time], mask=no_money[in_time]),
        "amount": pa.array(lines.amount[in_time], mask=no_money[in_time]),
        "discount": pa.array(np.where(first, moments.discount[moment], 0.0)[in_time], mask=no_money[in_time]),
        "source": pa.array(np.full(len(moment), SOURCE)),
        "source_row": pa.array(np.arange(1, len(moment) + 1)),
    }
    if packed.lines is not None:
        columns["item_id"] = pa.array(packed.items[lines.item][in_time])
        columns["category"] = pa.array(packed.categories[lines.category][in_time])
    return conform(pa.table(columns), EVENTS, SOURCE)
