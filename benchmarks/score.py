"""How long and how much memory does the network need for a large shop? NumPy alone, untrained, on two cores.

    python benchmarks/score.py [--customers 25000 1000000] [--threads 2] [--weights DIR] [--profile]

Shops are drawn as in `kernel.py`: about ten moments a customer. One process draws and writes a shop; a fresh one, with
BLAS held to one thread and as many blocks at a time as there are threads, reads it, forecasts every customer in
context and makes the table that `shijin score --zero-shot` writes. Time is given by part, memory is the peak of that
process at the end of each part. Seconds of the processor stand beside those of the clock: where two threads take
more than half of them, other work held the cores. With --profile 25,000 customers are scored on one thread under the
profiler, and where the time went is printed and kept. Writes benchmarks/results/score.json.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

from kernel import HORIZON, ONE_THREAD, draw, peak_gib

HERE = Path(__file__).parent
RESULT = HERE / "results" / "score.json"
CUSTOMERS = (25_000, 1_000_000)
PROFILED = 25_000
GOALS = {25_000: {"seconds": 15.0}, 1_000_000: {"seconds": 360.0, "gib": 4.0}}
AMPLE = 200
SHOWN = 24  # functions of a profile
Made = TypeVar("Made")


class Parts:
    """Seconds by the clock and by the processor, and peak memory, part by part."""

    def __init__(self) -> None:
        self.parts: dict[str, dict[str, float]] = {}

    def __call__(self, name: str, work: Callable[..., Made], *arguments: Any) -> Made:  # noqa: ANN401
        """Do a part."""
        clock, processor = time.perf_counter(), time.process_time()
        made = work(*arguments)
        self.parts[name] = {
            "seconds": round(time.perf_counter() - clock, 2),
            "cpu_seconds": round(time.process_time() - processor, 2),
            "peak_gib": peak_gib(),
        }
        return made


def write_shop(path: Path, customers: int) -> None:
    """Draw a shop and write its arrays."""
    shop = draw(customers)
    columns = {f"moments.{name}": getattr(shop.moments, name) for name in shop.moments.__dataclass_fields__}
    np.savez(path, customers=shop.customers, offsets=shop.offsets, span=[shop.start, shop.end], **columns)


def read_shop(path: Path) -> Any:  # noqa: ANN401  (a Packed; imported late, so that threads are set first)
    """Read a drawn shop back."""
    from shijin.represent.packed import Moments, Packed

    with np.load(path) as kept:
        moments = Moments(**{name: kept[f"moments.{name}"] for name in Moments.__dataclass_fields__})
        start, end = (int(instant) for instant in kept["span"])
        return Packed(kept["customers"], kept["offsets"], moments, start, end)


def score(path: Path, threads: int, weights: Path | None) -> dict[str, Any]:
    """Score a shop in this process."""
    from shijin.config import TiersSection
    from shijin.forecasting.behaviour import Behaviour
    from shijin.network.weights import SHIPPED, load_weights
    from shijin.represent.cutoff import split_at
    from shijin.steps.score import forecast_table

    parts = Parts()
    network = parts("load the weights", lambda: Behaviour(threads, weights=load_weights(weights or SHIPPED)))
    shop = parts("read the shop", read_shop, path)
    history, _ = parts("split at the cutoff", split_at, shop, shop.end, HORIZON)
    del shop
    forecast = parts("forecast", network.forecast, history, HORIZON)
    table = parts("the table", forecast_table, history, forecast, HORIZON, AMPLE, TiersSection())
    assert "torch" not in sys.modules
    scored = [parts.parts[name] for name in ("forecast", "the table")]
    return {
        "customers": table.num_rows,
        "moments": len(history.moments),
        "threads": threads,
        "weights": network.network.name,
        "seconds": round(sum(part["seconds"] for part in scored), 2),
        "cpu_seconds": round(sum(part["cpu_seconds"] for part in scored), 2),
        "peak_gib": peak_gib(),
        "parts": parts.parts,
    }


def profile(path: Path, weights: Path | None) -> list[dict[str, Any]]:
    """Say which functions a forecast on one thread spends its time in, the dearest first."""
    from shijin.forecasting.behaviour import Behaviour
    from shijin.network.weights import SHIPPED, load_weights
    from shijin.represent.cutoff import split_at

    shop = read_shop(path)
    history = split_at(shop, shop.end, HORIZON)[0]
    network = Behaviour(weights=load_weights(weights or SHIPPED))
    watch = cProfile.Profile(time.process_time)  # of the processor: other work may hold the cores
    watch.runcall(network.forecast, history, HORIZON)
    rows = []
    for (file, _, name), (_, calls, own, together, _) in pstats.Stats(watch).stats.items():  # type: ignore[attr-defined]
        where = f"{Path(file).stem}.{name}" if "shijin" in file else name
        rows.append({"function": where, "calls": calls, "own": round(own, 2), "with_callees": round(together, 2)})
    ours = sorted(rows, key=lambda row: -row["own"])
    return ours[:SHOWN]


def child(arguments: list[str]) -> str:
    """Run this file in a fresh process with BLAS held to one thread."""
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, env=os.environ | ONE_THREAD, check=True, stdout=subprocess.PIPE, text=True).stdout


def page(runs: dict[str, Any]) -> str:
    """The runs as a table to paste."""
    lines = ["| customers | moments | threads | seconds | of the processor | peak GiB | goal |", "|---" * 7 + "|"]
    for one in runs.values():
        goal = GOALS.get(one["customers"], {})
        told = ", ".join(f"{value:g} {'s' if name == 'seconds' else 'GiB'}" for name, value in goal.items()) or "-"
        lines.append(
            f"| {one['customers']:,} | {one['moments']:,} | {one['threads']} | {one['seconds']:.1f} "
            f"| {one['cpu_seconds']:.1f} | {one['peak_gib']:.2f} | {told} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Score shops of every size asked for, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="*", default=CUSTOMERS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", type=Path, help="a folder of weights; the shipped ones where not given")
    parser.add_argument("--profile", action="store_true", help="say which functions take the time")
    parser.add_argument("--into", type=Path, default=RESULT, help="where the result is written")
    for name in ("--write", "--score", "--watch"):
        parser.add_argument(name, type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.write:
        write_shop(told.write, told.customers[0])
    elif told.score:
        print(json.dumps(score(told.score, told.threads, told.weights)))
    elif told.watch:
        print(json.dumps(profile(told.watch, told.weights)))
    else:
        _all(told)


def _all(told: argparse.Namespace) -> None:
    from machine import machine

    kept = json.loads(told.into.read_text("utf-8")) if told.into.exists() else {"runs": {}}
    weights = ["--weights", str(told.weights)] if told.weights else []
    result: dict[str, Any] = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "horizon_days": HORIZON,
        "goals": {f"{customers}": goal for customers, goal in GOALS.items()},
        "runs": kept["runs"],
    }
    with TemporaryDirectory() as folder:
        for customers in told.customers:
            path = Path(folder) / f"{customers}.npz"
            child(["--write", str(path), "--customers", str(customers)])
            said = child(["--score", str(path), "--threads", str(told.threads), *weights])
            result["runs"][f"{customers}"] = json.loads(said)
            path.unlink()
        if told.profile:
            path = Path(folder) / "profiled.npz"
            child(["--write", str(path), "--customers", str(PROFILED)])
            result["profile"] = json.loads(child(["--watch", str(path), *weights]))
    told.into.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(page(result["runs"]))
    for row in result.get("profile", []):
        print(
            f"{row['function']:40} {row['calls']:8,} calls {row['own']:7.2f} s own {row['with_callees']:7.2f} s in all"
        )
    for run in result["runs"].values():
        print(json.dumps(run["parts"], indent=1))


if __name__ == "__main__":
    main()
