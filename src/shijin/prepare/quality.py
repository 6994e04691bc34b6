"""What is wrong with a shop's data, and whether it spoils a forecast. It reads tables; it mends nothing."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.prepare.findings import Severity, finding
from shijin.schema import BAD_REASONS


def rejections(rejected: pa.Table, rows_in: int) -> list[dict[str, Any]]:
    """One finding for each reason for which rows were set aside.

    Parameters
    ----------
    rejected
        QUARANTINE.
    rows_in
        How many rows came in all.
    """
    findings = []
    for counted in pc.value_counts(rejected["reason"]).to_pylist():
        reason, rows = counted["values"], counted["counts"]
        behind = rejected.filter(pc.equal(rejected["reason"], reason)).slice(0, 5)
        severity: Severity = "warns" if reason in BAD_REASONS else "notes"
        findings.append(finding(reason, severity, rows, rows / max(rows_in, 1), behind["source_row"].to_pylist()))
    return findings
