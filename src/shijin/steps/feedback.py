"""feedback: ratings, dismissals, clicks and corrections enter the workspace as events, each file once.

The next forecast reads corrections of tiers, so they are committed first, in a commit of their own. Only
recommendations read the rest: models and backtests stay as they are.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.feedback import KnownIds, match_known_events, read_feedback
from shijin.collect.identity import hashed, normal_email, normal_phone
from shijin.config import Config
from shijin.errors import EmptyHistoryError
from shijin.notes import Progress
from shijin.prepare.clean import TIER_WORDS, plain
from shijin.prepare.findings import findings_table
from shijin.prepare.quality import rejections
from shijin.schema import FEEDBACK_TYPES
from shijin.steps.cards import CollectionCard
from shijin.steps.collect import Committed, SourceOptions, collection, has_orders, rows_of
from shijin.words import LANGUAGES, catalogue, say
from shijin.workspace import Result, Workspace

_IDENTIFYING = ["event_id", "ts", "customer_id", "item_id", "type", "rating", "text"]


def feedback(
    workspace: Workspace, options: SourceOptions, now: datetime, progress: Progress | None = None
) -> Result[CollectionCard]:
    """Collect a file of feedback, or a table in memory.

    Returns
    -------
    Result
        The card's ``rows`` balance: in = accepted + updated + duplicates + quarantined; its ``kinds`` count the
        accepted and updated ones by kind. Table "findings": `schema.FINDINGS`.

    Raises
    ------
    EmptyHistoryError
        When there are no orders yet that it could be about.
    SourceError, QuarantineError, ConfigError
        When the source cannot be used; then nothing has changed.
    BusyError, WorkspaceError
        When the workspace cannot be written.
    """
    del progress  # every step has the same parameters
    if not has_orders(workspace.read("events", ["type"])):
        raise EmptyHistoryError("steps.no_orders_for_feedback", workspace.root)
    with workspace.lock():
        collected = read_feedback(options.source, known_of(workspace), workspace.config, options.reading, now)
        findings = findings_table([*collected.findings.to_pylist(), *rejections(collected.rejected, collected.rows_in)])
        workspace.refuse_full_disk(collected.events, collected.rejected)
        before = workspace.versions()
        events = match_known_events(collected, workspace.read("events", _IDENTIFYING), workspace.config)
        status = _merge(workspace, events)
        committed = Committed(before, rows_of(collected, status), kinds=_kinds(events, status))
        return collection(workspace, "feedback", options, collected, findings, committed, now)


def known_of(workspace: Workspace) -> KnownIds:
    """Whom and what the shop knows: by its orders and views, its items, its contacts and its config."""
    events = workspace.read("events", ["customer_id", "item_id", "type"])
    events = events.filter(pc.invert(pc.is_in(events["type"], pa.array(FEEDBACK_TYPES))))
    items = pa.chunked_array([*events["item_id"].chunks, *workspace.read("items")["item_id"].chunks], pa.string())
    contacts, config = workspace.read("contacts"), workspace.config
    customers = pc.unique(events["customer_id"])
    # The contacts of a guest who is now part of another customer are stored under that customer as well.
    contacts = contacts.filter(pc.is_in(contacts["customer_id"], value_set=customers))
    addresses = [
        normal(contacts[name].combine_chunks()) for name, normal in (("email", normal_email), ("phone", normal_phone))
    ]
    return KnownIds(
        customers=customers,
        items=pc.unique(items).drop_null(),
        tiers=_tiers_by_words(config),
        addressed=pa.concat_arrays([hashed(one, config) for one in addresses]),
        customer_of=pa.concat_arrays([contacts["customer_id"].combine_chunks()] * len(addresses)),
    )


def _tiers_by_words(config: Config) -> dict[str, str]:
    """The shop's tiers by their names, and by their words where they have any."""
    worded = {word: name for word, name in TIER_WORDS.items() if name in config.tiers.names}
    worded |= {
        plain(say(f"tiers.{name}", language)): name
        for name in config.tiers.names
        for language in LANGUAGES
        if f"tiers.{name}" in catalogue()
    }
    return worded | {plain(name): name for name in config.tiers.names}


def _merge(workspace: Workspace, events: pa.Table) -> pa.Array:
    """Commit corrections, which forecasts read, and then the rest; gives what became of each event, in their order."""
    corrects = pc.equal(events["type"], "correction").to_numpy()
    status = np.full(len(corrects), "", dtype=object)
    for part, keep_basis in ((corrects, False), (~corrects, True)):
        if part.any():
            merged = workspace.merge("events", events.filter(pa.array(part)), "event_id", keep_basis=keep_basis)
            status[part] = merged.status.to_pylist()
    return pa.array(status, pa.string())


def _kinds(events: pa.Table, status: pa.Array) -> dict[str, int]:
    changed = events.filter(pc.not_equal(status, "same"))
    return {row["values"]: row["counts"] for row in pc.value_counts(changed["type"]).to_pylist()}
