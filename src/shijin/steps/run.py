"""run: the whole way from a file to the report and the list, in the order a shop would go it by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from shijin.collect import CollectOptions
from shijin.errors import ConfigError, EmptyHistoryError, ModelError
from shijin.notes import Note, Progress
from shijin.steps.backtest import BacktestOptions, run_backtest, unjudged
from shijin.steps.check import check
from shijin.steps.collect import collect
from shijin.steps.defaults import SHORTER_HORIZON, cutoff_of, read_packed
from shijin.steps.export import ExportOptions, export
from shijin.steps.recommend import RecommendOptions, recommend
from shijin.steps.report import report
from shijin.steps.represent import RepresentOptions, represent
from shijin.steps.score import ScoreOptions, score
from shijin.steps.train import TrainOptions, train_model
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started


@dataclass(frozen=True)
class RunOptions:
    """How to read the source, and what to forecast; the shop's defaults where None."""

    reading: CollectOptions = field(default_factory=CollectOptions)
    horizon: str | int | None = None
    cutoff: str | date | None = None
    adapt: bool = False


def run(
    workspace: Workspace,
    source: Path | pa.Table | None,
    options: RunOptions,
    now: datetime,
    progress: Callable[[str], Progress] | None = None,
) -> tuple[Receipt, pa.Table]:
    """Collect, check, train, judge, score, represent, recommend, report and export.

    Parameters
    ----------
    source
        None to go the way again with what is collected.
    tell
        Makes, for a verb that begins, what is called as it goes on.

    Returns
    -------
    Receipt
        ``inputs`` holds each verb's own receipt, as JSON has it.
    Table
        `schema.FORECAST`.
    """
    begin = progress or (lambda verb: lambda what, done, of: None)
    receipts: dict[str, Receipt] = {}
    notes: list[Note] = []
    if source is not None:
        begin("collect")
        receipts["collect"], _ = collect(workspace, source, options.reading, now, needs_orders=True)
    begin("check")
    receipts["check"], _ = check(workspace, now)
    steps = begin("train")
    receipts["train"], _ = train_model(
        workspace, TrainOptions(options.horizon, options.cutoff, options.adapt), now, steps
    )
    notes += [note for note in receipts["train"].inputs["notes"] if note["code"] == SHORTER_HORIZON]
    horizon_days = int(receipts["train"].inputs["horizon_days"])
    judged_from = date.fromisoformat(receipts["train"].inputs["cutoff"]) - timedelta(days=horizon_days)
    steps = begin("backtest")
    try:
        judged = BacktestOptions(horizon_days, judged_from, adapt=options.adapt)
        receipts["backtest"], _ = run_backtest(workspace, judged, now, steps)
    except EmptyHistoryError as error:
        notes.append(_unjudged(workspace, receipts["train"], error))
    begin("score")
    model = str(receipts["train"].inputs["model"])
    receipts["score"], forecast = score(workspace, ScoreOptions(None, options.cutoff, model), now)
    made, missing = _beside_forecast(workspace, options, horizon_days, now, begin)
    receipts |= made
    notes += missing
    begin("report")
    receipts["report"], _ = report(workspace, now)
    begin("export")
    receipts["export"], _ = export(workspace, ExportOptions(), now)
    inputs: dict[str, Any] = {verb: dict(receipt.inputs) for verb, receipt in receipts.items()}
    outputs = tuple(output for verb in ("report", "export") for output in receipts[verb].outputs)
    rows = dict(receipts["collect"].rows) if "collect" in receipts else {}
    told = {"listed": receipts["export"].rows["customers"], "held_out": receipts["export"].rows["held_out"]}
    found = receipts["check"].findings
    whole = Receipt("run", started(now), inputs | {"notes": notes} | told, rows, findings=found, outputs=outputs)
    return whole, forecast


def _beside_forecast(
    workspace: Workspace, options: RunOptions, horizon_days: int, now: datetime, begin: Callable[[str], Progress]
) -> tuple[dict[str, Receipt], list[Note]]:
    """The map of customers and their lists of items, each where the data allow it, and why not where they do not."""
    receipts: dict[str, Receipt] = {}
    notes: list[Note] = []
    begin("represent")
    try:
        receipts["represent"], _ = represent(workspace, RepresentOptions(horizon_days, options.cutoff), now)
    except ModelError as error:  # the horizon is longer than any that the behaviour model knows
        notes.append({"code": "run.no_map", "why": error.problem})
    steps = begin("recommend")
    try:
        receipts["recommend"], _ = recommend(workspace, RecommendOptions(cutoff=options.cutoff), now, steps)
    except EmptyHistoryError:  # the orders name no items, or one
        notes.append({"code": "run.no_lists"})
    return receipts, notes


def _unjudged(workspace: Workspace, trained: Receipt, error: EmptyHistoryError) -> Note:
    """Why there is no backtest, as a note in both languages; what was refused for another reason stays refused."""
    packed = read_packed(workspace)
    note = unjudged(packed, cutoff_of(packed, trained.inputs["cutoff"]), int(trained.inputs["horizon_days"]))
    if note is None:
        raise error
    return note


def beside(source: Path) -> Path:
    """Where a file's workspace lies when none is named: beside it.

    Raises
    ------
    ConfigError
        When there is no such file.
    """
    if not source.is_file():
        problem = "a folder, not a file" if source.is_dir() else "no such file"
        raise ConfigError(problem, str(source), "name a file of orders")
    return source.with_name(f"{source.name.split('.')[0]}-shijin")
