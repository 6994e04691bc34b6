"""View conversion: how often a view of an item becomes an order of it, overall and by category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shijin.arrays import Codes, Flags, Ints
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.represent.packed import DAY_US, Kind

WITHIN_DAYS = (1, 7, 30)
MOST_CATEGORIES = 10
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Views:
    """Pairs of a customer and a viewed item, p rows.

    item : (p,) int32
    seen : (p,) int64, time of the first view
    ordered : (p,) int64, time of the first order from then on; `NEVER` where there is none
    now : the end of what is known
    """

    item: Codes
    seen: Ints
    ordered: Ints
    now: int

    def within(self) -> dict[str, dict[str, float | int | None]]:
        """By number of days: the pairs whose first view is at least so old, and the share of them ordered within it."""
        shares: dict[str, dict[str, float | int | None]] = {}
        for days in WITHIN_DAYS:
            known = self.seen <= self.now - days * DAY_US
            followed = self.ordered[known] <= self.seen[known] + days * DAY_US
            share = float(followed.mean()) if known.any() else None
            shares[str(days)] = {"pairs": int(known.sum()), "share": share}
        return shares


def views_of(actions: Actions, catalogue: Catalogue) -> Views:
    """Gather the viewed products; charges and test codes are left out."""
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
    return Views((pairs % max(actions.n_items, 1)).astype(np.int32), seen, ordered, actions.now)


def view_conversion(actions: Actions, catalogue: Catalogue) -> dict[str, Any] | None:
    """Compute how many views became orders, as plain values; None where the shop has no views.

    Returns
    -------
    dict
        ``pairs``; ``within``, as `Views.within`; ``categories``: the same of the most viewed ones, the most first.
    """
    views = views_of(actions, catalogue)
    if not len(views.item):
        return None
    category = catalogue.category[views.item]
    counts = np.bincount(category[category >= 0], minlength=len(catalogue.categories))
    most = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
    return {
        "pairs": len(views.item),
        "within": views.within(),
        "categories": [
            {"category": str(catalogue.categories[code]), "pairs": int(counts[code]), "within": part.within()}
            for code in most[counts[most] > 0]
            for part in [_of(views, category == code)]
        ],
    }


def _of(views: Views, rows: Flags) -> Views:
    return Views(views.item[rows], views.seen[rows], views.ordered[rows], views.now)
