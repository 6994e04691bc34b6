"""The words of statuses from ``statuses.toml``, and which of several meanings counts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from shijin.prepare.simplified import simplified

WORDS: dict[str, Any] = tomllib.loads(simplified((files("shijin.collect") / "statuses.toml").read_text("utf-8")))
UNKNOWN = "unknown"
NEUTRAL = "neutral"  # of delivery or of after-sales service: it says nothing against a sale, and does not prove one
_OF_A_PHRASE = ("refunded", "void", "unpaid", UNKNOWN, "sale", NEUTRAL)


def gravest(parts: Iterable[str]) -> str | None:
    """The gravest meaning of the parts of a phrase; None where there are none."""
    return min(parts, key=_OF_A_PHRASE.index, default=None)
