"""check: what is wrong with the collected data, and whether it spoils a forecast."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from shijin.errors import EmptyHistoryError
from shijin.steps.read import read_events, read_findings, read_rejected
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started


def check(workspace: Workspace, now: datetime) -> tuple[Receipt, pa.Table]:
    """Check the data.

    Returns
    -------
    Receipt
        With the findings; ``rows`` counts events, rows set aside, and findings by severity.
    FINDINGS
        The gravest first; the command line exits 1 where one of them ``spoils``.

    Raises
    ------
    EmptyHistoryError
        When nothing was collected yet.
    """
    events, rejected = read_events(workspace), read_rejected(workspace)
    if not events.num_rows:
        raise EmptyHistoryError("nothing was collected yet", str(workspace.root), "run: shijin collect FILE")
    findings = read_findings(workspace, now)
    severities = findings["severity"].to_pylist()
    versions = workspace.versions()
    receipt = Receipt(
        verb="check",
        started_at=started(now),
        inputs={"fingerprint": workspace.fingerprint()},
        rows={
            "events": events.num_rows,
            "quarantined": rejected.num_rows,
            **{name: severities.count(name) for name in ("spoils", "warns", "notes")},
        },
        findings=tuple(findings.to_pylist()),
        before=versions,
        after=versions,
        outputs=tuple(f"quarantine/{name}.parquet" for name in workspace.read_quarantine()),
    )
    with workspace.lock():
        workspace.write_receipt(receipt)
    return receipt, findings


def spoils(findings: pa.Table) -> bool:
    """Whether one of the findings spoils a forecast.

    Examples
    --------
    >>> from shijin.prepare.findings import finding, findings_table
    >>> spoils(findings_table([finding("no_orders", "spoils", 0, 0.0)])), spoils(findings_table([]))
    (True, False)
    """
    return "spoils" in findings["severity"].to_pylist()
