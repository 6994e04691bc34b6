"""Lists from ranked candidates: optionally diverse, optionally by value, with a share of places that explore.

A place goes to the best candidate left, or, with the probability of exploring, to any candidate left, all equally
likely. The propensity of a shown item is the probability with which this place showed it, given the places before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shijin.arrays import Codes, Flags, Floats, Ints
from shijin.recommend.ranking.ranker import SHORTLIST
from shijin.recommend.ranking.recommender import Ranking


@dataclass(frozen=True)
class ListShape:
    """Options of the lists.

    Parameters
    ----------
    k
        The greatest length.
    diverse
        0: by score alone; 1: by variety alone. A candidate loses this share times the share of the list so far that has
        the candidate's category.
    explore
        Probability that a place goes to any candidate, 0..1.
    seed
        Seed of the draws.
    """

    k: int = 10
    diverse: float = 0.0
    explore: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Lists:
    """r rows, by customer and rank.

    customer : (r,) position
    rank : (r,) from 1
    item : (r,) code
    score : (r,) the chance that it is bought, times its value where lists are by value; the ranking score where no
        chance is known
    propensity : (r,) probability with which this place showed it, given the places before it, 0..1
    explored : (r,) whether it is shown to learn from, and not because it is the best candidate
    """

    customer: Ints
    rank: Ints
    item: Codes
    score: Floats
    propensity: Floats
    explored: Flags


def make_lists(ranking: Ranking, worth: Floats | None, category: Codes, shape: ListShape) -> Lists:
    """Fill the places of every customer that has candidates.

    Parameters
    ----------
    worth : (items,) or None
        Value of a piece of each item, shop currency; scores are then the chance times it.
    category : (items,)
        Categories by which variety is measured, -1 where unknown.
    """
    owners, starts, counts = np.unique(ranking.customer, return_index=True, return_counts=True)
    scores = ranking.chance_or_score
    if worth is not None:
        scores = scores * worth[ranking.item]
    # One row for each customer, as wide as the most candidates; the cells behind a customer's last one are never free.
    width = int(counts.max(initial=0))
    place = np.minimum(starts[:, None] + np.arange(width), max(len(ranking.item) - 1, 0))
    free = np.arange(width) < counts[:, None]
    items = ranking.item[place] if width else np.zeros((len(owners), 0), np.int32)
    value = np.where(free, scores[place], -np.inf) if width else np.zeros((len(owners), 0))
    draws = _draws(shape, owners) if shape.explore and len(owners) else None
    slots = min(shape.k, width)
    chosen = np.full((len(owners), slots), -1)
    propensity = np.zeros((len(owners), slots))
    explored = np.zeros((len(owners), slots), dtype=bool)
    categories = category[items]
    for slot in range(slots):
        best = _best(value, free, categories, chosen[:, :slot], shape.diverse)
        n_free = np.maximum(free.sum(axis=1), 1)
        pick = best
        if draws is not None:
            any_free = _nth_free(free, (draws[:, slot, 1] * n_free).astype(np.int64))
            pick = np.where(draws[:, slot, 0] < shape.explore, any_free, best)
        chosen[:, slot] = np.where(free.any(axis=1), pick, -1)
        propensity[:, slot] = (1 - shape.explore) * (pick == best) + shape.explore / n_free
        explored[:, slot] = pick != best
        free[np.arange(len(owners)), pick] = False
    row, slot_of = np.nonzero(chosen >= 0)
    cell = chosen[row, slot_of]
    return Lists(
        customer=owners[row],
        rank=slot_of + 1,
        item=items[row, cell],
        score=value[row, cell],
        propensity=propensity[row, slot_of],
        explored=explored[row, slot_of],
    )


def _best(value: Floats, free: Flags, categories: Codes, chosen: Ints, diverse: float) -> Ints:
    """(n,) the cell of the best candidate left: by value, less the share of its category in the list so far."""
    if not diverse or not chosen.shape[1]:
        return np.argmax(np.where(free, value, -np.inf), axis=1)
    # Values become shares 0..1 of the customer's best one, so that they can be set off against shares of a category.
    finite = np.isfinite(value)
    top = np.max(np.where(finite, value, -np.inf), axis=1, keepdims=True)
    lowest = np.where(top > 0, 0.0, np.min(np.where(finite, value, np.inf), axis=1, keepdims=True))
    share = np.where(finite, value - lowest, 0.0) / np.maximum(top - lowest, 1e-12)
    same_category = np.zeros(share.shape)
    for slot in range(chosen.shape[1]):
        category = np.take_along_axis(categories, np.maximum(chosen[:, slot : slot + 1], 0), axis=1)
        same_category += (categories == category) & (categories >= 0)
    gain = (1 - diverse) * share - diverse * same_category / chosen.shape[1]
    return np.argmax(np.where(free, gain, -np.inf), axis=1)


def _nth_free(free: Flags, number: Ints) -> Ints:
    """(n,) the cell of the number-th candidate left, from 0."""
    return np.argmax(np.cumsum(free, axis=1) > number[:, None], axis=1)


def _draws(shape: ListShape, owners: Ints) -> Floats:
    """(n, places, 2) uniform: whether a place explores, and which candidate it then shows.

    They depend on a customer's position and the place alone, whoever else gets a list and however long the lists are.
    """
    first, last = int(owners[0]), int(owners[-1])
    bits = np.random.PCG64(shape.seed)
    bits.advance(first * SHORTLIST * 2)  # every customer has as many draws: skip those of the customers before
    return np.random.Generator(bits).random((last - first + 1, SHORTLIST, 2))[owners - first]
