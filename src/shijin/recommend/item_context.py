"""A shop at a cutoff as recommendations see it: actions, catalogue, feedback, and the pairs that may not be shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from shijin.arrays import Flags, Ints
from shijin.config import parse_horizon
from shijin.recommend.past.actions import Actions
from shijin.recommend.past.catalogue import Catalogue, known_items
from shijin.recommend.past.feedback import apply_feedback
from shijin.recommend.past.known_past import KnownPast
from shijin.recommend.past.responses import Responses, responses_of
from shijin.represent.cutoff import History
from shijin.represent.days import day_of
from shijin.represent.packed import DAY_US, Packed


@dataclass(frozen=True)
class ItemContext:
    """A shop as recommendations see it.

    Parameters
    ----------
    actions
        The actions before the cutoff.
    after_feedback
        The same with the customers' feedback applied.
    excluded : rising int64
        ``customer * items + item`` of pairs that may not be shown: disliked or dismissed.
    live : bool
        Whether the cutoff is the end of the data: then items that nobody touched yet may be recommended, and all
        feedback counts; else only what was known before the cutoff.
    """

    packed: Packed
    history: History
    actions: Actions
    catalogue: Catalogue
    after_feedback: Actions
    excluded: Ints
    horizon_days: int
    live: bool

    @property
    def day(self) -> date:
        """The cutoff."""
        return day_of(self.history.cutoff)

    @property
    def products(self) -> Flags:
        """(items,) products that existed at the cutoff: all that may be recommended without a filter."""
        return self.catalogue.product & known_items(self.catalogue, self.actions)

    def responses(self, events: pa.Table) -> Responses:
        """The customers' responses to items; of a past cutoff only those before it.

        Parameters
        ----------
        events
            `schema.EVENTS`, at least the columns `responses.COLUMNS`.
        """
        return _responses(events, self.packed, self.history, self.catalogue, live=self.live)


def item_context_of(
    packed: Packed, history: History, past: KnownPast, events: pa.Table, horizon_days: int, *, live: bool
) -> ItemContext:
    """Apply the customers' feedback to their actions.

    Parameters
    ----------
    history
        Split from `packed`.
    past
        Of the same History.
    events
        `schema.EVENTS`, at least the columns `responses.COLUMNS`.
    """
    responses = _responses(events, packed, history, past.catalogue, live=live)
    after_feedback, excluded = apply_feedback(past.actions, responses)
    return ItemContext(packed, history, past.actions, past.catalogue, after_feedback, excluded, horizon_days, live)


def excluding_recent(context: ItemContext, min_gap: str | int | None) -> ItemContext:
    """Exclude items that the customer bought within this time; None excludes nothing more.

    Raises
    ------
    ConfigError
        When it is not a length of time.
    """
    if min_gap is None:
        return context
    since = context.actions.now - parse_horizon(min_gap, "min_gap") * DAY_US
    rows = context.actions.ordered & (context.actions.ts >= since)
    keys = context.actions.customer[rows] * context.actions.n_items + context.actions.item[rows]
    return replace(context, excluded=np.union1d(context.excluded, keys))


def _responses(events: pa.Table, packed: Packed, history: History, catalogue: Catalogue, *, live: bool) -> Responses:
    until = None if live else history.cutoff
    return responses_of(events, history.customers, catalogue.items, packed.zone, until)
