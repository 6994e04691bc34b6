"""Backtest: forecast as of a past cutoff T and compare with what came, for every member and the stack.

Members and the stack's weights are fitted on windows closed by T; the judged window [T, T + H) is read once, by the
metrics, and decides nothing. All figures are computed from the table of members, so that anyone can recompute them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Floats, Ints, finite
from shijin.distribution import Distribution
from shijin.errors import EmptyHistoryError
from shijin.forecasting.corrections import Corrections, corrected, effect
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.member import Forecaster, Window
from shijin.forecasting.members import QUIETLY, STACKED, TABLE_ONLY, Work, default_members
from shijin.forecasting.model import SEED, fit_ensemble
from shijin.forecasting.next_order import next_order_days
from shijin.forecasting.prospects import NAME as PROSPECTS
from shijin.forecasting.prospects import Prospects, about
from shijin.forecasting.stack import NAME as STACK
from shijin.forecasting.stack import Stack
from shijin.forecasting.windows import closed_windows, prospect_windows, too_young
from shijin.metrics import paired, value
from shijin.notes import Note
from shijin.represent.cutoff import History, Outcomes, customers_of, prospects_of, split_at
from shijin.represent.days import as_instant
from shijin.represent.features import YEAR_DAYS
from shijin.represent.packed import DAY_US, Packed
from shijin.schema import MEMBERS, QUANTILES
from shijin.schema import UTC as UTC_INSTANT
from shijin.threads import one_blas_thread

UNCORRECTED = "stack without corrections"
# The refusal for each reason for which a past is too short or too thin.
TOO_LITTLE = {
    "forecast.too_young": "forecasting.too_young",
    "forecast.too_few": "forecasting.too_few",
    "forecast.too_quiet": "forecasting.too_quiet",
}
PEERS = (DECAYED, "BTYD", "LightGBM")  # chosen before any result was seen: the stack is compared with these
GROUPS = ("everyone", "one-time buyers", "customers for over a year")


@dataclass(frozen=True)
class Backtest:
    """The result of a backtest.

    cutoff_date, horizon_days : the judged window
    case : how the stack's weights were learnt ("later window" or "customer folds")
    members : one row per customer and member, `schema.MEMBERS`
    scores : group -> member -> metric -> value
    differences : peer -> the stack's `Difference` on each metric
    weights : part -> member -> weight
    served : the member whose forecast the shop gets: the stack, or the formula if the stack is not better
    notes : for the reader: members left out, thin data
    corrections : effect of tier corrections in the judged window; None where there are none
    prospects : one row per prospect, `schema.MEMBERS`; None where there are none
    prospect_scores : metric -> value over these rows, and the log score of one share for all
    """

    cutoff_date: str
    horizon_days: int
    case: str
    members: pa.Table
    scores: dict[str, dict[str, dict[str, float]]]
    differences: dict[str, list[paired.Difference]]
    weights: dict[str, dict[str, float]]
    served: str
    notes: list[Note]
    corrections: dict[str, Any] | None = None
    prospects: pa.Table | None = None
    prospect_scores: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """All but the rows, ready for JSON; undefined figures are null."""
        optional: dict[str, Any] = {} if self.corrections is None else {"corrections": self.corrections}
        if self.prospects is not None:
            optional["prospects"] = {key: finite(figure) for key, figure in self.prospect_scores.items()}
        return {
            "cutoff": self.cutoff_date,
            "horizon_days": self.horizon_days,
            "case": self.case,
            "served": self.served,
            "scores": {
                group: {name: {key: finite(figure) for key, figure in row.items()} for name, row in rows.items()}
                for group, rows in self.scores.items()
            },
            "differences": {peer: [one.as_json() for one in rows] for peer, rows in self.differences.items()},
            "weights": self.weights,
            "notes": self.notes,
            **optional,
        }


@one_blas_thread()
def backtest(
    packed: Packed,
    horizon_days: int,
    cutoff: int | None = None,
    members: Sequence[Forecaster] = (),
    work: Work = QUIETLY,
    corrections: Corrections | None = None,
) -> Backtest:
    """Judge members and their stack at a cutoff.

    Parameters
    ----------
    cutoff
        T; one horizon before the end of the data if None.
    members
        A user's own members, judged and stacked together with the default ones.
    corrections
        Corrections of customers' tiers. Those before T are applied, by a weight learnt on closed windows before T; the
        table then also holds the stack without them, as "stack without corrections".

    Raises
    ------
    EmptyHistoryError
        When less than two horizons lie before T, or the window from T on is not closed.
    """
    if cutoff is None:
        cutoff = packed.end - horizon_days * DAY_US
    windows = closed_windows(packed, cutoff, horizon_days)
    everybody = _judged_window(packed, cutoff, horizon_days, windows)
    history, outcomes = customers_of(*everybody)
    stack, trust = fit_ensemble([*default_members(STACKED, work.threads), *members], windows, work, corrections)
    forecasts = _table_only_forecasts(windows, history, horizon_days)
    pooled = stack.forecast_each(history, horizon_days)
    forecasts |= pooled
    plain = stack.combine(list(pooled.values()))
    if corrections is None or trust is None:
        judged = judge(members_table(history, outcomes, forecasts | {STACK: plain}), stack, history.cutoff_date)
        return _with_prospects(judged, packed, everybody)
    moving = corrections.pull(plain, corrections.of(history.customers, cutoff))
    if len(moving.rows):
        forecasts |= {UNCORRECTED: plain}
    table = members_table(history, outcomes, forecasts | {STACK: corrected(plain, moving, trust.weight)})
    figures = {"customers": len(moving.rows), **asdict(trust), "newer": corrections.since(cutoff)}
    figures |= _effect(table, moving.rows, history.scale) if len(moving.rows) else {}
    judged = replace(judge(table, stack, history.cutoff_date), corrections=figures)
    return _with_prospects(judged, packed, everybody)


def members_table(history: History, outcomes: Outcomes, forecasts: dict[str, Distribution]) -> pa.Table:
    """Put forecasts and outcomes into one table, `schema.MEMBERS`.

    Members follow in the order of `forecasts`; within each, customers in the order of the History.
    """
    n = len(history)
    # The same draws for every member: they spread the outcomes at exactly 0 over the forecast's mass there.
    uniform = np.random.default_rng(0).random(n)
    tenure = history.age_days[history.offsets[:-1]]
    never = ~np.isfinite(outcomes.first_days)
    parts = []
    for name, forecast in forecasts.items():
        columns: dict[str, Any] = {
            "customer_id": history.customers,
            "cutoff": pa.repeat(pa.scalar(as_instant(history.cutoff, history.zone), UTC_INSTANT), n),
            "horizon_days": np.full(n, outcomes.horizon_days, dtype=np.int32),
            "member": pa.repeat(pa.scalar(name), n),
            "expected_spend": forecast.mean(),
            "p_active": forecast.p_active,
            **{f"q{round(100 * q):02d}": forecast.quantile(q) for q in QUANTILES},
            "crps": forecast.crps(outcomes.spend),
            "pit": forecast.pit(outcomes.spend, uniform),
            "y_spend": outcomes.spend,
            "y_orders": outcomes.orders.astype(np.int32),
            "y_first_days": pa.array(outcomes.first_days, mask=never),
            "orders_before": history.n_orders().astype(np.int32),
            "tenure_days": tenure,
        }
        parts.append(pa.table(columns, schema=MEMBERS))
    return pa.concat_tables(parts)


def judge(table: pa.Table, stack: Stack, cutoff_date: date) -> Backtest:
    """Compute every figure from the table of members."""
    names = list(dict.fromkeys(table["member"].to_pylist()))
    by_member = {name: _columns(table.filter(pc.equal(table["member"], name))) for name in names}
    first = next(iter(by_member.values()))
    groups = dict(
        zip(
            GROUPS,
            (np.ones(len(first["y_spend"]), bool), first["orders_before"] == 1, first["tenure_days"] > YEAR_DAYS),
            strict=True,
        )
    )
    scores = {
        group: {
            name: _scores({key: column[rows] for key, column in columns.items()}) for name, columns in by_member.items()
        }
        for group, rows in groups.items()
        if rows.any()
    }
    judged = {
        name: paired.MemberForecast(
            by_member[name]["p_active"], by_member[name]["expected_spend"], by_member[name]["crps"]
        )
        for name in (*PEERS, STACK)
        if name in by_member
    }
    ensemble = judged.pop(STACK)
    differences = paired.compare(first["y_spend"], first["y_orders"] > 0, ensemble, judged)
    return Backtest(
        cutoff_date=cutoff_date.isoformat(),
        horizon_days=table["horizon_days"][0].as_py(),
        case=stack.case or "",
        members=table,
        scores=scores,
        differences=differences,
        weights=stack.shares(),
        served=stack.served,
        notes=list(stack.notes),
    )


def _with_prospects(judged: Backtest, packed: Packed, everybody: Window) -> Backtest:
    """Add the judgement of prospects; the formula they are compared with is one share for all."""
    history, outcomes = prospects_of(*everybody)
    if not len(history):
        return judged
    days = outcomes.horizon_days
    prospects = Prospects.of(prospect_windows(packed, history.cutoff, days))
    table = members_table(history, outcomes, {PROSPECTS: prospects.forecast(history, days)})
    columns = _columns(table)
    active, share = columns["y_orders"] > 0, prospects.share(days)
    figures = _scores(columns) | {
        "ordered": float(active.sum()),
        "expected": float(columns["p_active"].sum()),
        "share": share,
        "log_score_share": float(value.log_scores(active, np.full(len(active), share)).mean()),
    }
    note: Note = {
        "code": "forecast.prospects_judged" if prospects.taught else "forecast.prospects_judged_guess",
        "days": days,
        "prospects": len(history),
        "expected": about(figures["expected"]),
        "ordered": int(figures["ordered"]),
    }
    return replace(judged, prospects=table, prospect_scores=figures, notes=[*judged.notes, note])


def _effect(table: pa.Table, rows: Ints, unit: float) -> dict[str, Any]:
    """Measure what corrections changed, from the table of members."""
    named = {"with": STACK, "without": UNCORRECTED}
    by_name = {name: _columns(table.filter(pc.equal(table["member"], member))) for name, member in named.items()}
    forecasts = {name: (columns["p_active"], columns["expected_spend"]) for name, columns in by_name.items()}
    outcomes = by_name["with"]
    return effect(unit, rows, outcomes["y_orders"] > 0, outcomes["y_spend"], forecasts)


def _judged_window(packed: Packed, cutoff: int, horizon_days: int, windows: Sequence[Window]) -> Window:
    reason = too_young(packed, cutoff, horizon_days, windows)
    if reason is not None:
        raise _too_little(packed, reason)
    history, outcomes = split_at(packed, cutoff, horizon_days)
    if outcomes is None:
        raise EmptyHistoryError("forecasting.judged_window_open", "backtest")
    return history, outcomes


def _too_little(packed: Packed, reason: Note) -> EmptyHistoryError:
    """The refusal of a history that is too short or too thin for a backtest."""
    needs, third = int(float(reason["needs"])), max((packed.end - packed.start) // DAY_US // 3, 1)
    code = TOO_LITTLE[str(reason["code"])]
    if code == "forecasting.too_few" and len(packed) < needs:
        code = "forecasting.too_few_at_all"
    values = {"needs": reason["needs"], "horizons": reason.get("horizons"), "third": f"{third}d"}
    return EmptyHistoryError(code, "backtest", **values)


def _table_only_forecasts(windows: Sequence[Window], history: History, horizon_days: int) -> dict[str, Distribution]:
    forecasts = {}
    for member in default_members(TABLE_ONLY, 1):
        member.fit(windows, SEED)
        forecasts[member.name] = member.forecast(history, horizon_days)
    return forecasts


def _columns(table: pa.Table) -> dict[str, Floats]:
    names = [name for name in table.column_names if name not in ("customer_id", "cutoff", "member")]
    return {name: table[name].to_numpy().astype(np.float64) for name in names}


def _scores(columns: dict[str, Floats]) -> dict[str, float]:
    spend, active = columns["y_spend"], columns["y_orders"] > 0
    p_active, mean = columns["p_active"], columns["expected_spend"]
    return {
        "customers": float(len(spend)),
        "auc": value.auc(active, p_active),
        "log_score": float(value.log_scores(active, p_active).mean()),
        "ece": value.calibration_error(active, p_active),
        "level": value.level(spend, mean),
        "rmse": value.rmse(spend, mean),
        "ngini": value.normalised_gini(spend, mean),
        "spearman": value.spearman(spend, mean),
        "crps": float(columns["crps"].mean()),
        "coverage_p90": value.coverage_p90(spend, columns["q90"]),
        "mae_p50": value.absolute_error(spend, columns["q50"]),
        "pit_distance": value.pit_distance(columns["pit"]),
        "ordered_by_date": ordered_by_date(p_active, columns["y_first_days"], columns["horizon_days"]),
    }


def ordered_by_date(p_active: Floats, first_days: Floats, horizon_days: Floats) -> float:
    """Share of customers who had ordered by their next-order date, of those whose date is in the window; .5 is best."""
    days = next_order_days(p_active, horizon_days)
    inside = days <= horizon_days
    return float((first_days[inside] <= days[inside]).mean()) if inside.any() else float("nan")
