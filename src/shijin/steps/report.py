"""report: the results of the shop as one page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from shijin.notes import Progress
from shijin.report.page import page
from shijin.steps.cards import ReportCard
from shijin.steps.gather import report_data
from shijin.steps.receipts import receipt_of
from shijin.words.reader import PYTHON, Reader
from shijin.workspace import Result, Workspace

FILE = "report.html"


@dataclass(frozen=True)
class ReportOptions:
    """Who reads the page: decides how its commands are written."""

    reader: Reader = field(default=PYTHON, repr=False)


def report(
    workspace: Workspace, options: ReportOptions, now: datetime, progress: Progress | None = None
) -> Result[ReportCard]:
    """Write the page; the same contents write nothing.

    Raises
    ------
    ModelError
        When nothing is scored yet.
    """
    del progress  # every step is called alike
    shown = report_data(workspace, now)
    html = page(shown.data, options.reader)
    path = workspace.root / FILE
    if not path.exists() or path.read_text("utf-8") != html:
        workspace.write_text(FILE, html)
    card = ReportCard(file=str(path), score=shown.score, backtest=shown.backtest, backtest_items=shown.backtest_items)
    receipt = receipt_of(workspace, "report", None, card, now, outputs=(FILE,), keep=False)
    return Result("report", card, receipt, notes=tuple(shown.looks_back))
