"""Pre-training: a stream of simulated shops, on a CPU, a GPU, or many.

::

    python -m shijin.network.pretrain --folder runs/one --steps 20000
    torchrun --nproc-per-node 2 -m shijin.network.pretrain --folder runs/two --steps 20000

Run again with the same folder it goes on from the last checkpoint. The rate falls to zero over the last `--cooldown`
steps; asked for more steps later, it rises again. `ship` makes a run's weights part of the package.
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

from shijin.network.architecture import BehaviourModel, Size, Standardise
from shijin.network.objective import Loss, loss_of
from shijin.network.tasks import Example, example
from shijin.represent.tokens import NAMES

STATE, PROGRESS, CURVE = "state.safetensors", "progress.json", "curve.jsonl"
HELD_OUT_SEED = 1_000_003
AVERAGE = 0.999  # of the weights, a step
WARMUP_STEPS = 200
JUDGED_EVERY = 4  # checkpoints
AHEAD = 8  # shops that each worker may have simulated before they are needed
WEIGHT_DECAY = 0.02
OUTSIDE = ("periodic", "answer_bin")  # inputs: their rows are no directions of one space
PART_NAMES = tuple(Loss.__annotations__)


def _commit() -> str | None:
    """Name the commit whose code is loaded; None outside a working tree."""
    here = Path(__file__).parent
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=False)  # noqa: S607
    return said.stdout.strip() or None


COMMIT = _commit()


@dataclass(frozen=True)
class Plan:
    """How to pre-train.

    steps, cooldown : updates in all, and over how many of the last the rate falls to zero
    until : update after which to stop as if interrupted, the rate as it was; 0: none (to go through a run's stages)
    width : the dial of the network's size
    rate : of learning, at its height
    shops : simulated shops an update and process
    held_out : shops that judge
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
    stages : from which step it went on with which commit of the code; a prior may grow between two
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
        size = Size(first.asked.features.shape[1], len(first.shop), len(NAMES), plan.width)
        self.model = BehaviourModel(size).to(self.device)
        self.optimisers = optimisers(self.model, plan.rate)
        self.average: dict[str, Tensor] = {}
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / STATE).exists():
            self._resume()
        else:
            measure_inputs(self.model, [example(HELD_OUT_SEED + 1, number) for number in range(plan.held_out)])
        self._begin_stage()
        self.average = self.average or {name: value.clone() for name, value in self.model.state_dict().items()}

    def train(self) -> None:
        """Go on to the plan's last step or stop, telling the curve and keeping checkpoints on the way."""
        began = kept = time.monotonic()
        checkpoints = 0
        parts: list[list[float]] = []
        for step, examples in self._stream():
            parts.append(self._update(step, examples))
            now = time.monotonic()
            self.progress.step = step + 1
            last = step + 1 == self.plan.stop
            if self.rank == 0 and (last or now - kept > 60 * self.plan.every_minutes):
                self.progress.hours += (now - began) / 3600
                checkpoints += 1
                self._keep(np.mean(parts, axis=0), judge=last or checkpoints % JUDGED_EVERY == 0)
                parts, began = [], now
                kept = time.monotonic()

    def _stream(self) -> Iterator[tuple[int, list[Example]]]:
        """Examples of each remaining step; each process has its own."""
        plan = self.plan
        steps = range(self.progress.step, plan.stop)
        mine = (
            (step * plan.shops + shop) * self.processes + self.rank + 1 for step in steps for shop in range(plan.shops)
        )
        make = partial(example, plan.seed, fixed=plan.fixed, blanked=plan.blanked)
        if plan.workers:
            with ProcessPoolExecutor(plan.workers, get_context("spawn")) as pool:  # torch's threads do not bear a fork
                yield from _grouped(_made_ahead(pool, make, mine, AHEAD * plan.workers), steps, plan.shops)
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
            found = self._loss(one)
            (found.total / len(examples)).backward()
            parts.append([float(getattr(found, name).detach()) for name in PART_NAMES])
            self.progress.customers += len(one.asked) * self.processes
        if self.processes > 1:
            for parameter in self.model.parameters():
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                distributed.all_reduce(parameter.grad)
                parameter.grad /= self.processes
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            optimiser.step()
        kept = min(AVERAGE, (step + 1) / (step + 10))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - kept)
        return list(np.mean(parts, axis=0))

    def _loss(self, one: Example) -> Loss:
        return loss_of(self.model, one, self.device)

    def judged(self) -> dict[str, float]:
        """Loss of the averaged weights on shops held out, in parts."""
        present = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        found = held_out_loss(self._loss, self.plan.held_out)
        self.model.load_state_dict(present)
        return found

    def _keep(self, parts: Any, *, judge: bool) -> None:  # noqa: ANN401
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

    def _begin_stage(self) -> None:
        commit = COMMIT
        if not self.progress.stages or self.progress.stages[-1]["commit"] != commit:
            self.progress.stages.append({"step": self.progress.step, "commit": commit})

    def _save(self) -> None:
        """Write a checkpoint: what it was at is told inside, so that tensors and step cannot come apart."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.average.items()}
        for which, optimiser in enumerate(self.optimisers):
            for number, state in optimiser.state_dict()["state"].items():
                tensors |= {f"optimiser.{which}.{number}.{name}": value for name, value in state.items()}
        card = {"size": self.model.size.as_json(), "plan": asdict(self.plan), **asdict(self.progress)}
        told = json.dumps(card, indent=1)
        state, progress = self.folder / (STATE + ".part"), self.folder / (PROGRESS + ".part")
        save_file({name: value.contiguous() for name, value in tensors.items()}, state, {"progress": told})
        progress.write_text(told, "utf-8")
        state.replace(self.folder / STATE)
        progress.replace(self.folder / PROGRESS)

    def _resume(self) -> None:
        with safe_open(self.folder / STATE, "pt", device=str(self.device)) as kept_state:
            tensors = {name: kept_state.get_tensor(name) for name in kept_state.keys()}  # noqa: SIM118
            told = (kept_state.metadata() or {}).get("progress") or (self.folder / PROGRESS).read_text("utf-8")
        card = json.loads(told)
        self.progress = Progress(**{name: card[name] for name in Progress.__annotations__ if name in card})
        parts: dict[str, dict[str, Tensor]] = {"model": {}, "average": {}, "optimiser": {}}
        for name, value in tensors.items():
            part, _, rest = name.partition(".")
            parts[part][rest] = value
        self.model.load_state_dict(parts["model"])
        self.average = parts["average"]
        kept = [optimiser.state_dict() for optimiser in self.optimisers]
        for name, value in parts["optimiser"].items():
            which, number, rest = name.split(".", 2)
            kept[int(which)]["state"].setdefault(int(number), {})[rest] = value
        for optimiser, state in zip(self.optimisers, kept, strict=True):
            optimiser.load_state_dict(state)


def held_out_loss(of: Callable[[Example], Loss], shops: int) -> dict[str, float]:
    """Mean loss on shops that are never trained on, in parts and in all."""
    with torch.no_grad():
        found = [of(example(HELD_OUT_SEED, number)) for number in range(shops)]
    parts = {name: float(np.mean([float(getattr(one, name)) for one in found])) for name in PART_NAMES}
    return parts | {"total": float(np.mean([float(one.total) for one in found]))}


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
    """Measure mean and deviation of everything read, on shops of the prior."""
    features = np.concatenate([one.asked.features for one in examples])
    tokens = np.concatenate([one.asked.tokens.values for one in examples])
    shops = np.stack([one.shop for one in examples])
    of = ((model.standardise_features, features), (model.events.standardise, tokens), (model.standardise_shop, shops))
    for part, values in of:
        _measure(part, values)


def _measure(part: Standardise, values: Any) -> None:  # noqa: ANN401
    part.mean.copy_(torch.as_tensor(values.mean(axis=0)))
    part.deviation.copy_(torch.as_tensor(values.std(axis=0) + 0.05))


def _made_ahead(
    pool: ProcessPoolExecutor, make: Callable[[int], Example], numbers: Iterable[int], most: int
) -> Iterator[Example]:
    """Give examples in order while others are made, at most so many: a long run's must not pile up in memory."""
    waiting: deque[Future[Example]] = deque()
    for number in numbers:
        waiting.append(pool.submit(make, number))
        if len(waiting) > most:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _grouped(made: Iterator[Example], steps: range, shops: int) -> Iterator[tuple[int, list[Example]]]:
    for step in steps:
        yield step, [next(made) for _ in range(shops)]


def pretrain(folder: Path, plan: Plan) -> Run:
    """Start a run or go on with it, to the plan's last step; under `torchrun` together with the other processes."""
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
    parser.add_argument("--held-out", type=int, default=96, help="simulated shops that judge")
    parser.add_argument("--workers", type=int, default=0, help="processes that simulate; 0: none beside the training")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--every-minutes", type=float, default=4.0, help="between checkpoints")
    parser.add_argument("--fixed", type=json.loads, default={}, help='knobs held, as JSON: {"drift_spread": 0}')
    parser.add_argument("--blanked", type=float, default=0.0, help="share of shops shown by their moments alone")
    given = vars(parser.parse_args())
    pretrain(given.pop("folder"), Plan(**given))


if __name__ == "__main__":
    main()
