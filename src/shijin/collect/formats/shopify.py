"""Shopify's order export: a row a line item, the order's own fields on its first row only.

Both generations of headers are read. Status, amounts and the customer belong to the order; discounts are spread over
its lines in proportion; what is only told in its final state (a refund without a date) enters no order's amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from shijin.collect import guess
from shijin.collect.collected import Collected, CollectOptions, assemble, event_ids, events_of
from shijin.collect.files import Raw, readable
from shijin.collect.formats.table import currencies, first_reason
from shijin.collect.identity import contacts_of, hashed, normal_email, normal_phone
from shijin.collect.values import Decimal, as_array, as_number, as_text, as_time, within
from shijin.config import Config
from shijin.engine.duckdb import connect
from shijin.errors import SourceError
from shijin.prepare.clean import CHARGE, TEST, kinds_of_items, plain
from shijin.prepare.findings import finding, findings_table
from shijin.schema import UTC

KIND = "shopify"
SHIPPING, REFUND = "(shipping)", "(refund)"  # items of events that have no line of their own
_NEEDS = ("Name", "Created at", "Lineitem quantity", "Lineitem price", "Lineitem name")
_UNPAID = ("pending", "authorized", "unpaid", "expired")
_VOID = ("voided", "refunded")
_TEXTS = {
    "order_id": ("Name",),
    "status": ("Financial Status",),
    "paid_at": ("Paid at",),
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
    "created_text": ("Created at",),
}
_NUMBERS = {"subtotal": "Subtotal", "shipping": "Shipping", "discounts": "Discount Amount", "total": "Total"}
_NUMBERS |= {"refunded": "Refunded Amount", "taxes": "Taxes"}
_TOLERANCE = 0.005


@dataclass(frozen=True)
class Export:
    """A raw export with its columns by Shopify's names, whatever their case, and the sign of its decimals."""

    raw: Raw
    decimal: Decimal

    def text(self, *names: str) -> pa.Array:
        """The first of some columns that says something, row by row."""
        there = [self._column(name) for name in names]
        texts = [as_text(column) for column in there if column is not None]
        return pc.coalesce(*texts) if texts else pa.nulls(self.raw.table.num_rows, pa.string())

    def number(self, name: str) -> pa.Array:
        """A column's numbers, null where there is none."""
        column = self._column(name)
        if column is None:
            return pa.nulls(self.raw.table.num_rows, pa.float64())
        return as_number(column, self.decimal)

    def without_item(self) -> pa.Array:
        """Rows that tell no item, such as those of a second payment."""
        told = pc.coalesce(self.text("Lineitem name"), self.text("Lineitem price"), self.text("Lineitem quantity"))
        return pc.is_null(told)

    def _column(self, name: str) -> pa.ChunkedArray | None:
        found = {plain(column): column for column in reversed(self.raw.table.column_names)}.get(plain(name))
        return None if found is None else self.raw.table[found]


def is_shopify(names: Sequence[str]) -> bool:
    """Whether a header is that of Shopify's order export.

    Examples
    --------
    >>> is_shopify(["Name", "Email", "Created at", "Lineitem Quantity", "Lineitem name", "Lineitem price"])
    True
    >>> is_shopify(["Name", "Email", "Total"])
    False
    """
    return {plain(name) for name in _NEEDS} <= {plain(name) for name in names}


def read_shopify(raw: Raw, config: Config, options: CollectOptions, now: datetime) -> Collected:
    """Understand Shopify's order export.

    Raises
    ------
    SourceError
        When columns are missing, or the amounts have two currencies.
    QuarantineError
        When more rows are bad than the shop can afford to set aside.
    """
    if not is_shopify(raw.table.column_names):
        there = {plain(name) for name in raw.table.column_names}
        missing = ", ".join(name for name in _NEEDS if plain(name) not in there)
        raise SourceError(f"no Shopify order export, it lacks {missing}", raw.name, "leave out --format shopify")
    raw = readable(raw, raw.table.column_names)
    prices = as_array(raw.table[next(name for name in raw.table.column_names if plain(name) == "lineitemprice")])
    decimal = options.decimal or config.collect.decimal or guess.decimal_of(prices)
    export = Export(raw, decimal)
    told, repeated = _last_telling(export, config)
    lines = _understand(export, told, config, now)
    repeated |= export.without_item().to_numpy(zero_copy_only=False) & ~told["head"].to_numpy()
    again = lines.filter(pa.array(repeated))
    lines = lines.filter(pa.array(~repeated))
    collected = assemble(raw, lines, KIND, config, now)
    accepted = lines.filter(pc.is_null(lines["reason"]))
    in_passing = _derived(accepted)
    derived = events_of(in_passing, event_ids(in_passing, KIND, config), raw, now)
    kept_again = pc.sum(again["amount"]).as_py() or 0.0
    return replace(
        collected,
        events=pa.concat_tables([collected.events, derived]),
        contacts=contacts_of(accepted, config),
        findings=findings_table(_notes(lines)),
        guess={"format": KIND, **raw.told, "decimal": decimal},
        money_in=collected.money_in + kept_again + (pc.sum(derived["amount"]).as_py() or 0.0),
        derived=derived.num_rows,
        whole_orders=True,
        repeated=again.num_rows,
        repeated_money=kept_again,
    )


def _last_telling(export: Export, config: Config) -> tuple[pa.Table, NDArray[np.bool_]]:
    """Each row's order and which telling of it the row belongs to; and the rows of tellings that another replaces.

    Exports that were put one after the other in a file may tell an order twice; the last one holds.
    """
    heads = pc.or_(pc.is_valid(export.number("Total")), pc.is_valid(export.text("Financial Status")))
    rows = pa.table({"name": export.text("Name"), "head": heads, "place": np.arange(export.raw.table.num_rows)})
    with connect(config.engine) as connection:
        connection.register("rows", rows)
        told = connection.sql(
            """SELECT name, head, count_if(head) OVER (PARTITION BY name) AS tellings, greatest(1, count_if(head) OVER
                (PARTITION BY name ORDER BY place ROWS UNBOUNDED PRECEDING)) AS telling FROM rows ORDER BY place"""
        ).to_arrow_table()
    tellings, telling = told["tellings"].to_numpy(), told["telling"].to_numpy()
    return told, (tellings > 1) & (telling < tellings)


def _orders(export: Export, told: pa.Table, config: Config) -> pa.Table:
    """What the order says, for each of its rows: the one value that its rows hold, or null."""
    fields: dict[str, Any] = {role: export.text(*names) for role, names in _TEXTS.items()}
    fields |= {role: export.number(name) for role, name in _NUMBERS.items()}
    fields["gross"] = within(pc.multiply(export.number("Lineitem price"), export.number("Lineitem quantity")))
    fields["gross"] = pc.if_else(export.without_item(), 0.0, fields["gross"])
    fields["line_discount"] = pc.fill_null(pc.abs(export.number("Lineitem discount")), 0.0)
    rows = pa.table({**fields, "telling": told["telling"], "place": np.arange(told.num_rows)})
    summed = {"gross": "order_gross", "line_discount": "order_line_discount"}
    every = [f"max({role}) OVER one AS {role}" for role in fields if role not in (*summed, "order_id")]
    every += [f"sum({role}) OVER one AS {name}" for role, name in summed.items()]
    every += ["bool_or(gross IS NULL) OVER one AS broken"]
    with connect(config.engine) as connection:
        connection.register("rows", rows)
        query = f"""SELECT order_id, gross, line_discount, {", ".join(every)} FROM rows
            WINDOW one AS (PARTITION BY order_id, telling) ORDER BY place"""
        return connection.sql(query).to_arrow_table()


def _understand(export: Export, told: pa.Table, config: Config, now: datetime) -> pa.Table:
    """Rows as lines, each accepted or with the reason why it is set aside."""
    raw, orders = export.raw, _orders(export, told, config)
    order = {name: as_array(orders[name]) for name in orders.column_names}
    ts = as_time(order["created_text"], "ymd", config.shop.timezone, config.engine)
    currency, other_currency = currencies(order["currency"], raw.name, config)
    sku, name = export.text("Lineitem sku"), export.text("Lineitem name")
    code = pc.coalesce(sku, name)
    items = kinds_of_items(sku, name, config.items)
    net = _net(order)
    customer, email, phone = _customers(order, config)
    status = pc.fill_null(pc.utf8_lower(order["status"]), "paid")
    is_charge = pc.equal(items, CHARGE)
    is_void = _is_void(order, status)
    reason = first_reason(
        {
            "bad_row": pc.is_null(order["order_id"]),
            "bad_time": pc.is_null(ts),
            "bad_amount": order["broken"],
            "future_date": pc.fill_null(pc.greater(ts, pa.scalar(now, UTC)), fill_value=False),
            "test_order": pc.fill_null(
                pc.match_substring(order["payment"], "bogus", ignore_case=True), fill_value=False
            ),
            "no_customer": pc.is_null(customer),
            "other_currency": other_currency,
            "unpaid": pc.and_(pc.is_in(status, pa.array(_UNPAID)), pc.invert(is_void)),
            "test_code": pc.equal(items, TEST),
        }
    )
    head = as_array(told["head"])
    shipping = pc.if_else(head, pc.fill_null(order["shipping"], 0.0), 0.0)
    set_aside = pc.is_valid(reason)
    first, last = _names(order["person"])
    return pa.table(
        {
            "row": pa.array(raw.row),
            "reason": reason,
            "detail": _details(reason, order, export),
            "customer_id": customer,
            "ts": ts,
            "type": pc.if_else(is_void, "void", pc.if_else(is_charge, "charge", "order")),
            "order_id": order["order_id"],
            "item": code,
            "item_id": pc.if_else(is_charge, None, code),
            "item_name": name,
            "brand": export.text("Vendor"),
            "category": pa.nulls(len(code), pa.string()),
            "quantity": export.number("Lineitem quantity"),
            "amount": pc.add(pc.if_else(set_aside, pc.add(net, shipping), net), 0.0),
            "discount": pc.max_element_wise(pc.subtract(order["gross"], net), 0.0),
            **{name: pa.nulls(len(code), pa.float64()) for name in ("cost", "rating")},
            **{name: pa.nulls(len(code), pa.string()) for name in ("session_id", "text")},
            "currency": currency,
            "channel": order["channel"],
            "email": email,
            "phone": phone,
            "first_name": first,
            "last_name": last,
            "country": order["country"],
            "email_consent": _consent(order["consent"], email),
            "head": head,
            "shipping": pc.if_else(set_aside, 0.0, shipping),
            "refunded": pc.if_else(head, _refunded(order, is_void), 0.0),
            "differs": pc.and_(head, _differs(order)),
        }
    )


def _net(order: dict[str, pa.Array]) -> pa.Array:
    """Line amounts after discounts: the subtotal, spread in proportion to what the lines cost without the order's."""
    before = pc.subtract(order["gross"], order["line_discount"])
    sum_before = pc.subtract(order["order_gross"], order["order_line_discount"])
    by_code = pc.subtract(sum_before, pc.fill_null(order["discounts"], 0.0))
    plausible = pc.and_(
        pc.greater_equal(order["subtotal"], 0.0),
        pc.less_equal(order["subtotal"], pc.add(order["order_gross"], _TOLERANCE)),
    )
    after = pc.coalesce(pc.if_else(plausible, order["subtotal"], None), by_code)
    none_off = pc.less(pc.abs(pc.subtract(after, sum_before)), _TOLERANCE)
    factor = pc.if_else(pc.or_(none_off, pc.equal(sum_before, 0.0)), 1.0, pc.divide(after, _not_zero(sum_before)))
    return pc.multiply(before, factor)


def _not_zero(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(values, 0.0), 1.0, values)


def _is_void(order: dict[str, pa.Array], status: pa.Array) -> pa.Array:
    all_back = pc.and_(
        pc.greater(order["total"], 0.0),
        pc.greater_equal(order["refunded"], pc.subtract(order["total"], _TOLERANCE)),
    )
    ended = pc.or_(pc.is_in(status, pa.array(_VOID)), pc.is_valid(order["cancelled_at"]))
    return pc.or_(ended, pc.fill_null(all_back, fill_value=False))


def _refunded(order: dict[str, pa.Array], is_void: pa.Array) -> pa.Array:
    return pc.if_else(is_void, 0.0, pc.abs(pc.fill_null(order["refunded"], 0.0)))


def _differs(order: dict[str, pa.Array]) -> pa.Array:
    """Orders whose subtotal is not what their lines and discounts come to, beyond a cent a line and a free shipping."""
    lines = pc.subtract(order["order_gross"], order["order_line_discount"])
    off = pc.subtract(pc.subtract(lines, pc.fill_null(order["discounts"], 0.0)), order["subtotal"])
    allowed = pc.add(pc.abs(pc.fill_null(order["discounts"], 0.0)), 0.05)
    return pc.fill_null(pc.greater(pc.abs(off), allowed), fill_value=False)


def _customers(order: dict[str, pa.Array], config: Config) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Customer ids (hashed e-mail, else phone, else billing name and zip), e-mails, phones."""
    email, phone = normal_email(order["email"]), normal_phone(order["phone"])
    name = pc.replace_substring_regex(pc.utf8_lower(order["person"]), r"\s+", " ")
    zip_code = pc.replace_substring_regex(pc.utf8_lower(order["zip"]), r"\s", "")
    return hashed(pc.coalesce(email, phone, pc.binary_join_element_wise(name, zip_code, "|")), config), email, phone


def _names(people: pa.Array) -> tuple[pa.Array, pa.Array]:
    parts = pc.extract_regex(people, r"^(?P<first>.*?)\s*(?P<last>\S+)$")
    first, last = pc.struct_field(parts, "first"), pc.struct_field(parts, "last")
    return pc.if_else(pc.equal(first, ""), None, first), last


def _consent(said: pa.Array, email: pa.Array) -> pa.Array:
    yes = pc.is_in(pc.utf8_lower(said), pa.array(["yes", "true", "1"]))
    return pc.if_else(pc.and_(pc.is_valid(said), pc.is_valid(email)), yes, None)


def _details(reason: pa.Array, order: dict[str, pa.Array], export: Export) -> pa.Array:
    created = pc.binary_join_element_wise('Created at "', pc.fill_null(order["created_text"], ""), '" is no date', "")
    price = pc.fill_null(export.text("Lineitem price"), "")
    amount = pc.binary_join_element_wise('Lineitem price "', price, '" or another line of the order is no number', "")
    detail = pc.if_else(pc.equal(reason, "bad_time"), created, reason)
    return pc.if_else(pc.equal(reason, "bad_amount"), amount, detail)


def _derived(accepted: pa.Table) -> pa.Table:
    """Events that an order tells in passing: its postage, and a refund whose date it does not tell."""
    postage = accepted.filter(pc.not_equal(accepted["shipping"], 0.0))
    refunds = accepted.filter(pc.greater(accepted["refunded"], 0.0))
    is_void = pc.equal(postage["type"], "void")
    return pa.concat_tables(
        [
            _instead(postage, SHIPPING, pc.if_else(is_void, "void", "charge"), postage["shipping"]),
            _instead(refunds, REFUND, pa.repeat("refund_undated", refunds.num_rows), pc.negate(refunds["refunded"])),
        ]
    )


def _instead(lines: pa.Table, item: str, types: pa.Array, amounts: pa.Array) -> pa.Table:
    n = lines.num_rows
    nothing = {"item_id": pa.string(), "item_name": pa.string(), "quantity": pa.float64(), "discount": pa.float64()}
    columns = {name: lines[name] for name in lines.column_names}
    columns |= {name: pa.nulls(n, kind) for name, kind in nothing.items()}
    return pa.table(columns | {"item": pa.repeat(item, n), "type": types, "amount": amounts})


def _notes(lines: pa.Table) -> list[dict[str, Any]]:
    accepted = lines.filter(pc.is_null(lines["reason"]))
    orders = max(pc.count_distinct(lines["order_id"]).as_py(), 1)
    notes = []
    differing = lines.filter(lines["differs"])
    if differing.num_rows:
        examples = differing["order_id"].slice(0, 5).to_pylist()
        share = differing.num_rows / orders
        notes.append(finding("totals_differ", "warns", differing.num_rows, share, examples))
    void = pc.unique(accepted.filter(pc.equal(accepted["type"], "void"))["order_id"])
    if len(void):
        notes.append(finding("void_orders", "notes", len(void), len(void) / orders, void.slice(0, 5).to_pylist()))
    return notes
