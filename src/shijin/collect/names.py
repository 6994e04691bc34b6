"""Names of columns: stripped, never empty, each once."""

from __future__ import annotations

from collections.abc import Sequence


def unique_names(names: Sequence[str]) -> list[str]:
    """Strip names of spaces around them; an empty or repeated one gets its place.

    Examples
    --------
    >>> unique_names([" id", "", "id"])
    ['id', 'column 2', 'id (column 3)']
    """
    names = ["".join(letter for letter in name if letter.isprintable() or letter in "\n\t") for name in names]
    bare = [name.strip().removeprefix("\ufeff") or f"column {place}" for place, name in enumerate(names, 1)]
    return [name if name not in bare[: place - 1] else f"{name} (column {place})" for place, name in enumerate(bare, 1)]
