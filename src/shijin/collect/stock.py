"""A file of the items that are there: what a list may hold today."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import guess
from shijin.collect.files import read_raw
from shijin.collect.values import as_number, as_text
from shijin.errors import SourceError

_STOCK = ("stock", "in_stock", "quantity", "qty", "available", "inventory", "库存", "数量")


def read_stock(path: Path) -> pa.Array:
    """Read the ids of items that are in stock, each once.

    Parameters
    ----------
    path
        CSV, TSV, Parquet, XLSX or JSON lines with a column of item ids. Where there is a column of how many are left,
        items of which none is left are not in stock.

    Raises
    ------
    SourceError
        When no column can be the item, or nothing is in stock.
    """
    raw = read_raw(path, None)
    names = raw.table.column_names
    roles = guess.columns_of(names, {}, raw.name, {"item_id": guess.ROLES["item_id"]})
    if "item_id" not in roles and len(names) > 1:
        raise SourceError(f"no item column, found {', '.join(names[:20])}", raw.name, "call the column item_id")
    ids = as_text(raw.table[roles.get("item_id", names[0])])
    there = pc.is_valid(ids)
    count = next((name for name in names if name.strip().casefold() in _STOCK), None)
    if count is not None:
        there = pc.and_(there, pc.fill_null(pc.greater(as_number(raw.table[count], "."), 0.0), fill_value=False))
    ids = pc.unique(ids.filter(there))
    if not len(ids):
        raise SourceError("nothing in it is in stock", raw.name, "name the items that are, one a row")
    return ids
