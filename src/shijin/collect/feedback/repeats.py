"""Feedback without times that is read again: events that the shop has stored get their stored ids and times."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.collected import Collected
from shijin.collect.values import as_array
from shijin.config import Config
from shijin.engine.duckdb import connect

# An opinion is about an item, or about the customer's tier, and the newest one counts; so it may be given again.
_SUBJECT = (
    "customer_id, type = 'correction' AS tier, CASE WHEN type <> 'correction' THEN coalesce(item_id, '') ELSE '' END"
)
_OPINION = "concat_ws(chr(31), CASE type WHEN 'review' THEN 'rating' ELSE type END, coalesce(rating, 'nan'), text)"
_IS_OPINION = "type IN ('rating', 'review', 'dismiss', 'correction')"


def match_known_events(collected: Collected, stored: pa.Table, config: Config) -> pa.Table:
    """Give the events of a source without times the ids and times of those that the shop has stored.

    Each reading of such a source has a time of its own. An event that the shop has stored gets the time at which it
    was first read, so that reading the source again adds nothing. But an opinion that differs from the newest one of
    the same item, or of the same customer's tier, is a new event: after dismissed, liked and dismissed again, the item
    is dismissed.

    Parameters
    ----------
    collected
        What `read_feedback` returns.
    stored
        The shop's events: event_id, ts, customer_id, item_id, type, rating and text at least.

    Returns
    -------
    EVENTS, row by row those of `collected`
    """
    events, known = collected.events, stored["event_id"].combine_chunks()
    if collected.guess.get("time") != "now":
        return events
    # An opinion that was given n times has n ids, each the hash of the one before: find the newest that is stored.
    ids = events["event_id"].combine_chunks()
    following = _following_ids(ids, config)
    while pc.any(is_stored := pc.is_in(following, value_set=known)).as_py():
        ids = pc.if_else(is_stored, following, ids)
        following = _following_ids(ids, config)
    is_new = pc.and_(_has_changed_since(events, stored, config), pc.is_in(ids, value_set=known))
    ids = pc.if_else(is_new, following, ids)
    ts = pc.coalesce(stored["ts"].take(pc.index_in(ids, value_set=known)), events["ts"])
    columns = {name: events[name] for name in events.column_names} | {"event_id": ids, "ts": ts}
    return pa.table(columns, schema=events.schema)


def _following_ids(ids: pa.Array, config: Config) -> pa.Array:
    """The ids of the same opinions, given once more."""
    with connect(config.engine) as connection:
        connection.register("events", pa.table({"id": ids, "place": np.arange(len(ids))}))
        query = "SELECT 'e_' || left(sha256(id || chr(31) || 'again'), 24) AS id FROM events ORDER BY place"
        return as_array(connection.sql(query).to_arrow_table()["id"]).cast(pa.string())


def _has_changed_since(events: pa.Table, stored: pa.Table, config: Config) -> pa.Array:
    """(n,) whether the shop has stored a different opinion that is newer than the newest equal one."""
    with connect(config.engine) as connection:
        connection.register("events", events.append_column("place", pa.array(np.arange(events.num_rows))))
        connection.register("stored", stored)
        query = f"""
            WITH earlier AS (SELECT {_SUBJECT} AS subject, {_OPINION} AS opinion, max(ts) AS ts FROM stored
                WHERE {_IS_OPINION} GROUP BY ALL),
            incoming AS (SELECT place, {_SUBJECT} AS subject, {_OPINION} AS opinion FROM events WHERE {_IS_OPINION}),
            newest AS (SELECT place, max(ts) FILTER (earlier.opinion = incoming.opinion) AS same,
                max(ts) FILTER (earlier.opinion <> incoming.opinion) AS other
                FROM incoming JOIN earlier USING (customer_id, tier, subject) GROUP BY place)
            SELECT coalesce(other > same, false) AS changed FROM events LEFT JOIN newest USING (place) ORDER BY place"""
        return as_array(connection.sql(query).to_arrow_table()["changed"])
