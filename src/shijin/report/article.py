"""The whole page in one language; a part that does not exist is replaced by a sentence on how to get it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from shijin.forecasting.behaviour import MOST_HORIZON_DAYS
from shijin.report import figures
from shijin.report.actions import actions, backtest_command, why_unjudged, with_cutoff
from shijin.report.data import ReportData
from shijin.report.glance import cards, interval, plain_verdict
from shijin.report.layout import Action, Card, Cell, Figure, PageTable
from shijin.report.localiser import Localiser
from shijin.report.recommendations import RecommendationSection, recommendation_section
from shijin.report.totals import Totals
from shijin.report.trust import TrustSection, trust_section
from shijin.segment.likeness import FEW
from shijin.words import catalogue

SECTIONS = ("glance", "next", "value", "time", "wants", "trust", "data", "made", "glossary")
GLOSSARY = (
    *("expected_spend", "p_active", "horizon", "tier", "at_risk", "thin"),
    *("map", "list", "backtest", "formula", "stack", "holdout"),
)


@dataclass(frozen=True)
class Article:
    """The page in one language; None or empty where a part does not exist, with a sentence ``<part>_none`` for it."""

    localiser: Localiser
    period: str
    cards: tuple[Card, ...]
    plain_verdict: str
    interval: str
    colours: str
    actions: tuple[Action, ...]
    concentration: Figure | None
    tiers: Figure
    tier_table: PageTable
    map: Figure | None
    map_none: str
    map_command: str
    activity: Figure
    stakes: PageTable
    stakes_text: str
    history: Figure | None
    recommendations: RecommendationSection | None
    recommendations_none: str
    recommendations_command: str
    trust: TrustSection | None
    trust_none: str
    trust_command: str
    forecast_by: str
    findings: PageTable | None
    findings_none: str
    evidence: str
    notes: tuple[str, ...]
    made: tuple[tuple[str, str], ...]
    privacy: str
    glossary: tuple[tuple[str, str], ...]


def article(data: ReportData, totals: Totals, localiser: Localiser) -> Article:
    """Write the page in one language."""
    text = localiser.text
    days = localiser.count(data.horizon_days)
    return Article(
        localiser=localiser,
        period=text("report.period", days=days, cutoff=localiser.day(data.cutoff), **_first_and_last(data, localiser)),
        cards=cards(data, totals, localiser),
        plain_verdict=plain_verdict(data, localiser),
        interval=interval(data, localiser),
        actions=actions(data, totals, localiser),
        colours=localiser.joined([text("report.colours"), *([text("report.colours_map")] if data.map else [])]),
        concentration=figures.concentration(data, totals, localiser),
        tiers=figures.tiers(data, totals, localiser),
        tier_table=figures.tier_table(totals, localiser),
        map=figures.customer_map(data, localiser),
        map_none=_map_none(data, localiser),
        map_command=_map_command(data, localiser),
        activity=figures.activity(data, totals, localiser),
        stakes=figures.stakes(totals, localiser),
        stakes_text=text("report.stakes_text", days=days),
        history=figures.history(data, totals, localiser),
        recommendations=recommendation_section(data, localiser),
        recommendations_none=text(f"report.wants_none_{data.lists_missing or 'unmade'}"),
        recommendations_command="" if data.lists_missing == "no_items" else text("report.command_recommend"),
        trust=trust_section(data, localiser),
        trust_none=why_unjudged(data, localiser) or text("report.trust_none"),
        trust_command="" if data.unjudged else backtest_command(data, localiser),
        forecast_by=localiser.joined(map(localiser.note, data.untrained[-1:])),
        findings=_findings(data, localiser),
        findings_none=text("report.findings_unchecked" if data.findings is None else "report.findings_none"),
        evidence=_evidence(totals, localiser),
        notes=tuple(map(localiser.note, data.notes)),
        made=_made(data, localiser),
        privacy=_privacy(data, localiser),
        glossary=tuple((text(f"report.word_{word}"), text(f"report.word_{word}_text")) for word in GLOSSARY),
    )


def _first_and_last(data: ReportData, localiser: Localiser) -> dict[str, str]:
    return {"first": localiser.day(data.cutoff), "last": localiser.day(data.last_day)}


def _map_none(data: ReportData, localiser: Localiser) -> str:
    code = f"report.map_none_{data.map_missing or 'unmade'}"
    return localiser.text(code, few=localiser.count(FEW), most=localiser.count(MOST_HORIZON_DAYS))


def _map_command(data: ReportData, localiser: Localiser) -> str:
    if data.map_missing != "unmade":
        return ""
    return with_cutoff("represent", data.horizon_days, data.cutoff, localiser)


def _findings(data: ReportData, localiser: Localiser) -> PageTable | None:
    if data.findings is None or not data.findings.num_rows:
        return None
    rows = tuple(
        (
            Cell(_finding_words(row, localiser)),
            Cell(localiser.text(f"check.{row['severity']}"), row["severity"]),
            Cell(localiser.count(row["rows"])),
        )
        for row in data.findings.to_pylist()
    )
    heads = tuple(localiser.text(f"report.{head}") for head in ("finding", "severity", "rows"))
    return PageTable(localiser.text("report.findings"), heads, rows, wordy=True)


def _finding_words(row: dict[str, Any], localiser: Localiser) -> str:
    arguments = json.loads(row["arguments"] or "{}")
    if "customer" in arguments:  # the page may be passed on; the customer's id stays in the findings
        arguments["customer"] = localiser.text("report.unnamed")
    counts = {name: localiser.count(value) for name, value in arguments.items() if type(value) is int}
    code = f"findings.{row['code']}"
    if code not in catalogue():
        return str(row["code"]).replace("_", " ")
    return localiser.close_percent(localiser.text(code, **arguments | counts))


def _evidence(totals: Totals, localiser: Localiser) -> str:
    customers = localiser.count(totals.customers)
    if not totals.thin:
        return localiser.text("report.evidence_none", customers=customers)
    thin, share = localiser.count(totals.thin), localiser.share(totals.thin / totals.customers)
    return localiser.text("report.evidence_text", thin=thin, customers=customers, share=share)


def _privacy(data: ReportData, localiser: Localiser) -> str:
    text, examples = localiser.text, len(data.lists.examples) if data.lists else 0
    parts = [text("report.privacy_sums")]
    if data.map is not None:
        parts.append(text("report.privacy_dots"))
    if examples:
        parts.append(text("report.privacy_samples", samples=localiser.count(examples)))
    who = text("report.privacy_insiders" if examples else "report.privacy_nobody")
    return text("report.privacy", parts=text("report.comma").join(parts), who=who)


def _made(data: ReportData, localiser: Localiser) -> tuple[tuple[str, str], ...]:
    """Cutoff, horizon, how the forecast was trained, rows of the data, and the version."""
    text = localiser.text
    days = localiser.count(data.horizon_days)
    rows = [
        (text("report.cutoff"), text("report.cutoff_text", day=localiser.day(data.cutoff))),
        (text("report.horizon"), text("report.horizon_text", days=days, **_first_and_last(data, localiser))),
    ]
    if data.case is not None:
        case = localiser.joined(map(localiser.note, data.untrained)) or text(f"report.case_{data.case}")
        rows.append((text("report.case"), case))
    if data.receipts:
        parts = [
            text("report.receipt_item", what=localiser.name("report.receipt_", name), rows=localiser.count(n_rows))
            for name, n_rows in data.receipts.items()
            if n_rows
        ]
        rows.append((text("report.receipt"), text("report.between").join(parts)))
    if data.version:
        rows.append((text("report.version"), f"Shijin {data.version}"))
    return tuple(rows)
