"""A finding: something wrong in the data, with the rows it hit. Words for it lie in ``words/findings.toml``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import pyarrow as pa

from shijin.schema import FINDINGS

Severity = Literal["spoils", "warns", "notes"]
EXAMPLES = 20
# Said when a source is read; the tables cannot tell it any more.
ABOUT_READING = ("date_order_guessed", "encoding_guessed", "ids_rounded", "totals_differ", "void_orders")


def finding(
    code: str, severity: Severity, rows: int, share: float, examples: Sequence[object] | None = (), **arguments: object
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
        "examples": [str(example) for example in (examples or ())[:EXAMPLES]],
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


def verdict(findings: pa.Table) -> tuple[str, dict[str, int]]:
    """The code of one sentence about all findings, and its counts: ``say(code, language, **counts)``.

    Examples
    --------
    >>> verdict(findings_table([finding("one_day", "warns", 3, 1.0, day="2024-01-01")]))
    ('check.verdict_warns', {'spoils': 0, 'warns': 1, 'notes': 0})
    """
    severities = findings["severity"].to_pylist()
    counts = {name: severities.count(name) for name in ("spoils", "warns", "notes")}
    gravest = next((name for name, count in counts.items() if count), "fine")
    return f"check.verdict_{gravest}", counts


def spoils(findings: pa.Table) -> bool:
    """Whether one of the findings spoils a forecast.

    Examples
    --------
    >>> spoils(findings_table([finding("no_orders", "spoils", 0, 0.0)])), spoils(findings_table([]))
    (True, False)
    """
    return "spoils" in findings["severity"].to_pylist()
