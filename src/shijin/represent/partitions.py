"""Shops in parts: each customer is in one part, and all parts together are computed as the whole would be.

1. `partition_events` divides a table by customer; `appearances` of each part make the `codebook_of` all.
2. Each part is packed with the codebook; `part_facts` of each make the `merged_facts` of all.
3. Each part is split with the facts. Where order matters, `history_keys` of each part make `positions` in the whole.
4. `sample` draws customers by position, as they would be drawn from the whole.

The keys of all customers are sorted together in memory; all else is done part by part, or with samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import md5

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints
from shijin.represent.cutoff import History, Outcomes, merged, only
from shijin.represent.packed import Packed
from shijin.sampling import stride

_HEX_DIGITS = 4  # of the hash
_COLUMNS = ("amount", "quantity", "discount", "lines", "novel")  # compared in this order, after time and kind
_KEY = np.dtype([("ts", ">u8"), ("kind", "u1"), *((name, ">u8") for name in _COLUMNS), ("channel", ">u4")])
_END = b"\xff"  # sorts after the time of any moment: a history that ends sorts after one that goes on
_SIGN = np.uint64(1 << 63)


def bucket_of(customer_ids: Sequence[str], parts: int) -> Ints:
    """(n,) the part of each customer: the first four hex digits of the MD5 of the id, modulo the number of parts.

    The same in SQL: ``('0x' || left(md5(customer_id), 4))::INT % parts``.

    Examples
    --------
    >>> bucket_of(["ann", "bob", "eve"], 2)
    array([1, 1, 0])
    """
    hashed = (int(md5(name.encode(), usedforsecurity=False).hexdigest()[:_HEX_DIGITS], 16) for name in customer_ids)
    return np.fromiter(hashed, dtype=np.int64, count=len(customer_ids)) % parts


def partition_events(events: pa.Table, parts: int) -> list[pa.Table]:
    """Divide a table of events by customer; rows of a part stay in their order."""
    encoded = events["customer_id"].combine_chunks().dictionary_encode()
    bucket = bucket_of(encoded.dictionary.to_pylist(), parts)[encoded.indices.to_numpy(zero_copy_only=False)]
    return [events.filter(pa.array(bucket == part)) for part in range(parts)]


def partition(packed: Packed, parts: int) -> list[Packed]:
    """Divide a packed shop by customer; each part has the days and vocabularies of the whole."""
    bucket = bucket_of(packed.customers.tolist(), parts)
    return [packed.take(np.flatnonzero(bucket == part)) for part in range(parts)]


def history_keys(history: History) -> list[bytes]:
    """A key of each customer: comparing keys as bytes compares histories as `history_order` does, then ids."""
    moments = history.moments
    table = np.empty(len(moments), dtype=_KEY)
    table["ts"] = moments.ts.view(np.uint64) ^ _SIGN
    table["kind"] = moments.kind
    for name in _COLUMNS:
        table[name] = _sortable(getattr(moments, name))
    table["channel"] = moments.channel
    content, size = table.tobytes(), _KEY.itemsize
    ends = (history.offsets * size).tolist()
    return [
        content[start:end] + _END + name.encode()
        for start, end, name in zip(ends[:-1], ends[1:], history.customers.tolist(), strict=True)
    ]


def positions(histories: Sequence[History]) -> list[Ints]:
    """Position of each part's customers in the order of the whole shop; rising in each part."""
    if len(histories) == 1:
        return [np.arange(len(histories[0]))]
    keys = [key for history in histories for key in history_keys(history)]
    position = np.empty(len(keys), dtype=np.int64)
    position[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return np.split(position, np.cumsum([len(history) for history in histories])[:-1])


def sample(histories: Sequence[History], most: int) -> History:
    """Draw customers of all parts evenly by position in the whole, at most so many, in its order."""
    rows, places = _drawn(histories, most)
    return merged([history.take(some) for history, some in zip(histories, rows, strict=True)], places)


def sample_window(windows: Sequence[tuple[History, Outcomes]], most: int) -> tuple[History, Outcomes]:
    """Draw customers of a closed window, given by parts, as `sample` does; with their outcomes."""
    rows, places = _drawn([history for history, _ in windows], most)
    drawn = [only(*window, some) for window, some in zip(windows, rows, strict=True)]
    return (
        merged([history for history, _ in drawn], places),
        _merged_outcomes([outcomes for _, outcomes in drawn], places),
    )


def _drawn(histories: Sequence[History], most: int) -> tuple[list[Ints], list[Ints]]:
    """Rows of each part that are drawn, and their positions in the whole."""
    places = positions(histories)
    step = stride(sum(map(len, histories)), most)
    rows = [np.flatnonzero(place % step == 0) for place in places]
    return rows, [place[some] for place, some in zip(places, rows, strict=True)]


def _merged_outcomes(parts: Sequence[Outcomes], places: Sequence[Ints]) -> Outcomes:
    """Put outcomes together as `merged` puts their customers."""
    order = np.argsort(np.concatenate(places))
    columns = (
        np.concatenate([getattr(part, name) for part in parts])[order] for name in ("spend", "orders", "first_days")
    )
    return Outcomes(parts[0].cutoff, parts[0].horizon_days, *columns)


def _sortable(values: Floats) -> NDArray[np.uint64]:
    """Unsigned integers in the order of the values: the bits of an IEEE number, negative ones reversed."""
    bits = (values + 0.0).view(np.uint64)  # + 0.0 turns -0.0 into 0.0
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)
