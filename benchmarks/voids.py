"""Should past windows read orders that were cancelled or refunded in full later? Decided on simulated shops.

    python benchmarks/voids.py [--quick] [--seeds N] [--resume]

Each order of a simulated shop is refunded with a chance of its customer's own, days to weeks later. The export of today
has the orders that were refunded until today as void, without a date of the refund; newer ones stand as they are. Ways
to read void orders are compared by the forecast from today, against what customers then spend net of every later
refund. Outcomes of past windows are net in all of them, so only the histories differ:

left out
    No history reads a void order.
in past windows
    In histories of past windows a void order is an order like any other; the history of today has none.
in past windows, for a while
    The same, but only for the median delay of refunds after the order.
until its refund
    The same, until the day of the refund: an export made on that day. No export has this date; it is a bound.
as orders of nothing
    In every history a void order is an order of amount 0: the visit is read, the money is not.
with a return
    In every history a void order is an order; a return of its amount follows after the median delay.

Writes benchmarks/results/voids.json: for each shop, rate and reading the ranking (normalised Gini, Spearman), the total
(forecast divided by actual), the mean log score of a purchase that stands and the CRPS in median orders, of the trained
and of the untrained forecast; and paired differences from "left out" with 95 % intervals over shops.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import t as student

from machine import machine
from shijin.arrays import Flags, Floats, Ints
from shijin.forecasting.member import Window
from shijin.forecasting.members import QUIETLY, default_members, stacked
from shijin.forecasting.model import fit_ensemble, untrained
from shijin.forecasting.windows import closed_windows
from shijin.metrics import value
from shijin.represent.cutoff import _DOOR, History, Outcomes, split_at
from shijin.represent.days import as_cutoff, day_of
from shijin.represent.pack import pack
from shijin.represent.packed import DAY_US, UTC
from shijin.simulate.events import as_events
from shijin.simulate.prior import Task, draw_task
from shijin.simulate.shops import simulate
from shijin.threads import one_blas_thread

RESULTS = Path(__file__).parent / "results" / "voids.json"
RATES = (0.03, 0.08, 0.15, 0.3)  # at 0 all readings are one
READINGS = (
    *("left out", "in past windows", "in past windows, for a while"),
    *("until its refund", "as orders of nothing", "with a return"),
)
LIKE_TODAY = READINGS[:4]  # the history of today has no void order
CUSTOMERS = 500
DELAY_DAYS, DELAY_SPREAD = 12.0, 0.6  # median, and standard deviation of the log: 90 % within 4 to 32 days
LEAST_ORDERS, MOST_ORDERS, LEAST_BUYERS = 1_000, 5_000, 50  # orders before today; buyers after it
FIGURES = ("gini", "spearman", "total", "log_score", "crps")


@dataclass(frozen=True)
class Refunded:
    """A simulated shop's orders, one line each, and the refund of each.

    Parameters
    ----------
    events : schema.EVENTS
    refund : (l,) microseconds of the refund; the largest integer where there is none
    today : the microsecond at which today begins
    horizon_days : of the forecast
    """

    events: pa.Table
    refund: Ints
    today: int
    horizon_days: int

    @cached_property
    def ts(self) -> Ints:
        """(l,) microseconds of each line."""
        return self.events["ts"].cast(pa.int64()).to_numpy()

    @cached_property
    def void(self) -> Flags:
        """(l,) whether the export of today has a line as void."""
        return self.refund < self.today

    def history(self, reading: str, cutoff: int) -> History:
        """The customers with an order before a cutoff, as a reading of today's export gives them."""
        standing = ~self.void
        if cutoff < self.today and reading == "in past windows":
            standing = np.ones(len(standing), bool)
        elif cutoff < self.today and reading == "in past windows, for a while":
            standing = standing | (self.ts + DELAY_DAYS * DAY_US >= cutoff)
        elif cutoff < self.today and reading == "until its refund":
            standing = standing | (self.refund >= cutoff)
        events = self._changed(reading) if reading not in LIKE_TODAY else self.events.filter(pa.array(standing))
        packed = pack(events, UTC, day_of(self.today - DAY_US))
        history = split_at(packed, cutoff, self.horizon_days)[0].customers_only
        names = np.sort(np.asarray(pc.unique(self.events["customer_id"]).to_pylist(), np.str_))
        return replace(history, place=np.searchsorted(names, history.customers), door=_DOOR)

    def _changed(self, reading: str) -> pa.Table:
        if reading == "as orders of nothing":
            amount = pc.if_else(pa.array(self.void), 0.0, self.events["amount"])
            return self.events.set_column(self.events.schema.get_field_index("amount"), "amount", amount)
        back = self.events.filter(pa.array(self.void))
        day = np.minimum(self.ts[self.void] + int(DELAY_DAYS * DAY_US), self.today - 1)
        for name, column in (
            ("ts", pa.array(day, pa.timestamp("us", "UTC"))),
            ("amount", pc.negate(back["amount"])),
            ("quantity", pc.negate(back["quantity"])),
            ("type", pa.repeat("return", back.num_rows)),
        ):
            back = back.set_column(back.schema.get_field_index(name), name, column)
        return pa.concat_tables([self.events, back.cast(self.events.schema)])

    def outcomes(self, history: History, stands: Flags) -> Outcomes:
        """The outcomes of a History's customers over the horizon, of the lines that stand."""
        inside = stands & (self.ts >= history.cutoff) & (self.ts < history.cutoff + self.horizon_days * DAY_US)
        place = pc.index_in(self.events["customer_id"], pa.array(history.customers, pa.string()))
        place = pc.fill_null(place, -1).to_numpy()
        rows = np.flatnonzero(inside & (place >= 0))
        spend, orders, first = np.zeros(len(history)), np.zeros(len(history), np.int64), np.full(len(history), np.inf)
        np.add.at(spend, place[rows], self.events["amount"].to_numpy()[rows])
        np.add.at(orders, place[rows], 1)
        np.minimum.at(first, place[rows], (self.ts[rows] - history.cutoff) / DAY_US)
        return Outcomes(history.cutoff, self.horizon_days, spend, orders, first)

    def windows(self, reading: str) -> list[Window]:
        """The closed windows before today, newest first, with outcomes net of void orders."""
        packed = pack(self.events, UTC, day_of(self.today - DAY_US))
        cutoffs = [history.cutoff for history, _ in closed_windows(packed, self.today, self.horizon_days)]
        histories = [self.history(reading, cutoff) for cutoff in cutoffs]
        return [(history, self.outcomes(history, ~self.void)) for history in histories]


def task_of(rng: np.random.Generator) -> Task:
    """Draw a shop of at least four horizons, with a horizon of 20 to 120 days."""
    while True:
        task = draw_task(rng, CUSTOMERS, items=0)
        if 20 <= task.horizon_days <= 120 and task.history_days >= 4 * task.horizon_days:
            return task


def shop_of(rng: np.random.Generator) -> tuple[pa.Table, int, int]:
    """One simulated shop: a line for each order, the microsecond at which today begins, and the horizon in days."""
    while True:
        task = task_of(rng)
        shop = simulate(task.knobs, int(rng.integers(2**31)), guests=task.guests)
        events = as_events(shop).combine_chunks()
        events = events.filter(pc.equal(events["type"], "order"))
        today = as_cutoff(task.knobs.start) + task.history_days * DAY_US
        later = pc.greater_equal(events["ts"].cast(pa.int64()), today)
        buyers, orders = (
            pc.count_distinct(events["customer_id"].filter(later)).as_py(),
            pc.sum(pc.invert(later)).as_py(),
        )
        if LEAST_ORDERS <= orders <= MOST_ORDERS and buyers >= LEAST_BUYERS:
            return events, today, task.horizon_days


def refunds(events: pa.Table, rate: float, rng: np.random.Generator) -> Ints:
    """(l,) when each order is refunded in full; the largest integer where it is not."""
    codes = events["customer_id"].combine_chunks().dictionary_encode()
    # Beta(2 r, 2 (1 - r)): many customers never send anything back, and a few most of it.
    chance = rng.beta(2 * rate, 2 * (1 - rate), len(codes.dictionary))
    happens = rng.random(len(events)) < chance[codes.indices.to_numpy()]
    delay = DELAY_DAYS * np.exp(DELAY_SPREAD * rng.standard_normal(len(events)))
    at = events["ts"].cast(pa.int64()).to_numpy() + (delay * DAY_US).astype(np.int64)
    return np.where(happens, at, np.iinfo(np.int64).max)


def figures(mean: Floats, p_active: Floats, crps: Floats, outcomes: Outcomes) -> dict[str, float]:
    """The figures of one forecast."""
    spend = outcomes.spend
    return {
        "gini": value.normalised_gini(spend, mean),
        "spearman": value.spearman(spend, mean),
        "total": float(mean.sum() / spend.sum()),
        "log_score": float(value.log_scores(outcomes.orders > 0, p_active).mean()),
        "crps": float(crps.mean()),
    }


def one_shop(seed: int, rate: float) -> list[dict[str, Any]]:
    """All readings of one shop, judged on the same customers: those with an order that stands today."""
    events, today, horizon_days = shop_of(np.random.default_rng(seed))
    shop = Refunded(events, refunds(events, rate, np.random.default_rng([seed, 1])), today, horizon_days)
    never = shop.refund == np.iinfo(np.int64).max
    standing, everybody = shop.history("left out", today), shop.history("as orders of nothing", today)
    future = shop.outcomes(standing, never)
    of_standing = future.spend.sum() / shop.outcomes(everybody, never).spend.sum()
    rows = []
    for reading in READINGS:
        history = shop.history(reading, today)
        chosen = np.isin(history.customers, standing.customers)
        names = history.customers[chosen]
        place = np.argsort(standing.customers)[np.searchsorted(np.sort(standing.customers), names)]
        outcomes = future.take(np.arange(len(standing)))
        outcomes = replace(outcomes, spend=future.spend[place], orders=future.orders[place])
        forecasters = [(False, untrained(history.facts, horizon_days))]
        windows = shop.windows(reading)
        forecasters.append((True, fit_ensemble(default_members(stacked(), 1), windows, QUIETLY, None)[0]))
        for trained, forecaster in forecasters:
            forecast = forecaster.forecast(history, horizon_days).take(chosen)
            crps = forecast.crps(outcomes.spend) / standing.scale
            row = {"seed": seed, "rate": rate, "reading": reading, "trained": trained}
            row |= figures(forecast.mean(), forecast.p_active, crps, outcomes)
            row |= {
                "horizon_days": horizon_days,
                "void_orders": float(shop.void[shop.ts < today].mean()),
                "of_void_only": float(1 - of_standing),  # money of customers all of whose orders are void
            }
            rows.append(row)
    return rows


def differences(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Paired differences of each reading from the first, over shops, with 95 % intervals; above 0 is better."""
    result = []
    for rate in (*sorted({row["rate"] for row in rows}), None):
        for trained in (False, True):
            same = [row for row in rows if rate in (None, row["rate"]) and row["trained"] == trained]
            base = {(row["seed"], row["rate"]): row for row in same if row["reading"] == READINGS[0]}
            for reading in READINGS[1:]:
                pairs = [(row, base[row["seed"], row["rate"]]) for row in same if row["reading"] == reading]
                entry: dict[str, Any] = {"rate": rate, "trained": trained, "reading": reading, "pairs": len(pairs)}
                for name in FIGURES:
                    gain = np.array([_goodness(name, row) - _goodness(name, other) for row, other in pairs])
                    seeds = np.array([row["seed"] for row, _ in pairs])
                    entry[name] = _interval(gain, seeds)
                result.append(entry)
    return result


def _interval(gain: Floats, seeds: Ints) -> dict[str, float]:
    """The mean and half the 95 % interval; the rates of one shop are no independent pairs, so shops are averaged."""
    of_shop = np.array([gain[seeds == seed].mean() for seed in np.unique(seeds)])
    half = float(student.ppf(0.975, len(of_shop) - 1) * np.std(of_shop, ddof=1) / len(of_shop) ** 0.5)
    return {"better_by": float(of_shop.mean()), "half_interval": half}


def _goodness(name: str, row: dict[str, Any]) -> float:
    """A figure, the larger the better: of the total the distance from 1, on a log scale."""
    if name == "total":
        return -abs(float(np.log(row[name])))
    return -row[name] if name == "crps" else float(row[name])


@one_blas_thread()
def main() -> None:
    """Run all shops; write the results after each, so that a run may be ended early."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="two shops, one rate")
    parser.add_argument("--seeds", type=int, default=8, help="number of shops")
    parser.add_argument("--resume", action="store_true", help="go on after the shops of the results file")
    options = parser.parse_args()
    seeds, rates = (range(2), (0.15,)) if options.quick else (range(options.seeds), RATES)
    rows: list[dict[str, Any]] = json.loads(RESULTS.read_text("utf-8"))["rows"] if options.resume else []
    for seed in sorted(set(seeds) - {row["seed"] for row in rows}):
        for rate in rates:
            rows += one_shop(seed, rate)
            print(json.dumps(rows[-1]), flush=True)
        if seed:
            content = {"machine": machine(), "seeds": seed + 1, "rows": rows, "differences": differences(rows)}
            RESULTS.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
