"""Reads a source of feedback: finds its columns and its kind, and builds `Collected`."""

from __future__ import annotations

import tomllib
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import guess
from shijin.collect.assemble import events_of, refuse_too_many_bad, rejected_of
from shijin.collect.collected import Collected, CollectOptions
from shijin.collect.column_list import shortened
from shijin.collect.feedback.known import PEOPLE, KnownIds
from shijin.collect.feedback.lines import feedback_lines
from shijin.collect.files import read_raw
from shijin.collect.formats import table
from shijin.collect.ids import numbered_ids
from shijin.collect.mapped import MappedSource, guess_of, notes_of_reading, reading_of
from shijin.collect.raw import Raw, digest_of, from_arrow, readable
from shijin.collect.source import refuse_unknown_format
from shijin.collect.values import as_text
from shijin.config import Config
from shijin.errors import ConfigError, SourceError
from shijin.prepare.findings import findings_table
from shijin.schema import CONTACTS, FEEDBACK_TYPES, ITEMS

KIND = "feedback"
_AS_IN_ORDERS = (*PEOPLE, "item_id", "channel", "session_id")
ROLES: dict[str, list[str]] = {name: guess.ROLES[name] for name in _AS_IN_ORDERS} | {
    "item_id": [*guess.ROLES["item_id"], *guess.ITEM_NAMES]
}
ROLES |= tomllib.loads((files("shijin.collect") / "feedback" / "columns.toml").read_text("utf-8"))
# Columns that only one kind of feedback has: they decide the kind where the source has no column of kinds.
_DECISIVE = {"rating": ("rating",), "exposure": ("propensity", "position", "policy_id"), "correction": ("tier",)}
_IDENTITY = (
    "concat_ws(chr(31), $kind, customer_id, epoch_us(stated_at), type, coalesce(item_id, ''),"
    " coalesce(campaign_id, ''))"
)
_CONTENT = "rating, text, amount, position, propensity, policy_id, arm, channel, session_id"


def read_feedback(
    source: Path | pa.Table, known: KnownIds, config: Config, options: CollectOptions, now: datetime
) -> Collected:
    """Read a file of feedback, or a table in memory.

    Without a column of times all feedback is dated `now`, and the ids of its events do not depend on it.

    Raises
    ------
    SourceError
        When it cannot be read, no column can be the customer, or no column decides the kind of feedback.
    QuarantineError
        When more rows are bad than the shop allows.
    ConfigError
        When an option has an impossible value.

    Examples
    --------
    >>> from datetime import UTC
    >>> some = pa.table({"user": ["a", "a"], "product": ["tea", "rum"], "stars": ["5", "2"]})
    >>> known = KnownIds(pa.array(["a"]), pa.array(["tea", "rum"]), {}, pa.array([], "string"), pa.array([], "string"))
    >>> read = read_feedback(some, known, Config(), CollectOptions(), datetime(2025, 1, 1, tzinfo=UTC))
    >>> read.events.select(["type", "item_id", "rating"]).to_pylist()[0], read.guess["kind"]
    ({'type': 'rating', 'item_id': 'tea', 'rating': 5.0}, 'rating')
    """
    refuse_unknown_format(options)
    if options.format not in ("auto", table.FORMAT.name):
        raise ConfigError("collect.format_of_orders", key="format", format=options.format)
    raw = _raw(source, options.encoding or config.collect.encoding)
    mapped = _mapped(raw, config, options)
    kind = None if "type" in mapped.roles else _only_kind(mapped)
    lines = feedback_lines(mapped, kind, known, now)
    rejected = rejected_of(lines, mapped.raw, config)
    refuse_too_many_bad(rejected, lines, mapped.raw, config)
    accepted = lines.filter(pc.is_null(lines["reason"]))
    return Collected(
        events=events_of(accepted, _ids(accepted, mapped, config), mapped.raw, now),
        items=ITEMS.empty_table(),
        contacts=CONTACTS.empty_table(),
        rejected=rejected,
        findings=findings_table([*raw.findings, *notes_of_reading(mapped)]),
        guess=guess_of(mapped, KIND) | _guess_of_feedback(mapped, kind),
        reading=reading_of(mapped, KIND),
        rows_in=raw.rows_in,
        money_in=0.0,
        derived=0,
        whole_orders=False,
        digest=raw.digest,
    )


def _raw(source: Path | pa.Table, encoding: str | None) -> Raw:
    if isinstance(source, Path):
        return read_raw(source, encoding)
    return from_arrow(source, "table", digest_of(source), {"file": "table in memory"}, "table")


def _mapped(raw: Raw, config: Config, options: CollectOptions) -> MappedSource:
    """Find the columns, and decide the decimal sign and the order of dates."""
    roles, raw = _roles(raw, config, options)
    numbers = [as_text(raw.table[roles[role]]) for role in ("rating", "value", "propensity") if role in roles]
    decimal = options.decimal or config.collect.decimal
    decimal = decimal or guess.decimal_of(pa.concat_arrays(numbers) if numbers else pa.array([], pa.string()))
    times = as_text(raw.table[roles["ts"]]) if "ts" in roles else pa.array([], pa.string())
    guessed, is_guess = guess.date_order_of(times, config.shop.currency)
    chosen = options.date_order or config.collect.date_order
    columns = {role: (name,) for role, name in roles.items()}
    return MappedSource(raw, columns, decimal, chosen or guessed, is_guess and not chosen, config)


def _roles(raw: Raw, config: Config, options: CollectOptions) -> tuple[dict[str, str], Raw]:
    """Find columns by role, without those that are empty, and the source without columns that are not text."""
    names = raw.table.column_names
    mapped = {role: column for role, column in config.collect.map.items() if role in ROLES and column in names}
    roles = guess.columns_of(names, {**mapped, **options.map}, raw.name, ROLES)
    raw = readable(raw, roles.values())
    roles = {role: name for role, name in roles.items() if as_text(raw.table[name]).null_count < raw.table.num_rows}
    if not set(PEOPLE) & set(roles):
        raise SourceError("collect.no_customer_in_feedback", raw.name, columns=shortened(names))
    return roles, raw


def _only_kind(source: MappedSource) -> str:
    """Decide the kind of every row by the columns that only one kind has."""
    kinds = [kind for kind, roles in _DECISIVE.items() if set(roles) & set(source.roles)]
    if len(kinds) != 1:
        code = "collect.several_kinds_of_feedback" if kinds else "collect.no_kind_of_feedback"
        columns, types = shortened(source.raw.table.column_names), ", ".join(FEEDBACK_TYPES)
        raise SourceError(code, source.raw.name, columns=columns, kinds=", ".join(kinds), types=types)
    return kinds[0]


def _ids(accepted: pa.Table, source: MappedSource, config: Config) -> pa.Array:
    """Make ids of customer, time, kind, item and campaign; without a time of all that a line contains."""
    # With a time, values are no part of the identity: a row that corrects a value replaces the former.
    if "ts" in source.roles:
        return numbered_ids(accepted, _IDENTITY, _CONTENT, KIND, config)
    content = ", ".join(f"coalesce({name}::VARCHAR, '')" for name in _CONTENT.split(", "))
    return numbered_ids(accepted, f"concat_ws(chr(31), {_IDENTITY}, {content})", _CONTENT, KIND, config)


def _guess_of_feedback(source: MappedSource, kind: str | None) -> dict[str, Any]:
    """What else was guessed: the kind of every row, and that it was given now."""
    guessed: dict[str, Any] = {} if kind is None else {"kind": kind}
    return guessed if "ts" in source.roles else guessed | {"time": "now"}
