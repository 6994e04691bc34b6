"""Customer ids: an address is normalised and becomes a salted hash; the address itself is stored in CONTACTS only."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.values import as_array, distinct
from shijin.config import Config
from shijin.engine.duckdb import connect
from shijin.schema import CONTACTS, conform

Address = Literal["email", "phone"]
_ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"


def normal_email(emails: pa.Array) -> pa.Array:
    """Normalise e-mail addresses: lower case, without spaces; null where a text is not one.

    Examples
    --------
    >>> normal_email(pa.array([" Ann@Example.COM ", "none", None])).to_pylist()
    ['ann@example.com', None, None]
    """
    values, rows = distinct(emails)
    bare = pc.utf8_lower(pc.replace_substring_regex(values, r"\s|^mailto:", ""))
    return pc.if_else(pc.match_substring_regex(bare, _ADDRESS), bare, None).take(rows)


def normal_phone(phones: pa.Array) -> pa.Array:
    """Normalise phone numbers: digits, after ``+`` where they have a country; null below five digits.

    Examples
    --------
    >>> normal_phone(pa.array(["+49 (0)170 / 123-45", "0049 170 12345", "'0170 12345", "n/a"])).to_pylist()
    ['+4917012345', '+4917012345', '017012345', None]
    """
    values, rows = distinct(phones)
    bare = pc.replace_substring_regex(values, r"\(0\)|[^\d+]", "")
    bare = pc.replace_substring_regex(bare, r"^00", "+")
    bare = pc.replace_substring_regex(bare, r"(\d)\++", r"\1")
    return pc.if_else(pc.match_substring_regex(bare, r"\d{5}"), bare, None).take(rows)


def hashed(keys: pa.Array, config: Config) -> pa.Array:
    """Hash keys with the shop's salt: ``c_`` and 24 hex digits, null where there is no key.

    Examples
    --------
    >>> hashed(pa.array(["ann@example.com", None]), Config()).to_pylist()
    ['c_646f3d5263652d2d0bda0cb0', None]
    """
    values, rows = distinct(keys)
    with connect(config.engine) as connection:
        connection.register("keys", pa.table({"key": values}))
        query = "SELECT 'c_' || left(sha256($salt || chr(31) || key), 24) AS id FROM keys"
        ids = as_array(connection.sql(query, params={"salt": config.collect.salt}).to_arrow_table().column("id"))
    return ids.cast(pa.string()).take(rows)


def customer_keys(keys: pa.Array | None, email: pa.Array | None, phone: pa.Array | None, config: Config) -> pa.Array:
    """Compute customer ids: the source's own key unless it is an address, else the hashed e-mail or phone.

    Parameters
    ----------
    keys, email, phone : (n,) string
        As the source has them; at least one of them.

    Examples
    --------
    >>> ids = customer_keys(pa.array(["007", "Ann@x.org", None]), None, pa.array([None, None, "0170 12345"]), Config())
    >>> ids.to_pylist()[0], ids.to_pylist()[1:] == hashed(pa.array(["ann@x.org", "017012345"]), Config()).to_pylist()
    ('007', True)
    """
    from_addresses = []
    if email is not None:
        from_addresses.append(normal_email(email))
    if phone is not None:
        from_addresses.append(normal_phone(phone))
    if keys is not None:
        as_address = normal_email(keys)
        if from_addresses:
            keys = pc.if_else(pc.equal(keys, "0"), None, keys)  # WooCommerce gives its guests the id 0
        # An address in the column of customers is hashed like one in the column of addresses.
        source_key = pc.if_else(pc.is_valid(as_address), None, keys)
        from_addresses.insert(0, as_address)
    else:
        source_key = pa.nulls(len(from_addresses[0]), pa.string())
    hashes = hashed(pc.coalesce(*from_addresses), config)
    return pc.coalesce(source_key, pc.if_else(pc.is_null(source_key), hashes, None))


def contacts_of(lines: pa.Table, config: Config) -> pa.Table:
    """Find each customer's newest e-mail, phone, name and so on; one row a customer.

    Parameters
    ----------
    lines
        customer_id, ts and any columns of CONTACTS; without an e-mail, phone or name there are no contacts.
    """
    known = [name for name in CONTACTS.names[1:] if name in lines.column_names]
    if not {"email", "phone", "first_name", "last_name"} & set(known):
        return CONTACTS.empty_table()
    # max over structs compares their first field, so that it picks the value of the newest line.
    newest = ", ".join(
        f"max(struct_pack(ts := ts, newest := {name})) FILTER (WHERE {name} IS NOT NULL).newest AS {name}"
        for name in known
    )
    any_known = " OR ".join(f"{name} IS NOT NULL" for name in known)
    with connect(config.engine) as connection:
        connection.register("lines", lines.select(["customer_id", "ts", *known]))
        query = f"SELECT customer_id, {newest} FROM lines WHERE {any_known} GROUP BY customer_id ORDER BY customer_id"
        return conform(connection.sql(query).to_arrow_table(), CONTACTS, "contacts")


def known_users(user: pa.Array, browser: pa.Array) -> pa.Array:
    """(n,) the user of each row, null where there is none: that of its browser too, where it has one user only.

    Parameters
    ----------
    user, browser : (n,) string
        Ids of accounts, and those of browsers before anybody has signed in.

    Examples
    --------
    >>> known_users(pa.array(["u1", None, None]), pa.array(["b1", "b1", "b2"])).to_pylist()
    ['u1', 'u1', None]
    """
    pairs = pa.table({"browser": browser, "user": user}).group_by(["browser", "user"]).aggregate([])
    pairs = pairs.filter(pc.and_(pc.is_valid(pairs["browser"]), pc.is_valid(pairs["user"])))
    counts = pairs.group_by("browser").aggregate([("user", "count"), ("user", "min")])
    one = counts.filter(pc.equal(counts["user_count"], 1))
    of_browser = one["user_min"].combine_chunks().take(pc.index_in(browser, value_set=one["browser"].combine_chunks()))
    return pc.coalesce(user, of_browser)
