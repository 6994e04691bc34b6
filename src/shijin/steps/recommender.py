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
from shijin.recommend.judge.tasks import ItemTable, known_of
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue
from shijin.recommend.past.feedback import apply_feedback
from shijin.recommend.past.responses import responses_of
from shijin.recommend.ranking.recommender import Recommender, learn
from shijin.recommend.ranking.saved import FORMAT, load
from shijin.recommend.ranking.training_windows import TrainingData
from shijin.represent.cutoff import History, day_of, split_at
from shijin.represent.packed import DAY_US, Packed
from shijin.steps.defaults import forecast_window
from shijin.steps.kinds import RECOMMENDER, SCORE, artifacts_of
from shijin.steps.score import ScoreOptions, newest_score, score
from shijin.words import say
from shijin.workspace import Workspace

SOON_DAYS = 30  # what is wanted next is asked of the near future, however far the forecast reaches


@dataclass(frozen=True)
class ItemContext:
    """A shop as lists see it.

    Parameters
    ----------
    actions
        What was done before the cutoff.
    asked
        The same as customers would have it by what they said; `excluded` is what they do not want to see.
    live : bool
        Whether the cutoff is the end of the data: then items that nobody touched yet may be recommended, and everything
        said so far counts; else only what was known before the cutoff.
    """

    packed: Packed
    history: History
    actions: Actions
    catalogue: Catalogue
    asked: Actions
    excluded: Ints
    horizon_days: int
    live: bool

    @property
    def day(self) -> date:
        """The cutoff."""
        return day_of(self.history.cutoff)


def item_context(
    workspace: Workspace, horizon: str | int | None, cutoff: str | date | None, now: datetime, least: int = 2
) -> ItemContext:
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
    window = forecast_window(workspace, horizon, cutoff, now)
    packed, day, horizon_days = window.packed, window.cutoff, window.horizon_days
    if horizon is None:
        horizon_days = min(horizon_days, SOON_DAYS)
    live = day >= packed.end
    history, _ = split_at(packed, day, 1)
    items_known = ItemTable(workspace.read("items"), workspace.config.items)
    known = known_of(history, packed, items_known, listed=live)
    known.refuse_no_choice("items", least)
    actions, catalogue = known.actions, known.catalogue
    events = workspace.read("events", ["customer_id", "item_id", "ts", "type", "rating"])
    said = responses_of(events, history.customers, catalogue.items, packed.zone, None if live else day)
    asked, excluded = apply_feedback(actions, said)
    return ItemContext(packed, history, actions, catalogue, asked, excluded, horizon_days, live)


def score_for_lists(workspace: Workspace, context: ItemContext, now: datetime) -> str:
    """The id of the newest forecast where it is of this cutoff and of the data as they are, else of a new one."""
    newest = newest_score(workspace)
    if newest and newest.basis == workspace.basis(SCORE.depends) and newest.cutoff == context.day.isoformat():
        return newest.score
    return score(workspace, ScoreOptions(cutoff=context.day), now).card.score


def in_words(workspace: Workspace, progress: Progress | None) -> Progress:
    """Say in the shop's language what is going on; nothing where nobody is told."""
    language = workspace.config.shop.locale
    return lambda what, done, of: progress(say(f"lists.{what}", language), done, of) if progress else None


def recommender_of(
    workspace: Workspace, context: ItemContext, progress: Progress | None = None, *, allow_repeat: bool
) -> tuple[str, Recommender]:
    """The id of the shop's recommender, and the recommender, found or learnt now; `keep` it once there is an answer.

    Parameters
    ----------
    again
        Whether what a customer bought before may be recommended.
    """
    artifacts = artifacts_of(workspace)
    id = artifacts.id(RECOMMENDER, context.day, context.horizon_days, allow_repeat, FORMAT)
    if artifacts.exists(RECOMMENDER, id):
        return id, _load_once(artifacts.place(RECOMMENDER, id))
    workspace.refuse_busy()
    threads = workspace.config.engine.threads
    training = TrainingData(context.actions, context.catalogue, context.horizon_days, threads=threads)
    return id, learn(training, allow_repeat=allow_repeat, progress=progress)


def keep(workspace: Workspace, id: str, recommender: Recommender) -> None:
    """Lay a recommender into the workspace, where the next question finds it."""
    artifacts_of(workspace).make(RECOMMENDER, id, lambda: recommender)


@lru_cache(maxsize=2)
def _load_once(folder: Path) -> Recommender:
    """The newest ones are kept in memory, since who asks once asks again."""
    return load(folder)


def taught_notes(recommender: Recommender) -> list[Note]:
    """By what the ranker was taught, where that is not what one would wish."""
    if recommender.trained_on == "nothing" or recommender.ranker.curve is None:
        return [{"code": "lists.untaught", "lists": recommender.lists}]
    if not recommender.ranker.trees:
        return [{"code": "lists.few", "lists": recommender.lists}]
    code = f"lists.taught_{recommender.trained_on}"
    return [{"code": code, "lists": recommender.lists, "days": recommender.horizon_days}]


def within(context: ItemContext, min_gap: str | int | None) -> ItemContext:
    """Bar what a customer bought less than so long ago.

    Raises
    ------
    ConfigError
        When it is no length of time.
    """
    if min_gap is None:
        return context
    try:
        days = parse_horizon(min_gap)
    except ConfigError as error:
        raise ConfigError(error.problem, "--min-gap", error.cure) from error
    since = context.actions.now - days * DAY_US
    rows = context.actions.ordered & (context.actions.ts >= since)
    keys = context.actions.customer[rows] * context.actions.n_items + context.actions.item[rows]
    return replace(context, excluded=np.union1d(context.excluded, keys))
