"""Should past windows read orders that were cancelled or refunded in full later? Decided on simulated shops.

    python benchmarks/voids.py [--quick]

Each order of a simulated shop is refunded with a chance of its customer's own, some days later. The export of today
shows what was refunded until today as void, and newer orders as they stand. Three ways to read the void orders are
compared by the forecast from today, against what customers then spend net of every later refund:

left out
    As `shijin` does: no model reads a void order.
as orders of nothing
    A void order counts as an order of amount 0: the visit is read, the money is not.
with a return
    A void order is read as an order, and a return of the same amount follows after the usual number of days.

Writes benchmarks/results/voids.json: for each shop, rate and reading the ranking (normalised Gini), the total (forecast
divided by actual) and the mean log score of ordering at all, of the trained and of the untrained forecast; and paired
differences from "left out" with 95 % intervals over shops.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import t as student

import shijin
from machine import machine
from shijin.metrics import value
from shijin.represent.packed import DAY_US
from shijin.simulate.events import as_events
from shijin.simulate.knobs import Knobs
from shijin.simulate.shops import simulate

RESULTS = Path(__file__).parent / "results" / "voids.json"
RATES = (0.03, 0.1, 0.2)
READINGS = ("left out", "as orders of nothing", "with a return")
DAYS, HORIZON, CUSTOMERS = 720, 60, 700
DELAY_DAYS, DELAY_SPREAD = 12.0, 0.6  # median, and standard deviation of the log
FIGURES = ("gini", "total", "log_score")


def refunded(events: pa.Table, rate: float, rng: np.random.Generator) -> pa.Array:
    """(n,) when each line's order is refunded in full, microseconds; null where it is not."""
    order, customer = (events[name].combine_chunks().dictionary_encode() for name in ("order_id", "customer_id"))
    orders = order.indices.to_numpy(zero_copy_only=False)
    of_order = np.zeros(len(order.dictionary), np.int64)
    of_order[orders] = customer.indices.to_numpy(zero_copy_only=False)
    chance = rng.beta(rate * 2 + 1e-9, (1 - rate) * 2, len(customer.dictionary)) if rate else np.zeros(1)
    happens = rng.random(len(of_order)) < (chance[of_order] if rate else 0)
    delay = DELAY_DAYS * np.exp(DELAY_SPREAD * rng.standard_normal(len(of_order)))
    at = events["ts"].cast(pa.int64()).to_numpy() + (delay[orders] * DAY_US).astype(np.int64)
    return pa.array(at, mask=~happens[orders])


def export(events: pa.Table, at: pa.Array, today: int, reading: str) -> pa.Table:
    """The shop's export of today, its void orders read in one of three ways."""
    ts = events["ts"].cast(pa.int64())
    known = pc.less(ts, today)
    void = pc.fill_null(pc.less(at, today), fill_value=False)
    columns = {name: events[name] for name in ("customer_id", "ts", "order_id", "amount", "type")}
    if reading == "left out":
        return pa.table(columns).filter(pc.and_(known, pc.invert(void)))
    if reading == "as orders of nothing":
        columns["amount"] = pc.if_else(void, 0.0, columns["amount"])
        return pa.table(columns).filter(known)
    back = pa.table(columns).filter(pc.and_(known, void))
    day = pa.scalar(int(DELAY_DAYS * DAY_US))
    later = pc.min_element_wise(pc.add(back["ts"].cast(pa.int64()), day), today - 1).cast(events["ts"].type)
    back = back.set_column(1, "ts", later).set_column(3, "amount", pc.negate(back["amount"]))
    back = back.set_column(4, "type", pa.repeat("return", back.num_rows))
    return pa.concat_tables([pa.table(columns).filter(known), back])


def figures(table: Any, spend: dict[str, float]) -> dict[str, float]:  # noqa: ANN401
    """The figures of one forecast, over the customers who have an order that stands."""
    truth = np.array([spend.get(name, 0.0) for name in table["customer_id"].to_pylist()])
    mean, p = (table[name].to_numpy() for name in ("expected_spend", "p_active"))
    return {
        "gini": value.normalised_gini(truth, mean),
        "total": float(mean.sum() / truth.sum()),
        "log_score": float(value.log_scores(truth > 0, p).mean()),
    }


def shop_of(seed: int) -> tuple[pa.Table, int]:
    """One simulated shop's orders, and the microsecond at which today begins."""
    events = as_events(simulate(Knobs(customers=CUSTOMERS, days=DAYS + HORIZON), seed=seed))
    events = events.filter(pc.equal(events["type"], "order"))
    last = pc.max(events["ts"].cast(pa.int64())).as_py() // DAY_US * DAY_US
    return events, last - HORIZON * DAY_US


def one_shop(seed: int, rate: float) -> list[dict[str, Any]]:
    """All readings of one shop, on the same customers."""
    events, today = shop_of(seed)
    at = refunded(events, rate, np.random.default_rng(seed + 1000))
    after = pc.and_(pc.greater_equal(events["ts"].cast(pa.int64()), today), pc.is_null(at))
    sums = events.filter(after).group_by("customer_id").aggregate([("amount", "sum")])
    spend = dict(zip(sums["customer_id"].to_pylist(), sums["amount_sum"].to_pylist(), strict=True))
    customers = pc.unique(export(events, at, today, READINGS[0])["customer_id"])
    rows = []
    for reading in READINGS:
        shop = shijin.from_dataframe(export(events, at, today, reading))
        for trained in (False, True):
            if trained:
                shop.train(f"{HORIZON}d")
            table = shop.forecast(f"{HORIZON}d", zero_shot=not trained)
            table = table.filter(pc.is_in(table["customer_id"], value_set=customers))
            rows.append({"seed": seed, "rate": rate, "reading": reading, "trained": trained, **figures(table, spend)})
            print(json.dumps(rows[-1]), flush=True)
    return rows


def differences(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Paired differences of each reading from the first, over shops and seeds, with 95 % intervals."""
    result = []
    for rate in sorted({row["rate"] for row in rows}):
        for trained in (False, True):
            same = [row for row in rows if row["rate"] == rate and row["trained"] == trained]
            base = {row["seed"]: row for row in same if row["reading"] == READINGS[0]}
            for reading in READINGS[1:]:
                entry: dict[str, Any] = {"rate": rate, "trained": trained, "reading": reading}
                for name in FIGURES:
                    pairs = [(row, base[row["seed"]]) for row in same if row["reading"] == reading]
                    loss = [_better(name, row) - _better(name, other) for row, other in pairs]
                    half = float(student.ppf(0.975, len(loss) - 1) * np.std(loss, ddof=1) / len(loss) ** 0.5)
                    entry[name] = {"better_by": float(np.mean(loss)), "half_interval": half}
                result.append(entry)
    return result


def _better(name: str, row: dict[str, Any]) -> float:
    """A figure, the larger the better: of the total the distance from 1, on a log scale."""
    return -abs(float(np.log(row[name]))) if name == "total" else float(row[name])


def main() -> None:
    """Run all shops, and write the results."""
    quick = "--quick" in sys.argv
    seeds, rates = (range(2), (0.15,)) if quick else (range(5), RATES)
    rows = [row for seed in seeds for rate in rates for row in one_shop(seed, rate)]
    result = {"machine": machine(), "seeds": list(seeds), "rows": rows, "differences": differences(rows)}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
