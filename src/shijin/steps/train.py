"""train: learn from the shop's closed windows; the same data and options give the same model, found by its id."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from shijin.errors import ModelError
from shijin.forecasting.members import Work
from shijin.forecasting.model import CARD, FORMAT, Model
from shijin.forecasting.model import train as fit_model
from shijin.forecasting.served import trust_note
from shijin.notes import Note, Progress
from shijin.steps.cards import ModelCard
from shijin.steps.corrections import read_corrections, tiers_read
from shijin.steps.defaults import Window, forecast_window, shorter_horizon
from shijin.steps.kinds import MODEL, artifacts_of
from shijin.steps.receipts import receipt_of
from shijin.workspace import Result, Workspace


@dataclass(frozen=True)
class TrainOptions:
    """How to train: horizon such as "90d", cutoff such as "2024-06-01", each the shop's default where None.

    With `adapt` the behaviour model is adapted to the shop as well, next to the shipped one.
    """

    horizon: str | int | None = None
    cutoff: str | date | None = None
    adapt: bool = False


def train(
    workspace: Workspace, options: TrainOptions, now: datetime, progress: Progress | None = None
) -> Result[ModelCard]:
    """Train, or find the model that the same data and options gave before.

    Returns
    -------
    Result
        Table "weights": part, member, weight: how the ensemble combines its members; empty for an untrained forecast.
    """
    window = forecast_window(workspace, options.horizon, options.cutoff, now)
    artifacts, corrections = artifacts_of(workspace), read_corrections(workspace)
    extras = [*(["adapt"] if options.adapt else []), *tiers_read(workspace, corrections)]
    id = artifacts.id(MODEL, window.day, window.horizon_days, *extras)

    def build() -> Model:
        work = Work(workspace.config.engine.threads, progress)
        return fit_model(window.packed, window.horizon_days, window.cutoff, work, corrections, adapt=options.adapt)

    model, new = artifacts.make(MODEL, id, build)
    card = _card(model, window)
    notes = [*shorter_horizon(workspace, window, options.horizon), *_notes(model)]
    receipt = receipt_of(workspace, "train", options, card, now, outputs=(f"models/{id}",), keep=new)
    return Result("model", card, receipt, {"weights": weights_table(model)}, id, new, tuple(notes), ("weights",))


def _card(model: Model, window: Window) -> ModelCard:
    stack = model.stack
    return ModelCard(
        cutoff=window.day.isoformat(),
        horizon_days=window.horizon_days,
        trained=stack is not None,
        case=(stack.case or "untrained") if stack else "untrained",
        served=stack.served if stack else "untrained",
        **({"corrections": asdict(model.trust)} if model.trust else {}),
    )


def _notes(model: Model) -> list[Note]:
    of_stack = model.stack.notes if model.stack else []
    return [*model.notes, *of_stack, *([trust_note(model.trust)] if model.trust else [])]


def weights_table(model: Model) -> pa.Table:
    """How the ensemble combines its members: part, member, weight."""
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
    folder = workspace.root / "models"
    if not (folder / id).is_dir() or Path(id).name != id:
        known = ", ".join(sorted(place.name for place in folder.glob("*/"))) or "-"
        raise ModelError("steps.no_such_model", folder, id=id, known=known)
    return artifacts_of(workspace).read(MODEL, id)


def newest_model(workspace: Workspace, cutoff: int, horizon_days: int | None) -> tuple[str, Model] | None:
    """The model that saw most but nothing from `cutoff` on; of equals the one trained last."""
    artifacts = artifacts_of(workspace)
    candidates: list[tuple[tuple[int, float], str]] = []
    for id in artifacts.ids(MODEL):
        place = artifacts.place(MODEL, id)
        try:
            card = json.loads((place / CARD).read_text("utf-8"))
            fits = card["format"] == FORMAT and card["cutoff"] <= cutoff
            fits = fits and horizon_days in (None, card["horizon_days"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # a damaged model, or one of another version, is refused only where it is named
        if fits:
            candidates.append(((card["cutoff"], place.stat().st_mtime), id))
    return (max(candidates)[1], read_model(workspace, max(candidates)[1])) if candidates else None
