"""A finding: something wrong in the data, with the rows it concerns. Its sentences are in ``words/findings.toml``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import pyarrow as pa

from shijin.schema import FINDINGS

Severity = Literal["spoils", "warns", "notes"]
EXAMPLES = 20
# Found when a source is read; they cannot be found in the tables later.
ABOUT_READING = (
    *("date_order_guessed", "encoding_guessed", "decimal_open", "zone_guessed", "sheets_unread", "totals_differ"),
    *("ids_rounded", "ids_scientific", "id_new_each_order", "masked_people", "unknown_status"),
    *("names_as_customers", "short_names_as_customers", "money_open", "price_open", "discount_open", "total_once"),
    *("types_with_amounts", "orders_in_stages", "no_money", "status_map_unused"),
    *("title_rows", "sheets_repeated", "stray_cells", "files_unread"),
)


def finding(
    code: str, severity: Severity, rows: int, share: float, examples: Sequence[object] | None = (), **arguments: object
) -> dict[str, Any]:
    """One row of FINDINGS.

    Parameters
    ----------
    code
        Its sentence is ``findings.<code>``.
    severity
        ``spoils``: most of a forecast would be wrong; ``warns``; or ``notes``.
    rows, share
        How many rows it concerns, and their share of all rows (of money where the sentence has it), 0 .. 1.
    examples
        Their event ids or row numbers; the first few are stored.
    arguments
        Placeholders of the sentence other than ``rows`` and ``share``.
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
    """Write a share for people.

    Examples
    --------
    >>> percent(0.2054), percent(0.0004), percent(0)
    ('20.5 %', '< 0.1 %', '0 %')
    """
    if 0 < share < 0.001:
        return "< 0.1 %"
    return f"{share * 100:.1f}".rstrip("0").rstrip(".") + " %"


def findings_table(findings: Iterable[dict[str, Any]]) -> pa.Table:
    """Return findings as FINDINGS, the most severe first."""
    order = {"spoils": 0, "warns": 1, "notes": 2}
    rows = sorted(findings, key=lambda row: (order[row["severity"]], -row["share"], row["code"]))
    return pa.Table.from_pylist(rows, schema=FINDINGS)


def verdict(findings: pa.Table) -> tuple[str, dict[str, int]]:
    """Sum up all findings: the code of one sentence, and its placeholders, as in ``say(code, language, **counts)``.

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
