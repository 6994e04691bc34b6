"""Refunds whose date the source does not have: they lower what a customer has spent, and enter nothing else."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Floats
from shijin.represent.cutoff import History
from shijin.represent.rows import wall_clock


def undated_refunds(events: pa.Table, history: History) -> Floats:
    """(n,) each customer's refunds without a date, shop currency, <= 0.

    Parameters
    ----------
    events
        Of `schema.EVENTS`. An undated refund stands at its order's instant: it counts where the order lies before the
        cutoff.
    """
    refunds = events.filter(pc.equal(events["type"], "refund_undated"))
    totals = np.zeros(len(history))
    if not refunds.num_rows:
        return totals
    refunds = refunds.filter(pa.array(wall_clock(refunds["ts"], history.zone) < history.cutoff))
    place = pc.index_in(refunds["customer_id"], pa.array(history.customers, pa.string()))
    place = pc.fill_null(place, -1).to_numpy(zero_copy_only=False)
    amounts = pc.fill_null(refunds["amount"], 0.0).to_numpy()
    np.add.at(totals, place[place >= 0], amounts[place >= 0])
    return totals
