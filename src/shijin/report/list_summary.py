"""Sum up recommendations: the most recommended items of each tier, and examples without a name."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Ints
from shijin.report.data import ExampleList, ListEntry

MOST_SHOWN = 10  # items, of the shop and of a tier
EXAMPLE_LENGTH = 5  # items of an example
LEAST_IN_TIER = 10  # customers with recommendations: in a smaller tier one could be recognised


def most_recommended(lists: pa.Table, forecast: pa.Table, items: pa.Table, tiers: Sequence[str]) -> pa.Table:
    """Count the customers of each tier to whom each item is recommended.

    Parameters
    ----------
    lists, forecast, items
        `shijin.schema.RECOMMENDATIONS`, `FORECAST`, which has the tiers, and `ITEMS`.
    tiers
        Names from the top.

    Returns
    -------
    As `shijin.report.data.ListSummary.listed`, of the `MOST_SHOWN` items of the shop and of each tier.
    """
    customer = lists["customer_id"].combine_chunks().dictionary_encode()
    item = lists["item_id"].combine_chunks().dictionary_encode()
    tier = _tiers_of(customer.dictionary, forecast, tiers)
    listed, ids = np.bincount(tier, minlength=len(tiers)), item.dictionary
    # A table of tiers by items, counted through one index tier * items + item.
    cell = tier[customer.indices.to_numpy()] * len(ids) + item.indices.to_numpy()
    counts = np.bincount(cell, minlength=len(tiers) * len(ids)).reshape(len(tiers), len(ids))
    top = [np.argsort(-one, kind="stable")[:MOST_SHOWN] for one in (counts.sum(axis=0), *counts)]
    chosen = np.unique(np.concatenate(top))
    row, column = np.nonzero(counts[:, chosen])
    number = counts[row, chosen[column]]
    order = np.lexsort((-number, row))  # by tier, then most customers first
    row, column, number = row[order], column[order], number[order]
    ids = ids.take(pa.array(chosen))
    names, category = names_and_categories(ids, items)
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


def example_lists(
    lists: pa.Table, forecast: pa.Table, items: pa.Table, tiers: Sequence[str]
) -> tuple[ExampleList, ...]:
    """Choose an example of each tier: the customer with the median predicted spend; none of a tier with few customers.

    Parameters
    ----------
    lists, forecast, items, tiers
        As `most_recommended` takes them.
    """
    ids = pc.unique(lists["customer_id"].combine_chunks())
    tier, spend = _tiers_of(ids, forecast, tiers), forecast["expected_spend"].to_numpy()[_rows_of(ids, forecast)]
    examples = []
    for place, name in enumerate(tiers):
        inside = np.flatnonzero(tier == place)
        if len(inside) >= LEAST_IN_TIER:
            median = inside[np.argsort(-spend[inside], kind="stable")[len(inside) // 2]]
            rows = lists.filter(pc.equal(lists["customer_id"], ids[int(median)]))
            examples.append(ExampleList(name, _entries(rows.sort_by("rank").slice(0, EXAMPLE_LENGTH), items)))
    return tuple(examples)


def names_and_categories(item_ids: pa.Array, items: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Look up names and categories of different items; two items of one name get their ids appended.

    Returns
    -------
    Names, with the id where there is none, and categories, in the order of `item_ids`.
    """
    place = pc.index_in(item_ids, items["item_id"].combine_chunks())
    name, category = (items[column].combine_chunks().take(place) for column in ("name", "category"))
    names = pc.coalesce(name, item_ids).to_pylist()
    often = Counter(names)
    distinct = [
        text if often[text] == 1 else f"{text} ({id})" for text, id in zip(names, item_ids.to_pylist(), strict=True)
    ]
    return pa.array(distinct, pa.string()), category


def _entries(rows: pa.Table, items: pa.Table) -> tuple[ListEntry, ...]:
    names, category = names_and_categories(rows["item_id"].combine_chunks(), items)
    reasons = zip(rows["reason_code"].to_pylist(), map(json.loads, rows["reason_args"].to_pylist()), strict=True)
    entries = zip(names.to_pylist(), category.to_pylist(), reasons, strict=True)
    return tuple(ListEntry(name, kind, code, arguments) for name, kind, (code, arguments) in entries)


def _tiers_of(customers: pa.Array, forecast: pa.Table, tiers: Sequence[str]) -> Ints:
    """(n,) the tier of each customer, counted from the top."""
    place = pc.index_in(forecast["tier"].combine_chunks(), pa.array(tiers, pa.string())).to_numpy()
    return np.asarray(place[_rows_of(customers, forecast)], dtype=np.int64)


def _rows_of(customers: pa.Array, forecast: pa.Table) -> Ints:
    """(n,) the row of each customer; a customer with recommendations has a forecast of the same cutoff."""
    return np.asarray(pc.index_in(customers, forecast["customer_id"].combine_chunks()).to_numpy(), dtype=np.int64)
