"""Takes away notes below a table: rows at its end with one text and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import pyarrow.compute as pc

from shijin.collect.raw import Raw
from shijin.collect.reading.header import kind_of
from shijin.collect.reading.noticed import merged_title_rows

_MOST = 20  # rows of notes
_SENTENCE = re.compile(r"[\s:：。]|[\u4e00-\u9fff]")


def without_notes_below(raw: Raw) -> Raw:
    """Leave out rows at the end that hold a text only, such as who printed the table; a finding counts them.

    A row of which only a number or a name is left is no note, but a row that was cut; it is set aside later.

    Examples
    --------
    >>> import numpy as np, pyarrow as pa
    >>> table = pa.table({"no": ["1", "2", "Printed by Anna"], "buyer": ["a", "b", ""], "total": ["5", "6", None]})
    >>> raw = without_notes_below(Raw(table, np.arange(1, 4), "orders", "", ("no", "buyer", "total")))
    >>> raw.table["no"].to_pylist(), raw.findings[0]["code"], raw.findings[0]["rows"]
    (['1', '2'], 'title_rows', 1)
    """
    if raw.table.num_columns < 3:
        return raw
    ends = raw.table.slice(max(0, raw.table.num_rows - _MOST))
    cells = [[cell for cell in row.values() if cell not in (None, "")] for row in ends.to_pylist()]
    texts = dict(zip(raw.row[-len(cells) :].tolist(), cells, strict=True)) if cells else {}
    texts |= {number: [text] for number, text in raw.broken[-_MOST:]}
    is_typed = _is_typed(raw)
    notes: set[int] = set()
    for number in sorted(texts, reverse=True)[:_MOST]:
        if len(texts[number]) != 1 or not _is_note(texts[number][0], raw, is_typed=is_typed):
            break
        notes.add(number)
    if not notes or len(notes) == raw.rows_in:
        return raw
    table = raw.table.slice(0, int((raw.row < min(notes)).sum()))
    broken = tuple(row for row in raw.broken if row[0] not in notes)
    findings = merged_title_rows(raw.findings, len(notes))
    return replace(raw, table=table, row=raw.row[: table.num_rows], broken=broken, findings=findings)


def _is_note(text: str, raw: Raw, *, is_typed: bool) -> bool:
    delimiter = raw.detected.get("delimiter", "\t")
    bare = text.strip().strip(delimiter).strip('" ')
    is_one_cell = delimiter not in bare or delimiter == "spaces"
    return bool(bare) and is_one_cell and kind_of(bare) is None and (is_typed or bool(_SENTENCE.search(bare)))


def _is_typed(raw: Raw) -> bool:
    """Whether the first column holds numbers or dates, so that a text in it is no value."""
    values = pc.drop_null(raw.table.column(0).slice(0, 100)).to_pylist()
    kinds = [kind_of(value) for value in values if value]
    return bool(kinds) and 2 * sum(kind is not None for kind in kinds) > len(kinds)
