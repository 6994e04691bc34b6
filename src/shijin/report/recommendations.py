"""The section on recommendations in one language: charts, tables, examples with reasons, and their quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shijin.config import parse_horizon
from shijin.recommend.demand.verdict import written_pieces
from shijin.report import charts
from shijin.report.data import DemandSummary, JudgedLists, ListEntry, ListSummary, ReportData
from shijin.report.layout import Cell, Figure, PageTable, row_of
from shijin.report.list_summary import MOST_SHOWN
from shijin.report.localiser import Localiser, capital
from shijin.report.svg import draw

OURS = "lists"
EXPLORE = "explore"  # a reason that wraps another
MOST_OF_A_TIER = 5
FIGURES = ("ndcg", "recall", "coverage")
IN_PERCENT = ("recall", "coverage")


@dataclass(frozen=True)
class ExampleItem:
    """One item of an example: its name, its category, and the reason."""

    item: str
    category: str
    reason: str


@dataclass(frozen=True)
class RecommendationSection:
    """The section on recommendations; empty or None where a part does not exist."""

    intro: str
    remarks: tuple[str, ...]
    recommended: Figure | None
    demand: Figure | None
    by_tier: PageTable
    examples: tuple[tuple[str, tuple[ExampleItem, ...]], ...]
    judged: PageTable | None
    verdict: str
    how_judged: str
    chance: str
    judge_command: str


def recommendation_section(data: ReportData, localiser: Localiser) -> RecommendationSection | None:
    """Lay the section out; None where there are no recommendations."""
    lists, judged = data.lists, data.judged_lists
    if lists is None:
        return None
    return RecommendationSection(
        intro=_intro(lists, localiser),
        remarks=_remarks(lists, localiser),
        recommended=_recommended(lists, data.tiers, localiser),
        demand=_demand(data.demand, localiser) if data.demand else None,
        by_tier=_by_tier(lists, data.tiers, localiser),
        examples=tuple(
            (
                localiser.text("report.sample", tier=localiser.tier(example.tier)),
                tuple(_example_item(entry, localiser) for entry in example.entries),
            )
            for example in lists.examples
        ),
        judged=_judged(judged, localiser) if judged else None,
        verdict=localiser.close_percent(judged.verdict[localiser.language]) if judged else "",
        how_judged=_how_judged(judged, localiser) if judged else "",
        chance=localiser.close_percent(judged.chance[localiser.language]) if judged and judged.chance else "",
        judge_command="" if judged else localiser.text("report.command_backtest_items"),
    )


def reason_words(code: str, arguments: Mapping[str, object], localiser: Localiser) -> str:
    """A reason in the page's language, which may differ from the shop's."""
    written = {name: localiser.count(value) if type(value) is int else value for name, value in arguments.items()}
    if code == EXPLORE:
        truth = localiser.text(f"recommend.{arguments['also']}", **written)
        return localiser.text(f"recommend.{EXPLORE}", truth=truth)
    return localiser.text(f"recommend.{code}", **written)


def _intro(lists: ListSummary, localiser: Localiser) -> str:
    return localiser.text(
        "report.wants_text",
        customers=localiser.count(lists.customers),
        items=localiser.count(lists.items),
        days=localiser.count(lists.horizon_days),
        longest=localiser.count(lists.longest),
        cutoff=localiser.day(lists.cutoff),
    )


def _remarks(lists: ListSummary, localiser: Localiser) -> tuple[str, ...]:
    remarks = [*_restrictions(lists, localiser), *map(localiser.note, lists.notes)]
    if lists.explore:
        remarks.append(localiser.text("report.wants_explore", share=localiser.share(lists.explore)))
    return tuple(remarks)


def _restrictions(lists: ListSummary, localiser: Localiser) -> list[str]:
    """One sentence on the options that restrict or order the recommendations; none where there are no such options."""
    options = lists.options
    values: dict[str, object] = {
        "exclude_bought": "",
        "categories": localiser.text("report.comma").join(f"“{name}”" for name in options.get("categories", ())),
        "in_stock": localiser.count(options.get("in_stock")),
        "min_gap": localiser.count(parse_horizon(options["min_gap"])) if options.get("min_gap") else "",
        "diverse": localiser.share(options.get("diverse")),
        "value_aware": "",
    }
    limits = [localiser.text(f"report.limit_{name}", **values) for name in values if options.get(name)]
    whole = {"longest": localiser.count(lists.longest), "limits": localiser.text("report.between").join(limits)}
    return [localiser.text("report.wants_narrowed", **whole)] if limits else []


def _example_item(entry: ListEntry, localiser: Localiser) -> ExampleItem:
    reason = reason_words(entry.reason_code, entry.reason_args, localiser)
    return ExampleItem(entry.item, entry.category or "", capital(reason))


def _recommended(lists: ListSummary, tiers: Sequence[str], localiser: Localiser) -> Figure | None:
    """The most recommended items; None where every customer gets all of them."""
    rows = lists.listed.to_pylist()
    items = list(dict.fromkeys(row["item_id"] for row in rows))  # distinct, in their order
    customers = {(row["item_id"], row["tier"]): row["customers"] for row in rows}
    total = {item: sum(customers.get((item, tier), 0) for tier in tiers) for item in items}
    named = {row["item_id"]: (row["item"], row["category"] or "") for row in rows}
    items = sorted(items, key=lambda item: -total[item])[:MOST_SHOWN]
    if lists.items <= lists.longest or all(total[item] == lists.customers for item in items):
        return None
    cells = [
        row_of(
            *named[item],
            localiser.count(total[item]),
            localiser.share_cell(total[item] / lists.customers),
            *(localiser.count(customers.get((item, tier), 0)) for tier in tiers),
        )
        for item in items
    ]
    heads = [localiser.text(f"report.{head}") for head in ("item", "category", "on_lists", "of_lists")]
    heads += [localiser.tier(tier) for tier in tiers]
    title = localiser.text("report.recommended")
    first = {"item": named[items[0]][0], "customers": localiser.count(total[items[0]])}
    chart = draw(
        charts.recommended(lists.listed, tiers, localiser.language),
        localiser.text("charts.recommended_label", **first),
    )
    numbers = PageTable(title, tuple(heads), tuple(cells))
    return Figure(title, localiser.text("report.recommended_text"), chart, numbers=numbers)


def _demand(demand: DemandSummary, localiser: Localiser) -> Figure | None:
    rows = demand.items.slice(0, MOST_SHOWN).to_pylist()
    if not rows:
        return None
    days = localiser.count(demand.horizon_days)
    first = {"item": rows[0]["name"], "pieces": written_pieces(rows[0]["expected_units"])}
    title = localiser.text("report.demand", days=days)
    chart = charts.demand(demand.items, demand.naive, demand.horizon_days, localiser.language, localiser.currency)
    return Figure(
        title,
        localiser.text("report.demand_text", cutoff=localiser.day(demand.cutoff), days=days),
        draw(chart, localiser.text("charts.demand_label", **first)),
        numbers=_demand_numbers(demand, rows, title, localiser),
        remarks=(localiser.close_percent(demand.verdict[localiser.language]),),
        command=localiser.text("report.command_demand"),
    )


def _demand_numbers(
    demand: DemandSummary, rows: Sequence[Mapping[str, Any]], title: str, localiser: Localiser
) -> PageTable:
    columns = {"expected_units": "expected", "naive_units": demand.naive, "recent_units": "last_horizon"}
    if demand.naive == "last_horizon":  # the same column as recent_units
        del columns["naive_units"]
    days = localiser.count(demand.horizon_days)
    heads = [localiser.text(f"report.{head}") for head in ("item", "category")]
    heads += [capital(localiser.text(f"demand.{head}", days=days)) for head in columns.values()]
    cells = [
        row_of(row["name"], row["category"] or "", *(written_pieces(row[column]) for column in columns)) for row in rows
    ]
    return PageTable(title, tuple(heads), tuple(cells))


def _by_tier(lists: ListSummary, tiers: Sequence[str], localiser: Localiser) -> PageTable:
    """The most recommended items of each tier: a column a tier, most customers first."""
    rows = lists.listed.to_pylist()
    columns = [[row for row in rows if row["tier"] == tier][:MOST_OF_A_TIER] for tier in tiers]
    deepest = max(map(len, columns))
    cells = tuple(
        (Cell(localiser.count(place + 1)), *(_of_tier(column, place, localiser) for column in columns))
        for place in range(deepest)
    )
    heads = (localiser.text("report.rank"), *(localiser.tier(tier) for tier in tiers))
    return PageTable(localiser.text("report.by_tier"), heads, cells)


def _of_tier(column: Sequence[Mapping[str, Any]], place: int, localiser: Localiser) -> Cell:
    if place >= len(column):
        return Cell("")
    row = column[place]
    share = localiser.text("report.share_of_lists", share=localiser.share(row["share"]))
    category = f"{row['category']}{localiser.text('report.dot')}" if row["category"] else ""
    return Cell(str(row["item"]), remark=f"{category}{share}")


def _judged(judged: JudgedLists, localiser: Localiser) -> PageTable:
    """Recommenders by their metrics; ours first, a column's best marked."""
    shown = {way: [scores[name] for name in FIGURES] for way, scores in judged.scores.items()}
    heads = [capital(localiser.text(f"judged.{name}")) for name in ("way", *FIGURES)]
    names = list(FIGURES)
    if judged.new_scores:
        heads.append(localiser.text("report.new_ndcg"))
        names.append("new_ndcg")
        shown = {way: [*figures, judged.new_scores.get(way, {}).get("ndcg")] for way, figures in shown.items()}
    # The best of each column, to be marked: None counts for nothing.
    columns = [[row[place] for row in shown.values()] for place in range(len(names))]
    best = [max((value for value in column if value is not None), default=None) for column in columns]
    rows = tuple(
        (
            Cell(capital(localiser.text(f"judged.way_{way}"))),
            *(
                Cell(_figure(name, value, localiser), "best" if value is not None and value == top else "")
                for name, value, top in zip(names, figures, best, strict=True)
            ),
        )
        for way, figures in shown.items()
    )
    chosen = list(shown).index(OURS) if OURS in shown else None
    return PageTable(localiser.text("report.judged"), tuple(heads), rows, chosen)


def _figure(name: str, value: float | None, localiser: Localiser) -> str:
    return localiser.share_cell(value) if name in IN_PERCENT else localiser.decimal(value, 3)


def _how_judged(judged: JudgedLists, localiser: Localiser) -> str:
    return localiser.text(
        "report.judged_text",
        day=localiser.day(judged.judged_from),
        days=localiser.count(judged.horizon_days),
        customers=localiser.count(judged.customers),
    )
