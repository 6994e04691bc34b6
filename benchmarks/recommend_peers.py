"""Others' recommenders on the sequences of `sequences.py`, in an environment of their own: lists to compare with.

    python3.11 -m venv DIR && DIR/bin/pip install "torch==2.13.0" "numpy<2" "rectools[torch]" implicit
    pip download recbole --no-deps && unzip recbole-*.whl "*/ml-100k.inter"  # to the folder of --data
    python benchmarks/recommend_peers.py --python DIR/bin/python --data DIR [--only JOB ...] [--peers PEER ...]

Jobs: Beauty and MovieLens, each user's last row asked, what a user has not listed again; Complete Journey, the last
30 days asked, repeats listed. MovieLens and Complete Journey also with the order inside a day at random. Settings are
chosen on the row before the last, or on the 30 days before the judged ones; the judged rows are never handed over.

Writes runs/recommend/JOB/PEER-SEED.npz (`top`, item codes, (n_users, 10)) and a card, PEER-SEED.json. What is there is
left as it is; with --table, only prints what is there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recommend_fits import NETWORKS, NEXT, WINDOW
from sequences import (
    LINES,
    Bools,
    Ints,
    Sequences,
    judge,
    last_days_cutoff,
    leave_last_out,
    load,
    shuffled_within_days,
    time_split,
)

HERE = Path(__file__).parent
FOLDER = HERE.parent / "runs" / "recommend"
HORIZON_DAYS = 30
SHUFFLE_SEED = 1


@dataclass(frozen=True)
class Job:
    """A data set, how it is asked, and whether the order inside a day is at random."""

    data: str
    protocol: str
    shuffled: bool = False

    @property
    def name(self) -> str:
        """How its folder is called."""
        return f"{self.data}-{self.protocol}" + "-shuffled" * self.shuffled

    @property
    def peers(self) -> tuple[str, ...]:
        """Who is asked, the cheapest first."""
        if self.data in LINES:
            return ("popularity", "item-knn", "ease")  # of networks there are published figures of some
        return (*(NEXT if self.protocol == "last" else WINDOW), *NETWORKS)

    def sequences(self, data: Path | None) -> Sequences:
        """Its rows."""
        found = load(self.data, data)
        return shuffled_within_days(found, SHUFFLE_SEED) if self.shuffled else found


@dataclass(frozen=True)
class Asked:
    """Rows that are given, rows that are asked, and when (0: whenever the next row comes)."""

    given: Bools
    target: Bools
    end: int


JOBS = (
    Job("movielens", "last"),
    Job("complete-journey", "window"),
    Job("movielens", "last", shuffled=True),
    Job("complete-journey", "window", shuffled=True),
    Job("beauty", "last"),
    Job("sports", "last"),
    Job("toys", "last"),
    Job("yelp", "last"),
    Job("lastfm", "last"),
)


def asked(job: Job, sequences: Sequences, back: int = 0) -> Asked:
    """What is asked of a job: the newest, or the one before it, on which settings are chosen."""
    if job.protocol == "last":
        return Asked(*leave_last_out(sequences, back), 0)
    cutoff = last_days_cutoff(sequences, HORIZON_DAYS, back)
    return Asked(*time_split(sequences, cutoff, HORIZON_DAYS), cutoff)


def handed(job: Job, sequences: Sequences) -> dict[str, Ints]:
    """What peers may see: the given rows, and what of them is asked to choose settings."""
    newest, before = asked(job, sequences), asked(job, sequences, back=1)
    rows, choosing = newest.given, before.target
    assert not (choosing & ~rows).any() and not (before.given & ~rows).any()  # noqa: PT018 - one promise
    return {
        "user": sequences.user[rows],
        "item": sequences.item[rows],
        "ts": sequences.ts[rows],
        "n_users": np.array(sequences.n_users),
        "n_items": np.array(sequences.n_items),
        "end": np.array(newest.end),
        "repeats": np.array(job.protocol == "window"),
        "chosen_with": before.given[rows],
        "chosen_end": np.array(before.end),
        "asked_user": sequences.user[choosing],
        "asked_item": sequences.item[choosing],
    }


def work(only: list[str] | None, peers: list[str] | None) -> Iterator[tuple[Job, str]]:
    """What is to be done, the cheapest peers first."""
    for peer in (*WINDOW, *NETWORKS):
        for job in JOBS:
            if peer in job.peers and (not only or job.name in only) and (not peers or peer in peers):
                yield job, peer


def prepare(job: Job, data: Path | None) -> Path:
    """Write what is handed over, where it is not yet."""
    path = FOLDER / job.name / "given.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **handed(job, job.sequences(data)))
    return path


def elsewhere(python: Path, given: Path, peer: str) -> None:
    """Fit in the other environment's process, on one core."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [str(python), str(HERE / "recommend_fits.py"), str(given), str(given.parent), peer]
    subprocess.run(command, env=os.environ | threads | {"PYTHONWARNINGS": "ignore"}, check=True)


def rows(job: Job, data: Path | None) -> Iterator[tuple[str, str, float, float, float]]:
    """Of each list of a job that is here: peer, seed, NDCG@10, Recall@10, and NDCG@10 where settings were chosen."""
    sequences = job.sequences(data)
    target = asked(job, sequences).target
    for peer in job.peers:
        for path in sorted((FOLDER / job.name).glob(f"{peer}-?.npz")):
            with np.load(path) as found:
                ndcg, recall = judge(found["top"], sequences.user[target], sequences.item[target])
            card = json.loads(path.with_suffix(".json").read_text())
            yield peer, str(card["seed"]), float(np.nanmean(ndcg)), float(np.nanmean(recall)), card["validation_ndcg"]


def table(jobs: list[Job], data: Path | None) -> str:
    """Everything that is here, as a table to paste."""
    lines = ["| job | peer | seed | NDCG@10 | Recall@10 | NDCG@10 when chosen |", "|---" * 6 + "|"]
    for job in jobs:
        for peer, seed, *figures in rows(job, data):
            lines.append(f"| {job.name} | {peer} | {seed} | " + " | ".join(f"{one:.4f}" for one in figures) + " |")
    return "\n".join(lines)


def main() -> None:
    """Prepare, fit what is missing, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of Amazon Beauty and MovieLens-100k")
    parser.add_argument("--python", type=Path, help="the Python of an environment that has the peers")
    parser.add_argument("--only", nargs="*", choices=[job.name for job in JOBS], help="jobs")
    parser.add_argument("--peers", nargs="*", choices=[*WINDOW, *NETWORKS], help="peers")
    parser.add_argument("--table", action="store_true", help="fit nothing, print what is here")
    told = parser.parse_args()
    if not told.table and not told.python:
        sys.exit("--python is missing: name the Python of an environment that has the peers, or say --table")
    try:
        for job, peer in () if told.table else work(told.only, told.peers):
            print(job.name, peer, flush=True)
            elsewhere(told.python, prepare(job, told.data), peer)
        print(table([job for job in JOBS if not told.only or job.name in told.only], told.data))
    except FileNotFoundError as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main()
