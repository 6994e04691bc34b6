"""The section on the quality of the forecast, in one language: charts, paired differences and the scoreboard."""

from __future__ import annotations

from dataclasses import dataclass

from shijin.report import figures, scoreboard
from shijin.report.data import BacktestSummary, ReportData
from shijin.report.layout import Figure, PageTable
from shijin.report.localiser import Localiser


@dataclass(frozen=True)
class TrustSection:
    """The section; empty or None where a part does not exist."""

    how: str = ""
    verdict: str = ""
    figures: tuple[Figure, ...] = ()
    scoreboard: PageTable | None = None
    metrics: tuple[tuple[str, str, str], ...] = ()
    paired: PageTable | None = None
    balance: tuple[str, ...] = ()
    groups: tuple[PageTable, ...] = ()


def trust_section(data: ReportData, localiser: Localiser) -> TrustSection | None:
    """Lay the section out; None where there is no backtest."""
    backtest = data.backtest
    if backtest is None:
        return None
    rows, caption = backtest.scoreboard, localiser.text("report.scoreboard")
    return TrustSection(
        how=_how(backtest, data.horizon_days, localiser),
        verdict=localiser.close_percent((backtest.verdict or {}).get(localiser.language, "")),
        figures=_figures(backtest, localiser),
        scoreboard=scoreboard.scoreboard(rows, backtest.served, caption, localiser) if rows else None,
        metrics=scoreboard.explained(rows, localiser),
        paired=scoreboard.paired(backtest.paired, localiser) if backtest.paired else None,
        balance=scoreboard.balance(backtest.paired, localiser),
        groups=scoreboard.groups(backtest, localiser),
    )


def _how(backtest: BacktestSummary, horizon_days: int, localiser: Localiser) -> str:
    if backtest.judged_from is None:
        return ""
    return localiser.text(
        "report.trust_how",
        day=localiser.day(backtest.judged_from),
        days=localiser.count(horizon_days),
        customers=localiser.count(backtest.customers),
    )


def _figures(backtest: BacktestSummary, localiser: Localiser) -> tuple[Figure, ...]:
    shown = []
    if backtest.deciles is not None and backtest.deciles.num_rows:
        shown.append(figures.deciles(backtest.deciles, localiser))
    if backtest.reliability is not None and backtest.reliability.num_rows:
        shown.append(figures.reliability(backtest.reliability, localiser))
    return tuple(shown)
