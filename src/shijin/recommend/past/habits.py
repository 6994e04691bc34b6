"""A customer's own items: how often, how lately, and whether the next time is due."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.represent.packed import DAY_US

GAPS_LENT = 2.0  # how many gaps of the item at large stand beside a customer's own
STEP_DECAY = 0.8


@dataclass(frozen=True)
class Habits:
    """One row a customer and item that ever met, sorted by both.

    Parameters
    ----------
    customer, item : (h,)
    times : (h,)
        In how many steps it was bought; 0 where it was looked at only.
    age_days : (h,)
        Days since it was bought last, or met last where never bought.
    gap_days : (h,)
        Days from one purchase to the next, a customer's own shrunk to the item's at large; inf where nobody came back.
    lately : (h, r)
        Purchases faded by half-lives in days, shortest first, and last by steps.
    looks : (h,)
        Views, carts and reviews since it was bought last, weighted and faded by steps.
    """

    customer: Ints
    item: Codes
    times: Floats
    age_days: Floats
    gap_days: Floats
    lately: Floats
    looks: Floats

    def keys(self, n_items: int) -> Ints:
        """(h,) one rising number for each row."""
        return self.customer * n_items + self.item


def item_gaps(actions: Actions) -> Floats:
    """(items,) mean days between a customer's purchases of an item, over all who came back; inf where nobody did."""
    rows, same = _purchases(actions)
    gap = (actions.ts[rows[1:]] - actions.ts[rows[:-1]])[same] / DAY_US
    item = actions.item[rows[1:]][same]
    count = np.bincount(item, minlength=actions.n_items)
    total = np.bincount(item, gap, actions.n_items)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)


def habits_of(actions: Actions, clock: Ints, gaps: Floats, half_lives: tuple[float, ...]) -> Habits:
    """Sum up what each customer did with each item.

    Parameters
    ----------
    clock : (n,)
        The moment from which ages are counted, by customer; what was said after it is of now.
    gaps : (items,)
        `item_gaps` of the shop.
    half_lives
        Days.
    """
    keys = actions.customer * actions.n_items + actions.item
    order = np.argsort(keys, kind="stable")  # rows are sorted by time within a customer already
    if not len(order):
        nothing = np.zeros(0)
        lately = np.zeros((0, len(half_lives) + 1))
        return Habits(nothing.astype(np.int64), nothing.astype(np.int32), *(nothing,) * 3, lately, nothing)
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
    customer, item = actions.customer[order[starts]], actions.item[order[starts]]
    age = np.maximum(clock[actions.customer[order]] - actions.ts[order], 0) / DAY_US
    bought = actions.ordered[order].astype(float)
    times = np.add.reduceat(bought, starts)
    ever = np.minimum.reduceat(age, starts)
    newest = np.minimum.reduceat(np.where(bought > 0, age, np.inf), starts)
    oldest = np.maximum.reduceat(np.where(bought > 0, age, -np.inf), starts)
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(order))))
    since = (bought == 0) & (age < newest[group])
    by_step = STEP_DECAY ** actions.step[order]
    faded = [np.add.reduceat(bought * 0.5 ** (age / half_life), starts) for half_life in half_lives]
    faded.append(np.add.reduceat(bought * by_step, starts))
    own = np.where(times > 1, oldest - newest, 0.0)
    lent = np.where(np.isfinite(gaps[item]), gaps[item], 0.0)
    known = np.maximum(times - 1, 0) + GAPS_LENT * (lent > 0)
    gap_days = np.where(known > 0, (own + GAPS_LENT * lent) / np.maximum(known, 1), np.inf)
    return Habits(
        customer=customer,
        item=item,
        times=times,
        age_days=np.where(times > 0, newest, ever),
        gap_days=gap_days,
        lately=np.stack(faded, axis=1),
        looks=np.add.reduceat(since * actions.weight[order] * by_step, starts),
    )


def _purchases(actions: Actions) -> tuple[Ints, NDArray[np.bool_]]:
    """Rows bought, by customer, item and time, and for each but the first whether it is the same pair's as before."""
    bought = np.flatnonzero(actions.ordered)
    keys = actions.customer[bought] * actions.n_items + actions.item[bought]
    order = np.argsort(keys, kind="stable")
    return bought[order], np.diff(keys[order]) == 0
