"""A recommender as files: read back it ranks the same bits, damaged it is refused in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from listshop import simulated_shop

from shijin.errors import ModelError
from shijin.recommend.ranking.recommender import Ranking, Recommender
from shijin.recommend.ranking.saved import ARRAYS, CARD, TREES, load, save
from shijin.recommend.ranking.training import train_recommender
from shijin.recommend.ranking.training_windows import TrainedOn, TrainingData


@pytest.fixture(scope="module")
def trained_on() -> Recommender:
    shop = simulated_shop()
    return train_recommender(TrainingData(shop.actions, shop.catalogue, 30))


@pytest.fixture(scope="module")
def written(trained_on: Recommender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recommender")
    save(trained_on, folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A copy, to be damaged."""
    return copytree(written, tmp_path / "copy")


def assert_same(one: Ranking, other: Ranking) -> None:
    for name in Ranking.__dataclass_fields__:
        left, right = getattr(one, name), getattr(other, name)
        assert np.array_equal(left, right)
        assert left.dtype == right.dtype


def test_read_back_it_ranks_the_same_bits(trained_on: Recommender, written: Path) -> None:
    assert trained_on.ranker.trees
    assert_same(load(written).rank(simulated_shop().query()), trained_on.rank(simulated_shop().query()))


@pytest.mark.parametrize(("horizon_days", "allow_repeat", "trained_on"), [(7, False, "last"), (30, True, "nothing")])
def test_a_recommender_with_little_training_data_is_saved_as_well(
    horizon_days: int, allow_repeat: bool, trained_on: TrainedOn, tmp_path: Path
) -> None:
    shop = simulated_shop(8)
    little = train_recommender(
        TrainingData(shop.actions, shop.catalogue, horizon_days, trained_on), allow_repeat=allow_repeat
    )
    assert not little.ranker.trees
    save(little, tmp_path)
    back = load(tmp_path)
    assert_same(back.rank(shop.query()), little.rank(shop.query()))
    assert (back.card(), back.trained_on, back.lists) == (little.card(), little.trained_on, little.lists)
    assert (back.horizon_days, back.allow_repeat) == (horizon_days, allow_repeat)


def test_the_card_holds_what_people_may_know_and_no_file_is_a_pickle(trained_on: Recommender, written: Path) -> None:
    card = json.loads((written / CARD).read_text("utf-8"))
    assert card.items() >= json.loads(json.dumps(trained_on.card())).items()
    assert {file.name for file in written.iterdir()} == {ARRAYS, TREES, CARD}
    assert all(not file.read_bytes().startswith(b"\x80") for file in written.iterdir())


# --- damage -----------------------------------------------------------------------------------------------------------


def refused(folder: Path) -> None:
    with pytest.raises(
        ModelError, match=r"damaged \(.*\)\. Cure: delete the folder: the next request trains a new one"
    ) as refusal:
        load(folder)
    assert "\n" not in str(refusal.value)
    assert str(folder) in str(refusal.value)


@pytest.mark.parametrize("name", [ARRAYS, TREES, CARD])
def test_a_missing_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    refused(folder)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda content: b"",
    "cut short": lambda content: content[: len(content) // 2],
    "a byte less": lambda content: content[:-1],
    "one bit turned": lambda content: content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
    "overwritten": lambda content: b"\x00\xff" * (len(content) // 2),
    "of another kind": lambda content: b"[1, 2]\n",
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", [ARRAYS, TREES])
def test_a_damaged_file_is_refused(folder: Path, name: str, how: str) -> None:
    (folder / name).write_bytes(DAMAGE[how]((folder / name).read_bytes()))
    refused(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"7", b'{"format": 1', b"\xff\xfe", b"{}"])
def test_a_file_that_is_not_a_card_is_refused(folder: Path, content: bytes) -> None:
    (folder / CARD).write_bytes(content)
    refused(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 99),
        ("sums", {}),
        ("decays", []),
        ("decays", {"stranger": 0.5}),
        ("curve", {"bends": 3}),
        ("half_lives", 3),
    ],
)
def test_a_card_with_an_impossible_value_is_refused(folder: Path, key: str, value: Any) -> None:
    card = json.loads((folder / CARD).read_text("utf-8"))
    (folder / CARD).write_text(json.dumps(card | {key: value}), "utf-8")
    refused(folder)


def test_a_card_without_a_line_is_refused(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text("utf-8"))
    for key in (
        "format",
        "sums",
        "decays",
        "half_lives",
        "clock",
        "names",
        "exact_weights",
        "curve",
        "taught",
        "lists",
    ):
        (folder / CARD).write_text(json.dumps({name: value for name, value in card.items() if name != key}), "utf-8")
        refused(folder)
