"""Ids of events and customers depend on what a row contains."""

import random

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from collecting import NOW, same_events, values_of
from shijin.collect import CollectOptions, Context, from_table
from shijin.config import Config


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(["2024-01-01", "2024-01-02 10:00:00"]),
            st.sampled_from(["", "1", "2"]),
            st.sampled_from(["", "x", "y"]),
            st.sampled_from(["1", "2.50", "-1", "0"]),
        ),
        min_size=1,
        max_size=20,
    ),
    seed=st.integers(0, 1000),
)
def test_a_shuffled_table_gives_the_same_events_with_unique_ids(rows: list[tuple[str, ...]], seed: int) -> None:
    def read(rows: list[tuple[str, ...]]) -> pa.Table:
        columns = ["customer_id", "ts", "order_id", "sku", "amount"]
        table = pa.table({name: [row[place] for row in rows] for place, name in enumerate(columns)})
        return from_table(table, Context(Config(), CollectOptions(), NOW)).events

    shuffled = rows.copy()
    random.Random(seed).shuffle(shuffled)
    events = read(rows)
    assert same_events(events, read(shuffled))
    assert pc.count_distinct(events["event_id"]).as_py() == len(rows)


def test_ids_of_18_digits_survive_as_integers_and_whole_floats_lose_their_point() -> None:
    table = pa.table(
        {
            "customer_id": pa.array([123456789012345678, 5]),
            "order_id": pa.array([12345.0, None]),
            "ts": ["2024-01-01", "2024-01-02"],
            "amount": [1, 2],
        }
    )
    collected = from_table(table, Context(Config(), CollectOptions(), NOW))
    assert values_of(collected, "customer_id", "order_id") == [("123456789012345678", "12345"), ("5", None)]
