"""Is it the shop's past that is read? The same weights, with the context taken away or spoilt.

    python benchmarks/context.py [--data DIR] [--only SHOP ...] [--windows 0 1] [--weights DIR]

On every window of `value.py` that has closed windows before it: in context; without any; told of other customers only,
so that nobody's own past outcome is among what is read (the share whose own is told is kept); with outcomes shuffled
between the customers of each closed window; with few told; and with the numbers inside every tensor of the network
shuffled, which must ruin it. Differences are paired by customer. Writes benchmarks/results/ablations.json.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import asked
from lineup import BEHAVIOUR, read_weights, told_of
from machine import machine
from shijin.distribution import Distribution
from shijin.metrics import value
from shijin.network.context import DRAW_SEED, MOST_CONTEXT, Past, context_windows, draw_context
from shijin.network.runtime import Network, forecast, read_past
from shijin.network.weights import Weights
from shijin.represent.cutoff import History, Outcomes
from shijin.threads import one_blas_thread
from shops import Pair, pairs
from value import WINDOWS, compared

HERE = Path(__file__).parent
RESULT = HERE / "results" / "ablations.json"
SEED = 0
FOLDS = 4
FEW = (30, 100, 300)
OTHERS, SHUFFLED, NOTHING, PERMUTED = "other customers only", "outcomes shuffled", "no context", "tensors permuted"
METRICS = {"log_score": "log score", "auc": "AUC", "ngini": "nG", "crps": "CRPS", "level": "level"}
Window = tuple[History, Outcomes]


def forecasts(network: Network, history: History, horizon_days: int) -> dict[str, Distribution]:
    """Forecast a History in every way."""
    found = {
        BEHAVIOUR: _told(network, history, horizon_days, MOST_CONTEXT),
        NOTHING: _told(network, history, horizon_days, 0),
    }
    found[OTHERS] = others_only(network, history, horizon_days)
    found[SHUFFLED] = _with_windows(network, history, horizon_days, shuffled)
    for most in FEW:
        found[f"{most} told"] = _told(network, history, horizon_days, most)
    spoilt = Network(permuted(Weights(network.tensors, {"sha256": network.name})))
    found[PERMUTED] = _told(spoilt, history, horizon_days, MOST_CONTEXT)
    return found


def others_only(network: Network, history: History, horizon_days: int) -> Distribution:
    """Forecast each fourth of the customers with the other three in context."""
    parts: list[Distribution] = []
    fold_of = np.arange(len(history)) % FOLDS
    for fold in range(FOLDS):
        asked = frozenset(history.customers[fold_of == fold].tolist())

        def without(windows: Sequence[Window], asked: frozenset[str] = asked) -> list[Window]:
            return [_outside(window, asked) for window in windows]

        read = _read(network, history, horizon_days, without)
        parts.append(forecast(network, history.take(fold_of == fold), horizon_days, read))
    places = np.argsort(np.concatenate([np.flatnonzero(fold_of == fold) for fold in range(FOLDS)]))
    p_active, spend, orders = (
        np.concatenate([getattr(part, name) for part in parts])[places] for name in ("p_active", "spend", "orders")
    )
    return Distribution(p_active, spend, orders, parts[0].grid)


def own_outcome_told(history: History, horizon_days: int) -> float:
    """Share of customers whose own earlier outcome is among what is told."""
    past = Past.of(history, horizon_days)
    rows = draw_context(past.windows, MOST_CONTEXT, np.random.default_rng(DRAW_SEED)) if past.windows else []
    told = [window[0].customers[some] for window, some in zip(past.windows, rows, strict=True)]
    return float(np.isin(history.customers, np.concatenate(told)).mean()) if told else 0.0


def shuffled(windows: Sequence[Window]) -> list[Window]:
    """Deal what came of a window's customers out among them anew: totals stay, and nobody's own outcome."""
    rng = np.random.default_rng(SEED)
    dealt = []
    for history, outcomes in windows:
        to = rng.permutation(len(history))
        parts = {name: getattr(outcomes, name)[to] for name in ("spend", "orders", "first_days")}
        dealt.append((history, replace(outcomes, **parts)))
    return dealt


def permuted(weights: Weights) -> Weights:
    """Shuffle the numbers inside every tensor."""
    rng = np.random.default_rng(SEED)
    named = sorted(weights.tensors.items())  # a file's tensors come in any order
    tensors = {name: rng.permutation(one.ravel()).reshape(one.shape) for name, one in named}
    return Weights(tensors, weights.card)


def _told(network: Network, history: History, horizon_days: int, most: int) -> Distribution:
    return forecast(network, history, horizon_days, read_past(network, history, horizon_days, most))


def _with_windows(
    network: Network, history: History, horizon_days: int, change: Callable[[Sequence[Window]], list[Window]]
) -> Distribution:
    return forecast(network, history, horizon_days, _read(network, history, horizon_days, change))


def _read(
    network: Network, history: History, horizon_days: int, change: Callable[[Sequence[Window]], list[Window]]
) -> Any:  # noqa: ANN401  (what `Network.read` gives)
    """Read a shop's past as `read_past` does, its closed windows changed before."""
    past = Past.of(history, horizon_days)
    changed = replace(past, windows=change(past.windows))
    return network.read(
        changed.shop, changed.context(MOST_CONTEXT, np.random.default_rng(DRAW_SEED), network.n_features)
    )


def _outside(window: Window, asked: frozenset[str]) -> Window:
    history, outcomes = window
    others = np.array([customer not in asked for customer in history.customers.tolist()])
    return history.take(others), outcomes.take(others)


def judge(pair: Pair, window: int, network: Network) -> dict[str, Any]:
    """Judge every way on one window."""
    began = time.perf_counter()
    history, outcomes = pair.split(window)
    with one_blas_thread():
        found = forecasts(network, history, pair.horizon_days)
    active = outcomes.orders > 0
    scores = {
        name: {
            "log_score": float(value.log_scores(active, one.p_active).mean()),
            "auc": value.auc(active, one.p_active),
            "ngini": value.normalised_gini(outcomes.spend, one.mean()),
            "crps": float(one.crps(outcomes.spend).mean()),
            "level": value.level(outcomes.spend, one.mean()),
        }
        for name, one in found.items()
    }
    return {
        "shop": pair.shop,
        "horizon_days": pair.horizon_days,
        "window": window,
        "cutoff": history.cutoff_date.isoformat(),
        "closed_windows": len(context_windows(history, pair.horizon_days)),
        "own_outcome_told": own_outcome_told(history, pair.horizon_days),
        "seconds": round(time.perf_counter() - began, 1),
        "scores": scores,
        "differences": compared(BEHAVIOUR, [name for name in found if name != BEHAVIOUR], found, outcomes),
    }


def page(results: Sequence[Mapping[str, Any]]) -> str:
    """What every way costs, over windows with a past to be read, as a table to paste."""
    lines = [f"In context against the same weights, {len(results)} windows: wins / ties / losses (mean difference)", ""]
    lines += ["| in context minus | " + " | ".join(METRICS.values()) + " | log score better on |"]
    lines += ["|---" * (len(METRICS) + 2) + "|"]
    for name in results[0]["differences"] if results else []:
        cells = []
        for metric in METRICS:
            rows = [row for one in results for row in one["differences"][name] if row["metric"] == metric]
            counts = Counter(row["verdict"] for row in rows)
            values = [row["value"] for row in rows if row["value"] is not None]
            cells.append(f"{counts['win']} / {counts['tie']} / {counts['loss']} ({np.mean(values):+.4f})")
        better = sum(one["scores"][BEHAVIOUR]["log_score"] > one["scores"][name]["log_score"] for one in results)
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {better} of {len(results)} |")
    return "\n".join(lines)


def main() -> None:
    """Judge every window that is here."""
    parser = asked.parser(__doc__, RESULT)
    parser.add_argument("--windows", type=int, nargs="*", default=WINDOWS, help="counted back from the end of the data")
    told = parser.parse_args()
    asked.refuse_part(told.into, RESULT, part=bool(told.only) or tuple(told.windows) != WINDOWS)
    weights = read_weights(told.weights)
    network = Network(weights)
    results = []
    for pair in pairs(told.data, told.only):
        for window in told.windows:
            if not context_windows(pair.split(window)[0], pair.horizon_days):
                print(f"{pair.name}, window {window}: no closed window before it, left out")
                continue
            results.append(judge(pair, window, network))
            print(f"{pair.name}, window {window}: {results[-1]['seconds']} s", flush=True)
    meta = {"seed": SEED, "run_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    told.into.parent.mkdir(parents=True, exist_ok=True)
    result = meta | {"network": told_of(weights), "windows": results}
    told.into.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(page(results))


if __name__ == "__main__":
    main()
