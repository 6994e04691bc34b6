"""Joins files that belong together: lines with their orders, and tables of customers or products with both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.columns import find_columns
from shijin.collect.mapped import MONEY_ROLES
from shijin.collect.raw import Raw
from shijin.collect.values import as_text, share_of
from shijin.prepare.clean import by_plain, plain

_OVERLAP = 0.5  # share of the keys of one file that the other must have
_ONE_ROW_A_KEY = 0.999  # distinct keys over rows of a table of customers or products
_PEOPLE = ("customer_id", "email", "phone", "person")


@dataclass(frozen=True)
class _File:
    raw: Raw
    roles: Mapping[str, tuple[str, ...]]

    def has(self, *roles: str) -> bool:
        return any(role in self.roles for role in roles)

    @property
    def is_whole(self) -> bool:
        """Whether it can be read alone: it has customers and times."""
        return self.has(*_PEOPLE) and self.has("ts")

    @property
    def is_lines(self) -> bool:
        """Whether it has the lines of orders that another file has."""
        return self.has("order_id") and not self.is_whole and self.has("item_id", "item_name", *MONEY_ROLES)


def together(raws: Sequence[Raw]) -> list[Raw]:
    """Join the files that belong together; each other one stays as it is.

    A file of lines without customers or times is joined with the file of orders that has its order numbers. A file that
    cannot be read alone, and has one row a key, is joined where another has a column of the same name and most of its
    values.

    Examples
    --------
    >>> from shijin.collect.raw import from_arrow
    >>> days = ["2024-01-02", "2024-01-03"]
    >>> orders = pa.table({"order_id": ["1", "2"], "customer_id": ["a", "b"], "date": days, "total": ["9", "7"]})
    >>> lines = pa.table({"order_id": ["1", "1", "2"], "sku": ["x", "y", "x"], "price": ["4", "5", "7"]})
    >>> files = [from_arrow(one, name, "", {}, name) for one, name in ((orders, "o.csv"), (lines, "l.csv"))]
    >>> [joined] = together(files)
    >>> joined.name, joined.table.select(["order_id", "sku", "customer_id", "total"]).to_pylist()[1]
    ('l.csv + o.csv', {'order_id': '1', 'sku': 'y', 'customer_id': 'a', 'total': '9'})
    """
    files = [_File(raw, find_columns(raw, {})) for raw in raws]
    lines = [one for one in files if one.is_lines]
    rest = [one for one in files if not one.is_lines]
    joined = []
    for one in lines:
        orders = max(
            (other for other in rest if other.has("order_id")), key=lambda other: _shared(one, other), default=None
        )
        if orders is None or _shared(one, orders) < _OVERLAP:
            rest.append(one)
            continue
        rest.remove(orders)
        joined.append(_joined(one, orders, one.roles["order_id"][0], orders.roles["order_id"][0], is_orders=True))
    tables = [one for one in rest if not one.is_whole]
    bases = [*joined, *(one for one in rest if one.is_whole)]
    for table in list(tables):
        for place, base in enumerate(bases):
            key = _lookup_key(base, table)
            if key is not None:
                bases[place] = _joined(base, table, *key, is_orders=False)
                tables.remove(table)
                break
    return [one.raw for one in [*bases, *tables]]


def _keys(one: _File, column: str) -> pa.Array:
    return as_text(one.raw.table[column])


def _shared(lines: _File, orders: _File) -> float:
    """Share of the lines' order numbers that a file of orders has."""
    ids = pc.unique(_keys(lines, lines.roles["order_id"][0])).drop_null()
    known = pc.unique(_keys(orders, orders.roles["order_id"][0]))
    return share_of(pc.is_in(ids, value_set=known))


def _lookup_key(base: _File, table: _File) -> tuple[str, str] | None:
    """The columns, one in each file, by which a table of customers or products belongs to another file."""
    there = by_plain(base.raw.table.column_names)
    for name in table.raw.table.column_names:
        if plain(name) not in there:
            continue
        keys, values = _keys(table, name), pc.unique(_keys(base, there[plain(name)])).drop_null()
        filled = len(keys) - keys.null_count
        is_key = filled and pc.count_distinct(keys).as_py() >= _ONE_ROW_A_KEY * filled
        if is_key and len(values) > 1 and share_of(pc.is_in(values, value_set=keys)) >= _OVERLAP:
            return there[plain(name)], name
    return None


def _joined(left: _File, right: _File, left_key: str, right_key: str, *, is_orders: bool) -> _File:
    """Add the columns of the right file to each row of the left; rows of orders without lines are added at the end."""
    keys, known = _keys(left, left_key), _keys(right, right_key)
    table, other = left.raw.table, right.raw.table
    if is_orders:  # the status of the order counts, not a copy of it on the line
        shared = {plain(name) for name in other.column_names}
        copies = [name for name in left.roles.get("status", ()) if plain(name) in shared]
        table = table.drop_columns(copies)
        missing = pc.invert(pc.is_in(known, value_set=pc.unique(keys)))
        alone = {
            name: other[right_key].filter(missing).cast(pa.string()) if name == left_key else None
            for name in table.column_names
        }
        n = pc.sum(missing).as_py() or 0
        extra = pa.table({name: pa.nulls(n, pa.string()) if one is None else one for name, one in alone.items()})
        table = pa.concat_tables([_texts(table), extra]).combine_chunks()
        keys = as_text(table[left_key])
    names = {plain(name) for name in table.column_names}
    places, added = pc.index_in(keys, value_set=known), []
    for name in other.column_names:
        if name != right_key and (plain(name) != plain(left_key)):
            title = f"{name} ({right.raw.name})" if plain(name) in names else name
            table = table.append_column(title, other[name].take(places))
            added += [title] if is_orders else []
    raw = Raw(
        table=table,
        row=np.arange(1, table.num_rows + 1),
        name=f"{left.raw.name} + {right.raw.name}",
        digest=hashlib.sha256(f"{left.raw.digest} {right.raw.digest}".encode()).hexdigest(),
        columns=tuple(table.column_names),
        broken=tuple(
            (table.num_rows + n, text) for n, (_, text) in enumerate((*left.raw.broken, *right.raw.broken), 1)
        ),
        detected=left.raw.detected,
        findings=(*left.raw.findings, *right.raw.findings),
        of_orders=(*left.raw.of_orders, *added),
    )
    return _File(raw, find_columns(raw, {}))


def _texts(table: pa.Table) -> pa.Table:
    return pa.table([as_text(column) for column in table.columns], names=table.column_names)
