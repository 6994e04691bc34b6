"""Ids that lost digits: a spreadsheet keeps fifteen of a number, a floating-point number sixteen."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.mapped import MappedSource
from shijin.collect.values import as_array, as_text, distinct, is_true
from shijin.prepare.findings import finding

_SCIENTIFIC = r"^\d(?:[.,]\d+)?[eE]\+?\d{1,2}$"
_ZEROS = r"^[1-9]\d{11,}0{4,}$"
_EXACT = 2.0**53  # floating-point numbers above it are not whole numbers one apart
_LARGE_SHARE = 0.5


def is_scientific(texts: pa.Array) -> pa.Array:
    """Whether texts are numbers in scientific notation, as a spreadsheet writes long ids.

    Examples
    --------
    >>> is_scientific(pa.array(["1.70031864002E+18", "8.80145e16", "1700318640020000000", None])).to_pylist()
    [True, True, False, False]
    """
    values, rows = distinct(texts)
    return is_true(pc.match_substring_regex(values, _SCIENTIFIC).take(rows))


def rounded_findings(source: MappedSource, role: str) -> list[dict[str, Any]]:
    """Say that ids of a role were rounded, so that several may have become one."""
    notes = []
    for name in source.roles.get(role, ()):
        column = as_array(source.raw.table[name])
        texts = pc.unique(as_text(column)).drop_null()
        if not len(texts):
            continue
        scientific = pc.sum(is_scientific(texts)).as_py() or 0
        if pa.types.is_floating(column.type):
            beyond = pc.sum(is_true(pc.greater_equal(pc.abs(pc.unique(column)), _EXACT))).as_py() or 0
        else:
            beyond = pc.sum(pc.match_substring_regex(texts, _ZEROS)).as_py() or 0
        count = max(scientific, beyond)
        if not count:
            continue
        share = count / len(texts)
        lost = scientific or pa.types.is_floating(column.type)
        severity = "spoils" if lost and share > _LARGE_SHARE else "warns"
        code = "ids_scientific" if scientific else "ids_rounded"
        notes.append(finding(code, severity, count, share, column=name))  # type: ignore[arg-type]
    return notes
