"""The first screen in one language: headline numbers, and the quality of the forecast in words without figures."""

from __future__ import annotations

from shijin.forecasting.formulas import DECAYED
from shijin.forecasting.stack import NAME as STACK
from shijin.report.data import BacktestSummary, ReportData
from shijin.report.layout import Card
from shijin.report.localiser import Localiser
from shijin.report.totals import Totals

WHO_AND_SPEND = {"auc": "who", "ngini": "spend"}  # metric to sentence


def cards(data: ReportData, totals: Totals, localiser: Localiser) -> tuple[Card, ...]:
    """Predicted spend, customers, share predicted to order, revenue at risk."""
    text, money, days = localiser.text, localiser.compact_money, localiser.count(data.horizon_days)
    customers, spend = [], []
    if data.recent_customers is not None:
        customers.append(text("report.recent_customers", customers=localiser.count(data.recent_customers), days=days))
    if data.interval is not None:
        spend.append(text("report.interval", low=money(data.interval[0]), high=money(data.interval[1])))
    if data.recent_spend is not None:
        spend.append(text("report.recent_spend", spend=money(data.recent_spend), days=days))
    active = text("report.expected_customers", customers=localiser.count(totals.expected_customers))
    at_risk = text("report.at_risk_none")
    if totals.best_at_risk:
        at_risk = text("report.at_risk_customers", customers=localiser.count(totals.best_at_risk))
    share = localiser.share(totals.expected_customers / totals.customers)
    return (
        Card(text("report.expected_spend", days=days), money(totals.expected_spend), tuple(spend)),
        Card(text("report.customers"), localiser.count(totals.customers), tuple(customers)),
        Card(text("report.expected_active"), share, (active,)),
        Card(text("report.at_risk"), money(totals.at_risk_spend), (at_risk,)),
    )


def interval(data: ReportData, localiser: Localiser) -> str:
    """What "very likely" means on the first card; empty where no interval is known."""
    if data.interval is None:
        return ""
    low, high = map(localiser.compact_money, data.interval)
    return localiser.text("report.interval_text", low=low, high=high)


def plain_verdict(data: ReportData, localiser: Localiser) -> str:
    """The backtest in words: against the formula, and the total; empty where neither was measured."""
    backtest = data.backtest
    if backtest is None:
        return ""
    sentences = [*_against_formula(backtest, localiser), *_total(backtest, localiser)]
    if not sentences:
        return ""
    if backtest.served != STACK:
        sentences.append(localiser.text("report.plain_formula_served"))
    if backtest.judged_from is not None:
        day, days = localiser.day(backtest.judged_from), localiser.count(data.horizon_days)
        sentences.insert(0, localiser.text("report.plain_how", day=day, days=days))
    return localiser.joined(sentences)


def _against_formula(backtest: BacktestSummary, localiser: Localiser) -> list[str]:
    verdicts = {pair.metric: pair.verdict for pair in backtest.paired if pair.peer == DECAYED}
    return [
        localiser.text(f"report.plain_{topic}_{verdicts[metric]}")
        for metric, topic in WHO_AND_SPEND.items()
        if metric in verdicts
    ]


def _total(backtest: BacktestSummary, localiser: Localiser) -> list[str]:
    level = next((row.metrics.get("level") for row in backtest.scoreboard if row.member == STACK), None)
    if level is None:
        return []
    percent = f"{abs(level - 1):.0%}"
    if percent == "0%":
        return [localiser.text("report.plain_level_right")]
    return [localiser.text("report.plain_level_above" if level > 1 else "report.plain_level_below", percent=percent)]
