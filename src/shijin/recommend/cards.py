"""Counts for the card of lists, and the notes that lists must be read with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.notes import Note
from shijin.recommend.ranking.lists import Lists
from shijin.recommend.ranking.recommender import Recommender
from shijin.recommend.request import ListRequest


def list_counts(lists: Lists, table: pa.Table) -> dict[str, Any]:
    """How many customers, items, explored entries and reasons of each kind the lists hold.

    Parameters
    ----------
    table
        The same lists as `schema.RECOMMENDATIONS`.
    """
    counts = pc.value_counts(table["reason_code"]).to_pylist()
    return {
        "customers": len(np.unique(lists.customer)),
        "items": len(np.unique(lists.item)),
        "explored": int(lists.explored.sum()),
        "reasons": {row["values"]: row["counts"] for row in counts},
    }


def training_notes(recommender: Recommender) -> list[Note]:
    """What the ranker was trained on, and how far its scores are chances."""
    if recommender.trained_on == "nothing" or recommender.ranker.curve is None:
        return [{"code": "lists.untaught", "lists": recommender.lists}]
    if not recommender.ranker.trees:
        return [{"code": "lists.few", "lists": recommender.lists}]
    code = f"lists.taught_{recommender.trained_on}"
    return [{"code": code, "lists": recommender.lists, "days": recommender.horizon_days}]


def newcomer_notes(request: ListRequest, lists: Lists) -> list[Note]:
    """How many customers got best sellers, and how many got no list; nothing where there are none."""
    newcomers = int((~request.context.after_feedback.has_rows).sum())
    unlisted = len(request.context.history) - len(np.unique(lists.customer))
    counts = {"lists.newcomers": newcomers, "lists.unlisted": unlisted}
    return [{"code": code, "customers": customers} for code, customers in counts.items() if customers]
