"""Customer vectors and their map as a table: `schema.VECTORS`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from shijin.arrays import Singles
from shijin.represent.cutoff import History
from shijin.represent.days import as_instant
from shijin.schema import VECTORS
from shijin.segment.likeness import Flat


def vectors_table(history: History, horizon_days: int, vectors: Singles, flat: Flat) -> pa.Table:
    """Put vectors and map into one table, one row per customer, in the order of the History.

    Parameters
    ----------
    vectors : (n, d) float32
    flat
        Each customer's position on the map.
    """
    n = len(history)
    kind = VECTORS.field("vector").type
    cutoff = pa.scalar(as_instant(history.cutoff, history.zone), VECTORS.field("cutoff").type)
    columns = {
        "customer_id": history.customers,
        "cutoff": pa.repeat(cutoff, n),
        "horizon_days": np.full(n, horizon_days, dtype=np.int32),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), type=kind),
        "x": flat.places[:, 0],
        "y": flat.places[:, 1],
    }
    return pa.table(columns, schema=VECTORS)
