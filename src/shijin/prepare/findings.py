"""A finding: something wrong in the data, with the rows it hit. Words for it lie in ``words/findings.toml``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import pyarrow as pa

from shijin.schema import FINDINGS

Severity = Literal["spoils", "warns", "notes"]
EXAMPLES = 5


def finding(
    code: str, severity: Severity, rows: int, share: float, examples: Sequence[str] = (), **arguments: object
) -> dict[str, Any]:
    """One row of FINDINGS.

    Parameters
    ----------
    code
        Its words are ``findings.<code>``.
    severity
        ``spoils`` a forecast, ``warns``, or ``notes``.
    rows, share
        How many rows it hit, and what part of all (of the money where the words say so), 0 .. 1.
    examples
        Event ids or row numbers behind it; the first few are kept.
    arguments
        What the words' placeholders need beside ``rows`` and ``share``.
    """
    return {
        "code": code,
        "severity": severity,
        "rows": int(rows),
        "share": float(share),
        "examples": [str(example) for example in examples][:EXAMPLES],
        "arguments": json.dumps({"rows": int(rows), "share": percent(share), **arguments}, ensure_ascii=False),
    }


def percent(share: float) -> str:
    """A share as people read it.

    Examples
    --------
    >>> percent(0.2054), percent(0.0004), percent(0)
    ('20.5 %', '< 0.1 %', '0 %')
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{share * 100:.1f}".rstrip("0").rstrip(".") + " %"


def findings_table(findings: Iterable[dict[str, Any]]) -> pa.Table:
    """Findings as a table, the gravest first."""
    order = {"spoils": 0, "warns": 1, "notes": 2}
    rows = sorted(findings, key=lambda row: (order[row["severity"]], -row["share"], row["code"]))
    return pa.Table.from_pylist(rows, schema=FINDINGS)
