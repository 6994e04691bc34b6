"""How long everybody's lists take, and how much memory: a made-up shop, collected and asked on the command line.

    python benchmarks/recommend_scale.py [--customers 1000000] [--items 20000] [--workspace DIR]

Customers buy in a few of many groups of items, popular ones more often. The forecast that lists stand beside is made
first and measured by itself. Also 1,000 customers over 50,000 items, asked of a recommender that is learnt already.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from machine import machine
from shijin.represent.packed import DAY_US
from shijin.steps.collect import SourceOptions, collect
from shijin.workspace import Workspace

RESULT = Path(__file__).parent / "results" / "recommend_scale.json"
ORDERS, GROUP = 4.0, 50  # orders of a customer, on average; items of a group
DAYS, FIRST_DAY = 700, 19000


def orders(customers: int, items: int, seed: int = 0) -> pa.Table:
    """Lines of a made-up shop; some customers come once, some often."""
    draw = np.random.default_rng(seed)
    counts = 1 + draw.poisson(draw.gamma(1.0, ORDERS - 1, customers))
    customer = np.repeat(np.arange(customers), counts)
    groups = items // GROUP
    home = draw.integers(0, groups, (customers, 3))
    group = home[customer, draw.integers(0, 3, len(customer))]
    within = np.minimum(draw.exponential(GROUP / 4, len(customer)).astype(np.int64), GROUP - 1)
    day = draw.integers(0, DAYS, len(customer))
    lines = 1 + draw.poisson(0.5, len(customer))
    row = np.repeat(np.arange(len(customer)), lines)
    item = group[row] * GROUP + (within[row] + draw.integers(0, 5, len(row))) % GROUP
    ts = (FIRST_DAY + day[row]) * DAY_US + draw.integers(0, 86400, len(customer))[row] * 1_000_000
    return pa.table(
        {
            "customer_id": pa.array(customer[row]).cast(pa.string()),
            "order_id": pa.array(row).cast(pa.string()),
            "item_id": pa.array(item).cast(pa.string()),
            "category": pa.array(group[row] // 5).cast(pa.string()),
            "ts": pa.array(ts, pa.timestamp("us")),
            "amount": np.round(draw.lognormal(2.5, 0.6, len(row)), 2),
        }
    )


def shop_of(folder: Path, customers: int, items: int) -> Path:
    """Collect a made-up shop, where it is not there yet."""
    if not (folder / "data" / "events").exists():
        shop = Workspace.create(folder)
        collect(shop, SourceOptions(orders(customers, items)), datetime.now(UTC))
    return folder


def called(workspace: Path, *words: str) -> dict[str, float]:
    """Seconds and peak memory of one call of the command line."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", "from shijin.cli import main; main()", *words, "-w", str(workspace), "--json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}")
    return {"seconds": round(time.perf_counter() - begun, 1), "gib": round(used.ru_maxrss / 2**20, 2)}


def thousand(folder: Path) -> dict[str, float]:
    """Seconds for the lists of 1,000 customers over 50,000 items, of a trained recommender in memory."""
    from shijin.steps.list_request import RecommendOptions, prepared

    workspace = Workspace.open(shop_of(folder / "wide", 30_000, 50_000))
    request = prepared(workspace, RecommendOptions(), datetime.now(UTC), None).request
    rows = np.arange(1000)
    request.lists(rows[:10], 1)
    begun = time.perf_counter()
    lists = request.lists(rows, workspace.config.engine.threads)
    return {"seconds": round(time.perf_counter() - begun, 3), "rows": len(lists.item)}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--workspace", type=Path, help="where made-up shops are kept", default=None)
    parser.add_argument("--again", action="store_true", help="ask once more, of what is learnt then")
    told = parser.parse_args()
    folder = told.workspace or Path(tempfile.mkdtemp(prefix="shijin-scale-"))
    found = {"customers": told.customers, "items": told.items, "thousand": thousand(folder), "machine": machine()}
    print(json.dumps(found["thousand"]), flush=True)
    workspace = shop_of(folder / f"shop-{told.customers}", told.customers, told.items)
    files = (workspace / "data" / "events").rglob("*.parquet")
    found["lines"] = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
    found["score"] = called(workspace, "score")
    for run in ("first", "again")[: 1 + told.again]:
        found[run] = called(workspace, "recommend", "--all")
        print(json.dumps(found[run]), flush=True)
    RESULT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
