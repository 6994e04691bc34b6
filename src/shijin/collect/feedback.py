"""A file of feedback: one row a thing that was said of an item, a list or a customer's tier. It becomes events.

It knows whom and what the shop knows only from what it is handed; what is said of strangers is set aside.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import guess
from shijin.collect.collected import (
    Collected,
    CollectOptions,
    events_of,
    numbered_ids,
    refuse_too_many_bad,
    rejected_of,
)
from shijin.collect.files import Raw, digest_of, from_arrow, read_raw, readable
from shijin.collect.formats.table import Reading, first_reason, notes_of_reading, quoted, shown
from shijin.collect.identity import customer_keys
from shijin.collect.values import as_array, as_text, as_time
from shijin.config import Config
from shijin.engine.duckdb import connect
from shijin.errors import ConfigError, SourceError
from shijin.prepare.clean import FEEDBACK_WORDS, canonical_types, plain
from shijin.prepare.findings import findings_table
from shijin.schema import CONTACTS, FEEDBACK_TYPES, ITEMS, UTC

KIND = "feedback"
_PEOPLE = ("customer_id", "email", "phone")
_SHARED = (*_PEOPLE, "item_id", "channel", "session_id")
ROLES: dict[str, list[str]] = {name: guess.ROLES[name] for name in _SHARED} | tomllib.loads(
    (files("shijin.collect") / "feedback.toml").read_text("utf-8")
)
# Columns that only one kind of feedback has: they tell the kind where no column does.
_TELLING = {"rating": ("rating",), "exposure": ("propensity", "position", "policy_id"), "correction": ("tier",)}
_OF_ITEMS = ("rating", "dismiss")  # the other kinds may be about a campaign
_SAID = (
    "concat_ws(chr(31), $kind, customer_id, epoch_us(said_at), type, coalesce(item_id, ''), coalesce(campaign_id, ''))"
)
_CONTENT = "rating, text, amount, position, propensity, policy_id, arm, channel, session_id"
# What somebody thinks of an item, or which tier is right: the last word counts, so that it may be said again.
_ABOUT = (
    "customer_id, type = 'correction' AS tier, CASE WHEN type <> 'correction' THEN coalesce(item_id, '') ELSE '' END"
)
_OPINION = "concat_ws(chr(31), CASE type WHEN 'review' THEN 'rating' ELSE type END, coalesce(rating, 'nan'), text)"
_OPINIONS = "type IN ('rating', 'review', 'dismiss', 'correction')"


@dataclass(frozen=True)
class Known:
    """Whom and what the shop knows.

    customers : (n,) string
    items : (m,) string
    tiers : what a tier is called, as `plain` leaves it, to its name in ``[tiers]``
    addressed : (a,) string, addresses as `identity.hashed` leaves them
    customer_of : (a,) string, the customers who have them
    """

    customers: pa.Array
    items: pa.Array
    tiers: Mapping[str, str]
    addressed: pa.Array
    customer_of: pa.Array


def read_feedback(
    source: Path | pa.Table, known: Known, config: Config, options: CollectOptions, now: datetime
) -> Collected:
    """Understand a file of feedback, or a table in memory.

    Without a column of times everything is said at `now`, and the ids of events do not depend on when that is.

    Raises
    ------
    SourceError
        When it cannot be read, no column can be the customer, or nothing tells what kind of feedback it is.
    QuarantineError
        When more rows are bad than the shop can afford to set aside.
    ConfigError
        When an option says what cannot be.

    Examples
    --------
    >>> from datetime import UTC
    >>> some = pa.table({"user": ["a", "a"], "product": ["tea", "rum"], "stars": ["5", "2"]})
    >>> known = Known(pa.array(["a"]), pa.array(["tea", "rum"]), {}, pa.array([], "string"), pa.array([], "string"))
    >>> read = read_feedback(some, known, Config(), CollectOptions(), datetime(2025, 1, 1, tzinfo=UTC))
    >>> read.events.select(["type", "item_id", "rating"]).to_pylist()[0], read.guess["kind"]
    ({'type': 'rating', 'item_id': 'tea', 'rating': 5.0}, 'rating')
    """
    if options.format == "shopify":
        raise ConfigError("Shopify exports orders, no feedback", "--format", "leave it out")
    raw = _raw(source, options.encoding or config.collect.encoding)
    reading = _settle(raw, config, options)
    kind = None if "type" in reading.roles else _only_kind(reading)
    lines = _understand(reading, kind, known, now)
    rejected = rejected_of(lines, reading.raw, config)
    refuse_too_many_bad(rejected, raw.rows_in, config, raw.name)
    accepted = lines.filter(pc.is_null(lines["reason"]))
    return Collected(
        events=events_of(accepted, _ids(accepted, reading, config), reading.raw, now),
        items=ITEMS.empty_table(),
        contacts=CONTACTS.empty_table(),
        rejected=rejected,
        findings=findings_table(notes_of_reading(reading, accepted)),
        guess=shown(reading, KIND) | _guessed(reading, kind),
        rows_in=raw.rows_in,
        money_in=0.0,
        derived=0,
        whole_orders=False,
        digest=raw.digest,
    )


def as_known(told: Collected, kept: pa.Table, config: Config) -> pa.Table:
    """Events of a source as the shop knows them, so that a source without times adds nothing when it is read again.

    Each reading of such a source has a moment of its own. What is known already keeps the moment at which it was first
    told; but an opinion after which another was given of the same item, or another tier was said to be right, is a new
    one: whoever dismisses, praises and dismisses again has dismissed.

    Parameters
    ----------
    told
        What `read_feedback` gives.
    kept
        The shop's events: event_id, ts, customer_id, item_id, type, rating and text at least.

    Returns
    -------
    EVENTS, row by row those of `told`.
    """
    events, known = told.events, kept["event_id"].combine_chunks()
    if told.guess.get("time") != "now":
        return events
    ids = events["event_id"].combine_chunks()
    after = _again(ids, config)
    while pc.any(came_back := pc.is_in(after, value_set=known)).as_py():
        ids = pc.if_else(came_back, after, ids)
        after = _again(ids, config)
    is_new = pc.and_(_otherwise_since(events, kept, config), pc.is_in(ids, value_set=known))
    ids = pc.if_else(is_new, after, ids)
    ts = pc.coalesce(kept["ts"].take(pc.index_in(ids, value_set=known)), events["ts"])
    columns = {name: events[name] for name in events.column_names} | {"event_id": ids, "ts": ts}
    return pa.table(columns, schema=events.schema)


def _again(ids: pa.Array, config: Config) -> pa.Array:
    """The ids of the same, said once more."""
    with connect(config.engine) as connection:
        connection.register("said", pa.table({"id": ids, "place": np.arange(len(ids))}))
        query = "SELECT 'e_' || left(sha256(id || chr(31) || 'again'), 24) AS id FROM said ORDER BY place"
        return as_array(connection.sql(query).to_arrow_table()["id"]).cast(pa.string())


def _otherwise_since(events: pa.Table, kept: pa.Table, config: Config) -> pa.Array:
    """(n,) whether the shop knows another opinion that is newer than the newest that is the same."""
    with connect(config.engine) as connection:
        connection.register("said", events.append_column("place", pa.array(np.arange(events.num_rows))))
        connection.register("kept", kept)
        query = f"""
            WITH heard AS (SELECT {_ABOUT} AS about, {_OPINION} AS opinion, max(ts) AS ts FROM kept WHERE {_OPINIONS}
                GROUP BY ALL),
            told AS (SELECT place, {_ABOUT} AS about, {_OPINION} AS opinion FROM said WHERE {_OPINIONS}),
            newest AS (SELECT place, max(ts) FILTER (heard.opinion = told.opinion) AS same,
                max(ts) FILTER (heard.opinion <> told.opinion) AS other
                FROM told JOIN heard USING (customer_id, tier, about) GROUP BY place)
            SELECT coalesce(other > same, false) AS since FROM said LEFT JOIN newest USING (place) ORDER BY place"""
        return as_array(connection.sql(query).to_arrow_table()["since"])


def _raw(source: Path | pa.Table, encoding: str | None) -> Raw:
    if isinstance(source, Path):
        return read_raw(source, encoding)
    return from_arrow(source, "table", digest_of(source), {"file": "table in memory"}, "table")


def _settle(raw: Raw, config: Config, options: CollectOptions) -> Reading:
    """Find the columns, and settle the decimal sign and the order of dates."""
    found = raw.table.column_names
    kept = {role: column for role, column in config.collect.map.items() if role in ROLES and column in found}
    roles = guess.columns_of(found, {**kept, **options.map}, raw.name, ROLES)
    raw = readable(raw, roles.values())
    texts = {role: as_text(raw.table[column]) for role, column in roles.items()}
    roles = {role: column for role, column in roles.items() if texts[role].null_count < len(texts[role])}
    if not set(_PEOPLE) & set(roles):
        problem = f"no customer column that says anything, found {', '.join(found[:20])}"
        raise SourceError(problem, raw.name, "say --map customer_id=COLUMN")
    numbers = [texts[role] for role in ("rating", "value", "propensity") if role in roles]
    decimal = options.decimal or config.collect.decimal
    decimal = decimal or guess.decimal_of(pa.concat_arrays(numbers) if numbers else pa.array([], pa.string()))
    order, is_guess = guess.date_order_of(texts["ts"], config.shop.currency) if "ts" in roles else ("ymd", False)
    said = options.date_order or config.collect.date_order
    return Reading(raw, roles, decimal, said or order, is_guess and not said, config)


def _only_kind(reading: Reading) -> str:
    """The kind of every row, by the columns that only one kind has."""
    told = [kind for kind, roles in _TELLING.items() if set(roles) & set(reading.roles)]
    if len(told) != 1:
        found = ", ".join(reading.raw.table.column_names[:20])
        meant = f"columns tell of {' and of '.join(told)}" if told else "no column tells what was said"
        problem = f"{meant}, found {found}"
        raise SourceError(problem, reading.raw.name, f"add a column type: {', '.join(FEEDBACK_TYPES)}")
    return told[0]


def _understand(reading: Reading, kind: str | None, known: Known, now: datetime) -> pa.Table:
    """Rows as lines, each accepted or with the reason why it is set aside."""
    raw, n = reading.raw, reading.raw.table.num_rows
    types = pa.repeat(kind, n) if kind else canonical_types(reading.text("type"), FEEDBACK_WORDS)
    at = _times(reading)
    item = pc.coalesce(reading.text("item_id"), reading.text("item_name"))
    lines = {
        "row": pa.array(raw.row),
        "customer_id": _customers(reading, known),
        "ts": pc.coalesce(at, pa.scalar(now, UTC)),
        "said_at": at,
        "type": types,
        "item_id": item,
        "rating": _where(types, "rating", _first_number(reading, "rating", "value")),
        "text": _where(types, "correction", _tiers(reading, known)),
        "amount": _where(types, "conversion", reading.number("value")),
        "position": pc.round(reading.number("position")),
        "propensity": reading.number("propensity"),
        **{role: reading.text(role) for role in ("policy_id", "campaign_id", "arm", "channel", "session_id")},
    }
    reason = _reasons(reading, lines, known, now)
    return pa.table({**lines, "reason": reason, "detail": _details(reading, types, reason, known)})


def _reasons(reading: Reading, lines: Mapping[str, pa.Array], known: Known, now: datetime) -> pa.Array:
    types, item = lines["type"], lines["item_id"]
    about = pc.if_else(_are(types, *_OF_ITEMS), item, pc.coalesce(item, lines["campaign_id"]))
    in_range = pc.and_(pc.greater(lines["propensity"], 0.0), pc.less_equal(lines["propensity"], 1.0))
    place = reading.number("position")
    from_one = pc.and_(pc.equal(place, lines["position"]), pc.and_(pc.greater_equal(place, 1), pc.less(place, 2**31)))
    unread = pc.and_(pc.is_valid(reading.text("value")), pc.is_null(lines["amount"]))
    return first_reason(
        {
            "unknown_kind": pc.invert(pc.is_in(types, pa.array(FEEDBACK_TYPES))),
            "bad_time": pc.is_null(lines["said_at"]) if "ts" in reading.roles else _nowhere(types),
            "future_date": pc.fill_null(pc.greater(lines["ts"], pa.scalar(now, UTC)), fill_value=False),
            "unknown_customer": pc.invert(_among(lines["customer_id"], known.customers)),
            "unknown_item": pc.and_(pc.is_valid(item), pc.invert(_among(item, known.items))),
            "no_item": pc.and_(pc.is_null(about), pc.invert(_are(types, "correction"))),
            "bad_rating": pc.and_(_are(types, "rating"), pc.is_null(lines["rating"])),
            "unknown_tier": pc.and_(_are(types, "correction"), pc.is_null(lines["text"])),
            "bad_propensity": _given_but_not(reading, "propensity", in_range),
            "bad_position": _given_but_not(reading, "position", from_one),
            "bad_amount": pc.and_(_are(types, "conversion"), unread),
        }
    )


def _details(reading: Reading, types: pa.Array, reason: pa.Array, known: Known) -> pa.Array:
    """What is wrong with each row that is set aside, in a sentence."""
    tiers = ", ".join(dict.fromkeys(known.tiers.values()))
    said: dict[str, tuple[tuple[str, ...], str]] = {
        "unknown_kind": (("type",), f"is none of {', '.join(FEEDBACK_TYPES)}"),
        "bad_time": (("ts",), "is no date"),
        "future_date": (("ts",), "lies in the future"),
        "unknown_customer": (_PEOPLE, "is no customer of the shop"),
        "unknown_item": (("item_id", "item_name"), "is no item of the shop"),
        "no_item": (("type",), "names no item or campaign that it is about"),
        "no_item_itself": (("type",), "names no item that it is about"),
        "bad_rating": (("rating", "value"), "is no number"),
        "unknown_tier": (("tier", "value"), f"is none of the tiers {tiers}"),
        "bad_propensity": (("propensity",), "is not above 0 and up to 1"),
        "bad_position": (("position",), "is no whole number from 1 on"),
        "bad_amount": (("value",), "is no number"),
    }
    lacks_item = pc.and_(pc.fill_null(pc.equal(reason, "no_item"), fill_value=False), _are(types, *_OF_ITEMS))
    detail = reason = pc.if_else(lacks_item, "no_item_itself", reason)
    for name, (roles, words) in said.items():
        there = [role for role in roles if role in reading.roles]
        values = pc.coalesce(*(reading.text(role) for role in there or roles))
        sentence = quoted(reading.roles[there[0]] if there else roles[0], values, words)
        detail = pc.if_else(pc.fill_null(pc.equal(reason, name), fill_value=False), sentence, detail)
    return detail


def _customers(reading: Reading, known: Known) -> pa.Array:
    """Customer ids as in the orders; an address finds whom the contacts know by it."""
    keys, email, phone = (reading.text(role) if role in reading.roles else None for role in _PEOPLE)
    ids = customer_keys(keys, email, phone, reading.config)
    whose = known.customer_of.take(pc.index_in(ids, value_set=known.addressed))
    return pc.if_else(_among(ids, known.customers), ids, pc.coalesce(whose, ids))


def _times(reading: Reading) -> pa.Array:
    """When it was said; null throughout where no column tells."""
    if "ts" not in reading.roles:
        return pa.nulls(reading.raw.table.num_rows, UTC)
    shop = reading.config.shop
    return as_time(reading.raw.table[reading.roles["ts"]], reading.date_order, shop.timezone, reading.config.engine)


def _tiers(reading: Reading, known: Known) -> pa.Array:
    encoded = pc.coalesce(reading.text("tier"), reading.text("value")).dictionary_encode()
    names = [known.tiers.get(plain(word)) for word in encoded.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(encoded.indices)


def _first_number(reading: Reading, role: str, otherwise: str) -> pa.Array:
    """Numbers of a column, or where it says nothing of another."""
    return pc.if_else(pc.is_valid(reading.text(role)), reading.number(role), reading.number(otherwise))


def _ids(accepted: pa.Table, reading: Reading, config: Config) -> pa.Array:
    """Ids by who said what, when and about what; without a time by all that was said."""
    if "ts" in reading.roles:
        return numbered_ids(accepted, _SAID, _CONTENT, KIND, config)
    whole = ", ".join(f"coalesce({name}::VARCHAR, '')" for name in _CONTENT.split(", "))
    return numbered_ids(accepted, f"concat_ws(chr(31), {_SAID}, {whole})", _CONTENT, KIND, config)


def _guessed(reading: Reading, kind: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {} if kind is None else {"kind": kind}
    return told if "ts" in reading.roles else told | {"time": "now"}


def _where(types: pa.Array, kind: str, values: pa.Array) -> pa.Array:
    return pc.if_else(_are(types, kind), values, None)


def _are(types: pa.Array, *kinds: str) -> pa.Array:
    return pc.is_in(types, pa.array(kinds))


def _among(values: pa.Array, known: pa.Array) -> pa.Array:
    return pc.and_(pc.is_valid(values), pc.is_in(values, value_set=known))


def _given_but_not(reading: Reading, role: str, sound: pa.Array) -> pa.Array:
    return pc.and_(pc.is_valid(reading.text(role)), pc.invert(pc.fill_null(sound, fill_value=False)))


def _nowhere(like: pa.Array) -> pa.Array:
    return pa.array(np.zeros(len(like), dtype=bool))
