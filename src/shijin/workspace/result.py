"""`Result`: what a step returns, in one form for terminal, Python, report and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from shijin.notes import Note
from shijin.workspace.receipts import Receipt


class Card(BaseModel):
    """The figures of a result, typed; as JSON it lies in a file, and `Result.json` begins with it.

    A field that was not set is left out of the JSON.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=True, ser_json_inf_nan="constants")

    def as_json(self) -> dict[str, Any]:
        """The card as JSON holds it."""
        return self.model_dump(mode="json", exclude_unset=True)


class SourcedCard(Card):
    """The card of an artifact that is compared with today's data and settings."""

    fingerprint: str = Field("", description="name of the data and settings that it was made from")
    made_by: str = Field("", description="version of the package, format of its files, name of its weights")


class JudgeableCard(SourcedCard):
    """The card of a result that a backtest can judge."""

    judged_by: str = Field("", description="fingerprint of a backtest of the same data and settings")


class JudgedCard(SourcedCard):
    """The card of a backtest: which data and settings it was made from, and which window it judged."""

    cutoff: str = Field(description="the first day of the judged window")
    horizon_days: int = Field(description="its length")


CardT_co = TypeVar("CardT_co", bound=Card, covariant=True)


@dataclass(frozen=True)
class Result(Generic[CardT_co]):
    """What one step gives.

    Parameters
    ----------
    kind
        What it is: "forecast", "model", "backtest" ...; the card's fields follow from it.
    card
        Its figures.
    receipt
        What was read and written, and from which versions.
    tables
        Its rows, by name; the first is the one that a caller in Python gets.
    id
        Under which it lies in the workspace; None where it is not kept.
    new
        Whether it was made now; otherwise the same data and options had given it before.
    notes
        What it must be read with.
    shown
        Names of the tables that are small enough to stand in the JSON, row by row.
    parts
        The results of the steps that this one took.
    """

    kind: str
    card: CardT_co
    receipt: Receipt
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    id: str | None = None
    new: bool = True
    notes: tuple[Note, ...] = ()
    shown: tuple[str, ...] = ()
    parts: Mapping[str, Result[Any]] = field(default_factory=dict)

    @property
    def table(self) -> pa.Table:
        """The rows that a caller in Python gets."""
        return next(iter(self.tables.values()))

    def json(self) -> dict[str, Any]:
        """The one JSON shape of this kind of result, for every interface."""
        return {
            "kind": self.kind,
            "id": self.id,
            "new": self.new,
            **self.card.as_json(),
            "notes": list(self.notes),
            "tables": {name: table.num_rows for name, table in self.tables.items()},
            **{name: self.tables[name].to_pylist() for name in self.shown},
            "outputs": list(self.receipt.outputs),
        }
