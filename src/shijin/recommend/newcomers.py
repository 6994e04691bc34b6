"""Customers of whom no item is known: what sells of late in their channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shijin.recommend.actions import Actions
from shijin.recommend.recommender import Wanted
from shijin.represent.cutoff import History
from shijin.represent.packed import DAY_US, Ints

SHORTLIST = 100
LEAST_BUYERS = 30  # of a channel lately; below, the whole shop's bestsellers speak


def bestsellers(actions: Actions, history: History, allowed: NDArray[np.bool_], days: int, customers: Ints) -> Wanted:
    """What to show some customers without a past: the items with most buyers in the last days, in their channel.

    Parameters
    ----------
    customers : (n,) rising
        Positions; each customer's channel is that of the newest moment.

    Returns
    -------
    Wanted
        The chance is the share of the channel's customers who bought the item in those days.
    """
    channels = history.moments.channel[history.offsets[1:] - 1]
    rows = actions.ordered & (actions.ts >= actions.now - days * DAY_US) & allowed[actions.item]
    pairs = np.unique(actions.customer[rows] * actions.n_items + actions.item[rows])
    buyer, item = pairs // actions.n_items, pairs % actions.n_items
    found = []
    for channel in np.unique(channels[customers]):
        inside = channels[buyer] == channel
        if not channel or len(np.unique(buyer[inside])) < LEAST_BUYERS:
            inside = np.ones(len(buyer), dtype=bool)
        known = len(history) if inside.all() else int((channels == channel).sum())
        buyers = np.bincount(item[inside], minlength=actions.n_items)
        most = np.argsort(-buyers, kind="stable")[:SHORTLIST]
        most = most[buyers[most] > 0]
        who = customers[channels[customers] == channel]
        chance = np.tile(buyers[most] / max(known, 1), len(who))
        found.append((np.repeat(who, len(most)), np.tile(most, len(who)), chance))
    if not found:
        nothing = np.zeros(0)
        return Wanted(nothing.astype(np.int64), nothing.astype(np.int32), nothing, nothing)
    customer, items, chance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(customer, kind="stable")
    return Wanted(customer[order], items[order].astype(np.int32), chance[order], chance[order])
