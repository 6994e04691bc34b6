"""The sentence on a forecast of demand: the error of both, whoever is better."""

from typing import Any

import pytest

from shijin.recommend.demand.verdict import demand_verdict


def card(ours: float, naive: float, *, shape: str = "last_horizon", money: bool = True) -> dict[str, Any]:
    figures = {
        who: {"money_wape": error if money else 0.0, "wape": 9.9 if money else error}
        for who, error in (("ours", ours), ("naive", naive))
    }
    judged = {"cutoff": "2024-03-01", "naive_shape": {"name": shape}, **figures}
    return {"horizon_days": 30, "naive_shape": {"name": "year_ago"}, "judged": judged}


@pytest.mark.parametrize(
    ("ours", "naive", "words"),
    [
        (0.4, 0.5, "this missed 40.0% of it by value"),
        (0.5, 0.4, "was better: it missed 40.0% of it by value, this one 50.0%"),
        (0.4004, 0.3996, "missed as much (40.0%)"),
    ],
)
def test_the_errors_of_both_are_said_also_where_the_naive_one_is_better(ours: float, naive: float, words: str) -> None:
    said = demand_verdict(card(ours, naive))
    assert words in said["en"]
    for figure in (f"{ours:.1%}", f"{naive:.1%}"):
        assert figure in said["en"]
        assert figure in said["zh"]


def test_the_naive_forecast_that_is_named_is_the_one_that_was_judged() -> None:
    assert "what was ordered in the 30 days before" in demand_verdict(card(0.4, 0.5))["en"]
    assert "what was ordered a year earlier" in demand_verdict(card(0.4, 0.5, shape="year_ago"))["en"]


def test_where_nothing_costs_anything_pieces_are_told() -> None:
    said = demand_verdict(card(0.4, 0.5, money=False))
    assert "missed 40.0% of the pieces" in said["en"]
    assert "按件数误差为 40.0%" in said["zh"]


def test_where_nothing_was_judged_it_says_what_that_takes() -> None:
    said = demand_verdict({"horizon_days": 30, "judged": None})
    assert "cannot be told yet" in said["en"]
    assert "无法检验" in said["zh"]
