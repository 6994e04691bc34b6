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
from shijin.recommend.members.neighbours import Neighbours
from shijin.recommend.ranking.calibration import Curve
from shijin.recommend.ranking.ranker import Ranker
from shijin.recommend.ranking.recommender import Recommender

FORMAT = 2
ARRAYS, TREES, CARD = "members.safetensors", "trees.txt", "card.json"
Arrays = dict[str, NDArray[Any]]


def save(recommender: Recommender, folder: Path) -> None:
    """Write a recommender into an empty folder."""
    members, ranker = recommender.members, recommender.ranker
    arrays: Arrays = {"category": members.category, **_of_matrix("by_category", members.by_category)}
    for field in fields(Items):
        arrays[f"items.{field.name}"] = getattr(members.items, field.name)
    for one in members.neighbours:
        arrays |= _of_matrix(one.name, one.similar)
    card = {
        "format": FORMAT,
        **recommender.card(),
        "clock": members.clock,
        "half_lives": members.half_lives,
        "decays": {one.name: one.decay for one in members.neighbours},
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
        contents = {name: _whole(folder / name, digest) for name, digest in card["sums"].items()}
        arrays = safetensors.numpy.load(contents[ARRAYS])
        neighbours = tuple(Neighbours(name, _matrix(name, arrays), decay) for name, decay in card["decays"].items())
        items = Items(**{field.name: arrays[f"items.{field.name}"] for field in fields(Items)})
        members = Members(
            neighbours,
            items,
            arrays["category"],
            _matrix("by_category", arrays),
            tuple(card["half_lives"]),
            card["clock"],
        )
        trees = contents[TREES].decode()
        told = card["curve"]
        curve = told and Curve(tuple(tuple(at) for at in told["bends"]), tuple(told["slopes"]))
        ranker = Ranker(tuple(card["names"]), card["exact_weights"], trees, curve)
        return Recommender(members, ranker, card["horizon_days"], card["again"], card["taught"], card["lists"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"damaged ({said})", str(folder), "delete the folder and recommend again") from error


def _whole(file: Path, digest: str) -> bytes:
    """Read a file that is as it was written; a damaged one would end the whole process inside LightGBM."""
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"{file.name} is damaged")
    return content


def _of_matrix(name: str, matrix: sp.csr_matrix) -> Arrays:
    parts = {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr}
    return {f"{name}.{part}": array for part, array in parts.items()} | {f"{name}.shape": np.array(matrix.shape)}


def _matrix(name: str, arrays: Arrays) -> sp.csr_matrix:
    parts = (arrays[f"{name}.data"], arrays[f"{name}.indices"], arrays[f"{name}.indptr"])
    return sp.csr_matrix(parts, shape=tuple(arrays[f"{name}.shape"].tolist()))
