"""What customers want next, in one language: pictures, tables, example lists with reasons, and how good lists were."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from shijin.config import parse_horizon
from shijin.recommend.demand.verdict import written_pieces
from shijin.report import charts
from shijin.report.data import Demanded, Entry, JudgedLists, ListSummary, ReportData
from shijin.report.draw import draw
from shijin.report.layout import Action, Cell, Figure, Grid, plain
from shijin.report.voice import Voice
from shijin.report.wanted import MOST_SHOWN

OURS = "lists"
EXPLORE = "explore"  # a reason that stands around another
MOST_OF_A_TIER = 5
FIGURES = ("ndcg", "recall", "coverage")
IN_PERCENT = ("recall", "coverage")
LISTS = "shijin recommend --all"


@dataclass(frozen=True)
class Reason:
    """One place on an example list: the item, its category, and why it is there."""

    item: str
    category: str
    words: str


@dataclass(frozen=True)
class Wants:
    """What is known of what customers want next; empty or None where a part does not exist."""

    intro: str
    remarks: tuple[str, ...]
    recommended: Figure
    demand: Figure | None
    by_tier: Grid
    samples: tuple[tuple[str, tuple[Reason, ...]], ...]
    judged: Grid | None
    verdict: str
    how_judged: str
    chance: str
    judge_command: str


def wants(data: ReportData, voice: Voice) -> Wants | None:
    """Say what customers want next; None where no lists were made."""
    wanted, judged = data.wanted, data.judged_lists
    if wanted is None:
        return None
    days = voice.count(wanted.horizon_days)
    told = {"customers": voice.count(wanted.customers), "items": voice.count(wanted.items), "days": days}
    remarks = [*_narrowed(wanted, voice), *(voice.tidy(note[voice.language == "zh"]) for note in wanted.notes)]
    if wanted.explore:
        remarks.append(voice.say("report.wants_explore", share=voice.share(wanted.explore)))
    most = {"longest": voice.count(wanted.longest), "cutoff": voice.day(wanted.cutoff)}
    return Wants(
        intro=voice.say("report.wants_text", **told, **most),
        remarks=tuple(remarks),
        recommended=_recommended(wanted, data.tiers, voice),
        demand=_demand(data.demanded, voice) if data.demanded else None,
        by_tier=_by_tier(wanted, data.tiers, voice),
        samples=tuple(
            (
                voice.say("report.sample", tier=charts.tier_name(sample.tier, voice.language)),
                tuple(_reason(entry, voice) for entry in sample.entries),
            )
            for sample in wanted.samples
        ),
        judged=_judged(judged, voice) if judged else None,
        verdict=voice.tidy(judged.verdict[voice.language]) if judged else "",
        how_judged=_how_judged(judged, voice) if judged else "",
        chance=voice.tidy(judged.chance[voice.language]) if judged and judged.chance else "",
        judge_command="" if judged else "shijin backtest --items",
    )


def actions(data: ReportData, voice: Voice) -> tuple[Action, ...]:
    """What to do with the lists, each with its command; how to make them where there are none."""
    say = voice.say
    if data.wanted is None:
        if data.wanted_missing != "unmade":
            return ()
        return (Action(say("report.action_lists_unmade"), say("report.action_lists_unmade_text"), LISTS),)
    customers = voice.count(data.wanted.customers)
    lists = say("report.action_lists", customers=customers)
    found = [Action(lists, say("report.action_lists_text"), f"{LISTS} --to lists.csv")]
    for first in data.wanted.listed.slice(0, 1).to_pylist():
        command = f"shijin recommend --item {shlex.quote(first['item_id'])} --to who.csv"
        found.append(Action(say("report.action_who"), say("report.action_who_text", item=first["item"]), command))
    return tuple(found)


def reason_words(code: str, arguments: Mapping[str, object], voice: Voice) -> str:
    """A reason in the page's language, which need not be the shop's."""
    written = {name: voice.count(value) if type(value) is int else value for name, value in arguments.items()}
    if code == EXPLORE:
        return voice.say(f"recommend.{EXPLORE}", truth=voice.say(f"recommend.{arguments['also']}", **written))
    return voice.say(f"recommend.{code}", **written)


def _reason(entry: Entry, voice: Voice) -> Reason:
    words = reason_words(entry.reason_code, entry.reason_args, voice)
    return Reason(entry.item, entry.category or "", charts.capital(words))


def _narrowed(wanted: ListSummary, voice: Voice) -> list[str]:
    """One sentence on what the lists leave out and by what they are ordered; none of lists that anything may be on."""
    asked = wanted.options
    told: dict[str, object] = {
        "exclude_bought": "",
        "categories": ", ".join(f"“{name}”" for name in asked.get("categories", ())),
        "in_stock": voice.count(asked.get("in_stock")),
        "min_gap": voice.count(parse_horizon(asked["min_gap"])) if asked.get("min_gap") else "",
        "diverse": voice.share(asked.get("diverse")),
        "value_aware": "",
    }
    limits = [voice.say(f"report.limit_{name}", **told) for name in told if asked.get(name)]
    whole = {"longest": voice.count(wanted.longest), "limits": voice.say("report.between").join(limits)}
    return [voice.say("report.wants_narrowed", **whole)] if limits else []


def _recommended(wanted: ListSummary, tiers: tuple[str, ...], voice: Voice) -> Figure:
    rows = wanted.listed.to_pylist()
    items = list(dict.fromkeys(row["item_id"] for row in rows))
    held = {(row["item_id"], row["tier"]): row["customers"] for row in rows}
    total = {item: sum(held.get((item, tier), 0) for tier in tiers) for item in items}
    called = {row["item_id"]: (row["item"], row["category"] or "") for row in rows}
    items = sorted(items, key=lambda item: -total[item])[:MOST_SHOWN]
    cells = [
        plain(
            *called[item],
            voice.count(total[item]),
            voice.share_cell(total[item] / wanted.customers),
            *(voice.count(held.get((item, tier), 0)) for tier in tiers),
        )
        for item in items
    ]
    heads = [voice.say(f"report.{head}") for head in ("item", "category", "on_lists", "of_lists")]
    heads += [charts.tier_name(tier, voice.language) for tier in tiers]
    title = voice.say("report.recommended")
    told = {"item": called[items[0]][0], "customers": voice.count(total[items[0]])}
    picture = draw(
        charts.recommended(wanted.listed, tiers, voice.language), voice.say("charts.recommended_label", **told)
    )
    numbers = Grid(title, tuple(heads), tuple(cells))
    return Figure(title, voice.say("report.recommended_text"), picture, numbers=numbers)


def _demand(demanded: Demanded, voice: Voice) -> Figure | None:
    rows = demanded.items.slice(0, MOST_SHOWN).to_pylist()
    if not rows:
        return None
    days = voice.count(demanded.horizon_days)
    columns = {"expected_units": "expected", "naive_units": demanded.naive, "recent_units": "last_horizon"}
    if demanded.naive == "last_horizon":
        del columns["naive_units"]
    heads = [voice.say(f"report.{head}") for head in ("item", "category")]
    heads += [voice.say(f"demand.{head}", days=days) for head in columns.values()]
    cells = [
        plain(row["name"], row["category"] or "", *(written_pieces(row[column]) for column in columns)) for row in rows
    ]
    first = {"item": rows[0]["name"], "pieces": written_pieces(rows[0]["expected_units"])}
    title = voice.say("report.demand", days=days)
    chart = charts.demand(demanded.items, demanded.naive, demanded.horizon_days, voice.language, voice.currency)
    return Figure(
        title,
        voice.say("report.demand_text", cutoff=voice.day(demanded.cutoff), days=days),
        draw(chart, voice.say("charts.demand_label", **first)),
        numbers=Grid(title, tuple(heads), tuple(cells)),
        remarks=(voice.tidy(demanded.verdict[voice.language]),),
        command="shijin recommend --demand",
    )


def _by_tier(wanted: ListSummary, tiers: tuple[str, ...], voice: Voice) -> Grid:
    """What stands on most lists of each tier: a column a tier, the most frequent first."""
    rows = wanted.listed.to_pylist()
    columns = [[row for row in rows if row["tier"] == tier][:MOST_OF_A_TIER] for tier in tiers]
    deepest = max(map(len, columns))
    cells = tuple(
        (Cell(voice.count(place + 1)), *(_of_tier(column, place, voice) for column in columns))
        for place in range(deepest)
    )
    heads = (voice.say("report.rank"), *(charts.tier_name(tier, voice.language) for tier in tiers))
    return Grid(voice.say("report.by_tier"), heads, cells)


def _of_tier(column: list[dict[str, object]], place: int, voice: Voice) -> Cell:
    if place >= len(column):
        return Cell("")
    row = column[place]
    share = voice.say("report.share_of_lists", share=voice.share(float(str(row["share"]))))
    category = f"{row['category']}{voice.say('report.beside')}" if row["category"] else ""
    return Cell(str(row["item"]), remark=f"{category}{share}")


def _judged(judged: JudgedLists, voice: Voice) -> Grid:
    """Ways to list by what customers then bought; ours first, a column's best marked."""
    shown = {way: [scores[name] for name in FIGURES] for way, scores in judged.scores.items()}
    heads = [charts.capital(voice.say(f"judged.{name}")) for name in ("way", *FIGURES)]
    names = list(FIGURES)
    if judged.new_scores:
        heads.append(voice.say("report.new_ndcg"))
        names.append("new_ndcg")
        shown = {way: [*figures, judged.new_scores.get(way, {}).get("ndcg")] for way, figures in shown.items()}
    columns = [[row[place] for row in shown.values()] for place in range(len(names))]
    best = [max((value for value in column if value is not None), default=None) for column in columns]
    rows = tuple(
        (
            Cell(charts.capital(voice.say(f"judged.way_{way}"))),
            *(
                Cell(_figure(name, value, voice), "best" if value is not None and value == top else "")
                for name, value, top in zip(names, figures, best, strict=True)
            ),
        )
        for way, figures in shown.items()
    )
    chosen = list(shown).index(OURS) if OURS in shown else None
    return Grid(voice.say("report.judged"), tuple(heads), rows, chosen)


def _figure(name: str, value: float | None, voice: Voice) -> str:
    return voice.share_cell(value) if name in IN_PERCENT else voice.decimal(value, 3)


def _how_judged(judged: JudgedLists, voice: Voice) -> str:
    told = {"days": voice.count(judged.horizon_days), "customers": voice.count(judged.customers)}
    return voice.say("report.judged_text", day=voice.day(judged.judged_from), **told)
