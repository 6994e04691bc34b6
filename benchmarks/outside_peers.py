"""Peers with packages of their own, each in a virtual environment of its own, on the judged windows.

    python3.11 -m venv /tmp/pymc && /tmp/pymc/bin/pip install pymc-marketing
    python3.11 -m venv /tmp/ptls && /tmp/ptls/bin/pip install "torch~=2.13.0" pytorch-lifestream
    python benchmarks/outside_peers.py --pymc /tmp/pymc/bin/python --ptls /tmp/ptls/bin/python
        [--data DIR] [--only SHOP ...] [--windows 0 1] [--weights DIR] [--into FILE]

* pymc-marketing: BG/NBD and Gamma-Gamma with its default priors, fitted by maximum a posteriori on the order days of
  the very history that is forecast; times in weeks, money in median orders.
* pytorch-lifestream: CoLES (Babaev et al. 2022) learns vectors of customers from their events before the window;
  LightGBM learns on the closed windows who orders, and how much, from these vectors alone, with the sizes of trees
  and the search of the package's own LightGBM.

Neither gives a distribution of spend, so they are judged on who orders, on the ranking of spend and on the level,
beside the package's members; differences are paired by customer. Writes benchmarks/results/outside.json; a run that is
a part of it joins what is there, if the network is the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

import asked
from lineup import BEHAVIOUR, read_weights, told_of
from machine import COMMIT, machine
from outside_fits import WEEK_DAYS
from shijin.arrays import per_customer
from shijin.distribution import P_FLOOR
from shijin.forecasting.behaviour import Behaviour
from shijin.forecasting.boosting import CANDIDATES, COMMON, HELD_OUT, MOST_ROUNDS, MOST_ROWS, PATIENCE, Boosting
from shijin.forecasting.btyd.member import Btyd
from shijin.forecasting.btyd.order_days import order_days
from shijin.forecasting.member import Window
from shijin.forecasting.windows import closed_windows, numbered
from shijin.metrics import paired, value
from shijin.network.weights import Weights
from shijin.represent.cutoff import History, Outcomes, only
from shijin.represent.packed import DAY_US, Kind
from shops import Pair, pairs

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

HERE = Path(__file__).parent
RESULT = HERE / "results" / "outside.json"
PYMC, COLES = "pymc-marketing", "CoLES + LightGBM"
CHOSEN = {"pymc": PYMC, "coles": COLES}
METRICS = {"log_score": "log score", "auc": "AUC", "ngini": "nG", "level": "level"}
Key = tuple[str, int, int]
PARTS = ("versions", "seconds", "scores", "behaviour_differences")  # of a window's result: a figure a member each


def order_summary(history: History, horizon_days: int) -> Arrays:
    """What BTYD reads of every customer, in weeks and median orders.

    `monetary_value` is of repeats alone, as Gamma-Gamma wants it: what came after the first order day, net of returns,
    shared by the order days after it; 0 where there are none.
    """
    seen = order_days(history)
    day, customer = history.moments.ts // DAY_US, history.customer
    first = history.cutoff // DAY_US - seen.age  # of who never ordered, their first moment
    counts = (history.moments.kind <= Kind.CHARGE) & (day > first[customer])
    later = per_customer(history.moments.amount * counts, history.offsets) / history.scale
    repeated = seen.repeats > 0
    return {
        "horizon_days": np.array(horizon_days),
        "frequency": seen.repeats,
        "recency": seen.recency / WEEK_DAYS,
        "T": seen.age / WEEK_DAYS,
        "monetary_value": np.where(repeated, np.maximum(later, 0.0) / np.maximum(seen.repeats, 1.0), 0.0),
    }


def event_arrays(histories: list[History]) -> Arrays:
    """The events of every history as CoLES reads them: kind, day, log amount, log gap, log age at the cutoff.

    The age of the last event tells how recently a customer came, that of the first how long the shop has known them.
    """
    arrays: Arrays = {"histories": np.array(len(histories))}
    for place, history in enumerate(histories):
        age = history.age_days
        is_first = np.zeros(len(age), dtype=bool)
        is_first[history.offsets[:-1]] = True
        gap = np.where(is_first, 0.0, np.concatenate([age[:1], age[:-1]]) - age)
        amount = history.moments.amount / history.scale
        arrays[f"offsets{place}"] = history.offsets
        arrays[f"kind{place}"] = history.moments.kind.astype(np.int64) + 1  # 0 is padding
        arrays[f"event_time{place}"] = (history.moments.ts / DAY_US).astype(np.float32)
        arrays[f"amount{place}"] = (np.sign(amount) * np.log1p(np.abs(amount))).astype(np.float32)
        arrays[f"gap{place}"] = np.log1p(gap).astype(np.float32)
        arrays[f"age{place}"] = np.log1p(age).astype(np.float32)
    return arrays


def thinned(windows: list[Window], most: int = MOST_ROWS) -> list[Window]:
    """Keep about so many rows in all: customers at even distances, the same ones in every window."""
    keep = min(1.0, most / max(sum(len(history) for history, _ in windows), 1))
    numbers = numbered(windows)
    every = max((int(number.max(initial=-1)) + 1 for number in numbers), default=0)
    kept = (np.arange(int(every * keep)) / keep).astype(int)
    return [only(*window, np.isin(number, kept)) for window, number in zip(windows, numbers, strict=True)]


def elsewhere(kind: str, python: Path, given: Arrays) -> Arrays:
    """Fit in another environment's process."""
    with TemporaryDirectory() as folder:
        here, there = Path(folder) / "given.npz", Path(folder) / "found.npz"
        np.savez(here, **given)
        command = [str(python), str(HERE / "outside_fits.py"), kind, str(here), str(there)]
        subprocess.run(command, env=os.environ | {"PYTHONWARNINGS": "ignore"}, check=True)
        with np.load(there) as found:
            return dict(found)


def by_vectors(found: Arrays, windows: list[Window]) -> tuple[Floats, Floats]:
    """Learn from vectors on closed windows; chance of an order and spend in median orders of the judged customers."""
    x = np.concatenate([found[f"vectors{place + 1}"] for place in range(len(windows))])
    active = np.concatenate([outcomes.orders > 0 for _, outcomes in windows]).astype(float)
    spend = np.concatenate([outcomes.spend / history.scale for history, outcomes in windows])
    unseen = np.concatenate([number % HELD_OUT == HELD_OUT - 1 for number in numbered(windows)])
    judged = found["vectors0"]
    p_active = _boosted("binary", x, active, unseen, judged)
    return p_active, _boosted("tweedie", x, spend, unseen, judged)


def _boosted(objective: str, x: Any, target: Floats, unseen: NDArray[np.bool_], judged: Any) -> Floats:  # noqa: ANN401
    """Choose the trees' size and number on held-out customers, then learn from all."""
    parameters = COMMON | {"num_threads": 1, "seed": 0, "objective": objective}
    train = lgb.Dataset(x[~unseen], target[~unseen], params={"verbose": -1}, free_raw_data=False)
    valid = lgb.Dataset(x[unseen], target[unseen], reference=train, free_raw_data=False)
    trials = []
    for candidate in CANDIDATES:
        stop = lgb.early_stopping(PATIENCE, verbose=False)
        trial = lgb.train(parameters | candidate, train, MOST_ROUNDS, valid_sets=[valid], callbacks=[stop])
        (loss,) = trial.best_score["valid_0"].values()
        trials.append((loss, trial.best_iteration, candidate))
    _, best_rounds, chosen = min(trials, key=lambda trial: trial[0])
    rounds = max(int(best_rounds * 1.1), 10)  # as the package's own: all customers bear more rounds than some
    booster = lgb.train(parameters | chosen, lgb.Dataset(x, target, params={"verbose": -1}), rounds)
    return np.asarray(booster.predict(judged, num_threads=1))


def outside(kind: str, python: Path, pair: Pair, window: int) -> tuple[Floats, Floats, str]:
    """Chance of an order, expected spend in shop currency, and which version said so."""
    history, _ = pair.split(window)
    if kind == "pymc":
        found = elsewhere(kind, python, order_summary(history, pair.horizon_days))
        return found["p_active"], found["mean"] * history.scale, str(found["version"])
    windows = thinned(closed_windows(pair.packed, pair.cutoff(window), pair.horizon_days))
    found = elsewhere(kind, python, event_arrays([history, *(one for one, _ in windows)]))
    p_active, spend = by_vectors(found, windows)
    return p_active, spend * history.scale, str(found["version"])


def judge(pair: Pair, window: int, pythons: dict[str, Path], weights: Weights) -> dict[str, Any]:
    """Judge peers from outside beside the package's members on one window."""
    history, outcomes = pair.split(window)
    nothing = np.ones(len(history))  # no distribution, no CRPS
    judged, versions, seconds = {}, {}, {}
    for kind, python in pythons.items():
        name, began = CHOSEN[kind], time.perf_counter()
        p_active, mean, versions[name] = outside(kind, python, pair, window)
        seconds[name] = round(time.perf_counter() - began, 1)
        judged[name] = paired.MemberForecast(np.clip(p_active, P_FLOOR, 1 - P_FLOOR), mean, nothing)
    for member in (Btyd(), Boosting(), Behaviour(weights=weights)):
        member.fit(closed_windows(pair.packed, pair.cutoff(window), pair.horizon_days), 0)
        one = member.forecast(history, pair.horizon_days)
        judged[member.name] = paired.MemberForecast(one.p_active, one.mean(), nothing)
    scores = {name: _scores(one, outcomes) for name, one in judged.items()}
    own = judged.pop(BEHAVIOUR)
    differences = paired.compare(outcomes.spend, outcomes.orders > 0, own, judged)
    return {
        "shop": pair.shop,
        "horizon_days": pair.horizon_days,
        "window": window,
        "commit": COMMIT,
        "versions": versions,
        "seconds": seconds,
        "scores": scores,
        "behaviour_differences": {
            peer: [one.as_json() for one in rows if one.metric in METRICS] for peer, rows in differences.items()
        },
    }


def _scores(one: paired.MemberForecast, outcomes: Outcomes) -> dict[str, float]:
    active = outcomes.orders > 0
    return {
        "log_score": float(value.log_scores(active, one.p_active).mean()),
        "auc": value.auc(active, one.p_active),
        "ngini": value.normalised_gini(outcomes.spend, one.mean),
        "level": value.level(outcomes.spend, one.mean),
    }


def page(results: list[dict[str, Any]]) -> str:
    """Every window as a table to paste."""
    lines = ["| window | member | " + " | ".join(METRICS.values()) + " |", "|---" * (len(METRICS) + 2) + "|"]
    for result in results:
        for name, row in result["scores"].items():
            cells = " | ".join(f"{row[metric]:.4f}" for metric in METRICS)
            lines.append(f"| {result['shop']} {result['horizon_days']} d, {result['window']} | {name} | {cells} |")
    return "\n".join(lines)


def key(result: dict[str, Any]) -> Key:
    """Which window a result is of."""
    return result["shop"], result["horizon_days"], result["window"]


def lost(old: dict[str, Any], network: dict[str, Any], keys: set[Key], peers: set[str]) -> list[str]:
    """What of an older result neither joins a run's, for another network made it, nor is made again by it."""
    if not old or old["network"]["name"] == network["name"]:
        return []
    return [
        f"{shop} {horizon_days} d, {window}"
        for shop, horizon_days, window in map(key, old["windows"])
        if (shop, horizon_days, window) not in keys or not peers.issuperset(CHOSEN.values())
    ]


def joined(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A run's result and, where the network is the same, what an older one has beside it."""
    if not old or old["network"]["name"] != new["network"]["name"]:
        return new
    windows = {key(one): one for one in old["windows"]}
    for one in new["windows"]:
        before = windows.get(key(one), {})
        windows[key(one)] = before | one | {part: before.get(part, {}) | one[part] for part in PARTS}
    return new | {"windows": list(windows.values())}


def main() -> None:
    """Judge every window that is here."""
    parser = asked.parser(__doc__, RESULT)
    parser.add_argument("--pymc", type=Path, help="the Python of an environment that has pymc-marketing")
    parser.add_argument("--ptls", type=Path, help="the Python of an environment that has pytorch-lifestream")
    parser.add_argument("--windows", type=int, nargs="*", default=(0, 1), help="counted back from the end of the data")
    told = parser.parse_args()
    pythons = {kind: path for kind, path in (("pymc", told.pymc), ("coles", told.ptls)) if path}
    if not pythons:
        sys.exit("--pymc and --ptls are missing: name the Python of at least one environment")
    weights, found = read_weights(told.weights), dict(_judgeable(told.data, told.only, told.windows))
    old = json.loads(told.into.read_text("utf-8")) if told.into.exists() else {}
    gone = lost(old, told_of(weights), set(found), {CHOSEN[kind] for kind in pythons})
    if gone and told.into == RESULT:
        sys.exit(
            f"{told.into}: of another network, and this run leaves out {'; '.join(gone)}. Cure: --into, or run all"
        )
    new = {"run_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "network": told_of(weights)}
    results = []
    for (_, _, window), pair in found.items():
        results.append(judge(pair, window, pythons, weights))
        print(f"{pair.name}, window {window}: {results[-1]['seconds']}", flush=True)
    told.into.parent.mkdir(parents=True, exist_ok=True)
    told.into.write_text(json.dumps(joined(old, new | {"windows": results}), indent=1) + "\n", "utf-8")
    print(page(results))


def _judgeable(data: Path | None, only: list[str] | None, windows: Sequence[int]) -> Iterator[tuple[Key, Pair]]:
    for pair in pairs(data, only):
        for window in windows:
            if closed_windows(pair.packed, pair.cutoff(window), pair.horizon_days):
                yield (pair.shop, pair.horizon_days, window), pair
            else:
                print(f"{pair.name}, window {window}: history too short, left out")


if __name__ == "__main__":
    main()
