"""A Recommender as files: arrays without pickle, LightGBM's own text, and a card."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
import scipy.sparse as sp
from numpy.typing import NDArray
from safetensors import SafetensorError

from shijin.errors import ModelError
from shijin.recommend.members.members import Items, Members
from shijin.recommend.members.neighbours import ItemNeighbours
from shijin.recommend.ranking.calibration import Curve
from shijin.recommend.ranking.ranker import Ranker
from shijin.recommend.ranking.recommender import Recommender

FORMAT = 2
ARRAYS, TREES, CARD = "members.safetensors", "trees.txt", "card.json"
ITEM_ARRAYS = {field.name: field.name for field in fields(Items)} | {"repeat_rate": "again"}  # names in the file
Arrays = dict[str, NDArray[Any]]


def save(recommender: Recommender, folder: Path) -> None:
    """Write a recommender into an empty folder."""
    members, ranker = recommender.members, recommender.ranker
    arrays: Arrays = {"category": members.category, **_matrix_arrays("by_category", members.by_category)}
    for field, name in ITEM_ARRAYS.items():
        arrays[f"items.{name}"] = getattr(members.items, field)
    for member in members.neighbours:
        arrays |= _matrix_arrays(member.name, member.similar)
    card = {
        "format": FORMAT,
        **recommender.card(),
        "clock": members.clock,
        "half_lives": members.half_lives,
        "decays": {member.name: member.decay for member in members.neighbours},
        "names": ranker.names,
        "exact_weights": ranker.weights,
        "curve": ranker.curve and asdict(ranker.curve),
    }
    safetensors.numpy.save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / ARRAYS)
    (folder / TREES).write_text(ranker.trees, "utf-8")
    card["sums"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (ARRAYS, TREES)}
    (folder / CARD).write_text(json.dumps(card, indent=1, ensure_ascii=False), "utf-8")


def load(folder: Path) -> Recommender:
    """Read a recommender back.

    Raises
    ------
    ModelError
        When a file is missing, damaged or of another format.
    """
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
        if card["format"] != FORMAT:
            raise ValueError(f"format {card['format']}")
        contents = {name: _verified(folder / name, digest) for name, digest in card["sums"].items()}
        return _assembled(card, safetensors.numpy.load(contents[ARRAYS]), contents[TREES].decode())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError("recommend.damaged_recommender", folder, cause=cause) from error


def _assembled(card: dict[str, Any], arrays: Arrays, trees: str) -> Recommender:
    neighbours = tuple(ItemNeighbours(name, _matrix(name, arrays), decay) for name, decay in card["decays"].items())
    items = Items(**{field: arrays[f"items.{name}"] for field, name in ITEM_ARRAYS.items()})
    by_category = _matrix("by_category", arrays)
    half_lives = tuple(card["half_lives"])
    members = Members(neighbours, items, arrays["category"], by_category, half_lives, card["clock"])
    curve = card["curve"] and Curve(tuple(map(tuple, card["curve"]["bends"])), tuple(card["curve"]["slopes"]))
    ranker = Ranker(tuple(card["names"]), card["exact_weights"], trees, curve)
    return Recommender(members, ranker, card["horizon_days"], card["again"], card["taught"], card["lists"])


def _verified(file: Path, digest: str) -> bytes:
    """Read a file and compare its digest: a damaged file of trees would end the whole process inside LightGBM."""
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"{file.name} is damaged")
    return content


def _matrix_arrays(name: str, matrix: sp.csr_matrix) -> Arrays:
    parts = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}
    return {f"{name}.{part}": array for part, array in parts.items()} | {f"{name}.shape": np.array(matrix.shape)}


def _matrix(name: str, arrays: Arrays) -> sp.csr_matrix:
    parts = (arrays[f"{name}.data"], arrays[f"{name}.indices"], arrays[f"{name}.indptr"])
    return sp.csr_matrix(parts, shape=tuple(arrays[f"{name}.shape"].tolist()))
