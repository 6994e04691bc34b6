"""Notes and progress: what a result must be read with, and how long work reports that it goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Note = dict[str, Any]  # {"code": "forecast.<name>", ...}: a sentence of the catalogue, and the values that fill it
Progress = Callable[[str, int, int], None]  # called with (what is being done, steps done, steps in all)
