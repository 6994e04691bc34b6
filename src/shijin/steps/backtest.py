"""backtest: judge every member on a closed window, and keep the rows so that every figure can be recomputed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shijin.errors import ConfigError
from shijin.forecasting.backtest import UNCORRECTED, backtest
from shijin.forecasting.behaviour import Adapted
from shijin.forecasting.member import Forecaster
from shijin.forecasting.members import TABLE_ONLY, Work, stacked
from shijin.forecasting.stack import NAME as STACK
from shijin.forecasting.windows import LEAST_HORIZONS, closed_windows, too_young
from shijin.notes import Note, Progress
from shijin.represent.cutoff import day_of
from shijin.represent.packed import DAY_US, Packed
from shijin.schema import MEMBERS
from shijin.steps.corrections import read_corrections
from shijin.steps.defaults import cutoff_of, horizon_of, read_packed
from shijin.steps.train import step_id
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started

RESULT = "backtest.json"
ROWS = "members.parquet"
PROSPECT_ROWS = "prospects.parquet"
KEYS = ("fingerprint", "cutoff", "horizon_days", "case", "served", "scores", "differences", "weights", "notes")


@dataclass(frozen=True)
class BacktestOptions:
    """What to judge: horizon, cutoff of the judged window (one horizon before the end where None), own members.

    With `adapt` the network adapted to the shop is judged as well.
    """

    horizon: str | int | None = None
    cutoff: str | date | None = None
    members: Sequence[Forecaster] = ()
    adapt: bool = False


def run_backtest(
    workspace: Workspace, options: BacktestOptions, now: datetime, progress: Progress | None = None
) -> tuple[Receipt, pa.Table]:
    """Judge, or find what the same data and options gave before.

    Returns
    -------
    Receipt
        ``inputs["backtest"]`` is its id, ``inputs["result"]`` all figures.
    Table
        `schema.MEMBERS`.

    Raises
    ------
    ConfigError
        When one of the members has not the face of one, or a name that is taken.
    """
    _refuse_members(options.members)
    packed = read_packed(workspace)
    horizon_days = horizon_of(workspace, packed, packed.end, options.horizon)
    cutoff = packed.end - horizon_days * DAY_US if options.cutoff is None else cutoff_of(packed, options.cutoff)
    work = Work(workspace.config.engine.threads, progress)
    members = [*options.members, *([Adapted(work.threads)] if options.adapt else [])]
    id = step_id(workspace, day_of(cutoff), horizon_days, "backtest", *(member.name for member in members))
    folder = workspace.root / "backtests" / id
    new = bool(options.members) or not (folder / RESULT).exists()
    if new:
        judged = backtest(packed, horizon_days, cutoff, members, work, read_corrections(workspace))
        rows = {ROWS: judged.members} | ({} if judged.prospects is None else {PROSPECT_ROWS: judged.prospects})
        keep(workspace, id, {RESULT: judged.as_json()}, rows)
    result, members = read_backtest(workspace, id)
    files = (ROWS, RESULT, *([PROSPECT_ROWS] if "prospects" in result else []))
    return finished(workspace, id, result, files, new=new, now=now), members


def keep(workspace: Workspace, id: str, figures: dict[str, dict[str, Any]], rows: dict[str, pa.Table]) -> None:
    """Write a backtest's figures, with what they were made from, and its rows, each under the name of a file."""

    def write(folder: Path) -> None:
        for name, table in rows.items():
            pq.write_table(table, folder / name)
        for name, content in figures.items():
            marked = {"fingerprint": workspace.basis(), **content}
            (folder / name).write_text(json.dumps(marked, indent=1, ensure_ascii=False), "utf-8")

    workspace.publish("backtests", id, write)


def finished(
    workspace: Workspace, id: str, result: dict[str, Any], files: tuple[str, ...], *, new: bool, now: datetime
) -> Receipt:
    """Give the receipt of a backtest, which is kept where it was made now."""
    versions = workspace.versions()
    receipt = Receipt(
        "backtest",
        started(now),
        inputs={"backtest": id, "new": new, "result": result},
        before=versions,
        after=versions,
        outputs=tuple(f"backtests/{id}/{name}" for name in files),
    )
    if new:
        workspace.write_receipt(receipt)
    return receipt


def unjudged(packed: Packed, cutoff: int, horizon_days: int) -> Note | None:
    """Say why a forecast as of a cutoff cannot be checked on the window before it; None where it can."""
    judged = cutoff - horizon_days * DAY_US
    reason = too_young(packed, judged, horizon_days, closed_windows(packed, judged, horizon_days))
    if reason is None:
        return None
    return {
        "code": str(reason["code"]).replace("forecast.", "forecast.unjudged_"),
        "needs": reason["needs"],
        "days": horizon_days,
        "whole": round((LEAST_HORIZONS + 1) * horizon_days),
        "span": int((cutoff - packed.start) // DAY_US),
    }


def read_backtest(workspace: Workspace, id: str) -> tuple[dict[str, Any], pa.Table]:
    """Read a backtest back: all its figures and its rows.

    Raises
    ------
    WorkspaceError
        When a file is missing or damaged.
    """
    return read_result(workspace, id), workspace.read_rows(f"backtests/{id}/{ROWS}", MEMBERS)


def read_prospects(workspace: Workspace, id: str) -> pa.Table:
    """Read the rows of who had looked but not bought; none where there were none."""
    found = (workspace.root / "backtests" / id / PROSPECT_ROWS).exists()
    return workspace.read_rows(f"backtests/{id}/{PROSPECT_ROWS}", MEMBERS) if found else MEMBERS.empty_table()


def read_result(workspace: Workspace, id: str) -> dict[str, Any]:
    """Read only a backtest's figures."""
    return workspace.read_json(f"backtests/{id}/{RESULT}", *KEYS)


def _refuse_members(members: Sequence[Forecaster]) -> None:
    taken = {*stacked(adapt=True), *TABLE_ONLY, STACK, UNCORRECTED}
    for member in members:
        if isinstance(member, type) or not isinstance(member, Forecaster):
            cure = "give objects with name, fit(windows, seed) and forecast(history, horizon_days)"
            raise ConfigError(f"{member!r} is no member", "members", cure)
        if member.name in taken:
            raise ConfigError(f"there is a member {member.name!r} already", "members", "give it another name")
        taken.add(member.name)
