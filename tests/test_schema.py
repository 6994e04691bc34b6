from datetime import UTC, datetime

import pyarrow as pa
import pytest

from shijin import schema
from shijin.errors import SchemaError
from shijin.schema import EVENT_TYPES, EVENTS, ITEMS, MEMBERS, MONEY_TYPES, PROVENANCE, QUANTILES, conform

AT = datetime(2024, 1, 5, 10, tzinfo=UTC)
LEAST = {"customer_id": ["a"], "ts": [AT], "type": ["order"], "event_id": ["1"]}
TABLES = {name: value for name, value in vars(schema).items() if isinstance(value, pa.Schema)}


def test_events_have_the_documented_columns() -> None:
    assert EVENTS.names == [
        *("customer_id", "ts", "type", "event_id", "order_id", "item_id", "category", "quantity", "amount", "discount"),
        *("cost", "currency", "rating", "channel", "session_id", "text", "duration_s", "position", "propensity"),
        *("policy_id", "campaign_id", "arm", "source", "source_row", "collected_at"),
    ]
    assert [field.name for field in EVENTS if not field.nullable] == ["customer_id", "ts", "type", "event_id"]
    assert set(PROVENANCE) == {"source", "source_row", "collected_at"}


def test_a_forecast_has_the_documented_columns() -> None:
    assert schema.FORECAST.names == [
        *("customer_id", "cutoff", "horizon_days", "expected_spend", "expected_orders", "p_active"),
        *("spend_p10", "spend_p50", "spend_p90", "next_order_date", "tier", "evidence", "historic_spend"),
        "prospect",
    ]
    assert [field.name for field in schema.FORECAST if field.nullable] == ["next_order_date"]


def test_the_rows_of_a_backtest_hold_every_twentieth_quantile() -> None:
    assert (QUANTILES[0], QUANTILES[9], QUANTILES[-1], len(QUANTILES)) == (0.05, 0.5, 0.95, 19)
    assert [name for name in MEMBERS.names if name.startswith("q")] == [f"q{5 * step:02d}" for step in range(1, 20)]


def test_the_types_that_count_as_money_come_first() -> None:
    assert EVENT_TYPES[: len(MONEY_TYPES)] == MONEY_TYPES == ("order", "return", "charge")
    assert {"void", "refund_undated"} <= set(EVENT_TYPES)


@pytest.mark.parametrize("name", TABLES)
def test_every_instant_is_utc_in_microseconds_and_no_name_comes_twice(name: str) -> None:
    table = TABLES[name]
    assert len(set(table.names)) == len(table.names)
    assert all(field.type == schema.UTC for field in table if pa.types.is_timestamp(field.type))


def test_conforming_orders_columns_fills_missing_ones_and_drops_unknown_ones() -> None:
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
    ("columns", "words"),
    [
        (
            {"name": ["tea"]},
            r"^items: the column item_id is missing; the columns are name\. Cure: .* map=.'item_id': 'COLUMN'",
        ),
        (
            {"item_id": ["a", None]},
            r"^items: the column item_id is empty in 1 row\. Cure: fill these rows or remove them",
        ),
        (
            {"item_id": ["a"], "price": ["dear"]},
            r"^items: the column price is string, and must be double .* Cure: convert",
        ),
        ({"item_id": [["a"]]}, r"^items: the column item_id is list.*, and must be string .* Cure: convert"),
    ],
)
def test_a_table_that_does_not_conform_is_refused_in_one_line(columns: dict[str, list[object]], words: str) -> None:
    with pytest.raises(SchemaError, match=words) as refusal:
        conform(pa.table(columns), ITEMS, "items")
    assert "\n" not in str(refusal.value)


def test_an_empty_table_conforms() -> None:
    assert conform(ITEMS.empty_table(), ITEMS, "items").num_rows == 0
