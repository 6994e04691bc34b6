"""The figures of a judged task as plain values for JSON, and its rows, from which every figure can be recomputed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from shijin.arrays import Floats, Ints
from shijin.metrics.lists import coverage, ndcg, novelty, paired_gap, recall
from shijin.metrics.value import reliability
from shijin.recommend.judge.baselines import RECENT_DAYS, RECOMMENDER, Entries, buyers
from shijin.recommend.judge.judged import LISTED, JudgedTask
from shijin.represent.packed import DAY_US
from shijin.schema import ITEMS_JUDGED, conform

TARGETS = "asked"  # in the column `way`: rows of what was then bought
BANDS = {"1": (1, 1), "2-4": (2, 4), "5-9": (5, 9), "10+": (10, None)}  # known steps of a customer


def figures(judged: JudgedTask) -> dict[str, Any]:
    """All figures of one task, as plain values; undefined figures are null."""
    task, customers = judged.task, judged.judged
    targets = np.bincount(np.searchsorted(customers, judged.targets // len(task.items)), minlength=len(customers))
    lists = {RECOMMENDER: judged.recommended_to_judged(), **judged.baselines}
    rows = {way: np.searchsorted(customers, entries.customer) for way, entries in lists.items()}
    hits = {way: judged.hits(entries) for way, entries in lists.items()}
    gains = {way: ndcg(rows[way], one.place, hits[way], targets, LISTED) for way, one in lists.items()}
    recalls = {way: recall(rows[way], hits[way], targets) for way in lists}
    best = max(judged.baselines, key=lambda way: float(gains[way].mean()))
    gap = paired_gap(gains[RECOMMENDER], gains[best])
    return {
        "protocol": task.protocol,
        "again": judged.allow_repeat,
        "customers": len(customers),
        "listed": len(np.unique(judged.recommended.entries.customer)),
        "known": int(task.has_past.sum()),
        "new_share": _share_of_unknown(judged),
        "learnt": judged.recommended.recommender.card(),
        "scores": _scores(judged, lists, gains, recalls),
        "by_steps": _by_steps(task.steps[customers], gains, recalls),
        "best": best,
        "difference": {part: _finite(getattr(gap, part)) for part in ("value", "low", "high")}
        | {"verdict": gap.verdict},
        "chance": _chance(judged),
    }


def rows_of(judged: JudgedTask) -> pa.Table:
    """Every entry of every list, and every target, the latter without rank: `schema.ITEMS_JUDGED`."""
    width = len(judged.task.items)
    targets = Entries(
        judged.targets // width, np.zeros(len(judged.targets), np.int64), (judged.targets % width).astype(np.int32)
    )
    recommended = judged.recommended
    numbers = {"score": recommended.score, "chance": recommended.chance}
    places = recommended.entries.place
    parts = [_rows(judged, RECOMMENDER, recommended.entries, numbers | {"rank": places + 1})]
    parts += [_rows(judged, way, one, {"rank": one.place + 1}) for way, one in judged.baselines.items()]
    return pa.concat_tables([*parts, _rows(judged, TARGETS, targets, {})])


def _rows(judged: JudgedTask, way: str, entries: Entries, numbers: dict[str, Floats | Ints]) -> pa.Table:
    task, n = judged.task, len(entries.item)
    columns = {
        "customer_id": pa.array(task.past.customers, pa.string()).take(pa.array(entries.customer)),
        "protocol": pa.repeat(task.protocol, n),
        "again": pa.repeat(judged.allow_repeat, n),
        "way": pa.repeat(way, n),
        "item_id": pa.array(task.items, pa.string()).take(pa.array(entries.item)),
        "taken": judged.hits(entries),
        "steps": task.steps[entries.customer],
        **numbers,
    }
    return conform(pa.table(columns), ITEMS_JUDGED, "items judged")


def _scores(
    judged: JudgedTask, lists: dict[str, Entries], gains: dict[str, Floats], recalls: dict[str, Floats]
) -> dict[str, dict[str, float | None]]:
    """The means of every list's metrics over the judged customers."""
    actions, product = judged.task.past.actions, judged.task.past.catalogue.product
    sold = (buyers(actions, actions.now - RECENT_DAYS * DAY_US) > 0) & product
    ever, customers = buyers(actions), len(np.unique(actions.customer[actions.ordered]))
    return {
        way: {
            "ndcg": float(gains[way].mean()),
            "recall": float(recalls[way].mean()),
            "coverage": _finite(coverage(entries.item, sold)),
            "novelty": _finite(novelty(entries.item, ever, customers)),
        }
        for way, entries in lists.items()
    }


def _by_steps(steps: Ints, gains: dict[str, Floats], recalls: dict[str, Floats]) -> dict[str, Any]:
    """The figures by the number of a customer's known steps; bands without customers are left out."""
    bands = {}
    for band, (least, most) in BANDS.items():
        inside = (steps >= least) & (steps <= (most or steps.max()))
        if inside.any():
            bands[band] = {"customers": int(inside.sum())} | {
                name: {way: float(values[inside].mean()) for way, values in ways.items()}
                for name, ways in (("ndcg", gains), ("recall", recalls))
            }
    return bands


def _share_of_unknown(judged: JudgedTask) -> float:
    """Share of the targets whose item nobody had touched before, so that no list could hold it."""
    item = judged.targets % len(judged.task.items)
    past = judged.task.past
    known = np.zeros(len(judged.task.items), dtype=bool)
    known[: len(past.catalogue)] = past.eligible
    return float(1 - known[item].mean())


def _chance(judged: JudgedTask) -> dict[str, Any] | None:
    """The mean chance of the listed items and the share of them bought, in tenths; None where no chance is known.

    Customers who then bought nothing count: they are shown a chance too.
    """
    chance = judged.recommended.chance
    if not chance.any():
        return None
    hits = judged.hits(judged.recommended.entries)
    return {
        "chance": float(chance.mean()),
        "taken": float(hits.mean()),
        "tenths": [
            {"entries": round(share * len(chance)), "chance": predicted, "taken": observed}
            for _, share, predicted, observed in reliability(hits, chance)
        ],
    }


def _finite(figure: float) -> float | None:
    return float(figure) if np.isfinite(figure) else None
