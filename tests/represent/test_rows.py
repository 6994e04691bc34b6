from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from ledger import UTC, events, instant, row
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind
from shijin.represent.rows import KIND_OF_TYPE, NEVER_PACKED, read_rows, wall_clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
LEDGER = [
    row("b", "2024-01-05 10:00", 20.0, order_id="o2", item_id="tea", category="food", quantity=2.0),
    row("a", "2024-01-05 11:00", None, "view", item_id="cup", channel="web"),
    row("a", "2024-01-06 09:00", 4.9, "charge", order_id="o1"),
    row("b", "2024-01-07 12:00", -20.0, "return", order_id="o2", item_id="tea", discount=1.0),
    row("c", "2024-01-08 12:00", 3.0),
]


def test_lines_have_the_tables_columns_as_codes_and_numbers() -> None:
    rows = read_rows(events(LEDGER), UTC)
    assert rows.customer_ids[rows.customer].tolist() == ["b", "a", "a", "b", "c"]
    assert [rows.items[code] if code >= 0 else None for code in rows.item] == ["tea", "cup", None, "tea", None]
    assert rows.category.tolist() == [0, -1, -1, -1, -1]
    assert rows.channels[rows.channel[1]] == "web"
    assert rows.kind.tolist() == [Kind.ORDER, Kind.VIEW, Kind.CHARGE, Kind.RETURN, Kind.ORDER]
    assert rows.amount.tolist() == [20.0, 0.0, 4.9, -20.0, 3.0]
    assert rows.quantity.tolist() == [2.0, 1.0, 1.0, 1.0, 1.0]
    assert rows.discount.tolist() == [0.0, 0.0, 0.0, 1.0, 0.0]
    assert (rows.day * DAY_US).tolist() == [as_cutoff(date(2024, 1, day)) for day in (5, 5, 6, 7, 8)]


def test_lines_of_orders_are_one_group_lines_of_returns_another_and_others_by_kind() -> None:
    rows = read_rows(events(LEDGER), UTC)
    assert rows.group.tolist() == [0, 2 + Kind.VIEW, 0, 1, 0]


def test_a_line_without_an_order_id_belongs_to_its_day_which_is_no_order_ids_code() -> None:
    some = [row("a", f"2024-01-0{day}") for day in (5, 6, 5)] + [row("a", "2024-01-05", order_id=name) for name in "pq"]
    order = read_rows(events(some), UTC).order
    assert order[0] == order[2]
    assert len({order[0], order[1], order[3], order[4]}) == 4
    assert (order[:3] < 0).all()
    assert (order[3:] >= 0).all()


def test_lines_after_the_last_observed_day_and_their_names_are_left_out() -> None:
    rows = read_rows(events(LEDGER), UTC, date(2024, 1, 5))
    assert (rows.customer_ids.tolist(), rows.items.tolist()) == (["a", "b"], ["cup", "tea"])
    assert len(rows) == 2


@pytest.mark.parametrize("kind", NEVER_PACKED)
def test_lines_that_no_model_reads_are_left_out(kind: str) -> None:
    assert len(read_rows(events([row("a", "2024-01-05", 1.0, kind)]), UTC)) == 0
    assert kind not in KIND_OF_TYPE


def test_taken_lines_keep_their_vocabularies() -> None:
    rows = read_rows(events(LEDGER), UTC).take(np.array([3, 1]))
    assert rows.amount.tolist() == [-20.0, 0.0]
    assert rows.customer_ids[rows.customer].tolist() == ["b", "a"]
    assert rows.items.tolist() == ["cup", "tea"]


def test_events_may_come_in_any_time_zone() -> None:
    table = events([row("a", "2024-01-05") | {"ts": instant("2024-01-05 23:30", SHANGHAI)}])
    midnight, minute = as_cutoff(date(2024, 1, 5)), 60_000_000
    assert wall_clock(table["ts"], SHANGHAI).tolist() == [midnight + 1410 * minute]
    assert wall_clock(table["ts"], UTC).tolist() == [midnight + 930 * minute]
