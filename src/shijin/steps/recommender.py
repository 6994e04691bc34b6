"""What every list begins with: the shop's items and what was done with them, and a recommender, learnt or found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from shijin.arrays import Ints
from shijin.config import parse_horizon
from shijin.errors import ConfigError
from shijin.notes import Note, Progress
from shijin.recommend.judge.tasks import Goods, known_of
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.past.feedback import heard
from shijin.recommend.past.responses import responses_of
from shijin.recommend.ranking.recommender import Recommender, learn
from shijin.recommend.ranking.saved import CARD, FORMAT, load, save
from shijin.recommend.ranking.training_windows import Lessons
from shijin.represent.cutoff import History, day_of, split_at
from shijin.represent.packed import DAY_US, Packed
from shijin.steps.defaults import cutoff_of, horizon_of, read_packed
from shijin.steps.score import LATEST, ScoreOptions, score
from shijin.steps.train import step_id
from shijin.words import say
from shijin.workspace import Workspace

SOON_DAYS = 30  # what is wanted next is asked of the near future, however far the forecast reaches


@dataclass(frozen=True)
class Ground:
    """A shop as lists see it.

    Parameters
    ----------
    actions
        What was done before the cutoff.
    asked
        The same as customers would have it by what they said; `barred` is what they do not want to see.
    live : bool
        Whether the cutoff is the end of the data: then items that nobody touched yet may be recommended, and everything
        said so far counts; else only what was known before the cutoff.
    """

    packed: Packed
    history: History
    actions: Actions
    catalogue: Catalogue
    asked: Actions
    barred: Ints
    horizon_days: int
    live: bool

    @property
    def day(self) -> date:
        """The cutoff."""
        return day_of(self.history.cutoff)


def ground_of(workspace: Workspace, horizon: str | int | None, cutoff: str | date | None, least: int = 2) -> Ground:
    """Read a shop as lists see it.

    Parameters
    ----------
    horizon
        How far ahead is asked; where None, the shop's, 30 days at most.
    least
        How many items there must be: two to choose among.

    Raises
    ------
    EmptyHistoryError
        When customers did anything with fewer items before the cutoff.
    """
    packed = read_packed(workspace)
    day = cutoff_of(packed, cutoff)
    horizon_days = horizon_of(workspace, packed, day, horizon)
    if horizon is None:
        horizon_days = min(horizon_days, SOON_DAYS)
    live = day >= packed.end
    history, _ = split_at(packed, day, 1)
    goods = Goods(workspace.read("items"), workspace.config.items)
    known = known_of(history, packed, goods, listed=live)
    known.refuse_no_choice("items", least)
    actions, catalogue = known.actions, known.catalogue
    events = workspace.read("events", ["customer_id", "item_id", "ts", "type", "rating"])
    said = responses_of(events, history.customers, catalogue.items, packed.zone, None if live else day)
    asked, barred = heard(actions, said)
    return Ground(packed, history, actions, catalogue, asked, barred, horizon_days, live)


def score_beside(workspace: Workspace, ground: Ground, now: datetime) -> str:
    """The id of the newest forecast where it is of this cutoff and of the data as they are, else of a new one."""
    if (workspace.root / LATEST).exists():
        latest = workspace.read_json(LATEST, "id", "cutoff")
        if latest.get("basis") == workspace.basis() and latest["cutoff"] == ground.day.isoformat():
            return str(latest["id"])
    receipt, _ = score(workspace, ScoreOptions(cutoff=ground.day), now)
    return str(receipt.inputs["score"])


def in_words(workspace: Workspace, tell: Progress | None) -> Progress:
    """Say in the shop's language what is going on; nothing where nobody is told."""
    language = workspace.config.shop.locale
    return lambda what, done, of: tell(say(f"lists.{what}", language), done, of) if tell else None


def recommender_of(
    workspace: Workspace, ground: Ground, tell: Progress | None = None, *, again: bool
) -> tuple[str, Recommender]:
    """The id of the shop's recommender, and the recommender, found or learnt now; `keep` it once there is an answer.

    Parameters
    ----------
    again
        Whether what a customer bought before may be recommended.
    """
    id = step_id(workspace, ground.day, ground.horizon_days, "recommender", again, FORMAT)
    folder = workspace.root / "recommenders" / id
    if (folder / CARD).exists():
        return id, _load_once(folder)
    threads = workspace.config.engine.threads
    lessons = Lessons(ground.actions, ground.catalogue, ground.horizon_days, threads=threads)
    return id, learn(lessons, again=again, tell=tell)


def keep(workspace: Workspace, id: str, recommender: Recommender) -> None:
    """Lay a recommender into the workspace, where the next question finds it."""
    if not (workspace.root / "recommenders" / id / CARD).exists():
        workspace.publish("recommenders", id, lambda path: save(recommender, path))


@lru_cache(maxsize=2)
def _load_once(folder: Path) -> Recommender:
    """The newest ones are kept in memory, since who asks once asks again."""
    return load(folder)


def taught_notes(recommender: Recommender) -> list[Note]:
    """By what the ranker was taught, where that is not what one would wish."""
    if recommender.taught == "nothing" or recommender.ranker.curve is None:
        return [{"code": "lists.untaught", "lists": recommender.lists}]
    if not recommender.ranker.trees:
        return [{"code": "lists.few", "lists": recommender.lists}]
    code = f"lists.taught_{recommender.taught}"
    return [{"code": code, "lists": recommender.lists, "days": recommender.horizon_days}]


def within(ground: Ground, min_gap: str | int | None) -> Ground:
    """Bar what a customer bought less than so long ago.

    Raises
    ------
    ConfigError
        When it is no length of time.
    """
    if min_gap is None:
        return ground
    try:
        days = parse_horizon(min_gap)
    except ConfigError as error:
        raise ConfigError(error.problem, "--min-gap", error.cure) from error
    since = ground.actions.now - days * DAY_US
    rows = ground.actions.ordered & (ground.actions.ts >= since)
    keys = ground.actions.customer[rows] * ground.actions.n_items + ground.actions.item[rows]
    return replace(ground, barred=np.union1d(ground.barred, keys))
