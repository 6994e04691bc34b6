"""run: the whole way from a file to the report and the list, in the order in which a shop would take each step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from shijin.collect import CollectOptions
from shijin.errors import ConfigError, EmptyHistoryError, ModelError
from shijin.forecasting.served import unjudged
from shijin.notes import Note, Progress, silent
from shijin.steps.backtest import BacktestOptions, backtest
from shijin.steps.cards import RunCard
from shijin.steps.check import check
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.defaults import SHORTER_HORIZON, cutoff_of, read_packed
from shijin.steps.export import ExportOptions, export
from shijin.steps.list_request import RecommendOptions
from shijin.steps.recommend import recommend
from shijin.steps.report import ReportOptions, report
from shijin.steps.represent import RepresentOptions, represent
from shijin.steps.score import ScoreOptions, score
from shijin.steps.train import TrainOptions, train
from shijin.words.reader import PYTHON, Reader
from shijin.workspace import Receipt, Result, Workspace
from shijin.workspace.receipts import started

Begin = Callable[[str], Progress]  # called with the verb that begins; gives the progress of its work


@dataclass(frozen=True)
class RunOptions:
    """A source and how to read it, and what to forecast; the shop's defaults where None.

    Parameters
    ----------
    source
        None to go the way again with the collected data.
    reader
        How the report writes commands.
    """

    source: Path | tuple[Path, ...] | pa.Table | None = None
    reading: CollectOptions = field(default_factory=CollectOptions)
    horizon: str | int | None = None
    cutoff: str | date | None = None
    adapt: bool = False
    reader: Reader = PYTHON


@dataclass
class _Journey:
    """The results of a run so far, and its notes."""

    workspace: Workspace
    options: RunOptions
    now: datetime
    begin: Begin
    results: dict[str, Result[Any]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def go(self, verb: str, step: Callable[..., Result[Any]], options: object) -> Result[Any]:
        """Take one step."""
        self.results[verb] = step(self.workspace, options, self.now, self.begin(verb))
        return self.results[verb]


def run(workspace: Workspace, options: RunOptions, now: datetime, begin: Begin | None = None) -> Result[RunCard]:
    """Collect, check, train, backtest, score, represent, recommend, report and export.

    Parameters
    ----------
    begin
        Makes, for a verb that begins, the progress of its work.

    Returns
    -------
    Result
        The card holds each verb's own result. Table "forecast": `schema.FORECAST`.
    """
    journey = _Journey(workspace, options, now, begin or (lambda verb: silent))
    if options.source is not None:
        journey.go("collect", collect, SourceOptions(options.source, options.reading, needs_orders=True))
    journey.go("check", check, None)
    trained = journey.go("train", train, TrainOptions(options.horizon, options.cutoff, options.adapt))
    journey.notes += [note for note in trained.notes if note["code"] == SHORTER_HORIZON]
    _judge(journey, trained.card.horizon_days, date.fromisoformat(trained.card.cutoff))
    forecast = journey.go("score", score, ScoreOptions(None, options.cutoff, trained.id))
    _go_with_forecast(journey, trained.card.horizon_days)
    journey.go("report", report, ReportOptions(options.reader))
    journey.go("export", export, ExportOptions())
    return _finished(journey, forecast.table)


def _judge(journey: _Journey, horizon_days: int, cutoff: date) -> None:
    """Judge the window before the forecast's cutoff; a note where the past is too short for it."""
    options = BacktestOptions(horizon_days, cutoff - timedelta(days=horizon_days), adapt=journey.options.adapt)
    try:
        journey.go("backtest", backtest, options)
    except EmptyHistoryError:
        packed = read_packed(journey.workspace)
        note = unjudged(packed, cutoff_of(packed, cutoff, journey.now), horizon_days)
        if note is None:  # refused for another reason than a past too short
            raise
        journey.notes.append(note)


def _go_with_forecast(journey: _Journey, horizon_days: int) -> None:
    """The map of customers and their recommendations, each where the data allow it; a note where they do not."""
    try:
        journey.go("represent", represent, RepresentOptions(horizon_days, journey.options.cutoff))
    except ModelError as error:  # the horizon is longer than any that the behaviour model was trained on
        journey.notes.append({"code": "run.no_map", "why": error.as_note()})
    try:
        journey.go("recommend", recommend, RecommendOptions(cutoff=journey.options.cutoff))
    except EmptyHistoryError:  # the orders name no items, or one
        journey.notes.append({"code": "run.no_lists"})


def _finished(journey: _Journey, forecast: pa.Table) -> Result[RunCard]:
    results = journey.results
    rows = dict(results["collect"].receipt.rows) if "collect" in results else {}
    card = RunCard(steps={verb: result.json() for verb, result in results.items()}, rows=rows)
    outputs = tuple(output for verb in ("report", "export") for output in results[verb].receipt.outputs)
    findings = results["check"].receipt.findings
    receipt = Receipt("run", started(journey.now), rows=rows, findings=findings, outputs=outputs)
    return Result("run", card, receipt, {"forecast": forecast}, notes=tuple(journey.notes), parts=results)


def workspace_next_to(source: Path) -> Path:
    """Where a file's workspace lies when none is named: next to it.

    Raises
    ------
    ConfigError
        When there is no such file.
    """
    if not source.is_file():
        raise ConfigError("steps.source_is_folder" if source.is_dir() else "steps.no_such_file", source)
    return source.with_name(f"{source.name.split('.')[0]}-shijin")
