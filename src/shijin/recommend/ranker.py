"""The ranker: non-negative weights over the members, then a small tree model that orders each customer's candidates.

Both are learnt on what customers took next, in a part of the past that no member had seen. A logistic curve, fitted on
scores of folds that the trees had not seen, turns the order into the chance that the item is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import lightgbm as lgb
import numpy as np
import scipy.optimize
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from shijin.recommend.neighbours import falling
from shijin.represent.packed import Floats, Ints

BLENDED = "_share"
SHRINK = 2.0  # pulls the weights to equal ones, in customers
SHORTLIST = 100  # of a customer's candidates, by the weights: what the trees order
MOST_TREES, PATIENCE = 300, 25
MORE_TREES = 1.5  # that all examples bear, over what a half of them does
LEAST_TO_RANK = 60  # customers with something taken, below whom the weights alone order
LEAST_TO_WEIGH = 10
THREADED = 200_000  # candidates; below, threads wait for each other longer than they work
TREES = {
    "objective": "lambdarank",
    "metric": "ndcg",
    "eval_at": [10],
    "num_leaves": 8,
    "learning_rate": 0.08,
    "min_data_in_leaf": 100,
    "lambdarank_truncation_level": 20,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 63,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
}


@dataclass(frozen=True)
class Examples:
    """Candidates whose outcome is known.

    Parameters
    ----------
    customer : (p,) rising
        A number for each list of candidates: one customer at one time.
    columns : (p, c) float32
    taken : (p,) bool
    fair : (p,) bool
        Whether the list was chosen without a look at what was taken: from such the chance is learnt.
    """

    customer: Ints
    columns: NDArray[np.float32]
    taken: NDArray[np.bool_]
    fair: NDArray[np.bool_]

    def take(self, rows: NDArray[np.bool_] | Ints) -> Examples:
        """Keep only some candidates."""
        return Examples(self.customer[rows], self.columns[rows], self.taken[rows], self.fair[rows])


@dataclass(frozen=True)
class Ranker:
    """How candidates are ordered.

    Parameters
    ----------
    names
        Of the columns that it reads.
    weights
        Of the members' shares, >= 0, by column name.
    trees
        LightGBM's own text; empty where too few customers took anything: then the weights order.
    curve
        Intercept and slopes of the chance over the score, its rank, and what is known of the customer; empty where
        nobody took anything.
    """

    names: tuple[str, ...]
    weights: dict[str, float]
    trees: str
    curve: tuple[float, ...]

    @cached_property
    def booster(self) -> lgb.Booster | None:
        """The trees, read once."""
        return lgb.Booster(model_str=self.trees) if self.trees else None

    def ordered(self, customer: Ints, columns: NDArray[np.float32], threads: int = 1) -> tuple[Ints, Floats, Floats]:
        """Order candidates, given by customer.

        Returns
        -------
        rows : (q,)
            The candidates on the shortlists, those of a customer as the weights order them.
        score : (q,)
            What orders those of one customer; >= 0 where nobody could be learnt from.
        chance : (q,)
            The chance that the item is taken, 0..1; 0 where nobody could be learnt from.
        """
        rows, read = _shortlist(customer, columns, _blend(columns, self.names, self.weights))
        score = read[:, -2].astype(np.float64)
        if self.booster is not None:
            score = np.asarray(self.booster.predict(read, num_threads=threads))
        if not self.curve:
            positive = np.maximum(score, 0.0) if self.booster is None else np.exp(score)
            return rows, positive, np.zeros(len(rows))
        inputs = _curve_inputs(customer[rows], read, self.names, score)
        odds = self.curve[0] + _weighted(zip(inputs.T, self.curve[1:], strict=True), len(rows))
        return rows, score, expit(odds)


def fit_ranker(examples: Examples, names: Sequence[str], threads: int) -> Ranker:
    """Learn weights, trees and the curve.

    Parameters
    ----------
    names
        Of the columns.
    """
    names = tuple(names)
    takers = np.unique(examples.customer[examples.taken])
    weights = _fit_weights(examples.take(np.isin(examples.customer, takers)), names)
    rows, read = _shortlist(examples.customer, examples.columns, _blend(examples.columns, names, weights))
    short = replace(examples.take(rows), columns=read)
    takers = np.unique(short.customer[short.taken])
    score, trees = read[:, -2].astype(np.float64), ""
    if len(takers) >= LEAST_TO_RANK:
        score, trees = _fit_trees(short, takers, threads)
    curve: tuple[float, ...] = ()
    left = not short.taken[short.fair].all()  # where all was taken, nothing tells a chance
    if left and len(np.unique(short.customer[short.taken & short.fair])) >= LEAST_TO_WEIGH:
        model = LogisticRegression(C=10.0, max_iter=200)
        inputs = _curve_inputs(short.customer, read, names, score)
        model.fit(inputs[short.fair], short.taken[short.fair])
        curve = (float(model.intercept_[0]), *(float(slope) for slope in model.coef_[0]))
    return Ranker(names, weights, trees, curve)


def _fit_trees(examples: Examples, takers: Ints, threads: int) -> tuple[Floats, str]:
    """Scores of folds unseen, and the trees fitted on all; how many is what the folds found best."""
    threads = threads if len(examples.customer) >= THREADED else 1
    fold = np.zeros(int(examples.customer.max()) + 1, dtype=np.int64) - 1
    fold[takers] = np.arange(len(takers)) % 2
    of_row = fold[examples.customer]
    settings = TREES | {"num_threads": threads}
    halves = [_dataset(examples, of_row == half) for half in (0, 1)]
    fitted = []
    for half in (0, 1):
        learn, watch = halves[half], halves[1 - half]
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        fitted.append(lgb.train(settings, learn, MOST_TREES, valid_sets=[watch], callbacks=[stop]))
    by_half = [np.asarray(one.predict(examples.columns, num_threads=threads)) for one in fitted]
    score = np.where(of_row == 0, by_half[1], np.where(of_row == 1, by_half[0], (by_half[0] + by_half[1]) / 2))
    rounds = max(1, round(MORE_TREES * sum(one.best_iteration for one in fitted) / 2))
    whole = lgb.train(settings, _dataset(examples, of_row >= 0), rounds)
    return score, str(whole.model_to_string())


def _dataset(examples: Examples, rows: NDArray[np.bool_]) -> lgb.Dataset:
    lists = np.unique(examples.customer[rows], return_counts=True)[1]
    return lgb.Dataset(examples.columns[rows], examples.taken[rows].astype(np.int32), group=lists, free_raw_data=False)


def _fit_weights(examples: Examples, names: tuple[str, ...]) -> dict[str, float]:
    """Weights >= 0 under which what was taken is likeliest among a customer's candidates (a conditional logit)."""
    blended = [place for place, name in enumerate(names) if name.endswith(BLENDED)]
    equal = np.ones(len(blended))
    if len(np.unique(examples.customer)) < LEAST_TO_WEIGH:
        return {names[place]: 1.0 for place in blended}
    shares = examples.columns[:, blended].astype(np.float64)
    starts = np.flatnonzero(np.diff(examples.customer, prepend=-1))
    lists = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(shares))))
    taken = np.add.reduceat(examples.taken.astype(float), starts)
    aim = shares.T @ (examples.taken / taken[lists])

    def loss(weights: Floats) -> tuple[float, Floats]:
        utility = shares @ weights
        top = np.maximum.reduceat(utility, starts)
        odds = np.exp(utility - top[lists])
        total = np.add.reduceat(odds, starts)
        slope = shares.T @ (odds / total[lists]) - aim + SHRINK * (weights - equal)
        value = float((np.log(total) + top).sum() - weights @ aim + SHRINK / 2 * ((weights - equal) ** 2).sum())
        return value, slope

    found = scipy.optimize.minimize(loss, equal, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(blended))
    return {names[place]: float(weight) for place, weight in zip(blended, found.x, strict=True)}


def _blend(columns: NDArray[np.float32], names: tuple[str, ...], weights: dict[str, float]) -> Floats:
    return _weighted(((columns[:, names.index(name)], weight) for name, weight in weights.items()), len(columns))


def _weighted(parts: Iterable[tuple[NDArray[np.floating], float]], n: int) -> Floats:
    """(n,) sum of columns, each times its weight; in the last bits of a matrix product shows who else was asked."""
    total = np.zeros(n)
    for column, weight in parts:
        total += weight * column.astype(np.float64)
    return total


def _shortlist(customer: Ints, columns: NDArray[np.float32], blend: Floats) -> tuple[Ints, NDArray[np.float32]]:
    """Candidates that the weights place highest, in that order, and their columns with the blend and its rank behind.

    LightGBM takes equals as they come and bags by row, so that the order of rows must not be that of items' codes.
    """
    rank = _rank(customer, blend)
    rows = np.flatnonzero(rank < SHORTLIST)
    rows = rows[np.lexsort((rank[rows], customer[rows]))]
    return rows, np.column_stack([columns[rows], blend[rows], rank[rows]]).astype(np.float32)


def _rank(customer: Ints, values: Floats) -> Floats:
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    lists = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(customer))))
    rank = np.empty(len(values))
    rank[falling(lists, values)] = np.arange(len(values)) - starts[lists]
    return rank


def _curve_inputs(
    customer: Ints, columns: NDArray[np.float32], names: tuple[str, ...], score: Floats
) -> NDArray[np.float64]:
    rank = np.log1p(_rank(customer, score))
    known = [np.log1p(columns[:, names.index(name)].astype(np.float64)) for name in ("actions", "silence")]
    return np.column_stack([score, rank, *known])
