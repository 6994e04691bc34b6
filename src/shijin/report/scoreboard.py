"""The tables that judge the forecast: metrics of every member, and paired differences. Losses are shown like wins."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from shijin.report.data import METRICS, BacktestSummary, PairedDifference, ScoreRow, Verdict
from shijin.report.layout import Cell, PageTable
from shijin.report.localiser import MISSING, Localiser

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


def scoreboard(rows: Sequence[ScoreRow], served: str, caption: str, localiser: Localiser) -> PageTable:
    """One row a member, the served one first, one column a metric that any member has; a column's best is marked.

    Parameters
    ----------
    served
        The member that makes the shop's forecast; its row is highlighted.
    """
    rows = sorted(rows, key=lambda row: row.member != served)
    metrics = used_metrics(rows)
    columns = [_column(metric, [row.metrics.get(metric) for row in rows], localiser) for metric in metrics]
    cells = tuple(
        (Cell(member_name(row.member, localiser)), *(column[place] for column in columns))
        for place, row in enumerate(rows)
    )
    chosen = next((place for place, row in enumerate(rows) if row.member == served), None)
    heads = [localiser.text("report.member"), *(localiser.text(f"report.short_{metric}") for metric in metrics)]
    return PageTable(caption, tuple(heads), cells, chosen)


def explained(rows: Sequence[ScoreRow], localiser: Localiser) -> tuple[tuple[str, str, str], ...]:
    """(name, best value, meaning) of every metric in the scoreboard."""
    return tuple(
        (
            localiser.text(f"report.metric_{metric}"),
            _goal(metric, localiser),
            localiser.text(f"report.metric_{metric}_help"),
        )
        for metric in used_metrics(rows)
    )


def paired(pairs: Sequence[PairedDifference], localiser: Localiser) -> PageTable:
    """One row a peer, one column a metric: the difference, its interval, and better, as good or worse."""
    metrics = [metric for metric in METRICS if any(pair.metric == metric for pair in pairs)]
    known = {(pair.peer, pair.metric): pair for pair in pairs}
    rows = tuple(
        (Cell(member_name(peer, localiser)), *(_difference(known.get((peer, metric)), localiser) for metric in metrics))
        for peer in dict.fromkeys(pair.peer for pair in pairs)
    )
    heads = (localiser.text("report.against"), *(localiser.text(f"report.metric_{metric}") for metric in metrics))
    return PageTable(localiser.text("report.paired"), heads, rows)


def balance(pairs: Sequence[PairedDifference], localiser: Localiser) -> tuple[str, ...]:
    """Count wins, ties and losses, and name every loss."""
    verdicts = [pair.verdict for pair in pairs]
    wins, ties, losses = (localiser.count(verdicts.count(verdict)) for verdict in get_args(Verdict))
    sentences = [localiser.text("report.paired_text", wins=wins, ties=ties, losses=losses)]
    lost = [
        localiser.text(
            "report.loss_item",
            metric=localiser.text(f"report.metric_{pair.metric}"),
            peer=member_name(pair.peer, localiser),
        )
        for pair in pairs
        if pair.verdict == "loss"
    ]
    if lost:
        losses = localiser.text("report.between").join(lost)
        sentences.append(localiser.text("report.paired_losses", losses=losses))
    return tuple(sentences)


def groups(backtest: BacktestSummary, localiser: Localiser) -> tuple[PageTable, ...]:
    """A scoreboard for each part of the customers."""
    return tuple(
        scoreboard(rows, backtest.served, localiser.name("report.group_", name), localiser)
        for name, rows in backtest.groups.items()
    )


def used_metrics(rows: Sequence[ScoreRow]) -> list[str]:
    """Metrics that at least one member has."""
    return [metric for metric in METRICS if any(_known(row.metrics.get(metric)) for row in rows)]


def member_name(member: str, localiser: Localiser) -> str:
    """The words for a member; a user's own goes by its name."""
    return localiser.name("report.member_", member)


def _column(metric: str, values: Sequence[float | None], localiser: Localiser) -> list[Cell]:
    texts = [_figure(metric, value, localiser) for value in values]
    distance = _distance(metric)
    known = [(distance(value), text) for value, text in zip(values, texts, strict=True) if value is not None]
    finite = [(far, text) for far, text in known if math.isfinite(far)]
    # Values that read alike share the mark: the texts are compared, not the numbers.
    best = min(finite)[1] if finite else ""
    return [Cell(text, "best" if text == best else "") for text in texts]


def _distance(metric: str) -> Callable[[float], float]:
    """How far a value is from the metric's goal, up to a constant."""
    goal = GOALS[metric]
    if goal == "high":
        return lambda value: -value
    if goal == "low":
        return lambda value: value
    if metric == "level":
        return lambda value: abs(math.log(value)) if value > 0 else math.inf
    return lambda value: abs(value - float(goal))


def _goal(metric: str, localiser: Localiser) -> str:
    goal = GOALS[metric]
    if isinstance(goal, str):
        return localiser.text(f"report.{goal}")
    best = localiser.share(goal) if metric in IN_PERCENT else localiser.decimal(goal, 0)
    return localiser.text("report.best_is", best=best)


def _figure(metric: str, value: float | None, localiser: Localiser) -> str:
    if metric in IN_MONEY:
        return localiser.money(value)
    return localiser.share_cell(value) if metric in IN_PERCENT else localiser.decimal(value, DIGITS)


def _difference(pair: PairedDifference | None, localiser: Localiser) -> Cell:
    if pair is None or not _known(pair.difference):
        return Cell(MISSING)

    def written(value: float) -> str:
        if pair.metric == "crps":
            return localiser.signed(100 * value, 1) + "%"
        return localiser.signed(value, DIGITS)

    interval = localiser.text("report.range", low=written(pair.low), high=written(pair.high))
    words = localiser.text(f"report.{pair.verdict}")
    return Cell(f"{MARKS[pair.verdict]} {words} {written(pair.difference)}", pair.verdict, interval)


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
