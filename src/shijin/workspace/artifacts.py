"""`Artifacts`: results made from a shop's data and stored under an id: made once, found again, read back, listed.

An id is a name for all that goes into an artifact: the data, the settings that its kind depends on, the options, the
version of the package. So the same question finds the answer that it gave before, and a setting that does not matter
(who is held out of a list, how many threads there are) makes nothing anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from shijin.schema import conform
from shijin.workspace.disk import read_back, refusals
from shijin.workspace.folder import Workspace
from shijin.workspace.result import Card, JudgeableCard, JudgedCard, SourcedCard

Value = TypeVar("Value")
CardT = TypeVar("CardT", bound=Card)
SourcedT = TypeVar("SourcedT", bound=SourcedCard)
JudgedT = TypeVar("JudgedT", bound=JudgedCard)

# What turns events into a shop of arrays; everything that is learnt from the shop depends on it.
SHOP_KEYS = ("shop.timezone", "shop.observed_until")

FORMAT = 2  # of cards and tables; raised where a field changes its name or its meaning, so artifacts are made anew

# Fields of cards whose name has changed: cards of earlier versions are read with the new name.
_RENAMED = {"learnt": "training", "told": "orders_forecast", "kept": "explained", "basis": "fingerprint"}


@dataclass(frozen=True)
class Content(Generic[CardT]):
    """A card and its tables, by file name; a file that a kind may lack is left out."""

    card: CardT
    tables: Mapping[str, pa.Table] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind(Generic[Value]):
    """A kind of artifact: where it lies, what it depends on, how it is written and read.

    Parameters
    ----------
    name
        What a `Result` of it is called.
    folder
        One of the workspace's folders, such as ``scores``.
    marker
        The file that is there when the artifact is whole.
    write
        Fills an empty folder with a value.
    read
        Reads a value back from its folder.
    depends
        The keys of ``shijin.toml`` that change it.
    reads_feedback
        Whether feedback on items changes it as well: clicks, ratings, dismissals.
    """

    name: str
    folder: str
    marker: str
    write: Callable[[Value, Path], None]
    read: Callable[[Path], Value]
    depends: tuple[str, ...] = SHOP_KEYS
    reads_feedback: bool = False

    def depending_on(self, *keys: str) -> Self:
        """The same kind, changed by more keys of ``shijin.toml``."""
        return replace(self, depends=(*self.depends, *keys))

    def reading_feedback(self) -> Self:
        """The same kind, changed by feedback on items as well."""
        return replace(self, reads_feedback=True)


@dataclass(frozen=True)
class Tabular(Kind[Content[CardT]]):
    """A kind that is a card as JSON, the marker, and tables as Parquet files.

    Parameters
    ----------
    card
        The type of its card.
    """

    card: type[CardT] = field(kw_only=True)

    def read_card(self, place: Path) -> CardT:
        """Read the card alone."""
        return read_card(place / self.marker, self.card)


def tabular(
    name: str,
    folder: str,
    marker: str,
    card: type[CardT],
    tables: Mapping[str, pa.Schema],
    optional: Mapping[str, pa.Schema] | None = None,
) -> Tabular[CardT]:
    """Make a kind of a card and of tables.

    Parameters
    ----------
    marker
        The card's file.
    tables, optional
        Files and their schemas; an optional one may be missing.
    """

    def write(content: Content[CardT], place: Path) -> None:
        for file, table in content.tables.items():
            pq.write_table(table, place / file, use_dictionary=not _has_vectors(table.schema))
        (place / marker).write_text(as_text(content.card), "utf-8")

    def read(place: Path) -> Content[CardT]:
        there = {file: schema for file, schema in (optional or {}).items() if (place / file).exists()}
        rows = {file: read_table(place / file, schema) for file, schema in {**tables, **there}.items()}
        return Content(read_card(place / marker, card), rows)

    return Tabular(name, folder, marker, write, read, card=card)


class Artifacts:
    """What a workspace has made of its data.

    Parameters
    ----------
    workspace
        The shop's folder.
    weights
        The name of the behaviour model's weights, which every id contains.
    """

    def __init__(self, workspace: Workspace, weights: str) -> None:
        self.workspace, self.weights = workspace, weights

    @property
    def made_by(self) -> str:
        """What makes artifacts now: the version of the package, their format, the weights."""
        return f"shijin {version('shijin')}, format {FORMAT}, {self.weights}"

    def fingerprint(self, kind: Kind[Any], *options: object) -> str:
        """A name for the data and settings that an artifact of a kind would be made from now, whatever its window."""
        basis = self.workspace.basis(kind.depends, feedback=kind.reads_feedback)
        return hashlib.sha256(json.dumps([basis, *map(str, options)]).encode()).hexdigest()[:16] if options else basis

    def source(self, kind: Kind[Any], *options: object) -> dict[str, str]:
        """The fields of `SourcedCard` of an artifact that is made now."""
        return {"fingerprint": self.fingerprint(kind, *options), "made_by": self.made_by}

    def id(self, kind: Kind[Any], day: date, horizon_days: int, *options: object) -> str:
        """The id of an artifact of a cutoff and horizon: the same inputs give the same id."""
        parts = [self.workspace.basis(kind.depends), self.made_by, kind.name, *map(str, options)]
        return f"{day.isoformat()}-{horizon_days}d-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]}"

    def place(self, kind: Kind[Any], id: str) -> Path:
        """The folder of an artifact."""
        return self.workspace.root / kind.folder / id

    def exists(self, kind: Kind[Any], id: str) -> bool:
        """Whether an artifact lies in the workspace, whole."""
        return (self.place(kind, id) / kind.marker).exists()

    def make(self, kind: Kind[Value], id: str, build: Callable[[], Value], *, anew: bool = False) -> tuple[Value, bool]:
        """Find an artifact, or build it, publish it and read it back; gives it, and whether it is new.

        Parameters
        ----------
        build
            Called where the artifact is not there yet, after it is clear that the workspace can be written.
        anew
            Build it although it is there.

        Raises
        ------
        BusyError
            When another process or thread writes to the workspace and does not end, before anything is built.
        """
        new = anew or not self.exists(kind, id)
        if new:
            self.workspace.refuse_busy()
            new = anew or not self.exists(kind, id)  # a writer that was waited for may have made it
        if new:
            value = build()
            self.workspace.publish(kind.folder, id, lambda place: kind.write(value, place))
        return self.read(kind, id), new

    def read(self, kind: Kind[Value], id: str) -> Value:
        """Read an artifact.

        Raises
        ------
        WorkspaceError, ModelError
            When a file is missing or damaged.
        """
        return kind.read(self.place(kind, id))

    def attached(self, kind: Kind[Value], id: str) -> Value | None:
        """Read an artifact that lies in the folder of another one; None where it has none."""
        return self.read(kind, id) if self.exists(kind, id) else None

    def is_current(self, kind: Tabular[SourcedT], card: SourcedT) -> bool:
        """Whether it would be made again from the same data, feedback and settings, and by the same version."""
        return card.fingerprint == self.fingerprint(kind) and card.made_by == self.made_by

    def attach(self, kind: Kind[Content[CardT]], id: str, content: Content[CardT]) -> tuple[str, ...]:
        """Write an artifact into the folder of another one, whose id it shares; gives its files."""
        with self.workspace.lock():
            # Without its card an artifact is not there: nobody reads a new table with an old card after a kill.
            card = self.place(kind, id) / kind.marker
            with refusals(card):
                card.unlink(missing_ok=True)
            for file, table in content.tables.items():
                self.workspace.write_rows(f"{kind.folder}/{id}/{file}", table)
            self.workspace.write_text(f"{kind.folder}/{id}/{kind.marker}", as_text(content.card) + "\n")
        return self.outputs(kind, id, content)

    def outputs(self, kind: Kind[Any], id: str, content: Content[Any]) -> tuple[str, ...]:
        """The files of an artifact, relative to the workspace: tables first, the card last."""
        return tuple(f"{kind.folder}/{id}/{file}" for file in (*content.tables, kind.marker))

    def ids(self, kind: Kind[Any], horizon_days: int | None = None) -> Iterator[str]:
        """Ids of all artifacts of a kind, of one horizon or of any, in order."""
        pattern = "*/" if horizon_days is None else f"*-{horizon_days}d-*/"
        for place in sorted((self.workspace.root / kind.folder).glob(pattern)):
            if (place / kind.marker).exists():
                yield place.name

    def related(self, kind: Tabular[JudgedT], of: JudgeableCard, horizon_days: int, closed_by: date) -> str | None:
        """The newest backtest that goes with a result: made from the same data and settings by the same version.

        Parameters
        ----------
        of
            The card of the result.
        horizon_days
            Its horizon.
        closed_by
            Its cutoff: the judged window ends by this day.
        """
        judged = self.judged(kind, horizon_days, closed_by)
        source = (of.judged_by, of.made_by)
        return next((id for id, card in judged if (card.fingerprint, card.made_by) == source), None)

    def judged(self, kind: Tabular[JudgedT], horizon_days: int, closed_by: date) -> list[tuple[str, JudgedT]]:
        """Ids and cards of all backtests whose window is closed by a day, the newest window first."""
        cards = [(id, kind.read_card(self.place(kind, id))) for id in self.ids(kind, horizon_days)]
        closed = [
            (id, card) for id, card in cards if date.fromisoformat(card.cutoff) + timedelta(horizon_days) <= closed_by
        ]
        return sorted(closed, key=lambda one: (one[1].cutoff, one[0]), reverse=True)


def as_text(card: Card) -> str:
    """A card as its file holds it."""
    return json.dumps(card.as_json(), indent=1, ensure_ascii=False)


def read_card(path: Path, card: type[CardT]) -> CardT:
    """Read a card that was written here.

    Raises
    ------
    WorkspaceError
        When it is missing, damaged or lacks a field.
    """

    def read(file: Path) -> CardT:
        content = json.loads(file.read_text("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not what was written here")
        try:
            named = {_RENAMED.get(name, name): value for name, value in content.items()}
            return card.model_validate({name: value for name, value in named.items() if name in card.model_fields})
        except ValidationError as error:
            raise ValueError("not what was written here") from error

    return read_back(path, read)


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read a Parquet file that was written here; of its columns only those of the schema.

    Raises
    ------
    WorkspaceError
        When it is missing or damaged.
    """

    def read(file: Path) -> pa.Table:
        there = [column for column in pq.read_schema(file).names if column in schema.names]
        return conform(pq.read_table(file, columns=there), schema, str(file))

    return read_back(path, read)


def _has_vectors(schema: pa.Schema) -> bool:
    """Whether a table holds vectors: no two are equal, so a dictionary of them only takes space."""
    return any(pa.types.is_fixed_size_list(kind) for kind in schema.types)
