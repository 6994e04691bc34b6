from dataclasses import fields, replace

import duckdb
import numpy as np
import pytest

from ledger import events, packed, row
from shijin.represent.cutoff import History, Outcomes, split_at
from shijin.represent.order import history_order
from shijin.represent.packed import DAY_US, Packed
from shijin.represent.partitions import (
    bucket_of,
    history_keys,
    partition,
    partition_events,
    positions,
    sample,
    sample_window,
)
from shijin.sampling import stride
from shijin.simulate.knobs import Knobs
from shijin.simulate.shops import simulate

SHOP = simulate(Knobs(customers=150, days=300, return_share=0.1, views_per_order=0.5), 3).packed
CUTOFF, HORIZON = SHOP.start + 200 * DAY_US, 60


def windows(parts: list[Packed]) -> list[tuple[History, Outcomes]]:
    whole, _ = split_at(SHOP, CUTOFF, HORIZON)
    split = [split_at(part, CUTOFF, HORIZON, whole.facts) for part in parts]
    return [(history, outcomes) for history, outcomes in split if outcomes is not None]


def test_sql_puts_customers_into_the_same_parts() -> None:
    names = [f"c-{number}" for number in range(50)] + ["", "张三", "ünï", "a'b"]
    query = "SELECT ('0x' || left(md5(name), 4))::INT % 7 FROM (SELECT unnest(?) AS name)"
    assert [part for (part,) in duckdb.execute(query, [names]).fetchall()] == bucket_of(names, 7).tolist()


def test_a_table_is_divided_by_customer_and_rows_stay_in_order() -> None:
    table = events([row(name, f"2024-01-{day:02d}") for day in range(1, 29) for name in "abcdefg"[day % 3 :: 2]])
    parts = partition_events(table, 3)
    assert sum(len(part) for part in parts) == len(table)
    for number, part in enumerate(parts):
        ids, order = part["customer_id"].to_pylist(), [int(name[1:]) for name in part["event_id"].to_pylist()]
        assert set(bucket_of(ids, 3).tolist()) <= {number}
        assert order == sorted(order)


def test_a_packed_shop_is_divided_by_the_same_rule_with_its_days_and_names() -> None:
    parts = partition(SHOP, 4)
    assert sorted(name for part in parts for name in part.customers.tolist()) == sorted(SHOP.customers.tolist())
    for number, part in enumerate(parts):
        assert (bucket_of(part.customers.tolist(), 4) == number).all()
        assert (part.start, part.end, part.items.tolist()) == (SHOP.start, SHOP.end, SHOP.items.tolist())


def test_keys_order_customers_as_their_histories_do_and_then_by_id() -> None:
    rng = np.random.default_rng(4)
    amounts, types = [-3.0, -0.0, 0.0, 2.5, 2e9], ["order", "return", "view", "charge"]
    rows = [
        row(
            f"c{number}",
            f"{rng.choice([1969, 2024])}-01-0{rng.integers(1, 4)}",
            rng.choice(amounts),
            rng.choice(types),
            quantity=float(rng.integers(-1, 2)),
            discount=float(rng.integers(0, 2)),
            channel=rng.choice(["web", "app"]),
            item_id=rng.choice(["tea", "cup"]),
        )
        for number in range(120)
        for _ in range(rng.integers(1, 4))
    ]
    history, _ = split_at(packed([*rows, row("first", "1969-01-01", 1.0)]), 30_000 * DAY_US, 1)
    moments = history.moments
    more = (moments.quantity, moments.discount, moments.lines, moments.novel, moments.channel)
    keys = history_keys(history)
    assert sorted(keys) == keys
    order = history_order(history.customer, moments.ts, moments.kind, moments.amount, len(history), more)
    assert order.tolist() == list(range(len(history)))


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_positions_are_places_in_the_whole(parts: int) -> None:
    whole, _ = split_at(SHOP, CUTOFF, HORIZON)
    histories = [history for history, _ in windows(partition(SHOP, parts))]
    for history, place in zip(histories, positions(histories), strict=True):
        assert whole.customers[place].tolist() == history.customers.tolist()


@pytest.mark.parametrize("most", [1000, 50, 7])
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_a_sample_of_parts_is_every_nth_customer_of_the_whole(parts: int, most: int) -> None:
    whole, outcomes = split_at(SHOP, CUTOFF, HORIZON)
    assert outcomes is not None
    rows = np.arange(0, len(whole), stride(len(whole), most))
    assert len(rows) <= most
    expected, later = whole.take(rows), outcomes.take(rows)
    divided = windows(partition(SHOP, parts))
    drawn, drawn_later = sample_window(divided, most)
    for some in (drawn, sample([history for history, _ in divided], most)):
        assert some.customers.tolist() == expected.customers.tolist()
        assert some.facts == whole.facts
        for one, other in ((some.moments, expected.moments), (some.lines, expected.lines)):
            for part in fields(one):  # type: ignore[arg-type]
                np.testing.assert_array_equal(getattr(one, part.name), getattr(other, part.name))
    for name in ("spend", "orders", "first_days"):
        np.testing.assert_array_equal(getattr(drawn_later, name), getattr(later, name))


def test_a_sample_of_a_shop_without_items_has_no_lines() -> None:
    bare = [replace(part, lines=None) for part in partition(SHOP, 2)]
    assert sample([history for history, _ in windows(bare)], 9).lines is None
