"""The one clock: an interface calls it when a verb begins, and hands the instant down."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)
