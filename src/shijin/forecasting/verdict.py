"""The result of a backtest as one sentence in each language. It reads the backtest's JSON and computes nothing."""

from __future__ import annotations

from typing import Any

from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.stack import NAME as STACK
from shijin.words import LANGUAGES, Language, joined, say


def verdict(result: dict[str, Any]) -> dict[Language, str]:
    """How the stack compares with the formula, and how far its total was off.

    Parameters
    ----------
    result
        `Backtest.as_json`.

    Examples
    --------
    >>> auc = {"metric": "auc", "value": 0.021, "low": 0.017, "high": 0.025, "verdict": "win"}
    >>> gini = {"metric": "ngini", "value": 0.001, "low": -0.01, "high": 0.012, "verdict": "tie"}
    >>> result = {"served": "stack", "differences": {"decayed spend H": [auc, gini]}}
    >>> result["scores"] = {"everyone": {"stack": {"level": 0.93}}}
    >>> print(verdict(result)["en"])
    At predicting who will order, the forecast is better than the formula, by 0.021 ± 0.004 AUC; at ranking spend, both
    are equal. The forecast total was 7% below actual spend.
    """
    return {language: _sentence(result, language) for language in LANGUAGES}


def _sentence(result: dict[str, Any], language: Language) -> str:
    differences = {one["metric"]: one for one in result["differences"].get(DECAYED, [])}
    who, spend = _part("who", differences.get("auc"), language), _part("spend", differences.get("ngini"), language)
    # Where nobody or everybody ordered, AUC is undefined: then there is no first half for the spend to follow.
    spend = spend or say("judged.end", language)
    first = who and (who + spend if spend[0] in ";；.。" else joined([who, spend], language))
    level = _level(result, language)
    served = say("verdict.formula_served", language) if result["served"] != STACK else ""
    return joined(filter(None, (first, level, served, _corrections(result, language))), language)


def _part(topic: str, difference: dict[str, Any] | None, language: Language) -> str:
    if difference is None or difference["low"] is None or difference["value"] is None:
        return ""
    sign = -1 if difference["verdict"] == "loss" else 1
    half = (difference["high"] - difference["low"]) / 2
    figures = {"value": _short(sign * difference["value"]), "half": _short(half)}
    return say(f"verdict.{topic}_{difference['verdict']}", language, **figures)


def _level(result: dict[str, Any], language: Language) -> str:
    level = result["scores"]["everyone"][STACK]["level"]
    if level is None:
        return ""
    percent = f"{abs(level - 1):.0%}"
    if percent == "0%":
        return say("verdict.level_right", language)
    direction = say("verdict.above" if level >= 1 else "verdict.below", language)
    return say("verdict.level", language, percent=percent, direction=direction)


def _short(figure: float) -> str:
    return f"{round(figure, 3) + 0.0:.3f}"  # + 0.0 turns -0.0 into 0.0


def _corrections(result: dict[str, Any], language: Language) -> str:
    """What corrections of tiers changed, or when that will be known; nothing without corrections."""
    values = result.get("corrections")
    if values is None:
        return ""
    if not values["customers"]:
        code = "verdict.corrections_newer" if values["newer"] else "verdict.corrections_agree"
        return say(code, language, newer=values["newer"])
    error, without = (_short(values[name]["corrected"]["log_error"]) for name in ("with", "without"))
    share = f"{values['weight']:.0%}"
    figures = {"customers": f"{values['customers']:,}", "share": share, "error": error, "without": without}
    half = values["difference"]["half"]
    if half is None:
        return say("verdict.corrected_one", language, **figures)
    return say(
        "verdict.corrected", language, value=_short(values["difference"]["log_error"]), half=_short(half), **figures
    )
