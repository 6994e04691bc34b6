"""backtest of recommendations: judge them on the shop's own past, with rows from which every figure recomputes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from shijin.forecasting.members import Work
from shijin.notes import Progress
from shijin.recommend.judge.backtest import backtest_items as judge_lists
from shijin.recommend.past.known_past import ItemTable
from shijin.steps.cards import ItemsBacktestCard
from shijin.steps.defaults import judged_window
from shijin.steps.kinds import ITEMS_BACKTEST, JUDGED_ROWS, artifacts_of
from shijin.steps.receipts import receipt_of
from shijin.steps.recommender import SOON_DAYS
from shijin.words import say
from shijin.workspace import Content, Result, Workspace


@dataclass(frozen=True)
class ItemsOptions:
    """What to judge: how far ahead, the shop's horizon but 30 days at most; and from when, a horizon before the end."""

    horizon: str | int | None = None
    cutoff: str | date | None = None


def backtest_items(
    workspace: Workspace, options: ItemsOptions, now: datetime, progress: Progress | None = None
) -> Result[ItemsBacktestCard]:
    """Judge recommendations, or find the figures that the same data and options gave before.

    Ratings, dismissals and clicks change the lists of today; here they are left out.

    Returns
    -------
    Result
        Table "rows": `schema.ITEMS_JUDGED`.

    Raises
    ------
    EmptyHistoryError
        When there is nothing to choose among, too short a past, or no customer who came again.
    """
    window = judged_window(workspace, options.horizon, options.cutoff, now, SOON_DAYS)
    artifacts = artifacts_of(workspace)
    id = artifacts.id(ITEMS_BACKTEST, window.day, window.horizon_days)

    def build() -> Content[ItemsBacktestCard]:
        items = ItemTable(workspace.read("items"), workspace.config.items)
        work = Work(workspace.config.engine.threads, _in_words(workspace, progress))
        figures, rows = judge_lists(window.packed, items, window.horizon_days, window.cutoff, work)
        marked = {"fingerprint": workspace.basis(ITEMS_BACKTEST.depends), **figures}
        return Content(ItemsBacktestCard.model_validate(marked), {JUDGED_ROWS: rows})

    content, new = artifacts.make(ITEMS_BACKTEST, id, build)
    outputs = artifacts.outputs(ITEMS_BACKTEST, id, content)
    receipt = receipt_of(workspace, "backtest", options, content.card, now, outputs=outputs, keep=new)
    return Result("items_backtest", content.card, receipt, {"rows": content.tables[JUDGED_ROWS]}, id, new)


def _in_words(workspace: Workspace, progress: Progress | None) -> Progress | None:
    language = workspace.config.shop.locale
    return None if progress is None else lambda code, done, of: progress(say(code, language), done, of)
