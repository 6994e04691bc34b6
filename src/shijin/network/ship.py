"""Make a run's weights part of the package.

python -m shijin.network.ship --folder runs/one [--into src/shijin/network/weights]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from safetensors.numpy import load_file

from shijin.network.pretrain import PROGRESS, STATE, present_commit
from shijin.network.weights import SHIPPED, save_weights
from shijin.simulate import prior

LICENCE = "Apache-2.0; pre-trained on simulated shops only, on nobody's data"


def ship(folder: Path, into: Path) -> None:
    """Write the averaged weights of a run, and their card."""
    progress = json.loads((folder / PROGRESS).read_text("utf-8"))
    average = {
        name.removeprefix("average."): value
        for name, value in load_file(folder / STATE).items()
        if name.startswith("average.")
    }
    card = {
        "name": "Shijin behaviour model",
        "licence": LICENCE,
        "commit": present_commit(),
        "size": progress["size"],
        "parameters": int(sum(value.size for value in average.values())),
        "stages": progress.get("stages", []),
        "customers_seen": progress["customers"],
        "steps": progress["step"],
        "hours": round(progress["hours"], 2),
        "held_out_at_step": progress.get("judged_at"),
        "held_out": {name: round(value, 4) for name, value in progress["held_out"].items()},
        "plan": progress["plan"],
        "prior": {name: getattr(prior, name) for name in ("HORIZON_DAYS", "HISTORY_HORIZONS", "GAP_DAYS", "CUSTOMERS")},
    }
    save_weights(average, card, into)


def main() -> None:
    """Parse the command line and ship."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="of the run")
    parser.add_argument("--into", type=Path, default=SHIPPED)
    given = parser.parse_args()
    ship(given.folder, given.into)


if __name__ == "__main__":
    main()
