"""One sentence that says what a backtest of lists found, in each language. It reads its JSON and computes nothing."""

from __future__ import annotations

from typing import Any

from shijin.recommend.judge.baselines import OWN
from shijin.words import LANGUAGES, Language, say


def lists_verdict(result: dict[str, Any]) -> dict[Language, str]:
    """Say how the lists did in the window against the best simple list, and how with what is new to a customer.

    Parameters
    ----------
    result
        What `backtest_items` gives.

    Examples
    --------
    >>> gap = {"value": 0.012, "low": 0.008, "high": 0.016, "verdict": "win"}
    >>> scores = {"lists": {"ndcg": 0.262}, "repeat-often": {"ndcg": 0.25}}
    >>> part = {"protocol": "window", "again": True, "best": "repeat-often", "scores": scores, "difference": gap}
    >>> print(lists_verdict({"horizon_days": 30, "parts": [part]})["en"])
    The lists foretell what customers buy within 30 days better than the best simple list, what a customer buys most
    often: NDCG@10 0.262 against 0.250, better by 0.012 ± 0.004.
    """
    return {language: _sentence(result, language) for language in LANGUAGES}


def chance_said(part: dict[str, Any]) -> dict[Language, str] | None:
    """Say what chance was told of what was listed in the window, and how much of it was bought; None where none was.

    Parameters
    ----------
    part
        The window's, of `backtest_items`.

    Examples
    --------
    >>> part = {"chance": {"chance": 0.061, "taken": 0.058}, "learnt": {"taught": "window"}}
    >>> print(chance_said(part)["en"])
    Of what was listed with a mean chance of 6.1%, 5.8% was bought in the window.
    """
    if not part["chance"]:
        return None
    figures = {name: f"{part['chance'][name]:.1%}" for name in ("chance", "taken")}
    code = "judged.chance" if part["learnt"]["taught"] == "window" else "judged.chance_next"
    return {language: say(code, language, **figures) for language in LANGUAGES}


def _sentence(result: dict[str, Any], language: Language) -> str:
    window = {part["again"]: part for part in result["parts"] if part["protocol"] == "window"}
    whole, new = window[True], window.get(False)
    difference = whole["difference"]
    if difference["low"] is None:
        return say("judged.alone", language, days=result["horizon_days"]) + say("judged.end", language)
    sign = -1 if difference["verdict"] == "loss" else 1
    figures = {
        "value": _short(sign * difference["value"]),
        "half": _short((difference["high"] - difference["low"]) / 2),
    }
    first = say(
        f"judged.{difference['verdict']}", language, days=result["horizon_days"], **figures, **_named(whole, language)
    )
    if new is None or new["difference"]["low"] is None:
        return first + say("judged.end", language)
    return first + say(f"judged.new_{new['difference']['verdict']}", language, **_named(new, language))


def _named(part: dict[str, Any], language: Language) -> dict[str, str]:
    scores, best = part["scores"], part["best"]
    simple = say(f"judged.simple_{best}", language)
    return {"simple": simple, "own": _short(scores[OWN]["ndcg"]), "peer": _short(scores[best]["ndcg"])}


def _short(figure: float) -> str:
    return f"{round(figure, 3) + 0.0:.3f}"  # no -0
