"""A customer's purchases of each item: how often, how recently, and whether the next one is due."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shijin.arrays import Codes, Flags, Floats, Ints
from shijin.recommend.past.actions import Actions
from shijin.represent.packed import DAY_US

PRIOR_GAPS = 2.0  # how many gaps of all customers are averaged with a customer's own
STEP_DECAY = 0.8


@dataclass(frozen=True)
class Habits:
    """One row for each pair of a customer and an item with any action, sorted by both.

    Parameters
    ----------
    customer, item : (h,)
    times : (h,)
        Number of steps in which it was bought; 0 where it was never bought.
    age_days : (h,)
        Days since the newest purchase, or since the newest action where never bought.
    gap_days : (h,)
        Mean days between purchases: the customer's own, shrunk to the item's mean over all customers; inf where nobody
        bought it twice.
    faded : (h, r)
        Purchases decayed by each half-life in days, the shortest first, and last purchases decayed by steps.
    interest : (h,)
        Views, carts and reviews since the newest purchase, weighted and decayed by steps.
    """

    customer: Ints
    item: Codes
    times: Floats
    age_days: Floats
    gap_days: Floats
    faded: Floats
    interest: Floats

    def keys(self, n_items: int) -> Ints:
        """(h,) ``customer * items + item``, rising."""
        return self.customer * n_items + self.item


def item_gaps(actions: Actions) -> Floats:
    """(items,) mean days between two purchases of an item by one customer; inf where nobody bought it twice."""
    rows, same_pair = _purchases(actions)
    gap = (actions.ts[rows[1:]] - actions.ts[rows[:-1]])[same_pair] / DAY_US
    item = actions.item[rows[1:]][same_pair]
    count = np.bincount(item, minlength=actions.n_items)
    total = np.bincount(item, gap, actions.n_items)
    return np.where(count > 0, total / np.maximum(count, 1), np.inf)


def habits_of(actions: Actions, clock: Ints, gaps: Floats, half_lives: tuple[float, ...]) -> Habits:
    """Summarise each customer's actions by item.

    Parameters
    ----------
    clock : (n,)
        The moment to which ages are counted, by customer; an action after it has age 0.
    gaps : (items,)
        `item_gaps` of the shop.
    half_lives
        Days.
    """
    keys = actions.customer * actions.n_items + actions.item
    order = np.argsort(keys, kind="stable")  # stable: the rows of a pair stay in order of time
    if not len(order):
        return _no_habits(len(half_lives))
    starts = np.flatnonzero(np.diff(keys[order], prepend=-1))  # where each pair's run of rows begins
    customer, item = actions.customer[order[starts]], actions.item[order[starts]]
    age = np.maximum(clock[actions.customer[order]] - actions.ts[order], 0) / DAY_US
    bought = actions.ordered[order].astype(float)
    times = np.add.reduceat(bought, starts)
    youngest = np.minimum.reduceat(age, starts)
    # inf and -inf stand in for rows that are no purchases, so that they never win the minimum and the maximum.
    newest = np.minimum.reduceat(np.where(bought > 0, age, np.inf), starts)
    oldest = np.maximum.reduceat(np.where(bought > 0, age, -np.inf), starts)
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(order))))
    since_purchase = (bought == 0) & (age < newest[group])
    by_step = STEP_DECAY ** actions.step[order]
    faded = [np.add.reduceat(bought * 0.5 ** (age / half_life), starts) for half_life in half_lives]
    faded.append(np.add.reduceat(bought * by_step, starts))
    return Habits(
        customer=customer,
        item=item,
        times=times,
        age_days=np.where(times > 0, newest, youngest),
        gap_days=_shrunk_gaps(times, np.where(times > 1, oldest - newest, 0.0), gaps[item]),
        faded=np.stack(faded, axis=1),
        interest=np.add.reduceat(since_purchase * actions.weight[order] * by_step, starts),
    )


def _no_habits(half_lives: int) -> Habits:
    empty = np.zeros(0)
    return Habits(empty.astype(np.int64), empty.astype(np.int32), *(empty,) * 3, np.zeros((0, half_lives + 1)), empty)


def _shrunk_gaps(times: Floats, span_days: Floats, usual: Floats) -> Floats:
    """(h,) a customer's mean gap, averaged with `PRIOR_GAPS` of the item's usual ones where it has any."""
    prior = np.where(np.isfinite(usual), usual, 0.0)
    count = np.maximum(times - 1, 0) + PRIOR_GAPS * (prior > 0)
    return np.where(count > 0, (span_days + PRIOR_GAPS * prior) / np.maximum(count, 1), np.inf)


def _purchases(actions: Actions) -> tuple[Ints, Flags]:
    """Purchases by customer, item and time; and for each row but the first whether the row before has the same pair."""
    bought = np.flatnonzero(actions.ordered)
    keys = actions.customer[bought] * actions.n_items + actions.item[bought]
    order = np.argsort(keys, kind="stable")
    return bought[order], np.diff(keys[order]) == 0
