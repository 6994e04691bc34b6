"""Backtests of lists: who gets one, shops where hardly anybody came, and parts that cannot be judged."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from ledger import Row, packed, row
from shijin.config import ItemsSection
from shijin.forecasting.members import Work
from shijin.notes import Note
from shijin.recommend.judge.backtest import backtest_items
from shijin.recommend.past.known_past import ItemTable
from shijin.represent.days import as_cutoff
from shijin.schema import ITEMS

CUTOFF, HORIZON = date(2024, 3, 1), 30
UNTIL = CUTOFF + timedelta(days=HORIZON - 1)
ITEM_TABLE = ItemTable(ITEMS.empty_table(), ItemsSection())
TEA_THEN_CUP = [
    row("ann", "2024-01-02", item_id="tea", order_id="1"),
    row("bob", "2024-01-03", item_id="cup", order_id="2"),
]


def judged(rows: list[Row]) -> tuple[dict, pa.Table]:  # type: ignore[type-arg]
    return backtest_items(packed(rows, observed_until=UNTIL), ITEM_TABLE, HORIZON, as_cutoff(CUTOFF))


def parts(result: dict) -> dict[tuple[str, bool], dict]:  # type: ignore[type-arg]
    return {(part["protocol"], part["again"]): part for part in result["parts"]}


def test_with_one_customer_who_came_lists_are_judged_and_cannot_be_compared() -> None:
    result, rows = judged([*TEA_THEN_CUP, row("ann", "2024-03-05", item_id="cup", order_id="3")])
    by_part = parts(result)
    assert set(by_part) == {("window", True), ("window", False), ("last", True), ("last", False)}
    whole = by_part["window", True]
    assert (whole["customers"], whole["listed"], whole["known"]) == (1, 2, 2)
    assert whole["difference"]["low"] is None
    assert whole["training"]["trained_on"] == "nothing"
    assert whole["chance"] is None
    # Two items are all there is; of each, one customer of two has bought it: one bit.
    assert whole["scores"]["repeat-last"] == {
        "ndcg": pytest.approx(1 / np.log2(3)),
        "recall": 1.0,
        "coverage": None,
        "novelty": 1.0,
    }
    assert by_part["window", False]["scores"]["popularity"]["ndcg"] == 1.0
    targets = rows.to_pandas().query("way == 'asked'")
    assert targets["rank"].isna().all()
    assert set(targets["item_id"]) == {"cup"}


def test_parts_where_nobody_bought_anything_new_are_left_out() -> None:
    result, _ = judged([*TEA_THEN_CUP, row("ann", "2024-03-05", item_id="tea", order_id="3")])
    assert set(parts(result)) == {("window", True), ("last", True)}


def test_an_item_that_nobody_had_touched_is_a_target_and_can_be_on_no_list() -> None:
    result, rows = judged(
        [*TEA_THEN_CUP, *(row("ann", "2024-03-05", item_id=item, order_id="3") for item in ("new", "tea"))]
    )
    whole = parts(result)["window", True]
    assert whole["new_share"] == 0.5
    assert whole["scores"]["repeat-last"]["recall"] == 0.5
    frame = rows.to_pandas().query("protocol == 'window' and again")
    assert set(frame.query("way != 'asked'")["item_id"]) == {"tea", "cup"}
    assert set(frame.query("way == 'asked'")["item_id"]) == {"new", "tea"}


def test_progress_is_reported_of_all_four_parts() -> None:
    calls: list[tuple[Note, int, int]] = []
    shop = packed([*TEA_THEN_CUP, row("ann", "2024-03-05", item_id="cup", order_id="3")], observed_until=UNTIL)
    work = Work(1, lambda note, done, of: calls.append((note, done, of)))
    backtest_items(shop, ITEM_TABLE, HORIZON, as_cutoff(CUTOFF), work)
    assert list(dict.fromkeys(note["code"] for note, _, _ in calls)) == [
        "judged.window",
        "judged.window_new",
        "judged.last",
        "judged.last_new",
    ]
    assert [done for _, done, _ in calls] == sorted(done for _, done, _ in calls)
    assert all(0 <= done <= of for _, done, of in calls)
