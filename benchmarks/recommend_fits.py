"""Recommenders of others: rows in, a list of ten for every user out. It needs nothing of Shijin.

PYTHON recommend_fits.py GIVEN.npz FOLDER PEER

Settings are chosen on a part that is asked inside what is given (NDCG@10), one at a time from a start, twice around;
then everything given is learnt, once a seed. What is in the folder already is left as it is.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from top_lists import TOP, Floats, Ints, best_of, judge

DAY_US = 86_400_000_000
AT_ONCE = 256  # users scored at once
ROUNDS = 2
SEEDS = (0, 1, 2)
ALWAYS = float("inf")
PADDING = 1e-6  # of a score: where a method says nothing, the most popular comes next

Settings = dict[str, Any]
Matrix = sparse.csr_matrix


@dataclass(frozen=True, eq=False)
class Given:
    """What a peer may see.

    Parameters
    ----------
    user, item, ts
        Rows by user and time, (m,); `ts` in microseconds.
    end
        When the lists are asked, in microseconds; 0 asks each user's next row, whenever it comes.
    repeats
        What a user has may be listed again.
    """

    user: Ints
    item: Ints
    ts: Ints
    n_users: int
    n_items: int
    end: int
    repeats: bool

    def age(self) -> Floats:
        """How old each row is when the lists are asked: days, or rows of the same user that came after it."""
        if self.end:
            return (self.end - self.ts) / DAY_US
        counts = np.bincount(self.user, minlength=self.n_users)
        return np.repeat(np.cumsum(counts), counts) - 1.0 - np.arange(len(self.user))

    def matrix(self, half_life: float = ALWAYS) -> Matrix:
        """How often each user took each item, (n_users, n_items), each time worth half after a half-life."""
        worth = 0.5 ** (self.age() / half_life)
        shape = (self.n_users, self.n_items)
        found = sparse.csr_matrix((worth.astype(np.float32), (self.user, self.item)), shape=shape)
        found.sum_duplicates()
        return found

    def popularity(self, days: float = ALWAYS) -> Floats:
        """Users of each item in the days before the end, (n_items,), the most popular 1."""
        end = self.end or int(self.ts.max())
        recent = (end - self.ts) / DAY_US <= days
        pairs = np.unique(self.user[recent] * self.n_items + self.item[recent])
        users = np.bincount(pairs % self.n_items, minlength=self.n_items)
        return users / max(users.max(), 1)


def ones(counts: Matrix) -> Matrix:
    """Whether at all."""
    found = counts.copy()
    found.data[:] = 1
    return found


def lists(given: Given, scores_of: Callable[[slice], NDArray[np.floating]]) -> Ints:
    """Lists of everybody from the scores of some users at a time; what is known already is barred if asked so."""
    top = np.full((given.n_users, TOP), -1, dtype=np.int64)
    known = given.matrix()
    for start in range(0, given.n_users, AT_ONCE):
        some = slice(start, start + AT_ONCE)
        top[some] = best_of(scores_of(some), None if given.repeats else known[some].toarray() > 0)
    return top


def popularity(given: Given, told: Settings, _: int) -> Ints:
    """The same for all: what most users took in recent days."""
    scores = given.popularity(told["days"]) + PADDING * given.popularity()
    return lists(given, lambda some: np.tile(scores, (min(some.stop, given.n_users) - some.start, 1)))


def repeat_last(given: Given, _: Settings, __: int) -> Ints:
    """What each user took most recently; of what was taken at one time, what was taken more often."""
    counts = given.matrix().tocoo()
    last = np.zeros((given.n_users * given.n_items), dtype=np.int64)
    np.maximum.at(last, given.user * given.n_items + given.item, given.ts)
    order = np.lexsort((counts.data, last[counts.row.astype(np.int64) * given.n_items + counts.col], counts.row))
    rank = np.empty(len(order), dtype=np.float32)
    rank[order] = np.arange(len(order)) - np.searchsorted(counts.row[order], counts.row[order]) + 1
    ranked = sparse.csr_matrix((rank, (counts.row, counts.col)), shape=counts.shape)
    fill = PADDING * given.popularity()
    return lists(given, lambda some: ranked[some].toarray() + fill)


def repeat_often(given: Given, told: Settings, _: int) -> Ints:
    """What each user took most often, each time worth half after a half-life."""
    counts, fill = given.matrix(told["half_life"]), PADDING * given.popularity()
    return lists(given, lambda some: counts[some].toarray() + fill)


def item_knn(given: Given, told: Settings, _: int) -> Ints:
    """Cosine between items over users; the nearest of what a user took, each time worth half after a half-life."""
    near = nearest(given, told["shrink"], told["least"])
    values = np.where(near.places < told["k"], near.values, 0)
    similar = sparse.csr_matrix((values.ravel(), near.items.ravel(), near.starts), shape=(given.n_items, given.n_items))
    similar.eliminate_zeros()
    taken, fill = given.matrix(told["half_life"]), PADDING * given.popularity()
    return lists(given, lambda some: (taken[some] @ similar + told["own"] * taken[some]).toarray() + fill)


@dataclass(frozen=True)
class Near:
    """The most similar items of every item, the nearest first: flat, with the start of each item's."""

    items: Ints
    values: NDArray[np.float32]
    places: Ints
    starts: Ints


MOST_NEAR = 1000


@lru_cache(maxsize=1)
def nearest(given: Given, shrink: float, least: int) -> Near:
    """Cosine of items that so many users have: count of common users / (root of both counts + shrink)."""
    taken = ones(given.matrix())
    users = np.asarray(taken.sum(axis=0)).ravel()
    kept = np.flatnonzero(users >= least)
    taken, size = taken[:, kept].tocsc(), users[kept]
    k = min(MOST_NEAR, len(kept) - 1)
    items, values = [], []
    for start in range(0, len(kept), AT_ONCE):
        some = np.arange(start, min(start + AT_ONCE, len(kept)))
        common = (taken[:, some].T @ taken).toarray()
        common /= np.sqrt(size[some][:, None] * size).astype(np.float32) + np.float32(shrink)
        common[np.arange(len(some)), some] = 0  # how much a user's own items weigh is told apart
        best = np.argpartition(-common, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(common, best, axis=1), axis=1)
        best = np.take_along_axis(best, order, axis=1)
        items.append(kept[best])
        values.append(np.take_along_axis(common, best, axis=1))
    counts = np.zeros(given.n_items, dtype=np.int64)
    counts[kept] = k
    places = np.tile(np.arange(k), len(kept))
    starts = np.concatenate([[0], np.cumsum(counts)])
    return Near(np.concatenate(items).ravel(), np.concatenate(values).ravel(), places, starts)


def ease(given: Given, told: Settings, _: int) -> Ints:
    """EASE (Steck 2019), exact over the whole catalogue: inverted on the smaller side, users or items."""
    counts = given.matrix(told["half_life"])
    taken = counts.log1p() if told["log"] else ones(counts)
    if given.n_users < given.n_items:
        return _ease_by_users(given, taken, told["l2"])
    gram = (taken.T @ taken).toarray()
    gram[np.diag_indices_from(gram)] += told["l2"]
    factor, _lower = linalg.cho_factor(gram, lower=True, overwrite_a=True, check_finite=False)
    inverse, _info = linalg.lapack.get_lapack_funcs("potri", (factor,))(factor, lower=1, overwrite_c=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    inverse /= -np.diag(inverse).copy()
    np.fill_diagonal(inverse, 0)
    return lists(given, lambda some: taken[some] @ inverse)


def _ease_by_users(given: Given, taken: Matrix, l2: float) -> Ints:
    """The same weights by Woodbury: with K = X X', X P = (K + l2)^-1 X and diag P = (1 - diag X'(K + l2)^-1 X) / l2."""
    kernel = (taken @ taken.T).toarray().astype(np.float64)
    kernel[np.diag_indices_from(kernel)] += l2
    solved = linalg.cho_solve(linalg.cho_factor(kernel), np.eye(len(kernel))).astype(np.float32) @ taken
    diagonal = (1 - np.asarray(taken.multiply(solved).sum(axis=0)).ravel()) / l2
    return lists(given, lambda some: taken[some].toarray() - solved[some] / diagonal)


def als(given: Given, told: Settings, seed: int) -> Ints:
    """Implicit ALS (Hu, Koren and Volinsky 2008) of the package implicit."""
    from implicit.als import AlternatingLeastSquares

    counts = given.matrix(told["half_life"])
    names = ("factors", "regularization", "alpha", "iterations")
    model = AlternatingLeastSquares(**{name: told[name] for name in names}, random_state=seed, num_threads=1)
    model.fit(counts.log1p() if told["log"] else ones(counts), show_progress=False)
    return lists(given, lambda some: model.user_factors[some] @ model.item_factors.T)


Peer = Callable[[Given, Settings, int], Ints]
PEERS: dict[str, Peer] = {
    "popularity": popularity,
    "repeat-last": repeat_last,
    "repeat-often": repeat_often,
    "item-knn": item_knn,
    "ease": ease,
    "implicit-als": als,
}
NETWORKS = ("sasrec", "esasrec")
RANDOM = ("implicit-als", *NETWORKS)
DAYS = {"days": [ALWAYS, 84, 28, 14, 7]}
# What may be chosen: the first of each is the start. Half-lives are rows where the next row is asked, else days.
NEXT: dict[str, dict[str, list[Any]]] = {
    "popularity": DAYS,
    "item-knn": {
        "half_life": [4, 2, 1, 8, 16, 32, 64, ALWAYS],
        "k": [100, 20, 50, 200, 500, MOST_NEAR],
        "shrink": [0, 5, 20, 50],
        "least": [1],
        "own": [0],
    },
    "ease": {"l2": [200, 50, 100, 400, 800, 1600], "log": [False], "half_life": [ALWAYS]},
    "implicit-als": {
        "factors": [64, 32, 128, 16],
        "regularization": [0.1, 0.01, 1.0, 10.0, 30.0],
        "alpha": [1.0, 0.3, 3.0, 10.0, 30.0],
        "iterations": [15],
        "log": [False],
        "half_life": [ALWAYS],
    },
}
WINDOW: dict[str, dict[str, list[Any]]] = {
    "popularity": DAYS,
    "repeat-last": {},
    "repeat-often": {"half_life": [84, 14, 28, 56, 168, ALWAYS]},
    "item-knn": {
        "own": [30, 1, 10, 100, 300],
        "half_life": [84, 28, 56, 168],
        "k": [100, 20, 50, 200],
        "shrink": [0, 50],
        "least": [5],
    },
    "ease": {
        "l2": [30, 3, 10, 100, 1000],
        "half_life": [168, 84, ALWAYS],
        "log": [True, False],
    },
    "implicit-als": {
        "half_life": [ALWAYS, 168, 84, 42],
        "regularization": [0.1, 1.0, 10.0, 100.0],
        "alpha": [1.0, 0.3, 3.0, 10.0, 30.0],
        "factors": [64, 128, 256],
        "iterations": [15],
        "log": [True],
    },
}


def choose(
    peer: Peer, grid: dict[str, list[Any]], given: Given, asked: tuple[Ints, Ints]
) -> list[tuple[float, Settings]]:
    """Try settings one at a time from the start, twice around; every trial, the best first."""
    trials: dict[str, tuple[float, Settings]] = {}

    def tried(told: Settings) -> float:
        if repr(told) not in trials:
            ndcg, _ = judge(peer(given, told, SEEDS[0]), *asked)
            trials[repr(told)] = float(np.nanmean(ndcg)), told
        return trials[repr(told)][0]

    best = {name: options[0] for name, options in grid.items()}
    tried(best)
    for name in list(grid) * ROUNDS:
        best = max(({**best, name: option} for option in grid[name]), key=tried)
    return sorted(trials.values(), key=lambda trial: -trial[0])


def read(path: Path) -> tuple[Given, Given, tuple[Ints, Ints]]:
    """What is given; the part of it that settings are chosen with; and what that part is asked."""
    with np.load(path) as read:
        shape = int(read["n_users"]), int(read["n_items"])
        rows = [read[name].astype(np.int64) for name in ("user", "item", "ts")]
        inside, repeats = read["chosen_with"], bool(read["repeats"])
        everything = Given(*rows, *shape, int(read["end"]), repeats)
        part = Given(*(row[inside] for row in rows), *shape, int(read["chosen_end"]), repeats)
        return everything, part, (read["asked_user"], read["asked_item"])


def fit(path: Path, folder: Path, name: str) -> None:
    """Choose, then learn and list for every seed."""
    given, part, asked = read(path)
    grid = (WINDOW if given.end else NEXT)[name]
    began = time.perf_counter()
    chosen_at = folder / f"{name}-chosen.json"
    if not chosen_at.exists():
        trials = choose(PEERS[name], grid, part, asked)
        told = {
            "settings": trials[0][1],
            "validation_ndcg": trials[0][0],
            "choosing_seconds": round(time.perf_counter() - began, 1),
            "trials": [{"validation_ndcg": round(score, 5), "settings": one} for score, one in trials],
        }
        chosen_at.write_text(json.dumps(told, indent=1))
    chosen = json.loads(chosen_at.read_text())
    for seed in unfinished(folder, name):
        began = time.perf_counter()
        top = PEERS[name](given, chosen["settings"], seed)
        card = {key: value for key, value in chosen.items() if key != "trials"}
        write(folder, name, seed, top, card | {"fit_seconds": round(time.perf_counter() - began, 1)})


def unfinished(folder: Path, name: str) -> Iterator[int]:
    """Seeds whose lists are not here."""
    seeds = SEEDS if name in RANDOM else SEEDS[:1]
    return (seed for seed in seeds if not (folder / f"{name}-{seed}.npz").exists())


def write(folder: Path, name: str, seed: int, top: Ints, card: dict[str, Any]) -> None:
    """Lists, and the card that tells how they came about."""
    packages = ("numpy", "scipy", "implicit", "RecTools", "torch", "pytorch-lightning")
    told = {"peer": name, "seed": seed, **card, "versions": {one: version(one) for one in packages}}
    (folder / f"{name}-{seed}.json").write_text(json.dumps(told, indent=1))
    np.savez_compressed(folder / f"{name}-{seed}.npz", top=top)  # last: what has lists is finished


def main() -> None:
    """Fit one peer."""
    given, folder, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    if name in NETWORKS:
        import recommend_networks

        recommend_networks.fit(given, folder, name)
    else:
        fit(given, folder, name)


if __name__ == "__main__":
    main()
