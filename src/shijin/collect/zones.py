"""Times that lie after now: the clock of a source may be in another time zone than the shop's settings say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.context import Context
from shijin.collect.language import is_chinese
from shijin.collect.mapped import MappedSource
from shijin.collect.values import is_true
from shijin.prepare.findings import finding
from shijin.schema import UTC

TOLERANCE = timedelta(hours=24)  # how far after now a row may lie
_MARGIN = timedelta(minutes=10)  # clocks differ
_ZONES = {
    "CNY": "Asia/Shanghai",
    "HKD": "Asia/Hong_Kong",
    "TWD": "Asia/Taipei",
    "JPY": "Asia/Tokyo",
    "KRW": "Asia/Seoul",
    "SGD": "Asia/Singapore",
    "MYR": "Asia/Kuala_Lumpur",
    "THB": "Asia/Bangkok",
    "VND": "Asia/Ho_Chi_Minh",
    "IDR": "Asia/Jakarta",
    "PHP": "Asia/Manila",
    "INR": "Asia/Kolkata",
    "AED": "Asia/Dubai",
    "TRY": "Europe/Istanbul",
    "AUD": "Australia/Sydney",
    "NZD": "Pacific/Auckland",
    "RUB": "Europe/Moscow",
    "GBP": "Europe/London",
    "EUR": "Europe/Paris",
    "CHF": "Europe/Zurich",
    "PLN": "Europe/Warsaw",
    "SEK": "Europe/Stockholm",
}
# Zones of many shops, from west to east.
_EXAMPLES = ["Europe/London", "Europe/Berlin", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney"]
_EXAMPLES += ["Pacific/Auckland", "Pacific/Kiritimati"]


@dataclass(frozen=True)
class ZoneReading:
    """What times after now say about the time zone.

    Parameters
    ----------
    timezone
        The zone in which the source is to be read instead; None where it stays.
    findings
        What was noticed.
    """

    timezone: str | None
    findings: tuple[dict[str, Any], ...]


def zone_of(source: MappedSource, ts: pa.Array, currency: str | None, context: Context) -> ZoneReading:
    """Find out whether the times of a source are of another zone than that in which they were read.

    A shop without data yet, whose settings name no zone, gets that of its language or currency, where all of today's
    times are then past.

    Parameters
    ----------
    ts : (n,) UTC
        As read.
    currency
        The one currency of the source; None where it is not known.
    """
    limit = pa.scalar(context.now + _MARGIN, UTC)
    ahead = ts.filter(
        is_true(pc.and_(pc.greater(ts, limit), pc.less_equal(ts, pa.scalar(context.now + TOLERANCE, UTC))))
    )
    if not len(ahead):
        return ZoneReading(None, ())
    hours = (pc.max(ahead).as_py() - context.now).total_seconds() / 3600
    zone = "Asia/Shanghai" if is_chinese(source.raw.table.column_names) else _ZONES.get(currency or "")
    is_set = "timezone" in context.config.shop.model_fields_set
    if zone is not None and context.is_new and not is_set and hours <= _hours_ahead(zone, context) + 0.2:
        return ZoneReading(zone, (finding("zone_set", "notes", len(ahead), len(ahead) / len(ts), zone=zone),))
    advice = _example(zone, hours, context)
    share = len(ahead) / len(ts)
    return ZoneReading(None, (finding("zone_guessed", "warns", len(ahead), share, hours=round(hours, 1), zone=advice),))


def _example(zone: str | None, hours: float, context: Context) -> str:
    """A zone in which the times are past: that of the file, else the first of some."""
    needed = _hours_ahead(context.config.shop.timezone, context) + hours - 0.2
    candidates = ([zone] if zone else []) + _EXAMPLES
    return next((name for name in candidates if _hours_ahead(name, context) >= needed), _EXAMPLES[-1])


def _hours_ahead(zone: str, context: Context) -> float:
    """How far a zone's clock is ahead of UTC."""
    offset = context.now.astimezone(ZoneInfo(zone)).utcoffset()
    return offset.total_seconds() / 3600 if offset else 0.0
