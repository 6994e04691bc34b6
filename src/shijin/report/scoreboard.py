"""The tables that judge the forecast: every member beside it, and who beat whom. Losses stand here like wins."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from shijin.report.data import METRICS, Backtest, Paired, ScoreRow, Verdict
from shijin.report.layout import Cell, Grid
from shijin.report.voice import MISSING, Voice

GOALS: Mapping[str, str | float] = {
    "auc": "high",
    "log_score": "high",
    "ece": "low",
    "ngini": "high",
    "spearman": "high",
    "level": 1.0,
    "rmse": "low",
    "crps": "low",
    "coverage_p90": 0.9,
    "mae_p50": "low",
}
IN_MONEY = ("rmse", "crps", "mae_p50")
IN_PERCENT = ("coverage_p90",)
DIGITS = 3
MARKS: Mapping[Verdict, str] = {"win": "▲", "tie": "=", "loss": "▼"}


def scoreboard(rows: Sequence[ScoreRow], served: str, caption: str, voice: Voice) -> Grid:
    """One row a member, the served one first, one column a metric that anybody has; a column's best is marked.

    Parameters
    ----------
    served
        The member the shop gets, whose row is set off.
    """
    rows = sorted(rows, key=lambda row: row.member != served)
    metrics = used_metrics(rows)
    columns = [_column(metric, [row.metrics.get(metric) for row in rows], voice) for metric in metrics]
    cells = tuple(
        (Cell(member_name(row.member, voice)), *(column[place] for column in columns)) for place, row in enumerate(rows)
    )
    chosen = next((place for place, row in enumerate(rows) if row.member == served), None)
    heads = [voice.say("report.member"), *(voice.say(f"report.short_{metric}") for metric in metrics)]
    return Grid(caption, tuple(heads), cells, chosen)


def explained(rows: Sequence[ScoreRow], voice: Voice) -> tuple[tuple[str, str, str], ...]:
    """(name, what is best, what it means) of every metric in the scoreboard."""
    return tuple(
        (
            voice.say(f"report.metric_{metric}"),
            _goal(metric, voice),
            voice.say(f"report.metric_{metric}_help"),
        )
        for metric in used_metrics(rows)
    )


def paired(pairs: Sequence[Paired], voice: Voice) -> Grid:
    """One row a peer, one column a metric: the difference, its interval, and better, as good or worse."""
    metrics = [metric for metric in METRICS if any(pair.metric == metric for pair in pairs)]
    known = {(pair.peer, pair.metric): pair for pair in pairs}
    rows = tuple(
        (Cell(member_name(peer, voice)), *(_difference(known.get((peer, metric)), voice) for metric in metrics))
        for peer in dict.fromkeys(pair.peer for pair in pairs)
    )
    heads = (voice.say("report.against"), *(voice.say(f"report.metric_{metric}") for metric in metrics))
    return Grid(voice.say("report.paired"), heads, rows)


def balance(pairs: Sequence[Paired], voice: Voice) -> tuple[str, ...]:
    """How many wins, ties and losses there are, and what every loss is."""
    verdicts = [pair.verdict for pair in pairs]
    wins, ties, losses = (voice.count(verdicts.count(verdict)) for verdict in get_args(Verdict))
    sentences = [voice.say("report.paired_text", wins=wins, ties=ties, losses=losses)]
    lost = [
        voice.say(
            "report.loss_item", metric=voice.say(f"report.metric_{pair.metric}"), peer=member_name(pair.peer, voice)
        )
        for pair in pairs
        if pair.verdict == "loss"
    ]
    if lost:
        sentences.append(voice.say("report.paired_losses", losses=voice.say("report.between").join(lost)))
    return tuple(sentences)


def groups(backtest: Backtest, voice: Voice) -> tuple[Grid, ...]:
    """A scoreboard for each part of the customers."""
    return tuple(
        scoreboard(rows, backtest.served, voice.name("report.group_", name), voice)
        for name, rows in backtest.groups.items()
    )


def used_metrics(rows: Sequence[ScoreRow]) -> list[str]:
    """Metrics that at least one member has."""
    return [metric for metric in METRICS if any(_known(row.metrics.get(metric)) for row in rows)]


def member_name(member: str, voice: Voice) -> str:
    """Words for a member; a user's own is called by its name."""
    return voice.name("report.member_", member)


def _column(metric: str, values: Sequence[float | None], voice: Voice) -> list[Cell]:
    texts = [_figure(metric, value, voice) for value in values]
    distance = _distance(metric)
    known = [(distance(value), text) for value, text in zip(values, texts, strict=True) if value is not None]
    finite = [(far, text) for far, text in known if math.isfinite(far)]
    best = min(finite)[1] if finite else ""
    return [Cell(text, "best" if text == best else "") for text in texts]


def _distance(metric: str) -> Callable[[float], float]:
    goal = GOALS[metric]
    if goal == "high":
        return lambda value: -value
    if goal == "low":
        return lambda value: value
    if metric == "level":
        return lambda value: abs(math.log(value)) if value > 0 else math.inf
    return lambda value: abs(value - float(goal))


def _goal(metric: str, voice: Voice) -> str:
    goal = GOALS[metric]
    if isinstance(goal, str):
        return voice.say(f"report.{goal}")
    return voice.say("report.best_is", best=voice.share(goal) if metric in IN_PERCENT else voice.decimal(goal, 0))


def _figure(metric: str, value: float | None, voice: Voice) -> str:
    if metric in IN_MONEY:
        return voice.money(value)
    return voice.share_cell(value) if metric in IN_PERCENT else voice.decimal(value, DIGITS)


def _difference(pair: Paired | None, voice: Voice) -> Cell:
    if pair is None or not _known(pair.difference):
        return Cell(MISSING)

    def written(value: float) -> str:
        if pair.metric == "crps":
            return voice.signed(100 * value, 1) + "%"
        return voice.signed(value, DIGITS)

    interval = voice.say("report.range", low=written(pair.low), high=written(pair.high))
    words = voice.say(f"report.{pair.verdict}")
    return Cell(f"{MARKS[pair.verdict]} {words} {written(pair.difference)}", pair.verdict, interval)


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
