"""export: the newest forecast as a list to send, with its hold-out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from shijin.errors import WorkspaceError
from shijin.export.list import BYTE_ORDER_MARK, export_list, recommendation_list, to_csv
from shijin.notes import Note, Progress
from shijin.steps.cards import ExportCard, ExportRecommendedCard
from shijin.steps.kinds import FORECAST_ROWS
from shijin.steps.read import read_contacts, read_items
from shijin.steps.receipts import receipt_of
from shijin.steps.score import latest_score, looks_back
from shijin.workspace import Result, Workspace

FILE = "customers.csv"


@dataclass(frozen=True)
class ExportOptions:
    """What the list holds: contacts only on request; the file to write instead of one in the workspace."""

    contacts: bool = False
    to: Path | None = None


@dataclass(frozen=True)
class ExportRecommendedOptions:
    """What to send: the table that `recommend` gave; and the file, which `refuse_target` did not refuse."""

    recommended: pa.Table
    to: Path


def export(
    workspace: Workspace, options: ExportOptions, now: datetime, progress: Progress | None = None
) -> Result[ExportCard]:
    """Write the list.

    Returns
    -------
    Result
        Table "customers": the rows of the file, before they are made safe for spreadsheets.
    """
    del progress  # every step has the same parameters
    latest = latest_score(workspace)
    contacts = read_contacts(workspace) if options.contacts else None
    table = export_list(latest.tables[FORECAST_ROWS], workspace.config, contacts)
    path = _written(workspace, latest.card.score, options, to_csv(table))
    card = ExportCard(
        file=str(path.absolute()),
        score=latest.card.score,
        contacts=options.contacts,
        holdout=workspace.config.export.holdout,
        customers=table.num_rows,
        held_out=sum(table["holdout"].to_pylist()),
    )
    rows = {"customers": card.customers, "held_out": card.held_out}
    # A receipt each time: who was exported when is part of the record.
    receipt = receipt_of(workspace, "export", options, card, now, outputs=(card.file,), rows=rows)
    notes = (*looks_back(workspace, latest.card.cutoff), *_prospects_note(table))
    return Result("export", card, receipt, {"customers": table}, notes=notes)


def export_recommended(
    workspace: Workspace, options: ExportRecommendedOptions, now: datetime, progress: Progress | None = None
) -> Result[ExportRecommendedCard]:
    """Write recommendations, or the customers for an item, as a list to send.

    Returns
    -------
    Result
        Table "rows": the rows of the file, before they are made safe for spreadsheets.
    """
    del progress  # every step has the same parameters
    table = recommendation_list(options.recommended, read_items(workspace), workspace.config)
    _write_outside(options.to, to_csv(table))
    held_out = table.filter(table["holdout"])["customer_id"]
    card = ExportRecommendedCard(
        file=str(options.to.absolute()),
        rows=table.num_rows,
        holdout=workspace.config.export.holdout,
        customers=pc.count_distinct(table["customer_id"]).as_py(),
        held_out=pc.count_distinct(held_out).as_py(),
    )
    rows = {"rows": card.rows, "customers": card.customers, "held_out": card.held_out}
    receipt = receipt_of(workspace, "export", options, card, now, outputs=(card.file,), rows=rows)
    return Result("recommendations_export", card, receipt, {"rows": table})


def _written(workspace: Workspace, score: str, options: ExportOptions, content: bytes) -> Path:
    """Write the list where it is wanted, unless it lies there already; gives the file."""
    name = f"{score}-contacts" if options.contacts else score
    path = options.to or workspace.root / "exports" / name / FILE
    if options.to is not None:
        refuse_target(workspace, options.to)
    if not path.exists() or path.read_bytes() != content:
        if options.to is not None:
            _write_outside(options.to, content)
        else:
            workspace.publish("exports", name, lambda folder: (folder / FILE).write_bytes(content))
    return path


def _prospects_note(table: pa.Table) -> list[Note]:
    prospects = pc.sum(table["prospect"]).as_py()
    return [{"code": "forecast.prospects_listed", "prospects": prospects}] if prospects else []


def refuse_target(workspace: Workspace, to: Path) -> None:
    """Refuse a file that cannot or must not be written, before anything is made for it.

    Raises
    ------
    WorkspaceError
        When it is a folder or in none, a part of the workspace, named as another kind of file, or a file that is there
        and is no exported list.
    """
    if to.is_dir():
        raise WorkspaceError("steps.target_is_folder", to)
    if not to.parent.is_dir():
        raise WorkspaceError("steps.target_has_no_folder", to)
    if to.suffix.lower() not in ("", ".csv", ".txt"):
        raise WorkspaceError("steps.target_is_not_csv", to)
    root, place = workspace.root.resolve(), to.resolve()
    if place.is_relative_to(root) and not place.is_relative_to(root / "exports"):
        raise WorkspaceError("steps.target_in_workspace", to)
    if to.exists() and not _is_list(to):
        raise WorkspaceError("steps.target_is_other_file", to)


def _is_list(path: Path) -> bool:
    """Whether a file begins as an exported list does; an empty file may be replaced as well."""
    try:
        with path.open("rb") as file:
            head = file.readline()
    except OSError:
        return True  # not readable: the attempt to write it says why
    return not head or (head.startswith(BYTE_ORDER_MARK + b'"customer_id",') and b'"holdout"' in head)


def _write_outside(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise WorkspaceError("steps.target_not_written", path, error=error.strerror) from error
