import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import load_file, save_file
from tinyshops import HORIZON, history_of, simulated

from shijin.network import ship as module
from shijin.network.pretrain import PROGRESS, STATE, Plan, pretrain
from shijin.network.runtime import Network, forecast, read_past
from shijin.network.ship import ship
from shijin.network.weights import load_weights


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    pretrain(folder, Plan(steps=2, cooldown=1, width=32, shops=1, held_out=2, fixed={"customers": 60}))
    return folder


def test_a_runs_averaged_weights_forecast(run: Path, tmp_path: Path) -> None:
    ship([run], tmp_path)
    weights = load_weights(tmp_path)
    state = load_file(run / STATE)
    assert sorted(f"average.{name}" for name in weights.tensors) == sorted(x for x in state if x.startswith("average."))
    for name, value in weights.tensors.items():
        np.testing.assert_array_equal(value, state[f"average.{name}"].astype(np.float16).astype(np.float32), name)
    history = history_of(simulated())
    network = Network(weights)
    one = forecast(network, history, HORIZON, read_past(network, history, HORIZON))
    assert len(one) == len(history)
    assert np.isfinite(one.mean()).all()
    assert (one.mean() > 0).all()


def test_the_card_states_where_the_weights_come_from(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["ship", "--folder", str(run), "--into", str(tmp_path)])
    module.main()
    card, progress = load_weights(tmp_path).card, json.loads((run / PROGRESS).read_text("utf-8"))
    assert card["size"] == progress["size"]
    assert card["plan"] == progress["plan"]
    assert (card["customers_seen"], card["steps"]) == (progress["customers"], 2)
    assert card["mean_of_steps"] == [2]
    assert card["held_out"]["total"] == pytest.approx(progress["held_out"]["total"], abs=1e-4)
    assert card["parameters"] == sum(value.size for value in load_weights(tmp_path).tensors.values())
    assert "simulated shops only" in card["licence"]
    assert card["prior"]["HORIZON_DAYS"] == [7, 365]
    assert len(card["sha256"]) == 64


def test_several_runs_are_averaged_and_columns_added_later_count_as_zero(run: Path, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(run, older)
    state = load_file(run / STATE)
    narrow = dict(state)
    narrow["average.row.first.weight"] = np.ascontiguousarray(state["average.row.first.weight"][:, :-4])
    save_file(narrow, older / STATE)
    ship([older, run], tmp_path / "mean")
    mean = load_weights(tmp_path / "mean").tensors
    first = state["average.row.first.weight"]
    np.testing.assert_allclose(mean["row.first.weight"][:, :-4], first[:, :-4], atol=1e-3)
    np.testing.assert_allclose(mean["row.first.weight"][:, -4:], first[:, -4:] / 2, atol=1e-3)
