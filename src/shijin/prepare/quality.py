"""Checks a shop's data: what is wrong, and whether it spoils a forecast. It reads tables and repairs nothing.

A finding *spoils* only where most of a forecast would be wrong: no orders at all, a file collected twice under other
ids, order totals repeated on every line, two currencies added up, one mistyped amount larger than all others together.
A small, young, seasonal or untidy shop is never spoilt.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shijin.config import Config, WeekStart
from shijin.engine.duckdb import connect
from shijin.prepare.findings import EXAMPLES, Severity, finding, findings_table
from shijin.prepare.rhythm import empty_days, first_regular_day, unusual_weeks
from shijin.prepare.voids import void_orders
from shijin.schema import BAD_REASONS, EVENT_TYPES, FEEDBACK_TYPES, UTC

_FEW_CUSTOMERS = 30
_SHORT_DAYS = 60

Findings = list[dict[str, Any]]


def check(events: pa.Table, rejected: pa.Table, config: Config, now: datetime) -> pa.Table:
    """Find what is wrong in a shop's data.

    Parameters
    ----------
    events
        EVENTS.
    rejected
        QUARANTINE: rows set aside while collecting.
    now
        An instant; events after it are a finding.

    Returns
    -------
    FINDINGS, the most severe first, each with some of its rows

    Examples
    --------
    >>> from datetime import UTC
    >>> from shijin.schema import EVENTS, QUARANTINE
    >>> nothing = check(EVENTS.empty_table(), QUARANTINE.empty_table(), Config(), datetime(2024, 1, 1, tzinfo=UTC))
    >>> nothing.select(["code", "severity"]).to_pylist()
    [{'code': 'no_orders', 'severity': 'spoils'}]
    """
    findings = rejections(rejected, events.num_rows + rejected.num_rows)
    if not pc.any(pc.equal(events["type"], "order")).as_py():
        return findings_table([*findings, finding("no_orders", "spoils", 0, 0.0)])
    with connect(config.engine) as connection:
        is_feedback = pc.is_in(events["type"], pa.array(FEEDBACK_TYPES))  # it may be dated long after the last order
        connection.register("events", events.filter(pc.invert(is_feedback)))
        connection.execute(
            f"""CREATE TEMP VIEW orders AS SELECT *, (ts AT TIME ZONE '{config.shop.timezone}')::DATE AS day
            FROM events WHERE type = 'order'"""
        )
        findings += _lone_early(connection, config.shop.timezone)
        # A basket is an order, or a customer's day where there is no order number.
        connection.execute(
            """CREATE TEMP TABLE baskets AS SELECT coalesce(order_id, customer_id || chr(31) || day) AS basket,
                min(customer_id) AS customer_id, count(DISTINCT customer_id) AS customers, min(day) AS day,
                sum(amount) AS amount, count(*) AS lines, min(event_id) AS event_id, min(amount) AS least,
                max(amount) AS most, count(DISTINCT item_id) AS items
            FROM orders GROUP BY basket"""
        )
        for rule in (_repeated_rows, _repeated_totals, _amounts, _customers, _orders_shared, _currencies):
            findings += rule(connection)
        findings += _history(connection, config.shop.week_start)
    findings += void_orders(events, config)
    return findings_table([*findings, *_refunds(events), *_own_types(events), *_future(events, now)])


def rejections(rejected: pa.Table, rows_in: int) -> Findings:
    """Return a finding for each reason for which rows were set aside.

    Parameters
    ----------
    rejected
        QUARANTINE.
    rows_in
        How many rows were read in all.
    """
    findings = []
    for counted in pc.value_counts(rejected["reason"]).to_pylist():
        reason, rows = counted["values"], counted["counts"]
        examples = rejected.filter(pc.equal(rejected["reason"], reason)).slice(0, EXAMPLES)
        share = rows / max(rows_in, 1)
        many = reason == "no_customer" and share > 0.5
        severity: Severity = "warns" if reason in BAD_REASONS or many else "notes"
        findings.append(finding(reason, severity, rows, share, examples["source_row"].to_pylist()))
    return findings


def _repeated_rows(connection: duckdb.DuckDBPyConnection) -> Findings:
    # All equal lines but the first of each group are repeats.
    content = "customer_id, ts, order_id, item_id, quantity, amount"
    rows, total, examples = _one(
        connection,
        f"""WITH numbered AS (SELECT event_id, row_number() OVER (PARTITION BY {content} ORDER BY event_id) AS nth
            FROM orders)
        SELECT count_if(nth > 1), count(*), list(event_id ORDER BY event_id) FILTER (WHERE nth > 1) FROM numbered""",
    )
    share = rows / total
    if share < 0.001:
        return []
    severity: Severity = "spoils" if share >= 0.4 and total >= 50 else "warns" if share > 0.1 else "notes"
    return [finding("repeated_rows", severity, rows, share, examples)]


def _repeated_totals(connection: duckdb.DuckDBPyConnection) -> Findings:
    """Find order totals repeated on each line: the lines of an order are equal, those of other orders differ."""
    alike, several, amounts, examples = _one(
        connection,
        """SELECT count_if(least = most), count(*), count(DISTINCT most) FILTER (WHERE least = most),
            list(event_id ORDER BY event_id) FILTER (WHERE least = most)
        FROM baskets WHERE items > 1 AND most > 0""",
    )
    # A shop of one price has equal lines too, but then few different amounts over its orders.
    if several < 20 or alike < 0.8 * several or amounts < max(10, 0.3 * alike):
        return []
    return [finding("totals_repeated", "spoils", alike, alike / several, examples)]


def _amounts(connection: duckdb.DuckDBPyConnection) -> Findings:
    findings: Findings = []
    zero, odd, lines, odd_ids = _one(
        connection,
        """SELECT count_if(amount = 0), count_if(quantity = 0 AND amount <> 0), count(*),
            list(event_id ORDER BY event_id) FILTER (WHERE quantity = 0 AND amount <> 0) FROM orders""",
    )
    if zero:
        findings.append(finding("zero_amounts", "warns" if zero > 0.2 * lines else "notes", zero, zero / lines))
    if odd:
        findings.append(finding("impossible_quantity", "warns", odd, odd / lines, odd_ids))
    # Extreme against the middle and against the largest percent, so that a shop of rare large orders has none.
    rows, largest, money, orders, examples = _one(
        connection,
        """WITH usual AS (SELECT median(amount) AS middle, quantile_cont(amount, 0.99) AS high FROM baskets
            WHERE amount > 0)
        SELECT count_if(amount > 200 * middle AND amount > 20 * high), max(amount),
            sum(amount), count(*), list(event_id ORDER BY amount DESC, event_id)
            FILTER (WHERE amount > 200 * middle AND amount > 20 * high)
        FROM baskets, usual""",
    )
    if rows and orders >= 50:
        severity: Severity = "spoils" if largest > 0.5 * money else "warns"
        findings.append(
            finding("extreme_amounts", severity, rows, largest / money, examples, largest=f"{largest:,.2f}")
        )
    return findings


def _customers(connection: duckdb.DuckDBPyConnection) -> Findings:
    customers, money, orders = _one(
        connection, "SELECT count(DISTINCT customer_id), sum(amount), count(*) FROM baskets"
    )
    if customers < _FEW_CUSTOMERS:
        return [finding("few_customers", "warns", customers, 1.0, customers=customers)]
    customer, spent, bought = _one(
        connection,
        """SELECT customer_id, sum(amount) AS spent, count(*) AS bought FROM baskets GROUP BY customer_id
        ORDER BY greatest(spent / $money, bought / $orders) DESC, customer_id LIMIT 1""",
        money=max(money, 1e-9),
        orders=orders,
    )
    # The query ordered customers by the larger of both shares.
    share = max(spent / max(money, 1e-9), bought / orders)
    if share < 0.2:
        return []
    return [finding("large_customer", "warns", bought, share, [customer], customer=customer)]


def _orders_shared(connection: duckdb.DuckDBPyConnection) -> Findings:
    shared, orders, examples, unnamed, lines = _one(
        connection,
        """SELECT count_if(customers > 1), count(*), list(basket ORDER BY basket) FILTER (WHERE customers > 1),
            (SELECT count_if(order_id IS NULL) FROM orders), (SELECT count(*) FROM orders) FROM baskets""",
    )
    findings: Findings = []
    if shared:
        # Where most orders have several customers, another column was read as the customer.
        severity: Severity = "spoils" if shared > 0.5 * orders else "warns" if shared > 0.01 * orders else "notes"
        findings.append(finding("orders_shared", severity, shared, shared / orders, examples))
    if unnamed:
        findings.append(finding("no_order_ids", "notes", unnamed, unnamed / lines))
    return findings


def _currencies(connection: duckdb.DuckDBPyConnection) -> Findings:
    (codes,) = _one(connection, "SELECT list(DISTINCT currency ORDER BY currency) FROM events WHERE currency NOT NULL")
    if not codes or len(codes) < 2:
        return []
    return [finding("currencies_mixed", "spoils", len(codes), 1.0, codes, currencies=", ".join(codes))]


def _history(connection: duckdb.DuckDBPyConnection, week_start: WeekStart) -> Findings:
    daily = connection.sql("SELECT day, count(*) AS orders FROM baskets GROUP BY day ORDER BY day").to_arrow_table()
    days = daily["day"].cast(pa.int32()).to_numpy()
    start = first_regular_day(days, daily["orders"].to_numpy())
    daily, days = daily.slice(start), days[start:]
    first = daily["day"][0].as_py()
    orders = np.zeros(int(days[-1] - days[0]) + 1, dtype=np.int64)
    orders[days - days[0]] = daily["orders"].to_numpy()
    if len(orders) == 1:
        return [finding("one_day", "warns", int(orders.sum()), 1.0, [str(first)], day=str(first))]
    findings: Findings = []
    if len(orders) < _SHORT_DAYS:
        findings.append(finding("short_history", "warns", int(orders.sum()), 1.0, days=len(orders)))
    return findings + empty_days(orders, first) + unusual_weeks(orders, first, week_start)


def _lone_early(connection: duckdb.DuckDBPyConnection, timezone: str) -> Findings:
    """Find rows dated years before all others, such as a missing date that became 1970."""
    zone = {"zone": timezone}
    query = "SELECT (ts AT TIME ZONE $zone)::DATE AS day, count(*) AS rows FROM events GROUP BY day ORDER BY day"
    daily: pa.Table = connection.sql(query, params=zone).to_arrow_table()
    place = first_regular_day(daily["day"].cast(pa.int32()).to_numpy(), daily["rows"].to_numpy())
    if not place:
        return []
    first, begins = daily["day"][0].as_py(), daily["day"][place].as_py()
    rows, total, examples = _one(
        connection,
        """SELECT count_if(early), count(*), list(event_id ORDER BY ts, event_id) FILTER (WHERE early)
        FROM (SELECT *, (ts AT TIME ZONE $zone)::DATE < $begins AS early FROM events)""",
        begins=begins,
        **zone,
    )
    return [finding("lone_early_rows", "warns", rows, rows / total, examples, day=str(first), begins=str(begins))]


def _refunds(events: pa.Table) -> Findings:
    types, amounts = events["type"], events["amount"]

    def money(kind: str) -> float:
        return abs(pc.sum(amounts.filter(pc.equal(types, kind))).as_py() or 0.0)

    ordered = max(money("order"), 1e-9)
    findings: Findings = []
    undated = events.filter(pc.equal(types, "refund_undated"))
    if undated.num_rows:
        share = money("refund_undated") / ordered
        severity: Severity = "warns" if share > 0.02 else "notes"
        examples = undated["event_id"].slice(0, EXAMPLES).to_pylist()
        findings.append(finding("undated_refunds", severity, undated.num_rows, min(share, 1.0), examples))
    returned = money("return") / ordered
    if returned > 0.5:
        rows = pc.sum(pc.equal(types, "return")).as_py()
        findings.append(finding("many_returns", "warns", rows, min(returned, 1.0)))
    return findings


def _own_types(events: pa.Table) -> Findings:
    others = events.filter(pc.invert(pc.is_in(events["type"], pa.array(EVENT_TYPES))))
    if not others.num_rows:
        return []
    names = sorted(pc.unique(others["type"]).to_pylist())
    share = others.num_rows / events.num_rows
    return [finding("own_types", "notes", others.num_rows, share, names, types=", ".join(names[:10]))]


def _future(events: pa.Table, now: datetime) -> Findings:
    later = events.filter(pc.greater(events["ts"], pa.scalar(now, UTC)))
    if not later.num_rows:
        return []
    examples = later["event_id"].slice(0, EXAMPLES).to_pylist()
    return [finding("future_events", "warns", later.num_rows, later.num_rows / events.num_rows, examples)]


def _one(connection: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> tuple[Any, ...]:
    (row,) = connection.execute(query, parameters or None).fetchall()
    return tuple(row)
