"""The lists a shop sends: every customer with tier and forecast, best first; or what customers want, or who wants it.

Each says who is held out. Knows tables and the shop's config; contacts only when they are handed in.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from shijin.config import Config, EngineSection
from shijin.engine.duckdb import connect
from shijin.errors import SchemaError
from shijin.schema import CONTACTS, FORECAST, conform
from shijin.words import say

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it spreadsheets take UTF-8 for a Windows code page
# What a spreadsheet may run: OWASP's list, with the full-width signs that East Asian locales treat alike.
FORMULA = "^[=+\\-@\t\r\n＝＋－＠]"
MONEY_DECIMALS, DECIMALS = 2, 4
WHOLE = ("propensity",)  # never rounded
MONEY = ("expected_spend", "spend_p10", "spend_p50", "spend_p90", "historic_spend")
FIRST_COLUMNS = (
    "customer_id",
    "tier",
    "expected_spend",
    "expected_orders",
    "p_active",
    "churn_risk",
    "spend_p10",
    "spend_p50",
    "spend_p90",
    "next_order_date",
    "evidence",
    "historic_spend",
    "prospect",
    "holdout",
)


def export_list(forecast: pa.Table, config: Config, contacts: pa.Table | None = None) -> pa.Table:
    """Make the list: best customers first, a share of them held out so that its effect can be measured.

    A customer is held out when the hash of their id (the first 12 hex digits of the MD5 of ``salt:customer_id``, as a
    share of 16^12) falls below the configured share. So the same customer
    stays on the same side when others come and go, and a new salt draws anew.

    Parameters
    ----------
    forecast
        A table of `shijin.schema.FORECAST`.
    config
        ``[export]`` holds the share to hold out and the salt.
    contacts
        A table of `shijin.schema.CONTACTS` whose columns are added; none are when it is left out.

    Returns
    -------
    One row a customer, sorted by expected_spend falling, then customer_id. Money is rounded to two decimals, other
    numbers to four, for people.

    Raises
    ------
    SchemaError
        When a column is missing, or a customer has more than one row of contacts.

    Examples
    --------
    >>> export_list(pa.table({"customer_id": ["a"]}), Config())
    Traceback (most recent call last):
    shijin.errors.SchemaError: forecast: column cutoff is missing, found customer_id. Cure: map it with --map
    cutoff=COLUMN.
    """
    table = conform(forecast, FORECAST, "forecast")
    churn_risk = pc.subtract(1.0, table["p_active"])
    table = table.append_column("churn_risk", churn_risk)
    table = with_hold_out(table, config)
    table = table.sort_by([("expected_spend", "descending"), ("customer_id", "ascending")]).select(FIRST_COLUMNS)
    if contacts is not None:
        table = _with_contacts(table, conform(contacts, CONTACTS, "contacts"))
    return _readable(table)


def wanted_list(wanted: pa.Table, items: pa.Table, config: Config) -> pa.Table:
    """Make a list to send of what customers want, or of who wants an item: what items are called, and who is held out.

    Parameters
    ----------
    wanted
        A table of `shijin.schema.RECOMMENDATIONS` or `WANTED_BY`.
    items
        A table of `shijin.schema.ITEMS`: names stand behind the ids.

    Returns
    -------
    The rows as they come, without codes and arguments of reasons, numbers rounded for people but propensities, which
    weigh outcomes. Of what is shown to learn only what is true besides is told: the list is read by customers.
    """
    told = say("recommend.explore", config.shop.locale, truth="")
    alone = pc.utf8_slice_codeunits(wanted["reason"], len(told))
    reason = pc.if_else(pc.equal(wanted["reason_code"], "explore"), alone, wanted["reason"])
    table = wanted.set_column(wanted.column_names.index("reason"), wanted.schema.field("reason"), reason)
    table = table.drop_columns(["reason_code", "reason_args"])
    if "item_id" in table.column_names:
        names = items["name"].take(pc.index_in(table["item_id"], items["item_id"].combine_chunks()))
        table = table.add_column(table.column_names.index("item_id") + 1, "item", pc.coalesce(names, table["item_id"]))
    return _readable(with_hold_out(table, config))


def with_hold_out(table: pa.Table, config: Config) -> pa.Table:
    """Say of every row whether its customer is held out; the same customer is so on every list."""
    held_out = _held_out(table["customer_id"], config.export.holdout, config.export.salt)
    return table.append_column("holdout", held_out)


def to_csv(table: pa.Table) -> bytes:
    r"""Write a table as CSV that a spreadsheet opens rightly and runs nothing from.

    Text that begins like a formula (``= + - @``, tab, line break, or a full-width sign) gets a leading apostrophe;
    numbers, dates and truth values are left alone.

    Returns
    -------
    UTF-8 with a byte order mark; the first line holds the names.

    Examples
    --------
    >>> to_csv(pa.table({"customer_id": ["-5", "张"], "expected_spend": [-5.0, 2.5]})).decode("utf-8-sig")
    '"customer_id","expected_spend"\n"\'-5",-5\n"张",2.5\n'
    """
    safe = pa.table({name: _plain(table[name]) for name in table.column_names})
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(safe, sink)
    return BYTE_ORDER_MARK + sink.getvalue().to_pybytes()


def _held_out(customer_id: pa.ChunkedArray, share: float, salt: str) -> pa.ChunkedArray:
    ids = pa.table({"customer_id": customer_id})
    with connect(EngineSection()) as connection:
        connection.register("ids", ids)
        query = "SELECT ('0x' || left(md5(? || ':' || customer_id), 12))::BIGINT AS hashed FROM ids"
        hashed = connection.sql(query, params=[salt]).to_arrow_table()["hashed"]
    return pa.chunked_array([hashed.to_numpy() < share * 16**12])


def _with_contacts(table: pa.Table, contacts: pa.Table) -> pa.Table:
    twice = contacts.num_rows - pc.count_distinct(contacts["customer_id"]).as_py()
    if twice:
        raise SchemaError(f"customers with more than one row: {twice}", "contacts", "keep one row a customer")
    row = pc.index_in(table["customer_id"], contacts["customer_id"])
    for name in contacts.column_names[1:]:
        table = table.append_column(name, contacts[name].take(row))
    return table


def _readable(table: pa.Table) -> pa.Table:
    return pa.table({name: _rounded(table[name], name) for name in table.column_names})


def _rounded(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    decimals = MONEY_DECIMALS if name in MONEY else DECIMALS
    return pc.round(column, decimals) if pa.types.is_floating(column.type) and name not in WHOLE else column


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_boolean(column.type):
        return pc.if_else(column, "True", "False")
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    dangerous = pc.match_substring_regex(column, FORMULA)
    return pc.if_else(dangerous, pc.binary_join_element_wise("'", column, ""), column)
