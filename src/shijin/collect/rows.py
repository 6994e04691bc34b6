"""Reads a source in which every row is one line: an item of an order, a return, a charge, a view.

It knows roles, not the names of columns, so any format with one line a row can use it.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.assemble import assemble
from shijin.collect.collected import Collected
from shijin.collect.currency import currencies, signs_of
from shijin.collect.identity import customer_keys, normal_email, normal_phone
from shijin.collect.mapped import MappedSource, money_column
from shijin.collect.reasons import Fault, details_of, first_reason
from shijin.collect.values import LARGEST, all_false, as_array, as_number, is_true, null_beyond
from shijin.prepare.clean import CHARGE, KNOWN_TYPES, TEST, canonical_types, kinds_of_items, plain
from shijin.schema import MONEY_TYPES, UTC

_UNPAID = "pending unpaid authorized onhold draft awaitingpayment pendingpayment 待付款 等待买家付款 未付款 待支付"
_VOID = "cancelled canceled voided void refunded failed trash 交易关闭 已取消 已退款 退款成功 已关闭 交易取消"
_TEXT_ROLES = ("order_id", "item_id", "item_name", "category", "brand", "channel", "session_id")


def read_rows(source: MappedSource, format_name: str, now: datetime) -> Collected:
    """Read every row as one line.

    Parameters
    ----------
    source
        With columns of the customer and the time; each currency is that of the column, or of the sign in the amount.

    Raises
    ------
    SourceError
        When the amounts have two currencies.
    QuarantineError
        When more rows are bad than the shop allows.
    """
    money, raw = money_column(source.roles), source.raw
    signs = signs_of(raw.table[money]) if money else pa.nulls(raw.table.num_rows, pa.string())
    codes = source.text("currency") if "currency" in source.roles else signs
    currency, other_currency = currencies(codes, raw.name, source.config)
    return assemble(source, lines_of(source, now, currency, other_currency), format_name, now)


def lines_of(source: MappedSource, now: datetime, currency: pa.Array, other_currency: pa.Array) -> pa.Table:
    """Convert rows to lines, each accepted or with the reason why it is set aside.

    Parameters
    ----------
    currency, other_currency
        As `currencies` returns them.
    """
    raw, config = source.raw, source.config
    texts = {role: source.text(role) for role in _TEXT_ROLES}
    quantity = source.number("quantity")
    amount = _amounts(source, quantity)
    customer, contact = _customers(source)
    # Rows that sold nothing: in them a one-letter code is a correction of the books.
    unsold = pc.or_(pc.is_null(customer), is_true(pc.less_equal(amount, 0.0)))
    items = kinds_of_items(texts["item_id"], texts["item_name"], config.items, unsold)
    types = _types(source, quantity, amount, items)
    # Some sources write returns with positive numbers; stored returns are negative.
    is_return = pc.equal(types, "return")
    amount, quantity = (pc.if_else(is_return, _negative(value), value) for value in (amount, quantity))
    code = pc.coalesce(texts["item_id"], texts["item_name"])
    columns = {
        "row": pa.array(raw.row),
        "customer_id": customer,
        "ts": source.time("ts"),
        "type": types,
        "item": code,
        "item_name": texts["item_name"],
        "item_id": pc.if_else(pc.or_(pc.equal(items, CHARGE), pc.equal(types, "charge")), None, code),
        "quantity": quantity,
        "amount": pc.add(amount, 0.0),  # turns -0.0 into 0.0
        "discount": pc.abs(source.number("discount")),
        "cost": _costs(source, quantity),
        "rating": source.number("rating"),
        "currency": currency,
        "text": pa.nulls(raw.table.num_rows, pa.string()),
    }
    columns |= {role: texts[role] for role in ("order_id", "category", "brand", "channel", "session_id")}
    is_money = pc.is_in(types, pa.array([*MONEY_TYPES, "void"]))
    reason = first_reason(
        _bad_readings(source, columns, is_money, now)
        | {
            "no_customer": pc.is_null(customer),
            "other_currency": other_currency,
            "unpaid": _has_status(source, _UNPAID),
            "test_code": pc.and_(pc.equal(items, TEST), is_money),
        }
    )
    return pa.table(columns | contact | {"reason": reason, "detail": _details(source, reason)})


def _bad_readings(
    source: MappedSource, columns: dict[str, pa.Array], is_money: pa.Array, now: datetime
) -> dict[str, pa.Array]:
    """Flag rows whose time or numbers cannot be read, by reason."""
    ts, no_amount = columns["ts"], pc.and_(pc.is_null(columns["amount"]), is_money)
    return {
        "bad_time": pc.is_null(ts),
        "bad_amount": pc.or_(no_amount, _not_a_number(source, "amount")),
        "bad_quantity": _not_a_number(source, "quantity"),
        "future_date": is_true(pc.greater(ts, pa.scalar(now, UTC))),
    }


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


def _customers(source: MappedSource) -> tuple[pa.Array, dict[str, pa.Array]]:
    """Compute customer ids, and columns of CONTACTS by name."""
    keys = {role: source.text(role) for role in ("customer_id", "email", "phone") if role in source.roles}
    ids = customer_keys(keys.get("customer_id"), keys.get("email"), keys.get("phone"), source.config)
    emails = [normal_email(keys[role]) for role in ("email", "customer_id") if role in keys]
    contact = {role: source.text(role) for role in ("first_name", "last_name", "country") if role in source.roles}
    if emails and any(email.null_count < len(email) for email in emails):
        contact["email"] = pc.coalesce(*emails)
    if "phone" in keys:
        contact["phone"] = normal_phone(keys["phone"])
    return ids, contact


def _amounts(source: MappedSource, quantity: pa.Array) -> pa.Array:
    """Read what each line came to: its amount, else price times quantity, else its price."""
    if "amount" in source.roles:
        return source.number("amount")
    if "price" in source.roles and "quantity" in source.roles:
        return null_beyond(pc.multiply(source.number("price"), quantity))
    return source.number("price")


def _costs(source: MappedSource, quantity: pa.Array) -> pa.Array:
    """Read what each line cost the shop: its cost, else unit cost times quantity; negative where pieces came back."""
    by_piece = null_beyond(pc.multiply(source.number("unit_cost"), pc.fill_null(quantity, 1.0)))
    return pc.coalesce(source.number("cost"), by_piece)


def _types(source: MappedSource, quantity: pa.Array, amount: pa.Array, items: pa.Array) -> pa.Array:
    """Decide the type of each event: by the column of types, the signs of the numbers, the status and the item."""
    types = canonical_types(source.text("type"))
    known = pc.is_in(types, pa.array(sorted(set(KNOWN_TYPES.values()))))
    if "type" not in source.config.collect.map and not _is_majority(known, types):
        types = pa.nulls(len(types), pa.string())  # a column "type" with another meaning, such as the customer's type
    types = pc.fill_null(types, "order")
    # In this order: what is negative is a return, a cancelled order is void, postage is a charge whatever its sign.
    negative = pc.or_(is_true(pc.less(quantity, 0)), is_true(pc.less(amount, 0)))
    types = pc.if_else(pc.and_(pc.equal(types, "order"), negative), "return", types)
    types = pc.if_else(pc.and_(pc.equal(types, "order"), _has_status(source, _VOID)), "void", types)
    is_charge = pc.and_(pc.equal(items, CHARGE), pc.is_in(types, pa.array(["order", "return"])))
    return pc.if_else(is_charge, "charge", types)


def _is_majority(flags: pa.Array, values: pa.Array) -> bool:
    """Whether a flag is true for more than half of the values that are there."""
    valid = len(values) - values.null_count
    return valid > 0 and 2 * (pc.sum(flags).as_py() or 0) > valid


def _has_status(source: MappedSource, words: str) -> pa.Array:
    encoded = source.text("status").dictionary_encode()
    matching = pa.array([plain(word) in words.split() for word in encoded.dictionary.to_pylist()], pa.bool_())
    return is_true(matching.take(encoded.indices))


def _negative(values: pa.Array) -> pa.Array:
    return pc.negate(pc.abs(values))


def _not_a_number(source: MappedSource, role: str) -> pa.Array:
    if role not in source.roles:
        return all_false(source.raw.table.num_rows)
    return pc.and_(pc.is_valid(source.text(role)), pc.is_null(source.number(role)))
