"""Stripe's unified payments: a row a charge, with what was refunded of it."""

from __future__ import annotations

from shijin.collect.declared import declared

COLUMNS = {
    "customer_id": ("Customer ID",),
    "email": ("Customer Email", "Card Address Email"),
    "person": ("Card Name",),
    "ts": ("Created (UTC)", "Created date (UTC)", "Created"),
    "order_total": ("Amount",),
    "refund": ("Amount Refunded",),
    "status": ("Status",),
    "currency": ("Currency",),
    "order_id": ("id",),
}
FORMAT = declared(
    "stripe",
    "Stripe: payments",
    ("id", "Amount", "Amount Refunded", "Currency", "Status"),
    COLUMNS,
)
