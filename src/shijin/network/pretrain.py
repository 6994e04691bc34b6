"""Pre-training: a stream of simulated shops, on a CPU, a GPU, or many.

::

    python -m shijin.network.pretrain --folder runs/one --steps 20000
    torchrun --nproc-per-node 2 -m shijin.network.pretrain --folder runs/two --steps 20000

A second run with the same folder continues from the last checkpoint. The rate falls to zero over the last `--cooldown`
steps; it rises again if the run is continued with more steps. `ship` makes a run's weights part of the package.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, distributed, nn

from shijin.arrays import Singles
from shijin.network.architecture import BehaviourModel, Size, Standardise
from shijin.network.objective import Loss, loss_of
from shijin.network.tasks import Example, example
from shijin.represent.tokens import NAMES

STATE, PROGRESS, CURVE = "state.safetensors", "progress.json", "curve.jsonl"
HELD_OUT_SEED = 1_000_003
AVERAGE = 0.999  # decay of the running average of the weights, a step
WARMUP_STEPS = 200
JUDGED_EVERY = 4  # checkpoints
AHEAD = 8  # shops that each worker may simulate before they are needed
WEIGHT_DECAY = 0.02
OUTSIDE = ("periodic", "answer_bin")  # inputs: their rows are not directions of one space, so Muon does not suit them
PART_NAMES = tuple(Loss.__annotations__)


def _commit() -> str | None:
    """Name the commit whose code is loaded; None outside a working tree."""
    here = Path(__file__).parent
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)  # noqa: S607
    return git.stdout.strip() or None


COMMIT = _commit()


@dataclass(frozen=True)
class Plan:
    """How to pre-train.

    steps, cooldown : updates in all, and the last ones over which the rate falls to zero
    until : update after which the run stops as if interrupted, with the rate as it is; 0: none (repeats a run's stages)
    width : the dial of the network's size
    rate : learning rate, at its highest
    shops : simulated shops for each update and process
    held_out : shops on which the loss is judged
    fixed : knobs of the prior held at a value (ablations)
    blanked : share of shops shown by their moments alone
    """

    steps: int
    cooldown: int = 1500
    until: int = 0
    seed: int = 0
    width: int = 128
    rate: float = 2e-3
    shops: int = 3
    held_out: int = 96
    every_minutes: float = 4.0
    workers: int = 0
    fixed: dict[str, Any] = field(default_factory=dict)
    blanked: float = 0.0

    @property
    def stop(self) -> int:
        """The update to stop after."""
        return min(self.until or self.steps, self.steps)

    def rate_at(self, step: int) -> float:
        """Rate of an update: up, level, and down to zero at the end."""
        up, down = (step + 1) / WARMUP_STEPS, (self.steps - step) / max(self.cooldown, 1)
        return self.rate * min(1.0, up, down)


@dataclass
class Progress:
    """How far a run is: updates, customers seen, hours, and the newest held-out loss with its parts.

    judged_at : the step of that loss
    stages : the step at which each commit of the code took over; the prior may have changed between two
    """

    step: int = 0
    customers: int = 0
    hours: float = 0.0
    held_out: dict[str, float] = field(default_factory=dict)
    judged_at: int = 0
    stages: list[dict[str, Any]] = field(default_factory=list)


class Run:
    """One run of pre-training: network, optimiser, running average of the weights, and its folder."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan, self.progress = folder, plan, Progress()
        self.rank, self.processes = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        gpu = int(os.environ.get("LOCAL_RANK", "0"))
        self.device = torch.device("cuda", gpu) if torch.cuda.is_available() else torch.device("cpu")
        torch.manual_seed(plan.seed)
        first = example(plan.seed, 0)
        size = Size(first.query.features.shape[1], len(first.shop), len(NAMES), plan.width)
        self.model = BehaviourModel(size).to(self.device)
        self.optimisers = optimisers(self.model, plan.rate)
        self.average: dict[str, Tensor] = {}
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / STATE).exists():
            self._resume()
        else:
            measure_inputs(self.model, [example(HELD_OUT_SEED + 1, number) for number in range(plan.held_out)])
        self._add_stage()
        self.average = self.average or {name: value.clone() for name, value in self.model.state_dict().items()}

    def train(self) -> None:
        """Continue to the plan's last step or stop; write the learning curve and checkpoints on the way."""
        started = saved = time.monotonic()
        checkpoints = 0
        parts: list[list[float]] = []
        for step, examples in self._stream():
            parts.append(self._update(step, examples))
            now = time.monotonic()
            self.progress.step = step + 1
            last = step + 1 == self.plan.stop
            if self.rank == 0 and (last or now - saved > 60 * self.plan.every_minutes):
                self.progress.hours += (now - started) / 3600
                checkpoints += 1
                self._checkpoint(np.mean(parts, axis=0), judge=last or checkpoints % JUDGED_EVERY == 0)
                parts, started = [], now
                saved = time.monotonic()

    def _stream(self) -> Iterator[tuple[int, list[Example]]]:
        """Examples of each remaining step; each process makes different ones."""
        plan = self.plan
        steps = range(self.progress.step, plan.stop)
        mine = (
            (step * plan.shops + shop) * self.processes + self.rank + 1 for step in steps for shop in range(plan.shops)
        )
        make = partial(example, plan.seed, fixed=plan.fixed, blanked=plan.blanked)
        if plan.workers:
            with ProcessPoolExecutor(plan.workers, get_context("spawn")) as pool:  # torch's threads break after a fork
                yield from _grouped(_ahead(pool, make, mine, AHEAD * plan.workers), steps, plan.shops)
        else:
            yield from _grouped(map(make, mine), steps, plan.shops)

    def _update(self, step: int, examples: list[Example]) -> list[float]:
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.plan.rate_at(step)
            optimiser.zero_grad()
        self.model.train()
        parts = []
        for one in examples:
            losses = self._loss(one)
            (losses.total / len(examples)).backward()
            parts.append([float(getattr(losses, name).detach()) for name in PART_NAMES])
            self.progress.customers += len(one.query) * self.processes
        if self.processes > 1:
            self._average_gradients()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        decay = min(AVERAGE, (step + 1) / (step + 10))  # short at first, so that the first weights are soon forgotten
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)
        return list(np.mean(parts, axis=0))

    def _average_gradients(self) -> None:
        """Replace each gradient by its mean over all processes."""
        for parameter in self.model.parameters():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            distributed.all_reduce(parameter.grad)
            parameter.grad /= self.processes

    def _loss(self, one: Example) -> Loss:
        return loss_of(self.model, one, self.device)

    def judged(self) -> dict[str, float]:
        """Loss of the averaged weights on shops held out, in parts."""
        present = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        losses = held_out_loss(self._loss, self.plan.held_out)
        self.model.load_state_dict(present)
        return losses

    def _checkpoint(self, parts: Any, *, judge: bool) -> None:  # noqa: ANN401
        """Save the run and add a line to the learning curve."""
        progress = self.progress
        line: dict[str, Any] = {"step": progress.step, "customers": progress.customers}
        line |= {"hours": round(progress.hours, 3), "rate": self.plan.rate_at(progress.step)}
        line["train"] = {name: round(float(value), 4) for name, value in zip(PART_NAMES, parts, strict=True)}
        if judge:
            progress.held_out, progress.judged_at = self.judged(), progress.step
            line["held_out"] = {name: round(value, 4) for name, value in progress.held_out.items()}
        self._save()
        with (self.folder / CURVE).open("a", encoding="utf-8") as curve:
            curve.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)  # noqa: T201

    def _add_stage(self) -> None:
        commit = COMMIT
        if not self.progress.stages or self.progress.stages[-1]["commit"] != commit:
            self.progress.stages.append({"step": self.progress.step, "commit": commit})

    def _save(self) -> None:
        """Write a checkpoint; the tensors' file holds the progress too, so tensors and step always match."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.average.items()}
        for which, optimiser in enumerate(self.optimisers):
            for number, state in optimiser.state_dict()["state"].items():
                tensors |= {f"optimiser.{which}.{number}.{name}": value for name, value in state.items()}
        card = {"size": self.model.size.as_json(), "plan": asdict(self.plan), **asdict(self.progress)}
        text = json.dumps(card, indent=1)
        # Written under other names and moved into place, so that an interruption leaves the old checkpoint whole.
        state, progress = self.folder / (STATE + ".part"), self.folder / (PROGRESS + ".part")
        save_file({name: value.contiguous() for name, value in tensors.items()}, state, {"progress": text})
        progress.write_text(text, "utf-8")
        state.replace(self.folder / STATE)
        progress.replace(self.folder / PROGRESS)

    def _resume(self) -> None:
        """Read the last checkpoint."""
        with safe_open(self.folder / STATE, "pt", device=str(self.device)) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            text = (file.metadata() or {}).get("progress") or (self.folder / PROGRESS).read_text("utf-8")
        card = json.loads(text)
        self.progress = Progress(**{name: card[name] for name in Progress.__annotations__ if name in card})
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "average": {}, "optimiser": {}}
        for name, value in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = value
        self.model.load_state_dict(parts["model"])
        self.average = parts["average"]
        states = [optimiser.state_dict() for optimiser in self.optimisers]
        for name, value in parts["optimiser"].items():
            which, number, rest = name.split(".", 2)
            states[int(which)]["state"].setdefault(int(number), {})[rest] = value
        for optimiser, state in zip(self.optimisers, states, strict=True):
            optimiser.load_state_dict(state)


def held_out_loss(loss: Callable[[Example], Loss], shops: int) -> dict[str, float]:
    """Mean loss on shops that are never trained on: its parts, and the total."""
    with torch.no_grad():
        losses = [loss(example(HELD_OUT_SEED, number)) for number in range(shops)]
    parts = {name: float(np.mean([float(getattr(one, name)) for one in losses])) for name in PART_NAMES}
    return parts | {"total": float(np.mean([float(one.total) for one in losses]))}


def optimisers(model: BehaviourModel, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside, AdamW for inputs, outputs and vectors (Jordan et al. 2024; Liu et al. 2025)."""
    inside: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in model.named_parameters():
        is_inside = parameter.ndim == 2 and not name.startswith(OUTSIDE) and name != "head.second.weight"
        (inside if is_inside else rest).append(parameter)
    return [
        torch.optim.Muon(inside, lr=rate, weight_decay=WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, rate, (0.9, 0.98), weight_decay=WEIGHT_DECAY),
    ]


def measure_inputs(model: BehaviourModel, examples: list[Example]) -> None:
    """Measure the mean and deviation of all inputs, on shops of the prior."""
    features = np.concatenate([one.query.features for one in examples])
    tokens = np.concatenate([one.query.tokens.values for one in examples])
    shops = np.stack([one.shop for one in examples])
    layers = (model.standardise_features, model.events.standardise, model.standardise_shop)
    for layer, values in zip(layers, (features, tokens, shops), strict=True):
        _measure(layer, values)


def _measure(part: Standardise, values: Singles) -> None:
    part.mean.copy_(torch.as_tensor(values.mean(axis=0)))
    part.deviation.copy_(torch.as_tensor(values.std(axis=0) + 0.05))


def _ahead(
    pool: ProcessPoolExecutor, make: Callable[[int], Example], numbers: Iterable[int], most: int
) -> Iterator[Example]:
    """Yield examples in order while others are made, at most so many: they must not pile up in memory."""
    waiting: deque[Future[Example]] = deque()
    for number in numbers:
        waiting.append(pool.submit(make, number))
        if len(waiting) > most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _grouped(examples: Iterator[Example], steps: range, shops: int) -> Iterator[tuple[int, list[Example]]]:
    for step in steps:
        yield step, [next(examples) for _ in range(shops)]


def pretrain(folder: Path, plan: Plan) -> Run:
    """Start a run or continue it, to the plan's last step; under `torchrun` together with the other processes."""
    many = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if many:
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    run = Run(folder, plan)
    run.train()
    if many:
        distributed.destroy_process_group()
    return run


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="checkpoint, learning curve; resumed if it is there")
    for name, default in (("steps", None), ("cooldown", 1500), ("until", 0), ("seed", 0), ("width", 128), ("shops", 3)):
        parser.add_argument(f"--{name}", type=int, default=default, required=default is None)
    parser.add_argument("--held-out", type=int, default=96, help="simulated shops on which the loss is judged")
    parser.add_argument("--workers", type=int, default=0, help="processes that simulate; 0: the training process does")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--every-minutes", type=float, default=4.0, help="between checkpoints")
    parser.add_argument("--fixed", type=json.loads, default={}, help='knobs held, as JSON: {"drift_spread": 0}')
    parser.add_argument("--blanked", type=float, default=0.0, help="share of shops shown by their moments alone")
    options = vars(parser.parse_args())
    pretrain(options.pop("folder"), Plan(**options))


if __name__ == "__main__":
    main()
