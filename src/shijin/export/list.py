"""Lists to send: customers with tier and forecast, best first; or recommendations; or the customers for an item.

Each list marks the hold-out. Knows tables and the shop's config, and contacts only when the caller passes them.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from shijin.assignment import held_out
from shijin.config import Config
from shijin.errors import SchemaError
from shijin.schema import CONTACTS, FORECAST, conform
from shijin.words import say

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it spreadsheets read UTF-8 as a Windows code page
# First characters of text that a spreadsheet may run: OWASP's list, with the full-width signs of East Asian locales.
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
    """List customers by predicted spend, with a share of them in the hold-out, so that a campaign can be measured.

    A customer is in the hold-out when the hash of their id (the first 12 hex digits of the MD5 of ``salt:customer_id``,
    as a share of 16^12) falls below the configured share. So a customer stays on the same side when others come and go,
    and a new salt draws anew.

    Parameters
    ----------
    forecast
        A table of `shijin.schema.FORECAST`.
    config
        ``[export]`` holds the share of the hold-out and the salt.
    contacts
        A table of `shijin.schema.CONTACTS` whose columns are added; no contacts unless given.

    Returns
    -------
    The columns `FIRST_COLUMNS`, then those of the contacts; one row a customer, sorted by expected_spend falling, then
    customer_id. Money is rounded to two decimals, other numbers to four.

    Raises
    ------
    SchemaError
        When a column is missing, or a customer has more than one row of contacts.

    Examples
    --------
    >>> export_list(pa.table({"customer_id": ["a"]}), Config())
    Traceback (most recent call last):
    shijin.errors.SchemaError: forecast: the column cutoff is missing; the columns are customer_id. Cure: name it with
    map={'cutoff': 'COLUMN'}.
    """
    table = conform(forecast, FORECAST, "forecast")
    churn_risk = pc.subtract(1.0, table["p_active"])
    table = table.append_column("churn_risk", churn_risk)
    table = with_hold_out(table, config)
    table = table.sort_by([("expected_spend", "descending"), ("customer_id", "ascending")]).select(FIRST_COLUMNS)
    if contacts is not None:
        table = _with_contacts(table, conform(contacts, CONTACTS, "contacts"))
    return _readable(table)


def recommendation_list(recommendations: pa.Table, items: pa.Table, config: Config) -> pa.Table:
    """List recommendations, or the customers for an item, with names of items and the hold-out.

    Parameters
    ----------
    recommendations
        A table of `shijin.schema.RECOMMENDATIONS` or `WANTED_BY`.
    items
        A table of `shijin.schema.ITEMS`: their names are added after the ids.

    Returns
    -------
    The rows in their order, without codes and arguments of reasons, with numbers rounded as in `export_list`, except
    propensities, which weigh outcomes. Of an item shown to learn from the response, only the plain reason is left,
    since customers read the list.
    """
    prefix = say("recommend.explore", config.shop.locale, truth="")
    plain_reason = pc.utf8_slice_codeunits(recommendations["reason"], len(prefix))
    exploring = pc.equal(recommendations["reason_code"], "explore")
    reason = pc.if_else(exploring, plain_reason, recommendations["reason"])
    place = recommendations.column_names.index("reason")
    table = recommendations.set_column(place, recommendations.schema.field("reason"), reason)
    table = table.drop_columns(["reason_code", "reason_args"])
    if "item_id" in table.column_names:
        names = items["name"].take(pc.index_in(table["item_id"], items["item_id"].combine_chunks()))
        table = table.add_column(table.column_names.index("item_id") + 1, "item", pc.coalesce(names, table["item_id"]))
    return _readable(with_hold_out(table, config))


def with_hold_out(table: pa.Table, config: Config) -> pa.Table:
    """Add the column holdout: whether the row's customer is in the hold-out; the same for a customer on every list."""
    flags = held_out(table["customer_id"], config.export.holdout, config.export.salt)
    return table.append_column("holdout", flags)


def to_csv(table: pa.Table) -> bytes:
    r"""Write a table as CSV that a spreadsheet reads correctly and runs nothing from.

    Text that begins like a formula (``= + - @``, tab, line break, or a full-width sign) gets a leading apostrophe;
    numbers, dates and booleans stay as they are.

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


def _with_contacts(table: pa.Table, contacts: pa.Table) -> pa.Table:
    surplus = contacts.num_rows - pc.count_distinct(contacts["customer_id"]).as_py()
    if surplus:
        raise SchemaError("export.several_contacts", "contacts", rows=surplus)
    row = pc.index_in(table["customer_id"], contacts["customer_id"])
    for name in contacts.column_names[1:]:
        table = table.append_column(name, contacts[name].take(row))
    return table


def _readable(table: pa.Table) -> pa.Table:
    return pa.table({name: _rounded(table[name], name) for name in table.column_names})


def _rounded(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    if name in WHOLE or not pa.types.is_floating(column.type):
        return column
    scale = 10.0 ** (MONEY_DECIMALS if name in MONEY else DECIMALS)
    # Arrow's own rounding to decimals leaves a number as it is where it is very near: 2740.2999999999997 for 2740.3.
    return pc.divide(pc.round(pc.multiply(column, scale)), scale)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_boolean(column.type):
        return pc.if_else(column, "True", "False")
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    dangerous = pc.match_substring_regex(column, FORMULA)
    return pc.if_else(dangerous, pc.binary_join_element_wise("'", column, ""), column)
