"""Recommendations for customers without any item in their history: the recent best sellers of their channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Flags, Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.ranking.ranker import SHORTLIST
from shijin.recommend.ranking.recommender import Ranking
from shijin.represent.cutoff import History
from shijin.represent.packed import DAY_US

LEAST_BUYERS = 30  # recent buyers of a channel; below, the best sellers of the whole shop are used


@dataclass(frozen=True)
class Bestsellers:
    """The best sellers of each channel.

    Parameters
    ----------
    channel : (n,) int32
        Channel of each customer's newest moment, 0 where unknown.
    by_channel
        Items, by recent buyers and then by all buyers, most first; and the share of the channel's customers who bought
        each recently, and ever.
    """

    channel: NDArray[np.int32]
    by_channel: dict[int, tuple[Codes, Floats, Floats]]

    def rank(self, customers: Ints) -> Ranking:
        """Candidates of some customers, by rising position: the chance is the recent share, the score that ever."""
        nothing = (np.zeros(0, dtype=np.int32), np.zeros(0), np.zeros(0))
        of_customers = [nothing, *(self.by_channel[channel] for channel in self.channel[customers].tolist())]
        item, recent, ever = (np.concatenate(parts) for parts in zip(*of_customers, strict=True))
        return Ranking(np.repeat(customers, [len(one[0]) for one in of_customers[1:]]), item, ever, recent)


def bestsellers(actions: Actions, history: History, allowed: Flags, days: int) -> Bestsellers:
    """Count the buyers of each item in the last days and ever, by channel.

    Parameters
    ----------
    allowed : (items,)
        Items that may be recommended.
    """
    channel = history.moments.channel[history.offsets[1:] - 1]
    sold = actions.ordered & allowed[actions.item]
    recent = _pairs(actions, sold & (actions.ts >= actions.now - days * DAY_US))
    ever = _pairs(actions, sold)
    by_channel: dict[int, tuple[Codes, Floats, Floats]] = {}
    for code in np.unique(channel).tolist():
        inside = channel == code
        if not code or len(np.unique(recent[0][inside[recent[0]]])) < LEAST_BUYERS:
            inside = np.ones(len(history), dtype=bool)
        lately, at_all = (np.bincount(item[inside[buyer]], minlength=actions.n_items) for buyer, item in (recent, ever))
        order = np.lexsort((-at_all, -lately))[:SHORTLIST]
        best = order[at_all[order] > 0].astype(np.int32)
        by_channel[code] = (best, lately[best] / inside.sum(), at_all[best] / inside.sum())
    return Bestsellers(channel, by_channel)


def _pairs(actions: Actions, rows: Flags) -> tuple[Ints, Ints]:
    """Customer and item of some rows, each pair once."""
    pairs = np.unique(actions.customer[rows] * actions.n_items + actions.item[rows])
    return pairs // max(actions.n_items, 1), pairs % max(actions.n_items, 1)
