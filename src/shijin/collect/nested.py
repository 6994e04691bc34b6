"""Flattens nested columns: a struct becomes dotted columns, a list of an order's lines becomes a row each.

It knows how lists of lines are usually called, but no column of a shop's data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.arrays import Ints
from shijin.config import EngineSection
from shijin.engine.duckdb import connect
from shijin.prepare.clean import plain

_WORDS = {
    # Names of lists of records, as `plain` leaves them, the surest first.
    "records": "orders orderlist purchases suborders data results records rows hits 订单 订单列表 子订单 数据",
    # An order's lines.
    "lines": "lineitems orderlines orderitems orderdetails lines items products orderproducts itemlist productlist "
    "goodslist ordergoods skulist skus goods cart basket details transactions positions orderitemlist "
    "商品 商品列表 商品明细 订单明细 明细 货品",
    # What an order also has several of; a row for each would repeat the order's money.
    "no lines": "pay refund ship fulfil tax discount coupon promotion address note tag history status log meta image "
    "option link 支付 退款 物流 优惠 地址 备注",
}
_RECORDS, _LINES, _NO_LINES = (words.split() for words in _WORDS.values())
_AMOUNT = re.compile(r"amount|total|value|price|金额", re.IGNORECASE)  # in the name of a record's field that is summed
_NUMBER = r"^-?\d+(\.\d+)?(e[+-]?\d+)?$"
_LEVELS = 12  # of nesting; deeper ones stay as JSON text
_KEYS = 300  # of a list of keys and values; a list with more keys stays as JSON text


@dataclass(frozen=True)
class Flat:
    """A table without nested columns.

    Parameters
    ----------
    table : (m rows)
        Structs as dotted columns, lists of lines as rows, lists of keys and values as columns, other lists as
        sums of their amounts, else as JSON.
    parent : (m,) int64
        The row of the nested table that each row comes from, rising.
    """

    table: pa.Table
    parent: Ints


def flattened(table: pa.Table) -> Flat:
    """Flatten the nested columns of a table.

    Examples
    --------
    >>> lines = [{"sku": "A", "price": 2}, {"sku": "B", "price": 3}]
    >>> orders = pa.Table.from_pylist([{"id": 1, "buyer": {"mail": "a@x.org"}, "lines": lines}, {"id": 2, "lines": []}])
    >>> flat = flattened(orders)
    >>> flat.table.column_names, flat.table["lines.sku"].to_pylist(), flat.parent
    (['id', 'buyer.mail', 'lines.sku', 'lines.price'], ['A', 'B', None], array([0, 0, 1]))
    >>> params = [[{"key": "page", "value": {"int_value": 7, "string_value": None}}]]
    >>> flattened(pa.table({"params": params})).table.to_pylist()
    [{'params.page': '7'}]
    >>> flattened(pa.table({"refunds": [[{"total": "-2.50"}, {"total": "-1"}], []]})).table["refunds.total"].to_pylist()
    [-3.5, None]
    """
    parent = np.arange(table.num_rows)
    for _ in range(_LEVELS):
        if not any(_is_nested(field.type) for field in table.schema):
            break
        table = _without_structs(table)
        table = table.rename_columns(_unique(table.column_names))
        table = _with_keys_as_columns(table)
        lines = _lines_of(table)
        if lines is not None:
            table, parents = _exploded(table, lines)
            parent = parent[parents]
        elif not any(pa.types.is_struct(field.type) for field in table.schema):
            break
    table = _lists_as_json(_with_sums(table))
    return Flat(table.rename_columns(_unique(table.column_names)), parent)


def is_list_of_lines(name: str) -> bool:
    """Whether a list with this name holds the lines of an order.

    Examples
    --------
    >>> is_list_of_lines("line_items"), is_list_of_lines("orders")
    (True, False)
    """
    return plain(_short(name)) in _LINES


def is_list_of_records(name: str) -> bool:
    """Whether a list with this name holds records, which need no list's name before those of their fields."""
    return plain(_short(name)) in _RECORDS


def _short(name: str) -> str:
    """The last part of a dotted name, without the `edges` or `nodes` that GraphQL writes around a list."""
    parts = name.split(".")
    while len(parts) > 1 and parts[-1] in ("edges", "nodes"):
        parts.pop()
    return parts[-1]


def _is_nested(kind: pa.DataType) -> bool:
    return pa.types.is_nested(kind)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)


def _without_structs(table: pa.Table) -> pa.Table:
    """Replace structs, at any depth, by dotted columns, and maps by lists of keys and values."""
    for _ in range(_LEVELS):
        for place, field in enumerate(table.schema):
            if pa.types.is_map(field.type):
                pairs = pa.struct([("key", field.type.key_type), ("value", field.type.item_type)])
                table = table.set_column(place, field.name, _whole(table.column(place)).cast(pa.list_(pairs)))
            elif _is_wrapped(field.type):
                table = table.set_column(place, field.name, _value_text(_whole(table.column(place))))
        if not any(pa.types.is_struct(field.type) for field in table.schema):
            break
        table = table.flatten()
    return table


def _is_wrapped(kind: pa.DataType) -> bool:
    """Whether a struct is one value with its type, as MongoDB ({"$oid": ..}) and DynamoDB ({"S": ..}) write it."""
    names = {field.name for field in kind} if pa.types.is_struct(kind) else set()
    return bool(names) and (all(name.startswith("$") for name in names) or names <= {"S", "N", "BOOL", "NULL"})


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column as one array; lists are of one type, without slices."""
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_large_list(whole.type) or pa.types.is_fixed_size_list(whole.type):
        return whole.cast(pa.list_(whole.type.value_field))
    return whole


def _key_of(kind: pa.DataType) -> str | None:
    """The field of keys in a list of keys and values; None in another list."""
    if not _is_list(kind) or not pa.types.is_struct(kind.value_type):
        return None
    names = {field.name for field in kind.value_type}
    key = "key" if "key" in names else "name"
    return key if {key, "value"} <= names <= {"id", "key", "name", "value", "display_key", "display_value"} else None


def _with_keys_as_columns(table: pa.Table) -> pa.Table:
    """Replace each list of keys and values by a column a key."""
    for name in [field.name for field in table.schema if _key_of(field.type)]:
        place = table.schema.get_field_index(name)
        column = _whole(table.column(place))
        pairs, parents = pc.list_flatten(column), pc.list_parent_indices(column).to_numpy(zero_copy_only=False)
        fields = [field.name for field in pairs.type]
        keys = _as_texts(pc.struct_field(pairs, fields.index(_key_of(column.type) or "")))
        encoded = keys.dictionary_encode()
        if len(encoded.dictionary) > _KEYS:
            continue
        values, codes = (
            _value_text(pc.struct_field(pairs, fields.index("value"))),
            pc.fill_null(encoded.indices, -1).to_numpy(),
        )
        table = table.remove_column(place)
        for code, key in enumerate(encoded.dictionary.to_pylist()):
            element = np.full(table.num_rows, -1)
            of_key = np.flatnonzero(codes == code)[::-1]  # reversed, because of two equal keys the first is meant
            element[parents[of_key]] = of_key
            table = table.add_column(place + code, f"{name}.{key}", values.take(pa.array(element, mask=element < 0)))
    return table


def _value_text(values: pa.Array) -> pa.Array:
    """The values of keys as text; of a struct such as {string_value, int_value}, the one that is there."""
    if pa.types.is_struct(values.type):
        leaves = [_value_text(pc.struct_field(values, place)) for place in range(values.type.num_fields)]
        return pc.coalesce(*leaves) if leaves else pa.nulls(len(values), pa.string())
    return _as_texts(values)


def _as_texts(values: pa.Array) -> pa.Array:
    if pa.types.is_nested(values.type):
        return _json_text(values)
    try:
        return values.cast(pa.string())
    except pa.ArrowException:
        return pa.nulls(len(values), pa.string())


def _lists_of_records(table: pa.Table) -> list[str]:
    return [field.name for field in table.schema if _is_list(field.type) and pa.types.is_struct(field.type.value_type)]


def _lines_of(table: pa.Table) -> str | None:
    """The list whose elements become rows: by its name, else the only list of structs that can be one."""
    names = [name for name in _lists_of_records(table) if _key_of(table.field(name).type) is None]
    short = {plain(_short(name)): name for name in reversed(names)}
    for word in (*_RECORDS, *_LINES):
        if word in short:
            return short[word]
    return names[0] if len(names) == 1 and not any(word in plain(names[0]) for word in _NO_LINES) else None


def _exploded(table: pa.Table, name: str) -> tuple[pa.Table, Ints]:
    """Give each element of a list a row; an empty list has one row.

    Returns
    -------
    The table, and (m,) the row that each row comes from
    """
    place = table.schema.get_field_index(name)
    column = _whole(table.column(place))
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.repeat(np.arange(table.num_rows), np.maximum(lengths, 1))
    is_element = np.repeat(lengths > 0, np.maximum(lengths, 1))
    element = np.cumsum(is_element) - 1
    lines = pc.list_flatten(column).take(pa.array(element, mask=~is_element))
    outer = table.remove_column(place).take(pa.array(rows))
    # The fields of orders have their own names where the outer columns leave them free; those of lines stay dotted.
    free = is_list_of_records(name)
    for number, field in enumerate(lines.type):
        own = field.name if free and field.name not in outer.column_names else f"{name}.{field.name}"
        outer = outer.add_column(place + number, own, pc.struct_field(lines, number))
    return outer, rows


def _with_sums(table: pa.Table) -> pa.Table:
    """Replace lists of records, such as the refunds of an order, by the sums of their amounts, where they have any."""
    for name in [
        field.name for field in table.schema if _is_list(field.type) and pa.types.is_struct(field.type.value_type)
    ]:
        place = table.schema.get_field_index(name)
        column = _whole(table.column(place))
        parents, records = pc.list_parent_indices(column), pc.list_flatten(column)
        sums = {
            f"{name}.{field.name}": _sums(pc.struct_field(records, number), parents, table.num_rows)
            for number, field in enumerate(records.type)
            if _AMOUNT.search(field.name) and not _is_nested(field.type)
        }
        if sums and any(one.null_count < len(one) for one in sums.values()):
            table = table.remove_column(place)
            for number, (own, values) in enumerate(sums.items()):
                table = table.add_column(place + number, own, values)
    return table


def _sums(values: pa.Array, parents: pa.Array, n: int) -> pa.Array:
    """(n,) the sum of the numbers among the values that each row has; null where it has none."""
    texts = _as_texts(values)
    is_number = pc.fill_null(pc.match_substring_regex(texts, _NUMBER), fill_value=False)
    numbers = texts.filter(is_number).cast(pa.float64()).to_numpy()
    rows = parents.filter(is_number).to_numpy()
    totals, counts = np.bincount(rows, numbers, minlength=n), np.bincount(rows, minlength=n)
    return pa.array(totals, mask=counts == 0)


def _lists_as_json(table: pa.Table) -> pa.Table:
    """Write what is still nested as JSON; what has no JSON is left out."""
    for place, field in reversed(list(enumerate(table.schema))):
        if _is_nested(field.type):
            texts = _json_text(_whole(table.column(place)))
            table = table.remove_column(place)
            if texts.null_count < len(texts) or not len(texts):
                table = table.add_column(place, field.name, texts)
    return table


def _json_text(values: pa.Array) -> pa.Array:
    """Write nested values as JSON; null where DuckDB does not know a type in them."""
    nested = pa.table({"value": values})
    with connect(EngineSection()) as connection:
        try:
            connection.register("nested", nested)
            texts = connection.sql("SELECT to_json(value)::VARCHAR AS text, value IS NULL AS none FROM nested")
            written: pa.Table = texts.to_arrow_table()
        except (pa.ArrowException, duckdb.Error):
            return pa.nulls(len(values), pa.string())
    return pc.if_else(written["none"], None, written["text"]).combine_chunks().cast(pa.string())


def _unique(names: Sequence[str]) -> list[str]:
    """Number the repetitions of a name, so that each column has its own."""
    return [
        name if name not in names[: place - 1] else f"{name} (column {place})" for place, name in enumerate(names, 1)
    ]
