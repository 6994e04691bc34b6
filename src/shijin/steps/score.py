"""score: a forecast and a tier for every customer, by the trained model or, where there is none, untrained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pyarrow as pa

from shijin.arrays import Floats
from shijin.config import TiersSection, parse_horizon
from shijin.distribution import Distribution
from shijin.errors import ConfigError, ModelError
from shijin.forecasting.behaviour import refuse_long
from shijin.forecasting.by_type import ForecastByType, consistent_by_type
from shijin.forecasting.corrections import Corrections
from shijin.forecasting.model import Model, untrained_model
from shijin.forecasting.served import (
    corrected_forecast,
    member_note,
    notes_of_model,
    prospects_note,
    thin_note,
    unchecked_note,
)
from shijin.forecasting.table import forecast_table
from shijin.notes import Note, Progress
from shijin.represent.cutoff import History, split_at
from shijin.represent.days import day_of
from shijin.represent.packed import Packed
from shijin.represent.refunds import undated_refunds
from shijin.segment.tiers import assign, of_customers
from shijin.steps.cards import ForecastCard, ForecastsCard
from shijin.steps.corrections import read_corrections, tiers_read, unread_notes
from shijin.steps.defaults import cutoff_of, horizon_of, read_packed
from shijin.steps.kinds import BACKTEST, FORECAST_ROWS, SCORE, artifacts_of
from shijin.steps.receipts import receipt_of
from shijin.steps.train import newest_model, read_model
from shijin.workspace import Content, Result, Workspace
from shijin.workspace.artifacts import read_card

LATEST = "scores/LATEST.json"


@dataclass(frozen=True)
class ScoreOptions:
    """What to forecast: horizon, cutoff, model id, each the default where None; or the behaviour model untrained.

    Several `horizons` are forecast together, and then agree in order: a longer one never expects less.
    """

    horizon: str | int | None = None
    cutoff: str | date | None = None
    model: str | None = None
    zero_shot: bool = False
    horizons: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class _Choice:
    """A model to forecast with, its id where it was trained, and notes on why it is this one."""

    id: str | None
    model: Model
    notes: list[Note] = field(default_factory=list)


def score(
    workspace: Workspace, options: ScoreOptions, now: datetime, progress: Progress | None = None
) -> Result[ForecastCard]:
    """Forecast every customer with history, and name the result in ``scores/LATEST.json``.

    Returns
    -------
    Result
        Table "forecast": `schema.FORECAST`, customers in the order of their histories.
    """
    return _score(workspace, options, [options.horizon], now, progress)[0]


def score_horizons(
    workspace: Workspace, options: ScoreOptions, now: datetime, progress: Progress | None = None
) -> Result[ForecastsCard]:
    """Forecast several horizons that agree in order; each is a forecast of its own.

    Returns
    -------
    Result
        Table "forecasts": all of them, from the shortest to the longest, which ``scores/LATEST.json`` names; ``parts``
        holds the result of each.
    """
    results = _score(workspace, options, list(options.horizons), now, progress)
    card = ForecastsCard(forecasts=[one.json() for one in results])
    outputs = [output for one in results for output in one.receipt.outputs]
    receipt = receipt_of(workspace, "score", options, card, now, outputs=outputs, keep=False)
    parts = {f"{one.card.horizon_days}d": one for one in results}
    notes = tuple(note for one in results for note in one.notes)
    tables = {"forecasts": pa.concat_tables([one.table for one in results])}
    return Result("forecasts", card, receipt, tables, notes=notes, parts=parts)


def _score(
    workspace: Workspace,
    options: ScoreOptions,
    horizons: Sequence[str | int | None],
    now: datetime,
    progress: Progress | None,
) -> list[Result[ForecastCard]]:
    packed = read_packed(workspace)
    cutoff = cutoff_of(packed, options.cutoff, now)
    choices = [_model_for(workspace, packed, cutoff, replace(options, horizon=horizon)) for horizon in horizons]
    by_days = {one.model.horizon_days: one for one in sorted(choices, key=lambda one: one.model.horizon_days)}
    corrections = read_corrections(workspace)
    # As of a named day only corrections made before it are known; otherwise the forecast is today's, whenever that is.
    before = None if options.cutoff is None else cutoff
    newer = ["as of now"] if before is None and corrections is not None and corrections.since(cutoff) else []
    artifacts = artifacts_of(workspace)
    company = [days for days in by_days if len(by_days) > 1]
    ids = {
        days: artifacts.id(SCORE, day_of(cutoff), days, one.id, options.zero_shot, *company, *newer)
        for days, one in by_days.items()
    }
    missing = [days for days, id in ids.items() if not artifacts.exists(SCORE, id)]
    contents: dict[int, Content[ForecastCard]] = {}
    if missing:
        workspace.refuse_busy()
        if progress is not None:
            progress({"code": "console.forecasting"}, 0, 1)
        history, _ = split_at(packed, cutoff, 1)
        contents = _forecasts(workspace, history, by_days, ids, corrections, before)
    results = []
    for days, id in ids.items():
        content, new = artifacts.make(SCORE, id, lambda days=days: contents[days])  # type: ignore[misc]
        results.append(_name_latest(workspace, options, id, content, now, new=new))
    return results


def _forecasts(
    workspace: Workspace,
    history: History,
    by_days: dict[int, _Choice],
    ids: dict[int, str],
    corrections: Corrections | None,
    before: int | None,
) -> dict[int, Content[ForecastCard]]:
    """The forecast of each horizon, made consistent with the others."""
    unread, refunds = unread_notes(workspace, corrections, before), undated_refunds(workspace.read("events"), history)
    moved = [corrected_forecast(one.model, history, corrections, before) for one in by_days.values()]
    forecasts = consistent_by_type([forecast for forecast, _ in moved])
    judged_by = artifacts_of(workspace).fingerprint(BACKTEST, *tiers_read(workspace, corrections))
    contents = {}
    for (days, one), forecast, (_, notes) in zip(by_days.items(), forecasts, moved, strict=True):
        one.notes.extend([*notes, *unread])
        table = _table(one.model, forecast, workspace.config.tiers, refunds)
        card = _card(workspace, ids[days], one, forecast, table, judged_by)
        contents[days] = Content(card, {FORECAST_ROWS: table})
    return contents


def _card(
    workspace: Workspace, id: str, choice: _Choice, forecast: ForecastByType, table: pa.Table, judged_by: str
) -> ForecastCard:
    model, history = choice.model, forecast.history
    notes = [*choice.notes, *member_note(model, history), *prospects_note(model, forecast)]
    evidence = of_customers(table)["evidence"].to_numpy(zero_copy_only=False)
    return ForecastCard(
        score=id,
        **artifacts_of(workspace).source(SCORE),
        judged_by=judged_by,
        model=choice.id,
        member=model.member_name(history),
        cutoff=day_of(history.cutoff).isoformat(),
        horizon_days=model.horizon_days,
        total_interval=forecast.customers.total_interval(),
        notes=[*notes, *thin_note(evidence)],
    )


def _name_latest(
    workspace: Workspace, options: ScoreOptions, id: str, content: Content[ForecastCard], now: datetime, *, new: bool
) -> Result[ForecastCard]:
    """Name a forecast as the latest, and give it as a result."""
    card = content.card
    latest = json.dumps({"id": id, **card.as_json()}, indent=1, ensure_ascii=False) + "\n"
    if not (workspace.root / LATEST).exists() or (workspace.root / LATEST).read_text("utf-8") != latest:
        workspace.write_text(LATEST, latest)
    outputs = (f"scores/{id}/{FORECAST_ROWS}", LATEST)
    receipt = receipt_of(workspace, "score", options, card, now, outputs=outputs, keep=new)
    notes = (*card.notes, *looks_back(workspace, card.cutoff))
    return Result("forecast", card, receipt, {"forecast": content.tables[FORECAST_ROWS]}, id, new, notes)


def forecast_of(
    model: Model, history: History, tiers: TiersSection, corrections: Corrections | None = None
) -> pa.Table:
    """Forecast a History that is held in memory, `schema.FORECAST`; nothing is written."""
    forecast, _ = corrected_forecast(model, history, corrections, history.cutoff)
    return _table(model, forecast, tiers)


def _table(
    model: Model, forecast: ForecastByType, tiers: TiersSection, undated_refunds: Floats | float = 0.0
) -> pa.Table:
    tier = assign(forecast.figures(Distribution.mean), tiers, among=forecast.history.bought)
    return forecast_table(forecast, model.horizon_days, model.window_customers, tier, undated_refunds)


def latest_score(workspace: Workspace) -> Content[ForecastCard]:
    """The newest forecast: its card and its rows.

    Raises
    ------
    ModelError
        When nothing was scored yet.
    WorkspaceError
        When the files are damaged.
    """
    newest = newest_score(workspace)
    if newest is None:
        raise ModelError("steps.nothing_scored", workspace.root)
    return artifacts_of(workspace).read(SCORE, newest.score)


def newest_score(workspace: Workspace) -> ForecastCard | None:
    """The card of the newest forecast; None where nothing was scored yet.

    Raises
    ------
    WorkspaceError
        When its file is damaged.
    """
    if not (workspace.root / LATEST).exists():
        return None
    return read_card(workspace.root / LATEST, ForecastCard)


def looks_back(workspace: Workspace, cutoff: str) -> list[Note]:
    """A note on a forecast, and on what goes with it, where the data go on after its cutoff."""
    end = day_of(read_packed(workspace).end)
    last = (end - timedelta(days=1)).isoformat()
    return [{"code": "forecast.looks_back", "cutoff": cutoff, "end": last}] if cutoff < end.isoformat() else []


def _model_for(workspace: Workspace, packed: Packed, cutoff: int, options: ScoreOptions) -> _Choice:
    """The model to use: the one named, the newest that fits, or an untrained one, with a note."""
    days = None if options.horizon is None else parse_horizon(options.horizon)
    if options.zero_shot:
        if options.model is not None:
            raise ConfigError("steps.model_and_zero_shot")
        alone = _untrained(workspace, packed, cutoff, days, "forecast.zero_shot")
        refuse_long(alone.model.horizon_days)
        return alone
    if options.model is not None:
        return _named_model(workspace, packed, cutoff, options.model, days)
    newest = newest_model(workspace, cutoff, days)
    if newest is not None:
        return _Choice(*newest, notes_of_model(newest[1], packed, cutoff))
    later = newest_model(workspace, packed.end + 1, days) is not None
    return _untrained(workspace, packed, cutoff, days, "forecast.model_is_later" if later else "forecast.no_model")


def _named_model(workspace: Workspace, packed: Packed, cutoff: int, id: str, days: int | None) -> _Choice:
    model = read_model(workspace, id)
    if model.cutoff > cutoff:
        raise ConfigError(
            "steps.model_saw_later_days", key="cutoff", model=id, cutoff=day_of(cutoff), seen=day_of(model.cutoff)
        )
    if days not in (None, model.horizon_days):
        raise ConfigError(
            "steps.model_of_other_horizon",
            key="horizon",
            model=id,
            days=model.horizon_days,
            requested=days,
            horizon=f"{days}d",
        )
    return _Choice(id, model, notes_of_model(model, packed, cutoff))


def _untrained(workspace: Workspace, packed: Packed, cutoff: int, days: int | None, code: str) -> _Choice:
    horizon_days = horizon_of(workspace, packed, cutoff, days)
    model, windows = untrained_model(packed, horizon_days, cutoff, workspace.config.engine.threads)
    why: Note = {"code": code, "cutoff": day_of(cutoff).isoformat(), "days": horizon_days}
    return _Choice(None, model, [why, *unchecked_note(windows, horizon_days)])
