"""Shopify's order export: a row a line item, with the fields of the order on its first row only.

It reads both generations of headers. Status, amounts and customer are fields of the order; a discount of the order is
spread over its lines in proportion to their amounts. A refund has no date in the export, so it changes no amount of the
order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import guess
from shijin.collect.assemble import assemble, events_of
from shijin.collect.collected import Collected
from shijin.collect.context import Context
from shijin.collect.currency import as_shops, currencies, names_of
from shijin.collect.format import Format, by_role, has_columns, refuse_missing_columns
from shijin.collect.identity import hashed, normal_email, normal_phone
from shijin.collect.ids import event_ids
from shijin.collect.mapped import MappedSource
from shijin.collect.orders import (
    TOLERANCE,
    Copies,
    copies_of,
    net_amounts,
    refund_lines,
    spread_over_rows,
    without_item,
)
from shijin.collect.rates import converted_lines, rates_of
from shijin.collect.raw import Raw, readable
from shijin.collect.reasons import Fault, details_of, first_reason
from shijin.collect.statuses import Statuses, findings_of_status_map, findings_of_statuses, read_statuses
from shijin.collect.times import as_time
from shijin.collect.values import as_array, as_text, is_text, is_true, null_beyond
from shijin.config import Config
from shijin.prepare.clean import CHARGE, TEST, kinds_of_items
from shijin.prepare.findings import finding, findings_table
from shijin.schema import UTC

NAME = "shopify"
SHIPPING = "(shipping)"  # item of an event that has no line of its own
_NEEDED = ("Name", "Created at", "Lineitem quantity", "Lineitem price", "Lineitem name")
# Fields of an order, on its first row only.
_ORDER_TEXTS = {
    "status": ("Financial Status",),
    "cancelled_at": ("Cancelled at", "Canceled at"),
    "currency": ("Currency",),
    "email": ("Email",),
    "phone": ("Phone", "Billing Phone", "Shipping Phone"),
    "person": ("Billing Name", "Shipping Name"),
    "zip": ("Billing Zip", "Shipping Zip"),
    "country": ("Billing Country", "Shipping Country"),
    "consent": ("Accepts Marketing",),
    "payment": ("Payment Method",),
    "channel": ("Source",),
    "ts": ("Created at",),
}
_ORDER_NUMBERS = {
    "subtotal": ("Subtotal",),
    "shipping": ("Shipping",),
    "discounts": ("Discount Amount",),
    "total": ("Total",),
    "refunded": ("Refunded Amount",),
}
_LINE_ITEMS = {
    "item_id": ("Lineitem sku",),
    "item_name": ("Lineitem name",),
    "brand": ("Vendor",),
    "quantity": ("Lineitem quantity",),
    "price": ("Lineitem price",),
    "line_discount": ("Lineitem discount",),
}
# What lines have and this export does not.
_ABSENT = {"cost": pa.float64(), "rating": pa.float64()} | dict.fromkeys(
    ("category", "session_id", "text"), pa.string()
)
COLUMNS = {"order_id": ("Name",), **_ORDER_TEXTS, **_ORDER_NUMBERS, **_LINE_ITEMS}


def recognises(names: Sequence[str]) -> bool:
    """Whether a header is that of Shopify's order export.

    Examples
    --------
    >>> recognises(["Name", "Email", "Created at", "Lineitem Quantity", "Lineitem name", "Lineitem price"])
    True
    >>> recognises(["Name", "Email", "Total"])
    False
    """
    return has_columns(names, _NEEDED)


def read_shopify(raw: Raw, context: Context) -> Collected:
    """Read Shopify's order export.

    Raises
    ------
    SourceError
        When columns are missing, or the amounts have two currencies.
    QuarantineError
        When more rows are bad than the shop allows.
    """
    refuse_missing_columns(raw, _NEEDED, NAME)
    config, options, now = context.config, context.options, context.now
    raw = readable(raw, raw.table.column_names)
    roles = by_role(raw.table.column_names, COLUMNS)
    decimal = options.decimal or config.collect.decimal or guess.decimal_of(_money_texts(raw, roles))
    source = MappedSource(raw, roles, decimal, "ymd", date_order_is_guess=False, config=config)
    is_head = pc.or_(pc.is_valid(source.number("total")), pc.is_valid(source.text("status")))
    copies = copies_of(source.text("order_id"), is_head, config.engine)
    lines = _lines(source, copies, context)
    # Besides outdated copies, rows that only repeat an order for a second payment are no lines.
    repeated = copies.is_outdated | pc.and_not(_without_item(source), copies.is_head).to_numpy(zero_copy_only=False)
    dropped, _ = converted_lines(lines.filter(pa.array(repeated)), config)
    lines, notes = converted_lines(lines.filter(pa.array(~repeated)), config)
    collected = assemble(source, lines, NAME, now)
    rest = _events_without_line(lines.filter(pc.is_null(lines["reason"])))
    derived = events_of(rest, event_ids(rest, NAME, config), raw, now)
    repeated_money = pc.sum(dropped["amount"]).as_py() or 0.0
    return replace(
        collected,
        events=pa.concat_tables([collected.events, derived]),
        findings=findings_table([*raw.findings, *notes, *_notes(lines), *_unknown_statuses(lines, context)]),
        guess={"format": NAME, **raw.detected, "decimal": decimal},
        money_in=collected.money_in + repeated_money + (pc.sum(derived["amount"]).as_py() or 0.0),
        derived=derived.num_rows,
        whole_orders=True,
        repeated=dropped.num_rows,
        repeated_money=repeated_money,
    )


def _money_texts(raw: Raw, roles: Mapping[str, tuple[str, ...]]) -> pa.Array:
    """All texts of amounts, one column after the other: together they decide the decimal sign."""
    names = [roles[role][0] for role in ("price", *_ORDER_NUMBERS) if role in roles]
    return pa.concat_arrays([as_text(raw.table[name]) for name in names if is_text(raw.table[name].type)])


def _without_item(source: MappedSource) -> pa.Array:
    """Flag rows without an item, such as those of a second payment."""
    return pc.is_null(pc.coalesce(*(source.text(role) for role in ("item_name", "price", "quantity"))))


def _fields(source: MappedSource, copies: Copies) -> dict[str, pa.Array]:
    """Read amounts of lines, and the fields of each order on all of its rows."""
    fields = {role: source.text(role) for role in _ORDER_TEXTS}
    fields |= {role: source.number(role) for role in _ORDER_NUMBERS}
    gross = null_beyond(pc.multiply(source.number("price"), source.number("quantity")))
    line_amounts = {
        "gross": pc.if_else(_without_item(source), 0.0, gross),
        "line_discount": pc.fill_null(pc.abs(source.number("line_discount")), 0.0),
    }
    return spread_over_rows(source.text("order_id"), copies, fields, line_amounts, source.config.engine)


def _lines(source: MappedSource, copies: Copies, context: Context) -> pa.Table:
    """Convert rows to lines, each accepted or with the reason why it is set aside."""
    raw, config, order = source.raw, source.config, _fields(source, copies)
    ts, cancelled_at = (_time(order[name], source) for name in ("ts", "cancelled_at"))
    currency, other_currency, factor = _currencies(order["currency"], ts, raw, context)
    sku, name = source.text("item_id"), source.text("item_name")
    code, items = pc.coalesce(sku, name), kinds_of_items(sku, name, config.items)
    statuses = _statuses(_status(order), context)
    net, is_void = net_amounts(order), _is_void(order, cancelled_at, statuses)
    contact = _contact(order)
    customer = _customer(order, contact, config)
    is_charge = pc.equal(items, CHARGE)
    reason = first_reason(
        _bad_rows(order, ts, context.now)
        | {
            "test_order": is_true(pc.match_substring(order["payment"], "bogus", ignore_case=True)),
            "no_customer": pc.is_null(customer),
            "other_currency": other_currency,
            "unpaid": pc.and_(statuses.means("unpaid"), pc.invert(is_void)),
            "test_code": pc.equal(items, TEST),
        }
    )
    is_rejected = pc.is_valid(reason)
    shipping = pc.if_else(copies.is_head, pc.fill_null(order["shipping"], 0.0), 0.0)
    columns = {
        "row": pa.array(raw.row),
        "reason": reason,
        "detail": _details(reason, order, source),
        "key": customer,
        "customer_id": customer,
        "status": _status(order),
        "ts": ts,
        "type": pc.if_else(is_void, "void", pc.if_else(is_charge, "charge", "order")),
        "order_id": order["order_id"],
        "item": code,
        "item_id": pc.if_else(is_charge, None, code),
        "item_name": name,
        "brand": source.text("brand"),
        "quantity": source.number("quantity"),
        # The shipping of a row that is set aside is set aside with it.
        "amount": pc.add(pc.if_else(is_rejected, pc.add(net, shipping), net), 0.0),
        "discount": pc.max_element_wise(pc.subtract(order["gross"], net), 0.0),
        "currency": currency,
        "channel": order["channel"],
        "shipping": pc.if_else(is_rejected, 0.0, shipping),
        "refunded": pc.if_else(copies.is_head, _refunded(order, is_void), 0.0),
        "differs": pc.and_(copies.is_head, _differs(order)),
        "factor": factor,
    }
    return pa.table(columns | {name: pa.nulls(len(code), kind) for name, kind in _ABSENT.items()} | contact)


def _time(texts: pa.Array, source: MappedSource) -> pa.Array:
    return as_time(texts, source.date_order, source.config.shop.timezone, source.config.engine)


def _currencies(column: pa.Array, ts: pa.Array, raw: Raw, context: Context) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The currency of each row, the rows in another one, and what converts into the shop's."""
    if (rates := rates_of(context)) is None:
        return *currencies(column, raw.name, context.config), pa.array(np.ones(len(ts)))
    currency = as_shops(names_of(column), rates.shop)
    factor = rates.to_shop(currency, ts)
    return currency, pc.is_null(factor), factor


def _bad_rows(order: dict[str, pa.Array], ts: pa.Array, now: datetime) -> dict[str, pa.Array]:
    """Flag rows whose order cannot be read, by reason."""
    return {
        "bad_row": pc.is_null(order["order_id"]),
        "bad_time": pc.is_null(ts),
        "bad_amount": order["broken"],
        "future_date": is_true(pc.greater(ts, pa.scalar(now, UTC))),
    }


def _status(order: dict[str, pa.Array]) -> pa.Array:
    return pc.fill_null(order["status"], "paid")


def _statuses(words: pa.Array, context: Context) -> Statuses:
    return read_statuses([words], context.statuses, _ORDER_TEXTS["status"])


def _is_void(order: dict[str, pa.Array], cancelled_at: pa.Array, statuses: Statuses) -> pa.Array:
    """Flag orders that were cancelled, voided or refunded in full."""
    # A full refund of an order of amount 0 is none.
    all_back = pc.and_(
        pc.greater(order["total"], 0.0),
        pc.greater_equal(order["refunded"], pc.subtract(order["total"], TOLERANCE)),
    )
    ended = pc.or_(statuses.means("void", "refunded"), pc.is_valid(cancelled_at))
    return pc.or_(ended, is_true(all_back))


def _refunded(order: dict[str, pa.Array], is_void: pa.Array) -> pa.Array:
    return pc.if_else(is_void, 0.0, pc.abs(pc.fill_null(order["refunded"], 0.0)))


def _differs(order: dict[str, pa.Array]) -> pa.Array:
    """Flag orders whose subtotal is not lines less discounts, beyond rounding and a free shipping."""
    lines = pc.subtract(order["order_gross"], order["order_line_discount"])
    off = pc.subtract(pc.subtract(lines, pc.fill_null(order["discounts"], 0.0)), order["subtotal"])
    # A discount code may also be for shipping, which is no part of the subtotal: allow the whole discount.
    allowed = pc.add(pc.abs(pc.fill_null(order["discounts"], 0.0)), 0.05)
    return is_true(pc.greater(pc.abs(off), allowed))


def _contact(order: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Columns of CONTACTS by name."""
    email = normal_email(order["email"])
    names = pc.extract_regex(order["person"], r"^(?P<first>.*?)\s*(?P<last>\S+)$")
    first = pc.struct_field(names, "first")
    consent = pc.is_in(pc.utf8_lower(order["consent"]), pa.array(["yes", "true", "1"]))
    return {
        "email": email,
        "phone": normal_phone(order["phone"]),
        "first_name": pc.if_else(pc.equal(first, ""), None, first),
        "last_name": pc.struct_field(names, "last"),
        "country": order["country"],
        "email_consent": pc.if_else(pc.and_(pc.is_valid(order["consent"]), pc.is_valid(email)), consent, None),
    }


def _customer(order: dict[str, pa.Array], contact: dict[str, pa.Array], config: Config) -> pa.Array:
    """Hash the e-mail, else the phone, else billing name and zip."""
    name = pc.replace_substring_regex(pc.utf8_lower(order["person"]), r"\s+", " ")
    zip_code = pc.replace_substring_regex(pc.utf8_lower(order["zip"]), r"\s", "")
    # The join is null where name or zip is missing: such a guest cannot be distinguished from others.
    keys = pc.coalesce(contact["email"], contact["phone"], pc.binary_join_element_wise(name, zip_code, "|"))
    return hashed(keys, config)


def _details(reason: pa.Array, order: dict[str, pa.Array], source: MappedSource) -> pa.StructArray:
    """Name the column and the value at fault; the price at fault may be that of another line of the order."""
    own_codes = {"bad_row": "no_order_number", "bad_amount": "bad_line_of_order"}
    sentence = reason
    for code, own_code in own_codes.items():
        sentence = pc.if_else(pc.equal(reason, code), own_code, sentence)
    faults = {
        "bad_time": Fault("Created at", order["ts"]),
        "bad_line_of_order": Fault("Lineitem price", source.text("price")),
        "future_date": Fault("Created at", order["ts"]),
    }
    return details_of(sentence, faults)


def _events_without_line(accepted: pa.Table) -> pa.Table:
    """Make lines of what an order has besides its line items: shipping, and a refund, whose date it does not have."""
    shipped = accepted.filter(pc.not_equal(accepted["shipping"], 0.0))
    is_void = pc.equal(shipped["type"], "void")
    return pa.concat_tables(
        [
            without_item(shipped, SHIPPING, pc.if_else(is_void, "void", "charge"), shipped["shipping"]),
            refund_lines(accepted),
        ]
    )


def _notes(lines: pa.Table) -> list[dict[str, Any]]:
    """Findings about the orders of the export."""
    orders = max(pc.count_distinct(lines["order_id"]).as_py(), 1)
    notes = []
    differing = lines.filter(lines["differs"])
    if differing.num_rows:
        examples = differing["order_id"].slice(0, 5).to_pylist()
        share = differing.num_rows / orders
        notes.append(finding("totals_differ", "warns", differing.num_rows, share, examples))
    return notes


def _unknown_statuses(lines: pa.Table, context: Context) -> list[dict[str, Any]]:
    """The findings about statuses that are not understood, and about settled words that the file lacks."""
    statuses = _statuses(as_array(lines["status"]), context)
    notes = findings_of_statuses(statuses, as_array(lines["amount"]))
    notes += findings_of_status_map([as_array(lines["status"])], context.options.statuses)
    return [one for one in notes if one["code"] != "statuses_read"]


FORMAT = Format(NAME, "Shopify: orders", _NEEDED, recognises, read_shopify)
