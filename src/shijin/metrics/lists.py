"""Measures of lists of items, each a function of arrays: entries of lists, and purchases of n customers afterwards.

Entries are parallel arrays: the customer (`row`, 0 .. n - 1), the place on the list from 0, the item, and whether the
customer then bought it (`hit`). `bought_items` (n,) is the number of items that each customer bought, listed or not,
>= 1. The functions know nothing about models, dates or shops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Flags, Floats, Ints
from shijin.metrics.paired import Verdict, resamples

Codes = NDArray[np.integer]

MARGIN = 0.002  # of NDCG; a smaller difference is a tie


@dataclass(frozen=True)
class Gap:
    """Mean difference between two lists' figures over the same customers, with its 95 % interval.

    low, high : nan for a single customer
    """

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """Win or loss if the interval lies wholly beyond the margin, else tie."""
        return "win" if self.low > MARGIN else "loss" if self.high < -MARGIN else "tie"


def ndcg(row: Ints, place: Ints, hit: Flags, bought_items: Ints, k: int) -> Floats:
    """(n,) normalised discounted cumulative gain of each list, 0 .. 1; larger is better.

    ``sum over hits 1 / log2(place + 2)``, divided by that of the best list of k: min(k, items bought) hits in front.

    Examples
    --------
    Of three items bought the first list has two, at places 0 and 2: 1 + 1/2, of 1 + 0.631 + 1/2. The other has none.

    >>> row, place = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 0])
    >>> ndcg(row, place, np.array([True, False, True, False]), np.array([3, 1]), 10).round(4)
    array([0.7039, 0.    ])
    """
    gain = np.cumsum(1 / np.log2(np.arange(k) + 2))
    gained = np.bincount(row[hit], 1 / np.log2(place[hit] + 2), len(bought_items))
    return gained / gain[np.minimum(bought_items, k) - 1]


def recall(row: Ints, hit: Flags, bought_items: Ints) -> Floats:
    """(n,) share of the items each customer bought that are on the list, 0 .. 1; larger is better.

    Examples
    --------
    >>> recall(np.array([0, 0, 0, 1]), np.array([True, False, True, False]), np.array([3, 1])).round(4)
    array([0.6667, 0.    ])
    """
    return np.bincount(row[hit], minlength=len(bought_items)) / bought_items


def coverage(item: Codes, sold: Flags) -> float:
    """Share of the items sold, flagged by `sold`, that are on any list, 0 .. 1; nan if none was sold.

    Examples
    --------
    Items 0, 1 and 3 were sold; the lists hold 1 and 2.

    >>> round(coverage(np.array([1, 2, 1]), np.array([True, True, False, True])), 3)
    0.333
    """
    return float(sold[np.unique(item)].sum() / sold.sum()) if sold.any() else float("nan")


def novelty(item: Codes, buyers: Ints, customers: int) -> float:
    """Mean of ``-log2(share of customers who bought the item before)`` over all entries, in bits.

    0 if all customers bought every listed item; an item without buyers counts as bought by one.

    Examples
    --------
    Half of eight customers bought item 0 (1 bit), one bought item 1 (3 bits), nobody item 2.

    >>> novelty(np.array([0, 1, 2, 0]), np.array([4, 1, 0]), 8)
    2.0
    """
    if not len(item):
        return float("nan")
    return float(-np.log2(np.maximum(buyers[item], 1) / customers).mean())


def paired_gap(ours: Floats, peer: Floats, seed: int = 0) -> Gap:
    """Compare two lists' figures of the same n customers; the interval is by bootstrap over customers.

    Examples
    --------
    >>> paired_gap(np.array([0.5, 0.7, 0.3]), np.array([0.4, 0.6, 0.2])).verdict
    'win'
    >>> paired_gap(np.array([0.5, 0.0, 0.3]), np.array([0.4, 0.6, 0.2])).verdict
    'tie'
    """
    gaps = ours - peer
    n = len(gaps)
    drawn = np.concatenate([weights @ gaps / n for weights in resamples(n, seed)]) if n > 1 else np.full(1, np.nan)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Gap(float(gaps.mean()), float(low), float(high))
