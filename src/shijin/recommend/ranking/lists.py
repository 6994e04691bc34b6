"""From candidates to the lists that are shown: diverse where asked, worth as well as likely, and a share that explores.

A slot goes to the best candidate left, or, with the chance of exploring, to any candidate left, all alike. The
propensity of what is shown is the chance with which this slot showed it, given the slots before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.recommend.ranking.ranker import SHORTLIST
from shijin.recommend.ranking.recommender import Ranking


@dataclass(frozen=True)
class Shape:
    """What lists are to look like.

    Parameters
    ----------
    k
        How long they are at most.
    diverse
        0: by score alone; 1: by variety alone. What is taken off a candidate is this share times the share of the list
        so far that is of its category.
    explore
        The chance that a slot goes to any candidate, 0..1.
    seed
        Of the draws.
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
    score : (r,) the chance that it is taken, or that times what it brings; what orders where no chance was learnt
    propensity : (r,) with what chance this slot showed it, given the slots before it, 0..1
    explored : (r,) whether it stands there to learn from
    """

    customer: Ints
    rank: Ints
    item: Codes
    score: Floats
    propensity: Floats
    explored: NDArray[np.bool_]


def make_lists(wanted: Ranking, worth: Floats | None, category: Codes, shape: Shape) -> Lists:
    """Fill the slots of every customer that has candidates.

    Parameters
    ----------
    worth : (items,) or None
        What a piece of each item brings, shop currency; scores are then the chance times it.
    category : (items,)
        By what variety is told, -1 where unknown.
    """
    owners, starts, counts = np.unique(wanted.customer, return_index=True, return_counts=True)
    scores = wanted.likely
    if worth is not None:
        scores = scores * worth[wanted.item]
    width = int(counts.max(initial=0))
    place = np.minimum(starts[:, None] + np.arange(width), max(len(wanted.item) - 1, 0))
    open_ = np.arange(width) < counts[:, None]
    items = wanted.item[place] if width else np.zeros((len(owners), 0), np.int32)
    value = np.where(open_, scores[place], -np.inf) if width else np.zeros((len(owners), 0))
    draws = _draws(shape, owners) if shape.explore and len(owners) else None
    slots = min(shape.k, width)
    chosen = np.full((len(owners), slots), -1)
    propensity = np.zeros((len(owners), slots))
    explored = np.zeros((len(owners), slots), dtype=bool)
    kinds = category[items]
    for slot in range(slots):
        best = _best(value, open_, kinds, chosen[:, :slot], shape.diverse)
        left = np.maximum(open_.sum(axis=1), 1)
        pick = best
        if draws is not None:
            any_left = _nth_open(open_, (draws[:, slot, 1] * left).astype(np.int64))
            pick = np.where(draws[:, slot, 0] < shape.explore, any_left, best)
        chosen[:, slot] = np.where(open_.any(axis=1), pick, -1)
        propensity[:, slot] = (1 - shape.explore) * (pick == best) + shape.explore / left
        explored[:, slot] = pick != best
        open_[np.arange(len(owners)), pick] = False
    row, slot_of = np.nonzero(chosen >= 0)
    spot = chosen[row, slot_of]
    return Lists(
        customer=owners[row],
        rank=slot_of + 1,
        item=items[row, spot],
        score=value[row, spot],
        propensity=propensity[row, slot_of],
        explored=explored[row, slot_of],
    )


def _best(value: Floats, open_: NDArray[np.bool_], kinds: Codes, chosen: Ints, diverse: float) -> Ints:
    """(n,) the place of the best candidate left: by value, less what the list already has of its category."""
    if not diverse or not chosen.shape[1]:
        return np.argmax(np.where(open_, value, -np.inf), axis=1)
    finite = np.isfinite(value)
    top = np.max(np.where(finite, value, -np.inf), axis=1, keepdims=True)
    lowest = np.where(top > 0, 0.0, np.min(np.where(finite, value, np.inf), axis=1, keepdims=True))
    share = np.where(finite, value - lowest, 0.0) / np.maximum(top - lowest, 1e-12)
    alike = np.zeros(share.shape)
    for slot in range(chosen.shape[1]):
        kind = np.take_along_axis(kinds, np.maximum(chosen[:, slot : slot + 1], 0), axis=1)
        alike += (kinds == kind) & (kinds >= 0)
    gain = (1 - diverse) * share - diverse * alike / chosen.shape[1]
    return np.argmax(np.where(open_, gain, -np.inf), axis=1)


def _nth_open(open_: NDArray[np.bool_], number: Ints) -> Ints:
    """(n,) the place of the number-th candidate left, from 0."""
    return np.argmax(np.cumsum(open_, axis=1) > number[:, None], axis=1)


def _draws(shape: Shape, owners: Ints) -> Floats:
    """(n, slots, 2) uniform: whether a slot explores, and what it shows then.

    They are a customer's position's and the slot's, whoever is asked and however long the lists are.
    """
    first, last = int(owners[0]), int(owners[-1])
    bits = np.random.PCG64(shape.seed)
    bits.advance(first * SHORTLIST * 2)
    return np.random.Generator(bits).random((last - first + 1, SHORTLIST, 2))[owners - first]
