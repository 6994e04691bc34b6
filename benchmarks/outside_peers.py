"""Peers with packages of their own, each in a virtual environment of its own, on the judged windows.

    python3.11 -m venv /tmp/pymc && /tmp/pymc/bin/pip install pymc-marketing
    python3.11 -m venv /tmp/ptls && /tmp/ptls/bin/pip install "torch~=2.13.0" pytorch-lifestream
    python benchmarks/outside_peers.py --pymc /tmp/pymc/bin/python --ptls /tmp/ptls/bin/python
        [--data DIR] [--only SHOP ...] [--windows 0 1] [--weights DIR]

* pymc-marketing: BG/NBD and Gamma-Gamma with its default priors, fitted by maximum a posteriori on the order days of
  the very history that is forecast; times in weeks, money in median orders.
* pytorch-lifestream: CoLES (Babaev et al. 2022) learns vectors of customers from their events before the window;
  LightGBM learns on the newest closed windows who orders, and how much, from these vectors alone.

Neither gives a distribution of spend, so they are judged on who orders, on the ranking of spend and on the level,
beside the package's members; differences are paired by customer. Writes benchmarks/results/outside.json.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from lineup import BEHAVIOUR, read_weights, told_of
from machine import machine
from outside_fits import WEEK_DAYS
from shijin.distribution import P_FLOOR
from shijin.forecast.behaviour import Behaviour
from shijin.forecast.boosting import COMMON, Boosting
from shijin.forecast.btyd import Btyd
from shijin.forecast.member import Window
from shijin.forecast.order_days import order_days
from shijin.forecast.windows import closed_windows
from shijin.metrics import paired, value
from shijin.network.weights import Weights
from shijin.represent.cutoff import History, Outcomes
from shops import HORIZONS, Pair, pairs

Floats = NDArray[np.float64]
Arrays = dict[str, NDArray[Any]]

HERE = Path(__file__).parent
RESULT = HERE / "results" / "outside.json"
PYMC, COLES = "pymc-marketing", "CoLES + LightGBM"
CHOSEN = {"pymc": PYMC, "coles": COLES}
METRICS = {"log_score": "log score", "auc": "AUC", "ngini": "nG", "level": "level"}
MOST_WINDOWS = 4
TREES = {"num_leaves": 15, "min_data_in_leaf": 40, "learning_rate": 0.04, "num_threads": 1, "seed": 0}
ROUNDS, PATIENCE, HELD_OUT = 300, 30, 4


def order_summary(history: History, horizon_days: int) -> Arrays:
    """What BTYD reads of every customer, in weeks and median orders."""
    seen = order_days(history)
    return {
        "horizon_days": np.array(horizon_days),
        "frequency": seen.repeats,
        "recency": seen.recency / WEEK_DAYS,
        "T": seen.age / WEEK_DAYS,
        "monetary_value": np.maximum(seen.money / np.maximum(seen.days, 1), 1e-3),
    }


def event_arrays(histories: list[History]) -> Arrays:
    """The events of every history as CoLES reads them: kind, day, log amount, log gap."""
    arrays: Arrays = {"histories": np.array(len(histories))}
    for place, history in enumerate(histories):
        age = history.age_days
        is_first = np.zeros(len(age), dtype=bool)
        is_first[history.offsets[:-1]] = True
        gap = np.where(is_first, 0.0, np.concatenate([age[:1], age[:-1]]) - age)
        arrays[f"offsets{place}"] = history.offsets
        arrays[f"kind{place}"] = history.moments.kind.astype(np.int64) + 1  # 0 is padding
        arrays[f"event_time{place}"] = (history.moments.ts / 86_400_000_000).astype(np.float32)
        amount = history.moments.amount / history.scale
        arrays[f"amount{place}"] = (np.sign(amount) * np.log1p(np.abs(amount))).astype(np.float32)
        arrays[f"gap{place}"] = np.log1p(gap).astype(np.float32)
    return arrays


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
    unseen = np.concatenate([np.arange(len(history)) % HELD_OUT == HELD_OUT - 1 for history, _ in windows])
    judged = found["vectors0"]
    p_active = _boosted("binary", x, active, unseen, judged)
    return p_active, _boosted("tweedie", x, spend, unseen, judged)


def _boosted(objective: str, x: Any, target: Floats, unseen: NDArray[np.bool_], judged: Any) -> Floats:  # noqa: ANN401
    train = lgb.Dataset(x[~unseen], target[~unseen], params={"verbose": -1})
    valid = lgb.Dataset(x[unseen], target[unseen], reference=train)
    stop = lgb.early_stopping(PATIENCE, verbose=False)
    booster = lgb.train(COMMON | TREES | {"objective": objective}, train, ROUNDS, valid_sets=[valid], callbacks=[stop])
    return np.asarray(booster.predict(judged))


def outside(kind: str, python: Path, pair: Pair, window: int) -> tuple[Floats, Floats, str]:
    """Chance of an order, expected spend in shop currency, and which version said so."""
    history, _ = pair.split(window)
    if kind == "pymc":
        found = elsewhere(kind, python, order_summary(history, pair.horizon_days))
        return found["p_active"], found["mean"] * history.scale, str(found["version"])
    windows = closed_windows(pair.packed, pair.cutoff(window), pair.horizon_days)[:MOST_WINDOWS]
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
        judged[name] = paired.Judged(np.clip(p_active, P_FLOOR, 1 - P_FLOOR), mean, nothing)
    for member in (Btyd(), Boosting(), Behaviour(weights=weights)):
        member.fit(closed_windows(pair.packed, pair.cutoff(window), pair.horizon_days), 0)
        one = member.forecast(history, pair.horizon_days)
        judged[member.name] = paired.Judged(one.p_active, one.mean(), nothing)
    scores = {name: _scores(one, outcomes) for name, one in judged.items()}
    own = judged.pop(BEHAVIOUR)
    differences = paired.compare(outcomes.spend, outcomes.orders > 0, own, judged)
    return {
        "shop": pair.shop,
        "horizon_days": pair.horizon_days,
        "window": window,
        "versions": versions,
        "seconds": seconds,
        "scores": scores,
        "behaviour_differences": {
            peer: [
                {"metric": one.metric, "value": one.value, "low": one.low, "high": one.high, "verdict": one.verdict}
                for one in rows
                if one.metric in METRICS
            ]
            for peer, rows in differences.items()
        },
    }


def _scores(one: paired.Judged, outcomes: Outcomes) -> dict[str, float]:
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


def main() -> None:
    """Judge every window that is here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pymc", type=Path, help="the Python of an environment that has pymc-marketing")
    parser.add_argument("--ptls", type=Path, help="the Python of an environment that has pytorch-lifestream")
    parser.add_argument("--data", type=Path, help="the folder of UCI Online Retail II")
    parser.add_argument("--only", nargs="*", help="shops: " + ", ".join(HORIZONS))
    parser.add_argument("--windows", type=int, nargs="*", default=(0, 1), help="counted back from the end of the data")
    parser.add_argument("--weights", type=Path, help="a folder of weights; the shipped ones where not given")
    parser.add_argument("--into", type=Path, default=RESULT, help="where the result is written")
    told = parser.parse_args()
    pythons = {kind: path for kind, path in (("pymc", told.pymc), ("coles", told.ptls)) if path}
    if not pythons:
        sys.exit("--pymc and --ptls are missing: name the Python of at least one environment")
    weights, results = read_weights(told.weights), []
    for pair in pairs(told.data, told.only):
        for window in told.windows:
            if not closed_windows(pair.packed, pair.cutoff(window), pair.horizon_days):
                print(f"{pair.name}, window {window}: history too short, left out")
                continue
            results.append(judge(pair, window, pythons, weights))
            print(f"{pair.name}, window {window}: {results[-1]['seconds']}", flush=True)
    meta = {"run_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    result = meta | {"network": told_of(weights), "windows": results}
    told.into.parent.mkdir(parents=True, exist_ok=True)
    told.into.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(page(results))


if __name__ == "__main__":
    main()
