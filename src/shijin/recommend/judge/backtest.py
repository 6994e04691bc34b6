"""Judge lists of items on a shop's own past, beside simple lists, and keep the rows so that every figure recomputes.

Whoever is listed is chosen before anything that came later is looked at, and lists are made from what was known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.forecasting.members import QUIETLY, Work
from shijin.metrics.lists import coverage, ndcg, novelty, paired_gap, recall
from shijin.metrics.value import reliability
from shijin.notes import Progress
from shijin.recommend.judge.baselines import OWN, RECENT_DAYS, Entries, baseline_lists, buyers
from shijin.recommend.judge.conversion import conversion
from shijin.recommend.judge.tasks import ItemTable, KnownPast, Protocol, Task, tasks
from shijin.recommend.past.actions import Actions
from shijin.recommend.ranking.candidates import Query
from shijin.recommend.ranking.lists import Shape, make_lists
from shijin.recommend.ranking.recommender import Recommender, learn, over_batches
from shijin.recommend.ranking.training_windows import TrainedOn, TrainingData
from shijin.represent.cutoff import day_of
from shijin.represent.packed import DAY_US, Packed
from shijin.sampling import evenly
from shijin.schema import ITEMS_JUDGED, conform
from shijin.threads import one_blas_thread

LISTED = 10
MOST_CUSTOMERS = 50_000  # who get lists in one question: of more, so many, evenly by position
ASKED = "asked"  # rows of what was then bought
TAUGHT: dict[Protocol, TrainedOn | None] = {"window": None, "last": "last"}
BANDS = {"1": (1, 1), "2-4": (2, 4), "5-9": (5, 9), "10+": (10, None)}  # steps known of a customer


@dataclass(frozen=True)
class Listed:
    """The recommender's lists, of customers who then bought something and of others.

    chosen : (c,) int64, positions of who was to get one
    score, chance : (e,), as `Ranking` has them
    """

    chosen: Ints
    entries: Entries
    score: Floats
    chance: Floats
    recommender: Recommender


@dataclass(frozen=True)
class Answered:
    """A question with everybody's lists.

    Parameters
    ----------
    again
        Whether what a customer bought before was asked and could be listed.
    taken : (t,) int64, rising
        As `Question.taken`, of those judged.
    judged : (n,) int64, rising
        Positions of those who have a list and bought something.
    simple
        Lists of those judged, by way.
    """

    question: Task
    allow_repeat: bool
    taken: Ints
    judged: Ints
    own: Listed
    simple: dict[str, Entries]

    def hits(self, entries: Entries) -> NDArray[np.bool_]:
        """(e,) whether what was listed was then bought."""
        return np.isin(self.question.keys(entries.customer, entries.item), self.taken)


@one_blas_thread()
def backtest_items(
    packed: Packed, goods: ItemTable, horizon_days: int, cutoff: int, work: Work = QUIETLY
) -> tuple[dict[str, Any], pa.Table]:
    """Judge lists of ten by what was bought in the window from the cutoff on, and by what each customer bought last.

    Each once with what a customer bought before, and once without: then it is neither listed nor asked.

    Returns
    -------
    dict
        All figures, ready for JSON.
    Table
        `schema.ITEMS_JUDGED`.

    Raises
    ------
    EmptyHistoryError
        As `tasks`.
    """
    window, last, whole = tasks(packed, goods, horizon_days, cutoff)
    found = []
    for first, question in ((0, window), (2, last)):
        given = question.given
        training = TrainingData(given.actions, given.catalogue, horizon_days, TAUGHT[question.protocol], work.threads)
        for number, allow_repeat in enumerate((True, False), first):
            progress = _telling(work, f"judged.{question.protocol}{'' if allow_repeat else '_new'}", number, 4)
            answered = answer(question, training, progress, allow_repeat=allow_repeat)
            found += [] if answered is None else [answered]
    result = {
        "cutoff": str(day_of(cutoff)),
        "horizon_days": horizon_days,
        "k": LISTED,
        "parts": [figures(one) for one in found],
        "views": conversion(whole.actions, whole.catalogue),
    }
    return result, pa.concat_tables([rows_of(one) for one in found])


def answer(question: Task, training: TrainingData, progress: Progress, *, allow_repeat: bool) -> Answered | None:
    """Make everybody's lists, ours and the simple ones; None where nobody who has one bought anything.

    Parameters
    ----------
    again
        Whether what a customer bought before may be listed, and counts.
    """
    own = lists_from(question.given, training, progress, allow_repeat=allow_repeat)
    taken = question.taken if allow_repeat else np.setdiff1d(question.taken, question.bought(), assume_unique=True)
    taken = taken[np.isin(taken // len(question.items), own.chosen)]
    if not len(taken):
        return None
    judged = np.unique(taken // len(question.items))
    simple = baseline_lists(question.given.actions, question.given.eligible, judged, LISTED, allow_repeat=allow_repeat)
    return Answered(question, allow_repeat, taken, judged, own, simple)


def lists_from(
    given: KnownPast, training: TrainingData, progress: Progress | None = None, *, allow_repeat: bool
) -> Listed:
    """Learn from what was known, and make the lists that `recommend` would then give."""
    actions, excluded = given.actions, np.zeros(0, dtype=np.int64)
    recommender = learn(training, allow_repeat=allow_repeat, progress=progress)
    known = np.flatnonzero(np.diff(actions.offsets) > 0)
    chosen = known[evenly(len(known), MOST_CUSTOMERS)]

    def lists_of(batch: tuple[Ints, Actions]) -> tuple[Ints, Ints, Codes, Floats, Floats]:
        some, part = batch
        wanted = recommender.rank(Query(part, given.eligible, excluded, allow_repeat))
        lists = make_lists(wanted, None, recommender.members.category, Shape(LISTED))
        keys = wanted.customer * part.n_items + wanted.item
        order = np.argsort(keys)
        place = order[np.searchsorted(keys[order], lists.customer * part.n_items + lists.item)]
        return some[lists.customer], lists.rank - 1, lists.item, wanted.score[place], wanted.chance[place]

    parts = list(over_batches(lists_of, actions, chosen, training.threads))
    customer, place, item, score, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Listed(chosen, Entries(customer, place, item), score, chance, recommender)


def figures(answered: Answered) -> dict[str, Any]:
    """All that is told of one question, as plain values; undefined figures are null."""
    question, judged = answered.question, answered.judged
    actions, product = question.given.actions, question.given.catalogue.product
    taken = np.bincount(np.searchsorted(judged, answered.taken // len(question.items)), minlength=len(judged))
    own = _of_judged(answered)
    ways = {OWN: own, **answered.simple}
    rows = {way: np.searchsorted(judged, entries.customer) for way, entries in ways.items()}
    hits = {way: answered.hits(entries) for way, entries in ways.items()}
    gains = {way: ndcg(rows[way], one.place, hits[way], taken, LISTED) for way, one in ways.items()}
    recalls = {way: recall(rows[way], hits[way], taken) for way in ways}
    best = max(answered.simple, key=lambda way: float(gains[way].mean()))
    gap = paired_gap(gains[OWN], gains[best])
    sold = (buyers(actions, actions.now - RECENT_DAYS * DAY_US) > 0) & product
    ever, customers = buyers(actions), len(np.unique(actions.customer[actions.ordered]))
    return {
        "protocol": question.protocol,
        "again": answered.allow_repeat,
        "customers": len(judged),
        "listed": len(np.unique(answered.own.entries.customer)),
        "known": int(question.past.sum()),
        "new_share": _share_of_new(answered),
        "learnt": answered.own.recommender.card(),
        "scores": {
            way: {
                "ndcg": float(gains[way].mean()),
                "recall": float(recalls[way].mean()),
                "coverage": _finite(coverage(entries.item, sold)),
                "novelty": _finite(novelty(entries.item, ever, customers)),
            }
            for way, entries in ways.items()
        },
        "by_steps": _by_steps(question.steps[judged], gains, recalls),
        "best": best,
        "difference": {part: _finite(getattr(gap, part)) for part in ("value", "low", "high")}
        | {"verdict": gap.verdict},
        "chance": _chance(answered),
    }


def rows_of(answered: Answered) -> pa.Table:
    """Every entry of every list, and every item that was then bought, without rank: `schema.ITEMS_JUDGED`."""
    width = len(answered.question.items)
    bought = Entries(
        answered.taken // width, np.zeros(len(answered.taken), np.int64), (answered.taken % width).astype(np.int32)
    )
    own = answered.own
    numbers = {"score": own.score, "chance": own.chance}
    parts = [_rows(answered, OWN, own.entries, numbers | {"rank": own.entries.place + 1})]
    parts += [_rows(answered, way, one, {"rank": one.place + 1}) for way, one in answered.simple.items()]
    return pa.concat_tables([*parts, _rows(answered, ASKED, bought, {})])


def _rows(answered: Answered, way: str, entries: Entries, numbers: dict[str, Floats | Ints]) -> pa.Table:
    question, n = answered.question, len(entries.item)
    columns = {
        "customer_id": pa.array(question.given.customers, pa.string()).take(pa.array(entries.customer)),
        "protocol": pa.repeat(question.protocol, n),
        "again": pa.repeat(answered.allow_repeat, n),
        "way": pa.repeat(way, n),
        "item_id": pa.array(question.items, pa.string()).take(pa.array(entries.item)),
        "taken": answered.hits(entries),
        "steps": question.steps[entries.customer],
        **numbers,
    }
    return conform(pa.table(columns), ITEMS_JUDGED, "items judged")


def _of_judged(answered: Answered) -> Entries:
    entries = answered.own.entries
    rows = np.isin(entries.customer, answered.judged)
    return Entries(entries.customer[rows], entries.place[rows], entries.item[rows])


def _by_steps(steps: Ints, gains: dict[str, Floats], recalls: dict[str, Floats]) -> dict[str, Any]:
    """The figures by how much is known of a customer; bands without customers are left out."""
    bands = {}
    for band, (least, most) in BANDS.items():
        inside = (steps >= least) & (steps <= (most or steps.max()))
        if inside.any():
            bands[band] = {"customers": int(inside.sum())} | {
                name: {way: float(values[inside].mean()) for way, values in ways.items()}
                for name, ways in (("ndcg", gains), ("recall", recalls))
            }
    return bands


def _share_of_new(answered: Answered) -> float:
    """Share of what was bought that nobody had touched before, so that no list could hold it."""
    item = answered.taken % len(answered.question.items)
    given = answered.question.given
    there = np.zeros(len(answered.question.items), dtype=bool)
    there[: len(given.catalogue)] = given.eligible
    return float(1 - there[item].mean())


def _chance(answered: Answered) -> dict[str, Any] | None:
    """The chance that was told for entries beside the share of them bought, in tenths; None where none was learnt.

    Customers who then bought nothing count: the chance is told to them too.
    """
    chance = answered.own.chance
    if not chance.any():
        return None
    hits = answered.hits(answered.own.entries)
    return {
        "chance": float(chance.mean()),
        "taken": float(hits.mean()),
        "tenths": [
            {"entries": round(share * len(chance)), "chance": told, "taken": came}
            for _, share, told, came in reliability(hits, chance)
        ],
    }


def _telling(work: Work, what: str, number: int, parts: int) -> Progress:
    """Progress how far one part is, as the share of all."""

    def progress(_: str, done: int, of: int) -> None:
        if work.progress is not None:
            work.progress(what, number * of + done, parts * of)

    return progress


def _finite(figure: float) -> float | None:
    return float(figure) if np.isfinite(figure) else None
