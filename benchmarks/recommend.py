"""Lists of ten against others' recommenders, on the same rows, the whole catalogue and all users.

    python benchmarks/recommend.py --data DIR [--only JOB ...]

Jobs and peers are those of `recommend_peers.py`, whose lists lie in runs/recommend. Ours go the way a shop goes: the
given rows are a file that is collected, `shijin recommend --all` writes recommendations.parquet, and figures are
computed from that file and the rows asked. Nothing but customer, item and time is told, as to the peers.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from machine import machine
from recommend_peers import FOLDER, JOBS, Job, asked
from sequences import Ints, Sequences, judge
from shijin.metrics.lists import paired_gap
from shijin.represent.packed import DAY_US
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.list_request import RecommendOptions
from shijin.steps.recommend import recommend
from shijin.workspace import Workspace

RESULT = Path(__file__).parent / "results" / "recommend.json"
KEPT = RESULT.parent / "recommend_peers"  # NDCG@10 and Recall@10 of every user, by peer and seed
PAGE = Path(__file__).parent / "RECOMMEND.md"
TITLES = {
    "beauty-last": "Amazon Beauty 5-core, each user's last item",
    "movielens-last": "MovieLens-100k, each user's last film",
    "movielens-last-shuffled": "MovieLens-100k, the order inside a day at random",
    "complete-journey-window": "Complete Journey, what is bought in the last 30 days",
    "complete-journey-window-shuffled": "Complete Journey, the order inside a day at random",
    "sports-last": "Amazon Sports 5-core, each user's last item",
    "toys-last": "Amazon Toys 5-core, each user's last item",
    "yelp-last": "Yelp, each user's last place",
    "lastfm-last": "LastFM, each user's last artist",
}
READ = """\
# Lists of ten

Made by `python benchmarks/recommend.py`: the whole catalogue, all users who are asked, ties broken against nobody. Ours
go the way a shop goes, from a file to `recommendations.parquet`; what they learn from, the judged rows are no part of.
Peers (`recommend_peers.py`) chose their settings on the rows before the judged ones and were fitted again; where a
peer is random, its figures are means over its seeds. *Ours less it*: NDCG@10, 95 % interval over users: a win or a loss
lies wholly beyond .002, no loss wholly above -.002; else users are too few to decide. Published figures were measured
by others, on the same split.

What one core bears limits the peers: networks (SASRec, eSASRec) are RecTools' own but for the softmax, which draws its
negatives once for a batch; epochs are chosen, sizes as published or smaller. On Complete Journey they learn from the
newest 91 days and items that 20 users have: their figures there say what a laptop gets in half an hour, not what they
could reach. EASE is exact everywhere; there it weighs log counts that fade.

On Sports, Toys, Yelp and LastFM nothing of ours was ever chosen: they were run once, when all else stood.
"""
PUBLISHED = {
    "beauty-last": {"eSASRec": (0.0523, 0.0928), "SASRec + sampled softmax": (0.0531, 0.0921)},
    "sports-last": {"eSASRec": (0.0323, 0.0560), "SASRec + sampled softmax": (0.0314, 0.0569)},
    "toys-last": {"eSASRec": (0.0538, 0.0939), "SASRec + sampled softmax": (0.0580, 0.0970)},
}
LISTED, MARGIN = 10, 0.002


def events(sequences: Sequences, rows: np.ndarray) -> pa.Table:
    """Rows as a shop's orders: an item each, of a price of 1."""
    return pa.table(
        {
            "customer_id": sequences.user_names[sequences.user[rows]],
            "order_id": [f"o{number}" for number in sequences.basket[rows]],
            "item_id": sequences.item_names[sequences.item[rows]],
            "ts": pa.array(sequences.ts[rows], pa.timestamp("us")),
            "amount": np.ones(int(rows.sum())),
        }
    )


def ours(job: Job, sequences: Sequences, given: np.ndarray, end: int) -> tuple[Ints, dict[str, Any]]:
    """Our lists, (n_users, 10) item codes, and what is to be known of them."""
    with tempfile.TemporaryDirectory() as folder:
        shop = Workspace.create(Path(folder) / "shop")
        collect(shop, SourceOptions(events(sequences, given)), datetime.now(UTC))
        cutoff = str(np.datetime64(end // DAY_US, "D")) if end else None
        options = RecommendOptions(LISTED, exclude_bought=job.protocol == "last", cutoff=cutoff)
        begun = time.perf_counter()
        result = recommend(shop, options, datetime.now(UTC))
        seconds = time.perf_counter() - begun
    table = result.table
    top = np.full((sequences.n_users, LISTED), -1, dtype=np.int64)
    user = pc.index_in(table["customer_id"], pa.array(sequences.user_names)).to_numpy()
    item = pc.index_in(table["item_id"], pa.array(sequences.item_names)).to_numpy()
    top[user, table["rank"].to_numpy() - 1] = item
    return top, {"seconds": round(seconds, 1), **result.card.learnt}


def peers_of(job: Job, sequences: Sequences, target: np.ndarray) -> dict[str, dict[str, Any]]:
    """By peer, its figures of every user, the mean over its seeds, and its card.

    Figures of lists that are here are kept, so that a peer that took hours needs no second run.
    """
    kept = KEPT / f"{job.name}.npz"
    figures_of: dict[str, np.ndarray] = {}
    cards: dict[str, Any] = {}
    if kept.exists():
        with np.load(kept) as read:
            cards = json.loads(str(read["cards"]))
            figures_of = {name: read[name] for name in read.files if name != "cards"}
    for path in sorted((FOLDER / job.name).glob("*-?.npz")):
        cards[path.stem] = json.loads(path.with_suffix(".json").read_text())
        with np.load(path) as lists:
            figures_of[path.stem] = np.stack(judge(lists["top"], sequences.user[target], sequences.item[target]))
    if cards:
        KEPT.mkdir(exist_ok=True)
        small = {name: figures.astype(np.float32) for name, figures in figures_of.items()}
        np.savez_compressed(kept, cards=np.array(json.dumps(cards)), **small)
    runs: dict[str, list[str]] = defaultdict(list)
    for name in sorted(cards):
        runs[name.rsplit("-", 1)[0]].append(name)
    return {
        peer: {
            "ndcg": np.mean([figures_of[name][0] for name in names], axis=0),
            "recall": np.mean([figures_of[name][1] for name in names], axis=0),
            "seeds": len(names),
            "settings": cards[names[0]]["settings"],
            "fit_seconds": cards[names[0]]["fit_seconds"],
            "versions": cards[names[0]]["versions"],
        }
        for peer, names in runs.items()
    }


def run(job: Job, data: Path | None) -> dict[str, Any]:
    """One job: our lists and everybody's figures."""
    sequences = job.sequences(data)
    question = asked(job, sequences)
    top, told = ours(job, sequences, question.given, question.end)
    ndcg, recall = judge(top, sequences.user[question.target], sequences.item[question.target])
    who = np.isfinite(ndcg)
    rows = {}
    for name, peer in peers_of(job, sequences, question.target).items():
        gap = paired_gap(ndcg[who], peer["ndcg"][who])
        rows[name] = {
            **figures(peer.pop("ndcg")[who], peer.pop("recall")[who]),
            **peer,
            "ours_less_it": {**asdict(gap), "verdict": gap.verdict},
        }
    return {
        "users": int(who.sum()),
        "items": sequences.n_items,
        "rows_given": int(question.given.sum()),
        "ours": figures(ndcg[who], recall[who]) | told,
        "peers": rows,
        "published": PUBLISHED.get(job.name, {}),
        "machine": machine(),
    }


def page(found: dict[str, Any]) -> str:
    """All jobs as tables."""
    parts = [READ]
    for job in JOBS:
        if job.name not in found:
            continue
        row = found[job.name]
        ours_row = row["ours"]
        size = f"{row['users']:,} users, {row['items']:,} items, {row['rows_given']:,} rows given"
        lines = [f"## {TITLES[job.name]}", "", f"{size}; ours took {ours_row['seconds']:.0f} s, all told.", ""]
        lines += ["| | NDCG@10 | Recall@10 | seeds | ours less it |", "|---|---|---|---|---|"]
        lines.append(f"| **Shijin** | **{ours_row['ndcg']:.4f}** | **{ours_row['recall']:.4f}** | 1 | |")
        for name, peer in sorted(row["peers"].items(), key=lambda one: -one[1]["ndcg"]):
            gap = peer["ours_less_it"]
            told = f"{gap['value']:+.4f} [{gap['low']:+.4f}, {gap['high']:+.4f}] {decided(gap['low'], gap['high'])}"
            lines.append(f"| {name} | {peer['ndcg']:.4f} | {peer['recall']:.4f} | {peer['seeds']} | {told} |")
        lines += [f"| {name} | not run | | | |" for name in sorted(set(job.peers) - set(row["peers"]))]
        for name, (ndcg, recall) in row["published"].items():
            lines.append(f"| {name}, published | {ndcg:.4f} | {recall:.4f} | | |")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def decided(low: float, high: float) -> str:
    """What an interval of differences says.

    Examples
    --------
    >>> decided(0.003, 0.01), decided(-0.001, 0.01), decided(-0.01, 0.01), decided(-0.01, -0.003)
    ('win', 'no loss', 'undecided', 'loss')
    """
    if low > MARGIN:
        return "win"
    if high < -MARGIN:
        return "loss"
    return "no loss" if low > -MARGIN else "undecided"


def figures(ndcg: np.ndarray, recall: np.ndarray) -> dict[str, float]:
    """Means over users, and the standard error of NDCG."""
    error = float(ndcg.std() / np.sqrt(len(ndcg)))
    return {
        "ndcg": round(float(ndcg.mean()), 5),
        "recall": round(float(recall.mean()), 5),
        "ndcg_error": round(error, 5),
    }


def main() -> None:
    """Run the jobs told and put their figures beside those that are there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the files that sequences.py names")
    parser.add_argument("--only", nargs="*", choices=[job.name for job in JOBS], help="jobs")
    told = parser.parse_args()
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    for job in JOBS:
        if told.only and job.name not in told.only:
            continue
        found[job.name] = run(job, told.data)
        RESULT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
        PAGE.write_text(page(found))
        row = found[job.name]
        print(f"{job.name}: ours NDCG@10 {row['ours']['ndcg']:.4f} Recall@10 {row['ours']['recall']:.4f}", flush=True)
        for name, peer in sorted(row["peers"].items(), key=lambda one: -one[1]["ndcg"]):
            gap = peer["ours_less_it"]
            print(f"  {name}: {peer['ndcg']:.4f} {peer['recall']:.4f}; ours {gap['value']:+.4f} {gap['verdict']}")


if __name__ == "__main__":
    main()
