"""Reads a file of the items in stock: the items that recommendations may contain today."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import guess
from shijin.collect.column_list import shortened
from shijin.collect.files import read_raw
from shijin.collect.values import as_number, as_text, flagged, is_true
from shijin.errors import SourceError
from shijin.prepare.clean import plain

_STOCK = ("stock", "instock", "onhand", "quantity", "qty", "available", "inventory", "库存", "库存数量", "数量", "现货")
_YES = ("true", "yes", "y", "instock", "available", "是", "有", "有货", "现货", "有现货")


def read_stock(path: Path) -> pa.Array:
    """Read the ids of the items in stock, each once.

    Parameters
    ----------
    path
        CSV, TSV, Parquet, XLSX or JSON lines with a column of item ids, which needs no name if it is the only one. A
        column of quantities, or of yes and no, leaves out the items with none left.

    Raises
    ------
    SourceError
        When no column can be the item, or nothing is in stock.
    """
    raw = read_raw(path, None)
    names = raw.table.column_names
    roles = guess.columns_of(names, {}, raw.name, {"item_id": [*guess.ROLES["item_id"], *guess.ITEM_NAMES]})
    if "item_id" not in roles and len(names) > 1:
        raise SourceError("collect.no_item_column", raw.name, columns=shortened(names))
    ids = as_text(raw.table[roles.get("item_id", names[0])])
    in_stock = pc.is_valid(ids)
    count = next((name for name in names if plain(name) in _STOCK and name != roles.get("item_id")), None)
    if count is not None:
        in_stock = pc.and_(in_stock, _any_left(raw.table[count]))
    elif "item_id" not in roles:  # a single column may have no header: its first line is an id too
        ids = pa.concat_arrays([pa.array([names[0]]), ids])
        in_stock = pa.concat_arrays([pa.array([True]), in_stock])
    ids = pc.unique(ids.filter(in_stock))
    if not len(ids):
        raise SourceError("collect.nothing_in_stock", raw.name)
    return ids


def _any_left(column: pa.ChunkedArray) -> pa.Array:
    """Whether a number is above 0, or a word means yes."""
    some = is_true(pc.greater(as_number(column, "."), 0.0))
    return pc.or_(some, flagged(as_text(column), lambda word: plain(word) in _YES))
