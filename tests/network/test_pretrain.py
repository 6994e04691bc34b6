import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.numpy import load_file

from shijin.network import pretrain as module
from shijin.network.pretrain import CURVE, PART_NAMES, PROGRESS, STATE, WARMUP_STEPS, Plan, Run, pretrain
from shijin.network.tasks import example

TINY = Plan(steps=4, cooldown=2, width=32, shops=2, held_out=2, every_minutes=60, fixed={"customers": 60})
EVERY_STEP = 0.0  # minutes between checkpoints


def curve(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / CURVE).read_text("utf-8").splitlines()]


def assert_same_tensors(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> None:
    assert sorted(one) == sorted(other)
    assert [name for name in one if not np.array_equal(one[name], other[name])] == []


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that went through without a stop."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    pretrain(folder, TINY)
    return folder


# --- one run ----------------------------------------------------------------------------------------------------------


def test_a_run_leaves_trained_weights_a_curve_and_its_progress(whole: Path) -> None:
    state = load_file(whole / STATE)
    fresh = Run(whole.parent / "fresh", replace(TINY, steps=0)).model.state_dict()
    for name, value in fresh.items():
        moved = not np.array_equal(state[f"model.{name}"], value.numpy())
        assert moved == ("standardise" not in name), name
        assert state[f"average.{name}"].shape == tuple(value.shape)
    progress = json.loads((whole / PROGRESS).read_text("utf-8"))
    assert progress["step"] == TINY.steps
    assert progress["size"]["width"] == 32
    assert progress["plan"]["fixed"] == {"customers": 60}
    shops = [example(TINY.seed, number, TINY.fixed) for number in range(1, TINY.steps * TINY.shops + 1)]
    assert progress["customers"] == sum(len(one.query) for one in shops)
    [line] = curve(whole)
    assert (line["step"], line["customers"], line["rate"]) == (4, progress["customers"], 0)
    assert sorted(line["train"]) == sorted(PART_NAMES)
    assert line["held_out"]["total"] == pytest.approx(progress["held_out"]["total"], abs=1e-4)
    assert not list(whole.glob("*.part"))


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(whole: Path, tmp_path: Path) -> None:
    pretrain(tmp_path / "again", TINY)
    assert_same_tensors(load_file(whole / STATE), load_file(tmp_path / "again" / STATE))
    pretrain(tmp_path / "other", replace(TINY, seed=1))
    other = load_file(tmp_path / "other" / STATE)
    assert not np.array_equal(other["model.asked"], load_file(whole / STATE)["model.asked"])


def test_shops_made_by_workers_are_the_same_shops(whole: Path, tmp_path: Path) -> None:
    pretrain(tmp_path, replace(TINY, workers=1))
    assert_same_tensors(load_file(whole / STATE), load_file(tmp_path / STATE))


def test_workers_do_not_run_ahead_without_end() -> None:
    submitted = []

    def numbers() -> Any:
        for number in range(1000):
            submitted.append(number)
            yield number

    with ProcessPoolExecutor(1) as pool:
        examples = module._ahead(pool, partial(pow, 2), numbers(), most=5)
        assert [next(examples) for _ in range(3)] == [1, 2, 4]
        assert len(submitted) <= 3 + 5
        examples.close()


# --- interrupted ------------------------------------------------------------------------------------------------------


class Interrupted(Exception):
    """Raised by a test to stop a run."""


class Interrupting(Run):
    """A run that is killed in its third update."""

    def _update(self, step: int, examples: list[Any]) -> list[float]:
        if step == 2:
            raise Interrupted
        return super()._update(step, examples)


def test_interrupted_and_resumed_is_the_same_as_in_one_go(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        Interrupting(tmp_path, replace(TINY, every_minutes=EVERY_STEP)).train()
    assert json.loads((tmp_path / PROGRESS).read_text("utf-8"))["step"] == 2
    pretrain(tmp_path, TINY)
    assert_same_tensors(load_file(whole / STATE), load_file(tmp_path / STATE))
    ours, theirs = (json.loads((folder / PROGRESS).read_text("utf-8")) for folder in (tmp_path, whole))
    assert (ours["step"], ours["customers"], ours["held_out"]) == (
        theirs["step"],
        theirs["customers"],
        theirs["held_out"],
    )
    assert [line["step"] for line in curve(tmp_path)] == [1, 2, 4]


def test_stopped_at_a_step_and_resumed_is_the_same_as_in_one_go(whole: Path, tmp_path: Path) -> None:
    pretrain(tmp_path, replace(TINY, until=3))
    assert json.loads((tmp_path / PROGRESS).read_text("utf-8"))["step"] == 3
    pretrain(tmp_path, TINY)
    assert_same_tensors(load_file(whole / STATE), load_file(tmp_path / STATE))


def test_killed_between_the_two_files_of_a_checkpoint_a_run_continues_from_the_tensors_step(
    whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(Interrupted):
        Interrupting(tmp_path, replace(TINY, every_minutes=EVERY_STEP)).train()
    (tmp_path / PROGRESS).write_text('{"step": 1, "cust', "utf-8")
    pretrain(tmp_path, TINY)
    assert_same_tensors(load_file(whole / STATE), load_file(tmp_path / STATE))


def test_a_finished_run_stays_as_it_is_and_continues_with_more_steps(whole: Path, tmp_path: Path) -> None:
    for name in (STATE, PROGRESS, CURVE):
        (tmp_path / name).write_bytes((whole / name).read_bytes())
    pretrain(tmp_path, TINY)
    assert (tmp_path / STATE).read_bytes() == (whole / STATE).read_bytes()
    pretrain(tmp_path, replace(TINY, steps=5))
    assert [line["step"] for line in curve(tmp_path)] == [4, 5]


# --- the rate, what is judged, the command ----------------------------------------------------------------------------


def test_the_rate_goes_up_stays_and_comes_down_to_zero() -> None:
    plan = Plan(steps=1000, cooldown=100, rate=0.002)
    assert plan.rate_at(0) == pytest.approx(0.002 / WARMUP_STEPS)
    assert plan.rate_at(WARMUP_STEPS - 1) == pytest.approx(0.002)
    assert plan.rate_at(500) == plan.rate_at(900) == 0.002
    assert plan.rate_at(950) == pytest.approx(0.001)
    assert plan.rate_at(999) == pytest.approx(0.002 / 100)
    assert plan.rate_at(1000) == 0
    assert Plan(steps=10, cooldown=0).rate_at(9) == pytest.approx(Plan.rate * 10 / WARMUP_STEPS)


def test_the_averaged_weights_are_judged_on_the_whole_prior_and_the_run_is_left_as_it_was(tmp_path: Path) -> None:
    run = Run(tmp_path, TINY)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.average = {name: value * 0 if name.startswith("head") else value for name, value in run.average.items()}
    judged = run.judged()
    assert judged["active"] == pytest.approx(np.log(2), rel=1e-6)  # a head of zeros gives one half
    shares = [example(module.HELD_OUT_SEED, number).targets.active.mean() for number in range(TINY.held_out)]
    assert judged["spend"] == pytest.approx(np.mean(shares) * np.log(44), rel=1e-5)
    assert all(torch.equal(value, before[name]) for name, value in run.model.state_dict().items())


def test_inputs_are_standardised_by_the_prior(tmp_path: Path) -> None:
    run = Run(tmp_path, TINY)
    shops = [example(module.HELD_OUT_SEED + 1, number) for number in range(TINY.held_out)]
    features = np.concatenate([one.query.features for one in shops]).astype(np.float64)
    part = run.model.standardise_features
    np.testing.assert_allclose(part.mean.numpy(), features.mean(axis=0), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(part.deviation.numpy(), features.std(axis=0) + 0.05, rtol=1e-3)
    assert not {tuple(one.query.features.ravel()[:50]) for one in shops} & {
        tuple(example(module.HELD_OUT_SEED, number).query.features.ravel()[:50]) for number in range(TINY.held_out)
    }


def test_matrices_inside_have_one_optimiser_and_all_else_the_other(tmp_path: Path) -> None:
    run = Run(tmp_path, TINY)
    names = {id(parameter): name for name, parameter in run.model.named_parameters()}
    muon, adam = (
        {names[id(parameter)] for group in optimiser.param_groups for parameter in group["params"]}
        for optimiser in run.optimisers
    )
    assert muon | adam == set(names.values())
    assert not muon & adam
    assert {"blocks.0.query.weight", "row.first.weight", "events.value.weight"} <= muon
    assert {"answer_bin.weight", "periodic.weight", "periodic.frequency", "head.second.weight", "asked"} <= adam


def flags(plan: Plan, folder: Path) -> list[str]:
    named = {"folder": folder, "steps": plan.steps, "cooldown": plan.cooldown, "width": plan.width}
    named |= {"shops": plan.shops, "held-out": plan.held_out, "every-minutes": plan.every_minutes}
    named["fixed"] = json.dumps(plan.fixed)
    return [text for name, value in named.items() for text in (f"--{name}", str(value))]


def test_the_command_does_what_the_function_does(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["pretrain", *flags(TINY, tmp_path)])
    module.main()
    assert json.loads(capsys.readouterr().out)["step"] == 4
    assert_same_tensors(load_file(whole / STATE), load_file(tmp_path / STATE))


# --- many processes ---------------------------------------------------------------------------------------------------

EACH_SAVES = """
import os, sys
from pathlib import Path
from safetensors.torch import save_file
from shijin.network.pretrain import Plan, pretrain
folder = Path(sys.argv[1])
run = pretrain(folder, Plan(**{plan}))
save_file(run.model.state_dict(), folder / f"of-{{os.environ['RANK']}}.safetensors")
"""


def test_two_processes_train_one_network(whole: Path, tmp_path: Path) -> None:
    script = tmp_path / "each_saves.py"
    script.write_text(EACH_SAVES.format(plan=replace(TINY, shops=1).__dict__), "utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    nearby = ["--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*torchrun, *nearby, str(script), str(tmp_path)], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    first, second = (load_file(tmp_path / f"of-{rank}.safetensors") for rank in (0, 1))
    assert_same_tensors(first, second)
    state = load_file(tmp_path / STATE)
    assert_same_tensors(first, {name: state[f"model.{name}"] for name in first})
    # Two processes with a shop each see the shops that one sees with two a step, and take the same mean of gradients.
    alone, fresh = load_file(whole / STATE), Run(tmp_path / "fresh", replace(TINY, steps=0)).model.state_dict()
    moved = sum(float(np.abs(value - fresh[name].numpy()).sum()) for name, value in first.items())
    distance = sum(float(np.abs(value - alone[f"model.{name}"]).sum()) for name, value in first.items())
    assert distance < 0.05 * moved
    assert json.loads((tmp_path / PROGRESS).read_text("utf-8"))["step"] == TINY.steps
    assert len(curve(tmp_path)) == 1
