"""A request for lists: the shop, its recommender and the filters; rankings and lists of any of its customers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from shijin.arrays import Flags, Floats, Ints
from shijin.recommend.item_context import ItemContext
from shijin.recommend.ranking.batches import Batch, map_batches
from shijin.recommend.ranking.candidates import Query
from shijin.recommend.ranking.lists import Lists, ListShape, make_lists
from shijin.recommend.ranking.newcomers import Bestsellers, bestsellers
from shijin.recommend.ranking.recommender import Ranking, Recommender

Output = TypeVar("Output")


@dataclass(frozen=True)
class ListRequest:
    """Everything from which lists, or the customers of an item, are made.

    Parameters
    ----------
    allowed : (items,) bool
        The items that the filters left.
    worth : (items,) float64 or None
        The value of a piece of each item, where lists are by value.
    allow_repeat : bool
        Whether items that a customer bought before may be listed.
    """

    context: ItemContext
    recommender: Recommender
    allowed: Flags
    worth: Floats | None
    shape: ListShape
    allow_repeat: bool

    @cached_property
    def bestsellers(self) -> Bestsellers:
        """Recommendations for customers without any item in their history."""
        context = self.context
        return bestsellers(context.actions, context.history, self.allowed, context.horizon_days)

    def lists(self, rows: Ints | None, threads: int) -> Lists:
        """Lists of some customers, by position, or of all."""
        category = self.context.catalogue.category

        def fill(ranking: Ranking) -> Lists:
            return make_lists(ranking, self.worth, category, self.shape)

        parts = list(self.map_rankings(fill, rows, threads))
        return Lists(*(np.concatenate([getattr(part, name) for part in parts]) for name in Lists.__annotations__))

    def map_rankings(self, use: Callable[[Ranking], Output], rows: Ints | None, threads: int) -> Iterator[Output]:
        """Apply a function to the ranking of each batch of customers, in order; newcomers have best sellers."""
        context = self.context
        products = context.products
        requested = None if np.array_equal(self.allowed, products) else self.allowed

        def work(batch: Batch) -> Output:
            some, part = batch
            excluded = excluded_of(context.excluded, some, part.n_items)
            ranking = self.recommender.rank(Query(part, products, excluded, self.allow_repeat, requested))
            ranking = ranking.take(part.has_rows[ranking.customer])
            with_past = replace(ranking, customer=some[ranking.customer])  # positions in the shop, not in the batch
            return use(with_past.merged(self._newcomers(some[~part.has_rows])))

        _ = self.bestsellers, self.recommender.ranker.booster  # computed once, before several threads need them
        return map_batches(work, context.after_feedback, rows, threads)

    def _newcomers(self, customers: Ints) -> Ranking:
        ranking = self.bestsellers.rank(customers)
        keys = ranking.customer * self.context.after_feedback.n_items + ranking.item
        return ranking.take(~np.isin(keys, self.context.excluded))


def excluded_of(excluded: Ints, some: Ints, n_items: int) -> Ints:
    """The excluded pairs of some customers, who are then numbered 0, 1, 2 ...

    Parameters
    ----------
    excluded : rising
        ``customer * n_items + item``.

    Examples
    --------
    >>> excluded_of(np.array([3, 11, 20, 21]), np.array([2, 0]), 10)
    array([ 0,  1, 13])
    """
    first, last = np.searchsorted(excluded, some * n_items), np.searchsorted(excluded, (some + 1) * n_items)
    counts = last - first
    if not counts.sum():
        return excluded[:0]
    rows = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    return np.repeat(np.arange(len(some)), counts) * n_items + excluded[rows] % n_items
