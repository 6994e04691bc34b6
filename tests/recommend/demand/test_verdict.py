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
        (0.4, 0.5, "was off by 40.0% of sales"),
        (0.5, 0.4, "earlier it was off by 40.0% of sales, this forecast by 50.0%"),
        (0.4004, 0.3996, "was no better (40.0%)"),
    ],
)
def test_the_sentence_has_the_errors_of_both_also_where_the_naive_one_is_better(
    ours: float, naive: float, words: str
) -> None:
    sentences = demand_verdict(card(ours, naive))
    assert words in sentences["en"]
    for figure in (f"{ours:.1%}", f"{naive:.1%}"):
        assert figure in sentences["en"]
        assert figure in sentences["zh"]


def test_the_sentence_names_the_naive_forecast_that_was_judged() -> None:
    assert "the orders of the 30 days before" in demand_verdict(card(0.4, 0.5))["en"]
    assert "the orders of the same days a year earlier" in demand_verdict(card(0.4, 0.5, shape="year_ago"))["en"]


def test_without_prices_errors_are_in_pieces() -> None:
    sentences = demand_verdict(card(0.4, 0.5, money=False))
    assert "was off by 40.0% of the units sold" in sentences["en"]
    assert "件数误差为 40.0%" in sentences["zh"]


def test_without_a_judged_window_the_sentence_explains_what_it_takes() -> None:
    sentences = demand_verdict({"horizon_days": 30, "judged": None})
    assert "not known yet" in sentences["en"]
    assert "无法检验" in sentences["zh"]
