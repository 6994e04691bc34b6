"""check: what is wrong with the collected data, and whether it spoils a forecast."""

from __future__ import annotations

from datetime import datetime

from shijin.config import without_effect
from shijin.errors import EmptyHistoryError
from shijin.notes import Note, Progress
from shijin.prepare.findings import spoils
from shijin.steps.cards import CheckCard
from shijin.steps.read import read_events, read_findings, read_rejected
from shijin.workspace import Receipt, Result, Workspace
from shijin.workspace.receipts import started


def check(workspace: Workspace, options: None, now: datetime, progress: Progress | None = None) -> Result[CheckCard]:
    """Check the data.

    Returns
    -------
    Result
        Table "findings": `schema.FINDINGS`, the gravest first; the command line exits 1 where one of them ``spoils``.

    Raises
    ------
    EmptyHistoryError
        When nothing was collected yet.
    """
    del options, progress  # every step has the same parameters
    events, rejected = read_events(workspace), read_rejected(workspace)
    if not events.num_rows:
        raise EmptyHistoryError("steps.nothing_collected", workspace.root)
    findings = read_findings(workspace, now)
    severities = findings["severity"].to_pylist()
    counts = {name: severities.count(name) for name in ("spoils", "warns", "notes")}
    rows = {"events": events.num_rows, "quarantined": rejected.num_rows, **counts}
    versions, listed = workspace.versions(), findings.to_pylist()
    card = CheckCard(fingerprint=workspace.fingerprint(), spoils=spoils(findings), rows=rows, findings=listed)
    receipt = Receipt(
        verb="check",
        started_at=started(now),
        card={"fingerprint": card.fingerprint, "spoils": card.spoils},
        rows=rows,
        findings=tuple(listed),
        before=versions,
        after=versions,
        outputs=tuple(f"quarantine/{name}.parquet" for name in workspace.read_quarantine()),
    )
    with workspace.lock():
        workspace.write_receipt(receipt)
    idle = without_effect(workspace.config)
    notes: tuple[Note, ...] = ({"code": "check.no_effect_yet", "settings": ", ".join(idle)},) if idle else ()
    return Result("check", card, receipt, {"findings": findings}, notes=notes)
