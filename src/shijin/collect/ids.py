"""Ids of events: they depend on what a line contains, never on its place or its file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from shijin.collect.values import as_array
from shijin.config import Config
from shijin.engine.duckdb import connect

_CONTENT = "ts, type, quantity, amount, key, discount, category, cost, currency, rating, channel, session_id, text"


def ids_of(format_name: str) -> str:
    """The kind of ids that a format's events have.

    Only Shopify's are of their own: what a later format recognises was read as a plain table before, and collecting it
    again must find the same events.
    """
    return format_name if format_name == "shopify" else "table"


def event_ids(lines: pa.Table, kind: str, config: Config) -> pa.Array:
    """Compute the id of each line of an order, a view and so on.

    With an order number it is made of the kind of source, the order, the item, whether it came back, and the line's
    ordinal among those that have the same; else of customer, time, type, item, quantity, amount and ordinal. Ordinals
    follow the content, so a shuffled file gives the same ids. Returns are counted separately: in an export that has the
    return without its sale, it does not get the id of the sale.
    """
    # chr(31) separates the parts, because no text contains it; whole millionths make equal numbers equal texts.
    identity = """CASE WHEN order_id IS NULL THEN concat_ws(chr(31), key, epoch_us(ts), type,
            coalesce(item, ''), coalesce(round(quantity * 1e6)::HUGEINT::VARCHAR, ''),
            coalesce(round(amount * 1e6)::HUGEINT::VARCHAR, ''))
        ELSE concat_ws(chr(31), $kind, order_id, coalesce(item, ''),
            CASE WHEN type = 'return' THEN type END) END"""
    return numbered_ids(lines, identity, _CONTENT, kind, config)


def numbered_ids(lines: pa.Table, identity: str, content: str, kind: str, config: Config) -> pa.Array:
    """Hash the identity of each line, and its ordinal by content among lines of the same identity.

    Parameters
    ----------
    identity
        SQL over the lines' columns and ``$kind``: what makes two lines the same.
    content
        Columns that order lines of the same identity.
    kind
        The kind of source.

    Returns
    -------
    (n,) string: ``e_`` and 24 hex digits
    """
    with connect(config.engine) as connection:
        connection.register("lines", lines.append_column("place", pa.array(np.arange(lines.num_rows))))
        # The ordinal is part of the hash, so that two equal lines of an order are two events.
        query = f"""
            WITH keyed AS (SELECT place, {content}, chr(31) AS sep, {identity} AS identity FROM lines)
            SELECT place, 'e_' || left(sha256(concat_ws(sep, identity,
                row_number() OVER (PARTITION BY identity ORDER BY {content}))), 24) AS id
            FROM keyed ORDER BY place"""
        ids = connection.sql(query, params={"kind": kind}).to_arrow_table()
    return as_array(ids.column("id")).cast(pa.string())
