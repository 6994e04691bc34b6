"""What is each part of pre-training worth? Small runs from nothing, equal but for one thing.

    python benchmarks/ablate.py [--data DIR] [--steps 600] [--only NAME ...] [--folder runs/ablations]

Every run sees as many simulated shops and is judged on the same held-out shops of the full prior, and on the
development window of each real shop (it ends one horizon before the newest). A run with other chances says how much
two runs differ by luck. Left out one by one: event tokens, as-of features, the first guess, rates that drift, seasons;
value bins give way to a zero-inflated lognormal, whose two numbers are turned into probabilities of the same bins; and
the dial of the size is turned down. One thread. A run goes on from its last checkpoint in FOLDER/NAME-STEPS. Writes
benchmarks/results/pretraining.json.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.special import ndtr

from machine import machine
from peers import taken
from shijin.distribution import SPEND_BINS, Grid
from shijin.metrics import value
from shijin.network.architecture import ContextInputs, Inputs, Outputs
from shijin.network.context import DRAW_SEED, MOST_CONTEXT, Context, Past
from shijin.network.first_guess import no_guess
from shijin.network.inputs import RELATIVE_BINS, RELATIVE_CENTRE, Customers, Targets, read_customers, read_targets
from shijin.network.objective import Loss, loss
from shijin.network.pretrain import PART_NAMES, Plan, Run
from shijin.network.tasks import Example, by_moments
from shijin.represent.tokens import NAMES, Tokens
from shops import HORIZONS, Pair, pairs

HERE = Path(__file__).parent
RESULT = HERE / "results" / "pretraining.json"
FOLDER = HERE.parent / "runs" / "ablations"
STEPS = 600
WINDOW = 1  # the development window: it ends where the newest begins
BLOCK = 1024
USUAL_SIGMA = 3.6  # bins: about what log spend scatters given the customer's own bin
SHOWN = {"active": "who orders", "spend": "spend", "orders": "orders", "total": "total"}
Change = Callable[[Example], Example]


@dataclass(frozen=True)
class Variant:
    """One thing that is otherwise.

    fixed : knobs of the prior held at a value
    width : the dial of the size
    change : what is done to every example, in training and when judged
    lognormal : whether spend comes as a lognormal's two numbers
    seed : other shops, and other weights to begin with
    """

    fixed: Mapping[str, Any] = field(default_factory=dict)
    width: int = 128
    change: Change = lambda one: one
    lognormal: bool = False
    seed: int = 0


def without_tokens(one: Example) -> Example:
    """Every customer has one token that says nothing."""
    return _with_customers(
        one, lambda of: replace(of, tokens=Tokens(np.zeros((len(of), len(NAMES)), np.float32), np.arange(len(of) + 1)))
    )


def without_guess(one: Example) -> Example:
    """No ridge on the context."""
    context = replace(one.context, first_guess=None, guesses=no_guess(len(one.context)))
    return replace(one, context=context)


def without_context(one: Example) -> Example:
    """Nobody's outcome is told: the network learns, and is judged, on the History alone."""
    return replace(one, context=Context.empty(one.query.features.shape[1], len(one.shop)))


def _with_customers(one: Example, change: Callable[[Customers], Customers]) -> Example:
    context = replace(one.context, customers=change(one.context.customers))
    return replace(one, query=change(one.query), context=context)


NO_SEASONS = {"season_amplitude": 0.0, "holiday_lift": 0.0}
VARIANTS = {
    "base": Variant(),
    "no-tokens": Variant(change=without_tokens),
    "no-features": Variant(change=by_moments),
    "no-guess": Variant(change=without_guess),
    "no-context": Variant(change=without_context),
    "constant-rates": Variant(fixed={"drift_spread": 0.0}),
    "no-seasons": Variant(fixed=NO_SEASONS),
    "lognormal": Variant(lognormal=True),
    "width-64": Variant(width=64),
    "other-chances": Variant(seed=1),
}


class Ablated(Run):
    """A run of pre-training with one thing otherwise."""

    def __init__(self, folder: Path, plan: Plan, variant: Variant) -> None:
        self.variant = variant
        super().__init__(folder, plan)

    def said(self, one: Example) -> Outputs:
        """What the network says of an example."""
        changed = self.variant.change(one)
        asked = Inputs.of(changed.query, changed.shop, changed.context.guess(changed.query), self.device)
        outputs = self.model(asked, ContextInputs.of(changed.context, self.device))
        return (
            replace(outputs, relative_spend=lognormal_bins(outputs.relative_spend))
            if self.variant.lognormal
            else outputs
        )

    def real(self, one: Example) -> dict[str, float]:
        """Judge the averaged weights on a real window: the parts of the loss, and how customers are ranked."""
        present = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        starts = range(0, len(one.query), BLOCK)
        parts = [_rows(one, np.arange(start, min(start + BLOCK, len(one.query)))) for start in starts]
        with torch.no_grad():
            said = [self.said(part) for part in parts]
        self.model.load_state_dict(present)
        found = [_loss_of(outputs, part) for outputs, part in zip(said, parts, strict=True)]
        sizes = np.array([len(part.query) for part in parts])
        losses = {
            name: float(np.average([float(getattr(loss_, name)) for loss_ in found], weights=sizes))
            for name in (*PART_NAMES, "total")
        }
        return losses | _ranked(said, one)

    def _loss(self, one: Example) -> Loss:
        return _loss_of(self.said(one), one)


def lognormal_bins(said: Tensor) -> Tensor:
    """(n, RELATIVE_BINS) log probabilities of spend bins under a normal of log spend, from the first two numbers."""
    location, sigma = 4 * said[:, 0] + 0.5, USUAL_SIGMA * torch.exp(said[:, 1].clamp(-3, 3))
    edges = torch.arange(1, RELATIVE_BINS, device=said.device) - RELATIVE_CENTRE
    below = ndtr((edges - location[:, None]) / sigma[:, None])
    ends = torch.zeros_like(below[:, :1])
    return torch.log(torch.diff(torch.cat([ends, below, ends + 1], dim=1), dim=1).clamp(min=1e-7))


def real_example(pair: Pair) -> Example:
    """A window of a real shop as pre-training sees simulated ones: everybody is asked about."""
    history, outcomes = pair.split(WINDOW)
    asked, past = read_customers(history, pair.horizon_days), Past.of(history, pair.horizon_days)
    context = past.context(MOST_CONTEXT, np.random.default_rng(DRAW_SEED), asked.features.shape[1])
    return Example(asked, past.shop, context, read_targets(asked, outcomes, history.scale))


def _rows(one: Example, rows: Any) -> Example:  # noqa: ANN401
    targets = Targets(**{name: getattr(one.targets, name)[rows] for name in Targets.__annotations__})
    return replace(one, query=taken(one.query, rows), targets=targets)


def _loss_of(outputs: Outputs, one: Example) -> Loss:
    return loss(outputs, one.targets, torch.as_tensor(one.query.base_bin, device=outputs.active.device))


def _ranked(said: Sequence[Outputs], one: Example) -> dict[str, float]:
    """AUC of who orders, and normalised Gini and level of spend in median orders."""
    p_active = torch.cat([outputs.active for outputs in said]).sigmoid().double().numpy()
    own = torch.cat([outputs.relative_spend for outputs in said]).softmax(1).double().numpy()
    bins = np.clip(one.query.base_bin[:, None] + np.arange(RELATIVE_BINS) - RELATIVE_CENTRE, 0, SPEND_BINS - 1)
    mean = p_active * (own * Grid.of_scale(1.0).spend_means[bins]).sum(axis=1)
    spend, active = np.expm1(one.targets.spend.astype(float)), one.targets.active > 0
    return {
        "auc": value.auc(active, p_active),
        "ngini": value.normalised_gini(spend, mean),
        "level": value.level(spend, mean),
    }


def page(found: Mapping[str, Any]) -> str:
    """The runs as tables to paste: losses in nats a customer, smaller is better."""
    lines = ["Loss on held-out simulated shops, in nats a customer (smaller is better)", ""]
    lines += ["| run | steps | customers seen | " + " | ".join(SHOWN.values()) + " |", "|---" * (3 + len(SHOWN)) + "|"]
    for one in found.values():
        cells = [f"{one['held_out'][name]:.4f}" for name in SHOWN]
        lines.append(f"| {one['name']} | {one['steps']} | {one['customers']:,} | " + " | ".join(cells) + " |")
    for label, name in (("who orders, nats", "active"), ("total, nats", "total"), ("AUC", "auc"), ("nG", "ngini")):
        shops = list(dict.fromkeys(shop for one in found.values() for shop in one["real"]))
        lines += ["", f"Real shops, the development window: {label}", ""]
        lines += ["| run | steps | " + " | ".join(shops) + " | mean |", "|---" * (3 + len(shops)) + "|"]
        for one in found.values():
            values = [one["real"][shop][name] for shop in shops if shop in one["real"]]
            cells = " | ".join(f"{figure:.4f}" for figure in [*values, np.mean(values)])
            lines.append(f"| {one['name']} | {one['steps']} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    """Run and judge every variant asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of UCI Online Retail II")
    parser.add_argument("--shops", nargs="*", help="real shops: " + ", ".join(HORIZONS))
    parser.add_argument("--only", nargs="*", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--held-out", type=int, default=96, help="simulated shops that judge")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where runs are kept")
    parser.add_argument("--into", type=Path, default=RESULT, help="where the result is written")
    told = parser.parse_args()
    torch.set_num_threads(1)
    real = {pair.name: real_example(pair) for pair in pairs(told.data, told.shops)}
    kept = json.loads(told.into.read_text("utf-8"))["runs"] if told.into.exists() else {}
    for name in told.only:
        variant, steps = VARIANTS[name], told.steps
        fixed = dict(variant.fixed)
        plan = Plan(steps, steps // 2, seed=variant.seed, width=variant.width, held_out=told.held_out, fixed=fixed)
        run = Ablated(told.folder / f"{name}-{steps}", plan, variant)
        if run.progress.step < steps:
            run.train()
        kept[f"{name}-{steps}"] = {
            "name": name,
            "steps": steps,
            "customers": run.progress.customers,
            "hours": round(run.progress.hours, 3),
            "parameters": sum(parameter.numel() for parameter in run.model.parameters()),
            "stages": run.progress.stages,
            "held_out": run.progress.held_out,
            "real": {shop: run.real(one) for shop, one in real.items()},
        }
        meta = {"run_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
        told.into.parent.mkdir(parents=True, exist_ok=True)
        told.into.write_text(json.dumps(meta | {"held_out": told.held_out, "runs": kept}, indent=1) + "\n", "utf-8")
    print(page(kept))


if __name__ == "__main__":
    main()
