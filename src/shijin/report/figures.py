"""Every picture of the page in one language: chart, words and the numbers behind it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from shijin.report import charts
from shijin.report.data import CustomerMap, ReportData
from shijin.report.draw import draw
from shijin.report.facts import ACTIVITY_BINS, MONTHS_SHOWN, Facts, Neighbours, expected_months, neighbours
from shijin.report.layout import Figure, Grid, plain
from shijin.report.voice import Voice

WIDE = 880  # plotting area of the one picture that spans the page, pixels


def history(data: ReportData, facts: Facts, voice: Voice) -> Figure | None:
    """Spend by month with the expected months; None where there are no months."""
    if data.months is None or not data.months.num_rows:
        return None
    spend = voice.money(facts.expected_spend)
    when = (data.cutoff, data.horizon_days)
    chart = charts.history(data.months, facts.expected_spend, *when, voice.language, data.currency)
    ahead = expected_months(facts.expected_spend, *when)
    shown = data.months.slice(max(0, data.months.num_rows - MONTHS_SHOWN)).to_pylist()
    first, last = voice.month(shown[0]["month"]), voice.month(max(ahead[-1][0], shown[-1]["month"]))
    label = voice.say("charts.history_label", first=first, last=last, spend=spend)
    title = voice.say("report.history")
    return Figure(
        title,
        voice.say("report.history_text", spend=spend, days=voice.count(data.horizon_days)),
        draw(chart, label, WIDE),
        draw(chart, label),
        _months(title, shown, dict(ahead), voice),
    )


def _months(title: str, shown: list[dict[str, Any]], ahead: dict[date, float], voice: Voice) -> Grid:
    heads = ("month", "spend_historic", "orders", "customers_ordering", "month_ahead")
    known = {row["month"]: row for row in shown}
    rows = []
    for month in sorted({*known, *ahead}):
        row = known.get(month, {})
        counts = (voice.count(row.get("orders")), voice.count(row.get("customers")))
        rows.append(plain(voice.month(month), voice.money(row.get("spend")), *counts, voice.money(ahead.get(month))))
    return Grid(title, tuple(voice.say(f"report.{head}") for head in heads), tuple(rows))


def concentration(data: ReportData, facts: Facts, voice: Voice) -> Figure | None:
    """Who has how much of spend; None where no spend is expected."""
    twenty = next(row for row in facts.concentration if row.share == 0.2)
    if twenty.expected is None:
        return None
    expected, historic = data.forecast["expected_spend"].to_numpy(), data.forecast["historic_spend"].to_numpy()
    chart = charts.concentration(expected, historic, voice.language)
    shares = {"expected": voice.share(twenty.expected), "historic": voice.share(twenty.historic)}
    heads = ("top", "n_customers", "of_expected", "of_historic")
    title = voice.say("report.concentration")
    rows = [
        plain(
            voice.say("report.top_share", share=voice.share(row.share)),
            voice.count(row.customers),
            voice.share_cell(row.expected),
            voice.share_cell(row.historic),
        )
        for row in facts.concentration
    ]
    return Figure(
        title,
        voice.say("report.concentration_text", **shares),
        draw(chart, voice.say("charts.concentration_label", expected=shares["expected"])),
        numbers=Grid(title, tuple(voice.say(f"report.{head}") for head in heads), tuple(rows)),
    )


def tiers(data: ReportData, facts: Facts, voice: Voice) -> Figure:
    """Each tier's customers beside its money; the table belongs to the page, not behind the picture."""
    parts = [
        f"{charts.tier_name(row['tier'], voice.language)} {voice.share(row['customers_share'])} / "
        f"{voice.share(row['expected_spend_share'])}"
        for row in facts.tiers.to_pylist()
    ]
    label = voice.say("charts.tiers_label", tiers=", ".join(parts))
    text = voice.say("report.tiers_text", days=voice.count(data.horizon_days))
    return Figure(voice.say("report.tiers"), text, draw(charts.tiers(facts.tiers, voice.language), label))


def map_of(data: ReportData, voice: Voice) -> Figure | None:
    """Customers by likeness, coloured by tier, with what the map says and what not; None where there is no map."""
    shown = data.map
    if shown is None or not shown.dots.num_rows:
        return None
    say, dots = voice.say, voice.count(shown.dots.num_rows)
    title, rows = say("report.map"), neighbours(shown.dots, data.tiers)
    parts = [f"{charts.tier_name(row.tier, voice.language)} {voice.share(row.same)}" for row in rows if row.dots]
    label = say("charts.map_label", dots=dots, tiers=", ".join(parts))
    every = shown.dots.num_rows == data.forecast.num_rows
    told = {} if every else {"dots": dots, "customers": voice.count(data.forecast.num_rows)}
    wide, narrow = (
        draw(charts.map_of(shown.dots, data.tiers, voice.language, width), label)
        for width in (charts.MAP_WIDTH, charts.WIDTH)
    )
    return Figure(
        title,
        say("report.map_text_all" if every else "report.map_text", **told),
        wide,
        narrow,
        numbers=_map_numbers(title, rows, voice),
        remarks=(*_what_near_means(shown, voice), say("report.map_not", kept=voice.share(shown.kept))),
        command=say("report.map_command"),
    )


def _what_near_means(shown: CustomerMap, voice: Voice) -> tuple[str, ...]:
    if not shown.gaps:
        return ()

    def places(gap: float) -> str:
        return voice.count(100 * gap)

    gaps = [
        voice.say("report.map_gap", what=voice.name("report.gap_", name), places=places(near))
        for name, (near, _) in shown.gaps.items()
    ]
    any_two = max(any_two for _, any_two in shown.gaps.values())
    return (voice.say("report.map_near", gaps=voice.say("report.map_between").join(gaps), any_two=places(any_two)),)


def _map_numbers(title: str, rows: tuple[Neighbours, ...], voice: Voice) -> Grid:
    heads = ("tier", "map_dots", "map_same", "map_by_chance")
    cells = [
        plain(
            charts.tier_name(row.tier, voice.language),
            voice.count(row.dots),
            voice.share_cell(row.same),
            voice.share_cell(row.by_chance),
        )
        for row in rows
    ]
    return Grid(title, tuple(voice.say(f"report.{head}") for head in heads), tuple(cells))


def tier_table(facts: Facts, voice: Voice) -> Grid:
    """Tiers with counts, shares and money."""
    heads = ("tier", "n_customers", "of_customers", "spend_expected", "of_expected", "spend_historic", "mean_p_active")
    rows = [
        plain(
            charts.tier_name(row["tier"], voice.language),
            voice.count(row["customers"]),
            voice.share_cell(row["customers_share"]),
            voice.money(row["expected_spend"]),
            voice.share_cell(row["expected_spend_share"]),
            voice.money(row["historic_spend"]),
            voice.share_cell(row["mean_p_active"]),
        )
        for row in facts.tiers.to_pylist()
    ]
    return Grid(voice.say("report.tiers"), tuple(voice.say(f"report.{head}") for head in heads), tuple(rows))


def activity(data: ReportData, facts: Facts, voice: Voice) -> Figure:
    """Customers by their probability of ordering."""
    likely = sum(facts.activity[ACTIVITY_BINS // 2 :])
    counts = {"likely": voice.count(likely), "customers": voice.count(facts.customers)}
    title = voice.say("report.activity")
    edges = [voice.share(place / ACTIVITY_BINS) for place in range(ACTIVITY_BINS + 1)]
    rows = [plain(f"{edges[i]} – {edges[i + 1]}", voice.count(count)) for i, count in enumerate(facts.activity)]
    heads = (voice.say("report.probability"), voice.say("report.n_customers"))
    return Figure(
        title,
        voice.say("report.activity_text", days=voice.count(data.horizon_days)),
        draw(charts.activity(facts.activity, voice.language), voice.say("charts.activity_label", **counts)),
        numbers=Grid(title, heads, tuple(rows)),
    )


def stakes(facts: Facts, voice: Voice) -> Grid:
    """Customers and money by how likely an order is."""
    heads = ("probability", "n_customers", "spend_historic", "spend_expected")
    rows = [
        plain(
            voice.say(f"report.band_{stake.band}"),
            voice.count(stake.customers),
            voice.money(stake.historic_spend),
            voice.money(stake.expected_spend),
        )
        for stake in facts.stakes
    ]
    return Grid(voice.say("report.stakes"), tuple(voice.say(f"report.{head}") for head in heads), tuple(rows))


def deciles(table: pa.Table, voice: Voice) -> Figure:
    """Forecast and outcome by tenths of customers."""
    rows = table.to_pylist()
    first = {name: voice.money(rows[0][name]) for name in ("forecast", "actual")}
    title = voice.say("report.deciles")
    heads = tuple(voice.say(f"report.{head}") for head in ("decile", "forecast", "actual", "n_customers"))
    cells = [
        plain(
            voice.count(r["decile"]), voice.money(r["forecast"]), voice.money(r["actual"]), voice.count(r["customers"])
        )
        for r in rows
    ]
    chart = charts.deciles(table, voice.language, voice.currency)
    picture = draw(chart, voice.say("charts.deciles_label", **first))
    return Figure(title, voice.say("report.deciles_text"), picture, numbers=Grid(title, heads, tuple(cells)))


def reliability(table: pa.Table, voice: Voice) -> Figure:
    """Forecast probabilities and what came of them."""
    title = voice.say("report.reliability")
    heads = tuple(voice.say(f"report.{head}") for head in ("forecast", "observed", "n_customers"))
    cells = [
        plain(voice.share_cell(row["forecast"]), voice.share_cell(row["observed"]), voice.count(row["customers"]))
        for row in table.to_pylist()
    ]
    label = voice.say("charts.reliability_label", bins=voice.count(table.num_rows))
    picture = draw(charts.reliability(table, voice.language), label)
    return Figure(title, voice.say("report.reliability_text"), picture, numbers=Grid(title, heads, tuple(cells)))
