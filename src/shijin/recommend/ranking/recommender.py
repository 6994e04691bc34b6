"""`learn` makes a Recommender of a shop's past: members, and a ranker taught by what customers took next.

Taught on the newest closed windows where enough customers took something in one, each answered from what was before it;
else on what each customer did last. Then the members are fitted again to everything before the cutoff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shijin.arrays import Codes, Floats, Ints
from shijin.notes import Progress
from shijin.recommend.members.members import Members
from shijin.recommend.members.neighbours import faded_past
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import known
from shijin.recommend.ranking.candidates import Query, candidates, column_names
from shijin.recommend.ranking.ranker import Examples, Ranker, fit_ranker
from shijin.recommend.ranking.training_windows import MOST_EXAMPLES, TrainedOn, TrainingData, TrainingWindow
from shijin.sampling import evenly
from shijin.threads import one_blas_thread

ENOUGH_LISTS = 6000  # with so many lists of which something was taken, no older example is asked
FEW_LISTS, MOST_READ = 1000, 2_000_000  # nor with so many, once so many rows were read: large shops wait long for each
MOST_TAKERS, MOST_OTHERS = 20_000, 2000  # customers looked at in an example: who took something, and anybody
MOST_LISTS = 6000  # of an example, with something taken
MOST_ASKED = 20_000  # customers who are looked at closely for one item
AT_ONCE = 5_000_000  # customers times items that one batch of customers is asked about: what a cache bears


@dataclass(frozen=True)
class Ranking:
    """Candidates of some customers in order: p rows by customer and falling chance.

    chance : (p,) that the item is taken in the time asked about, 0..1; all 0 where nobody could be learnt from
    score : (p,) what they are ordered by
    """

    customer: Ints
    item: Codes
    score: Floats
    chance: Floats

    @property
    def likely(self) -> Floats:
        """(p,) the chance, or what orders for a customer without chances; whoever else is asked changes none."""
        learnt = np.bincount(self.customer, self.chance) > 0
        return np.where(learnt[self.customer], self.chance, self.score)

    def take(self, rows: NDArray[np.bool_] | Ints) -> Ranking:
        """Keep only some rows."""
        return Ranking(self.customer[rows], self.item[rows], self.score[rows], self.chance[rows])

    def and_also(self, other: Ranking) -> Ranking:
        """Add other customers' rows, each customer at the own place."""
        both = Ranking.together([self, other])
        return both.take(np.argsort(both.customer, kind="stable")) if len(other.item) else self

    @classmethod
    def together(cls, parts: Sequence[Ranking]) -> Ranking:
        """All rows, one part after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__annotations__))


@dataclass(frozen=True)
class Recommender:
    """Everything needed to answer who may want what.

    horizon_days : how far ahead was asked
    again : as `learn` was told
    taught, lists : by what the ranker was taught, and by how many lists in which something was taken
    """

    members: Members
    ranker: Ranker
    horizon_days: int
    allow_repeat: bool
    trained_on: TrainedOn
    lists: int

    def rank(self, asked: Query, threads: int = 1) -> Ranking:
        """Rank the candidates of some customers."""
        found = candidates(self.members, asked)
        rows, score, chance = self.ranker.ordered(found, threads)
        order = np.lexsort((-score, found.customer[rows]))  # equals as the weights have them
        rows, customer = rows[order], found.customer[rows[order]]
        wanted = Ranking(customer, found.item[rows], score[order], _falling(customer, chance[order]))
        return wanted.take(found.eligible[rows])

    def card(self) -> dict[str, Any]:
        """What people may know of it, as JSON has it."""
        return {
            "taught": self.trained_on,
            "lists": self.lists,
            "horizon_days": self.horizon_days,
            "again": self.allow_repeat,
            "weights": {name: round(weight, 4) for name, weight in self.ranker.weights.items()},
        }


@one_blas_thread()
def learn(training: TrainingData, *, allow_repeat: bool = True, progress: Progress | None = None) -> Recommender:
    """Learn from a shop's past what its customers want next.

    Parameters
    ----------
    again
        Whether what a customer bought before may be recommended, and counts as taken.
    tell
        Called as it goes on: what, how many done, of how many.
    """
    told = progress or (lambda what, done, of: None)
    found: list[Examples] = []
    read = 0
    for number, teaching in enumerate(training.teachings):
        told("learn", number, MOST_EXAMPLES + 1)
        found.append(_examples(training.members(number, teaching), teaching, training, allow_repeat=allow_repeat))
        lists, read = sum(_lists(one) for one in found), read + len(teaching.actions.item)
        if lists >= (FEW_LISTS if read >= MOST_READ else ENOUGH_LISTS):
            break
    told("learn", MOST_EXAMPLES, MOST_EXAMPLES + 1)
    names = column_names(training.today)
    examples = _later(found, len(names))
    ranker = fit_ranker(examples, names, training.threads)
    told("learn", MOST_EXAMPLES + 1, MOST_EXAMPLES + 1)
    trained_on: TrainedOn = training.trained_on if found else "nothing"
    return Recommender(training.today, ranker, training.horizon_days, allow_repeat, trained_on, _lists(examples))


def likeliest(members: Members, actions: Actions, item: int) -> Ints:
    """All customers, or of too many the likeliest to want an item: by what members say and by who had it."""
    if len(actions) <= MOST_ASKED:
        return np.arange(len(actions))
    said = np.zeros(len(actions))
    for one in members.neighbours:
        column = one.similar[:, [item]]
        scores = np.asarray((faded_past(actions, one.decay, actions.weight) @ column).todense()).ravel()
        said += scores / max(float(scores.max(initial=0.0)), 1e-12)
    said += np.bincount(actions.customer, actions.item == item, len(actions))
    category = members.category[item]
    if category >= 0:
        said += 1e-3 * np.bincount(actions.customer, members.category[actions.item] == category, len(actions))
    return np.sort(np.argsort(-said, kind="stable")[:MOST_ASKED])


def batches(actions: Actions, rows: Ints | None = None) -> Iterator[tuple[Ints, Actions]]:
    """Customers' positions, so many at once, and their pasts."""
    chosen = np.arange(len(actions)) if rows is None else rows
    size = max(64, min(4096, AT_ONCE // max(actions.n_items, 1)))
    for first in range(0, len(chosen), size):
        some = chosen[first : first + size]
        yield some, actions.of(some)


def over_batches(
    work: Callable[[tuple[Ints, Actions]], Any], actions: Actions, rows: Ints | None, threads: int
) -> Iterator[Any]:
    """Answer every batch, so many at a time, in their order."""
    with ThreadPoolExecutor(threads) as pool:
        waiting = []
        for batch in batches(actions, rows):
            waiting.append(pool.submit(work, batch))
            if len(waiting) > threads:
                yield waiting.pop(0).result()
        for one in waiting:
            yield one.result()


def _examples(members: Members, teaching: TrainingWindow, training: TrainingData, *, allow_repeat: bool) -> Examples:
    """Lists of candidates for customers chosen evenly, with what was taken of them.

    Takers are looked at from thinly to densely until there are lists enough: all of them would fill the memory.
    """
    seen = np.flatnonzero(np.diff(teaching.actions.offsets) > 0)
    others = seen[evenly(len(seen), MOST_OTHERS)]
    buyers = np.setdiff1d(teaching.buyers[evenly(len(teaching.buyers), MOST_TAKERS)], others)
    apart = max(1, len(buyers) // MOST_LISTS)
    rows = np.concatenate([others, buyers[np.argsort(np.arange(len(buyers)) % apart, kind="stable")]])
    allowed = training.catalogue.product & known(training.catalogue, teaching.actions)
    allowed[training.catalogue.touched :] = False  # that nobody has touched them to this day was not known then

    def answer(batch: tuple[Ints, Actions]) -> Examples:
        some, part = batch
        found = candidates(members, Query(part, allowed, np.zeros(0, dtype=np.int64), allow_repeat))
        customer = some[found.customer]
        taken = np.isin(customer * part.n_items + found.item, teaching.taken)
        one = Examples(customer, found.columns, taken, np.isin(customer, others), customer)
        return one.take(np.isin(customer, np.union1d(customer[one.taken], others)))

    parts: list[Examples] = []
    for part in over_batches(answer, teaching.actions, rows, training.threads):
        parts.append(part)
        if sum(_lists(one) for one in parts) >= MOST_LISTS + len(others):
            break
    found = _joined(parts)
    buyers = np.unique(found.customer[found.taken])
    buyers = buyers[evenly(len(buyers), MOST_LISTS)]
    kept = np.flatnonzero(np.isin(found.customer, np.union1d(buyers, others)))
    return found.take(kept[np.argsort(found.customer[kept], kind="stable")])


def _falling(customer: Ints, chance: Floats) -> Floats:
    """A customer's chances, none above that of a better rank: what is known beside the score may not turn the order."""
    starts = np.flatnonzero(np.diff(customer, prepend=-1))
    counts = np.diff(np.append(starts, len(customer)))
    width = int(counts.max(initial=0))
    place = np.minimum(starts[:, None] + np.arange(width), max(len(customer) - 1, 0))
    inside = np.arange(width) < counts[:, None]
    return np.minimum.accumulate(chance[place], axis=1)[inside] if width else chance


def _lists(examples: Examples) -> int:
    return len(np.unique(examples.customer[examples.taken]))


def _joined(found: list[Examples]) -> Examples:
    """All examples in one."""
    if len(found) == 1:
        return found[0]
    return Examples(*(np.concatenate([getattr(one, name) for one in found]) for name in Examples.__annotations__))


def _later(found: list[Examples], width: int) -> Examples:
    """Examples of several times in one: a customer at another time is another list."""
    if not found:
        nothing = np.zeros(0, dtype=bool)
        nobody = np.zeros(0, np.int64)
        return Examples(nobody, np.zeros((0, width), np.float32), nothing, nothing, nobody)
    shift = 1 + max(int(one.customer.max(initial=0)) for one in found)
    return _joined([replace(one, customer=one.customer + number * shift) for number, one in enumerate(found)])
