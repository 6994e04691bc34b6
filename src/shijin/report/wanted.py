"""Sum up what customers want next: which items stand on most lists of a tier, and lists of customers without a name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Ints
from shijin.report.data import Entry, Sample

MOST_SHOWN = 10  # items, of the shop and of a tier
SAMPLED = 5  # entries of a sample
LEAST_IN_TIER = 10  # customers with a list: of fewer, one could be told


def most_listed(lists: pa.Table, forecast: pa.Table, items: pa.Table, tiers: Sequence[str]) -> pa.Table:
    """Count on how many customers' lists each item stands, by tier.

    Parameters
    ----------
    lists, forecast, items
        `shijin.schema.RECOMMENDATIONS`, `FORECAST`, which tells the tiers, and `ITEMS`.
    tiers
        Names from the top.

    Returns
    -------
    As `shijin.report.data.Wanted.listed`, of the `MOST_SHOWN` items of the shop and of each tier.
    """
    customer = lists["customer_id"].combine_chunks().dictionary_encode()
    item = lists["item_id"].combine_chunks().dictionary_encode()
    tier = _tiers_of(customer.dictionary, forecast, tiers)
    listed, ids = np.bincount(tier, minlength=len(tiers)), item.dictionary
    cell = tier[customer.indices.to_numpy()] * len(ids) + item.indices.to_numpy()
    counts = np.bincount(cell, minlength=len(tiers) * len(ids)).reshape(len(tiers), len(ids))
    top = [np.argsort(-one, kind="stable")[:MOST_SHOWN] for one in (counts.sum(axis=0), *counts)]
    chosen = np.unique(np.concatenate(top))
    row, column = np.nonzero(counts[:, chosen])
    number = counts[row, chosen[column]]
    order = np.lexsort((-number, row))
    row, column, number = row[order], column[order], number[order]
    ids = ids.take(pa.array(chosen))
    names, category = called(ids, items)
    return pa.table(
        {
            "tier": pa.array(tiers, pa.string()).take(pa.array(row)),
            "item_id": ids.take(pa.array(column)),
            "item": names.take(pa.array(column)),
            "category": category.take(pa.array(column)),
            "customers": number,
            "share": number / listed[row],
        }
    )


def samples(lists: pa.Table, forecast: pa.Table, items: pa.Table, tiers: Sequence[str]) -> tuple[Sample, ...]:
    """Take from each tier the list of the customer in its middle by expected spend; none from a tier of few."""
    ids = pc.unique(lists["customer_id"].combine_chunks())
    tier, spend = _tiers_of(ids, forecast, tiers), forecast["expected_spend"].to_numpy()[_places(ids, forecast)]
    found = []
    for place, name in enumerate(tiers):
        inside = np.flatnonzero(tier == place)
        if len(inside) >= LEAST_IN_TIER:
            middle = inside[np.argsort(-spend[inside], kind="stable")[len(inside) // 2]]
            rows = lists.filter(pc.equal(lists["customer_id"], ids[int(middle)]))
            found.append(Sample(name, _entries(rows.sort_by("rank").slice(0, SAMPLED), items)))
    return tuple(found)


def called(item_ids: pa.Array, items: pa.Table) -> tuple[pa.Array, pa.Array]:
    """What some different items are called, and their categories; two of one name are told apart by their ids."""
    place = pc.index_in(item_ids, items["item_id"].combine_chunks())
    name, category = (items[column].combine_chunks().take(place) for column in ("name", "category"))
    kept = pc.coalesce(name, item_ids).to_pylist()
    often = Counter(kept)
    told = [text if often[text] == 1 else f"{text} ({id})" for text, id in zip(kept, item_ids.to_pylist(), strict=True)]
    return pa.array(told, pa.string()), category


def _entries(rows: pa.Table, items: pa.Table) -> tuple[Entry, ...]:
    names, category = called(rows["item_id"].combine_chunks(), items)
    reasons = zip(rows["reason_code"].to_pylist(), map(json.loads, rows["reason_args"].to_pylist()), strict=True)
    told = zip(names.to_pylist(), category.to_pylist(), reasons, strict=True)
    return tuple(Entry(name, kind, code, arguments) for name, kind, (code, arguments) in told)


def _tiers_of(customers: pa.Array, forecast: pa.Table, tiers: Sequence[str]) -> Ints:
    """(n,) the tier of each customer, from the top."""
    place = pc.index_in(forecast["tier"].combine_chunks(), pa.array(tiers, pa.string())).to_numpy()
    return np.asarray(place[_places(customers, forecast)], dtype=np.int64)


def _places(customers: pa.Array, forecast: pa.Table) -> Ints:
    """(n,) the row of each customer; whoever has a list has a forecast of the same cutoff."""
    return np.asarray(pc.index_in(customers, forecast["customer_id"].combine_chunks()).to_numpy(), dtype=np.int64)
