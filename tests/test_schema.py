from datetime import UTC, datetime

import pyarrow as pa
import pytest

from shijin import schema
from shijin.errors import SchemaError
from shijin.schema import EVENT_TYPES, EVENTS, ITEMS, MEMBERS, MONEY_TYPES, PROVENANCE, QUANTILES, conform

AT = datetime(2024, 1, 5, 10, tzinfo=UTC)
LEAST = {"customer_id": ["a"], "ts": [AT], "type": ["order"], "event_id": ["1"]}
TABLES = {name: value for name, value in vars(schema).items() if isinstance(value, pa.Schema)}


def test_the_names_of_events_are_those_that_were_promised() -> None:
    assert EVENTS.names == [
        *("customer_id", "ts", "type", "event_id", "order_id", "item_id", "category", "quantity", "amount", "discount"),
        *("cost", "currency", "rating", "channel", "session_id", "text", "duration_s", "position", "propensity"),
        *("policy_id", "campaign_id", "arm", "source", "source_row", "collected_at"),
    ]
    assert [field.name for field in EVENTS if not field.nullable] == ["customer_id", "ts", "type", "event_id"]
    assert set(PROVENANCE) == {"source", "source_row", "collected_at"}


def test_the_names_of_a_forecast_are_those_that_were_promised() -> None:
    assert schema.FORECAST.names == [
        *("customer_id", "cutoff", "horizon_days", "expected_spend", "expected_orders", "p_active"),
        *("spend_p10", "spend_p50", "spend_p90", "next_order_date", "tier", "evidence", "historic_spend"),
        "prospect",
    ]
    assert [field.name for field in schema.FORECAST if field.nullable] == ["next_order_date"]


def test_the_rows_of_a_backtest_hold_every_twentieth_quantile() -> None:
    assert (QUANTILES[0], QUANTILES[9], QUANTILES[-1], len(QUANTILES)) == (0.05, 0.5, 0.95, 19)
    assert [name for name in MEMBERS.names if name.startswith("q")] == [f"q{5 * step:02d}" for step in range(1, 20)]


def test_what_counts_as_money_comes_first_among_the_types() -> None:
    assert EVENT_TYPES[: len(MONEY_TYPES)] == MONEY_TYPES == ("order", "return", "charge")
    assert {"void", "refund_undated"} <= set(EVENT_TYPES)


@pytest.mark.parametrize("name", TABLES)
def test_every_instant_is_utc_in_microseconds_and_no_name_comes_twice(name: str) -> None:
    table = TABLES[name]
    assert len(set(table.names)) == len(table.names)
    assert all(field.type == schema.UTC for field in table if pa.types.is_timestamp(field.type))


def test_conforming_orders_columns_fills_missing_ones_and_drops_what_is_unknown() -> None:
    table = conform(pa.table({"note": ["x"], "amount": [3], **LEAST}), EVENTS, "orders")
    assert table.schema == EVENTS
    assert table["amount"].to_pylist() == [3.0]
    assert table["order_id"].to_pylist() == [None]


def test_instants_of_any_zone_and_unit_become_utc_in_microseconds() -> None:
    there = pa.array([AT], pa.timestamp("s", "Asia/Shanghai"))
    assert conform(pa.table({**LEAST, "ts": there}), EVENTS, "orders")["ts"].to_pylist() == [AT]


def test_large_and_dictionary_text_is_text() -> None:
    for text in (pa.array(["a"], pa.large_string()), pa.array(["a"]).dictionary_encode()):
        table = conform(pa.table({"item_id": text}), ITEMS, "items")
        assert table.schema == ITEMS
        assert table["item_id"].to_pylist() == ["a"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"name": ["tea"]}, r"^items: column item_id is missing, found name\. Cure: map it with --map item_id=COLUMN"),
        ({"item_id": ["a", None]}, r"^items: column item_id is empty in 1 rows\. Cure: fill or drop them"),
        ({"item_id": ["a"], "price": ["dear"]}, r"^items: column price is string, needs double .* Cure: convert"),
        ({"item_id": [["a"]]}, r"^items: column item_id is list.*, needs string .* Cure: convert"),
    ],
)
def test_what_does_not_conform_is_refused_in_one_line(columns: dict[str, list[object]], says: str) -> None:
    with pytest.raises(SchemaError, match=says) as refusal:
        conform(pa.table(columns), ITEMS, "items")
    assert "\n" not in str(refusal.value)


def test_an_empty_table_conforms() -> None:
    assert conform(ITEMS.empty_table(), ITEMS, "items").num_rows == 0
