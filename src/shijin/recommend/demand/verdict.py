"""Sentences about a forecast of demand: its past error, next to the naive one, and numbers of pieces as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shijin.words import LANGUAGES, Language, say

MANY = 10  # pieces; from here on they are written without a decimal


def demand_verdict(card: Mapping[str, Any]) -> dict[Language, str]:
    """Compare the errors of the forecast and of the naive one in the judged window, whichever was better.

    Errors are in money, with every piece at its usual price; in pieces where no item has a price.

    Parameters
    ----------
    card
        ``horizon_days`` and ``judged``, as `shijin.recommend.demand.demand.Demand.card` has them, its cutoff as a day.

    Examples
    --------
    >>> ours, naive = {"money_wape": 0.585, "wape": 0.144}, {"money_wape": 0.636, "wape": 0.128}
    >>> judged = {"cutoff": "2017-12-03", "naive_shape": {"name": "last_horizon"}, "ours": ours, "naive": naive}
    >>> print(demand_verdict({"horizon_days": 30, "judged": judged})["en"])
    The same forecast made one horizon earlier was off by 58.5% of sales (orders from 2017-12-03 on); the naive
    forecast, the orders of the 30 days before, was off by 63.6%.
    """
    return {language: _sentence(card, language) for language in LANGUAGES}


def written_pieces(units: float) -> str:
    """Write a number of pieces: rounded where there are many, with a decimal where there are few.

    Examples
    --------
    >>> written_pieces(1311.28), written_pieces(9.97), written_pieces(3.0), written_pieces(0.33)
    ('1,311', '10', '3', '0.3')
    """
    return f"{units:,.0f}" if round(units, 1) >= MANY or units == round(units) else f"{units:.1f}"


def _sentence(card: Mapping[str, Any], language: Language) -> str:
    judged = card["judged"]
    if judged is None:
        return say("demand.unjudged", language)
    figure = "money" if judged["ours"]["money_wape"] or judged["naive"]["money_wape"] else "pieces"
    error, peer = (round(judged[who]["money_wape" if figure == "money" else "wape"], 3) for who in ("ours", "naive"))
    outcome = "equal" if error == peer else "better" if error < peer else "worse"
    naive = say(f"demand.naive_{judged['naive_shape']['name']}", language, days=card["horizon_days"])
    figures = {"own": f"{error:.1%}", "peer": f"{peer:.1%}"}
    return say(f"demand.{outcome}_{figure}", language, day=judged["cutoff"], naive=naive, **figures)
