"""Findings about the file itself: lines that are no rows, sheets that were not read, cells far from the table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shijin.prepare.findings import finding

Findings = tuple[dict[str, Any], ...]
_LARGE = 0.2  # a sheet with this share of the rows that are read may be one of orders


def title_rows(lines: int) -> Findings:
    """Lines above the row of names, or comments below, that were skipped.

    Examples
    --------
    >>> title_rows(0), title_rows(3)[0]["severity"]
    ((), 'notes')
    """
    return (finding("title_rows", "notes", lines, 0.0),) if lines else ()


def merged_title_rows(findings: Findings, lines: int) -> Findings:
    """Findings with further lines that were skipped."""
    lines += sum(row["rows"] for row in findings if row["code"] == "title_rows")
    return (*title_rows(lines), *(row for row in findings if row["code"] != "title_rows"))


def sheets_unread(rows: Mapping[str, int], rows_read: int) -> Findings:
    """Sheets that have another shape than the one that is read.

    Parameters
    ----------
    rows
        The rows of each sheet, by name.

    Examples
    --------
    >>> sheets_unread({"Sums": 3}, 90)[0]["arguments"]
    '{"rows": 3, "share": "3.2 %", "sheets": "Sums (3)"}'
    """
    return _named("sheets_unread", rows, rows_read, "warns" if _is_large(rows, rows_read) else "notes")


def sheets_repeated(rows: Mapping[str, int], rows_read: int) -> Findings:
    """Sheets whose rows, or whose sums, are also on the one that is read."""
    return _named("sheets_repeated", rows, rows_read, "notes")


def stray_cells(cells: int) -> Findings:
    """Cells far from the table, or beside it in columns without a name, that were left out."""
    return (finding("stray_cells", "notes", cells, 0.0),) if cells else ()


def files_unread(names: list[str]) -> Findings:
    """Files of an archive that are no tables."""
    return (finding("files_unread", "notes", len(names), 0.0, names, files=", ".join(names[:10])),) if names else ()


def _is_large(rows: Mapping[str, int], rows_read: int) -> bool:
    return any(count >= _LARGE * rows_read for count in rows.values())


def _named(code: str, rows: Mapping[str, int], rows_read: int, severity: Any) -> Findings:  # noqa: ANN401
    if not rows:
        return ()
    count = sum(rows.values())
    sheets = ", ".join(f"{name} ({number:,})" for name, number in rows.items())
    return (finding(code, severity, count, count / max(count + rows_read, 1), list(rows), sheets=sheets),)
