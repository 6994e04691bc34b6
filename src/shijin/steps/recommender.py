"""The steps that all recommendations begin with: read the shop's items and their past, find or train a recommender."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from shijin.notes import Progress
from shijin.recommend.item_context import ItemContext, item_context_of
from shijin.recommend.past.known_past import ItemTable, known_of
from shijin.recommend.past.responses import COLUMNS
from shijin.recommend.ranking.recommender import Recommender
from shijin.recommend.ranking.saved import FORMAT, load
from shijin.recommend.ranking.training import train_recommender
from shijin.recommend.ranking.training_windows import TrainingData
from shijin.represent.cutoff import split_at
from shijin.steps.defaults import forecast_window
from shijin.steps.kinds import RECOMMENDER, SCORE, artifacts_of
from shijin.steps.score import ScoreOptions, newest_score, score
from shijin.words import say
from shijin.workspace import Workspace

SOON_DAYS = 30  # recommendations are for the near future, however far the forecast reaches


def item_context(
    workspace: Workspace, horizon: str | int | None, cutoff: str | date | None, now: datetime, least: int = 2
) -> ItemContext:
    """Read a shop as recommendations see it.

    Parameters
    ----------
    horizon
        Within how many days an item is to be bought; where None, the shop's horizon, 30 days at most.
    least
        How many items there must be: two to choose from.

    Raises
    ------
    EmptyHistoryError
        When customers did anything with fewer items before the cutoff.
    """
    window = forecast_window(workspace, horizon, cutoff, now)
    packed, horizon_days = window.packed, window.horizon_days
    if horizon is None:
        horizon_days = min(horizon_days, SOON_DAYS)
    live = window.cutoff >= packed.end
    history, _ = split_at(packed, window.cutoff, 1)
    past = known_of(history, packed, ItemTable(workspace.read("items"), workspace.config.items), listed=live)
    past.refuse_no_choice(least)
    return item_context_of(packed, history, past, workspace.read("events", list(COLUMNS)), horizon_days, live=live)


def score_for_lists(workspace: Workspace, context: ItemContext, now: datetime) -> str:
    """The id of the newest forecast where it is of this cutoff and of the data as they are, else of a new one."""
    newest = newest_score(workspace)
    if newest and newest.basis == workspace.basis(SCORE.depends) and newest.cutoff == context.day.isoformat():
        return newest.score
    return score(workspace, ScoreOptions(cutoff=context.day), now).card.score


def in_words(workspace: Workspace, progress: Progress | None) -> Progress:
    """Progress with the names of its parts in the shop's language; no progress where None."""
    language = workspace.config.shop.locale
    return lambda what, done, of: progress(say(f"lists.{what}", language), done, of) if progress else None


def recommender_of(
    workspace: Workspace, context: ItemContext, progress: Progress | None = None, *, allow_repeat: bool
) -> tuple[str, Recommender]:
    """The shop's recommender and its id, found or trained now; `keep` it once there is an answer.

    Parameters
    ----------
    allow_repeat
        Whether items that a customer bought before may be recommended.
    """
    artifacts = artifacts_of(workspace)
    id = artifacts.id(RECOMMENDER, context.day, context.horizon_days, allow_repeat, FORMAT)
    if not artifacts.exists(RECOMMENDER, id):
        workspace.refuse_busy()
    if artifacts.exists(RECOMMENDER, id):  # the writer that was waited for may have made it
        return id, _load_once(artifacts.place(RECOMMENDER, id))
    threads = workspace.config.engine.threads
    training = TrainingData(context.actions, context.catalogue, context.horizon_days, threads=threads)
    return id, train_recommender(training, allow_repeat=allow_repeat, progress=progress)


def keep(workspace: Workspace, id: str, recommender: Recommender) -> None:
    """Save a recommender in the workspace, for the next request."""
    artifacts_of(workspace).make(RECOMMENDER, id, lambda: recommender)


@lru_cache(maxsize=2)
def _load_once(folder: Path) -> Recommender:
    """Load a recommender; the newest two stay in memory, since one request often follows another."""
    return load(folder)
