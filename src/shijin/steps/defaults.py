"""The shop as arrays, read from its committed events: what train, backtest, score and report begin with."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Floats
from shijin.config import DEFAULT_HORIZON_DAYS, parse_horizon
from shijin.errors import ConfigError, EmptyHistoryError
from shijin.notes import Note
from shijin.represent.cutoff import as_cutoff, day_of
from shijin.represent.pack import pack
from shijin.represent.packed import DAY_US, Packed
from shijin.workspace import Workspace

SHORTER_HORIZON = "run.shorter_horizon"
CURRENCY_LETTERS = 3  # a code such as EUR, which formats as money


def read_packed(workspace: Workspace) -> Packed:
    """Pack the shop's events; the newest shop is kept in memory as long as its data do not change."""
    return _packed_once(workspace.root, workspace.basis())


@lru_cache(maxsize=1)
def _packed_once(root: Path, basis: str) -> Packed:
    del basis  # part of the key only
    workspace = Workspace.open(root)
    events = workspace.read("events")
    if not events.num_rows:
        raise EmptyHistoryError("no orders collected yet", str(root), "shijin collect orders.csv")
    return pack(events, workspace.config.shop.zone, workspace.config.shop.observed_until)


def horizon_of(workspace: Workspace, packed: Packed, cutoff: int, told: str | int | None) -> int:
    """The horizon in days: told, configured, or 90 days, a third of the history where that is shorter.

    Raises
    ------
    EmptyHistoryError
        When it is longer than what lies before the cutoff.
    """
    said = told if told is not None else workspace.config.outcome.horizon
    span_days = int((cutoff - packed.start) // DAY_US)
    if said is None:
        return max(1, min(DEFAULT_HORIZON_DAYS, span_days // 3))
    horizon_days = parse_horizon(said)
    if horizon_days > span_days:
        problem = f"{horizon_days} days are longer than the history of {span_days} days"
        raise EmptyHistoryError(problem, "horizon", f"choose {max(span_days // 3, 1)}d or shorter")
    return horizon_days


def shorter_horizon(workspace: Workspace, packed: Packed, cutoff: int, told: str | int | None) -> list[Note]:
    """A note where nobody chose the horizon and the history is too short for the default of 90 days; else none."""
    if told is not None or workspace.config.outcome.horizon is not None:
        return []
    days, span = horizon_of(workspace, packed, cutoff, None), int((cutoff - packed.start) // DAY_US)
    shorter = {"code": SHORTER_HORIZON, "days": days, "default": DEFAULT_HORIZON_DAYS, "span": span}
    return [shorter] if days < DEFAULT_HORIZON_DAYS else []


def cutoff_of(packed: Packed, told: str | date | None) -> int:
    """The cutoff: told as a day, or midnight after the last day of data.

    Raises
    ------
    ConfigError
        When it is no day, or has not come yet. Days without data before today count as silence, which is data.
    EmptyHistoryError
        When it lies on or before the first day of data.
    """
    if told is None:
        return packed.end
    cutoff = as_cutoff(parse_day(told))
    today = as_cutoff(datetime.now(packed.zone).date())
    if cutoff > max(packed.end, today + DAY_US):
        end = day_of(packed.end)
        problem = f"{told} has not come yet, and the data end before {end}"
        raise ConfigError(problem, "cutoff", f"choose {end} or earlier")
    if cutoff <= packed.start:
        first = day_of(packed.start)
        raise EmptyHistoryError(f"nothing lies before {told}", "cutoff", f"choose a day after {first}")
    return cutoff


def parse_day(told: str | date) -> date:
    """Read a day.

    Examples
    --------
    >>> parse_day("2024-06-01")
    datetime.date(2024, 6, 1)
    >>> parse_day("June")
    Traceback (most recent call last):
    shijin.errors.ConfigError: cutoff: 'June' is no day. Cure: write it as 2024-06-01.
    """
    if isinstance(told, date):
        return told
    try:
        return date.fromisoformat(told.strip())
    except (ValueError, AttributeError) as error:
        raise ConfigError(f"{told!r} is no day", "cutoff", "write it as 2024-06-01") from error


def currency_of(workspace: Workspace) -> str | None:
    """The shop's currency: configured, or the one its orders name; None where they name none, or several."""
    if workspace.config.shop.currency is not None:
        return workspace.config.shop.currency
    named = pc.unique(workspace.read("events", ["currency"])["currency"].drop_null()).to_pylist()
    return str(named[0]) if len(named) == 1 and len(named[0]) == CURRENCY_LETTERS else None


def undated_refunds(workspace: Workspace, packed: Packed, cutoff: int, customers: pa.Array) -> Floats:
    """(n,) refunds whose date the source does not tell, <= 0: they lower historic spend and enter nothing else."""
    events = workspace.read("events")
    refunds = events.filter(pc.equal(events["type"], "refund_undated"))
    totals = np.zeros(len(customers))
    if not refunds.num_rows:
        return totals
    local = pc.local_timestamp(refunds["ts"].cast(pa.timestamp("us", tz=str(packed.zone)))).cast(pa.int64())
    refunds = refunds.filter(pc.less(local, cutoff))
    place = pc.index_in(refunds["customer_id"], customers).to_numpy(zero_copy_only=False)
    known = np.isfinite(place.astype(float))
    np.add.at(totals, place[known].astype(int), pc.fill_null(refunds["amount"], 0.0).to_numpy()[known])
    return totals
