"""The sentence about lists: who is better, in both languages; what is new to a customer only where it was judged."""

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


def said(*parts: dict[str, Any]) -> str:
    return lists_verdict({"horizon_days": 30, "parts": list(parts)})["en"]


def test_a_simple_list_that_is_better_or_as_good_is_named_first() -> None:
    assert said(part("repeat-last", "loss")) == (
        "A simple list, what a customer bought last, foretells what customers buy within 30 days better than the "
        "lists: NDCG@10 0.250 against 0.200, better by 0.050 ± 0.020."
    )
    assert said(part("repeat-often", "tie")) == (
        "A simple list, what a customer buys most often, foretells what customers buy within 30 days as well as the "
        "lists: NDCG@10 0.180 against 0.200, a difference of 0.020 ± 0.020."
    )


def test_what_is_new_to_a_customer_follows_where_it_was_judged() -> None:
    first = (
        "The lists foretell what customers buy within 30 days better than the best simple list, what sells of late: "
    )
    for verdict, rest in (
        ("win", "; of what is new to a customer they foretell more than what sells of late, 0.200 against 0.100."),
        (
            "tie",
            "; of what is new to a customer what sells of late foretells as much, 0.100 against 0.200 of the lists.",
        ),
        ("loss", "; of what is new to a customer what sells of late foretells more, 0.100 against 0.200 of the lists."),
    ):
        found = said(part("popularity", "win"), part("popularity", verdict, allow_repeat=False))
        assert found.startswith(first)
        assert found.endswith(f"better by 0.100 ± 0.020{rest}")


def test_last_orders_decide_nothing() -> None:
    window = part("popularity", "win")
    assert said(window, part("repeat-last", "loss") | {"protocol": "last"}) == said(window)


def test_one_customer_is_too_few() -> None:
    assert said(part("popularity", "tie", low=None)) == (
        "One customer bought anything within 30 days: that tells no list from another."
    )
    assert "too" not in said(part("popularity", "win"), part("popularity", "tie", allow_repeat=False, low=None))


@pytest.mark.parametrize("verdict", ["win", "tie", "loss"])
def test_it_is_one_sentence_in_chinese_too(verdict: str) -> None:
    parts = [part("repeat-last", verdict), part("popularity", verdict, allow_repeat=False)]
    found = lists_verdict({"horizon_days": 30, "parts": parts})["zh"]
    assert found.count("。") == 1
    assert found.endswith("。")
    assert "0.200" in found
    assert "0.250" in found
