"""Rows of feedback become lines, each accepted or with the reason why it is set aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.feedback.known import PEOPLE, KnownIds, is_among
from shijin.collect.mapped import MappedSource
from shijin.collect.reasons import Fault, details_of, first_reason
from shijin.collect.values import all_false, is_true
from shijin.prepare.clean import FEEDBACK_WORDS, canonical_types
from shijin.schema import FEEDBACK_TYPES, UTC

_NEEDS_ITEM = ("rating", "dismiss")  # the other kinds may be about a campaign


def feedback_lines(source: MappedSource, kind: str | None, known: KnownIds, now: datetime) -> pa.Table:
    """Convert rows to lines; ``stated_at`` is the time that the source states, ``ts`` that or `now`.

    Parameters
    ----------
    kind
        The kind of every row; None where the source has a column of kinds.
    """
    n = source.raw.table.num_rows
    types = pa.repeat(kind, n) if kind else canonical_types(source.text("type"), FEEDBACK_WORDS)
    stated_at = source.time("ts") if "ts" in source.roles else pa.nulls(n, UTC)
    tiers = known.tiers_of(pc.coalesce(source.text("tier"), source.text("value")))
    lines = {
        "row": pa.array(source.raw.row),
        "customer_id": known.customers_of(source),
        "ts": pc.coalesce(stated_at, pa.scalar(now, UTC)),
        "stated_at": stated_at,
        "type": types,
        "item_id": pc.coalesce(source.text("item_id"), source.text("item_name")),
        "rating": _only_for("rating", types, _ratings(source)),
        "text": _only_for("correction", types, tiers),
        "amount": _only_for("conversion", types, source.number("value")),
        "position": pc.round(source.number("position")),
        "propensity": source.number("propensity"),
        **{role: source.text(role) for role in ("policy_id", "campaign_id", "arm", "channel", "session_id")},
    }
    reason = _reasons(source, lines, known, now)
    return pa.table({**lines, "reason": reason, "detail": _details(source, types, reason, known)})


def _reasons(source: MappedSource, lines: Mapping[str, pa.Array], known: KnownIds, now: datetime) -> pa.Array:
    types, item = lines["type"], lines["item_id"]
    subject = pc.if_else(_is_kind(types, *_NEEDS_ITEM), item, pc.coalesce(item, lines["campaign_id"]))
    in_range = pc.and_(pc.greater(lines["propensity"], 0.0), pc.less_equal(lines["propensity"], 1.0))
    place = source.number("position")
    # A whole number equals itself rounded.
    from_one = pc.and_(pc.equal(place, lines["position"]), pc.and_(pc.greater_equal(place, 1), pc.less(place, 2**31)))
    no_number = pc.and_(pc.is_valid(source.text("value")), pc.is_null(lines["amount"]))
    return first_reason(
        {
            "unknown_kind": pc.invert(pc.is_in(types, pa.array(FEEDBACK_TYPES))),
            "bad_time": pc.is_null(lines["stated_at"]) if "ts" in source.roles else all_false(len(types)),
            "future_date": is_true(pc.greater(lines["ts"], pa.scalar(now, UTC))),
            "unknown_customer": pc.invert(is_among(lines["customer_id"], known.customers)),
            "unknown_item": pc.and_(pc.is_valid(item), pc.invert(is_among(item, known.items))),
            "no_item": pc.and_(pc.is_null(subject), pc.invert(_is_kind(types, "correction"))),
            "bad_rating": pc.and_(_is_kind(types, "rating"), pc.is_null(lines["rating"])),
            "unknown_tier": pc.and_(_is_kind(types, "correction"), pc.is_null(lines["text"])),
            "bad_propensity": _is_wrong(source, "propensity", in_range),
            "bad_position": _is_wrong(source, "position", from_one),
            "bad_amount": pc.and_(_is_kind(types, "conversion"), no_number),
        }
    )


def _details(source: MappedSource, types: pa.Array, reason: pa.Array, known: KnownIds) -> pa.StructArray:
    """Name the column and the value at fault in each row that is set aside."""
    columns: dict[str, tuple[str, ...]] = {
        "unknown_kind": ("type",),
        "bad_time": ("ts",),
        "future_date": ("ts",),
        "unknown_customer": PEOPLE,
        "unknown_item": ("item_id", "item_name"),
        "no_item": ("type",),
        "no_item_or_campaign": ("type",),
        "bad_rating": ("rating", "value"),
        "unknown_tier": ("tier", "value"),
        "bad_propensity": ("propensity",),
        "bad_position": ("position",),
        "bad_amount": ("value",),
    }
    allowed = {"unknown_kind": FEEDBACK_TYPES, "unknown_tier": dict.fromkeys(known.tiers.values())}
    may_be_campaign = pc.and_(is_true(pc.equal(reason, "no_item")), pc.invert(_is_kind(types, *_NEEDS_ITEM)))
    sentence = pc.if_else(may_be_campaign, "no_item_or_campaign", reason)
    faults = {}
    for code in pc.unique(sentence).drop_null().to_pylist():
        roles = columns[code]
        there = [role for role in roles if role in source.roles] or list(roles)
        column = source.column(there[0]) or roles[0]
        values = pc.coalesce(*(source.text(role) for role in there))
        faults[code] = Fault(column, values, ", ".join(allowed.get(code, ())))
    return details_of(sentence, faults)


def _ratings(source: MappedSource) -> pa.Array:
    """Read ratings, or the column of values where that of ratings is empty."""
    return pc.if_else(pc.is_valid(source.text("rating")), source.number("rating"), source.number("value"))


def _only_for(kind: str, types: pa.Array, values: pa.Array) -> pa.Array:
    return pc.if_else(_is_kind(types, kind), values, None)


def _is_kind(types: pa.Array, *kinds: str) -> pa.Array:
    return pc.is_in(types, pa.array(kinds))


def _is_wrong(source: MappedSource, role: str, is_sound: pa.Array) -> pa.Array:
    """Flag rows that have a value which is not sound."""
    return pc.and_(pc.is_valid(source.text(role)), pc.invert(is_true(is_sound)))
