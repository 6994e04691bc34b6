"""Comparing what the network reads, array by array."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def arrays(value: Any, name: str = "") -> dict[str, np.ndarray]:
    """Every array inside, by its path; None has no arrays."""
    if value is None:
        return {}
    if is_dataclass(value):
        inside: dict[str, np.ndarray] = {}
        for part in fields(value):
            inside |= arrays(getattr(value, part.name), f"{name}.{part.name}")
        return inside
    return {name: value}


def assert_same(a: Any, b: Any) -> None:
    ours, theirs = arrays(a), arrays(b)
    assert list(ours) == list(theirs)
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], name)
