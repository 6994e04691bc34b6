"""Reads JSON: an object a line, an array of objects, objects one after the other, or one object that holds a list.

DuckDB parses it, every value as text: so numbers of any length keep their digits, and a field may hold numbers here and
texts there. It knows no field's meaning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Ints
from shijin.collect.nested import flattened, is_list_of_records
from shijin.collect.reading.records import paths_of_records, records_by_column
from shijin.config import EngineSection
from shijin.engine.duckdb import connect
from shijin.errors import SourceError

_DEEPEST = 12  # levels of fields; what is deeper stays JSON text
_FIELDS = 400  # of one object; one with more is a map by id, which stays JSON text
_SAMPLE = 20  # lines that show whether each is an object
_WHOLE = {"BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT"}


@dataclass(frozen=True)
class Documents:
    """Objects as a table.

    Parameters
    ----------
    table : (n rows)
        Flat; texts, and numbers where a field has nothing else.
    row : (n,) int64
        The number of each row, from 1 on; broken documents have the others.
    broken
        Number and text of what is no object.
    kind
        ``JSON lines`` or ``JSON``.
    """

    table: pa.Table
    row: Ints
    broken: tuple[tuple[int, str], ...]
    kind: str


def read_documents(data: bytes, where: str) -> Documents:
    r"""Read JSON.

    Parameters
    ----------
    data
        UTF-8.

    Raises
    ------
    SourceError
        When it is damaged, or half of it or more is no object.

    Examples
    --------
    >>> read_documents(b'{"id": 1, "buyer": {"mail": "a@x.org"}}\n{"id": "B2"}\n', "orders.jsonl").table.to_pylist()
    [{'id': '1', 'buyer.mail': 'a@x.org'}, {'id': 'B2', 'buyer.mail': None}]
    >>> read_documents(b'[{"id": 98765432109876543210}]', "orders.json").table.to_pylist()
    [{'id': '98765432109876543210'}]
    """
    lines = _lines(data)
    kind = "JSON lines" if _are_objects(lines) else "JSON"
    try:
        texts = lines if kind == "JSON lines" else _elements(data, where)
        with connect(EngineSection()) as connection:
            objects = _objects(connection, texts)
            number = np.arange(1, len(texts) + 1)
            is_object = objects.to_numpy(zero_copy_only=False)
            if 2 * is_object.sum() <= len(texts):
                raise SourceError("collect.not_json", where)
            table, kinds = _parsed(connection, texts.filter(objects))
    except (duckdb.Error, pa.ArrowException, RecursionError) as error:
        raise SourceError("collect.not_json", where) from error
    flat = flattened(table)
    typed = _typed(flat.table, kinds)
    # A broken document takes the number after the rows of the documents before it.
    bad, good = number[~is_object], number[is_object][flat.parent]
    texts_of_bad = texts.filter(pc.invert(objects)).to_pylist()
    numbers_of_bad = np.searchsorted(good, bad) + np.arange(1, len(bad) + 1)
    row = np.arange(1, len(good) + 1) + np.searchsorted(bad, good)
    return Documents(typed, row, tuple(zip(numbers_of_bad.tolist(), texts_of_bad, strict=True)), kind)


def _lines(data: bytes) -> pa.Array:
    """The lines of a text that are not blank, without a copy of each."""
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")) + 1
    offsets = np.unique(np.concatenate([[0], ends, [len(data)]])).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    lines = pa.Array.from_buffers(pa.large_string(), len(offsets) - 1, buffers)
    return lines.filter(pc.not_equal(pc.utf8_trim_whitespace(lines), ""))


def _are_objects(lines: pa.Array) -> bool:
    """Whether each line is an object by itself: most of the first are."""
    sample = lines.slice(0, _SAMPLE).to_pylist()
    return len(lines) > 1 and 2 * sum(isinstance(_loaded(line), dict) for line in sample) > len(sample)


def _loaded(text: str | bytes) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _elements(data: bytes, where: str) -> pa.Array:
    """The objects of an array, of a list within an object, or that stand one after the other."""
    document = pa.table({"text": pa.array([data.decode()], pa.large_string())})
    with connect(EngineSection()) as connection:
        connection.register("document", document)
        kind, structure = connection.sql(
            "SELECT json_type(json), json_structure(json) FROM (SELECT TRY_CAST(text AS JSON) AS json FROM document)"
        ).fetchall()[0]
        if kind == "ARRAY":
            return _unnested(connection, "")
        if kind == "OBJECT":
            fields = json.loads(structure)
            pointers = [_pointer(path) for path in paths_of_records(fields)] if isinstance(fields, Mapping) else []
            if pointers:
                return _unnested(connection, max(pointers, key=lambda pointer: _length(connection, pointer)))
            value = _loaded(data)
            records = records_by_column(value) if isinstance(value, dict) else None
            return (
                pa.array([_dumped(one) for one in records], pa.large_string()) if records else _whole(document["text"])
            )
    return pa.array([_dumped(one) for one in _one_after_another(data.decode(), where)], pa.large_string())


def _pointer(path: Sequence[str]) -> str:
    """A path as a JSON pointer."""
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)


def _length(connection: duckdb.DuckDBPyConnection, pointer: str) -> int:
    """How many elements a list has."""
    query = "SELECT json_array_length(text::JSON, $pointer) FROM document"
    return connection.sql(query, params={"pointer": pointer}).fetchall()[0][0] or 0


def _unnested(connection: duckdb.DuckDBPyConnection, pointer: str) -> pa.Array:
    """The elements of a list, as JSON."""
    query = (
        "SELECT unnest(json_transform(json_extract(text::JSON, $pointer), '[\"JSON\"]'))::VARCHAR AS text FROM document"
    )
    unnested: pa.Table = connection.sql(query, params={"pointer": pointer}).to_arrow_table()
    return pc.fill_null(_whole(unnested["text"]), "null")


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _one_after_another(text: str, where: str) -> Iterator[object]:
    """Documents without an array around them, each over several lines."""
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise SourceError("collect.not_json", where) from error
        yield value
        while place < len(text) and (text[place].isspace() or text[place] in ",\x1e"):
            place += 1


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(
        [chunk.cast(pa.large_string()) for chunk in column.chunks] or [pa.array([], pa.large_string())]
    )


def _objects(connection: duckdb.DuckDBPyConnection, texts: pa.Array) -> pa.Array:
    """(n,) which texts are objects."""
    connection.register("documents", pa.table({"text": texts}))
    kinds = connection.sql(
        "SELECT coalesce(json_type(TRY_CAST(text AS JSON)) = 'OBJECT', false) AS is_object FROM documents"
    )
    flags: pa.Table = kinds.to_arrow_table()
    return pa.concat_arrays(flags["is_object"].chunks)


def _parsed(connection: duckdb.DuckDBPyConnection, texts: pa.Array) -> tuple[pa.Table, dict[str, str]]:
    """Parse objects, all values as text; gives the kinds of numbers too, by dotted name."""
    connection.unregister("documents")
    connection.register("documents", pa.table({"text": texts}))
    structure = connection.sql("SELECT json_group_structure(text::JSON) FROM documents").fetchall()[0][0]
    fields = json.loads(structure)
    kinds: dict[str, str] = {}
    shape = _shape(fields, "", kinds) if isinstance(fields, Mapping) else {}
    if not shape:  # all objects are empty
        return pa.table({"": pa.nulls(len(texts))}), kinds
    literal = json.dumps(shape, ensure_ascii=False).replace("'", "''")
    parsed = connection.sql(f"SELECT json_transform(text::JSON, '{literal}') AS document FROM documents")
    table: pa.Table = parsed.to_arrow_table()
    return pa.table(table["document"].combine_chunks().flatten(), _names(table)), kinds


def _names(table: pa.Table) -> list[str]:
    """The names of the fields of documents."""
    return [field.name for field in table.schema.field("document").type]


def _shape(fields: Mapping[str, Any], path: str, kinds: dict[str, str], depth: int = 1) -> dict[str, Any]:
    """The structure to read objects with: texts, in the places that they have."""
    shape: dict[str, Any] = {}
    for name, kind in fields.items():
        # DuckDB has no field without a name, and one for names that differ in case alone.
        if not name or name.casefold() in map(str.casefold, shape):
            continue
        shape[name] = _shape_of(kind, f"{path}{name}", kinds, depth)
    return shape


def _shape_of(kind: object, path: str, kinds: dict[str, str], depth: int) -> Any:  # noqa: ANN401
    if isinstance(kind, Mapping) and 0 < len(kind) <= _FIELDS and depth < _DEEPEST:
        return _shape(kind, f"{path}.", kinds, depth + 1)
    if isinstance(kind, list) and kind and isinstance(kind[0], Mapping) and kind[0]:
        inner = _shape_of(kind[0], path, kinds, depth)
        if is_list_of_records(path):  # its fields may have their own names (`flattened`)
            kinds |= {name.removeprefix(f"{path}."): one for name, one in kinds.items()} | kinds
        return "VARCHAR" if inner == "VARCHAR" else [inner]
    if isinstance(kind, str):
        kinds[path] = kind
    return "VARCHAR"


def _typed(table: pa.Table, kinds: Mapping[str, str]) -> pa.Table:
    """Make numbers of fields that hold nothing else, unless digits would be lost."""
    for place, name in enumerate(table.column_names):
        kind, column = kinds.get(name), table.column(place)
        if not pa.types.is_string(column.type) or (kind not in _WHOLE and kind != "DOUBLE"):
            continue
        if kind == "DOUBLE" and pc.any(pc.match_substring_regex(column, r"^-?\d{16,}")).as_py():
            continue
        try:
            numbers = column.cast(pa.float64() if kind == "DOUBLE" else pa.int64())
        except pa.ArrowException:
            continue
        table = table.set_column(place, name, numbers)
    return table
