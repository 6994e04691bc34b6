"""What customers said changes their lists at once: nothing is learnt anew, pasts are read as they would have them.

What is liked or clicked on stands in the past as if it had been done, right behind the newest thing at the latest: what
is said today tells what is wanted, not that its customer is back. What is disliked or dismissed leaves the past, so
that what goes with it falls too, and is never shown again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from shijin.arrays import Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.responses import ResponseKind, Responses
from shijin.represent.packed import Kind

LIKED = 0.5  # of -1 .. 1: from here on it counts as done


def apply_feedback(actions: Actions, responses: Responses) -> tuple[Actions, Ints]:
    """Pasts as customers would have them, and what they do not want to see.

    Returns
    -------
    Actions
        With a row for what was liked (as a review is) or clicked on (as a view is), without what was disliked.
    barred : rising int64
        ``customer * items + item`` of what was disliked or dismissed.
    """
    opinions = responses.opinions()
    disliked = opinions.take(opinions.value < 0)
    excluded = np.unique(disliked.customer * actions.n_items + disliked.item)
    keys = actions.customer * actions.n_items + actions.item
    liked = _not_there_yet(opinions.take(opinions.value >= LIKED), actions)
    clicked = responses.take(responses.kind == ResponseKind.CLICK)
    if not (len(excluded) or len(liked) or len(clicked)):
        return actions, excluded
    kept = actions.take(~np.isin(keys, excluded))
    more = [(liked, Kind.REVIEW), (clicked, Kind.VIEW)]
    customer = np.concatenate([kept.customer, *(said.customer for said, _ in more)])
    item = np.concatenate([kept.item, *(said.item for said, _ in more)])
    latest = np.where(np.diff(actions.offsets) > 0, actions.newest + 1, np.iinfo(np.int64).max)
    ts = np.concatenate([kept.ts, *(np.minimum(said.ts, latest[said.customer]) for said, _ in more)])
    kind = np.concatenate([kept.kind, *(np.full(len(said), kind, np.uint8) for said, kind in more)])
    new = np.zeros(sum(len(said) for said, _ in more))
    order = np.lexsort((kind, item, ts, customer))
    order = order[~np.isin(customer[order] * actions.n_items + item[order], excluded)]

    def column(values: Floats) -> Floats:
        return np.concatenate([values, new])[order]

    counts = np.bincount(customer[order], minlength=len(actions))
    return (
        replace(
            kept,
            offsets=np.concatenate([[0], np.cumsum(counts)]),
            item=item[order].astype(np.int32),
            ts=ts[order],
            kind=kind[order],
            quantity=column(kept.quantity),
            amount=column(kept.amount),
            channel=column(kept.channel.astype(float)).astype(np.int16),
        ),
        excluded,
    )


def _not_there_yet(liked: Responses, actions: Actions) -> Responses:
    """What was liked, but for reviews of the order file: they stand in the past already."""
    reviews = actions.take(actions.kind == Kind.REVIEW)
    there = pa.table({"customer": reviews.customer, "item": reviews.item, "ts": reviews.ts})
    said = pa.table({"customer": liked.customer, "item": liked.item, "ts": liked.ts, "row": np.arange(len(liked))})
    new = said.join(there, ["customer", "item", "ts"], join_type="left anti")["row"].to_numpy()
    return liked.take(np.sort(new))
