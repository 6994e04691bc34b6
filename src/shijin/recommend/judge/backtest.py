"""Backtest of lists: the recommender and simple lists, judged on the shop's own past.

The rows are kept, so that every figure can be recomputed. The customers are chosen before anything later is looked
at, and lists are made from what was known then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from shijin.arrays import Codes, Floats, Ints
from shijin.forecasting.members import QUIETLY, Work
from shijin.notes import Note, Progress
from shijin.recommend.judge.baselines import Entries, baseline_lists
from shijin.recommend.judge.conversion import view_conversion
from shijin.recommend.judge.figures import figures, rows_of
from shijin.recommend.judge.judged import LISTED, JudgedTask, RecommendedLists
from shijin.recommend.judge.tasks import Protocol, Task, tasks
from shijin.recommend.past.known_past import ItemTable, KnownPast
from shijin.recommend.ranking.batches import Batch, map_batches
from shijin.recommend.ranking.candidates import NO_KEYS, Query
from shijin.recommend.ranking.lists import ListShape, make_lists
from shijin.recommend.ranking.training import train_recommender
from shijin.recommend.ranking.training_windows import TrainedOn, TrainingData
from shijin.represent.days import day_of
from shijin.represent.packed import Packed
from shijin.sampling import evenly
from shijin.threads import one_blas_thread

MOST_CUSTOMERS = 50_000  # customers that get lists in one task; of more, so many, evenly by position
TRAINED_ON: dict[Protocol, TrainedOn | None] = {"window": None, "last": "last"}


@one_blas_thread()
def backtest_items(
    packed: Packed, item_table: ItemTable, horizon_days: int, cutoff: int, work: Work = QUIETLY
) -> tuple[dict[str, Any], pa.Table]:
    """Judge lists of ten by the purchases in the window from the cutoff on, and by each customer's last order.

    Each task once with the items that a customer bought before, and once without them: neither listed nor targets.

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
    window, last, whole = tasks(packed, item_table, horizon_days, cutoff)
    judged_tasks = []
    for first, task in ((0, window), (2, last)):
        past = task.past
        training = TrainingData(past.actions, past.catalogue, horizon_days, TRAINED_ON[task.protocol], work.threads)
        for number, allow_repeat in enumerate((True, False), first):
            progress = _part_of(work, f"judged.{task.protocol}{'' if allow_repeat else '_new'}", number, 4)
            judged = judge(task, training, progress, allow_repeat=allow_repeat)
            judged_tasks += [] if judged is None else [judged]
    result = {
        "cutoff": str(day_of(cutoff)),
        "horizon_days": horizon_days,
        "k": LISTED,
        "parts": [figures(one) for one in judged_tasks],
        "views": view_conversion(whole.actions, whole.catalogue),
    }
    return result, pa.concat_tables([rows_of(one) for one in judged_tasks])


def judge(task: Task, training: TrainingData, progress: Progress, *, allow_repeat: bool) -> JudgedTask | None:
    """Make the recommender's lists and the simple ones; None where no customer with a list bought anything.

    Parameters
    ----------
    allow_repeat
        Whether items that a customer bought before may be listed, and are targets.
    """
    recommended = lists_from(task.past, training, progress, allow_repeat=allow_repeat)
    targets = task.targets if allow_repeat else np.setdiff1d(task.targets, task.bought(), assume_unique=True)
    targets = targets[np.isin(targets // len(task.items), recommended.chosen)]
    if not len(targets):
        return None
    judged = np.unique(targets // len(task.items))
    baselines = baseline_lists(task.past.actions, task.past.eligible, judged, LISTED, allow_repeat=allow_repeat)
    return JudgedTask(task, allow_repeat, targets, judged, recommended, baselines)


def lists_from(
    past: KnownPast, training: TrainingData, progress: Progress | None = None, *, allow_repeat: bool
) -> RecommendedLists:
    """Train a recommender on a past, and make the lists that `recommend` would have made then."""
    recommender = train_recommender(training, allow_repeat=allow_repeat, progress=progress)
    with_past = np.flatnonzero(past.actions.has_rows)
    chosen = with_past[evenly(len(with_past), MOST_CUSTOMERS)]

    def lists_of(batch: Batch) -> tuple[Ints, Ints, Codes, Floats, Floats]:
        some, part = batch
        ranking = recommender.rank(Query(part, past.eligible, NO_KEYS, allow_repeat))
        lists = make_lists(ranking, None, recommender.members.category, ListShape(LISTED))
        # The row of the ranking that each entry of a list comes from.
        keys = ranking.customer * part.n_items + ranking.item
        order = np.argsort(keys)
        row = order[np.searchsorted(keys[order], lists.customer * part.n_items + lists.item)]
        return some[lists.customer], lists.rank - 1, lists.item, ranking.score[row], ranking.chance[row]

    parts = list(map_batches(lists_of, past.actions, chosen, training.threads))
    customer, place, item, score, chance = (np.concatenate(column) for column in zip(*parts, strict=True))
    return RecommendedLists(chosen, Entries(customer, place, item), score, chance, recommender)


def _part_of(work: Work, code: str, number: int, parts: int) -> Progress:
    """Progress of one part, as a share of all parts."""

    def progress(_: Note, done: int, of: int) -> None:
        if work.progress is not None:
            work.progress({"code": code}, number * of + done, parts * of)

    return progress
