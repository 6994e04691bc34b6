"""Customers of whom no item is known: what sells of late in their channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.recommend.actions import Actions, Codes
from shijin.recommend.recommender import Wanted
from shijin.represent.cutoff import History
from shijin.represent.packed import DAY_US, Floats, Ints

SHORTLIST = 100
LEAST_BUYERS = 30  # of a channel lately; below, the whole shop's bestsellers speak


@dataclass(frozen=True)
class Bestsellers:
    """What sells of late, by channel.

    Parameters
    ----------
    channel : (n,) int16
        Of each customer's newest moment, 0 where unknown.
    by_channel
        Items, most buyers first, and the share of the channel's customers who bought each.
    """

    channel: NDArray[np.int16]
    by_channel: dict[int, tuple[Codes, Floats]]

    def wanted(self, customers: Ints) -> Wanted:
        """Candidates for some customers, by rising position."""
        items = [self.by_channel[channel][0] for channel in self.channel[customers].tolist()]
        chances = [self.by_channel[channel][1] for channel in self.channel[customers].tolist()]
        nothing = np.zeros(0)
        item = np.concatenate([nothing.astype(np.int32), *items])
        chance = np.concatenate([nothing, *chances])
        return Wanted(np.repeat(customers, [len(one) for one in items]), item, chance, chance)


def bestsellers(actions: Actions, history: History, allowed: NDArray[np.bool_], days: int) -> Bestsellers:
    """Count who bought what in the last days, by channel.

    Parameters
    ----------
    allowed : (items,)
        What may be recommended.
    """
    channel = history.moments.channel[history.offsets[1:] - 1]
    rows = actions.ordered & (actions.ts >= actions.now - days * DAY_US) & allowed[actions.item]
    pairs = np.unique(actions.customer[rows] * actions.n_items + actions.item[rows])
    buyer, item = pairs // actions.n_items, pairs % actions.n_items
    by_channel: dict[int, tuple[Codes, Floats]] = {}
    for name in np.unique(channel).tolist():
        inside = channel[buyer] == name
        if not name or len(np.unique(buyer[inside])) < LEAST_BUYERS:
            inside = np.ones(len(buyer), dtype=bool)
        known = len(history) if inside.all() else int((channel == name).sum())
        buyers = np.bincount(item[inside], minlength=actions.n_items)
        most = np.argsort(-buyers, kind="stable")[:SHORTLIST]
        most = most[buyers[most] > 0]
        by_channel[name] = (most.astype(np.int32), buyers[most] / max(known, 1))
    return Bestsellers(channel, by_channel)
