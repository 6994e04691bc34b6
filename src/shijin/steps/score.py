"""score: a forecast and a tier for every customer, by the trained model or, where there is none, the untrained one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shijin.arrays import Floats
from shijin.config import TiersSection, parse_horizon
from shijin.distribution import Distribution, consistent, joined
from shijin.errors import ConfigError, ModelError
from shijin.forecasting.behaviour import MOST_HORIZON_DAYS, refuse_long
from shijin.forecasting.behaviour import NAME as BEHAVIOUR
from shijin.forecasting.btyd.member import NAME as BTYD
from shijin.forecasting.corrections import Corrections, Trust, corrected
from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.member import Window
from shijin.forecasting.model import LEAST_CUSTOMERS as LEAST_BUYERS
from shijin.forecasting.model import Model
from shijin.forecasting.next_order import next_order_days
from shijin.forecasting.prospects import Prospects, about
from shijin.forecasting.windows import LEAST_CUSTOMERS, closed_windows, customers_in, prospect_windows
from shijin.notes import Note
from shijin.represent.cutoff import History, as_instant, day_of, split_at
from shijin.represent.packed import Packed
from shijin.schema import FORECAST
from shijin.segment.tiers import assign, of_customers
from shijin.steps.corrections import read_corrections, trust_note, unread_notes
from shijin.steps.defaults import cutoff_of, horizon_of, read_packed, undated_refunds
from shijin.steps.train import newest_model, read_model, step_id
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started

AMPLE_ORDERS = 2
AMPLE_WINDOW_CUSTOMERS = 200
LATEST = "scores/LATEST.json"
ROWS = "forecast.parquet"
CARD = "score.json"


@dataclass(frozen=True)
class ScoreOptions:
    """What to forecast: horizon, cutoff, model id, each the default where None; or the network alone, untrained."""

    horizon: str | int | None = None
    cutoff: str | date | None = None
    model: str | None = None
    zero_shot: bool = False


@dataclass(frozen=True)
class _Chosen:
    """A model to score with, its id where it was trained, and what must be said of the choice."""

    id: str | None
    model: Model
    notes: list[Note]


def score(workspace: Workspace, options: ScoreOptions, now: datetime) -> tuple[Receipt, pa.Table]:
    """Forecast every customer with history, and name the result in ``scores/LATEST.json``.

    Returns
    -------
    Receipt
        ``inputs``: score id, model id or None, member, notes.
    Table
        `schema.FORECAST`, customers in the order of their histories.
    """
    return score_together(workspace, options, [options.horizon], now)[0]


def score_together(
    workspace: Workspace, options: ScoreOptions, horizons: Sequence[str | int | None], now: datetime
) -> list[tuple[Receipt, pa.Table]]:
    """Forecast several horizons that agree in order: what is longer is never less. Each is a score of its own.

    Returns
    -------
    As `score`, from the shortest horizon to the longest, which ``scores/LATEST.json`` names.
    """
    packed = read_packed(workspace)
    cutoff = cutoff_of(packed, options.cutoff)
    chosen = [_model_for(workspace, packed, cutoff, replace(options, horizon=horizon)) for horizon in horizons]
    by_days = {one.model.horizon_days: one for one in sorted(chosen, key=lambda one: one.model.horizon_days)}
    beside = [days for days in by_days if len(by_days) > 1]
    corrections = read_corrections(workspace)
    # As of a day that is named only what was said before it is known; else the forecast is today's, whenever that is.
    before = None if options.cutoff is None else cutoff
    newer = ["as of now"] if before is None and corrections is not None and corrections.since(cutoff) else []
    ids = {
        days: step_id(workspace, day_of(cutoff), days, "score", one.id, options.zero_shot, *beside, *newer)
        for days, one in by_days.items()
    }
    made = {days: not (workspace.root / "scores" / id / ROWS).exists() for days, id in ids.items()}
    if any(made.values()):
        history, _ = split_at(packed, cutoff, 1)
        unread = unread_notes(workspace, corrections, before)
        moved = [_corrected(one.model, history, corrections, before) for one in by_days.values()]
        forecasts = consistent([forecast for forecast, _ in moved])
        for one, days, forecast, (_, said) in zip(by_days.values(), ids, forecasts, moved, strict=True):
            if made[days]:
                one.notes.extend([*said, *unread])
                table = forecast_table(history, forecast, days, one.model.window_customers, workspace.config.tiers)
                table = _with_refunds(workspace, packed, history, table)
                _publish(workspace, ids[days], one, history, table, forecast)
    return [_finished(workspace, id, new=made[days], now=now) for days, id in ids.items()]


def _publish(
    workspace: Workspace, id: str, chosen: _Chosen, history: History, table: pa.Table, forecast: Distribution
) -> None:
    notes = [*chosen.notes, *_answer_note(chosen.model, history), *_prospects_note(chosen.model, history, forecast)]
    card = {
        "score": id,
        "basis": workspace.basis(),
        "model": chosen.id,
        "member": chosen.model.member_name(history),
        "cutoff": day_of(history.cutoff).isoformat(),
        "horizon_days": chosen.model.horizon_days,
        "total_interval": forecast.take(history.bought).total_interval(),
        "notes": [*notes, *_thin_note(table)],
    }
    workspace.publish("scores", id, lambda path: _write(table, card, path))


def _finished(workspace: Workspace, id: str, *, new: bool, now: datetime) -> tuple[Receipt, pa.Table]:
    """Name a score as the latest, and give its receipt and rows."""
    table = workspace.read_rows(f"scores/{id}/{ROWS}", FORECAST)
    card = workspace.read_json(f"scores/{id}/{CARD}", "score", "model", "cutoff", "notes")
    latest = json.dumps({"id": id, **card}, indent=1, ensure_ascii=False) + "\n"
    if not (workspace.root / LATEST).exists() or (workspace.root / LATEST).read_text("utf-8") != latest:
        workspace.write_text(LATEST, latest)
    versions = workspace.versions()
    outputs = (f"scores/{id}/{ROWS}", LATEST)
    told = card | {"new": new, "notes": [*card["notes"], *looks_back(workspace, card["cutoff"])]}
    receipt = Receipt("score", started(now), inputs=told, before=versions, after=versions, outputs=outputs)
    if new:
        workspace.write_receipt(receipt)
    return receipt, table


def forecast_of(
    model: Model, history: History, tiers: TiersSection, corrections: Corrections | None = None
) -> pa.Table:
    """Forecast a History that is held in memory, `schema.FORECAST`; nothing is written."""
    forecast, _ = _corrected(model, history, corrections, history.cutoff)
    return forecast_table(history, forecast, model.horizon_days, model.window_customers, tiers)


def _corrected(
    model: Model, history: History, corrections: Corrections | None, before: int | None
) -> tuple[Distribution, list[Note]]:
    """Forecast a History, follow what was said of its customers' tiers before an instant, and say so.

    Tiers are those of who has bought, and so are corrections: what is said of a prospect moves nothing.
    """
    forecast = model.forecast(history)
    if corrections is None:
        return forecast, []
    trust = model.trust or Trust()
    told = corrections.told(history.customers, before)
    customers = forecast.take(history.bought)
    moving = corrections.pull(customers, told[history.bought])
    idle = int(np.count_nonzero(told[~history.bought] >= 0))
    notes: list[Note] = [{"code": "forecast.corrections_of_prospects", "rows": idle}] if idle else []
    if not len(moving.rows):
        return forecast, notes
    notes = [{"code": "forecast.corrected", "moved": len(moving.rows)}, trust_note(trust), *notes]
    moved = corrected(customers, moving, trust.weight)
    if customers is forecast:
        return moved, notes
    rows = [np.flatnonzero(history.bought), np.flatnonzero(~history.bought)]
    return joined([moved, forecast.take(rows[1])], rows), notes


def latest_score(workspace: Workspace) -> tuple[dict[str, Any], pa.Table]:
    """The newest forecast: its card and its rows.

    Raises
    ------
    ModelError
        When nothing was scored yet.
    WorkspaceError
        When the files are damaged.
    """
    if not (workspace.root / LATEST).exists():
        raise ModelError("nothing is scored yet", str(workspace.root), "run shijin score first")
    card = workspace.read_json(LATEST, "id", "cutoff", "horizon_days", "notes")
    return card, workspace.read_rows(f"scores/{card['id']}/{ROWS}", FORECAST)


def looks_back(workspace: Workspace, cutoff: str) -> list[Note]:
    """What must be said of the newest forecast, and of what lies beside it, where the data go on after its cutoff."""
    end = day_of(read_packed(workspace).end)
    last = (end - timedelta(days=1)).isoformat()
    return [{"code": "forecast.looks_back", "cutoff": cutoff, "end": last}] if cutoff < end.isoformat() else []


def forecast_table(
    history: History, forecast: Distribution, horizon_days: int, window_customers: int, tiers: TiersSection
) -> pa.Table:
    """Turn a distribution into the table people use, `schema.FORECAST`.

    Parameters
    ----------
    window_customers
        How many customers the newest closed window held: below 200 all evidence is thin.
    """
    n = len(history)
    p10, p50, p90 = (forecast.quantile(level) for level in (0.1, 0.5, 0.9))
    ample = (history.n_orders() >= AMPLE_ORDERS) & (window_customers >= AMPLE_WINDOW_CUSTOMERS)
    expected = forecast.mean()
    columns = {
        "customer_id": history.customers,
        "cutoff": pa.repeat(pa.scalar(as_instant(history.cutoff, history.zone), FORECAST.field("cutoff").type), n),
        "horizon_days": np.full(n, horizon_days, dtype=np.int32),
        "expected_spend": expected,
        "expected_orders": forecast.expected_orders(),
        "p_active": forecast.p_active,
        "spend_p10": p10,
        "spend_p50": p50,
        "spend_p90": p90,
        "next_order_date": _next_order_dates(history, forecast.p_active, horizon_days),
        "tier": assign(expected, tiers, history.bought),
        "evidence": np.where(ample, "ample", "thin"),
        "historic_spend": history.historic_spend(),
        "prospect": ~history.bought,
    }
    return pa.table(columns, schema=FORECAST)


def _next_order_dates(history: History, p_active: Floats, horizon_days: int) -> pa.Array:
    days = next_order_days(p_active, horizon_days)
    far = days > 2 * horizon_days
    first = np.datetime64(history.cutoff_date, "D")
    dates = first + np.where(far, 0, days).astype("timedelta64[D]") - np.timedelta64(1, "D")
    return pa.array(dates, pa.date32(), mask=far)


def _model_for(workspace: Workspace, packed: Packed, cutoff: int, options: ScoreOptions) -> _Chosen:
    """The model to use: the one named, the newest that fits, or none trained, which is said."""
    told = None if options.horizon is None else parse_horizon(options.horizon)
    if options.zero_shot:
        if options.model is not None:
            raise ConfigError("a model is named and none is to be used", "--zero-shot", "give one of the two")
        alone = _untrained(workspace, packed, cutoff, told, "forecast.zero_shot")
        refuse_long(alone.model.horizon_days)
        return alone
    if options.model is not None:
        model = read_model(workspace, options.model)
        if model.cutoff > cutoff:
            problem = f"model {options.model} has seen days after {day_of(cutoff)}"
            raise ConfigError(problem, "cutoff", f"choose {day_of(model.cutoff)} or later, or train with --cutoff")
        if told not in (None, model.horizon_days):
            problem = f"model {options.model} forecasts {model.horizon_days} days, asked for {told}"
            raise ConfigError(problem, "horizon", f"train --horizon {told}d first")
        return _Chosen(options.model, model, _notes_of(model, packed, cutoff))
    found = newest_model(workspace, cutoff, told)
    if found is not None:
        return _Chosen(*found, _notes_of(found[1], packed, cutoff))
    any_model = newest_model(workspace, packed.end + 1, told) is not None
    return _untrained(workspace, packed, cutoff, told, "forecast.model_is_later" if any_model else "forecast.no_model")


def _untrained(workspace: Workspace, packed: Packed, cutoff: int, told: int | None, code: str) -> _Chosen:
    horizon_days = horizon_of(workspace, packed, cutoff, told)
    windows, threads = closed_windows(packed, cutoff, horizon_days), workspace.config.engine.threads
    prospects = Prospects.of(prospect_windows(packed, cutoff, horizon_days))
    model = Model(horizon_days, cutoff, window_customers=customers_in(windows), threads=threads, prospects=prospects)
    why: Note = {"code": code, "cutoff": day_of(cutoff).isoformat(), "days": horizon_days}
    return _Chosen(None, model, [why, *_unchecked_note(windows, horizon_days)])


def _notes_of(model: Model, packed: Packed, cutoff: int) -> list[Note]:
    """What must be said of a model that is used at a cutoff."""
    notes = [*model.notes, *(model.stack.notes if model.stack else [])]
    if model.stack is None:
        notes += _unchecked_note(closed_windows(packed, cutoff, model.horizon_days), model.horizon_days)
    if model.cutoff < cutoff:
        days = {"trained": day_of(model.cutoff).isoformat(), "cutoff": day_of(cutoff).isoformat()}
        notes.append({"code": "forecast.model_is_older", **days})
    return notes


def _unchecked_note(windows: Sequence[Window], horizon_days: int) -> list[Note]:
    return [] if windows else [{"code": "forecast.unchecked", "days": horizon_days, "needs": LEAST_CUSTOMERS}]


def _answer_note(model: Model, history: History) -> list[Note]:
    """Who answers where nothing was trained, and why it is this member."""
    if model.stack is not None:
        return []
    buyers = int(np.count_nonzero(history.n_orders() > 0))
    answers: dict[str, Note] = {
        BEHAVIOUR: {"code": "forecast.behaviour_answers"},
        BTYD: {"code": "forecast.btyd_answers", "most": MOST_HORIZON_DAYS},
        DECAYED: {"code": "forecast.formula_answers", "buyers": buyers, "needs": LEAST_BUYERS},
    }
    return [answers[model.member_name(history)]]


def _prospects_note(model: Model, history: History, forecast: Distribution) -> list[Note]:
    """How many have looked but not bought, what is expected of them, and from what."""
    if history.bought.all():
        return []
    p_active, learnt = forecast.p_active[~history.bought], model.prospects
    known: Note = {
        "code": "forecast.prospects" if learnt.taught else "forecast.prospects_guessed",
        "prospects": len(p_active),
        "buyers": about(float(p_active.sum())),
        "days": model.horizon_days,
        "taught": learnt.taught,
        "bought": learnt.bought,
    }
    return [known]


def _thin_note(table: pa.Table) -> list[Note]:
    table = of_customers(table)
    thin = int(np.count_nonzero(table["evidence"].to_numpy(zero_copy_only=False) == "thin"))
    return [{"code": "forecast.thin", "thin": thin, "customers": table.num_rows}] if thin else []


def _with_refunds(workspace: Workspace, packed: Packed, history: History, table: pa.Table) -> pa.Table:
    """Lower historic spend by the refunds whose date the source does not tell."""
    refunds = undated_refunds(workspace, packed, history.cutoff, table["customer_id"].combine_chunks())
    place = table.column_names.index("historic_spend")
    lowered = pa.array(table["historic_spend"].to_numpy() + refunds)
    return table.set_column(place, FORECAST.field("historic_spend"), lowered)


def _write(table: pa.Table, card: dict[str, Any], folder: Path) -> None:
    pq.write_table(table, folder / ROWS)
    (folder / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False), "utf-8")
