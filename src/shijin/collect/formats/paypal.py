"""PayPal's activity: a row a transaction. Only payments of customers, and refunds to them, are the shop's sales.

A payment comes from the customer's e-mail; a refund goes to it. Transfers, fees, holds and the shop's own payments have
no customer, and are set aside.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from shijin.collect.declared import MADE, Preparation, declared
from shijin.collect.format import by_role
from shijin.collect.raw import Raw, with_rows
from shijin.collect.values import as_text, is_true

_PERSON, _KIND = f"{MADE}customer", f"{MADE}kind"
COLUMNS = {
    "email": (_PERSON,),
    "person": ("Name",),
    "ts": ("Date",),
    "type": (_KIND,),
    "order_id": ("Invoice Number", "Transaction ID"),
    "item_id": ("Item ID", "Item Title"),
    "item_name": ("Item Title",),
    "amount": ("Gross",),
    "status": ("Status",),
    "currency": ("Currency",),
    "country": ("Country Code", "Country"),
}
_SALE = r"(?i)(payment|checkout|purchase|付款|zahlung|paiement|pago)"
_REFUND = r"(?i)(refund|reversal|chargeback|rückzahlung|remboursement|reembolso|退款)"
_OTHER = r"(?i)(withdraw|transfer|deposit|conversion|hold|fee|bill|mass pay|subscription cancel|reserve|authorization)"


def _with_customers(raw: Raw) -> Raw:
    """Add the customer of each payment and refund, and its kind."""
    names = raw.table.column_names
    there = by_role(
        names, {"from": ["From Email Address"], "to": ["To Email Address"], "type": ["Type"], "gross": ["Gross"]}
    )
    texts = {role: as_text(raw.table[columns[0]]) for role, columns in there.items()}
    out = is_true(pc.match_substring_regex(texts["gross"], r"^[-(−]"))
    refund = is_true(pc.match_substring_regex(texts["type"], _REFUND))
    sale = is_true(pc.match_substring_regex(texts["type"], _SALE))
    other = pc.and_(is_true(pc.match_substring_regex(texts["type"], _OTHER)), pc.invert(refund))
    of_shop = pc.or_(pc.and_(sale, pc.invert(out)), pc.and_(refund, out))
    counts = pc.and_(pc.or_(of_shop, pc.invert(pc.or_(sale, pc.or_(refund, out)))), pc.invert(other))
    person = pc.if_else(counts, pc.if_else(out, texts["to"], texts["from"]), None)
    table = raw.table.append_column(_PERSON, person)
    table = table.append_column(_KIND, pc.if_else(out, pa.scalar("refund"), pa.scalar("order")))
    return with_rows(raw, table)


FORMAT = declared(
    "paypal",
    "PayPal: activity",
    ("Date", "Time", "Type", "Status", "Gross", "From Email Address", "To Email Address"),
    COLUMNS,
    clock="Time",
    preparation=Preparation(_with_customers, ("From Email Address", "To Email Address", "Type")),
)
