"""Reads JSON: an object a line, an array of objects, or an object that holds one."""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pajson

from shijin.collect.nested import flat
from shijin.errors import SourceError

_EXACT = 2.0**53  # floating-point numbers above it lose digits
_DEEPEST = 40


def is_json(text: str) -> bool:
    """Whether a text begins as JSON does."""
    return re.match(r"\s*(\{|\[\s*(\{|\]))", text) is not None


def json_table(text: str, where: str) -> pa.Table:
    """Read JSON as a table, with its nested fields as columns.

    Raises
    ------
    SourceError
        When it is no JSON, or holds no objects.

    Examples
    --------
    >>> json_table('{"orders": [{"id": 12000000000000000003}, {"id": "a7"}]}', "orders.json").to_pylist()
    [{'id': '12000000000000000003'}, {'id': 'a7'}]
    """
    return flat(_read_fast(text) or _read_texts(text, where))


def _read_fast(text: str) -> pa.Table | None:
    """Read objects, one a line, by Arrow; None where it cannot, or would lose digits."""
    if text.lstrip()[:1] != "{":
        return None
    try:
        table = pajson.read_json(pa.BufferReader(text.encode()))
    except pa.ArrowException:
        return None
    for column in flat(table).columns:
        if pa.types.is_floating(column.type) and pc.any(pc.greater_equal(pc.abs(column), _EXACT)).as_py():
            return None
    return table if table.num_rows > 1 or "\n" in text.strip() or _is_flat(table) else None


def _is_flat(table: pa.Table) -> bool:
    return not any(pa.types.is_nested(field.type) for field in table.schema)


def _read_texts(text: str, where: str) -> pa.Table:
    """Read any JSON with every value as text, so that no number loses digits and types may be mixed."""
    try:
        objects = _objects(text)
    except (ValueError, RecursionError) as error:
        raise SourceError("collect.not_json", where) from error
    if not objects:
        raise SourceError("collect.no_objects_in_json", where)
    names = dict.fromkeys(name for one in objects for name in one)
    return pa.table({name: _column([one.get(name) for one in objects]) for name in names})


def _column(values: list[Any]) -> pa.Array:
    """Build a column; where values have different shapes, each is JSON text."""
    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError):
        texts = [one if one is None or isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in values]
        return pa.array(texts, pa.string())


def _objects(text: str) -> list[dict[str, Any]]:
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str, strict=False)
    text = text.strip()
    try:
        whole = decoder.decode(text)
    except ValueError:
        lines = [decoder.decode(line.strip().rstrip(",")) for line in text.splitlines() if line.strip()]
        whole = [one for line in lines for one in (line if isinstance(line, list) else [line])]
    found = _rows_in(whole, 0)
    return [_texts(one) for one in found]


def _rows_in(value: Any, depth: int) -> list[dict[str, Any]]:  # noqa: ANN401
    """The objects that are rows: of an array, or of the longest array of objects within an object that is no row."""
    if isinstance(value, list):
        return [one for one in value if isinstance(one, dict)]
    if not isinstance(value, dict):
        return []
    # An envelope holds little besides its rows; an order holds a list of lines among many fields.
    inner = [_rows_in(one, depth + 1) for one in value.values() if isinstance(one, list | dict)] if depth < 4 else []
    longest = max(inner, key=len, default=[])
    scalars = sum(not isinstance(one, list | dict) for one in value.values())
    return longest if (len(longest) > 1 and scalars <= 4) or (longest and not scalars) else [value]


def _texts(value: Any, depth: int = 0) -> Any:  # noqa: ANN401
    """Scalars as texts, at any depth."""
    if depth > _DEEPEST:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return {str(name): _texts(one, depth + 1) for name, one in value.items()} or None
    if isinstance(value, list):
        return [_texts(one, depth + 1) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
