"""The plain table: one row an event, columns found by their names. It knows no platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect import guess
from shijin.collect.collected import Collected, CollectOptions, assemble
from shijin.collect.files import Raw, readable
from shijin.collect.identity import contacts_of, customer_keys, normal_email, normal_phone
from shijin.collect.values import LARGEST, DateOrder, Decimal, as_number, as_text, as_time, within
from shijin.config import Config
from shijin.errors import SourceError
from shijin.prepare.clean import CHARGE, KNOWN_TYPES, TEST, canonical_types, kinds_of_items, plain
from shijin.prepare.findings import finding, findings_table
from shijin.schema import MONEY_TYPES, UTC

KIND = "table"
_UNPAID = "pending unpaid authorized onhold draft awaitingpayment pendingpayment 待付款 等待买家付款 未付款 待支付"
_VOID = "cancelled canceled voided void refunded failed trash 交易关闭 已取消 已退款 退款成功 已关闭 交易取消"
_SIGNS = {"£": "GBP", "€": "EUR", "₹": "INR", "₩": "KRW", "$": None, "¥": None, "￥": None}
_TEXT_ROLES = ("order_id", "item_id", "item_name", "category", "brand", "channel", "session_id")


@dataclass(frozen=True)
class Reading:
    """A raw table with its columns by role and what was settled about dates and numbers."""

    raw: Raw
    roles: Mapping[str, str]
    decimal: Decimal
    date_order: DateOrder
    order_is_guess: bool
    config: Config

    @property
    def paid(self) -> str | None:
        """The column of money."""
        return paid_column(self.roles)

    def text(self, role: str) -> pa.Array:
        """A column's texts, null where the source has none such."""
        if role not in self.roles:
            return pa.nulls(self.raw.table.num_rows, pa.string())
        return as_text(self.raw.table[self.roles[role]])

    def number(self, role: str) -> pa.Array:
        """A column's numbers."""
        if role not in self.roles:
            return pa.nulls(self.raw.table.num_rows, pa.float64())
        return as_number(self.raw.table[self.roles[role]], self.decimal)


def read_table(raw: Raw, config: Config, options: CollectOptions, now: datetime) -> Collected:
    """Understand a plain table.

    Raises
    ------
    SourceError
        When no column can be the customer, the time or the amount, or the amounts have two currencies.
    QuarantineError
        When more rows are bad than the shop can afford to set aside.
    """
    roles = _roles(raw, config, options)
    raw = readable(raw, roles.values())
    refuse_missing(roles, raw)
    reading = settle(raw, roles, config, options)
    signs = _by_sign(raw.table[reading.paid]) if reading.paid else pa.nulls(raw.table.num_rows, pa.string())
    currency, other_currency = currencies(reading.text("currency") if "currency" in roles else signs, raw.name, config)
    lines = understand(reading, now, currency, other_currency)
    accepted = lines.filter(pc.is_null(lines["reason"]))
    return replace(
        assemble(raw, lines, KIND, config, now),
        contacts=contacts_of(accepted, config),
        findings=findings_table(notes_of_reading(reading, accepted)),
        guess=shown(reading, KIND),
    )


def _roles(raw: Raw, config: Config, options: CollectOptions) -> dict[str, str]:
    """Columns by role; a file of views needs no column that ``[collect] map`` names for the shop's orders."""
    found, said = raw.table.column_names, config.collect.map
    there = {role: column for role, column in said.items() if column in found}
    if there != said:
        roles = guess.columns_of(found, {**there, **options.map}, raw.name)
        if _nothing_is_paid(roles, readable(raw, roles.values())):
            return roles
    return guess.columns_of(found, {**said, **options.map}, raw.name)


def refuse_missing(roles: Mapping[str, str], raw: Raw) -> None:
    """Refuse a table in which no column can be the customer, the time or the amount, or one is empty throughout.

    Where a column of types says that nothing was paid for, such as views and carts, no amount is needed.

    Raises
    ------
    SourceError
        Names the columns found and the cure.
    """
    needs = {"customer_id": ("customer_id", "email", "phone"), "ts": ("ts",), "amount": ("amount", "price")}
    for role, any_of in needs.items():
        there = [roles[name] for name in any_of if name in roles]
        meant = {"customer_id": "customer", "ts": "time", "amount": "amount"}[role]
        if role == "amount" and _nothing_is_paid(roles, raw):
            continue
        if not there:
            found = ", ".join(raw.table.column_names[:20])
            cure = f"say --map {role}=COLUMN"
            if role == "amount" and "rating" in roles:
                cure += "; of ratings alone say: shijin feedback FILE"
            raise SourceError(f"no {meant} column, found {found}", raw.name, cure)
        if _all_empty(raw, there) and raw.table.num_rows:
            raise SourceError(f"the {meant} column {there[0]} is empty", raw.name, f"say --map {role}=COLUMN")


def paid_column(roles: Mapping[str, str]) -> str | None:
    """The column of money; None where there is none."""
    return roles.get("amount") or roles.get("price")


def _nothing_is_paid(roles: Mapping[str, str], raw: Raw) -> bool:
    """Whether every row says what it is, none of them is about money, and no money is told."""
    if "type" not in roles or not _all_empty(raw, [roles[name] for name in ("amount", "price") if name in roles]):
        return False
    types = pc.unique(canonical_types(as_text(raw.table[roles["type"]])))
    return bool(len(types)) and set(types.to_pylist()) <= set(KNOWN_TYPES.values()) - {*MONEY_TYPES, "void"}


def _all_empty(raw: Raw, columns: Sequence[str]) -> bool:
    return all(as_text(raw.table[name]).null_count == raw.table.num_rows for name in columns)


def settle(raw: Raw, roles: Mapping[str, str], config: Config, options: CollectOptions) -> Reading:
    """Settle the decimal sign and the order of dates: what is said wins, else the values themselves tell."""
    paid = paid_column(roles)
    amounts = raw.table[paid] if paid else pa.nulls(raw.table.num_rows, pa.string())
    amounts = as_text(amounts) if _is_text(amounts) else amounts
    decimal = options.decimal or config.collect.decimal or guess.decimal_of(amounts)
    said = options.date_order or config.collect.date_order
    times = raw.table[roles["ts"]]
    hint = "EUR" if decimal == "," else config.shop.currency or _sign_of(amounts)
    found, is_guess = guess.date_order_of(as_text(times), hint) if _is_text(times) else ("ymd", False)
    return Reading(raw, roles, decimal, said or found, is_guess and not said, config)


def currencies(column: pa.Array, where: str, config: Config) -> tuple[pa.Array, pa.Array]:
    """Each row's currency, and which rows have another than the shop's.

    Parameters
    ----------
    column : (n,) string
        Codes or signs as the source has them.

    Raises
    ------
    SourceError
        When there are two and the shop does not say which is its own.
    """
    own = config.shop.currency
    column = pc.utf8_upper(column)
    counts = sorted((row["values"], row["counts"]) for row in pc.value_counts(column.drop_null()).to_pylist())
    if len(counts) > 1 and own is None:
        said = ", ".join(f"{name} ({count} rows)" for name, count in counts)
        cure = "set [shop] currency in shijin.toml to keep one of them, or convert the amounts"
        raise SourceError(f"amounts in {len(counts)} currencies: {said}", where, cure)
    other = pc.fill_null(pc.not_equal(column, own), fill_value=False) if own else _none(len(column))
    named = pc.if_else(pc.match_substring_regex(column, "^[A-Z]{3}$"), column, None)
    return pc.coalesce(named, pa.scalar(own, pa.string())), other


def understand(reading: Reading, now: datetime, currency: pa.Array, other_currency: pa.Array) -> pa.Table:
    """Rows as lines, each accepted or with the reason why it is set aside."""
    raw, config = reading.raw, reading.config
    ts = as_time(raw.table[reading.roles["ts"]], reading.date_order, config.shop.timezone, config.engine)
    texts = {role: reading.text(role) for role in _TEXT_ROLES}
    code = pc.coalesce(texts["item_id"], texts["item_name"])
    quantity = reading.number("quantity")
    amount = _amounts(reading, quantity)
    customer, people = _people(reading)
    unsold = pc.or_(pc.is_null(customer), pc.fill_null(pc.less_equal(amount, 0.0), fill_value=False))
    items = kinds_of_items(texts["item_id"], texts["item_name"], config.items, unsold)
    types = _types(reading, quantity, amount, items)
    is_return = pc.equal(types, "return")
    amount, quantity = (pc.if_else(is_return, _negative(value), value) for value in (amount, quantity))
    is_money = pc.is_in(types, pa.array([*MONEY_TYPES, "void"]))
    reason = first_reason(
        {
            "bad_time": pc.is_null(ts),
            "bad_amount": pc.or_(pc.and_(pc.is_null(amount), is_money), _unreadable(reading, "amount")),
            "bad_quantity": _unreadable(reading, "quantity"),
            "future_date": pc.fill_null(pc.greater(ts, pa.scalar(now, UTC)), fill_value=False),
            "no_customer": pc.is_null(customer),
            "other_currency": other_currency,
            "unpaid": _has_status(reading, _UNPAID),
            "test_code": pc.and_(pc.equal(items, TEST), is_money),
        }
    )
    columns = {
        "row": pa.array(raw.row),
        "reason": reason,
        "detail": _details(reading, reason),
        "customer_id": customer,
        "ts": ts,
        "type": types,
        "item": code,
        "item_name": texts["item_name"],
        "item_id": pc.if_else(pc.or_(pc.equal(items, CHARGE), pc.equal(types, "charge")), None, code),
        "quantity": quantity,
        "amount": pc.add(amount, 0.0),  # no -0.0
        "discount": pc.abs(reading.number("discount")),
        "cost": _costs(reading, quantity),
        "rating": reading.number("rating"),
        "currency": currency,
        "text": pa.nulls(raw.table.num_rows, pa.string()),
    }
    columns |= {role: texts[role] for role in ("order_id", "category", "brand", "channel", "session_id")}
    return pa.table(columns | people)


def first_reason(reasons: Mapping[str, pa.Array]) -> pa.Array:
    """For each row the first reason that holds, null where none does.

    Examples
    --------
    >>> flags = {"bad_time": pa.array([True, False]), "no_customer": pa.array([True, False])}
    >>> first_reason(flags).to_pylist()
    ['bad_time', None]
    """
    found: pa.Array = pa.scalar(None, pa.string())
    for reason, holds in reversed(list(reasons.items())):
        found = pc.if_else(holds, reason, found)
    return found


def shown(reading: Reading, kind: str) -> dict[str, Any]:
    """What was guessed, for people to see and for the receipt."""
    return {
        "format": kind,
        **reading.raw.told,
        "columns": dict(reading.roles),
        "decimal": reading.decimal,
        "date_order": reading.date_order,
    }


def _people(reading: Reading) -> tuple[pa.Array, dict[str, pa.Array]]:
    """Customer ids, and what Contacts may know of them."""
    given = {role: reading.text(role) for role in ("customer_id", "email", "phone") if role in reading.roles}
    ids = customer_keys(given.get("customer_id"), given.get("email"), given.get("phone"), reading.config)
    emails = [normal_email(given[role]) for role in ("email", "customer_id") if role in given]
    people = {role: reading.text(role) for role in ("first_name", "last_name", "country") if role in reading.roles}
    if emails and any(email.null_count < len(email) for email in emails):
        people["email"] = pc.coalesce(*emails)
    if "phone" in given:
        people["phone"] = normal_phone(given["phone"])
    return ids, people


def _amounts(reading: Reading, quantity: pa.Array) -> pa.Array:
    if "amount" in reading.roles:
        return reading.number("amount")
    if "price" in reading.roles and "quantity" in reading.roles:
        return within(pc.multiply(reading.number("price"), quantity))
    return reading.number("price")


def _costs(reading: Reading, quantity: pa.Array) -> pa.Array:
    """What each line cost the shop: as it says, or by the piece, negative where pieces came back."""
    by_piece = within(pc.multiply(reading.number("unit_cost"), pc.fill_null(quantity, 1.0)))
    return pc.coalesce(reading.number("cost"), by_piece)


def _types(reading: Reading, quantity: pa.Array, amount: pa.Array, items: pa.Array) -> pa.Array:
    types = canonical_types(reading.text("type"))
    known = pc.is_in(types, pa.array(sorted(set(KNOWN_TYPES.values()))))
    if "type" not in reading.config.collect.map and not _mostly(known, types):
        types = pa.nulls(len(types), pa.string())  # a "type" that speaks of something else, such as the customer's
    types = pc.fill_null(types, "order")
    negative = pc.or_(
        pc.fill_null(pc.less(quantity, 0), fill_value=False), pc.fill_null(pc.less(amount, 0), fill_value=False)
    )
    is_return = pc.and_(pc.equal(types, "order"), negative)
    types = pc.if_else(is_return, "return", types)
    types = pc.if_else(pc.and_(pc.equal(types, "order"), _has_status(reading, _VOID)), "void", types)
    is_charge = pc.and_(pc.equal(items, CHARGE), pc.is_in(types, pa.array(["order", "return"])))
    return pc.if_else(is_charge, "charge", types)


def _mostly(flags: pa.Array, among: pa.Array) -> bool:
    said = len(among) - among.null_count
    return said > 0 and 2 * (pc.sum(flags).as_py() or 0) > said


def _has_status(reading: Reading, words: str) -> pa.Array:
    status = reading.text("status")
    encoded = status.dictionary_encode()
    matching = pa.array([plain(word) in words.split() for word in encoded.dictionary.to_pylist()], pa.bool_())
    return pc.fill_null(matching.take(encoded.indices), fill_value=False)


def _negative(values: pa.Array) -> pa.Array:
    return pc.negate(pc.abs(values))


def _unreadable(reading: Reading, role: str) -> pa.Array:
    if role not in reading.roles:
        return _none(reading.raw.table.num_rows)
    return pc.and_(pc.is_valid(reading.text(role)), pc.is_null(reading.number(role)))


def _details(reading: Reading, reason: pa.Array) -> pa.Array:
    columns = {
        "bad_time": (reading.roles["ts"], "is no date"),
        "bad_amount": (reading.paid, "is no number"),
        "bad_quantity": (reading.roles.get("quantity"), "is no number"),
        "future_date": (reading.roles["ts"], "lies in the future"),
    }
    detail = reason
    for name, (column, said) in columns.items():
        holds = pc.fill_null(pc.equal(reason, name), fill_value=False)
        if column and pc.any(holds).as_py():
            value = reading.raw.table[column].combine_chunks().cast(pa.string())
            sentence = quoted(column, value, said)
            if name in ("bad_amount", "bad_quantity"):
                beyond = pc.greater(pc.abs(as_number(reading.raw.table[column], reading.decimal, np.inf)), LARGEST)
                too_large = quoted(column, value, f"is beyond {LARGEST:g}")
                sentence = pc.if_else(pc.fill_null(beyond, fill_value=False), too_large, sentence)
            detail = pc.if_else(holds, sentence, detail)
    return detail


def quoted(column: str, values: pa.Array, said: str) -> pa.Array:
    """What is wrong with each value of a column, in a sentence.

    Examples
    --------
    >>> quoted("paid", pa.array(["abc", None]), "is no number").to_pylist()
    ['paid "abc" is no number', 'paid "" is no number']
    """
    return pc.binary_join_element_wise(f'{column} "', pc.fill_null(values, ""), f'" {said}', "")


def notes_of_reading(reading: Reading, accepted: pa.Table) -> list[dict[str, Any]]:
    """Findings about how a source was read: a guessed order of dates or encoding, ids that were rounded."""
    notes = []
    n = reading.raw.table.num_rows
    if reading.order_is_guess:
        order = {"dmy": "day/month/year", "mdy": "month/day/year"}[reading.date_order]
        notes.append(finding("date_order_guessed", "warns", n, 1.0, order=order))
    if reading.raw.told.get("encoding", "utf-8") not in ("utf-8", "utf-8-sig", reading.config.collect.encoding):
        notes.append(finding("encoding_guessed", "notes", n, 1.0, encoding=reading.raw.told["encoding"]))
    rounded = pc.match_substring_regex(pc.unique(accepted["customer_id"]), r"^[1-9]\d{11,}0{4,}$")
    if pc.any(rounded).as_py():
        count = pc.sum(rounded).as_py()
        notes.append(finding("ids_rounded", "warns", count, count / len(rounded), column=reading.roles["customer_id"]))
    return notes


def _is_text(column: pa.ChunkedArray) -> bool:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _sign_of(amounts: pa.Array) -> str | None:
    signs = pc.unique(_by_sign(amounts)).drop_null()
    return str(signs[0]) if len(signs) == 1 else None


def _by_sign(amounts: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not _is_text(amounts):
        return pa.nulls(len(amounts), pa.string())
    sign = pc.struct_field(pc.extract_regex(as_text(amounts), "(?P<sign>[£€₹₩$¥￥])"), "sign")
    for letter, code in _SIGNS.items():
        if code:
            sign = pc.if_else(pc.equal(sign, letter), code, sign)
    return sign


def _none(n: int) -> pa.Array:
    return pa.array(np.zeros(n, dtype=bool))
