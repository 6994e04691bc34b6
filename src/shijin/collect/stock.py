"""A file of the items that are there: what a list may hold today."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import guess
from shijin.collect.files import read_raw
from shijin.collect.values import as_number, as_text
from shijin.errors import SourceError
from shijin.prepare.clean import plain

_STOCK = ("stock", "instock", "onhand", "quantity", "qty", "available", "inventory", "库存", "库存数量", "数量", "现货")
_YES = ("true", "yes", "y", "instock", "available", "是", "有", "有货", "现货", "有现货")


def read_stock(path: Path) -> pa.Array:
    """Read the ids of items that are in stock, each once.

    Parameters
    ----------
    path
        CSV, TSV, Parquet, XLSX or JSON lines with a column of item ids; where it is the only column it needs no name.
        Where there is a column of how many are left, or whether any is, items of which none is left are not in stock.

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
    count = next((name for name in names if plain(name) in _STOCK and name != roles.get("item_id")), None)
    if count is not None:
        there = pc.and_(there, _any_left(raw.table[count]))
    elif "item_id" not in roles:  # the first line may be an id as well as a name
        ids, there = pa.concat_arrays([pa.array([names[0]]), ids]), pa.concat_arrays([pa.array([True]), there])
    ids = pc.unique(ids.filter(there))
    if not len(ids):
        raise SourceError("nothing in it is in stock", raw.name, "name the items that are, one a row")
    return ids


def _any_left(column: pa.ChunkedArray) -> pa.Array:
    """Whether a number is above 0, or a word says yes."""
    some = pc.fill_null(pc.greater(as_number(column, "."), 0.0), fill_value=False)
    encoded = as_text(column).dictionary_encode()
    yes = pa.array([plain(word or "") in _YES for word in encoded.dictionary.to_pylist()], pa.bool_())
    return pc.or_(some, pc.fill_null(yes.take(encoded.indices), fill_value=False))
