"""Who is held out: decided by a salted hash of the customer's id, so that it does not depend on the other customers.

Lists to send use it today, experiments will use the same function: a customer is on the same side everywhere.
"""

from __future__ import annotations

import pyarrow as pa

from shijin.config import EngineSection
from shijin.engine.duckdb import connect

_DIGITS = 12  # of the hash, as a fraction of 16^12


def held_out(customer_id: pa.ChunkedArray, share: float, salt: str) -> pa.ChunkedArray:
    """(n,) whether each customer is held out.

    The first 12 hex digits of the MD5 of ``salt:customer_id``, as a fraction of 16^12, lie below the share. A new salt
    draws anew; a larger share keeps the customers who are held out already.

    Parameters
    ----------
    share
        Of customers to hold out, 0 .. 1.
    salt
        Text that makes draws independent of one another.

    Examples
    --------
    >>> ids = pa.chunked_array([["a", "b", "c", "d"]])
    >>> held_out(ids, 0.5, "spring").to_pylist() == held_out(ids, 0.5, "spring").to_pylist()
    True
    >>> held_out(ids, 0.0, "spring").to_pylist()
    [False, False, False, False]
    """
    ids = pa.table({"customer_id": customer_id})
    with connect(EngineSection()) as connection:
        connection.register("ids", ids)
        query = f"SELECT ('0x' || left(md5(? || ':' || customer_id), {_DIGITS}))::BIGINT AS hashed FROM ids"
        hashed = connection.sql(query, params=[salt]).to_arrow_table()["hashed"]
    return pa.chunked_array([hashed.to_numpy() < share * 16**_DIGITS])
