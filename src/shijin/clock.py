"""The one clock: what a face calls when a verb begins. Everything below is handed the instant."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)
