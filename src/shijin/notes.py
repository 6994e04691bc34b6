"""Notes and progress: what a result must be read with, and how long work reports that it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# {"code": "forecast.<name>", ...}: a sentence of the catalogue, and the values that fill it. A value may be a note.
Note = dict[str, Any]
Progress = Callable[[Note, int, int], None]  # called with (a note of what is being done, steps done, steps in all)


def silent(note: Note, done: int, of: int) -> None:
    """Progress that nobody follows."""
