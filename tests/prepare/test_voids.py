"""Void orders: how many, how much money, and how long ago."""

import json
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shijin.config import Config
from shijin.prepare.findings import percent
from shijin.prepare.quality import check
from shijin.prepare.voids import has_voids, void_orders, voids_between
from shijin.schema import EVENTS, QUARANTINE, conform
from shijin.words import LANGUAGES, say

FIRST = date(2024, 1, 1)
Row = tuple[str | None, str, int, str, float]  # order, customer, day, type, amount


def events(*rows: Row) -> pa.Table:
    start = datetime(2024, 1, 1, 12, tzinfo=UTC)
    columns = {
        "order_id": pa.array([row[0] for row in rows], pa.string()),
        "customer_id": [row[1] for row in rows],
        "ts": [start + timedelta(days=row[2]) for row in rows],
        "type": [row[3] for row in rows],
        "amount": [row[4] for row in rows],
        "event_id": [f"e{place}" for place in range(len(rows))],
    }
    return conform(pa.table(columns), EVENTS, "test")


def all_of(table: pa.Table) -> tuple[int, int, float, float]:
    voids = voids_between(table, Config(), FIRST, date(2030, 1, 1))
    return voids.orders, voids.all_orders, voids.money, voids.all_money


def test_an_order_is_void_where_no_line_of_it_stands() -> None:
    table = events(
        ("a", "x", 0, "void", 10.0),
        ("a", "x", 0, "void", 5.0),  # a second line of the same order
        ("b", "x", 1, "order", 20.0),
        ("b", "x", 1, "void", 4.0),  # one item of an order that stands
        ("c", "y", 2, "order", 30.0),
        ("c", "y", 2, "charge", 6.0),
    )
    assert all_of(table) == (1, 3, 19.0, 75.0)


def test_without_order_numbers_a_customers_day_is_an_order() -> None:
    table = events(
        (None, "x", 0, "void", 10.0),
        (None, "x", 0, "void", 5.0),
        (None, "x", 1, "void", 5.0),
        (None, "y", 0, "order", 5.0),
    )
    assert all_of(table) == (2, 3, 20.0, 25.0)


@pytest.mark.parametrize("type", ["withdrawn", "refund_undated", "return", "view", "other"])
def test_nothing_else_counts_as_void_or_as_money(type: str) -> None:
    """A line that a newer export no longer has was withdrawn, not refunded."""
    table = events(("a", "x", 0, type, -7.0), ("b", "x", 1, "order", 20.0))
    assert all_of(table) == (0, 1, 0.0, 20.0)
    assert not has_voids(table)
    assert void_orders(table, Config()) == []


def test_days_are_those_of_the_shop() -> None:
    table = events(("a", "x", 0, "void", 10.0))  # noon in Greenwich is the next day in Kiritimati
    there = Config.model_validate({"shop": {"timezone": "Pacific/Kiritimati"}})
    next_day = FIRST + timedelta(days=1)
    assert voids_between(table, Config(), FIRST, next_day).orders == 1
    assert voids_between(table, there, FIRST, next_day).orders == 0
    assert voids_between(table, there, next_day, next_day + timedelta(days=1)).orders == 1


@given(
    st.lists(st.tuples(st.integers(0, 300), st.booleans(), st.floats(0.01, 1e4)), min_size=1, max_size=40),
    st.integers(0, 301),
)
def test_a_day_divides_all_orders_into_those_before_and_since(rows: list[tuple[int, bool, float]], cut: int) -> None:
    types = {True: "void", False: "order"}
    table = events(*((f"o{place}", "x", day, types[void], amount) for place, (day, void, amount) in enumerate(rows)))
    day, end = FIRST + timedelta(days=cut), FIRST + timedelta(days=301)
    parts = voids_between(table, Config(), FIRST, day), voids_between(table, Config(), day, end)
    assert sum(part.orders for part in parts) == sum(void for _, void, _ in rows)
    assert sum(part.all_orders for part in parts) == len(rows)
    assert sum(part.money for part in parts) == pytest.approx(sum(amount for _, void, amount in rows if void))
    assert all(0 <= share <= 1 for part in parts for share in (part.order_share, part.money_share))


def test_a_check_shows_the_share_in_all_and_by_age() -> None:
    """An old order had the time to be refunded; a new one may be later."""
    rows = [(f"o{n}", f"c{n % 40}", n, "void" if n < 200 and n % 5 == 0 else "order", 10.0) for n in range(400)]
    rows[399] = ("o399", "c39", 399, "void", 50.0)
    table = events(*rows)
    found = {
        row["code"]: row for row in check(table, QUARANTINE.empty_table(), Config(), datetime.now(UTC)).to_pylist()
    }
    finding = found["void_orders"]
    assert finding["rows"] == 41
    assert finding["share"] == pytest.approx(41 / 400)
    arguments = json.loads(finding["arguments"])
    assert arguments["since"] == str(FIRST + timedelta(days=310))
    assert arguments["recent"] == percent(1 / 90)
    assert arguments["before"] == percent(40 / 310)
    assert arguments["money"] == percent(450 / 4040)
    assert finding["severity"] == "notes"
    assert finding["examples"][0] == "e399"  # the newest first
    for language in LANGUAGES:
        sentence = say("findings.void_orders", language, **arguments)
        assert all(arguments[name] in sentence for name in ("money", "recent", "before"))


def test_of_a_short_history_the_later_half_is_recent() -> None:
    table = events(*((f"o{n}", "x", n, "void" if n < 10 else "order", 1.0) for n in range(20)))
    arguments = json.loads(void_orders(table, Config())[0]["arguments"])
    assert (arguments["since"], arguments["recent"], arguments["before"]) == ("2024-01-11", "0 %", "100 %")


def test_a_shop_whose_only_orders_are_void_has_no_orders() -> None:
    table = events(("a", "x", 0, "void", 0.0))
    assert all_of(table) == (1, 1, 0.0, 0.0)
    arguments = json.loads(void_orders(table, Config())[0]["arguments"])
    assert (arguments["share"], arguments["money"]) == ("100 %", "0 %")
    found = check(table, QUARANTINE.empty_table(), Config(), datetime.now(UTC))
    assert found["code"].to_pylist() == ["no_orders"]
