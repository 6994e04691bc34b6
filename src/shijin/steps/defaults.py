"""What a step works on where options are left out: the shop as arrays, its cutoff, its horizon, its currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import pyarrow.compute as pc

from shijin.config import DEFAULT_HORIZON_DAYS, parse_horizon
from shijin.errors import ConfigError, EmptyHistoryError
from shijin.notes import Note
from shijin.represent.days import as_cutoff, day_of
from shijin.represent.pack import pack
from shijin.represent.packed import DAY_US, Packed
from shijin.workspace import Workspace
from shijin.workspace.artifacts import SHOP_KEYS

SHORTER_HORIZON = "run.shorter_horizon"
CURRENCY_LETTERS = 3  # a code such as EUR, which formats as money


@dataclass(frozen=True)
class Window:
    """A shop, a cutoff and a horizon: what most steps work on.

    Parameters
    ----------
    packed
        The whole shop.
    cutoff
        A midnight, microseconds of the shop's wall clock.
    horizon_days
        How many days from the cutoff on are meant.
    """

    packed: Packed
    cutoff: int
    horizon_days: int

    @property
    def day(self) -> date:
        """The day that begins at the cutoff."""
        return day_of(self.cutoff)


def forecast_window(
    workspace: Workspace, horizon: str | int | None, cutoff: str | date | None, now: datetime
) -> Window:
    """The window that a forecast is for: from the cutoff, or from the end of the data.

    Raises
    ------
    ConfigError, EmptyHistoryError
        As `cutoff_of` and `horizon_of`.
    """
    packed = read_packed(workspace)
    begin = cutoff_of(packed, cutoff, now)
    return Window(packed, begin, horizon_of(workspace, packed, begin, horizon))


def judged_window(
    workspace: Workspace,
    horizon: str | int | None,
    cutoff: str | date | None,
    now: datetime,
    most_days: int | None = None,
) -> Window:
    """The window that a backtest judges: from the cutoff, or the last one that the data close.

    Parameters
    ----------
    most_days
        The longest horizon where none is named.
    """
    packed = read_packed(workspace)
    horizon_days = horizon_of(workspace, packed, packed.end, horizon)
    if horizon is None and most_days is not None:
        horizon_days = min(horizon_days, most_days)
    begin = packed.end - horizon_days * DAY_US if cutoff is None else cutoff_of(packed, cutoff, now)
    return Window(packed, begin, horizon_days)


def read_packed(workspace: Workspace) -> Packed:
    """Pack the shop's events; the newest shop is kept in memory as long as its data do not change."""
    return _packed_once(workspace.root, workspace.basis(SHOP_KEYS))


@lru_cache(maxsize=1)
def _packed_once(root: Path, basis: str) -> Packed:
    del basis  # part of the key only
    workspace = Workspace.open(root)
    events = workspace.read("events")
    if not events.num_rows:
        raise EmptyHistoryError("steps.nothing_collected", root)
    return pack(events, workspace.config.shop.zone, workspace.config.shop.observed_until)


def horizon_of(workspace: Workspace, packed: Packed, cutoff: int, horizon: str | int | None) -> int:
    """The horizon in days: given, configured, or 90 days, a third of the history where that is shorter.

    Raises
    ------
    EmptyHistoryError
        When it is longer than the history before the cutoff.
    """
    chosen = horizon if horizon is not None else workspace.config.outcome.horizon
    span_days = int((cutoff - packed.start) // DAY_US)
    if chosen is None:
        return max(1, min(DEFAULT_HORIZON_DAYS, span_days // 3))
    horizon_days = parse_horizon(chosen)
    if horizon_days > span_days:
        most = max(span_days // 3, 1)
        raise EmptyHistoryError("steps.horizon_too_long", key="horizon", days=horizon_days, span=span_days, most=most)
    return horizon_days


def shorter_horizon(workspace: Workspace, window: Window, horizon: str | int | None) -> list[Note]:
    """A note where nobody chose the horizon and the history is too short for the default of 90 days; else none."""
    if horizon is not None or workspace.config.outcome.horizon is not None:
        return []
    span = int((window.cutoff - window.packed.start) // DAY_US)
    days = window.horizon_days
    note = {"code": SHORTER_HORIZON, "days": days, "default": DEFAULT_HORIZON_DAYS, "span": span}
    return [note] if days < DEFAULT_HORIZON_DAYS else []


def cutoff_of(packed: Packed, cutoff: str | date | None, now: datetime) -> int:
    """The cutoff: given as a day, or midnight after the last day of data.

    Raises
    ------
    ConfigError
        When it is not a day, or lies in the future, as may ``observed_until``. Days without data before today count as
        silence, which is data.
    EmptyHistoryError
        When it lies on or before the first day of data.
    """
    today = as_cutoff(now.astimezone(packed.zone).date())
    if cutoff is None:
        if packed.end > today + 2 * DAY_US:  # events of the future are set aside, so a setting is the reason
            last = day_of(packed.end - DAY_US)
            raise ConfigError("steps.observed_until_in_future", key="shop.observed_until", day=last)
        return packed.end
    begin = as_cutoff(parse_day(cutoff))
    if begin > max(packed.end, today + DAY_US):
        raise ConfigError("steps.cutoff_in_future", key="cutoff", cutoff=cutoff, end=day_of(packed.end))
    if begin <= packed.start:
        raise EmptyHistoryError("steps.cutoff_too_early", key="cutoff", cutoff=cutoff, first=day_of(packed.start))
    return begin


def parse_day(text: str | date) -> date:
    """Read a day.

    Examples
    --------
    >>> parse_day("2024-06-01")
    datetime.date(2024, 6, 1)
    >>> parse_day("June")
    Traceback (most recent call last):
    shijin.errors.ConfigError: cutoff: 'June' is not a day. Cure: write it as 2024-06-01.
    """
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(text.strip())
    except (ValueError, AttributeError) as error:
        raise ConfigError("steps.not_a_day", key="cutoff", value=text) from error


def currency_of(workspace: Workspace) -> str | None:
    """The shop's currency: configured, or the one that its orders name; None where they name none, or several."""
    if workspace.config.shop.currency is not None:
        return workspace.config.shop.currency
    named = pc.unique(workspace.read("events", ["currency"])["currency"].drop_null()).to_pylist()
    return str(named[0]) if len(named) == 1 and len(named[0]) == CURRENCY_LETTERS else None
