"""How often a look at an item becomes an order of it: overall and by category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.represent.packed import DAY_US, Kind

WITHIN_DAYS = (1, 7, 30)
MOST_CATEGORIES = 10
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Looks:
    """Pairs of a customer and an item that was looked at, p rows.

    item : (p,) int32
    seen : (p,) int64, when it was looked at first
    ordered : (p,) int64, when it was ordered first from then on; `NEVER` where it was not
    now : the end of what is known
    """

    item: Codes
    seen: Ints
    ordered: Ints
    now: int

    def within(self) -> dict[str, dict[str, float | int | None]]:
        """By days: how many pairs were looked at so long ago or longer, and the share of them ordered within."""
        told: dict[str, dict[str, float | int | None]] = {}
        for days in WITHIN_DAYS:
            known = self.seen <= self.now - days * DAY_US
            followed = self.ordered[known] <= self.seen[known] + days * DAY_US
            share = float(followed.mean()) if known.any() else None
            told[str(days)] = {"pairs": int(known.sum()), "share": share}
        return told


def looks_of(actions: Actions, catalogue: Catalogue) -> Looks:
    """Gather what was looked at; charges and test codes are left out."""
    keys = actions.customer * actions.n_items + actions.item
    product = catalogue.product[actions.item]
    viewed = np.flatnonzero((actions.kind == Kind.VIEW) & product)
    pairs, first = np.unique(keys[viewed], return_index=True)  # rows are in order of time within a customer
    seen = actions.ts[viewed[first]]
    bought = np.flatnonzero(actions.ordered & np.isin(keys, pairs))
    place = np.searchsorted(pairs, keys[bought])
    after = actions.ts[bought] >= seen[place]
    ordered = np.full(len(pairs), NEVER)
    np.minimum.at(ordered, place[after], actions.ts[bought[after]])
    return Looks((pairs % max(actions.n_items, 1)).astype(np.int32), seen, ordered, actions.now)


def conversion(actions: Actions, catalogue: Catalogue) -> dict[str, Any] | None:
    """Progress how many looks became orders, as plain values; None where the shop knows of no looks.

    Returns
    -------
    dict
        ``pairs``; ``within``, as `Looks.within`; ``categories``: the same of those most looked at, the most first.
    """
    looks = looks_of(actions, catalogue)
    if not len(looks.item):
        return None
    category = catalogue.category[looks.item]
    counts = np.bincount(category[category >= 0], minlength=len(catalogue.categories))
    most = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    return {
        "pairs": len(looks.item),
        "within": looks.within(),
        "categories": [
            {"category": str(catalogue.categories[code]), "pairs": int(counts[code]), "within": part.within()}
            for code in most[counts[most] > 0]
            for part in [_of(looks, category == code)]
        ],
    }


def _of(looks: Looks, rows: NDArray[np.bool_]) -> Looks:
    return Looks(looks.item[rows], looks.seen[rows], looks.ordered[rows], looks.now)
