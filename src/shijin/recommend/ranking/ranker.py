"""The ranker: non-negative weights over the members, then a small tree model that orders each customer's candidates.

Both are learnt on what customers took next, in a part of the past that no member had seen. A logistic curve, fitted on
scores of folds that the trees had not seen, turns the order into the chance that the item is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import lightgbm as lgb
import numpy as np
import scipy.optimize
from numpy.typing import NDArray

from shijin.arrays import Floats, Ints
from shijin.recommend.members.neighbours import falling
from shijin.recommend.ranking.calibration import Curve, curve_inputs, fit_curve, weighted
from shijin.recommend.ranking.candidates import Candidates, counted_before

BLENDED = "_share"
OF_EQUALS, TIE = "recent_share", 1e-4
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
    person : (p,)
        A number for each customer, whatever the time.
    """

    customer: Ints
    columns: NDArray[np.float32]
    taken: NDArray[np.bool_]
    fair: NDArray[np.bool_]
    person: Ints

    def take(self, rows: NDArray[np.bool_] | Ints) -> Examples:
        """Keep only some candidates."""
        return Examples(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


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
        Of the chance; None where nobody took anything.
    """

    names: tuple[str, ...]
    weights: dict[str, float]
    trees: str
    curve: Curve | None

    @cached_property
    def booster(self) -> lgb.Booster | None:
        """The trees, read once."""
        return lgb.Booster(model_str=self.trees) if self.trees else None

    def ordered(self, found: Candidates, threads: int = 1) -> tuple[Ints, Floats, Floats]:
        """Order candidates; those that are not counted change nothing of others.

        Returns
        -------
        rows : (q,)
            The candidates on the shortlists, those of a customer as the weights order them.
        score : (q,)
            What orders those of one customer; >= 0 where nobody could be learnt from.
        chance : (q,)
            The chance that the item is taken, 0..1; 0 where nobody could be learnt from.
        """
        blend = _blend(found.columns, self.names, self.weights)
        rows, read = _shortlist(found.customer, found.columns, blend, found.counted, found.eligible)
        score = read[:, -2].astype(np.float64)
        if self.booster is not None:
            score = np.asarray(self.booster.predict(read, num_threads=threads))
        if self.curve is None:
            positive = np.maximum(score, 0.0) if self.booster is None else np.exp(score)
            return rows, positive, np.zeros(len(rows))
        counted = found.counted[rows] & (read[:, -1] < SHORTLIST)
        return rows, score, self.curve.chance(_curve_inputs(found.customer[rows], read, self.names, score, counted))


def fit_ranker(examples: Examples, names: Sequence[str], threads: int) -> Ranker:
    """Learn weights, trees and the curve.

    Parameters
    ----------
    names
        Of the columns.
    """
    names = tuple(names)
    buyers = np.unique(examples.customer[examples.taken])
    weights = _fit_weights(examples.take(np.isin(examples.customer, buyers)), names)
    blend = _blend(examples.columns, names, weights)
    rows, read = _shortlist(examples.customer, examples.columns, blend)
    short = replace(examples.take(rows), columns=read)
    buyers = np.unique(short.customer[short.taken])
    score, trees = read[:, -2].astype(np.float64), ""
    if len(buyers) >= LEAST_TO_RANK:
        score, trees = _fit_trees(short, threads)
    curve, fair = None, short.fair
    left = not short.taken[fair].all()  # where all was taken, nothing tells a chance
    if left and len(np.unique(short.customer[short.taken & fair])) >= LEAST_TO_WEIGH:
        everyone = np.ones(len(score), dtype=bool)
        inputs = _curve_inputs(short.customer, read, names, score, everyone)
        curve = fit_curve(inputs[fair], short.taken[fair])
    return Ranker(names, weights, trees, curve)


def _fit_trees(examples: Examples, threads: int) -> tuple[Floats, str]:
    """Scores by trees that had not seen the customer, and the trees fitted on all.

    How many trees is what halves of the customers found best of each other; the halves have as many when they score, so
    that their scores spread as those of all will.
    """
    threads = threads if len(examples.customer) >= THREADED else 1
    half_of = np.searchsorted(np.unique(examples.person[examples.taken]), examples.person) % 2
    told = np.isin(examples.customer, examples.customer[examples.taken])
    of_row = np.where(told, half_of, -1)
    settings = TREES | {"num_threads": threads}
    halves = [_dataset(examples, of_row == half) for half in (0, 1)]
    fitted = []
    for half in (0, 1):
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        learn, watch = halves[half], halves[1 - half]
        kept = lgb.train(settings, learn, MOST_TREES, [watch], callbacks=[stop], keep_training_booster=True)
        fitted.append(kept)
    rounds = max(1, round(MORE_TREES * sum(one.best_iteration for one in fitted) / 2))
    for one in fitted:
        for _ in range(rounds - one.current_iteration()):
            one.update()
    by_half = [np.asarray(one.predict(examples.columns, num_iteration=rounds, num_threads=threads)) for one in fitted]
    score = np.where(half_of == 0, by_half[1], by_half[0])  # one half's alone, whether or not the list took anything
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
    in_order = falling(examples.customer, examples.columns[:, blended].sum(axis=1))  # not in that of items' codes
    shares, outcome = examples.columns[:, blended][in_order].astype(np.float64), examples.taken[in_order].astype(float)
    starts = np.flatnonzero(np.diff(examples.customer, prepend=-1))
    lists = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(shares))))
    taken = np.add.reduceat(outcome, starts)
    aim = shares.T @ (outcome / taken[lists])

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
    """(p,) what the weights say; of equals the one that sells best of late says a little more."""
    parts = [(columns[:, names.index(name)], weight) for name, weight in weights.items()]
    if OF_EQUALS in names:
        parts.append((columns[:, names.index(OF_EQUALS)], TIE))
    return weighted(parts, len(columns))


def _shortlist(
    customer: Ints,
    columns: NDArray[np.float32],
    blend: Floats,
    counted: NDArray[np.bool_] | None = None,
    open_: NDArray[np.bool_] | None = None,
) -> tuple[Ints, NDArray[np.float32]]:
    """Candidates that the weights place highest, in that order, and their columns with the blend and its rank behind.

    LightGBM takes equals as they come and bags by row, so that the order of rows must not be that of items' codes.

    Parameters
    ----------
    counted : (p,) bool
        Among which places are counted; all where None.
    open_ : (p,) bool
        Of which the highest are in too, whatever their place.
    """
    order = falling(customer, blend)
    counted = np.ones(len(order), dtype=bool) if counted is None else counted
    rank = _rank(customer, order, counted)
    listed = rank < SHORTLIST
    if open_ is not None and not counted.all():
        listed |= open_ & (_rank(customer, order, open_) < SHORTLIST)
    rows = order[listed[order]]
    return rows, np.column_stack([columns[rows], blend[rows], rank[rows]]).astype(np.float32)


def _rank(customer: Ints, order: Ints, counted: NDArray[np.bool_]) -> Ints:
    """(p,) how many that count stand before each one of the same customer in an order by customer."""
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    lists = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(customer))))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = counted_before(counted[order]) - counted_before(counted)[starts][lists]
    return rank


def _curve_inputs(
    customer: Ints, columns: NDArray[np.float32], names: tuple[str, ...], score: Floats, counted: NDArray[np.bool_]
) -> Floats:
    place = _rank(customer, falling(customer, score), counted).astype(np.float64)
    known = (columns[:, names.index(name)].astype(np.float64) for name in ("actions", "silence", "pace"))
    return curve_inputs(score, place, *known)
