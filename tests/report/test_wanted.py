"""What customers want next, summed up by hand: on how many lists of a tier an item stands, whose list is an example."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from shijin.report.data import Entry
from shijin.report.wanted import LEAST_IN_TIER, MOST_SHOWN, called, most_listed, samples
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


def test_an_item_counts_once_for_every_list_of_a_tier_and_shares_are_of_those_who_have_a_list() -> None:
    made = lists({"c1": ["tea", "cup"], "c0": ["cup"], "c3": ["tea"]})  # c2 and c4 have none
    table = most_listed(made, forecast(["high", "low", "low", "low", "high"]), LISTED, TIERS)
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("high", "cup", "Cup", None, 1, 1.0),
        ("low", "tea", "Tea", "drinks", 2, 1.0),
        ("low", "cup", "Cup", None, 1, 0.5),
    ]


def test_what_is_most_listed_in_one_tier_is_told_for_the_others_too() -> None:
    many = [f"i{number:02d}" for number in range(MOST_SHOWN)]
    made = lists({f"c{place}": many for place in range(4)} | {"c4": ["tea"], "c5": ["tea", "cup"]})
    table = most_listed(made, forecast(["low"] * 4 + ["high"] * 2), LISTED, TIERS)
    assert set(table["item_id"].to_pylist()) == {*many, "tea", "cup"}
    assert table["item_id"].to_pylist()[:2] == ["tea", "cup"]
    assert table["item"].to_pylist()[2] == "i00"  # not in the table of items: called by its id


def test_a_tier_of_which_nobody_has_a_list_has_no_rows() -> None:
    table = most_listed(lists({"c0": ["tea"]}), forecast(["low", "high"]), LISTED, TIERS)
    assert table["tier"].to_pylist() == ["low"]
    assert table["share"].to_pylist() == [1.0]


def test_two_items_of_one_name_are_told_apart_by_their_ids() -> None:
    items = conform(pa.table({"item_id": ["1", "2", "3"], "name": ["Tea", "Tea", "Cup"]}), ITEMS, "items")
    names, category = called(pa.array(["2", "3", "1", "4"]), items)
    assert names.to_pylist() == ["Tea (2)", "Cup", "Tea (1)", "4"]
    assert category.to_pylist() == [None] * 4
    assert called(pa.array(["2"]), items)[0].to_pylist() == ["Tea"]


def test_the_example_of_a_tier_is_the_list_of_the_customer_in_its_middle_and_has_no_name() -> None:
    n = LEAST_IN_TIER + 1
    spend = [float(place * 7 % n) for place in range(n)]
    middle = spend.index(float(n // 2))
    made = lists({f"c{place}": ["tea", "mug"] if place == middle else ["cup"] for place in range(n)})
    (sample,) = samples(made, forecast(["high"] * n, spend), LISTED, TIERS)
    assert sample.tier == "high"
    assert sample.entries == (
        Entry("Tea", "drinks", "sold", {"customers": 3}),
        Entry("mug", "pots", "sold", {"customers": 3}),
    )


def test_a_tier_with_few_lists_gives_no_example_since_its_customers_could_be_told() -> None:
    n = LEAST_IN_TIER
    with_lists = {f"c{place}": ["tea"] for place in range(n)}
    everyone = forecast(["high"] * (n + 5))
    assert len(samples(lists(with_lists), everyone, LISTED, TIERS)) == 1
    del with_lists["c3"]
    assert samples(lists(with_lists), everyone, LISTED, TIERS) == ()


def test_the_order_of_ids_chooses_no_example_and_no_item() -> None:
    n = LEAST_IN_TIER + 3
    tiers, spend = ["high"] * n, [float(place) for place in range(n)]
    made = lists({f"c{place}": [f"i{place % 4}"] for place in range(n)})
    table = forecast(tiers, spend)
    other = {f"c{place}": f"x{n - place}" for place in range(n)}

    def renamed(one: pa.Table) -> pa.Table:
        ids = pa.array([other[id] for id in one["customer_id"].to_pylist()])
        return one.set_column(one.column_names.index("customer_id"), one.schema.field("customer_id"), ids)

    assert samples(renamed(made), renamed(table), LISTED, TIERS) == samples(made, table, LISTED, TIERS)
    assert most_listed(renamed(made), renamed(table), LISTED, TIERS).equals(most_listed(made, table, LISTED, TIERS))
