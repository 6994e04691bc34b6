"""The sentence about recommendations: which lists are better, in both languages; new items only where judged."""

from typing import Any

import pytest

from shijin.recommend.judge.verdict import lists_verdict

OURS = {
    "lists": {"ndcg": 0.2},
    "popularity": {"ndcg": 0.1},
    "repeat-last": {"ndcg": 0.25},
    "repeat-often": {"ndcg": 0.18},
}


def part(best: str, verdict: str, *, allow_repeat: bool = True, low: float | None = 0.01) -> dict[str, Any]:
    value = OURS["lists"]["ndcg"] - OURS[best]["ndcg"]
    gap = {"value": value, "low": low and value - 0.02, "high": low and value + 0.02, "verdict": verdict}
    return {"protocol": "window", "again": allow_repeat, "best": best, "scores": OURS, "difference": gap}


def verdict_of(*parts: dict[str, Any]) -> str:
    return lists_verdict({"horizon_days": 30, "parts": list(parts)})["en"]


def test_a_simple_list_that_is_better_or_as_good_is_named_first() -> None:
    assert verdict_of(part("repeat-last", "loss")) == (
        "A simple list, the customer's last purchases, predicts purchases within 30 days better than the "
        "recommendations: NDCG@10 0.250 against 0.200, higher by 0.050 ± 0.020."
    )
    assert verdict_of(part("repeat-often", "tie")) == (
        "A simple list, the customer's most frequent purchases, predicts purchases within 30 days as well as the "
        "recommendations: NDCG@10 0.180 against 0.200, a difference of 0.020 ± 0.020."
    )


def test_items_new_to_a_customer_follow_where_they_were_judged() -> None:
    first = (
        "The recommendations predict purchases within 30 days better than the best simple list, recent best sellers: "
    )
    for verdict, rest in (
        ("win", "the recommendations are better: 0.200 against 0.100 of recent best sellers."),
        ("tie", "both are as good: 0.200 against 0.100 of recent best sellers."),
        ("loss", "the simple list is better: 0.100 of recent best sellers against 0.200."),
    ):
        sentence = verdict_of(part("popularity", "win"), part("popularity", verdict, allow_repeat=False))
        assert sentence.startswith(first)
        assert sentence.endswith(f"higher by 0.100 ± 0.020; for items new to a customer {rest}")


def test_last_orders_decide_nothing() -> None:
    window = part("popularity", "win")
    assert verdict_of(window, part("repeat-last", "loss") | {"protocol": "last"}) == verdict_of(window)


def test_one_customer_is_too_few() -> None:
    assert verdict_of(part("popularity", "tie", low=None)) == (
        "Only one customer bought anything within 30 days, so the lists cannot be compared."
    )
    assert "new" not in verdict_of(part("popularity", "win"), part("popularity", "tie", allow_repeat=False, low=None))


@pytest.mark.parametrize("verdict", ["win", "tie", "loss"])
def test_it_is_one_sentence_in_chinese_too(verdict: str) -> None:
    parts = [part("repeat-last", verdict), part("popularity", verdict, allow_repeat=False)]
    sentence = lists_verdict({"horizon_days": 30, "parts": parts})["zh"]
    assert sentence.count("。") == 1
    assert sentence.endswith("。")
    assert "0.200" in sentence
    assert "0.250" in sentence
