"""Gradient boosting as a member, fitted on many closed windows.

Four LightGBM models over the same features: activity (cross-entropy), log spend given activity (squared error), the
width of log spend (log absolute residual on held-out customers), and further orders given activity (Poisson). Rows are
customers x windows; a small search on held-out customers chooses the size of the trees, one for all four.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Floats, Singles
from shijin.distribution import P_FLOOR, Distribution, Grid
from shijin.errors import ModelError
from shijin.forecasting.member import Window
from shijin.forecasting.spread import Spread
from shijin.forecasting.windows import numbered
from shijin.represent.cutoff import History
from shijin.represent.features import features

NAME = "LightGBM"
MOST_ROWS = 100_000  # customers x windows; of more, a random sample of each window
LEAST_ACTIVE, LEAST_ROWS = 20, 60
LEAST_HELD_OUT = 5  # spenders among the held out, and among the others: of one row LightGBM's bagging draws none
THREADED_ROWS = 20_000  # with fewer rows one thread is faster
HELD_OUT = 4  # one customer in so many is held out, to choose the size and number of trees
MOST_ROUNDS = 400
PATIENCE = 40
CANDIDATES: tuple[dict[str, Any], ...] = (
    {"num_leaves": 6, "min_data_in_leaf": 40, "learning_rate": 0.05},
    {"num_leaves": 15, "min_data_in_leaf": 40, "learning_rate": 0.04},
    {"num_leaves": 31, "min_data_in_leaf": 100, "learning_rate": 0.03},
)
COMMON: dict[str, Any] = {
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "verbose": -1,
    "deterministic": True,
    "force_col_wise": True,
}
LEAST_WIDTH, MOST_WIDTH = 0.15, 2.5
PARTS = ("activity", "spend", "width", "orders")


@dataclass(frozen=True)
class _Examples:
    """Rows = customers x windows. `held_out` marks customers, in all their windows."""

    values: Singles
    spend: Floats  # in the shop's median orders
    orders: Floats
    held_out: NDArray[np.bool_]

    def take(self, rows: NDArray[np.bool_]) -> _Examples:
        return _Examples(self.values[rows], self.spend[rows], self.orders[rows], self.held_out[rows])


class Boosting:
    """LightGBM models of activity, and of spend and orders given activity.

    Parameters
    ----------
    threads
        For LightGBM; the result does not depend on it.
    """

    name = NAME

    def __init__(self, threads: int = 1) -> None:
        self.threads = threads
        self.boosters: dict[str, lgb.Booster] = {}
        self.spread = Spread.untrained()
        self.settings: dict[str, Any] | None = None  # of the trees, chosen by the last fit

    def fit(self, windows: Sequence[Window], seed: int) -> None:
        """Learn from closed windows.

        Raises
        ------
        ModelError
            When too few customers ordered, spent, or did neither.
        """
        examples = _examples(windows, seed)
        some = _spenders(examples)
        parameters = COMMON | {"num_threads": self._threads(len(examples.orders)), "seed": seed}
        self.settings = self._search(examples, parameters)
        parameters |= self.settings
        self.boosters = {}
        self._learn("activity", "binary", examples, (examples.orders > 0).astype(float), parameters)
        log_spend = np.log(some.spend)
        trial = self._learn("spend", "regression", some, log_spend, parameters)
        # Width and spread are learnt from residuals of held-out customers: residuals of fitted rows are too small.
        unseen = some.take(some.held_out)
        residuals = log_spend[some.held_out] - trial.predict(unseen.values)
        self._learn_width(unseen, residuals, parameters)
        self.spread = self._spread(examples, unseen, residuals, parameters)

    def forecast(self, history: History, horizon_days: int) -> Distribution:
        """Forecast every customer of a History."""
        if not self.boosters:
            raise ModelError("forecasting.not_fitted", NAME)
        values = features(history, horizon_days).values
        p_active = np.clip(self._predict("activity", values), P_FLOOR, 1 - P_FLOOR)
        width = self._width(values)
        spend_mean = np.exp(self._predict("spend", values)) * self.spread.mean_factor(width)
        further = self._predict("orders", values) if "orders" in self.boosters else np.zeros(len(values))
        grid = Grid.of_scale(history.scale)
        return self.spread.distribution(p_active, spend_mean * history.scale, 1 + further, width, grid)

    def state(self) -> dict[str, Any]:
        """The fitted parameters as plain numbers, and the trees as LightGBM's text."""
        return {
            "files": {_file_of(part): one.model_to_string().encode() for part, one in self.boosters.items()},
            "spread": self.spread.state(),
            "settings": self.settings,
        }

    def load(self, state: dict[str, Any]) -> Self:
        """Restore what `state` returned."""
        texts = {part: state["files"].get(_file_of(part)) for part in PARTS}
        self.boosters = {part: lgb.Booster(model_str=text.decode()) for part, text in texts.items() if text is not None}
        self.spread = Spread.from_state(state["spread"])
        self.settings = state["settings"]
        return self

    def _search(self, examples: _Examples, parameters: dict[str, Any]) -> dict[str, Any]:
        """Choose the size of the trees by the log loss of held-out customers' activity."""
        active = (examples.orders > 0).astype(float)
        losses = []
        for candidate in CANDIDATES:
            trial = _trial("binary", examples, active, parameters | candidate)
            losses.append(trial.best_score["valid_0"]["binary_logloss"])
        return CANDIDATES[int(np.argmin(losses))]

    def _learn(
        self, part: str, objective: str, examples: _Examples, target: Floats, parameters: dict[str, Any]
    ) -> lgb.Booster:
        """Choose the number of rounds on held-out customers, then fit on all; return the fit without the held out."""
        trial = _trial(objective, examples, target, parameters)
        # A tenth more rounds than was best in the trial: the final fit has a third more rows.
        rounds = max(int(trial.best_iteration * 1.1), 10)
        whole = lgb.Dataset(examples.values, target, params={"verbose": -1})
        self.boosters[part] = lgb.train(parameters | {"objective": objective}, whole, rounds)
        return trial

    def _learn_width(self, unseen: _Examples, residuals: Floats, parameters: dict[str, Any]) -> None:
        leaf = max(20, len(residuals) // 20)
        small = parameters | {"objective": "regression", "num_leaves": 4, "min_data_in_leaf": leaf}
        log_size = np.log(np.maximum(np.abs(residuals), 0.02))
        self.boosters["width"] = lgb.train(small, lgb.Dataset(unseen.values, log_size, params={"verbose": -1}), 60)

    def _spread(self, examples: _Examples, unseen: _Examples, residuals: Floats, parameters: dict[str, Any]) -> Spread:
        width = self._width(unseen.values)
        active = examples.take(examples.orders > 0)
        unseen_active = active.take(active.held_out)
        further = np.zeros(len(unseen_active.orders))
        if (active.orders[~active.held_out] > 1).any():  # else no customer ordered twice
            trial = self._learn("orders", "poisson", active, active.orders - 1, parameters)
            further = np.asarray(trial.predict(unseen_active.values))
        return Spread.of(residuals / width, unseen_active.orders, 1 + further)

    def _width(self, values: Singles) -> Floats:
        # The factor brings exp(mean log |residual|) near a standard deviation; `Spread` learns what remains.
        return np.clip(1.5 * np.exp(self._predict("width", values)), LEAST_WIDTH, MOST_WIDTH)

    def _threads(self, rows: int) -> int:
        return self.threads if rows >= THREADED_ROWS else 1

    def _predict(self, part: str, values: Singles) -> Floats:
        return np.asarray(self.boosters[part].predict(values, num_threads=self._threads(len(values))))


def _file_of(part: str) -> str:
    return f"lightgbm-{part}.txt"


def _examples(windows: Sequence[Window], seed: int) -> _Examples:
    total = sum(len(history) for history, _ in windows)
    keep = min(1.0, MOST_ROWS / max(total, 1))
    rng = np.random.default_rng(seed)
    values, spend, orders, held_out = [], [], [], []
    for (history, outcomes), number in zip(windows, numbered(windows), strict=True):
        rows = np.sort(rng.permutation(len(history))[: max(int(keep * len(history)), 1)])
        values.append(features(history, outcomes.horizon_days).values[rows])
        spend.append(outcomes.spend[rows] / history.scale)
        orders.append(outcomes.orders[rows].astype(float))
        held_out.append(number[rows] % HELD_OUT == HELD_OUT - 1)
    if not values:
        return _Examples(np.zeros((0, 0), np.float32), np.zeros(0), np.zeros(0), np.zeros(0, bool))
    return _Examples(*(np.concatenate(parts) for parts in (values, spend, orders, held_out)))


def _spenders(examples: _Examples) -> _Examples:
    """Examples with an order and spend; refused if they, or the others, are too few."""
    rows, n_active = len(examples.orders), int(np.count_nonzero(examples.orders))
    some = examples.take((examples.orders > 0) & (examples.spend > 0))
    least = min(len(some.orders), n_active, rows - n_active)
    least_part = min(np.count_nonzero(some.held_out), np.count_nonzero(~some.held_out))
    if least < LEAST_ACTIVE or rows < LEAST_ROWS or least_part < LEAST_HELD_OUT:
        spenders = len(some.orders)
        raise ModelError("forecasting.too_little_to_learn_from", NAME, rows=rows, active=n_active, spenders=spenders)
    return some


def _trial(objective: str, examples: _Examples, target: Floats, parameters: dict[str, Any]) -> lgb.Booster:
    """Fit without the held-out customers, stopping early by their loss."""
    known, unseen = ~examples.held_out, examples.held_out
    train = lgb.Dataset(examples.values[known], target[known], params={"verbose": -1})
    valid = lgb.Dataset(examples.values[unseen], target[unseen], reference=train)
    stop = lgb.early_stopping(PATIENCE, verbose=False)
    return lgb.train(parameters | {"objective": objective}, train, MOST_ROUNDS, valid_sets=[valid], callbacks=[stop])
