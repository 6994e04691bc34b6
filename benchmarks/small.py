"""What if a shop has few customers? Fifty to three thousand are all there are: learnt from, read, and judged.

    python benchmarks/small.py [--data DIR] [--only SHOP ...] [--quick] [--window 0] [--weights DIR]

Of every shop and horizon, n customers known before the newest window are drawn, many times; whoever forecasts learns
from these n alone, and is judged on them at that window. Members: decayed spend with its spread, BTYD, LightGBM (which
falls back on the formula where it finds too little to learn from), the behaviour model with and without context, and
the stack with and without it where a shop of that size gets one. Every draw is kept in a folder of the weights as soon
as it is done, so that a run goes on where it stopped. Intervals are 95 % of the mean over draws, by Student's t; large
draws of a small shop overlap, and their intervals are too narrow. Writes benchmarks/results/small.json and small.svg.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

import asked
from lineup import (
    BEHAVIOUR,
    NO_CONTEXT,
    WITHOUT,
    Memory,
    OrFormula,
    Remembered,
    no_context,
    read_weights,
    stacks,
    told_of,
)
from machine import machine
from shijin.distribution import Distribution
from shijin.errors import EmptyHistoryError, ModelError
from shijin.forecasting.backtest import PEERS
from shijin.forecasting.behaviour import Behaviour
from shijin.forecasting.btyd.member import Btyd
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.member import Window
from shijin.forecasting.members import default_members
from shijin.forecasting.stack import NAME as STACK
from shijin.forecasting.windows import closed_windows, too_young
from shijin.metrics import value
from shijin.network.weights import Weights
from shijin.represent.cutoff import Outcomes, split_at
from shijin.threads import one_blas_thread
from shops import Pair, only, pairs
from small_picture import picture

HERE = Path(__file__).parent
RESULTS = HERE / "results"
FOLDER = HERE.parent / "runs" / "small"
SEED = 20241125
DRAWS = {50: 40, 100: 30, 300: 20, 1000: 20, 3000: 20}
QUICK = {50: 4, 100: 4, 300: 4}
MOST_SHARE = 0.95  # of a shop's customers: more are the shop itself
RIVALS = (*PEERS, NO_CONTEXT, STACK, WITHOUT)
METRICS = ("log_score", "auc", "crps", "ngini", "level")
Row = dict[str, Any]


def draw(pair: Pair, n: int, number: int, weights: Weights, window: int = 0) -> Row:
    """Judge everybody on one draw of n customers.

    Returns
    -------
    n, draw, members (name -> metric -> figure), and whether LightGBM fell back
    """
    known = len(pair.split(window)[0])
    rng = np.random.default_rng([SEED, n, number])
    shop = only(pair.packed, np.sort(rng.choice(known, n, replace=False)))
    cutoff, horizon = pair.cutoff(window), pair.horizon_days
    with one_blas_thread():
        history, outcomes = split_at(shop, cutoff, horizon)
        assert outcomes is not None
        windows = closed_windows(shop, cutoff, horizon)
        memory: Memory = {}
        lightgbm = OrFormula()
        alone = [default_members([DECAYED], 1)[0], Btyd(), lightgbm, Behaviour(weights=weights), no_context(weights)]
        forecasts: dict[str, Distribution] = {}
        for member in alone:
            one = member if member is lightgbm else Remembered(member, memory)
            one.fit(windows, 0)
            forecasts[one.name] = one.forecast(history, horizon)
        if too_young(shop, cutoff, horizon, windows) is None:
            forecasts |= _stacked(weights, memory, windows, (history, outcomes))
    members = {name: figures(one, outcomes, history.scale) for name, one in forecasts.items()}
    return {"n": n, "draw": number, "fell_back": lightgbm.fell_back, "windows": len(windows), "members": members}


def figures(forecast: Distribution, outcomes: Outcomes, scale: float) -> dict[str, float | None]:
    """The metrics of one forecast; CRPS in median orders; what is undefined is None."""
    active, mean = outcomes.orders > 0, forecast.mean()
    found = {
        "log_score": float(value.log_scores(active, forecast.p_active).mean()),
        "auc": value.auc(active, forecast.p_active),
        "crps": float(forecast.crps(outcomes.spend).mean() / scale),
        "ngini": value.normalised_gini(outcomes.spend, mean),
        "level": abs(float(np.log(value.level(outcomes.spend, mean)))) if outcomes.spend.sum() > 0 else float("nan"),
    }
    return {name: figure if np.isfinite(figure) else None for name, figure in found.items()}


def _stacked(weights: Weights, memory: Memory, windows: Sequence[Window], judged: Window) -> dict[str, Distribution]:
    found = {}
    for stack in stacks(weights, memory):
        try:
            stack.fit(windows, 0)
            found[stack.name] = stack.forecast(judged[0], judged[1].horizon_days)
        except (ModelError, EmptyHistoryError):
            continue
    return found


def rows(pair: Pair, draws: Mapping[int, int], weights: Weights, kept: Path, window: int) -> Iterator[Row]:
    """Every draw of a shop, from what was kept or made now."""
    path = kept / f"{pair.name}-{window}.jsonl"
    done = {(row["n"], row["draw"]): row for row in _kept(path)}
    known = len(pair.split(window)[0])
    for n, times in draws.items():
        if n > MOST_SHARE * known:
            print(f"{pair.name}: {known:,} customers, no draws of {n:,}")
            continue
        for number in range(times):
            if (n, number) not in done:
                row = draw(pair, n, number, weights, window)
                with path.open("a", encoding="utf-8") as file:
                    file.write("\n" + json.dumps(row))  # a line that was cut off stays alone
                done[n, number] = row
            yield done[n, number]
        print(f"{pair.name}: {n:,} customers, {times} draws", flush=True)


def _kept(path: Path) -> Iterator[Row]:
    """The draws of a file; a last line that was cut off is made again."""
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def summary(found: Sequence[Row]) -> dict[str, Any]:
    """Means of every member and differences from the behaviour model at one n, with intervals over draws."""
    names = list(dict.fromkeys(name for row in found for name in row["members"]))
    members = {
        name: {metric: interval([_figure(row, name, metric) for row in found]) for metric in METRICS} for name in names
    }
    differences: dict[str, dict[str, Any]] = {}
    for rival in RIVALS:
        if rival in names:
            differences[rival] = {
                metric: interval([_better(row, rival, metric) for row in found]) for metric in METRICS
            }
    return {
        "draws": len(found),
        "fell_back": sum(row["fell_back"] for row in found),
        "members": members,
        "differences": differences,
    }


def interval(values: Sequence[float | None]) -> dict[str, float | None] | None:
    """Mean over draws, its 95 % interval (none of one draw), the share above 0, how many draws; None without any."""
    some = np.array([one for one in values if one is not None], dtype=float)
    if not len(some):
        return None
    half = float(student.ppf(0.975, len(some) - 1) * some.std(ddof=1) / np.sqrt(len(some))) if len(some) > 1 else np.inf
    mean = float(some.mean())
    low, high = (mean - half, mean + half) if np.isfinite(half) else (None, None)
    return {"mean": mean, "low": low, "high": high, "above": float((some > 0).mean()), "draws": len(some)}


def _figure(row: Row, name: str, metric: str) -> float | None:
    return row["members"].get(name, {}).get(metric)


def _better(row: Row, rival: str, metric: str) -> float | None:
    """The behaviour model's metric minus a rival's, turned so that more is better; CRPS relative to the rival's."""
    own, other = _figure(row, BEHAVIOUR, metric), _figure(row, rival, metric)
    if own is None or other is None:
        return None
    if metric == "crps":
        return 1 - own / other if other > 0 else None
    return other - own if metric == "level" else own - other


def page(shops: Mapping[str, Any]) -> str:
    """The differences as tables to paste: log score, then AUC."""
    lines = []
    for metric, label in (("log_score", "log score"), ("auc", "AUC"), ("crps", "CRPS, relative")):
        lines += ["", f"{label}: the behaviour model minus each peer, 95 % over draws; bold where clear of 0", ""]
        head = " | ".join(RIVALS)
        lines += [f"| shop | customers | draws | {head} | formula for LightGBM |", "|---" * (4 + len(RIVALS)) + "|"]
        for shop in shops.values():
            for n, one in shop["sizes"].items():
                cells = [_cell(one["differences"].get(rival, {}).get(metric)) for rival in RIVALS]
                cells = [*cells, f"{one['fell_back']} draws"]
                lines.append(f"| {shop['title']} | {int(n):,} | {one['draws']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(one: Mapping[str, Any] | None) -> str:
    if one is None or one["low"] is None:
        return "–"
    text = f"{one['mean']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}]"
    return f"**{text}**" if one["low"] > 0 or one["high"] < 0 else text


def main() -> None:
    """Draw, judge, sum up, write."""
    parser = asked.parser(__doc__, RESULTS)
    parser.add_argument("--quick", action="store_true", help="a few draws of the smallest shops")
    parser.add_argument("--sizes", type=int, nargs="*", choices=list(DRAWS), default=list(DRAWS), help="of a shop")
    parser.add_argument("--window", type=int, default=0, help="counted back from the end of the data")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where draws are kept")
    told = parser.parse_args()
    part = bool(told.only or told.quick or told.window) or sorted(told.sizes) != sorted(DRAWS)
    asked.refuse_part(told.into, RESULTS, part=part)
    weights = read_weights(told.weights)
    kept = told.folder / weights.name
    kept.mkdir(parents=True, exist_ok=True)
    shops: dict[str, Any] = {}
    for pair in pairs(told.data, told.only):
        by_size: dict[int, list[Row]] = {}
        draws = QUICK if told.quick else {n: DRAWS[n] for n in told.sizes}
        for row in rows(pair, draws, weights, kept, told.window):
            by_size.setdefault(row["n"], []).append(row)
        sizes = {f"{n}": summary(found) for n, found in by_size.items()}
        cutoff = pair.split(told.window)[0].cutoff_date
        shops[pair.name] = {"title": pair.title, "cutoff": cutoff.isoformat(), "sizes": sizes}
    meta = {"seed": SEED, "run_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    result = meta | {"network": told_of(weights), "quick": told.quick, "shops": shops}
    told.into.mkdir(parents=True, exist_ok=True)
    (told.into / "small.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    (told.into / "small.svg").write_text(picture(shops), "utf-8")
    print(page(shops))


if __name__ == "__main__":
    main()
