"""Training of a Recommender on a shop's past: members, and a ranker trained on what customers bought next.

The ranker is trained on the newest closed windows where enough customers bought something in one, with members fitted
to the actions before it; else on each customer's last step. Then the members are fitted again to all actions before
the cutoff.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from shijin.arrays import Flags, Ints
from shijin.notes import Progress
from shijin.recommend.members.members import Members
from shijin.recommend.past.catalogue import known_items
from shijin.recommend.ranking.batches import Batch, map_batches
from shijin.recommend.ranking.candidates import NO_KEYS, Query, candidates
from shijin.recommend.ranking.columns import column_names
from shijin.recommend.ranking.ranker import Examples, fit_ranker
from shijin.recommend.ranking.recommender import Recommender
from shijin.recommend.ranking.training_windows import MOST_WINDOWS, TrainedOn, TrainingData, TrainingWindow
from shijin.sampling import evenly
from shijin.threads import one_blas_thread

ENOUGH_LISTS = 6000  # with so many lists with a purchase, no older window is used
FEW_LISTS, MOST_READ = 1000, 2_000_000  # nor with so many, once so many rows were read: large shops take long for each
MOST_BUYERS, MOST_OTHERS = 20_000, 2000  # customers of a window that are used: buyers, and customers of any kind
MOST_LISTS = 6000  # lists of a window with a purchase


@one_blas_thread()
def train_recommender(
    training: TrainingData, *, allow_repeat: bool = True, progress: Progress | None = None
) -> Recommender:
    """Train a recommender on a shop's past.

    Parameters
    ----------
    allow_repeat
        Whether items that a customer bought before may be recommended, and count as targets.
    progress
        Called with the code "learn", the windows done, and their number.
    """
    report = progress or (lambda what, done, of: None)
    examples_of: list[Examples] = []
    read = 0
    for number, window in enumerate(training.windows):
        report("learn", number, MOST_WINDOWS + 1)
        examples_of.append(_examples(training.members(number, window), window, training, allow_repeat=allow_repeat))
        lists, read = sum(_lists(one) for one in examples_of), read + len(window.actions.item)
        if lists >= (FEW_LISTS if read >= MOST_READ else ENOUGH_LISTS):
            break
    report("learn", MOST_WINDOWS, MOST_WINDOWS + 1)
    names = column_names(training.today)
    examples = _of_all_windows(examples_of, len(names))
    ranker = fit_ranker(examples, names, training.threads)
    report("learn", MOST_WINDOWS + 1, MOST_WINDOWS + 1)
    trained_on: TrainedOn = training.trained_on if examples_of else "nothing"
    return Recommender(training.today, ranker, training.horizon_days, allow_repeat, trained_on, _lists(examples))


def _examples(members: Members, window: TrainingWindow, training: TrainingData, *, allow_repeat: bool) -> Examples:
    """Candidates of evenly chosen customers, with whether each was bought in the window.

    `others` are chosen without looking at the outcome: the chance is fitted to them. Buyers are added until there are
    enough lists; candidates of all of them would fill the memory.
    """
    with_past = np.flatnonzero(window.actions.has_rows)
    others = with_past[evenly(len(with_past), MOST_OTHERS)]
    buyers = np.setdiff1d(window.buyers[evenly(len(window.buyers), MOST_BUYERS)], others)
    # Every `stride`-th buyer first, then every one after those, so that stopping early leaves an even sample.
    stride = max(1, len(buyers) // MOST_LISTS)
    rows = np.concatenate([others, buyers[np.argsort(np.arange(len(buyers)) % stride, kind="stable")]])
    parts: list[Examples] = []
    work = _labelled(members, window, _allowed(window, training), others, allow_repeat=allow_repeat)
    for part in map_batches(work, window.actions, rows, training.threads):
        parts.append(part)
        if sum(_lists(one) for one in parts) >= MOST_LISTS + len(others):
            break
    examples = _joined(parts)
    buyers = np.unique(examples.customer[examples.bought])
    buyers = buyers[evenly(len(buyers), MOST_LISTS)]
    used = np.flatnonzero(np.isin(examples.customer, np.union1d(buyers, others)))
    return examples.take(used[np.argsort(examples.customer[used], kind="stable")])


def _allowed(window: TrainingWindow, training: TrainingData) -> Flags:
    """(items,) items that could be recommended before the window."""
    allowed = training.catalogue.product & known_items(training.catalogue, window.actions)
    allowed[training.catalogue.touched :] = False  # only today it is known that nobody ever touched them
    return allowed


def _labelled(
    members: Members, window: TrainingWindow, allowed: Flags, others: Ints, *, allow_repeat: bool
) -> Callable[[Batch], Examples]:
    """A function that makes the examples of one batch; lists without a purchase are kept of `others` only."""

    def work(batch: Batch) -> Examples:
        some, part = batch
        found = candidates(members, Query(part, allowed, NO_KEYS, allow_repeat))
        customer = some[found.customer]
        bought = np.isin(customer * part.n_items + found.item, window.targets)
        examples = Examples(customer, found.columns, bought, np.isin(customer, others), customer)
        return examples.take(np.isin(customer, np.union1d(customer[examples.bought], others)))

    return work


def _lists(examples: Examples) -> int:
    return len(np.unique(examples.customer[examples.bought]))


def _joined(parts: list[Examples]) -> Examples:
    """All examples in one."""
    if len(parts) == 1:
        return parts[0]
    return Examples(*(np.concatenate([getattr(one, name) for one in parts]) for name in Examples.__annotations__))


def _of_all_windows(parts: list[Examples], width: int) -> Examples:
    """Examples of several windows in one: a customer in another window is another list."""
    if not parts:
        nothing = np.zeros(0, dtype=bool)
        nobody = np.zeros(0, np.int64)
        return Examples(nobody, np.zeros((0, width), np.float32), nothing, nothing, nobody)
    shift = 1 + max(int(one.customer.max(initial=0)) for one in parts)
    return _joined([replace(one, customer=one.customer + number * shift) for number, one in enumerate(parts)])
