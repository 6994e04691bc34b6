"""Recommendations summed up by hand: to how many customers of a tier an item is recommended, and who is the example."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from shijin.report.data import ListEntry
from shijin.report.list_summary import LEAST_IN_TIER, MOST_SHOWN, example_lists, most_recommended, names_and_categories
from shijin.schema import FORECAST, ITEMS, RECOMMENDATIONS, conform

TIERS = ("high", "low")
LISTED = conform(
    pa.table({"item_id": ["tea", "cup", "mug"], "name": ["Tea", "Cup", None], "category": ["drinks", None, "pots"]}),
    ITEMS,
    "items",
)


def forecast(tiers: list[str], spend: list[float] | None = None) -> pa.Table:
    n = len(tiers)
    plain = {name: np.zeros(n) for name in FORECAST.names if FORECAST.field(name).type == pa.float64()}
    columns = plain | {
        "customer_id": [f"c{place}" for place in range(n)],
        "cutoff": pa.array([datetime(2024, 1, 1, tzinfo=UTC)] * n, FORECAST.field("cutoff").type),
        "horizon_days": np.full(n, 30, np.int32),
        "tier": tiers,
        "evidence": ["ample"] * n,
        "prospect": [False] * n,
        "expected_spend": np.array(spend or range(n), dtype=float),
    }
    return conform(pa.table(columns), FORECAST, "forecast")


def lists(of: dict[str, list[str]]) -> pa.Table:
    rows = [
        {"customer_id": who, "rank": rank, "item_id": item, "score": 0.5, "propensity": 1.0}
        | {"reason_code": "sold", "reason_args": '{"customers": 3}', "reason": "-"}
        for who, items in of.items()
        for rank, item in enumerate(items, 1)
    ]
    return pa.Table.from_pylist(rows, RECOMMENDATIONS)


def test_an_item_counts_once_for_every_customer_of_a_tier_and_shares_are_of_customers_with_recommendations() -> None:
    rows = lists({"c1": ["tea", "cup"], "c0": ["cup"], "c3": ["tea"]})  # c2 and c4 have none
    table = most_recommended(rows, forecast(["high", "low", "low", "low", "high"]), LISTED, TIERS)
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("high", "cup", "Cup", None, 1, 1.0),
        ("low", "tea", "Tea", "drinks", 2, 1.0),
        ("low", "cup", "Cup", None, 1, 0.5),
    ]


def test_an_item_most_recommended_in_one_tier_is_counted_in_the_others_too() -> None:
    many = [f"i{number:02d}" for number in range(MOST_SHOWN)]
    rows = lists({f"c{place}": many for place in range(4)} | {"c4": ["tea"], "c5": ["tea", "cup"]})
    table = most_recommended(rows, forecast(["low"] * 4 + ["high"] * 2), LISTED, TIERS)
    assert set(table["item_id"].to_pylist()) == {*many, "tea", "cup"}
    assert table["item_id"].to_pylist()[:2] == ["tea", "cup"]
    assert table["item"].to_pylist()[2] == "i00"  # not in the table of items: its id stands for its name


def test_a_tier_without_recommendations_has_no_rows() -> None:
    table = most_recommended(lists({"c0": ["tea"]}), forecast(["low", "high"]), LISTED, TIERS)
    assert table["tier"].to_pylist() == ["low"]
    assert table["share"].to_pylist() == [1.0]


def test_two_items_of_one_name_get_their_ids_appended() -> None:
    items = conform(pa.table({"item_id": ["1", "2", "3"], "name": ["Tea", "Tea", "Cup"]}), ITEMS, "items")
    names, category = names_and_categories(pa.array(["2", "3", "1", "4"]), items)
    assert names.to_pylist() == ["Tea (2)", "Cup", "Tea (1)", "4"]
    assert category.to_pylist() == [None] * 4
    assert names_and_categories(pa.array(["2"]), items)[0].to_pylist() == ["Tea"]


def test_the_example_of_a_tier_is_its_median_customer_without_a_name() -> None:
    n = LEAST_IN_TIER + 1
    spend = [float(place * 7 % n) for place in range(n)]
    middle = spend.index(float(n // 2))
    rows = lists({f"c{place}": ["tea", "mug"] if place == middle else ["cup"] for place in range(n)})
    (example,) = example_lists(rows, forecast(["high"] * n, spend), LISTED, TIERS)
    assert example.tier == "high"
    assert example.entries == (
        ListEntry("Tea", "drinks", "sold", {"customers": 3}),
        ListEntry("mug", "pots", "sold", {"customers": 3}),
    )


def test_a_tier_with_few_customers_gives_no_example_since_one_could_be_recognised() -> None:
    n = LEAST_IN_TIER
    with_lists = {f"c{place}": ["tea"] for place in range(n)}
    everyone = forecast(["high"] * (n + 5))
    assert len(example_lists(lists(with_lists), everyone, LISTED, TIERS)) == 1
    del with_lists["c3"]
    assert example_lists(lists(with_lists), everyone, LISTED, TIERS) == ()


def test_ids_do_not_influence_examples_and_items() -> None:
    n = LEAST_IN_TIER + 3
    tiers, spend = ["high"] * n, [float(place) for place in range(n)]
    rows = lists({f"c{place}": [f"i{place % 4}"] for place in range(n)})
    table = forecast(tiers, spend)
    other = {f"c{place}": f"x{n - place}" for place in range(n)}

    def renamed(one: pa.Table) -> pa.Table:
        ids = pa.array([other[id] for id in one["customer_id"].to_pylist()])
        return one.set_column(one.column_names.index("customer_id"), one.schema.field("customer_id"), ids)

    assert example_lists(renamed(rows), renamed(table), LISTED, TIERS) == example_lists(rows, table, LISTED, TIERS)
    assert most_recommended(renamed(rows), renamed(table), LISTED, TIERS).equals(
        most_recommended(rows, table, LISTED, TIERS)
    )
