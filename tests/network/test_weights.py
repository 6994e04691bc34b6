import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shijin.errors import ModelError
from shijin.network.weights import CARD, TENSORS, VERSION, load_weights, save_weights

NO_MATCH = "the network's weights do not match the checksum in behaviour.json"
DRAWN = np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_weights({"a.weight": DRAWN, "a.bias": DRAWN[0]}, {"name": "one", "hours": 1.5}, tmp_path / "weights")
    return tmp_path / "weights"


def test_weights_come_back_in_half_precision_with_their_card(folder: Path) -> None:
    weights = load_weights(folder)
    assert sorted(weights.tensors) == ["a.bias", "a.weight"]
    np.testing.assert_array_equal(weights.tensors["a.weight"], DRAWN.astype(np.float16).astype(np.float32))
    assert weights.tensors["a.weight"].dtype == np.float32
    assert (weights.card["name"], weights.card["hours"], weights.card["architecture"]) == ("one", 1.5, VERSION)
    assert weights.name == hashlib.sha256((folder / TENSORS).read_bytes()).hexdigest()[:12]


def test_the_same_weights_are_the_same_file(folder: Path, tmp_path: Path) -> None:
    again = {"a.bias": DRAWN[0].copy(), "a.weight": np.asfortranarray(DRAWN)}
    save_weights(again, {}, tmp_path / "again")
    assert (tmp_path / "again" / TENSORS).read_bytes() == (folder / TENSORS).read_bytes()


def test_weights_that_came_back_are_saved_without_loss(folder: Path, tmp_path: Path) -> None:
    once = load_weights(folder)
    save_weights(once.tensors, once.card, tmp_path / "again")
    assert load_weights(tmp_path / "again").name == once.name


def card(folder: Path, **changes: object) -> None:
    content = json.loads((folder / CARD).read_text("utf-8")) | changes
    (folder / CARD).write_text(json.dumps(content), "utf-8")


def flip_a_bit(folder: Path) -> None:
    content = bytearray((folder / TENSORS).read_bytes())
    content[-7] ^= 1
    (folder / TENSORS).write_bytes(content)


def cut_off(folder: Path) -> None:
    content = (folder / TENSORS).read_bytes()[:-100]
    (folder / TENSORS).write_bytes(content)
    card(folder, sha256=hashlib.sha256(content).hexdigest())


def be_something_else(folder: Path) -> None:
    (folder / TENSORS).write_bytes(b"PK\3\4")
    card(folder, sha256=hashlib.sha256(b"PK\3\4").hexdigest())


def lose_the_sum(folder: Path) -> None:
    content = json.loads((folder / CARD).read_text("utf-8"))
    del content["sha256"]
    (folder / CARD).write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (flip_a_bit, NO_MATCH),
        (
            lambda folder: card(folder, sha256="0" * 64),
            NO_MATCH,
        ),
        (lambda folder: card(folder, architecture=VERSION + 1), f"the weights are of architecture {VERSION + 1}"),
        (cut_off, "the network's weights cannot be read"),
        (be_something_else, "the network's weights cannot be read"),
        (lose_the_sum, "the network's weights cannot be read"),
        (lambda folder: (folder / TENSORS).unlink(), "the network's weights cannot be read"),
        (lambda folder: (folder / CARD).unlink(), "the network's weights cannot be read"),
        (lambda folder: (folder / CARD).write_text("{"), "the network's weights cannot be read"),
        (lambda folder: (folder / CARD).write_text("[]"), "the network's weights cannot be read"),
        (lambda folder: (folder / CARD).write_bytes(b"\xff\xfe{"), "the network's weights cannot be read"),
    ],
)
def test_damaged_or_foreign_weights_are_refused_in_one_line(
    folder: Path, harm: Callable[[Path], object], problem: str
) -> None:
    harm(folder)
    with pytest.raises(ModelError) as refused:
        load_weights(folder)
    line = str(refused.value)
    assert problem in line
    assert "\n" not in line
    assert line.startswith(str(folder))
    assert line.endswith("Cure: install shijin again.")
