"""How every step writes its receipt: the options that it was given, the card that it made, versions and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from shijin.workspace import Card, Receipt, Workspace
from shijin.workspace.receipts import started


def receipt_of(
    workspace: Workspace,
    verb: str,
    options: object,
    card: Card,
    now: datetime,
    *,
    outputs: Sequence[str] = (),
    rows: Mapping[str, int] | None = None,
    keep: bool = True,
) -> Receipt:
    """The receipt of a step that read committed data and changed none of it; kept where the step made something."""
    versions = workspace.versions()
    receipt = Receipt(
        verb,
        started(now),
        inputs=options_as_json(options),
        card=card.as_json(),
        rows=dict(rows or {}),
        before=versions,
        after=versions,
        outputs=tuple(outputs),
    )
    if keep:
        workspace.write_receipt(receipt)
    return receipt


def options_as_json(options: object) -> dict[str, Any]:
    """The options of a step as JSON: paths as text, members by name, long tables by their length.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Options:
    ...     horizon: str | None
    ...     to: Path | None
    >>> options_as_json(Options("90d", Path("list.csv")))
    {'horizon': '90d', 'to': 'list.csv'}
    """
    if not is_dataclass(options):
        return {}
    return {field.name: _as_json(getattr(options, field.name)) for field in fields(options)}


def _as_json(value: object) -> Any:  # noqa: ANN401
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return options_as_json(value)
    if isinstance(value, Mapping):
        return {str(key): _as_json(one) for key, one in value.items()}
    if isinstance(value, pa.Array | pa.ChunkedArray | pa.Table):
        return {"rows": len(value)}
    if isinstance(value, Sequence):
        return [_as_json(one) for one in value]
    return str(getattr(value, "name", value)) if not isinstance(value, Path) else str(value)
