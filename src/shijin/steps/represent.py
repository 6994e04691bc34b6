"""represent: the behaviour model's vector of every customer, their map, and who is like whom."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from shijin.arrays import Floats, Singles
from shijin.errors import ConfigError
from shijin.forecasting.behaviour import Behaviour, refuse_long
from shijin.notes import Note
from shijin.represent.cutoff import History, as_instant, day_of, split_at
from shijin.represent.packed import Packed
from shijin.sampling import evenly
from shijin.schema import NEIGHBOURS, VECTORS, conform
from shijin.segment.likeness import FEW, NEAREST, Flat, Gap, Standard, flat_map, gaps, nearest, standard_of
from shijin.steps.defaults import cutoff_of, horizon_of, read_packed
from shijin.steps.score import LATEST, latest_score
from shijin.steps.train import step_id
from shijin.threads import one_blas_thread
from shijin.workspace import Receipt, Workspace
from shijin.workspace.receipts import started

ROWS = "vectors.parquet"
CARD = "representation.json"
KEYS = ("representation", "weights", "cutoff", "horizon_days", "customers", "kept", "gaps", "notes")
LOOKED_AT = 2000  # customers among whom all pairs are looked at, and who are drawn on the map
PLACES = pa.schema([VECTORS.field(name) for name in ("customer_id", "x", "y")])


@dataclass(frozen=True)
class RepresentOptions:
    """What the vectors are for: horizon and cutoff. Where None: the newest forecast's horizon, the end of the data."""

    horizon: str | int | None = None
    cutoff: str | date | None = None


@dataclass(frozen=True)
class _Asked:
    """A question in full, and the id of its answer."""

    id: str
    packed: Packed
    cutoff: int
    horizon_days: int

    @cached_property
    def history(self) -> History:
        """Of who has bought: the behaviour model has seen no others."""
        history, _ = split_at(self.packed, self.cutoff, 1)
        return history.take(history.bought)

    def answered(self, workspace: Workspace) -> bool:
        """Progress whether the answer lies in the workspace."""
        return (workspace.root / "representations" / self.id / ROWS).exists()


@dataclass(frozen=True)
class _Known:
    """A representation as it is searched: ids, vectors, and what to standardise these by."""

    customers: pa.Array
    vectors: Singles
    standard: Standard


def represent(workspace: Workspace, options: RepresentOptions, now: datetime) -> tuple[Receipt, pa.Table]:
    """Write the vector of every customer who has bought, or find what the same data and options gave before.

    Returns
    -------
    Receipt
        ``inputs``: the card, and whether it is new.
    Table
        `schema.VECTORS`, customers in the order of their histories.

    Raises
    ------
    ModelError
        When the horizon is longer than any that the behaviour model has learnt from.
    """
    receipt = _represented(workspace, _asked(workspace, options), now)
    return receipt, workspace.read_rows(f"representations/{receipt.inputs['representation']}/{ROWS}", VECTORS)


def similar(
    workspace: Workspace, options: RepresentOptions, customer: str, now: datetime, most: int = NEAREST
) -> tuple[Receipt, pa.Table]:
    """Find the customers most like one customer, with tier and expected spend where there is a forecast.

    Returns
    -------
    Receipt
        That of `represent`, with ``like``, ``score`` (the forecast's id, or None) and ``own``: the customer's own row.
    Table
        `schema.NEIGHBOURS`, most alike first; the customer is not among them.

    Raises
    ------
    ConfigError
        When the customer has not bought before the cutoff, or fewer than one neighbour is asked for.
    """
    if most < 1:
        raise ConfigError(f"{most} neighbours", "k", "ask for 1 or more")
    asked = _asked(workspace, options)
    row = _row_of(workspace, asked, customer)
    receipt = _represented(workspace, asked, now)
    known = _read_once(workspace.root, asked.id)
    rows, similarity = nearest(known.vectors, known.standard, row, most)
    score, table = _with_forecast(workspace, known.customers.take(np.append(row, rows)), np.append(1.0, similarity))
    unscored: list[Note] = [] if score else [{"code": "represent.unscored"}]
    told: dict[str, Any] = {"like": customer, "score": score, "own": table.slice(0, 1).to_pylist()[0]}
    told["notes"] = [*receipt.inputs["notes"], *unscored]
    return Receipt("represent", receipt.started_at, {**receipt.inputs, **told}), table.slice(1)


def read_places(workspace: Workspace, day: date, horizon_days: int) -> tuple[dict[str, Any], pa.Table] | None:
    """Card and map (customer_id, x, y) that go with a forecast of a cutoff and horizon; None where there are none."""
    id = step_id(workspace, day, horizon_days, "represent")
    if not (workspace.root / "representations" / id / ROWS).exists():
        return None
    card = workspace.read_json(f"representations/{id}/{CARD}", *KEYS)
    return card, workspace.read_rows(f"representations/{id}/{ROWS}", PLACES)


def _asked(workspace: Workspace, options: RepresentOptions) -> _Asked:
    packed = read_packed(workspace)
    cutoff = cutoff_of(packed, options.cutoff)
    told = options.horizon
    if told is None and workspace.config.outcome.horizon is None and (workspace.root / LATEST).exists():
        told = int(latest_score(workspace)[0]["horizon_days"])
    horizon_days = horizon_of(workspace, packed, cutoff, told)
    refuse_long(horizon_days)
    id = step_id(workspace, day_of(cutoff), horizon_days, "represent")
    return _Asked(id, packed, cutoff, horizon_days)


def _row_of(workspace: Workspace, asked: _Asked, customer: str) -> int:
    answered = asked.answered(workspace)
    customers = _read_once(workspace.root, asked.id).customers if answered else pa.array(asked.history.customers)
    row = int(pc.index(customers, customer).as_py())
    if row < 0:
        problem = f"no customer {customer!r} who has bought before {day_of(asked.cutoff)}"
        raise ConfigError(problem, "customer", "write the id as it stands in the order file")
    return row


def _represented(workspace: Workspace, asked: _Asked, now: datetime) -> Receipt:
    new = not asked.answered(workspace)
    if new:
        with one_blas_thread():
            table, card = _make(asked, workspace.config.engine.threads)
        workspace.publish("representations", asked.id, lambda folder: _write(table, card, folder))
    card = workspace.read_json(f"representations/{asked.id}/{CARD}", *KEYS)
    versions = workspace.versions()
    outputs = (f"representations/{asked.id}/{ROWS}", f"representations/{asked.id}/{CARD}")
    receipt = Receipt(
        "represent", started(now), inputs=card | {"new": new}, before=versions, after=versions, outputs=outputs
    )
    if new:
        workspace.write_receipt(receipt)
    return receipt


def _make(asked: _Asked, threads: int) -> tuple[pa.Table, dict[str, Any]]:
    model, history = Behaviour(threads), asked.history
    vectors = model.vectors(history, asked.horizon_days)
    standard = standard_of(vectors)
    flat = flat_map(vectors, standard)
    some = evenly(len(history), LOOKED_AT)
    last_seen = history.age_days[history.offsets[1:] - 1]
    known = {"last_seen": last_seen, "orders": history.n_orders(), "spend": history.historic_spend()}
    apart = gaps(standard.of(vectors[some]), {name: values[some] for name, values in known.items()})
    card = _card(asked, model.network.name, flat, apart)
    return vectors_table(history, asked.horizon_days, vectors, flat), card


def vectors_table(history: History, horizon_days: int, vectors: Singles, flat: Flat) -> pa.Table:
    """Lay vectors and map out as `schema.VECTORS`."""
    n = len(history)
    kind = VECTORS.field("vector").type
    cutoff = pa.scalar(as_instant(history.cutoff, history.zone), VECTORS.field("cutoff").type)
    columns = {
        "customer_id": history.customers,
        "cutoff": pa.repeat(cutoff, n),
        "horizon_days": np.full(n, horizon_days, dtype=np.int32),
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), type=kind),
        "x": flat.places[:, 0],
        "y": flat.places[:, 1],
    }
    return pa.table(columns, schema=VECTORS)


def _card(asked: _Asked, weights: str, flat: Flat, apart: dict[str, Gap]) -> dict[str, Any]:
    customers = len(asked.history)
    few: Note = {"code": "represent.few", "customers": customers}
    return {
        "representation": asked.id,
        "weights": weights,
        "cutoff": asked.history.cutoff_date.isoformat(),
        "horizon_days": asked.horizon_days,
        "customers": customers,
        "kept": round(flat.kept, 4),
        "gaps": {name: asdict(gap) for name, gap in apart.items()},
        "notes": [few] if customers < FEW else [],
    }


@lru_cache(maxsize=1)
def _read_once(root: Path, id: str) -> _Known:
    """Read what is searched; the newest is kept in memory, since who asks once asks again."""
    table = Workspace.open(root).read_rows(f"representations/{id}/{ROWS}", VECTORS).select(["customer_id", "vector"])
    table = table.combine_chunks()
    vectors = table["vector"].chunk(0).flatten().to_numpy().reshape(table.num_rows, -1)
    return _Known(table["customer_id"].chunk(0), vectors, standard_of(vectors))


def _with_forecast(workspace: Workspace, customers: pa.Array, similarity: Floats) -> tuple[str | None, pa.Table]:
    """Join tier and expected spend of the newest forecast, and give its id."""
    table = pa.table({"customer_id": customers, "similarity": similarity})
    score = None
    if (workspace.root / LATEST).exists():
        card, forecast = latest_score(workspace)
        score, place = str(card["id"]), pc.index_in(customers, forecast["customer_id"].combine_chunks())
        for name in ("tier", "expected_spend"):
            table = table.append_column(name, forecast[name].take(place))
    return score, conform(table, NEIGHBOURS, "neighbours")


def _write(table: pa.Table, card: dict[str, Any], folder: Path) -> None:
    pq.write_table(table, folder / ROWS, use_dictionary=False)  # no two vectors are alike
    (folder / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False), "utf-8")
