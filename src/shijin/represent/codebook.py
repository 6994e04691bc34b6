"""The codebook of a shop: its first and last day and its vocabularies, with which all its parts are packed.

A part of the customers alone has other first and last days and other codes of items. So these are collected over all
parts, `appearances` of each and `codebook_of` all, and passed to `pack_part`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shijin.arrays import Codes, Ints
from shijin.errors import EmptyHistoryError
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US
from shijin.represent.rows import Rows, read_rows

Firsts = tuple[NDArray[np.str_], Ints]  # names, and when each appears first: microseconds of the shop's wall clock


@dataclass(frozen=True)
class Codebook:
    """First and last day of a shop, and its vocabularies.

    start, end, zone : as of `Packed`
    observed_until : the last day known to be complete; None for the last day with an event
    items, categories, channels : (v,) str, in order of first appearance in time
    """

    start: int
    end: int
    zone: ZoneInfo
    observed_until: date | None
    items: NDArray[np.str_]
    categories: NDArray[np.str_]
    channels: NDArray[np.str_]


@dataclass(frozen=True)
class Appearances:
    """One part's contribution to the codebook: its first and last time, and the first time of each of its names."""

    first: int
    last: int
    items: Firsts
    categories: Firsts
    channels: Firsts


def appearances(events: pa.Table, zone: ZoneInfo, observed_until: date | None = None) -> Appearances | None:
    """Read the appearances in a part's events; None where nothing of it is packed. For arguments see `pack`."""
    return appearances_in(read_rows(events, zone, observed_until))


def appearances_in(rows: Rows) -> Appearances | None:
    """Read the appearances in lines; None where there is no line."""
    if not len(rows):
        return None
    return Appearances(
        int(rows.ts.min()),
        int(rows.ts.max()),
        (rows.items, _first_times(rows.item, rows.ts, len(rows.items))),
        (rows.categories, _first_times(rows.category, rows.ts, len(rows.categories))),
        (rows.channels, _first_times(rows.channel, rows.ts, len(rows.channels))),
    )


def codebook_of(parts: Sequence[Appearances | None], zone: ZoneInfo, observed_until: date | None = None) -> Codebook:
    """Merge the appearances in all parts of a shop.

    Raises
    ------
    EmptyHistoryError
        When no part has an event.
    """
    seen = [part for part in parts if part is not None]
    if not seen:
        if observed_until is not None:
            raise EmptyHistoryError("represent.no_events_until", key="shop.observed_until", day=observed_until)
        raise EmptyHistoryError("represent.no_events")
    last = max(part.last for part in seen)
    return Codebook(
        min(part.first for part in seen) // DAY_US * DAY_US,
        as_cutoff(observed_until) + DAY_US if observed_until else (last // DAY_US + 1) * DAY_US,
        zone,
        observed_until,
        _merged([part.items for part in seen]),
        _merged([part.categories for part in seen]),
        _merged([part.channels for part in seen]),
    )


def codes_in(vocabulary: NDArray[np.str_], names: NDArray[np.str_], codes: Codes) -> Codes:
    """(l,) codes of some names, -1 for none, translated into codes of a vocabulary that has these names.

    Examples
    --------
    >>> codes_in(np.array(["b", "a", "c"]), np.array(["a", "c"]), np.array([1, -1, 0], np.int32))
    array([ 2, -1,  1], dtype=int32)
    """
    by_name = np.argsort(vocabulary, kind="stable")
    place = by_name[np.searchsorted(vocabulary, names, sorter=by_name)] if len(names) else np.zeros(0, np.int64)
    return np.append(place, -1).astype(np.int32)[codes]  # the last entry serves code -1


def by_first_appearance(
    codes: NDArray[np.integer[Any]], ts: Ints, names: NDArray[np.str_]
) -> tuple[Codes, NDArray[np.str_]]:
    """Renumber a vocabulary by first appearance in time (names break ties), so that later events change no code."""
    if not len(names):
        return codes.astype(np.int32), names
    order = _in_order(names, _first_times(codes, ts, len(names)))
    rank = np.full(len(names) + 1, -1, dtype=np.int32)  # the last entry serves code -1
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[codes], names[order]


_NEVER = np.iinfo(np.int64).max


def _first_times(codes: NDArray[np.integer[Any]], ts: Ints, names: int) -> Ints:
    first = np.full(names, _NEVER)
    np.minimum.at(first, codes[codes >= 0], ts[codes >= 0])
    return first


def _in_order(names: NDArray[np.str_], first: Ints) -> Ints:
    """Indices of names by first appearance; names that never appear are left out."""
    order = np.lexsort((names, first))
    return order[first[order] < _NEVER]


def _merged(parts: Sequence[Firsts]) -> NDArray[np.str_]:
    names, place = np.unique(np.concatenate([names for names, _ in parts]), return_inverse=True)
    first = np.full(len(names), _NEVER)
    np.minimum.at(first, place, np.concatenate([first for _, first in parts]))
    return names[_in_order(names, first)]
