"""Customers of whom no item is known: what sells of late in their channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.ranking.ranker import SHORTLIST
from shijin.recommend.ranking.recommender import Ranking
from shijin.represent.cutoff import History
from shijin.represent.packed import DAY_US

LEAST_BUYERS = 30  # of a channel lately; below, the whole shop's bestsellers speak


@dataclass(frozen=True)
class Bestsellers:
    """What sells of late, by channel.

    Parameters
    ----------
    channel : (n,) int16
        Of each customer's newest moment, 0 where unknown.
    by_channel
        Items, most buyers of late first and then most buyers ever; and the share of the channel's customers who bought
        each of late, and ever.
    """

    channel: NDArray[np.int16]
    by_channel: dict[int, tuple[Codes, Floats, Floats]]

    def rank(self, customers: Ints) -> Ranking:
        """Candidates for some customers, by rising position: the chance is the share of late, the score of ever."""
        nothing = (np.zeros(0, dtype=np.int32), np.zeros(0), np.zeros(0))
        found = [nothing, *(self.by_channel[channel] for channel in self.channel[customers].tolist())]
        item, lately, ever = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Ranking(np.repeat(customers, [len(one[0]) for one in found[1:]]), item, ever, lately)


def bestsellers(actions: Actions, history: History, allowed: NDArray[np.bool_], days: int) -> Bestsellers:
    """Count who bought what in the last days and ever, by channel.

    Parameters
    ----------
    allowed : (items,)
        What may be recommended.
    """
    channel = history.moments.channel[history.offsets[1:] - 1]
    sold = actions.ordered & allowed[actions.item]
    late = _pairs(actions, sold & (actions.ts >= actions.now - days * DAY_US))
    ever = _pairs(actions, sold)
    by_channel: dict[int, tuple[Codes, Floats, Floats]] = {}
    for name in np.unique(channel).tolist():
        own = channel == name
        if not name or len(np.unique(late[0][own[late[0]]])) < LEAST_BUYERS:
            own = np.ones(len(history), dtype=bool)
        lately, at_all = (np.bincount(item[own[buyer]], minlength=actions.n_items) for buyer, item in (late, ever))
        order = np.lexsort((-at_all, -lately))[:SHORTLIST]
        most = order[at_all[order] > 0].astype(np.int32)
        by_channel[name] = (most, lately[most] / own.sum(), at_all[most] / own.sum())
    return Bestsellers(channel, by_channel)


def _pairs(actions: Actions, rows: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Each customer and item of some rows once."""
    pairs = np.unique(actions.customer[rows] * actions.n_items + actions.item[rows])
    return pairs // max(actions.n_items, 1), pairs % max(actions.n_items, 1)
