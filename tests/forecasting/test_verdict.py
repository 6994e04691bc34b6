from typing import Any

import pytest

from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.verdict import verdict


def difference(metric: str, value: float | None, half: float | None, name: str) -> dict[str, Any]:
    low, high = (None, None) if value is None or half is None else (value - half, value + half)
    return {"metric": metric, "value": value, "low": low, "high": high, "verdict": name}


def result(
    auc: dict[str, Any] | None, gini: dict[str, Any] | None, level: float | None = 1.0, served: str = "stack"
) -> dict[str, Any]:
    differences = [one for one in (auc, gini) if one is not None]
    return {
        "served": served,
        "differences": {DECAYED: differences},
        "scores": {"everyone": {"stack": {"level": level}}},
    }


WIN = difference("auc", 0.021, 0.004, "win")
TIE = difference("auc", 0.0008, 0.012, "tie")
LOSS = difference("auc", -0.013, 0.005, "loss")
SPEND_WIN = difference("ngini", 0.034, 0.01, "win")
SPEND_TIE = difference("ngini", -0.001, 0.02, "tie")
SPEND_LOSS = difference("ngini", -0.05, 0.02, "loss")


@pytest.mark.parametrize(
    ("auc", "gini", "says"),
    [
        (
            WIN,
            SPEND_TIE,
            "the forecast is better than the formula, by 0.021 ± 0.004 AUC; at ranking spend, both are equal.",
        ),
        (WIN, SPEND_WIN, "0.004 AUC; at ranking spend, the forecast is better, by 0.034 ± 0.010 normalised Gini."),
        (WIN, SPEND_LOSS, "; at ranking spend, the formula is better, by 0.050 ± 0.020 normalised Gini."),
        (TIE, SPEND_TIE, "the forecast is as good as the formula (AUC difference 0.001 ± 0.012); at ranking spend,"),
        (LOSS, SPEND_TIE, "the formula is better than the forecast, by 0.013 ± 0.005 AUC; at ranking spend,"),
    ],
)
def test_the_verdict_names_the_better_forecast_and_the_difference(
    auc: dict[str, Any], gini: dict[str, Any], says: str
) -> None:
    assert says in verdict(result(auc, gini))["en"]


def test_a_difference_to_the_formulas_favour_keeps_its_sign_in_a_tie() -> None:
    assert (
        "(AUC difference -0.003 ± 0.012)" in verdict(result(difference("auc", -0.003, 0.012, "tie"), SPEND_TIE))["en"]
    )


@pytest.mark.parametrize(
    ("level", "says"),
    [
        (0.93, "7% below actual spend."),
        (1.25, "25% above actual spend."),
        (3.0, "200% above actual spend."),
        (1.004, "The forecast total matched actual spend."),
    ],
)
def test_the_verdict_has_the_error_of_the_total(level: float, says: str) -> None:
    assert verdict(result(WIN, SPEND_TIE, level))["en"].endswith(says)


def test_an_unknown_level_is_not_spoken_of() -> None:
    assert "total" not in verdict(result(WIN, SPEND_TIE, None))["en"]


def test_without_a_figure_for_spend_only_activity_is_compared() -> None:
    for gini in (None, difference("ngini", None, None, "tie")):
        sentence = verdict(result(WIN, gini))["en"]
        assert sentence.startswith(
            "At predicting who will order, the forecast is better than the formula, by 0.021 ± 0.004 AUC. The"
        )
        assert "Gini" not in sentence


@pytest.mark.parametrize("auc", [None, difference("auc", None, None, "tie")])
@pytest.mark.parametrize("gini", [None, SPEND_WIN, SPEND_TIE, SPEND_LOSS])
def test_if_nobody_or_everybody_ordered_the_verdict_has_only_the_level(auc: Any, gini: Any) -> None:
    sentence = verdict(result(auc, gini, 0.93))
    assert sentence["en"] == "The forecast total was 7% below actual spend."
    assert sentence["zh"].startswith("预测总额")


def test_the_verdict_names_the_formula_if_it_is_served() -> None:
    sentence = verdict(result(TIE, SPEND_TIE, served=DECAYED))
    assert sentence["en"].endswith("so the formula makes the forecast.")
    assert sentence["zh"].endswith("因此直接采用公式。")


def test_both_languages_hold_the_same_figures() -> None:
    sentence = verdict(result(WIN, SPEND_LOSS, 0.93))
    for figure in ("0.021", "0.004", "0.050", "0.020", "7%"):
        assert figure in sentence["en"]
        assert figure in sentence["zh"]
    assert " ；" not in sentence["zh"]


def corrected(**changes: Any) -> dict[str, Any]:
    parts = {"with": {"corrected": {"log_error": 0.31}}, "without": {"corrected": {"log_error": 0.3812}}}
    return result(WIN, SPEND_TIE) | {"corrections": {"weight": 0.655, "newer": 0, **parts, **changes}}


@pytest.mark.parametrize(
    ("changes", "says", "says_in_chinese"),
    [
        (
            {"customers": 1200, "difference": {"log_error": -0.0712, "half": 0.02}},
            "Corrections of tiers moved the forecast of 1,200 customers, with a weight of 66%: their mean error on the "
            "log of spend was 0.310 with corrections and 0.381 without (-0.071 ± 0.020).",
            "分级更正调整了 1,200 位顾客的预测（采信权重 66%）：这些顾客消费额的平均对数误差，采信更正时为 0.310，"
            "不采信时为 0.381（差 -0.071 ± 0.020）。",
        ),
        (
            {"customers": 1, "difference": {"log_error": -0.0712, "half": None}},
            "moved the forecast of 1 customer, with a weight of 66%: the error on the log of spend was 0.310 with the "
            "correction and 0.381 without.",
            "分级更正调整了 1 位顾客的预测",
        ),
        (
            {"customers": 0, "newer": 2},
            "2 corrections of tiers are newer than the start of the judged",
            "有 2 条分级更正晚于回测窗口",
        ),
        ({"customers": 0}, "agree with the forecast and move no customer.", "与预测一致，没有调整任何顾客。"),
    ],
)
def test_the_effect_of_corrections_comes_last(changes: dict[str, Any], says: str, says_in_chinese: str) -> None:
    sentence = verdict(corrected(**changes))
    assert sentence["en"].endswith(says) or says in sentence["en"].split(". ")[-1] + "."
    assert says_in_chinese in sentence["zh"]
    assert sentence["en"].startswith(verdict(result(WIN, SPEND_TIE))["en"])
