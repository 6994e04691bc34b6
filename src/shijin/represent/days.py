"""Days of the shop's wall clock as midnights in microseconds, and back."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shijin.represent.packed import DAY_US

EPOCH = date(1970, 1, 1)


def as_cutoff(day: date) -> int:
    """The midnight that begins a day, as microseconds of the shop's wall clock.

    Examples
    --------
    >>> as_cutoff(date(1970, 1, 2)) == DAY_US
    True
    """
    return (day - EPOCH).days * DAY_US


def day_of(midnight: int) -> date:
    """The day that begins at a midnight of the shop's wall clock.

    Examples
    --------
    >>> day_of(DAY_US).isoformat()
    '1970-01-02'
    """
    return EPOCH + timedelta(days=midnight // DAY_US)


def as_instant(midnight: int, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a midnight of the shop's wall clock.

    Examples
    --------
    >>> as_instant(DAY_US, ZoneInfo("Europe/Paris")).isoformat()
    '1970-01-01T23:00:00+00:00'
    """
    local = datetime.combine(day_of(midnight), time(), tzinfo=zone)
    return local.astimezone(ZoneInfo("UTC"))
