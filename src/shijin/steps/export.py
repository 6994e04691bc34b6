"""export: the newest forecast as a list to send, with its hold-out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from shijin.errors import WorkspaceError
from shijin.export.list import export_list, recommendation_list, to_csv
from shijin.notes import Note
from shijin.steps.read import read_contacts, read_items
from shijin.steps.score import latest_score, looks_back
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started

FILE = "customers.csv"


@dataclass(frozen=True)
class ExportOptions:
    """What goes into the list: contacts only when asked for; the file to write instead of one in the workspace."""

    contacts: bool = False
    to: Path | None = None


def export(workspace: Workspace, options: ExportOptions, now: datetime) -> tuple[Receipt, pa.Table]:
    """Write the list.

    Returns
    -------
    Receipt
        ``outputs`` names the file; ``inputs["notes"]`` says where the data go on after the forecast's cutoff.
    Table
        The rows of the file, before they are made safe for spreadsheets.
    """
    card, forecast = latest_score(workspace)
    contacts = read_contacts(workspace) if options.contacts else None
    table = export_list(forecast, workspace.config, contacts)
    content = to_csv(table)
    name = f"{card['id']}-contacts" if options.contacts else str(card["id"])
    path = options.to or workspace.root / "exports" / name / FILE
    if options.to is not None:
        refuse_target(options.to)
    if not path.exists() or path.read_bytes() != content:
        if options.to is not None:
            _write_outside(options.to, content)
        else:
            workspace.publish("exports", name, lambda folder: (folder / FILE).write_bytes(content))
    receipt = Receipt(
        "export",
        started(now),
        inputs={
            "score": card["id"],
            "contacts": options.contacts,
            "holdout": workspace.config.export.holdout,
            "notes": [*looks_back(workspace, card["cutoff"]), *_prospects_note(table)],
        },
        rows={"customers": table.num_rows, "held_out": sum(table["holdout"].to_pylist())},
        outputs=(str(path.absolute()),),
    )
    workspace.write_receipt(receipt)  # who was exported when is part of the record, each time
    return receipt, table


def export_wanted(workspace: Workspace, wanted: pa.Table, to: Path) -> tuple[int, int]:
    """Write what customers want, or who wants an item, as a list to send; gives how many are on it, and held out.

    Parameters
    ----------
    wanted
        What `recommend`, `recommend_to` or `wanted_by` gave.
    to
        A file that `refuse_target` did not refuse.
    """
    table = recommendation_list(wanted, read_items(workspace), workspace.config)
    _write_outside(to, to_csv(table))
    listed, held_out = table["customer_id"], table.filter(table["holdout"])["customer_id"]
    return pc.count_distinct(listed).as_py(), pc.count_distinct(held_out).as_py()


def _prospects_note(table: pa.Table) -> list[Note]:
    prospects = pc.sum(table["prospect"]).as_py()
    return [{"code": "forecast.prospects_listed", "prospects": prospects}] if prospects else []


def refuse_target(to: Path) -> None:
    """Refuse a file that cannot be written, before anything is made for it.

    Raises
    ------
    WorkspaceError
        When it is a folder, or in none.
    """
    if to.is_dir():
        raise WorkspaceError("a folder, not a file", str(to), "name a file in it")
    if not to.parent.is_dir():
        raise WorkspaceError("cannot be written (no such folder)", str(to), "make its folder first")


def _write_outside(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise WorkspaceError(f"cannot be written ({error.strerror})", str(path), "choose another file") from error
