"""The ranker: non-negative weights over the members, then a small tree model that orders each customer's candidates.

Both are trained on what customers bought next, in a part of the past that no member had seen. A logistic curve, fitted
to scores of folds that the trees had not seen, turns the order into the chance that the item is bought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import lightgbm as lgb
import numpy as np
import scipy.optimize

from shijin.arrays import Flags, Floats, Ints, Singles
from shijin.recommend.members.neighbours import falling
from shijin.recommend.ranking.calibration import Curve, curve_inputs, fit_curve, weighted
from shijin.recommend.ranking.candidates import Candidates
from shijin.recommend.ranking.columns import counted_before

BLENDED = "_share"  # the weights apply to the columns whose name ends so
OF_EQUALS, TIE = "recent_share", 1e-4  # the column that orders candidates of equal weight
SHRINK = 2.0  # pulls the weights to 1, in customers
SHORTLIST = 100  # candidates of a customer that the trees order, chosen by the weights
MOST_TREES, PATIENCE = 300, 25
MORE_TREES = 1.5  # factor for the number of trees when all examples are used instead of half of them
LEAST_TO_RANK = 60  # customers with a purchase; below, the weights alone order
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
    bought : (p,) bool
        Whether the customer bought the item next.
    unbiased : (p,) bool
        Whether the list was chosen without looking at the outcome: the chance is fitted to these.
    person : (p,)
        A number for each customer, whatever the time.
    """

    customer: Ints
    columns: Singles
    bought: Flags
    unbiased: Flags
    person: Ints

    def take(self, rows: Flags | Ints) -> Examples:
        """Keep only some candidates."""
        return Examples(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Ranker:
    """The order of candidates.

    Parameters
    ----------
    names
        Names of the columns that it reads.
    weights
        Weights of the members' shares, >= 0, by column name.
    trees
        LightGBM's own text; empty where too few customers bought anything: then the weights order.
    curve
        Curve of the chance; None where nobody bought anything.
    """

    names: tuple[str, ...]
    weights: dict[str, float]
    trees: str
    curve: Curve | None

    @cached_property
    def booster(self) -> lgb.Booster | None:
        """The trees, parsed once."""
        return lgb.Booster(model_str=self.trees) if self.trees else None

    def ordered(self, found: Candidates, threads: int = 1) -> tuple[Ints, Floats, Floats]:
        """Score candidates; those that are not counted change nothing of others.

        Returns
        -------
        rows : (q,)
            The candidates on the shortlists, in each customer's order by the weights.
        score : (q,)
            Orders the candidates of one customer; >= 0 where there was nobody to learn from.
        chance : (q,)
            The chance that the item is bought, 0..1; 0 where there was nobody to learn from.
        """
        blend = _blend(found.columns, self.names, self.weights)
        rows, columns = _shortlist(found.customer, found.columns, blend, found.counted, found.eligible)
        score = columns[:, -2].astype(np.float64)
        if self.booster is not None:
            score = np.asarray(self.booster.predict(columns, num_threads=threads))
        if self.curve is None:
            positive = np.maximum(score, 0.0) if self.booster is None else np.exp(score)
            return rows, positive, np.zeros(len(rows))
        counted = found.counted[rows] & (columns[:, -1] < SHORTLIST)
        return rows, score, self.curve.chance(_curve_inputs(found.customer[rows], columns, self.names, score, counted))


def fit_ranker(examples: Examples, names: Sequence[str], threads: int) -> Ranker:
    """Fit the weights, the trees and the curve.

    Parameters
    ----------
    names
        Names of the columns.
    """
    names = tuple(names)
    buyers = np.unique(examples.customer[examples.bought])
    weights = _fit_weights(examples.take(np.isin(examples.customer, buyers)), names)
    blend = _blend(examples.columns, names, weights)
    rows, columns = _shortlist(examples.customer, examples.columns, blend)
    short = replace(examples.take(rows), columns=columns)
    buyers = np.unique(short.customer[short.bought])
    score, trees = columns[:, -2].astype(np.float64), ""
    if len(buyers) >= LEAST_TO_RANK:
        score, trees = _fit_trees(short, threads)
    curve, unbiased = None, short.unbiased
    some_not_bought = not short.bought[unbiased].all()  # without them no chance can be estimated
    if some_not_bought and len(np.unique(short.customer[short.bought & unbiased])) >= LEAST_TO_WEIGH:
        everyone = np.ones(len(score), dtype=bool)
        inputs = _curve_inputs(short.customer, columns, names, score, everyone)
        curve = fit_curve(inputs[unbiased], short.bought[unbiased])
    return Ranker(names, weights, trees, curve)


def _fit_trees(examples: Examples, threads: int) -> tuple[Floats, str]:
    """Scores by trees that had not seen the customer, and the trees fitted to all examples.

    The number of trees is the best one that each half of the customers found on the other half. Both halves use that
    number for their scores, so that these spread as those of the whole model.
    """
    threads = threads if len(examples.customer) >= THREADED else 1
    half_of = np.searchsorted(np.unique(examples.person[examples.bought]), examples.person) % 2
    has_purchase = np.isin(examples.customer, examples.customer[examples.bought])
    of_row = np.where(has_purchase, half_of, -1)
    settings = TREES | {"num_threads": threads}
    halves = [_dataset(examples, of_row == half) for half in (0, 1)]
    fitted = []
    for half in (0, 1):
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        fit_on, judge_on = halves[half], halves[1 - half]
        fitted.append(lgb.train(settings, fit_on, MOST_TREES, [judge_on], callbacks=[stop], keep_training_booster=True))
    rounds = max(1, round(MORE_TREES * sum(one.best_iteration for one in fitted) / 2))
    for one in fitted:
        for _ in range(rounds - one.current_iteration()):
            one.update()
    by_half = [np.asarray(one.predict(examples.columns, num_iteration=rounds, num_threads=threads)) for one in fitted]
    score = np.where(half_of == 0, by_half[1], by_half[0])  # a list without purchase is scored by one half only, too
    whole = lgb.train(settings, _dataset(examples, of_row >= 0), rounds)
    return score, str(whole.model_to_string())


def _dataset(examples: Examples, rows: Flags) -> lgb.Dataset:
    lists = np.unique(examples.customer[rows], return_counts=True)[1]
    return lgb.Dataset(examples.columns[rows], examples.bought[rows].astype(np.int32), group=lists, free_raw_data=False)


def _fit_weights(examples: Examples, names: tuple[str, ...]) -> dict[str, float]:
    """Weights >= 0 that maximise the likelihood of the bought candidates of each list: a conditional logit."""
    blended = [place for place, name in enumerate(names) if name.endswith(BLENDED)]
    equal = np.ones(len(blended))
    if len(np.unique(examples.customer)) < LEAST_TO_WEIGH:
        return {names[place]: 1.0 for place in blended}
    in_order = falling(
        examples.customer, examples.columns[:, blended].sum(axis=1)
    )  # the order of codes must not matter
    shares, outcome = examples.columns[:, blended][in_order].astype(np.float64), examples.bought[in_order].astype(float)
    starts = np.flatnonzero(np.diff(examples.customer, prepend=-1))
    lists = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(shares))))
    bought = np.add.reduceat(outcome, starts)
    # Each list has weight 1, shared among its purchases: sum of the shares of what was bought.
    observed = shares.T @ (outcome / bought[lists])

    def loss(weights: Floats) -> tuple[float, Floats]:
        """Negative log-likelihood with a quadratic penalty around 1, and its gradient."""
        utility = shares @ weights
        top = np.maximum.reduceat(utility, starts)  # subtracted before exp, so that nothing overflows
        odds = np.exp(utility - top[lists])
        total = np.add.reduceat(odds, starts)
        slope = shares.T @ (odds / total[lists]) - observed + SHRINK * (weights - equal)
        value = float((np.log(total) + top).sum() - weights @ observed + SHRINK / 2 * ((weights - equal) ** 2).sum())
        return value, slope

    best = scipy.optimize.minimize(loss, equal, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(blended))
    return {names[place]: float(weight) for place, weight in zip(blended, best.x, strict=True)}


def _blend(columns: Singles, names: tuple[str, ...], weights: dict[str, float]) -> Floats:
    """(p,) weighted sum of the members' shares; of equals the best seller of late has a little more."""
    parts = [(columns[:, names.index(name)], weight) for name, weight in weights.items()]
    if OF_EQUALS in names:
        parts.append((columns[:, names.index(OF_EQUALS)], TIE))
    return weighted(parts, len(columns))


def _shortlist(
    customer: Ints, columns: Singles, blend: Floats, counted: Flags | None = None, eligible: Flags | None = None
) -> tuple[Ints, Singles]:
    """The candidates of the largest blend, in that order, and their columns with the blend and its rank appended.

    LightGBM breaks ties by row and bags by row, so that the order of rows must not be that of item codes.

    Parameters
    ----------
    counted : (p,) bool
        Candidates among which ranks are counted; all where None.
    eligible : (p,) bool
        Candidates whose best are on the shortlist too, whatever their rank.
    """
    order = falling(customer, blend)
    counted = np.ones(len(order), dtype=bool) if counted is None else counted
    rank = _rank(customer, order, counted)
    listed = rank < SHORTLIST
    if eligible is not None and not counted.all():
        listed |= eligible & (_rank(customer, order, eligible) < SHORTLIST)
    rows = order[listed[order]]
    return rows, np.column_stack([columns[rows], blend[rows], rank[rows]]).astype(np.float32)


def _rank(customer: Ints, order: Ints, counted: Flags) -> Ints:
    """(p,) number of counted candidates before each one of the same customer, in an order by customer."""
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    lists = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(customer))))
    rank = np.empty(len(order), dtype=np.int64)
    # Counted ones before the row in the whole order, less those before the customer's first row.
    rank[order] = counted_before(counted[order]) - counted_before(counted)[starts][lists]
    return rank


def _curve_inputs(customer: Ints, columns: Singles, names: tuple[str, ...], score: Floats, counted: Flags) -> Floats:
    place = _rank(customer, falling(customer, score), counted).astype(np.float64)
    known = (columns[:, names.index(name)].astype(np.float64) for name in ("actions", "silence", "pace"))
    return curve_inputs(score, place, *known)
