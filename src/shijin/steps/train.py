"""train: learn from the shop's closed windows; the same data and options give the same model, found again by its id."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from shijin.errors import ModelError
from shijin.forecasting.behaviour import shipped
from shijin.forecasting.members import Work
from shijin.forecasting.model import CARD, FORMAT, Model, train
from shijin.notes import Progress
from shijin.represent.cutoff import day_of
from shijin.steps.corrections import read_corrections, trust_note
from shijin.steps.defaults import cutoff_of, horizon_of, read_packed, shorter_horizon
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started


@dataclass(frozen=True)
class TrainOptions:
    """How to train: horizon such as "90d", cutoff such as "2024-06-01", each the shop's default where None."""

    horizon: str | int | None = None
    cutoff: str | date | None = None
    adapt: bool = False  # the network, to the shop, beside the shipped one


def train_model(
    workspace: Workspace, options: TrainOptions, now: datetime, progress: Progress | None = None
) -> tuple[Receipt, pa.Table]:
    """Train, or find the model that the same data and options gave before.

    Returns
    -------
    Receipt
        ``inputs["model"]`` is the model's id, ``inputs["new"]`` whether it was trained now.
    Table
        Columns part, member, weight: what the stack makes of its members; empty for an untrained forecast.
    """
    packed = read_packed(workspace)
    cutoff = cutoff_of(packed, options.cutoff)
    horizon_days = horizon_of(workspace, packed, cutoff, options.horizon)
    day = day_of(cutoff)
    id = step_id(workspace, day, horizon_days, "train", *(["adapt"] if options.adapt else []))
    new = not (workspace.root / "models" / id / CARD).exists()
    if new:
        work, corrections = Work(workspace.config.engine.threads, progress), read_corrections(workspace)
        model = train(packed, horizon_days, cutoff, work, corrections, adapt=options.adapt)
        workspace.publish("models", id, model.save)
    else:
        model = Model.load(workspace.root / "models" / id)
    receipt = Receipt(
        "train",
        started(now),
        inputs={
            "model": id,
            "new": new,
            "cutoff": day.isoformat(),
            "horizon_days": horizon_days,
            "trained": model.stack is not None,
            "case": model.stack.case if model.stack else "untrained",
            "served": model.stack.served if model.stack else "untrained",
            **({"corrections": asdict(model.trust)} if model.trust else {}),
            "notes": [
                *shorter_horizon(workspace, packed, cutoff, options.horizon),
                *model.notes,
                *(model.stack.notes if model.stack else []),
                *([trust_note(model.trust)] if model.trust else []),
            ],
        },
        before=workspace.versions(),
        after=workspace.versions(),
        outputs=(f"models/{id}",),
    )
    if new:
        workspace.write_receipt(receipt)
    return receipt, weights_table(model)


def weights_table(model: Model) -> pa.Table:
    """What the stack makes of its members: part, member, weight."""
    shares = model.stack.shares() if model.stack else {}
    rows = [(part, member, weight) for part, row in shares.items() for member, weight in row.items()]
    names = ("part", "member", "weight")
    types = (pa.string(), pa.string(), pa.float64())
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table([pa.array(list(column), kind) for column, kind in zip(columns, types, strict=True)], names=names)


def read_model(workspace: Workspace, id: str) -> Model:
    """Load a model by its id.

    Raises
    ------
    ModelError
        When there is none, or it is damaged.
    """
    folder = workspace.root / "models" / id
    if not folder.is_dir() or Path(id).name != id:
        known = ", ".join(sorted(path.name for path in (workspace.root / "models").glob("*/"))) or "none yet"
        raise ModelError(
            f"no model {id!r}, there is: {known}", str(workspace.root / "models"), "train, or name one of these"
        )
    return Model.load(folder)


def newest_model(workspace: Workspace, cutoff: int, horizon_days: int | None) -> tuple[str, Model] | None:
    """The model that saw most but nothing from `cutoff` on; of equals the one trained last."""
    found: list[tuple[tuple[int, float], str]] = []
    for folder in (workspace.root / "models").glob("*/"):
        try:
            card: dict[str, Any] = json.loads((folder / CARD).read_text("utf-8"))
            fits = (
                card["format"] == FORMAT and card["cutoff"] <= cutoff and horizon_days in (None, card["horizon_days"])
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a damaged model, or one of another version, is met when it is named
        if fits:
            found.append(((card["cutoff"], folder.stat().st_mtime), folder.name))
    return (max(found)[1], read_model(workspace, max(found)[1])) if found else None


def step_id(workspace: Workspace, day: date, horizon_days: int, *options: object) -> str:
    """An id made of what goes in: the same data, config, options, package and weights give the same.

    Feedback that no forecast reads (`Workspace.basis`) leaves it. Lists read feedback, so theirs name it as an option.
    """
    content = json.dumps([workspace.basis(), version("shijin"), shipped().name, *map(str, options)])
    return f"{day.isoformat()}-{horizon_days}d-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
