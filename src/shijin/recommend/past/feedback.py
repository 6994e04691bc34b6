"""Feedback of customers, applied to their histories: recommendations change at once, and nothing is trained again.

Likes and clicks are inserted into the history as actions, dated no later than just after the newest one: feedback shows
interest, not a new visit. Disliked and dismissed items are removed from the history, so that the items that go with
them fall too, and are never shown again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from shijin.arrays import Floats, Ints
from shijin.recommend.past.actions import STAYS, Actions
from shijin.recommend.past.responses import ResponseKind, Responses
from shijin.represent.packed import Kind

LIKED = 0.5  # of -1 .. 1: an opinion from here on counts as an action


def apply_feedback(actions: Actions, responses: Responses) -> tuple[Actions, Ints]:
    """Histories with feedback applied, and the items that customers do not want to see.

    Returns
    -------
    Actions
        With one more row for each liked item (as a review) and each click (as a view), without disliked items.
    excluded : rising int64
        ``customer * items + item`` of disliked and dismissed items.
    """
    opinions = responses.opinions()
    disliked = opinions.take(opinions.value < 0)
    excluded = np.unique(disliked.customer * actions.n_items + disliked.item)
    liked = _not_in_history(opinions.take(opinions.value >= LIKED), actions)
    clicked = responses.take(responses.kind == ResponseKind.CLICK)
    if not (len(excluded) or len(liked) or len(clicked)):
        return actions, excluded
    keys = actions.customer * actions.n_items + actions.item
    remaining = actions.take(~np.isin(keys, excluded))
    return _inserted(remaining, actions, [(liked, Kind.REVIEW), (clicked, Kind.VIEW)], excluded), excluded


def _inserted(remaining: Actions, actions: Actions, inserts: list[tuple[Responses, Kind]], excluded: Ints) -> Actions:
    """The remaining rows with responses inserted as actions, in the order of customer, time and item."""
    customer = np.concatenate([remaining.customer, *(rows.customer for rows, _ in inserts)])
    item = np.concatenate([remaining.item, *(rows.item for rows, _ in inserts)])
    # No later than just after the customer's newest action; a customer without actions keeps the response's own time.
    latest = np.where(actions.has_rows, actions.newest + 1, np.iinfo(np.int64).max)
    ts = np.concatenate([remaining.ts, *(np.minimum(rows.ts, latest[rows.customer]) for rows, _ in inserts)])
    kind = np.concatenate([remaining.kind, *(np.full(len(rows), kind, np.uint8) for rows, kind in inserts)])
    order = np.lexsort((kind, item, ts, customer))
    order = order[~np.isin(customer[order] * actions.n_items + item[order], excluded)]
    unknown = np.zeros(sum(len(rows) for rows, _ in inserts))  # a response has no quantity, amount or channel

    def column(values: Floats) -> Floats:
        return np.concatenate([values, unknown])[order]

    removed = remaining.removed_ts
    stays = np.full(len(unknown), STAYS)
    counts = np.bincount(customer[order], minlength=len(actions))
    return replace(
        remaining,
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        item=item[order].astype(np.int32),
        ts=ts[order],
        kind=kind[order],
        quantity=column(remaining.quantity),
        amount=column(remaining.amount),
        channel=column(remaining.channel.astype(float)).astype(np.int32),
        removed_ts=None if removed is None else np.concatenate([removed, stays])[order],
    )


def _not_in_history(liked: Responses, actions: Actions) -> Responses:
    """Likes without the reviews of the order file: those are in the history already."""
    reviews = actions.take(actions.kind == Kind.REVIEW)
    present = pa.table({"customer": reviews.customer, "item": reviews.item, "ts": reviews.ts})
    likes = pa.table({"customer": liked.customer, "item": liked.item, "ts": liked.ts, "row": np.arange(len(liked))})
    new = likes.join(present, ["customer", "item", "ts"], join_type="left anti")["row"].to_numpy()
    return liked.take(np.sort(new))
