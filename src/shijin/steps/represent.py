"""represent: the behaviour model's vector of every customer, their map, and the customers most like one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Floats, Singles
from shijin.errors import ConfigError
from shijin.forecasting.behaviour import Behaviour, refuse_long
from shijin.notes import Note, Progress
from shijin.represent.cutoff import History, split_at
from shijin.sampling import evenly
from shijin.schema import NEIGHBOURS, VECTORS, conform
from shijin.segment.likeness import FEW, NEAREST, Flat, RankGap, Standard, flat_map, nearest, rank_gaps, standard_of
from shijin.segment.vectors import vectors_table
from shijin.steps.cards import NeighboursCard, RepresentationCard
from shijin.steps.defaults import Window, forecast_window
from shijin.steps.kinds import REPRESENTATION, VECTOR_ROWS, artifacts_of
from shijin.steps.receipts import receipt_of
from shijin.steps.score import latest_score, newest_score
from shijin.threads import one_blas_thread
from shijin.workspace import Content, Result, Workspace
from shijin.workspace.artifacts import read_card, read_table

LOOKED_AT = 2000  # customers among whom all pairs are compared, and who are drawn on the map
PLACES = pa.schema([VECTORS.field(name) for name in ("customer_id", "x", "y")])


@dataclass(frozen=True)
class RepresentOptions:
    """What the vectors are for: horizon and cutoff. Where None: the newest forecast's horizon, the end of the data."""

    horizon: str | int | None = None
    cutoff: str | date | None = None


@dataclass(frozen=True)
class SimilarOptions:
    """Whose neighbours are wanted, how many, and of which vectors."""

    customer: str
    k: int = NEAREST
    horizon: str | int | None = None
    cutoff: str | date | None = None


@dataclass(frozen=True)
class _Request:
    """Vectors of one window, and the id under which they lie."""

    id: str
    window: Window

    @cached_property
    def history(self) -> History:
        """Of the customers who have bought: the behaviour model was trained on no others."""
        return split_at(self.window.packed, self.window.cutoff, 1)[0].customers_only


@dataclass(frozen=True)
class _Searchable:
    """Vectors as they are searched: ids, vectors, and what standardises these."""

    customers: pa.Array
    vectors: Singles
    standard: Standard


def represent(
    workspace: Workspace, options: RepresentOptions, now: datetime, progress: Progress | None = None
) -> Result[RepresentationCard]:
    """Write the vector of every customer who has bought, or find what the same data and options gave before.

    Returns
    -------
    Result
        Table "vectors": `schema.VECTORS`, customers in the order of their histories.

    Raises
    ------
    ModelError
        When the horizon is longer than any that the behaviour model was trained on.
    """
    del progress  # every step has the same parameters
    return _represented(workspace, _request(workspace, options.horizon, options.cutoff, now), options, now)


def similar(
    workspace: Workspace, options: SimilarOptions, now: datetime, progress: Progress | None = None
) -> Result[NeighboursCard]:
    """Find the customers most like one customer, with tier and expected spend where there is a forecast.

    Returns
    -------
    Result
        Table "neighbours": `schema.NEIGHBOURS`, most similar first, without the customer.

    Raises
    ------
    ConfigError
        When the customer has not bought before the cutoff, or fewer than one neighbour is wanted.
    """
    del progress  # every step has the same parameters
    if options.k < 1:
        raise ConfigError("steps.count_below_one", key="k", count=options.k)
    request = _request(workspace, options.horizon, options.cutoff, now)
    row = _row_of(workspace, request, options.customer)
    vectors = _represented(workspace, request, options, now)
    searchable = _read_once(workspace.root, request.id)
    rows, similarity = nearest(searchable.vectors, searchable.standard, row, options.k)
    ids = searchable.customers.take(np.append(row, rows))
    score, table = _with_forecast(workspace, ids, np.append(1.0, similarity))
    card = NeighboursCard(
        like=options.customer,
        customer=table.slice(0, 1).to_pylist()[0],
        score=score,
        representation=request.id,
        cutoff=vectors.card.cutoff,
        horizon_days=vectors.card.horizon_days,
    )
    unscored: list[Note] = [] if score else [{"code": "represent.unscored"}]
    receipt = receipt_of(workspace, "represent", options, card, now, keep=False)
    notes = (*vectors.notes, *unscored)
    return Result("neighbours", card, receipt, {"neighbours": table.slice(1)}, notes=notes, shown=("neighbours",))


def read_places(workspace: Workspace, day: date, horizon_days: int) -> tuple[RepresentationCard, pa.Table] | None:
    """Card and map (customer_id, x, y) that go with a forecast of a cutoff and horizon; None where there are none."""
    artifacts = artifacts_of(workspace)
    id = artifacts.id(REPRESENTATION, day, horizon_days)
    if not artifacts.exists(REPRESENTATION, id):
        return None
    place = artifacts.place(REPRESENTATION, id)  # the vectors themselves are not read: they are large
    return read_card(place / REPRESENTATION.marker, RepresentationCard), read_table(place / VECTOR_ROWS, PLACES)


def _request(workspace: Workspace, horizon: str | int | None, cutoff: str | date | None, now: datetime) -> _Request:
    if horizon is None and workspace.config.outcome.horizon is None:
        newest = newest_score(workspace)
        horizon = newest.horizon_days if newest else None
    window = forecast_window(workspace, horizon, cutoff, now)
    refuse_long(window.horizon_days)
    return _Request(artifacts_of(workspace).id(REPRESENTATION, window.day, window.horizon_days), window)


def _row_of(workspace: Workspace, request: _Request, customer: str) -> int:
    there = artifacts_of(workspace).exists(REPRESENTATION, request.id)
    customers = _read_once(workspace.root, request.id).customers if there else pa.array(request.history.customers)
    row = int(pc.index(customers, customer).as_py())
    if row < 0:
        raise ConfigError("steps.no_such_buyer", key="like", customer=customer, day=request.window.day)
    return row


def _represented(workspace: Workspace, request: _Request, options: object, now: datetime) -> Result[RepresentationCard]:
    artifacts = artifacts_of(workspace)

    def build() -> Content[RepresentationCard]:
        with one_blas_thread():
            return _vectors(request, workspace.config.engine.threads)

    content, new = artifacts.make(REPRESENTATION, request.id, build)
    card, outputs = content.card, artifacts.outputs(REPRESENTATION, request.id, content)
    receipt = receipt_of(workspace, "represent", options, card, now, outputs=outputs, keep=new)
    tables = {"vectors": content.tables[VECTOR_ROWS]}
    return Result("representation", card, receipt, tables, request.id, new, tuple(card.notes))


def _vectors(request: _Request, threads: int) -> Content[RepresentationCard]:
    model, history, horizon_days = Behaviour(threads), request.history, request.window.horizon_days
    vectors = model.vectors(history, horizon_days)
    standard = standard_of(vectors)
    flat = flat_map(vectors, standard)
    some = evenly(len(history), LOOKED_AT)
    last_seen = history.age_days[history.offsets[1:] - 1]
    known = {"last_seen": last_seen, "orders": history.n_orders(), "spend": history.historic_spend()}
    differences = rank_gaps(standard.of(vectors[some]), {name: values[some] for name, values in known.items()})
    card = _card(request, model.network.name, flat, differences)
    return Content(card, {VECTOR_ROWS: vectors_table(history, horizon_days, vectors, flat)})


def _card(request: _Request, weights: str, flat: Flat, differences: dict[str, RankGap]) -> RepresentationCard:
    customers = len(request.history)
    few: Note = {"code": "represent.few", "customers": customers}
    return RepresentationCard(
        representation=request.id,
        weights=weights,
        cutoff=request.history.cutoff_date.isoformat(),
        horizon_days=request.window.horizon_days,
        customers=customers,
        explained=round(flat.explained, 4),
        gaps={name: asdict(gap) for name, gap in differences.items()},
        notes=[few] if customers < FEW else [],
    )


@lru_cache(maxsize=1)
def _read_once(root: Path, id: str) -> _Searchable:
    """Read the vectors to search; the newest stay in memory, since one question follows another."""
    content = artifacts_of(Workspace.open(root)).read(REPRESENTATION, id)
    table = content.tables[VECTOR_ROWS].select(["customer_id", "vector"]).combine_chunks()
    vectors = table["vector"].chunk(0).flatten().to_numpy().reshape(table.num_rows, -1)
    return _Searchable(table["customer_id"].chunk(0), vectors, standard_of(vectors))


def _with_forecast(workspace: Workspace, customers: pa.Array, similarity: Floats) -> tuple[str | None, pa.Table]:
    """Join tier and expected spend of the newest forecast, and give its id."""
    table = pa.table({"customer_id": customers, "similarity": similarity})
    score = None
    if newest_score(workspace) is not None:
        latest = latest_score(workspace)
        forecast = next(iter(latest.tables.values()))
        score, place = latest.card.score, pc.index_in(customers, forecast["customer_id"].combine_chunks())
        for name in ("tier", "expected_spend"):
            table = table.append_column(name, forecast[name].take(place))
    return score, conform(table, NEIGHBOURS, "neighbours")
