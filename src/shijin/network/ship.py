"""Make a run's weights part of the package.

python -m shijin.network.ship --folder runs/one [runs/two ...] [--into src/shijin/network/weights]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from shijin.network.architecture import BehaviourModel, Size
from shijin.network.calibrate import level_factor
from shijin.network.objective import loss_of
from shijin.network.pretrain import COMMIT, PROGRESS, STATE, held_out_loss
from shijin.network.weights import SHIPPED, Weights, save_weights
from shijin.simulate import prior

LICENCE = "Apache-2.0; pre-trained on simulated shops only, on nobody's data"  # as the card states it


def ship(folders: Sequence[Path], into: Path) -> None:
    """Write the averaged weights of a run, or the mean of several runs or checkpoints, and their card.

    Checkpoints of one run lie in one basin of the loss, and their mean is better than any of them on shops unlike the
    prior's (Wortsman et al. 2022, model soups). The card is the last folder's; its held-out loss is that of the mean.
    """
    progress = [json.loads((folder / PROGRESS).read_text("utf-8")) for folder in folders]
    last = progress[-1]
    model = BehaviourModel(Size(**last["size"]))
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    each = [_average_of(folder, shapes) for folder in folders]
    tensors = {name: np.stack([one[name] for one in each]).mean(axis=0) for name in shapes}
    model.load_state_dict({name: torch.as_tensor(value) for name, value in tensors.items()})
    judged = held_out_loss(partial(loss_of, model, device=torch.device("cpu")), last["plan"]["held_out"])
    card = {
        "name": "Shijin behaviour model",
        "licence": LICENCE,
        "commit": COMMIT,
        "size": last["size"],
        "parameters": int(sum(value.size for value in tensors.values())),
        "stages": last.get("stages", []),
        "customers_seen": last["customers"],
        "steps": last["step"],
        "mean_of_steps": [one["step"] for one in progress],
        "hours": round(last["hours"], 2),
        "level_factor": round(level_factor(Weights(tensors, {"sha256": ""})), 3),
        "held_out": {name: round(value, 4) for name, value in judged.items()},
        "plan": last["plan"],
        "prior": {name: getattr(prior, name) for name in ("HORIZON_DAYS", "HISTORY_HORIZONS", "GAP_DAYS", "CUSTOMERS")},
    }
    save_weights(tensors, card, into)


def _average_of(folder: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
    """Read a run's averaged weights; columns that a layer has gained since the checkpoint are 0."""
    state = load_file(folder / STATE)
    tensors = {}
    for name, shape in shapes.items():
        value = state[f"average.{name}"]
        missing = [(0, size - present) for size, present in zip(shape, value.shape, strict=True)]
        tensors[name] = np.pad(value, missing)
    return tensors


def main() -> None:
    """Parse the command line and ship."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, nargs="+", help="of the run; several are averaged")
    parser.add_argument("--into", type=Path, default=SHIPPED)
    options = parser.parse_args()
    ship(options.folder, options.into)


if __name__ == "__main__":
    main()
