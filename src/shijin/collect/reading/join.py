"""Joins tables that look alike, such as the sheets of a workbook or the files of an archive, into one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.raw import Raw
from shijin.collect.values import as_number, as_text
from shijin.config import EngineSection
from shijin.engine.duckdb import connect
from shijin.prepare.clean import plain

_ALIKE = 0.7  # share of columns that two tables must have in common, where one has all of the other


def alike(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether two tables have the same columns, or one has a few more: in any order, whatever case and spaces.

    Examples
    --------
    >>> alike(["Order ID", "Total", "Date"], ["date", "order_id", "TOTAL"])
    True
    >>> alike(["Order ID", "Total", "Date", "Buyer"], ["Buyer", "Total"])
    False
    """
    one, other = {plain(name) or name for name in first}, {plain(name) or name for name in second}
    common = len(one & other)
    larger, smaller = max(len(one), len(other)), min(len(one), len(other))
    # With many columns, one table may have a column or two of its own, and so may the other.
    return common >= _ALIKE * larger and (common == smaller or common >= max(4, 0.8 * larger))


def joined(raws: Sequence[Raw]) -> Raw:
    """Join sources that look alike, one below the other; the largest gives the names.

    Rows are numbered on from one to the next.
    """
    main = max(raws, key=lambda raw: raw.rows_in)
    tables, numbers, broken, before = [], [], [], 0
    for raw in raws:
        tables.append(_renamed(raw.table, main.table.column_names))
        numbers.append(raw.row + before)
        broken += [(number + before, text) for number, text in raw.broken]
        before += int(max([0, *raw.row[-1:], *(number for number, _ in raw.broken[-1:])]))
    names = list(dict.fromkeys(name for table in tables for name in table.column_names))
    unread = [name for raw in raws for name in raw.columns if name not in raw.table.column_names]
    findings = tuple(row for raw in raws for row in raw.findings)
    return replace(
        main,
        table=_below(tables),
        row=np.concatenate(numbers),
        columns=tuple(dict.fromkeys([*main.columns, *names, *unread])),
        broken=tuple(broken),
        findings=findings,
    )


def _renamed(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Give a table the names that another has for its columns."""
    by_plain = {plain(name) or name: name for name in reversed(names)}
    own = [by_plain.get(plain(name) or name, name) for name in table.column_names]
    # Two columns that differ in their punctuation alone keep their names.
    return table.rename_columns(
        [name if own.count(name) == 1 else old for name, old in zip(own, table.column_names, strict=True)]
    )


def _below(tables: Sequence[pa.Table]) -> pa.Table:
    try:
        return pa.concat_tables(tables, promote_options="default")
    except pa.ArrowException:  # a column has different types
        texts = [pa.table([as_text(column) for column in table.columns], names=table.column_names) for table in tables]
        return pa.concat_tables(texts, promote_options="default")


def is_contained(raw: Raw, others: Sequence[Raw]) -> bool:
    """Whether every row of a table is also, as often, among the rows of others that look alike.

    Examples
    --------
    >>> from shijin.collect.raw import from_arrow
    >>> year, month = ({"id": ids, "total": ids} for ids in (["1", "2", "3"], ["2"]))
    >>> year, month = (from_arrow(pa.table(columns), "", "", {}, "") for columns in (year, month))
    >>> is_contained(month, [year]), is_contained(year, [month])
    (True, False)
    """
    main = joined(others).table
    table = _renamed(raw.table, main.column_names)
    names = [name for name in table.column_names if name in main.column_names]
    if not names or not table.num_rows:
        return False
    rows, among = (pa.table([as_text(one[name]) for name in names], names=names) for one in (table, main))
    with connect(EngineSection()) as connection:
        connection.register("rows", rows)
        connection.register("among", among)
        try:
            missing: pa.Table = connection.sql(
                "SELECT * FROM rows EXCEPT ALL SELECT * FROM among LIMIT 1"
            ).to_arrow_table()
        except duckdb.Error:
            return False
    return missing.num_rows == 0


def sums_up(raw: Raw, other: Raw) -> bool:
    """Whether a table has one row a key, with the sum of another table's rows of that key: sums by customer or day.

    Examples
    --------
    >>> from shijin.collect.raw import from_arrow
    >>> lines = from_arrow(pa.table({"day": ["1", "1", "2"], "total": ["5.5", "2", "4"]}), "", "", {}, "")
    >>> days = from_arrow(pa.table({"day": ["1", "2"], "total": ["7.5", "4"]}), "", "", {}, "")
    >>> sums_up(days, lines), sums_up(lines, days)
    (True, False)
    """
    if not 0 < raw.table.num_rows < other.table.num_rows:
        return False
    table = _renamed(raw.table, other.table.column_names)
    names = [name for name in table.column_names if name in other.table.column_names]
    own, lines = ({name: as_text(one[name]) for name in names} for one in (table, other.table))
    keys = [name for name in names if pc.count_distinct(own[name], mode="all").as_py() == table.num_rows]
    amounts = [name for name in names if as_number(own[name]).null_count == 0]
    return any(_are_sums(own, lines, key, amount) for key in keys for amount in amounts if key != amount)


def _are_sums(own: Mapping[str, pa.Array], lines: Mapping[str, pa.Array], key: str, amount: str) -> bool:
    """Whether the amounts of each key are the sums of the lines of that key."""
    sums = (
        pa.table({"key": lines[key], "amount": as_number(lines[amount])}).group_by("key").aggregate([("amount", "sum")])
    )
    place = pc.index_in(own[key], value_set=sums["key"].combine_chunks())
    differences = pc.subtract(as_number(own[amount]), sums["amount_sum"].combine_chunks().take(place))
    return place.null_count == 0 and bool(pc.all(pc.less(pc.abs(differences), 0.005), min_count=1).as_py())
