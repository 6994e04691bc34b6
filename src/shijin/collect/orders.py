"""Orders that a source keeps in several rows: their fields spread over their rows, and their copies distinguished.

For formats in which an order's own fields stand on one of its rows only, or on each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.collect.mapped import MappedSource
from shijin.collect.values import as_array, as_text, is_true
from shijin.config import EngineSection
from shijin.engine.duckdb import connect

REFUND = "(refund)"  # item of a refund, which has no line of its own
TOLERANCE = 0.005  # half a cent: amounts that differ by less are equal


@dataclass(frozen=True)
class Copies:
    """Which copy of its order each row belongs to, where a file that joins several exports contains orders repeatedly.

    Parameters
    ----------
    number : (n,) int64
        From 1; equal numbers of one order are one copy.
    is_head : (n,) bool
        Rows that have the order's own fields.
    is_outdated : (n,) bool
        Rows of all copies but an order's last, which is the newest.
    """

    number: pa.Array
    is_head: pa.Array
    is_outdated: NDArray[np.bool_]


def copies_of(order_ids: pa.Array, is_head: pa.Array, engine: EngineSection) -> Copies:
    """Distinguish the copies of orders: each begins with a row that has the order's own fields.

    Parameters
    ----------
    order_ids : (n,) string
    is_head : (n,) bool
        Rows that have the order's own fields.

    Examples
    --------
    >>> rows, heads = pa.array(["1", "1", "2", "1"]), pa.array([True, False, True, True])
    >>> copies = copies_of(rows, heads, EngineSection())
    >>> copies.number.to_pylist(), copies.is_outdated.tolist()
    ([1, 1, 1, 2], [True, True, False, False])
    """
    rows = pa.table({"name": order_ids, "head": is_head, "place": np.arange(len(order_ids))})
    with connect(engine) as connection:
        connection.register("rows", rows)
        # The running count of heads numbers the copies; rows before the first head belong to the first copy.
        copies = connection.sql(
            """SELECT head, (count_if(head) OVER (PARTITION BY name))::BIGINT AS copies, greatest(1, count_if(head) OVER
                (PARTITION BY name ORDER BY place ROWS UNBOUNDED PRECEDING))::BIGINT AS copy FROM rows ORDER BY place"""
        ).to_arrow_table()
    count, number = copies["copies"].to_numpy(), copies["copy"].to_numpy()
    return Copies(as_array(copies["copy"]), as_array(copies["head"]), (count > 1) & (number < count))


def spread_over_rows(
    order_ids: pa.Array,
    copies: Copies,
    fields: Mapping[str, pa.Array],
    line_amounts: Mapping[str, pa.Array],
    engine: EngineSection,
) -> dict[str, pa.Array]:
    """Give each row the fields of its order and the sums over the order's lines.

    Parameters
    ----------
    fields
        (n,) fields of the order: the one value that its rows have, or null, is spread over them.
    line_amounts
        (n,) amounts of lines: their sum over the order is ``order_<name>``.

    Returns
    -------
    (n,) columns by name; ``broken`` is true where a line of the order lacks one of the amounts
    """
    rows = {"order_id": order_ids, "copy": copies.number, "place": np.arange(len(order_ids))}
    # Of a field that one row has and the others lack, max is the value: aggregates leave out nulls.
    of_order = [f"max({name}) OVER one AS {name}" for name in fields]
    of_order += [f"sum({name}) OVER one AS order_{name}" for name in line_amounts]
    lacking = " OR ".join(f"{name} IS NULL" for name in line_amounts)
    with connect(engine) as connection:
        connection.register("rows", pa.table({**rows, **fields, **line_amounts}))
        query = f"""SELECT {", ".join(of_order)}, bool_or({lacking}) OVER one AS broken FROM rows
            WINDOW one AS (PARTITION BY order_id, copy) ORDER BY place"""
        orders = connection.sql(query).to_arrow_table()
    return {"order_id": order_ids, **line_amounts} | {name: as_array(orders[name]) for name in orders.column_names}


def net_amounts(order: Mapping[str, pa.Array]) -> pa.Array:
    """Compute line amounts after all discounts: the order's subtotal, spread in proportion to the lines before its own.

    Where the subtotal is not plausible, the lines less the order's discount are spread instead.

    Parameters
    ----------
    order
        (n,) gross and line_discount of each line, order_gross and order_line_discount; subtotal and discounts of the
        order, null where the source has none.
    """
    before = pc.subtract(order["gross"], order["line_discount"])
    sum_before = pc.subtract(order["order_gross"], order["order_line_discount"])
    less_discount = pc.subtract(sum_before, pc.fill_null(order["discounts"], 0.0))
    plausible = pc.and_(
        pc.greater_equal(order["subtotal"], 0.0),
        pc.less_equal(order["subtotal"], pc.add(order["order_gross"], TOLERANCE)),
    )
    # One factor an order takes its lines from their sum before its discount to the sum after it.
    after = pc.coalesce(pc.if_else(plausible, order["subtotal"], None), less_discount)
    nothing_off = pc.less(pc.abs(pc.subtract(after, sum_before)), TOLERANCE)
    is_zero = pc.equal(sum_before, 0.0)
    divisor = pc.if_else(is_zero, 1.0, sum_before)
    factor = pc.if_else(pc.or_(nothing_off, is_zero), 1.0, pc.divide(after, divisor))
    return pc.multiply(before, factor)


def refund_lines(lines: pa.Table) -> pa.Table:
    """Make lines of refunds without a date: one for each accepted line with an amount in ``refunded``."""
    chosen = lines.filter(pc.and_(pc.is_null(lines["reason"]), is_true(pc.greater(lines["refunded"], 0.0))))
    types = pa.repeat("refund_undated", chosen.num_rows)
    return without_item(chosen, REFUND, types, pc.negate(chosen["refunded"]))


def without_item(lines: pa.Table, item: str, types: pa.Array, amounts: pa.Array) -> pa.Table:
    """Replace item, type and amount of lines; what belonged to the item becomes null."""
    n = lines.num_rows
    nothing = {"item_id": pa.string(), "item_name": pa.string(), "quantity": pa.float64(), "discount": pa.float64()}
    columns = {name: lines[name] for name in lines.column_names}
    columns |= {name: pa.nulls(n, kind) for name, kind in nothing.items()}
    return pa.table(columns | {"item": pa.repeat(item, n), "type": types, "amount": amounts})


def filled_down(source: MappedSource, roles: Sequence[str]) -> MappedSource:
    """Give each row of an order the fields of the order, where the source has them on one of its rows only.

    A field is filled where the order's other rows have one value for it. A row without an order number, customer and
    time that follows a row of an order is a further line of it.

    Parameters
    ----------
    roles
        The fields of an order.
    """
    if "order_id" not in source.roles:
        return source
    every = [name for role in roles for name in source.roles.get(role, ())]
    gaps = {name: texts for name in every if (texts := as_text(source.table[name])).null_count}
    if not gaps:
        return source
    table, order_column = source.table, source.roles["order_id"][0]
    order_id = source.text("order_id")
    if order_id.null_count:
        order_id = pc.if_else(_continues(source, order_id), pc.fill_null_forward(order_id), order_id)
        table = table.set_column(table.column_names.index(order_column), order_column, order_id)
    texts = {f"c{place}": column for place, column in enumerate(gaps.values())}
    rows = pa.table({"order_id": order_id, "place": np.arange(len(order_id)), **texts})
    filled = ", ".join(
        f"CASE WHEN {name} IS NULL AND order_id IS NOT NULL AND min({name}) OVER one = max({name}) OVER one "
        f"THEN max({name}) OVER one ELSE {name} END AS {name}"
        for name in texts
    )
    with connect(source.config.engine) as connection:
        connection.register("rows", rows)
        query = f"SELECT {filled} FROM rows WINDOW one AS (PARTITION BY order_id) ORDER BY place"
        result = connection.sql(query).to_arrow_table()
    for name, column in zip(texts, gaps, strict=True):
        if result[name].null_count < texts[name].null_count:  # else nothing was filled, and the column keeps its type
            table = table.set_column(table.column_names.index(column), column, result[name])
    return replace(source, filled=table)


def _continues(source: MappedSource, order_id: pa.Array) -> pa.Array:
    """Rows without an order number that are further lines of the order above: they have an item, and nobody's name."""
    of_order = pc.coalesce(
        *(text for role in ("customer_id", "email", "phone", "person", "ts") for text in source.texts(role))
    )
    item = pc.coalesce(source.text("item_id"), source.text("item_name"))
    return pc.and_(pc.and_(pc.is_null(order_id), pc.is_null(of_order)), pc.is_valid(item))
