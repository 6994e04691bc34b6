"""Finds the records in one JSON object: a list of objects somewhere in it, a table by columns, objects by their id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shijin.collect.nested import is_list_of_lines

_LEVELS = 5  # of objects around the list of records
_FIELDS = 6  # an object with as many values of its own is a record, whatever list it has


def paths_of_records(structure: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Where the lists of objects are in an object that is not itself a record; none where it is one.

    Parameters
    ----------
    structure
        The object with kinds in the place of its values, and one element in each list.

    Examples
    --------
    >>> paths_of_records({"data": {"orders": [{"id": "UBIGINT"}]}, "page": "UBIGINT"})
    [('data', 'orders')]
    >>> paths_of_records({"id": "UBIGINT", "total": "DOUBLE", "items": [{"sku": "VARCHAR"}]})
    []
    """
    paths = list(_lists_in(structure, (), _LEVELS))
    values = sum(isinstance(kind, str) for kind in structure.values())
    is_order = values >= 2 and any(is_list_of_lines(path[-1]) for path in paths)
    return [] if is_order or values >= _FIELDS else paths


def _lists_in(structure: Mapping[str, Any], path: tuple[str, ...], levels: int) -> Iterator[tuple[str, ...]]:
    """The lists of objects in an object, not those within other lists."""
    for name, one in structure.items():
        if isinstance(one, list) and one and isinstance(one[0], Mapping):
            yield (*path, name)
        elif isinstance(one, Mapping) and levels:
            yield from _lists_in(one, (*path, name), levels - 1)


def records_by_column(value: Mapping[str, Any]) -> Sequence[object] | None:
    """The records of an object that holds columns, or records by their id; None where it is itself a record.

    Examples
    --------
    >>> records_by_column({"columns": ["id", "total"], "data": [[7, 5], [8, 6]]})
    [{'id': 7, 'total': 5}, {'id': 8, 'total': 6}]
    >>> records_by_column({"id": {"0": 7, "1": 8}, "total": {"0": 5, "1": 6}})
    [{'id': 7, 'total': 5}, {'id': 8, 'total': 6}]
    >>> records_by_column({"-Nx1": {"total": 5}, "-Nx2": {"total": 6}})
    [{'key': '-Nx1', 'total': 5}, {'key': '-Nx2', 'total': 6}]
    """
    split = _split(value)
    if split is not None:
        return split
    values = list(value.values())
    if values and all(isinstance(one, list) for one in values):
        same = len({len(one) for one in values}) == 1 and len(values[0]) > 0
        return [dict(zip(value, row, strict=True)) for row in zip(*values, strict=True)] if same else None
    if len(values) == 1 and isinstance(values[0], dict):
        return records_by_column(values[0])
    if len(values) < 2 or not all(isinstance(one, dict) and one for one in values):
        return None
    keys = [set(one) for one in values]
    if all(key.isdecimal() for key in keys[0]) and all(own == keys[0] for own in keys):
        return [{name: column[row] for name, column in value.items()} for row in values[0]]
    if 2 * len(set.intersection(*keys)) < max(map(len, keys)):
        return None  # an object with several objects in it, such as a buyer and an address
    return [{"key": key, **one} for key, one in value.items()]


def _split(value: Mapping[str, Any]) -> list[object] | None:
    """The rows of {columns: [..], data: [[..], ..]}."""
    names = value.get("columns") or value.get("fields") or value.get("header")
    rows = value.get("data") or value.get("rows") or value.get("values")
    if not (isinstance(names, list) and isinstance(rows, list) and rows and isinstance(rows[0], list)):
        return None
    keys = [str(name["name"]) if isinstance(name, dict) and "name" in name else str(name) for name in names]
    return [dict(zip(keys, row, strict=False)) if isinstance(row, list) else row for row in rows]
