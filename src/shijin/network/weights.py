"""The shipped weights: half-precision safetensors, and a card that states where they come from.

A card names its architecture: a newer package forecasts the same numbers with older weights, or refuses them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from shijin.errors import ModelError

SHIPPED = Path(__file__).parent / "weights"
TENSORS, CARD = "behaviour.safetensors", "behaviour.json"
VERSION = 2  # of the architecture that this package runs

HEAD_WIDTH = 32  # numbers of each head of attention, in every size of it

Tensors = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Weights:
    """Tensors by name (single precision) and the card they came with."""

    tensors: Tensors
    card: dict[str, Any]

    @property
    def name(self) -> str:
        """A short name: the first digits of the file's checksum."""
        return str(self.card["sha256"])[:12]


def load_weights(folder: Path = SHIPPED) -> Weights:
    """Read weights and check them against their card.

    Raises
    ------
    ModelError
        When a file is missing or damaged, does not match its card, or is of another architecture.

    Examples
    --------
    >>> load_weights(Path("nowhere"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    shijin.errors.ModelError: nowhere: the network's weights cannot be read (...). Cure: install shijin again.
    """
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
        content = (folder / TENSORS).read_bytes()
        if card["architecture"] != VERSION:
            raise ModelError("network.another_architecture", folder, architecture=card["architecture"], version=VERSION)
        if hashlib.sha256(content).hexdigest() != card["sha256"]:
            raise ModelError("network.weights_do_not_match_card", folder / TENSORS, card=CARD)
        tensors = from_bytes(content)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise ModelError("network.weights_unreadable", folder, error=str(error)) from error
    return Weights(tensors, card)


def save_weights(tensors: Mapping[str, NDArray[np.floating]], card: Mapping[str, Any], folder: Path) -> None:
    """Write tensors in half precision, and their card with the file's checksum."""
    folder.mkdir(parents=True, exist_ok=True)
    content = as_bytes(tensors)
    (folder / TENSORS).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    complete = {**card, "architecture": VERSION, "sha256": digest}
    (folder / CARD).write_text(json.dumps(complete, indent=1, ensure_ascii=False) + "\n", "utf-8")


def as_bytes(tensors: Mapping[str, NDArray[np.floating]]) -> bytes:
    """Give tensors in half precision, as the content of a safetensors file."""
    return bytes(save({name: np.ascontiguousarray(value, dtype=np.float16) for name, value in tensors.items()}))


def from_bytes(content: bytes) -> Tensors:
    """Read a safetensors file's content in single precision."""
    return {name: value.astype(np.float32) for name, value in load(content).items()}
