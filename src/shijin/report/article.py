"""The whole page in one language, laid out from what is known; what is not known says what to do about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shijin.forecasting.behaviour import MOST_HORIZON_DAYS
from shijin.report import figures, recommendations, scoreboard
from shijin.report.charts import tier_name
from shijin.report.data import ReportData
from shijin.report.facts import Facts
from shijin.report.layout import Action, Card, Cell, Figure, Grid
from shijin.report.recommendations import LISTS, Wants
from shijin.report.voice import Voice
from shijin.segment.likeness import FEW
from shijin.words import catalogue, say_note

SECTIONS = ("glance", "next", "value", "time", "wants", "trust", "data", "made", "glossary")
WORDS = (
    *("expected_spend", "p_active", "horizon", "tier", "at_risk", "thin"),
    *("map", "list", "backtest", "formula", "holdout"),
)


@dataclass(frozen=True)
class Trust:
    """What is known of how good the forecast is."""

    how: str = ""
    verdict: str = ""
    figures: tuple[Figure, ...] = ()
    scoreboard: Grid | None = None
    metrics: tuple[tuple[str, str, str], ...] = ()
    paired: Grid | None = None
    balance: tuple[str, ...] = ()
    groups: tuple[Grid, ...] = ()


@dataclass(frozen=True)
class Article:
    """One language's page; `None` or empty where a part does not exist, with a sentence in its place."""

    voice: Voice
    period: str
    cards: tuple[Card, ...]
    actions: tuple[Action, ...]
    concentration: Figure | None
    tiers: Figure
    tier_table: Grid
    map: Figure | None
    map_none: str
    map_command: str
    activity: Figure
    stakes: Grid
    stakes_text: str
    history: Figure | None
    wants: Wants | None
    wants_none: str
    wants_command: str
    trust: Trust | None
    trust_none: str
    trust_command: str
    answers: str
    findings: Grid | None
    findings_none: str
    evidence: str
    notes: tuple[str, ...]
    made: tuple[tuple[str, str], ...]
    privacy: str
    words: tuple[tuple[str, str], ...]


def article(data: ReportData, facts: Facts, voice: Voice) -> Article:
    """Say everything in one language."""
    say = voice.say
    days = voice.count(data.horizon_days)
    return Article(
        voice=voice,
        period=say("report.period", days=days, cutoff=voice.day(data.cutoff), **_ends(data, voice)),
        cards=_cards(data, facts, voice),
        actions=_actions(data, facts, voice),
        concentration=figures.concentration(data, facts, voice),
        tiers=figures.tiers(data, facts, voice),
        tier_table=figures.tier_table(facts, voice),
        map=figures.map_of(data, voice),
        map_none=_map_none(data, voice),
        map_command=f"shijin represent {_asked(data.horizon_days, data.cutoff)}"
        if data.map_missing == "unmade"
        else "",
        activity=figures.activity(data, facts, voice),
        stakes=figures.stakes(facts, voice),
        stakes_text=say("report.stakes_text", days=days),
        history=figures.history(data, facts, voice),
        wants=recommendations.wants(data, voice),
        wants_none=say(f"report.wants_none_{data.wanted_missing or 'unmade'}"),
        wants_command="" if data.wanted_missing == "no_items" else LISTS,
        trust=_trust(data, voice),
        trust_none=_unjudged(data, voice) or say("report.trust_none"),
        trust_command="" if data.unjudged else _backtest_command(data),
        answers=_untrained(data.untrained[-1:], voice),
        findings=_findings(data, voice),
        findings_none=say("report.findings_unchecked" if data.findings is None else "report.findings_none"),
        evidence=_evidence(facts, voice),
        notes=tuple(voice.tidy(note[voice.language == "zh"]) for note in data.notes),
        made=_made(data, voice),
        privacy=_privacy(data, voice),
        words=tuple((say(f"report.word_{word}"), say(f"report.word_{word}_text")) for word in WORDS),
    )


def _ends(data: ReportData, voice: Voice) -> dict[str, str]:
    return {"first": voice.day(data.cutoff), "last": voice.day(data.last_day)}


def _cards(data: ReportData, facts: Facts, voice: Voice) -> tuple[Card, ...]:
    say, money, days = voice.say, voice.compact_money, voice.count(data.horizon_days)
    customers, spend = [], []
    if data.recent_customers is not None:
        customers.append(say("report.recent_customers", customers=voice.count(data.recent_customers), days=days))
    if data.interval is not None:
        spend.append(say("report.interval", low=money(data.interval[0]), high=money(data.interval[1])))
    if data.recent_spend is not None:
        spend.append(say("report.recent_spend", spend=money(data.recent_spend), days=days))
    active = say("report.expected_customers", customers=voice.count(facts.expected_customers))
    at_risk = say("report.at_risk_none")
    if facts.best_at_risk:
        at_risk = say("report.at_risk_customers", customers=voice.count(facts.best_at_risk))
    share = voice.share(facts.expected_customers / facts.customers)
    return (
        Card(say("report.expected_spend", days=days), money(facts.expected_spend), tuple(spend)),
        Card(say("report.customers"), voice.count(facts.customers), tuple(customers)),
        Card(say("report.expected_active"), share, (active,)),
        Card(say("report.at_risk"), money(facts.at_risk_spend), (at_risk,)),
    )


def _actions(data: ReportData, facts: Facts, voice: Voice) -> tuple[Action, ...]:
    say, count = voice.say, voice.count
    actions = []
    spoiled = data.findings["severity"].to_pylist().count("spoils") if data.findings is not None else 0
    if spoiled:
        text = say("report.action_mend_text", findings=count(spoiled))
        actions.append(Action(say("report.action_mend"), text, "shijin check"))
    if facts.best_at_risk:
        worth = {"historic": voice.money(facts.at_risk_historic), "worth": voice.money(facts.at_risk_spend)}
        best = count(facts.best_at_risk)
        text = say("report.action_win_back_text", days=count(data.horizon_days), customers=best, **worth)
        actions.append(Action(say("report.action_win_back", customers=best), text, "shijin export"))
    actions.append(_best_action(facts, voice))
    if 0 < facts.thin < facts.customers:  # where all are thin, the shop is small, and says so elsewhere
        share = voice.share(facts.thin / facts.customers)
        text = say("report.action_thin_text", customers=count(facts.thin), share=share)
        actions.append(Action(say("report.action_thin"), text))
    actions += recommendations.actions(data, voice)
    text = say("report.action_measure_text", last=voice.day(data.last_day))
    actions.append(Action(say("report.action_measure"), text, "shijin export"))
    if data.unjudged is not None:
        young = data.unjudged["code"] == "forecast.unjudged_too_young"
        text = say("report.action_later_shorter" if young else "report.action_later_text", why=_unjudged(data, voice))
        actions.append(Action(say("report.action_later"), text, "shijin run orders.csv"))
    elif data.backtest is None:
        actions.append(Action(say("report.action_check"), say("report.action_check_text"), _backtest_command(data)))
    return tuple(actions)


def _unjudged(data: ReportData, voice: Voice) -> str:
    return say_note(data.unjudged, voice.language) if data.unjudged else ""


def _untrained(sentences: Sequence[tuple[str, str]], voice: Voice) -> str:
    zh = voice.language == "zh"
    return ("" if zh else " ").join(voice.tidy(pair[zh]) for pair in sentences)


def _backtest_command(data: ReportData) -> str:
    return f"shijin backtest {_asked(data.horizon_days, data.cutoff - timedelta(days=data.horizon_days))}"


def _asked(horizon_days: int, cutoff: date) -> str:
    """The flags that ask for what goes with the forecast shown, which need not be of the newest data."""
    return f"--horizon {horizon_days}d --cutoff {cutoff}"


def _map_none(data: ReportData, voice: Voice) -> str:
    code = f"report.map_none_{data.map_missing or 'unmade'}"
    return voice.say(code, few=voice.count(FEW), most=voice.count(MOST_HORIZON_DAYS))


def _best_action(facts: Facts, voice: Voice) -> Action:
    best = next(row for row in facts.tiers.to_pylist() if row["customers"])
    text = voice.say(
        "report.action_best_text",
        tier=tier_name(best["tier"], voice.language),
        customers_share=voice.share(best["customers_share"]),
        spend_share=voice.share(best["expected_spend_share"]),
        spend=voice.money(best["expected_spend"]),
    )
    return Action(voice.say("report.action_best", customers=voice.count(best["customers"])), text, "shijin export")


def _trust(data: ReportData, voice: Voice) -> Trust | None:
    backtest = data.backtest
    if backtest is None:
        return None
    pictures = []
    if backtest.deciles is not None and backtest.deciles.num_rows:
        pictures.append(figures.deciles(backtest.deciles, voice))
    if backtest.reliability is not None and backtest.reliability.num_rows:
        pictures.append(figures.reliability(backtest.reliability, voice))
    rows, served = backtest.scoreboard, backtest.served
    how = ""
    if backtest.judged_from is not None:
        customers, days = voice.count(backtest.customers), voice.count(data.horizon_days)
        how = voice.say("report.trust_how", day=voice.day(backtest.judged_from), days=days, customers=customers)
    return Trust(
        how=how,
        verdict=voice.tidy((backtest.verdict or {}).get(voice.language, "")),
        figures=tuple(pictures),
        scoreboard=scoreboard.scoreboard(rows, served, voice.say("report.scoreboard"), voice) if rows else None,
        metrics=scoreboard.explained(rows, voice),
        paired=scoreboard.paired(backtest.paired, voice) if backtest.paired else None,
        balance=scoreboard.balance(backtest.paired, voice),
        groups=scoreboard.groups(backtest, voice),
    )


def _findings(data: ReportData, voice: Voice) -> Grid | None:
    if data.findings is None or not data.findings.num_rows:
        return None
    rows = tuple(
        (
            Cell(_finding_words(row, voice)),
            Cell(voice.say(f"report.{row['severity']}"), row["severity"]),
            Cell(voice.count(row["rows"])),
        )
        for row in data.findings.to_pylist()
    )
    heads = tuple(voice.say(f"report.{head}") for head in ("finding", "severity", "rows"))
    return Grid(voice.say("report.findings"), heads, rows, wordy=True)


def _finding_words(row: dict[str, Any], voice: Voice) -> str:
    arguments = json.loads(row["arguments"] or "{}")
    if "customer" in arguments:  # the page may be passed on; who it is stays in the findings
        arguments["customer"] = voice.say("report.unnamed")
    counts = {name: voice.count(value) for name, value in arguments.items() if type(value) is int}
    code = f"findings.{row['code']}"
    if code not in catalogue():
        return str(row["code"]).replace("_", " ")
    return voice.tidy(voice.say(code, **arguments | counts))


def _evidence(facts: Facts, voice: Voice) -> str:
    customers = voice.count(facts.customers)
    if not facts.thin:
        return voice.say("report.evidence_none", customers=customers)
    share = voice.share(facts.thin / facts.customers)
    return voice.say("report.evidence_text", thin=voice.count(facts.thin), customers=customers, share=share)


def _privacy(data: ReportData, voice: Voice) -> str:
    say, samples = voice.say, len(data.wanted.samples) if data.wanted else 0
    parts = [say("report.privacy_sums")]
    if data.map is not None:
        parts.append(say("report.privacy_dots"))
    if samples:
        parts.append(say("report.privacy_samples", samples=voice.count(samples)))
    who = say("report.privacy_insiders" if samples else "report.privacy_nobody")
    return say("report.privacy", parts=say("report.privacy_and").join(parts), who=who)


def _made(data: ReportData, voice: Voice) -> tuple[tuple[str, str], ...]:
    say = voice.say
    days = voice.count(data.horizon_days)
    rows = [
        (say("report.cutoff"), say("report.cutoff_text", day=voice.day(data.cutoff))),
        (say("report.horizon"), say("report.horizon_text", days=days, **_ends(data, voice))),
    ]
    if data.case is not None:
        rows.append((say("report.case"), _untrained(data.untrained, voice) or say(f"report.case_{data.case}")))
    if data.receipts:
        parts = [
            say("report.receipt_item", what=voice.name("report.receipt_", name), rows=voice.count(n_rows))
            for name, n_rows in data.receipts.items()
            if n_rows
        ]
        rows.append((say("report.receipt"), say("report.between").join(parts)))
    if data.version:
        rows.append((say("report.version"), f"Shijin {data.version}"))
    return tuple(rows)
