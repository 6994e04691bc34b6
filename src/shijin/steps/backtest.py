"""backtest: judge every member on a closed window, and keep the rows so that every figure can be recomputed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from shijin.errors import ConfigError
from shijin.forecasting.backtest import UNCORRECTED
from shijin.forecasting.backtest import backtest as judge_members
from shijin.forecasting.behaviour import Adapted
from shijin.forecasting.member import Forecaster
from shijin.forecasting.members import TABLE_ONLY, Work, stacked
from shijin.forecasting.stack import NAME as STACK
from shijin.notes import Progress
from shijin.schema import MEMBERS
from shijin.steps.cards import BacktestCard
from shijin.steps.corrections import read_corrections, tiers_read
from shijin.steps.defaults import judged_window
from shijin.steps.judged_voids import judged_voids
from shijin.steps.kinds import BACKTEST, MEMBER_ROWS, PROSPECT_ROWS, artifacts_of
from shijin.steps.read import read_events
from shijin.steps.receipts import receipt_of
from shijin.workspace import Content, Result, Workspace


@dataclass(frozen=True)
class BacktestOptions:
    """What to judge: horizon, cutoff of the judged window (one horizon before the end where None), own members.

    With `adapt` the behaviour model adapted to the shop is judged as well.
    """

    horizon: str | int | None = None
    cutoff: str | date | None = None
    members: Sequence[Forecaster] = ()
    adapt: bool = False


def backtest(
    workspace: Workspace, options: BacktestOptions, now: datetime, progress: Progress | None = None
) -> Result[BacktestCard]:
    """Judge, or find the figures that the same data and options gave before.

    Returns
    -------
    Result
        Table "members": `schema.MEMBERS`; table "prospects": the same of those who had looked but not bought.

    Raises
    ------
    ConfigError
        When a member lacks a method of `Forecaster`, or has a name that another one has.
    """
    _refuse_members(options.members)
    window = judged_window(workspace, options.horizon, options.cutoff, now)
    work = Work(workspace.config.engine.threads, progress)
    members = [*options.members, *([Adapted(work.threads)] if options.adapt else [])]
    artifacts, corrections = artifacts_of(workspace), read_corrections(workspace)
    tiers = tiers_read(workspace, corrections)
    id = artifacts.id(BACKTEST, window.day, window.horizon_days, *(member.name for member in members), *tiers)

    def build() -> Content[BacktestCard]:
        judged = judge_members(window.packed, window.horizon_days, window.cutoff, members, work, corrections)
        figures = {**artifacts.source(BACKTEST, *tiers), **judged.as_json()}
        voids, notes = judged_voids(read_events(workspace), workspace.config, window, judged.members)
        if voids:
            figures |= {"voids": voids, "notes": [*judged.notes, *notes]}
        prospects = {} if judged.prospects is None else {PROSPECT_ROWS: judged.prospects}
        return Content(BacktestCard.model_validate(figures), {MEMBER_ROWS: judged.members, **prospects})

    # A member of the user's own is known by its name only, so that it is judged each time.
    content, new = artifacts.make(BACKTEST, id, build, anew=bool(options.members))
    outputs = artifacts.outputs(BACKTEST, id, content)
    receipt = receipt_of(workspace, "backtest", options, content.card, now, outputs=outputs, keep=new)
    tables = {
        "members": content.tables[MEMBER_ROWS],
        "prospects": content.tables.get(PROSPECT_ROWS, MEMBERS.empty_table()),
    }
    return Result("backtest", content.card, receipt, tables, id, new, tuple(content.card.notes))


def _refuse_members(members: Sequence[Forecaster]) -> None:
    names = {*stacked(adapt=True), *TABLE_ONLY, STACK, UNCORRECTED}
    for member in members:
        if isinstance(member, type) or not isinstance(member, Forecaster):
            raise ConfigError("steps.not_a_member", key="members", member=member)
        if member.name in names:
            raise ConfigError("steps.member_name_in_use", key="members", name=member.name)
        names.add(member.name)
