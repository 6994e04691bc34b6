"""Reads a source in which every row is one line: an item of an order, a return, a charge, a view.

It knows roles, not the names of columns, so any format with one line a row can use it. Who bought is decided by
`people`, what a line brought by `money`, whether it was a sale by `statuses`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.assemble import assemble
from shijin.collect.collected import Collected
from shijin.collect.context import Context
from shijin.collect.currency import as_shops, currencies, names_of, signs_of
from shijin.collect.event_types import EventTypes, event_types, findings_of_types, is_named_so, without_lost_amounts
from shijin.collect.mapped import MONEY_ROLES, MappedSource, money_column
from shijin.collect.money import money_of
from shijin.collect.money_columns import money_columns
from shijin.collect.money_types import Money
from shijin.collect.orders import filled_down, refund_lines
from shijin.collect.people import People, people_of
from shijin.collect.rates import Rates, convert, rates_of
from shijin.collect.raw import with_rows
from shijin.collect.reasons import Fault, details_of, first_reason
from shijin.collect.repeats import first_of, repeated_findings
from shijin.collect.rounded import rounded_findings
from shijin.collect.statuses import Statuses, findings_of_status_map, findings_of_statuses, read_statuses
from shijin.collect.total_rows import total_rows
from shijin.collect.undated_refunds import is_full_refund
from shijin.collect.values import LARGEST, all_false, as_array, as_number, is_true
from shijin.collect.zones import TOLERANCE, ZoneReading, zone_of
from shijin.prepare.clean import CHARGE, TEST, kinds_of_items
from shijin.prepare.findings import finding
from shijin.schema import ACTION_TYPES, MONEY_TYPES, UTC

_TEXT_ROLES = ("order_id", "item_id", "item_name", "category", "brand", "channel", "session_id")
_UNPAID_ACTIONS = pa.array(ACTION_TYPES)
_OF_THE_ORDER = ("customer_id", "email", "phone", "person", "ts", "status", "cancelled_at", "currency", "channel")


def read_rows(source: MappedSource, format_name: str, context: Context) -> Collected:
    """Read every row as one line.

    Parameters
    ----------
    source
        With columns of the customer and the time; each currency is that of the column, or of the sign in the amount.

    Raises
    ------
    SourceError
        When the amounts have two currencies, or every customer is masked.
    QuarantineError
        When more rows are bad than the shop allows.
    """
    if context.options.drop_repeated:
        return _without_repeats(source, format_name, context)
    source = filled_down(source, _OF_THE_ORDER)
    reading = _Reading.of(source, context)
    if reading.zone.timezone is not None:  # read again: the zone decides on which day an order was placed
        shop = source.config.shop.model_copy(update={"timezone": reading.zone.timezone})
        reading = _Reading.of(
            replace(source, config=source.config.model_copy(update={"shop": shop})), context, reading.zone
        )
    lines = reading.lines(context)
    collected = assemble(reading.source, lines, format_name, context.now, reading.findings(lines), refund_lines(lines))
    return replace(collected, renamed=reading.people.renamed, timezone=reading.zone.timezone)


def _without_repeats(source: MappedSource, format_name: str, context: Context) -> Collected:
    """Read a source without the rows that repeat another in every column; they count as duplicates."""
    raw = source.raw
    first = first_of(raw, context.config.engine)
    is_first = first == np.arange(len(first))
    once = with_rows(raw, raw.table, np.flatnonzero(is_first))
    context = replace(context, options=replace(context.options, drop_repeated=False))
    collected = read_rows(replace(source, raw=once), format_name, context)
    # A repeated row brought what its first one did, accepted or set aside.
    rows = pa.concat_arrays([as_array(collected.events["source_row"]), as_array(collected.rejected["source_row"])])
    amounts = pa.concat_arrays([as_array(collected.events["amount"]), as_array(collected.rejected["amount"])])
    places = pc.index_in(pa.array(raw.row[first[~is_first]]), value_set=rows)
    money = pc.sum(amounts.take(places)).as_py() or 0.0
    repeated = int((~is_first).sum())
    return replace(
        collected,
        rows_in=collected.rows_in + repeated,
        money_in=collected.money_in + money,
        repeated=repeated,
        repeated_money=money,
    )


@dataclass(frozen=True)
class _Reading:
    """The parts of a source, each (n,): who, when, which kind, and what it brought."""

    source: MappedSource
    texts: dict[str, pa.Array]
    people: People
    types: EventTypes
    statuses: Statuses | None
    status_map: Mapping[str, str]
    ts: pa.Array
    items: pa.Array
    money: Money
    currency: tuple[pa.Array, pa.Array]
    factor: pa.Array | None  # from each row's currency to the shop's
    zone: ZoneReading

    @classmethod
    def of(cls, source: MappedSource, context: Context, zone: ZoneReading | None = None) -> _Reading:
        """Read the parts of a source; in another zone, where one was found."""
        texts = {role: source.text(role) for role in _TEXT_ROLES}
        people = people_of(source, texts["order_id"], context.contacts)
        # Other columns that could have been the customer are left unread.
        others = {role: names for role, names in source.roles.items() if role not in ("customer_id", "email", "phone")}
        source = replace(source, roles={**people.columns, **others})
        types = _event_types(source, texts)
        statuses = _statuses(source, context)
        columns = money_columns(source, texts, people, types, statuses)
        money = money_of(columns)
        unsold = pc.or_(pc.is_null(people.key), is_true(pc.less_equal(money.amount, 0.0)))
        items = kinds_of_items(texts["item_id"], texts["item_name"], source.config.items, unsold)
        rates, factor = rates_of(context), None
        ts, currency = source.time("ts"), _currencies(source, rates)
        if rates is not None:
            money, currency, factor = convert(money, currency[0], ts, rates)
        codes = pc.unique(currency[0]).drop_null()
        zone = zone or zone_of(source, ts, codes[0].as_py() if len(codes) == 1 else None, context)
        settled = context.options.statuses
        return cls(source, texts, people, types, statuses, settled, ts, items, money, currency, factor, zone)

    def lines(self, context: Context) -> pa.Table:
        """Convert rows to lines, each accepted or with the reason why it is set aside."""
        source, texts = self.source, self.texts
        currency, other_currency = self.currency
        types, refund = self._types()
        # Some sources write returns with positive numbers; stored returns are negative.
        is_return = pc.equal(types, "return")
        amount, quantity = (
            pc.if_else(is_return, pc.negate(pc.abs(value)), value) for value in (self.money.amount, self.money.quantity)
        )
        if not any(role in source.roles for role in MONEY_ROLES):  # a log without money: its purchases bring nothing
            amount = pc.if_else(pc.is_in(types, pa.array(MONEY_TYPES)), 0.0, amount)
        # Some sources write no amount where an order was cancelled.
        lacks = pc.or_(pc.and_(pc.equal(types, "void"), pc.is_null(amount)), self.types.ends_elsewhere)
        amount = pc.if_else(lacks, 0.0, amount)
        code = pc.coalesce(texts["item_id"], texts["item_name"])
        is_charge = pc.or_(pc.equal(self.items, CHARGE), pc.equal(types, "charge"))
        columns = {
            "row": pa.array(source.raw.row),
            "key": self.people.key,
            "customer_id": self.people.customer_id,
            "ts": self.ts,
            "type": types,
            "item": code,
            "item_name": texts["item_name"],
            "item_id": pc.if_else(is_charge, None, code),
            "quantity": quantity,
            # Views may have a price next to them, which nobody paid. Adding 0 turns -0.0 into 0.0.
            "amount": pc.if_else(pc.is_in(types, _UNPAID_ACTIONS), None, pc.add(amount, 0.0)),
            "discount": self.money.discount,
            "refunded": refund,
            "cost": _costs(source, quantity, self.factor),
            "rating": source.number("rating"),
            "currency": currency,
            "text": pa.nulls(source.table.num_rows, pa.string()),
        }
        columns |= {role: texts[role] for role in ("order_id", "category", "brand", "channel", "session_id")}
        reason = self._reasons(columns, other_currency, context)
        return pa.table({**columns, **self.people.contact} | {"reason": reason, "detail": _details(source, reason)})

    def findings(self, lines: pa.Table) -> list[dict[str, Any]]:
        """What was noticed while reading."""
        notes = [*self.source.raw.findings, *self.zone.findings, *self.people.findings, *self.money.findings]
        for role in ("customer_id", "order_id", "item_id"):
            notes += rounded_findings(self.source, role)
        notes += repeated_findings(
            self.source.raw, is_true(pc.equal(lines["type"], "order")), self.source.config.engine
        )
        notes += findings_of_types(self.source.text("type"), as_array(lines["type"]), self.money.amount)
        if not any(role in self.source.roles for role in MONEY_ROLES):
            purchases = pc.sum(pc.equal(lines["type"], "order")).as_py() or 0
            notes += [finding("no_money", "warns", purchases, purchases / len(lines))] if purchases else []
        if self.statuses is not None:
            notes += findings_of_statuses(self.statuses, as_array(lines["amount"]))
        notes += findings_of_status_map(self.source.texts("status"), self.status_map)
        return notes

    def _types(self) -> tuple[pa.Array, pa.Array]:
        """Decide the type of each event, and what is given back of a sale that stands.

        In this order: what is negative is a return, what a status voids or what is given back in full is void, postage
        is a charge whatever its sign.
        """
        amount, quantity = self.money.amount, self.money.quantity
        types = pc.fill_null(self.types.type, "order")
        negative = pc.or_(is_true(pc.less(quantity, 0)), is_true(pc.less(amount, 0)))
        types = pc.if_else(pc.and_(pc.equal(types, "order"), negative), "return", types)
        is_order = pc.equal(types, "order")
        refund = pc.if_else(is_order, self.money.refund, 0.0)
        is_full = is_full_refund(self.texts["order_id"], pc.if_else(is_order, amount, 0.0), refund)
        void = is_full if self.statuses is None else pc.or_(is_full, self._is_void(refund))
        void = pc.or_(void, pc.is_valid(self.source.time("cancelled_at")))
        types = pc.if_else(pc.and_(is_order, void), "void", types)
        types = pc.if_else(_is_return_of_void(types, self.texts["order_id"]), "void", types)
        is_charge = pc.and_(pc.equal(self.items, CHARGE), pc.is_in(types, pa.array(["order", "return"])))
        types = pc.if_else(is_charge, "charge", types)
        return types, pc.if_else(pc.equal(types, "order"), refund, 0.0)

    def _is_void(self, refund: pa.Array) -> pa.Array:
        """Rows that a status voids; a status of refund next to a smaller amount given back is a partial refund."""
        if self.statuses is None:
            return all_false(len(refund))
        is_part = pc.greater(refund, 0.0)
        return pc.or_(self.statuses.means("void"), pc.and_(self.statuses.means("refunded"), pc.invert(is_part)))

    def _reasons(self, columns: dict[str, pa.Array], other_currency: pa.Array, context: Context) -> pa.Array:
        """For each row the reason why it is set aside, null where it is accepted."""
        source, ts, types = self.source, columns["ts"], columns["type"]
        no_time, void = pc.is_null(ts), pc.equal(types, "void")
        unpaid = all_false(len(ts)) if self.statuses is None else self.statuses.means("unpaid")
        is_money = pc.is_in(types, pa.array([*MONEY_TYPES, "void"]))
        no_amount = pc.and_(pc.is_null(columns["amount"]), is_money)
        amount_role = next((role for role in MONEY_ROLES if role in source.roles), "amount")
        return first_reason(
            {
                "total_row": _sums(source, pc.or_(pc.is_null(columns["key"]), no_time), columns),
                "unpaid": pc.and_(unpaid, is_money),
                "void_without_time": pc.and_(void, no_time),
                "bad_time": no_time,
                "bad_amount": pc.or_(no_amount, pc.and_(_not_a_number(source, amount_role), is_money)),
                "bad_quantity": _not_a_number(source, "quantity"),
                "future_date": is_true(pc.greater(ts, pa.scalar(context.now + TOLERANCE, UTC))),
            }
            | {
                code: pc.equal(pc.fill_null(self.people.reason, ""), code)
                for code in ("masked_customer", "no_customer")
            }
            | {
                "other_currency": other_currency,
                "test_code": pc.and_(pc.equal(self.items, TEST), is_money),
            }
        )


def _is_return_of_void(types: pa.Array, order_id: pa.Array) -> pa.Array:
    """Returns in orders of which no line counts: what they take back was never counted."""
    void, sold = (pc.unique(order_id.filter(pc.equal(types, kind))).drop_null() for kind in ("void", "order"))
    is_gone = pc.and_(pc.is_in(order_id, value_set=void), pc.invert(pc.is_in(order_id, value_set=sold)))
    return pc.and_(pc.equal(types, "return"), is_gone)


def _event_types(source: MappedSource, texts: dict[str, pa.Array]) -> EventTypes:
    words = source.text("type")
    money = [text for role in MONEY_ROLES for text in source.texts(role)]
    # Without money, a column called event type is one whatever its words.
    is_certain = "type" in source.mapped or (not money and is_named_so(source.column("type") or ""))
    types = event_types(words, is_mapped=is_certain)
    lacks = pc.is_null(pc.coalesce(*money)) if money else all_false(len(words))
    return without_lost_amounts(types, words, texts["order_id"], texts["item_id"], lacks)


def _statuses(source: MappedSource, context: Context) -> Statuses | None:
    """The meaning of each row's status; None where the source has no column of them."""
    columns = source.texts("status")
    return read_statuses(columns, context.statuses, source.roles["status"]) if columns else None


def _currencies(source: MappedSource, rates: Rates | None) -> tuple[pa.Array, pa.Array]:
    names = (source.roles[role][0] for role in MONEY_ROLES if role in source.roles)
    signs = (signs_of(source.table[name]) for name in names)
    none = pa.nulls(source.table.num_rows, pa.string())
    in_cells = next((column for column in signs if column.null_count < len(column)), none)
    codes = pc.coalesce(names_of(source.text("currency")), in_cells)
    if rates is not None:  # each row keeps its own currency until it is converted
        return as_shops(codes, rates.shop), all_false(len(codes))
    return currencies(codes, source.raw.name, source.config)


def _sums(source: MappedSource, lacking: pa.Array, columns: dict[str, pa.Array]) -> pa.Array:
    """Rows of sums; a row without an order number is one only where its customer or order has the word."""
    ids, others = (
        [text for role in roles for text in source.texts(role)]
        for roles in (("order_id", "customer_id", "person"), ("item_id", "item_name", "ts"))
    )
    by_ids = total_rows(ids, pc.or_(lacking, _lacks(columns["order_id"])), columns["amount"])
    return pc.or_(by_ids, total_rows([*others, _first_text(source)], lacking, columns["amount"]))


def _lacks(order_id: pa.Array) -> pa.Array:
    """Rows without an order number in a source where most rows have one."""
    lacking = pc.is_null(order_id)
    return lacking if 2 * order_id.null_count < len(order_id) else all_false(len(order_id))


def _first_text(source: MappedSource) -> pa.Array:
    """The first column of the source, in which a row of sums has its word."""
    column = as_array(source.raw.table.column(0))
    return column.cast(pa.string()) if not pa.types.is_nested(column.type) else pa.nulls(len(column), pa.string())


def _details(source: MappedSource, reason: pa.Array) -> pa.StructArray:
    """Name the column and the value at fault in each row that is set aside."""
    columns = {
        "bad_time": source.column("ts"),
        "bad_amount": money_column(source.roles),
        "bad_quantity": source.column("quantity"),
        "future_date": source.column("ts"),
    }
    too_large = {"bad_amount": "bad_amount_too_large", "bad_quantity": "bad_quantity_too_large"}
    sentence, faults = reason, {}
    for code, column in columns.items():
        holds = is_true(pc.equal(reason, code))
        if column is None or not pc.any(holds).as_py():
            continue
        values = as_array(source.raw.table[column]).cast(pa.string())
        faults[code] = Fault(column, values)
        if code in too_large:
            number = as_number(source.raw.table[column], source.decimal, np.inf)
            # Read without a limit: a number that is one only then is too large rather than none.
            is_too_large = pc.and_(holds, is_true(pc.greater(pc.abs(number), LARGEST)))
            sentence = pc.if_else(is_too_large, too_large[code], sentence)
            faults[too_large[code]] = Fault(column, values, f"{LARGEST:g}")
    return details_of(sentence, faults)


def _costs(source: MappedSource, quantity: pa.Array, factor: pa.Array | None) -> pa.Array:
    """Read what each line cost the shop: its cost, else unit cost times quantity; negative where pieces came back."""
    by_piece = pc.multiply(source.number("unit_cost"), pc.fill_null(quantity, 1.0))
    cost = pc.coalesce(source.number("cost"), pc.if_else(pc.less_equal(pc.abs(by_piece), LARGEST), by_piece, None))
    return cost if factor is None else pc.multiply(cost, factor)


def _not_a_number(source: MappedSource, role: str) -> pa.Array:
    if role not in source.roles:
        return all_false(source.table.num_rows)
    return pc.and_(pc.is_valid(source.text(role)), pc.is_null(source.number(role)))
