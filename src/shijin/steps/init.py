"""init: a workspace that is there."""

from __future__ import annotations

from datetime import datetime

from shijin.notes import Progress
from shijin.steps.cards import WorkspaceCard
from shijin.workspace import Receipt, Result, Workspace
from shijin.workspace.receipts import started


def init(workspace: Workspace, options: None, now: datetime, progress: Progress | None = None) -> Result[WorkspaceCard]:
    """Report where a workspace lies; `Workspace.create` has made it."""
    del options, progress  # every step has the same parameters
    return Result("workspace", WorkspaceCard(workspace=str(workspace.root)), Receipt("init", started(now)))
