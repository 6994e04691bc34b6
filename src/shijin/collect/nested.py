"""Flattens nested columns: fields get names with dots, and the items of a list of lines get a row each."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_LINES = re.compile(
    r"(^|\.)(line_?items?|items|products|lines|order_?lines?|order_?items|positions|details|goods|skus|orders?_?details?"
    r"|商品|明细|订单明细|order_item_list|goods_list|item_list|product_?list|transactions|nodes|edges)$",
    re.IGNORECASE,
)
_MOST_PARAMETERS = 200  # keys of a list of keys and values that become columns
_MOST_ROUNDS = 12


def flat(table: pa.Table) -> pa.Table:
    """Flatten a table's nested columns; lists that are no lines of the row stay as they are.

    Examples
    --------
    >>> order = {"id": 1, "buyer": {"email": "a@x.org"}, "items": [{"sku": "a"}, {"sku": "b"}]}
    >>> flat(pa.Table.from_pylist([order])).to_pylist()[1]
    {'id': 1, 'buyer.email': 'a@x.org', 'items.sku': 'b'}
    """
    for _ in range(_MOST_ROUNDS):
        table = _without_structs(_with_parameters(table))
        column = _lines_column(table)
        if column is None:
            break
        table = _exploded(table, column)
    return _with_sums(table)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)


def _without_structs(table: pa.Table) -> pa.Table:
    while any(pa.types.is_struct(field.type) for field in table.schema):
        # An empty struct has no fields to show.
        empty = [f.name for f in table.schema if pa.types.is_struct(f.type) and not f.type.num_fields]
        table = table.drop_columns(empty).flatten()
    return table


def _with_parameters(table: pa.Table) -> pa.Table:
    """Make a column of each key of a list of keys and values, as GA4 has them."""
    for field in table.schema:
        kind = field.type.value_type if _is_list(field.type) else None
        if kind is None or not pa.types.is_struct(kind) or {one.name for one in kind} != {"key", "value"}:
            continue
        column = table[field.name].combine_chunks()
        parents = pc.list_parent_indices(column)
        entries = pa.table({"value": pc.struct_field(pc.list_flatten(column), "value")}).flatten()
        keys = pc.struct_field(pc.list_flatten(column), "key").cast(pa.string())
        values = pc.coalesce(*(one.cast(pa.string()) for one in entries.columns if not pa.types.is_nested(one.type)))
        values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        table = table.drop_columns([field.name])
        for key in pc.unique(keys).to_pylist()[:_MOST_PARAMETERS]:
            of_key = pc.equal(keys, key)
            places = pc.index_in(
                pa.array(range(table.num_rows), pa.int64()), value_set=parents.filter(of_key).cast(pa.int64())
            )
            table = table.append_column(f"{field.name}.{key}", values.filter(of_key).take(places))
    return table


def _lines_column(table: pa.Table) -> str | None:
    """The column of lists whose items are lines of the row."""
    lists = [field.name for field in table.schema if _is_list(field.type) and pa.types.is_struct(field.type.value_type)]
    named = [name for name in lists if _LINES.search(name)]
    return next(iter(named or (lists if len(lists) == 1 else [])), None)


def _with_sums(table: pa.Table) -> pa.Table:
    """Replace the lists that remain, such as the refunds of an order, by the sums of their numbers."""
    for field in table.schema:
        if not (_is_list(field.type) and pa.types.is_struct(field.type.value_type)):
            continue
        column = table[field.name].combine_chunks()
        parents = pc.list_parent_indices(column).cast(pa.int64())
        for part in field.type.value_type:
            if re.search(r"amount|total|value|price", part.name) and not pa.types.is_nested(part.type):
                texts = pc.struct_field(pc.list_flatten(column), part.name).cast(pa.string())
                is_number = pc.fill_null(pc.match_substring_regex(texts, r"^-?\d+(\.\d+)?$"), fill_value=False)
                numbers = pc.if_else(is_number, texts, None).cast(pa.float64())
                sums = pa.table({"row": parents, "x": numbers}).group_by("row").aggregate([("x", "sum")])
                places = pc.index_in(
                    pa.array(range(table.num_rows), pa.int64()), value_set=sums["row"].combine_chunks()
                )
                table = table.append_column(f"{field.name}.{part.name}", sums["x_sum"].combine_chunks().take(places))
    return table


def _exploded(table: pa.Table, name: str) -> pa.Table:
    """Give each item of a list a row; a row with an empty list keeps one."""
    column = table[name].combine_chunks()
    empty = pc.or_kleene(pc.is_null(column), pc.equal(pc.list_value_length(column), 0))
    parents, items = pc.list_parent_indices(column).cast(pa.int64()), pc.list_flatten(column)
    rows = pa.array(range(table.num_rows), pa.int64())
    alone = rows.filter(pc.fill_null(empty, fill_value=True))
    order = pc.sort_indices(pa.table({"row": pa.concat_arrays([parents, alone])}), sort_keys=[("row", "ascending")])
    parent = pa.concat_arrays([parents, alone]).take(order)
    item: Any = pa.concat_arrays([items, pa.nulls(len(alone), items.type)]).take(order)
    rest = table.drop_columns([name]).take(parent)
    return rest.append_column(name, item)
