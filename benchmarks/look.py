"""Do simulated shops look like real ones? Statistics of the prior beside real shops, as a table and as a picture.

    python benchmarks/look.py [--data DIR] [--shops 400]

Shops are drawn from the prior that pre-training draws from, all with as many customers, so that what differs is the
shop and not the size of the sample; those with hardly an order are left out. Real shops come from `value.py`'s sources:
The Complete Journey, CDNOW and, as `online_retail_2009_2010.parquet` or .csv in DIR, UCI Online Retail II; only
aggregates of them are written. A real shop's percentile is the share of simulated shops that lie below it. Measured
too: how fast shops are simulated on one thread. Writes benchmarks/results/look.json, look.svg and look.md.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from look_picture import picture
from machine import machine
from shijin.errors import ShijinError
from shijin.simulate.knobs import Knobs
from shijin.simulate.prior import draw_task
from shijin.simulate.shops import simulate
from shop_statistics import Orders, compared, curves, statistics
from shops import packed_of, sources

RESULTS = Path(__file__).parent / "results"
SEED = 20241125
SHOPS = 400
CUSTOMERS = 2000
LEAST_ORDERS = 300  # of a shop: below it there is nothing to look at
FAN = 30  # shops drawn in the picture
SPEED = Knobs(
    customers=50_000,
    days=730,
    rate_scale_days=75.0,
    dropout="lifetime",
    drift_spread=0.5,
    regularity_spread=0.4,
    return_share=0.05,
    views_per_order=1.0,
    season_amplitude=0.3,
    items=0,
)
SPEED_TIMES = 5
SPEED_GOAL = 20_000.0


def draw_shops(count: int, seed: int) -> list[Orders]:
    """Draw shops from the prior until there are `count` worth looking at."""
    rng = np.random.default_rng(seed)
    shops: list[Orders] = []
    while len(shops) < count:
        task = draw_task(rng, customers=CUSTOMERS)
        shop_seed = int(rng.integers(2**62))
        try:
            orders = Orders.of(simulate(task.knobs, shop_seed, task.guests).packed)
        except ShijinError:
            continue
        if len(orders.customer) >= LEAST_ORDERS:
            shops.append(orders)
    return shops


def speed() -> dict[str, Any]:
    """Customers a second on one thread: the best of a few shops, by the clock and by the processor."""
    wall, processor, events = [], [], 0
    for seed in range(SPEED_TIMES):
        began, used = time.perf_counter(), time.process_time()
        packed = simulate(SPEED, seed).packed
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
        events += len(packed.moments)
    return {
        "customers": SPEED.customers,
        "events_per_customer": round(events / SPEED_TIMES / SPEED.customers, 2),
        "customers_per_second": round(SPEED.customers / min(wall)),
        "customers_per_processor_second": round(SPEED.customers / min(processor)),
        "goal": SPEED_GOAL,
    }


def page(result: dict[str, Any]) -> str:
    """The table as a page."""
    shops = list(next(iter(result["statistics"].values()))["real"])
    outside = [f"{one['shop']}, {result['statistics'][one['statistic']]['meaning']}" for one in result["outside"]]
    error = 100 * (0.05 * 0.95 / result["shops"]) ** 0.5
    lines = [
        "# Simulated beside real shops",
        "",
        f"Made by `python benchmarks/look.py`: {result['shops']} shops of {CUSTOMERS:,} customers, from the prior.",
        "In brackets the share of simulated shops, in per cent, that lie below the real one; bold: outside 5 to 95.",
        f"With so few shops the 5 % mark has a standard error of {error:.1f} points.",
        f"Outside: {'; '.join(outside) or 'none'}.",
        "",
        "![Simulated beside real shops](look.svg)",
        "",
        "| statistic | " + " | ".join(shops) + " | prior 5 % | 50 % | 95 % |",
        "|---" * (len(shops) + 4) + "|",
    ]
    for one in result["statistics"].values():
        real = [_cell(one["real"][shop]) for shop in shops]
        prior = [f"{one['prior'][str(quantile)]:.2f}" for quantile in (5, 50, 95)]
        lines.append(f"| {one['meaning']} | " + " | ".join([*real, *prior]) + " |")
    fast = result["speed"]
    lines += [
        "",
        f"Speed on one thread: {fast['customers_per_second']:,} customers a second of the clock at "
        f"{fast['events_per_customer']} events each, {fast['customers_per_processor_second']:,} a second of the "
        "processor, which others may have shared.",
    ]
    return "\n".join(lines) + "\n"


def _cell(one: dict[str, Any]) -> str:
    text = f"{one['value']:.2f} ({one['percentile']:.0f})"
    return text if one["inside"] else f"**{text}**"


def main() -> None:
    """Draw, measure, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of UCI Online Retail II")
    parser.add_argument("--shops", type=int, default=SHOPS, help="how many shops to draw")
    told = parser.parse_args()
    real = {name: Orders.of(packed_of(source)) for name, source in sources(told.data)}
    simulated = draw_shops(told.shops, SEED)
    table = compared([statistics(one) for one in simulated], {name: statistics(one) for name, one in real.items()})
    result = {
        "seed": SEED,
        "run_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "shops": len(simulated),
        "customers": CUSTOMERS,
        "speed": speed(),
        "outside": [
            {"shop": shop, "statistic": name}
            for name, one in table.items()
            for shop, found in one["real"].items()
            if not found["inside"]
        ],
        "statistics": table,
    }
    (RESULTS / "look.json").write_text(json.dumps(result, indent=1) + "\n")
    (RESULTS / "look.md").write_text(page(result))
    fans = [curves(one) for one in simulated[:FAN]]
    (RESULTS / "look.svg").write_text(picture(fans, {name: curves(one) for name, one in real.items()}, table))
    print(page(result))


if __name__ == "__main__":
    main()
