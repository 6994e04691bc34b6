"""What the terminal shows of a backtest of lists. It is handed results and computes none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shijin.console.terminal import COLOURS, titled
from shijin.recommend.judge.baselines import RECOMMENDER
from shijin.recommend.judge.verdict import chance_sentence, lists_verdict
from shijin.words import Language, say

FIGURES = {"ndcg": 3, "recall": 3, "coverage": 3, "novelty": 1}


def judged_lists(result: Mapping[str, Any], language: Language) -> list[RenderableType]:
    """A scoreboard for each question, the window's also by steps; looks that became orders; and the verdict."""
    parts: list[RenderableType] = []
    for part in result["parts"]:
        parts += [_scoreboard(result, part, language), _versus(part, language)]
        if part["protocol"] == "window" and part["again"]:
            parts += [_by_steps(part, language), *(Text(line, "dim") for line in _remarks(part, language))]
    if result["views"]:
        parts += _views(result["views"], language)
    return [*parts, Text(lists_verdict(dict(result))[language], "bold")]


def _scoreboard(result: Mapping[str, Any], part: Mapping[str, Any], language: Language) -> Table:
    code = f"judged.{part['protocol']}{'' if part['again'] else '_new'}_title"
    values = {"customers": f"{part['customers']:,}", "days": result["horizon_days"], "cutoff": result["cutoff"]}
    table = titled(say(code, language, **values), [say(f"judged.{name}", language) for name in ("way", *FIGURES)])
    for way, scores in part["scores"].items():
        cells = [_figure(scores[name], digits) for name, digits in FIGURES.items()]
        table.add_row(say(f"judged.way_{way}", language), *cells, style="bold" if way == RECOMMENDER else None)
    return table


def _versus(part: Mapping[str, Any], language: Language) -> Text:
    gap = part["difference"]
    half = None if gap["low"] is None else (gap["high"] - gap["low"]) / 2
    simple = say(f"judged.way_{part['best']}", language)
    line = say("judged.versus", language, simple=simple, value=f"{gap['value']:+.3f}", half=_figure(half, 3))
    return Text(line, COLOURS[gap["verdict"]])


def _by_steps(part: Mapping[str, Any], language: Language) -> Table:
    bands = part["by_steps"]
    heads = [say("judged.way", language), *(f"{band} ({bands[band]['customers']:,})" for band in bands)]
    table = titled(say("judged.by_steps_title", language), heads)
    for way in part["scores"]:
        cells = [_figure(one["ndcg"][way], 3) for one in bands.values()]
        table.add_row(say(f"judged.way_{way}", language), *cells, style="bold" if way == RECOMMENDER else None)
    return table


def _remarks(part: Mapping[str, Any], language: Language) -> list[str]:
    lines = [say("judged.coverage_means", language)]
    if part["listed"] < part["known"]:
        lines.append(say("judged.sampled", language, listed=f"{part['listed']:,}", known=f"{part['known']:,}"))
    if part["new_share"]:
        lines.append(say("judged.strange_items", language, share=f"{part['new_share']:.1%}"))
    values = chance_sentence(dict(part))
    return [*lines, values[language]] if values else lines


def _views(views: Mapping[str, Any], language: Language) -> list[RenderableType]:
    day, week, month = (_share(one["share"]) for one in views["within"].values())
    line = say("judged.views", language, pairs=f"{views['pairs']:,}", day=day, week=week, month=month)
    if not views["categories"]:
        return [Text(line)]
    heads = [say(f"judged.{name}", language) for name in ("category", "looks")]
    heads += [say("judged.within", language, days=days) for days in views["within"]]
    table = titled(say("judged.views_title", language), heads)
    for row in views["categories"]:
        shares = [_share(one["share"]) for one in row["within"].values()]
        table.add_row(Text(row["category"]), f"{row['pairs']:,}", *shares)
    return [table, Text(line)]


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
