"""How lists of ten are judged, and made of scores: of arrays alone, so that peers in other environments share it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TOP = 10


def judge(top: Ints, user: Ints, item: Ints) -> tuple[Floats, Floats]:
    """How well lists foretell what was taken: NDCG@10 and Recall@10 of every user.

    NDCG = sum over hits 1 / log2(place + 1), places from 1, over that sum of the best list, which has min(10, asked)
    hits. Recall = hits / asked. Both 0 to 1, higher is better.

    Parameters
    ----------
    top
        (n_users, 10), item codes, the likeliest first; -1 is an empty place.
    user, item
        The asked pairs, each once.

    Returns
    -------
    ndcg, recall
        (n_users,), nan for who is asked nothing.

    Raises
    ------
    ValueError
        When a list holds an item twice, or a pair is asked twice.

    Examples
    --------
    The first user's list hits at places 1 and 3, one of three is missed: DCG 1 + 1/2, of 1 + .6309 + 1/2.
    The second user's list is short and misses; the third is asked nothing.

    >>> top = np.full((3, 10), -1)
    >>> top[0, :4] = [7, 2, 5, 1]
    >>> top[1, :2] = [7, 2]
    >>> ndcg, recall = judge(top, np.array([0, 0, 0, 1]), np.array([5, 7, 9, 1]))
    >>> ndcg.round(4).tolist(), recall.round(4).tolist()
    ([0.7039, 0.0, nan], [0.6667, 0.0, nan])
    """
    n_items = int(max(top.max(initial=0), item.max(initial=0))) + 1
    asked = user * n_items + item
    listed = np.where(top >= 0, np.arange(len(top))[:, None] * n_items + top, -1)
    if len(np.unique(asked)) < len(asked):
        raise ValueError("a pair is asked twice")
    if len(np.unique(listed[listed >= 0])) < (listed >= 0).sum():
        raise ValueError("a list holds an item twice")
    hits = np.isin(listed, asked)
    gain = 1 / np.log2(np.arange(top.shape[1]) + 2)
    counts = np.bincount(user, minlength=len(top))
    best = np.concatenate([[0.0], np.cumsum(gain)])[np.minimum(counts, top.shape[1])]
    with np.errstate(invalid="ignore"):
        return hits @ gain / best, hits.sum(axis=1) / counts


def best_of(scores: NDArray[np.floating], excluded: NDArray[np.bool_] | None = None) -> Ints:
    """Make lists of scores: (n, items) in, (n, 10) item codes out, the best first.

    What is barred, or scored minus infinity, is never listed; a list may stay short, its empty places are -1.

    Examples
    --------
    >>> best_of(np.array([[0.1, 0.9, 0.5]]), np.array([[False, False, True]])).tolist()
    [[1, 0, -1, -1, -1, -1, -1, -1, -1, -1]]
    """
    open_scores = scores if excluded is None else np.where(excluded, -np.inf, scores)
    k = min(TOP, scores.shape[1])
    some = np.argpartition(-open_scores, k - 1, axis=1)[:, :k]
    values = np.take_along_axis(open_scores, some, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    top = np.full((len(scores), TOP), -1, dtype=np.int64)
    top[:, :k] = np.where(
        np.take_along_axis(values, order, axis=1) > -np.inf, np.take_along_axis(some, order, axis=1), -1
    )
    return top
