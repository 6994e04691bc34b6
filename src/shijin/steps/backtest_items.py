"""backtest --items: judge lists of items on the shop's own past, and keep the rows so that every figure recomputes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from shijin.forecasting.members import Work
from shijin.notes import Progress
from shijin.recommend.judge.backtest import backtest_items
from shijin.recommend.judge.tasks import ItemTable
from shijin.represent.cutoff import day_of
from shijin.represent.packed import DAY_US
from shijin.schema import ITEMS_JUDGED
from shijin.steps.backtest import finished, keep
from shijin.steps.defaults import cutoff_of, horizon_of, read_packed
from shijin.steps.recommender import SOON_DAYS
from shijin.steps.train import step_id
from shijin.words import say
from shijin.workspace import Receipt, Workspace

RESULT, ROWS = "items.json", "items.parquet"
KEYS = ("fingerprint", "cutoff", "horizon_days", "k", "parts", "views")


@dataclass(frozen=True)
class ItemsOptions:
    """What to judge: how far ahead, the shop's horizon but 30 days at most; and from when, a horizon before the end."""

    horizon: str | int | None = None
    cutoff: str | date | None = None


def run_backtest_items(
    workspace: Workspace, options: ItemsOptions, now: datetime, progress: Progress | None = None
) -> tuple[Receipt, pa.Table]:
    """Judge, or find what the same data and options gave before.

    Ratings, dismissals and clicks change lists of today; here they are left out.

    Returns
    -------
    Receipt
        ``inputs["backtest"]`` is its id, ``inputs["result"]`` all figures.
    Table
        `schema.ITEMS_JUDGED`.

    Raises
    ------
    EmptyHistoryError
        When there is nothing to choose among, too short a past, or nobody who came again.
    """
    packed = read_packed(workspace)
    horizon_days = horizon_of(workspace, packed, packed.end, options.horizon)
    if options.horizon is None:
        horizon_days = min(horizon_days, SOON_DAYS)
    cutoff = packed.end - horizon_days * DAY_US if options.cutoff is None else cutoff_of(packed, options.cutoff)
    id = step_id(workspace, day_of(cutoff), horizon_days, "backtest items")
    new = not (workspace.root / "backtests" / id / RESULT).exists()
    if new:
        items_known = ItemTable(workspace.read("items"), workspace.config.items)
        work = Work(workspace.config.engine.threads, _in_words(workspace, progress))
        figures, rows = backtest_items(packed, items_known, horizon_days, cutoff, work)
        keep(workspace, id, {RESULT: figures}, {ROWS: rows})
    result, rows = read_backtest_items(workspace, id)
    return finished(workspace, id, result, (ROWS, RESULT), new=new, now=now), rows


def read_backtest_items(workspace: Workspace, id: str) -> tuple[dict[str, Any], pa.Table]:
    """Read a backtest of lists back: all its figures and its rows.

    Raises
    ------
    WorkspaceError
        When a file is missing or damaged.
    """
    result = workspace.read_json(f"backtests/{id}/{RESULT}", *KEYS)
    return result, workspace.read_rows(f"backtests/{id}/{ROWS}", ITEMS_JUDGED)


def _in_words(workspace: Workspace, progress: Progress | None) -> Progress | None:
    language = workspace.config.shop.locale
    return None if progress is None else lambda code, done, of: progress(say(code, language), done, of)
