"""The tables that judge: the best is marked by the goal of its metric, and losses are named."""

import math

from shijin.report.localiser import Localiser
from shijin.report.page import PairedDifference, ScoreRow
from shijin.report.scoreboard import balance, explained, paired, scoreboard

ENGLISH, CHINESE = Localiser("en", "USD"), Localiser("zh", "USD")


def best(metric: str, *values: float | None) -> list[bool]:
    rows = [ScoreRow(f"m{place}", {metric: value}) for place, value in enumerate(values)]
    return [row[1].mark == "best" for row in scoreboard(rows, "m0", "caption", ENGLISH).rows]


def test_the_best_is_high_low_or_nearest_to_its_goal() -> None:
    assert best("auc", 0.8, 0.9, None) == [False, True, False]
    assert best("log_score", -0.4, -0.3) == [False, True]
    assert best("crps", 41.0, 40.0, math.nan) == [False, True, False]
    assert best("level", 0.5, 1.9, 0.0) == [False, True, False]  # 1.9 is less than twice off, 0.5 is twice off
    assert best("coverage_p90", 0.95, 0.88) == [False, True]


def test_figures_that_read_the_same_share_the_mark() -> None:
    assert best("auc", 0.9001, 0.9002, 0.7) == [True, True, False]


def test_a_metric_without_any_value_takes_no_column() -> None:
    rows = [ScoreRow("stack", {"auc": 0.9, "rmse": None}), ScoreRow("all zero", {"auc": 0.5, "rmse": math.nan})]
    table = scoreboard(rows, "stack", "caption", ENGLISH)
    assert table.head == ("Method", "AUC")
    assert [name for name, _, _ in explained(rows, ENGLISH)] == ["Who will order (AUC)"]
    assert table.chosen == 0


def test_the_served_forecast_stands_first() -> None:
    rows = [ScoreRow("all zero", {"auc": 0.5}), ScoreRow("mine", {"auc": 0.9}), ScoreRow("BTYD", {"auc": 0.8})]
    table = scoreboard(rows, "mine", "caption", ENGLISH)
    assert [row[0].text for row in table.rows] == ["mine", "Nobody buys", "Buy till you die (BTYD)"]
    assert table.chosen == 0


def test_losses_are_counted_and_named_in_both_languages() -> None:
    pairs = [
        PairedDifference("BTYD", "auc", 0.02, 0.01, 0.03, "win"),
        PairedDifference("BTYD", "ngini", -0.02, -0.03, -0.011, "loss"),
    ]
    assert "1 better, 0 as good, 1 worse" in balance(pairs, ENGLISH)[0]
    assert balance(pairs, ENGLISH)[1] == (
        "Another method is better here: Buy till you die (BTYD), on Ranking by spend (normalised Gini)."
    )
    assert balance(pairs, CHINESE)[1] == "落后之处：消费排序（归一化基尼）不如BTYD 概率模型。"
    assert len(balance(pairs[:1], ENGLISH)) == 1


def test_a_difference_that_is_not_defined_is_a_dash() -> None:
    pairs = [
        PairedDifference("BTYD", "auc", 0.02, 0.01, 0.03, "win"),
        PairedDifference("LightGBM", "crps", -0.012, -0.02, 0.001, "tie"),
        PairedDifference("LightGBM", "auc", math.nan, math.nan, math.nan, "tie"),
    ]
    rows = paired(pairs, ENGLISH).rows
    assert [(cell.text, cell.remark) for cell in rows[0][1:]] == [("▲ better +0.020", "+0.010 to +0.030"), ("—", "")]
    assert [(cell.text, cell.remark) for cell in rows[1][1:]] == [("—", ""), ("= as good −1.2%", "−2.0% to +0.1%")]
