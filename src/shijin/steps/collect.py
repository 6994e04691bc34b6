"""collect: a shop's files go into its workspace; the same file again changes nothing.

Items and contacts are committed before the events that need them, the receipt comes last. A run that is killed in
between leaves whole tables, and the next run of the same file adds what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import Collected, CollectOptions, Context, from_table, read_sources
from shijin.collect.language import is_chinese
from shijin.errors import ConfigError, EmptyHistoryError, SourceError
from shijin.notes import Note, Progress
from shijin.prepare.findings import finding, findings_table
from shijin.prepare.quality import rejections
from shijin.prepare.voids import void_orders
from shijin.steps.cards import CollectionCard
from shijin.steps.receipts import options_as_json
from shijin.steps.superseded import ended_lines, renamed_customers, withdrawn_lines, without_events, without_known_lines
from shijin.workspace import Merged, Receipt, Result, Workspace
from shijin.workspace.receipts import started

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class SourceOptions:
    """A source and how it is to be read.

    Parameters
    ----------
    source
        A file, several files, or a table in memory.
    needs_orders
        Whether a source is refused that leaves the workspace without any order; otherwise a finding says so.
    """

    source: Path | tuple[Path, ...] | pa.Table
    reading: CollectOptions = field(default_factory=CollectOptions)
    needs_orders: bool = False

    @property
    def name(self) -> str:
        """The source's name."""
        if isinstance(self.source, pa.Table):
            return "table in memory"
        return " + ".join(path.name for path in self.paths)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files; none for a table in memory."""
        if isinstance(self.source, pa.Table):
            return ()
        return (self.source,) if isinstance(self.source, Path) else self.source


def collect(
    workspace: Workspace, options: SourceOptions, now: datetime, progress: Progress | None = None
) -> Result[CollectionCard]:
    """Collect a file, several files, or a table in memory.

    Files that belong together, such as orders and their lines, are read as one source; each other file is a source of
    its own, with its own receipt. All are read before anything is written.

    Returns
    -------
    Result
        Card and receipt balance: rows, and money, in = accepted + updated + duplicates + quarantined. Table
        "findings": `schema.FINDINGS`, what was noticed about the sources. Of several sources the card has the sums.

    Raises
    ------
    SourceError, QuarantineError, ConfigError
        When a source cannot be used; then nothing has changed.
    EmptyHistoryError
        When orders are needed and there are none; then nothing has changed.
    BusyError, WorkspaceError
        When the workspace cannot be written.
    """
    del progress  # every step has the same parameters
    workspace.refuse_busy()
    sources = read(options, workspace, now)
    with workspace.lock():
        _refuse_without_orders(workspace, options, sources)
        results = [_collect_one(workspace, options, collected, now) for collected in sources]
    return results[0] if len(results) == 1 else _combined(options, results)


def _collect_one(
    workspace: Workspace, options: SourceOptions, collected: Collected, now: datetime
) -> Result[CollectionCard]:
    """Write what one source gives; the workspace is locked."""
    config = workspace.config
    collected, unused = without_known_lines(workspace, collected)
    findings = [*collected.findings.to_pylist(), *unused, *rejections(collected.rejected, collected.rows_in)]
    findings += void_orders(collected.events, config)
    _refuse_second_currency(workspace.read("events", ["currency"]), collected, config.shop.currency)
    findings += _no_orders_yet(workspace, collected)
    workspace.refuse_full_disk(collected.events, collected.items, collected.contacts, collected.rejected)
    before = workspace.versions()
    if collected.timezone is not None and not workspace.set_shop("timezone", collected.timezone):
        raise ConfigError("steps.zone_not_set", key="shop.timezone", zone=collected.timezone)
    if collected.contacts.num_rows:
        workspace.merge("contacts", _filled(collected.contacts, workspace.read("contacts")), "customer_id")
    if collected.items.num_rows:
        workspace.merge("items", _filled(workspace.read("items"), collected.items), "item_id")
    collected, ended = ended_lines(workspace, collected)
    withdrawn = withdrawn_lines(workspace, collected)
    gone = pa.concat_tables([withdrawn, without_events(ended, withdrawn)])
    changed = pa.concat_tables([collected.events, gone, renamed_customers(workspace, collected, gone)])
    merged = workspace.merge("events", changed, "event_id")
    rows = rows_of(collected, merged.status) | {"withdrawn": withdrawn.num_rows, "derived": collected.derived}
    committed = Committed(before, rows, _money(collected, merged))
    result = collection(workspace, "collect", options, collected, findings_table(findings), committed, now)
    return replace(result, notes=tuple(_new_language(workspace, collected, before)))


def _combined(options: SourceOptions, results: Sequence[Result[CollectionCard]]) -> Result[CollectionCard]:
    """The results of several sources as one: sums of rows and money, and all findings."""
    cards = [result.card for result in results]
    last = results[-1]
    card = last.card.model_copy(
        update={
            "source": options.name,
            "rows": _sums([card.rows for card in cards]),
            "money": _sums([card.money for card in cards]),
            "findings": [finding for card in cards for finding in card.findings],
            "unread": list(dict.fromkeys(name for card in cards for name in card.unread)),
        }
    )
    tables = {"findings": pa.concat_tables([result.table for result in results])}
    notes = tuple(note for result in results for note in result.notes)
    return replace(last, card=card, tables=tables, notes=notes)


def _sums(counts: Sequence[dict[str, Number]]) -> dict[str, Number]:
    names = dict.fromkeys(name for one in counts for name in one)
    return {name: sum((one[name] for one in counts if name in one), start=type(counts[0][name])()) for name in names}


def read(options: SourceOptions, workspace: Workspace, now: datetime) -> list[Collected]:
    """Read sources of orders, from files or from memory."""
    is_new = all(version < 0 for version in workspace.versions().values())
    context = Context(workspace.config, options.reading, now, workspace.read("contacts"), workspace.root, is_new)
    if isinstance(options.source, pa.Table):
        return [from_table(options.source, context)]
    return read_sources(options.paths, context)


@dataclass(frozen=True)
class Committed:
    """What a source changed in the workspace.

    Parameters
    ----------
    before
        Versions of the datasets before it.
    rows, money
        What became of its rows and of their money.
    kinds
        Of feedback: new rows by kind.
    """

    before: dict[str, int]
    rows: dict[str, int]
    money: dict[str, float] = field(default_factory=dict)
    kinds: dict[str, int] | None = None


def collection(
    workspace: Workspace,
    verb: str,
    options: SourceOptions,
    collected: Collected,
    findings: pa.Table,
    committed: Committed,
    now: datetime,
) -> Result[CollectionCard]:
    """Keep the rows that were set aside and the receipt; gives the result of a verb that collected a source."""
    listed = findings.to_pylist()
    kinds = {} if committed.kinds is None else {"kinds": committed.kinds}
    card = CollectionCard(
        source=collected.name or options.name,
        digest=collected.digest,
        guess=collected.guess,
        columns={role: list(names) for role, names in collected.reading.columns.items()},
        unread=list(collected.reading.unread),
        rows=committed.rows,
        money=committed.money,
        findings=listed,
        **kinds,
    )
    receipt = Receipt(
        verb=verb,
        started_at=started(now),
        inputs={"source": card.source, "options": options_as_json(options.reading)},
        card={"digest": card.digest, "guess": card.guess, "columns": card.columns, "unread": card.unread} | kinds,
        rows=committed.rows,
        money=committed.money,
        findings=tuple(listed),
        before=committed.before,
        after=workspace.versions(),
        outputs=_keep_rejected(workspace, collected),
    )
    workspace.write_receipt(receipt)
    return Result(verb, card, receipt, {"findings": findings})


def _new_language(workspace: Workspace, collected: Collected, before: dict[str, int]) -> list[Note]:
    """Give a new workspace the language of its first source, unless its config names one; a note where it does."""
    first = all(version < 0 for version in before.values())
    columns = [name for names in collected.reading.columns.values() for name in names]
    if not first or "locale" in workspace.config.shop.model_fields_set or not is_chinese(columns):
        return []
    return [{"code": "console.locale_set"}] if workspace.set_shop("locale", "zh") else []


def has_orders(events: pa.Table) -> bool:
    """Whether there is an order among events."""
    return bool(pc.any(pc.equal(events["type"], "order")).as_py())


def _refuse_without_orders(workspace: Workspace, options: SourceOptions, sources: Sequence[Collected]) -> None:
    """Refuse sources without an order where orders are needed and the workspace has none."""
    there = any(has_orders(collected.events) for collected in sources) or has_orders(workspace.read("events", ["type"]))
    if options.needs_orders and not there:
        raise EmptyHistoryError("steps.no_orders", options.name)


def _no_orders_yet(workspace: Workspace, collected: Collected) -> list[dict[str, object]]:
    """A finding where neither the source nor the workspace holds an order."""
    if has_orders(collected.events) or has_orders(workspace.read("events", ["type"])):
        return []
    rows = collected.events.num_rows
    return [finding("no_orders_yet", "warns", rows, rows / collected.rows_in)]


def _keep_rejected(workspace: Workspace, collected: Collected) -> tuple[str, ...]:
    """Keep the rows that were set aside; gives the file, relative to the workspace, where there are any."""
    if not collected.rejected.num_rows:
        return ()
    # Named by content, so that the same file again replaces its rows and does not double them.
    path = workspace.write_quarantine(collected.digest[:16], collected.rejected)
    return (str(path.relative_to(workspace.root)),)


def _refuse_second_currency(events: pa.Table, collected: Collected, configured: str | None) -> None:
    old = pc.unique(events["currency"]).drop_null().to_pylist()
    new = pc.unique(collected.events["currency"]).drop_null().to_pylist()
    if configured is None and old and new and set(new) != set(old):
        source = str(collected.events["source"][0])
        raise SourceError("steps.second_currency", source, new=", ".join(new), old=", ".join(old))


def _filled(first: pa.Table, second: pa.Table) -> pa.Table:
    """Rows whose key is in either table: the values of `first`, and of `second` where `first` has none."""
    key, *rest = first.column_names
    joined = pa.table({key: pc.unique(pa.chunked_array([*first[key].chunks, *second[key].chunks], pa.string()))})
    columns = {key: joined[key]}
    for name in rest:
        values = [_looked_up(joined[key], table[key], table[name]) for table in (first, second)]
        columns[name] = pc.coalesce(*values)
    return pa.table(columns, schema=first.schema)


def _looked_up(keys: pa.ChunkedArray, among: pa.ChunkedArray, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return values.take(pc.index_in(keys, value_set=among))


def rows_of(collected: Collected, status: pa.Array) -> dict[str, int]:
    """What became of each row of the source: in = accepted + updated + duplicates + quarantined.

    Parameters
    ----------
    status : (n,) string
        What the merge did with each event.
    """
    of_rows = status.slice(0, collected.events.num_rows - collected.derived)
    counts = {name: pc.sum(pc.equal(of_rows, status)).as_py() or 0 for name, status in _BECAME.items()}
    counts["duplicates"] += collected.repeated
    return {"in": collected.rows_in, **counts, "quarantined": collected.rejected.num_rows}


def _money(collected: Collected, merged: Merged) -> dict[str, float]:
    status = merged.status.slice(0, collected.events.num_rows)
    amounts = collected.events["amount"]
    sums = {name: _sum(amounts.filter(pc.equal(status, became))) for name, became in _BECAME.items()}
    sums["duplicates"] += collected.repeated_money
    return {"in": collected.money_in, **sums, "quarantined": _sum(collected.rejected["amount"])}


def _sum(amounts: pa.ChunkedArray) -> float:
    return float(pc.sum(amounts).as_py() or 0.0)


_BECAME = {"accepted": "new", "updated": "changed", "duplicates": "same"}
