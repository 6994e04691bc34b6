"""How fast and how fat is the as-of kernel? 10 M events of 1 M customers, every feature, one cutoff, one thread.

    python benchmarks/kernel.py [--small]

Beside it: hand-written DuckDB SQL for (as nearly as SQL sensibly can) the same features, on one and two threads, from a
table in memory that is sorted by customer and time too. Each runs in a process of its own with BLAS and OpenMP held to
one thread; time is the best of five (SQL: of three), memory the peak of that process. Seconds of the processor stand
beside those of the clock: where the clock says more than these a thread, other work held the cores. A sample of
customers is compared, feature by feature. Events are drawn by plain NumPy, not by `simulate`: what counts here is only
that there are many. Writes benchmarks/results/kernel.json; with --small (100 thousand customers) it only prints.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
SEED = 20241125
DAYS = 900
HORIZON = 90
TIMES, SQL_TIMES = 5, 3
GOAL = {"seconds": 5.0, "gib": 4.0, "features": 40}
RUNS = ("features", "duckdb 1 thread", "duckdb 2 threads")
SAMPLE_EVERY = 97  # one customer in so many is compared
CLOSE = 2e-5  # absolute and relative; the kernel gives float32 in steps of a millionth


def draw(n_customers: int) -> Any:  # noqa: ANN401  (a Packed; imported late, so that threads are set first)
    """Draw a shop of about ten events a customer: orders, returns, charges and views."""
    from shijin.represent.packed import DAY_US, Kind, Moments, Packed

    rng = np.random.default_rng(SEED)
    counts = 1 + rng.geometric(1 / 9, n_customers)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    m = int(offsets[-1])
    customer = np.repeat(np.arange(n_customers, dtype=np.int32), counts)
    ts = rng.integers(0, DAYS * 24 * 60, m) * (DAY_US // (24 * 60))
    ts = ts[np.lexsort((ts, customer))]
    del customer
    kind = rng.choice(
        np.array([Kind.ORDER, Kind.RETURN, Kind.CHARGE, Kind.VIEW], np.uint8), m, p=[0.7, 0.05, 0.05, 0.2]
    )
    kind[offsets[:-1]] = Kind.ORDER
    sign = np.array([1.0, -0.5, 0.1, 0.0])[kind]
    is_order = kind == Kind.ORDER
    lines = rng.integers(1, 6, m).astype(float) * is_order
    moments = Moments(
        ts=ts,
        kind=kind,
        amount=np.round(rng.lognormal(3.5, 0.8, m) * sign, 2),
        lines=lines,
        quantity=lines * rng.integers(1, 3, m),
        discount=np.round(rng.uniform(0, 8, m), 2) * (rng.random(m) < 0.2) * is_order,
        novel=np.minimum(lines, rng.integers(0, 4, m)),
        channel=np.zeros(m, np.int16),
    )
    # History order: by first moment; whoever ties there differs later, which matters to no feature.
    by_first = np.argsort(ts[offsets[:-1]], kind="stable")
    source = np.repeat(offsets[by_first] - np.concatenate([[0], np.cumsum(counts[by_first])[:-1]]), counts[by_first])
    source += np.arange(m)
    new_offsets = np.concatenate([[0], np.cumsum(counts[by_first])])
    ids = np.char.zfill(np.arange(n_customers).astype(np.str_), 7)
    return Packed(ids, new_offsets, moments.take(source), 0, DAYS * DAY_US)


def history_of(n_customers: int) -> Any:  # noqa: ANN401
    """Split the drawn shop at its end: nothing lies beyond."""
    from shijin.represent.cutoff import split_at

    shop = draw(n_customers)
    return split_at(shop, shop.end, HORIZON)[0]


def best_of(times: int, work: Any) -> tuple[dict[str, list[float]], Any]:  # noqa: ANN401
    """Run some work several times; gives the seconds of each, by clock and processor, and the last result."""
    seconds: dict[str, list[float]] = {"seconds": [], "cpu_seconds": []}
    result = None
    for turn in range(times):
        del result
        begin, begin_cpu = time.perf_counter(), time.process_time()
        result = work()
        seconds["seconds"].append(round(time.perf_counter() - begin, 3))
        seconds["cpu_seconds"].append(round(time.process_time() - begin_cpu, 3))
        shown = " s, ".join(f"{row[-1]:.2f}" for row in seconds.values())
        print(f"  run {turn + 1} of {times}: {shown} s of the processor", file=sys.stderr, flush=True)
    return seconds, result


def run_features(n_customers: int, sample: Path) -> dict[str, Any]:
    """Measure `features`."""
    from shijin.represent.features import features

    history = history_of(n_customers)
    before = peak_gib()
    seconds, found = best_of(TIMES, lambda: features(history, HORIZON))
    rows = slice(None, None, SAMPLE_EVERY)
    np.savez(sample, customers=history.customers[rows], **dict(zip(found.names, found.values[rows].T, strict=True)))
    return seconds | {
        "features": len(found.names),
        "gib_before": before,
        "events": len(history.moments),
        "customers": len(history),
    }


def run_duckdb(n_customers: int, threads: int, sample: Path) -> dict[str, Any]:
    """Measure the same features in SQL."""
    import duckdb
    import pyarrow as pa

    history = history_of(n_customers)
    m = history.moments
    events = pa.table(
        {
            "customer": history.customer,
            "age": history.age_days,
            "kind": m.kind,
            "money": m.amount / history.scale,
            "lines": m.lines,
            "quantity": m.quantity,
            "discount": m.discount / history.scale,
            "novel": m.novel,
        }
    )
    ids, span = history.customers, history.span_days
    connection = duckdb.connect(config={"threads": threads, "memory_limit": "12GB"})
    connection.register("arrow_events", events)
    connection.execute("CREATE TABLE events AS SELECT * FROM arrow_events ORDER BY customer, age DESC")
    connection.unregister("arrow_events")
    del events, m, history
    before = peak_gib()
    query = sql(HORIZON, span)
    seconds, found = best_of(SQL_TIMES, lambda: connection.sql(query).to_arrow_table())
    found = found.sort_by("customer")
    rows = np.arange(0, len(found), SAMPLE_EVERY)
    columns = {name: found[name].to_numpy()[rows] for name in found.column_names if name != "customer"}
    np.savez(sample, customers=ids[found["customer"].to_numpy()[rows]], **columns)
    return seconds | {"features": len(columns), "gib_before": before}


def signed_log(total: str) -> str:
    """SQL of sign(x) log(1 + |x|)."""
    return f"sign({total}) * ln(1 + abs({total}))"


def level_columns(horizon: int) -> dict[str, str]:
    """SQL of orders and spend over windows, decayed, and a year ago."""
    windows = {f"{share:g}h": share * horizon for share in (0.125, 0.25, 0.5, 1, 2, 4)}
    windows |= {f"{days}d": days for days in (7, 30, 91, 365)}
    weights = {"": "1"} | {f"_{label}": f"(age <= {days})::DOUBLE" for label, days in windows.items()}
    weights |= {f"_decay_{h:g}h": f"pow(2, -age / {h * horizon})" for h in (4, 2, 1, 0.5, 0.25)}
    weights["_year_ago"] = f"(age <= 365 AND age > {365 - horizon})::DOUBLE"
    columns = {}
    for label, weight in weights.items():
        columns[f"orders{label}"] = signed_log(f"sum({weight}) FILTER (kind = 0)")
        columns[f"spend{label}"] = signed_log(f"coalesce(sum(money * {weight}) FILTER (kind <= 2), 0)")
    return columns


def sql(horizon: int, span: float) -> str:
    """Write one query for all features: gaps and last values by window functions, the rest by one grouping."""
    orders = "FILTER (kind = 0)"
    logs = "ln(greatest(money, 1e-3))"
    levels = ",\n".join(f"{text} AS {name}" for name, text in quoted(level_columns(horizon)).items())
    views = ",\n".join(
        f"{signed_log(text)} AS {name}"
        for name, text in quoted(
            {
                f"{label}s{suffix}": f"count(*) FILTER (kind = {kind}{extra})"
                if suffix != "_decay"
                else f"coalesce(sum(pow(2, -age / {0.25 * horizon})) FILTER (kind = {kind}), 0)"
                for label, kind in (("return", 1), ("view", 3))
                for suffix, extra in (("", ""), ("_1h", f" AND age <= {horizon}"), ("_decay", ""))
            }
        ).items()
    )
    return f"""
WITH gapped AS (
    SELECT *, CASE WHEN kind = 0 THEN lag(age) OVER (PARTITION BY customer, kind ORDER BY age DESC) - age END AS gap,
    FROM events
), grouped AS (
    SELECT customer,
        {levels},
        {views},
        min(age) {orders} AS recency_days, max(age) {orders} AS tenure_days, count(*) {orders} AS n,
        min(age) AS seen,
        count(gap) AS n_gaps, avg(gap) AS gap_days, stddev_pop(gap) AS gap_sd, avg(ln(1 + gap)) AS log_gap,
        arg_min(gap, age) {orders} AS last_gap,
        list(gap) FILTER (gap IS NOT NULL) AS all_gaps,
        avg(money) {orders} AS basket, avg({logs}) {orders} AS log_basket, stddev_pop({logs}) {orders} AS basket_sd,
        arg_min({logs}, age) {orders} AS log_last, max({logs}) {orders} AS log_largest,
        sum(lines) {orders} AS n_lines, sum(quantity) {orders} AS pieces, sum(discount) {orders} AS taken_off,
        sum(money) {orders} AS bought, count(*) FILTER (kind = 0 AND discount > 0) AS n_discounted,
        sum(novel) {orders} AS novelty, arg_min(novel, age) {orders} AS last_novelty,
        coalesce(-sum(money) FILTER (kind = 1), 0) AS returned,
    FROM gapped GROUP BY customer
)
SELECT customer, {", ".join(f"{name}" for name in quoted(level_columns(horizon)))},
    {", ".join(f'"{label}s{suffix}"' for label in ("return", "view") for suffix in ("", "_1h", "_decay"))},
    {float(span >= 365)}::DOUBLE AS year_ago_known,
    ln(1 + recency_days) AS recency, ln((recency_days + 1) / {horizon}) AS recency_h,
    ln(1 + tenure_days) AS tenure, ln((tenure_days + 1) / {horizon}) AS tenure_h,
    recency_days / (tenure_days + 1) AS recency_of_tenure, tenure_days / {span} AS tenure_of_span,
    ln((n + 0.5) * {horizon} / (tenure_days + {horizon})) AS expected_orders_h, (n = 1)::DOUBLE AS single_order,
    ln(1 + coalesce(gap_days, 0)) AS gap_mean, coalesce(ln((gap_days + 1) / {horizon}), 0) AS gap_mean_h,
    coalesce(log_gap, 0) AS gap_log_mean,
    CASE WHEN n_gaps > 1 THEN gap_sd / greatest(gap_days, 1e-6) ELSE 0 END AS gap_variation,
    ln(1 + coalesce(last_gap, 0)) AS gap_last,
    coalesce(ln(1 + last_gap) - log_gap, 0) AS gap_last_to_usual,
    coalesce(ln((recency_days + 1) / (gap_days + 1)), 0) AS lateness,
    CASE WHEN n_gaps > 0 THEN len(list_filter(all_gaps, lambda x: x >= recency_days)) / n_gaps ELSE -1 END
        AS share_of_gaps_longer,
    {signed_log("basket")} AS basket_mean, log_basket AS basket_log_mean, basket_sd AS basket_log_spread,
    log_last AS basket_last, log_last - log_basket AS basket_last_to_usual, log_largest AS basket_largest,
    ln(1 + n_lines / n) AS lines_mean, {signed_log("pieces / n")} AS quantity_mean,
    {signed_log("bought / greatest(pieces, 1) * 10")} AS price_level,
    taken_off / greatest(bought + taken_off, 1e-3) AS discount_share, n_discounted / n AS discounted_orders,
    ln(1 + novelty) AS variety, novelty / greatest(n_lines, 1) AS novelty_share, ln(1 + last_novelty) AS novel_last,
    {signed_log("returned")} AS return_money, returned / greatest(bought, 1e-3) AS return_share,
    ln(1 + seen) AS last_seen
FROM grouped
"""


def quoted(columns: dict[str, str]) -> dict[str, str]:
    """Quote column names: some hold a point."""
    return {f'"{name}"': text for name, text in columns.items()}


def peak_gib() -> float:
    """Peak memory of this process."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def in_its_own_process(run: str, n_customers: int, sample: Path) -> dict[str, Any]:
    """Measure one run in a fresh process; it prints one line of JSON."""
    print(f"{run}: {n_customers:,} customers", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, "--run", run, "--customers", str(n_customers), "--sample", str(sample)]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def measure(run: str, n_customers: int, sample: Path) -> None:
    """Do one run here and print what was found."""
    if run == RUNS[0]:
        found = run_features(n_customers, sample)
    else:
        found = run_duckdb(n_customers, int(run.split()[1]), sample)
    best = {f"best_{name}": min(found[name]) for name in ("seconds", "cpu_seconds")}
    print(json.dumps(found | best | {"peak_gib": peak_gib()}))


def compared(one: Path, other: Path) -> dict[str, Any]:
    """Compare the features that both have, on the sample of customers."""
    with np.load(one) as a, np.load(other) as b:
        assert np.array_equal(a["customers"], b["customers"])
        names = sorted((set(a.files) & set(b.files)) - {"customers"})
        off = {name: float(np.max(np.abs(a[name] - b[name]) / (1 + np.abs(b[name])))) for name in names}
        return {
            "customers": len(a["customers"]),
            "features": len(names),
            "largest_difference": max(off.values()),
            "differ": {name: gap for name, gap in off.items() if not gap <= CLOSE},
            "only_in_kernel": sorted(set(a.files) - set(b.files)),
            "only_in_sql": sorted(set(b.files) - set(a.files)),
        }


def main() -> None:
    """Run everything and write the results."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--small", action="store_true", help="100 thousand customers, for a quick look")
    arguments.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    arguments.add_argument("--customers", type=int, help=argparse.SUPPRESS)
    arguments.add_argument("--sample", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.run:
        measure(options.run, options.customers, options.sample)
        return
    from tempfile import TemporaryDirectory

    from machine import machine

    n_customers = 100_000 if options.small else 1_000_000
    with TemporaryDirectory() as folder:
        samples = {run: Path(folder) / f"{place}.npz" for place, run in enumerate(RUNS)}
        found = {run: in_its_own_process(run, n_customers, sample) for run, sample in samples.items()}
        equal = compared(samples[RUNS[0]], samples[RUNS[1]])
    result = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "seed": SEED,
        "horizon_days": HORIZON,
        "best_of": {"features": TIMES, "duckdb": SQL_TIMES},
        "threads": "BLAS and OpenMP 1; DuckDB as named",
        "note": "where seconds exceed cpu_seconds a thread, other work held the cores",
        "goal": GOAL,
        "runs": found,
        "compared": equal,
    }
    for run, one in found.items():
        seconds = f"{one['best_seconds']:.2f} s ({one['best_cpu_seconds']:.2f} s of the processor)"
        print(f"{run:18} {seconds}, {one['features']} features, peak {one['peak_gib']:.2f} GiB")
    print(
        f"{equal['features']} features compared on {equal['customers']:,} customers; apart: {equal['differ'] or 'none'}"
    )
    if options.small:
        print(json.dumps(result, indent=1))
        return
    path = HERE / "results" / "kernel.json"
    path.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    print(path)


if __name__ == "__main__":
    main()
