"""Every figure of the page in one language: chart, words and the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from shijin.report import charts
from shijin.report.charts.customer_map import MAP_WIDTH
from shijin.report.charts.style import WIDTH
from shijin.report.data import CustomerMap, ReportData
from shijin.report.layout import Figure, PageTable, row_of
from shijin.report.localiser import Localiser
from shijin.report.svg import draw
from shijin.report.totals import ACTIVITY_BINS, MONTHS_SHOWN, MapNeighbours, Totals, expected_months, map_neighbours

WIDE = 880  # plotting area of the one chart as wide as the page, pixels


def history(data: ReportData, totals: Totals, localiser: Localiser) -> Figure | None:
    """Spend by month with the predicted months; None where there are no months."""
    if data.months is None or not data.months.num_rows:
        return None
    spend = localiser.money(totals.expected_spend)
    when = (data.cutoff, data.horizon_days)
    chart = charts.history(data.months, totals.expected_spend, *when, localiser.language, data.currency)
    ahead = expected_months(totals.expected_spend, *when)
    shown = data.months.slice(max(0, data.months.num_rows - MONTHS_SHOWN)).to_pylist()
    first, last = localiser.month(shown[0]["month"]), localiser.month(max(ahead[-1][0], shown[-1]["month"]))
    label = localiser.text("charts.history_label", first=first, last=last, spend=spend)
    title = localiser.text("report.history")
    return Figure(
        title,
        localiser.text("report.history_text", spend=spend, days=localiser.count(data.horizon_days)),
        draw(chart, label, WIDE),
        draw(chart, label),
        _months(title, shown, dict(ahead), localiser),
    )


def _months(title: str, shown: list[dict[str, Any]], ahead: dict[date, float], localiser: Localiser) -> PageTable:
    heads = ("month", "spend_historic", "orders", "customers_ordering", "month_ahead")
    known = {row["month"]: row for row in shown}
    rows = []
    for month in sorted({*known, *ahead}):
        row = known.get(month, {})
        counts = (localiser.count(row.get("orders")), localiser.count(row.get("customers")))
        spend = localiser.money(row.get("spend"))
        rows.append(row_of(localiser.month(month), spend, *counts, localiser.money(ahead.get(month))))
    return PageTable(title, _heads(heads, localiser), tuple(rows), dated=True)


def concentration(data: ReportData, totals: Totals, localiser: Localiser) -> Figure | None:
    """How much of spend the top customers have; None where no spend is predicted."""
    twenty = next(row for row in totals.concentration if row.share == 0.2)
    if twenty.expected is None:
        return None
    expected, historic = data.forecast["expected_spend"].to_numpy(), data.forecast["historic_spend"].to_numpy()
    chart = charts.concentration(expected, historic, localiser.language)
    shares = {"expected": localiser.share(twenty.expected), "historic": localiser.share(twenty.historic)}
    heads = ("top", "n_customers", "of_expected", "of_historic")
    title = localiser.text("report.concentration")
    rows = [
        row_of(
            localiser.text("report.top_share", share=localiser.share(row.share)),
            localiser.count(row.customers),
            localiser.share_cell(row.expected),
            localiser.share_cell(row.historic),
        )
        for row in totals.concentration
    ]
    return Figure(
        title,
        localiser.text("report.concentration_text", **shares),
        draw(chart, localiser.text("charts.concentration_label", expected=shares["expected"])),
        numbers=PageTable(title, _heads(heads, localiser), tuple(rows)),
    )


def tiers(data: ReportData, totals: Totals, localiser: Localiser) -> Figure:
    """Each tier's customers next to its spend; its table is part of the page, not hidden behind the chart."""
    parts = [
        f"{localiser.tier(row['tier'])} {localiser.share(row['customers_share'])} / "
        f"{localiser.share(row['expected_spend_share'])}"
        for row in totals.tiers.to_pylist()
    ]
    label = localiser.text("charts.tiers_label", tiers=localiser.text("report.comma").join(parts))
    text = localiser.text("report.tiers_text", days=localiser.count(data.horizon_days))
    return Figure(localiser.text("report.tiers"), text, draw(charts.tiers(totals.tiers, localiser.language), label))


def customer_map(data: ReportData, localiser: Localiser) -> Figure | None:
    """Customers by similarity, coloured by tier, with how to read the map; None where there is no map."""
    shown = data.map
    if shown is None or not shown.dots.num_rows:
        return None
    text, dots = localiser.text, localiser.count(shown.dots.num_rows)
    title, rows = text("report.map"), map_neighbours(shown.dots, data.tiers)
    parts = [f"{localiser.tier(row.tier)} {localiser.share(row.same)}" for row in rows if row.dots]
    label = text("charts.map_label", dots=dots, tiers=text("report.comma").join(parts))
    every = shown.dots.num_rows == data.forecast.num_rows
    counts = {} if every else {"dots": dots, "customers": localiser.count(data.forecast.num_rows)}
    wide, narrow = (
        draw(charts.customer_map(shown.dots, data.tiers, localiser.language, width), label)
        for width in (MAP_WIDTH, WIDTH)
    )
    return Figure(
        title,
        text("report.map_text_all" if every else "report.map_text", **counts),
        wide,
        narrow,
        numbers=_map_numbers(title, rows, localiser),
        remarks=(
            *_similarity_in_ranks(shown, localiser),
            text("report.map_not", explained=localiser.share(shown.explained_variance)),
        ),
        command=text("report.map_command"),
    )


def _similarity_in_ranks(shown: CustomerMap, localiser: Localiser) -> tuple[str, ...]:
    """One sentence on how close in rank similar customers are; none where nothing was measured."""
    if not shown.gaps:
        return ()

    def places(gap: float) -> str:
        return localiser.count(100 * gap)

    gaps = [
        localiser.text("report.map_gap", what=localiser.name("report.gap_", name), places=places(near))
        for name, (near, _) in shown.gaps.items()
    ]
    any_two = places(max(any_two for _, any_two in shown.gaps.values()))
    return (localiser.text("report.map_near", gaps=localiser.text("report.comma").join(gaps), any_two=any_two),)


def _map_numbers(title: str, rows: tuple[MapNeighbours, ...], localiser: Localiser) -> PageTable:
    cells = [
        row_of(
            localiser.tier(row.tier),
            localiser.count(row.dots),
            localiser.share_cell(row.same),
            localiser.share_cell(row.by_chance),
        )
        for row in rows
    ]
    return PageTable(title, _heads(("tier", "map_dots", "map_same", "map_by_chance"), localiser), tuple(cells))


def tier_table(totals: Totals, localiser: Localiser) -> PageTable:
    """Tiers with counts, shares and spend."""
    heads = ("tier", "n_customers", "of_customers", "spend_expected", "of_expected", "spend_historic", "mean_p_active")
    rows = [
        row_of(
            localiser.tier(row["tier"]),
            localiser.count(row["customers"]),
            localiser.share_cell(row["customers_share"]),
            localiser.money(row["expected_spend"]),
            localiser.share_cell(row["expected_spend_share"]),
            localiser.money(row["historic_spend"]),
            localiser.share_cell(row["mean_p_active"]),
        )
        for row in totals.tiers.to_pylist()
    ]
    return PageTable(localiser.text("report.tiers"), _heads(heads, localiser), tuple(rows))


def activity(data: ReportData, totals: Totals, localiser: Localiser) -> Figure:
    """Customers by their probability of ordering."""
    likely = sum(totals.activity[ACTIVITY_BINS // 2 :])
    counts = {"likely": localiser.count(likely), "customers": localiser.count(totals.customers)}
    title = localiser.text("report.activity")
    edges = [localiser.share(place / ACTIVITY_BINS) for place in range(ACTIVITY_BINS + 1)]
    rows = [row_of(f"{edges[i]} – {edges[i + 1]}", localiser.count(count)) for i, count in enumerate(totals.activity)]
    return Figure(
        title,
        localiser.text("report.activity_text", days=localiser.count(data.horizon_days)),
        draw(charts.activity(totals.activity, localiser.language), localiser.text("charts.activity_label", **counts)),
        numbers=PageTable(title, _heads(("probability", "n_customers"), localiser), tuple(rows)),
    )


def stakes(totals: Totals, localiser: Localiser) -> PageTable:
    """Customers and spend by band of the probability of ordering."""
    heads = ("probability", "n_customers", "spend_historic", "spend_expected")
    rows = [
        row_of(
            localiser.text(f"report.band_{band.name}"),
            localiser.count(band.customers),
            localiser.money(band.historic_spend),
            localiser.money(band.expected_spend),
        )
        for band in totals.bands
    ]
    return PageTable(localiser.text("report.stakes"), _heads(heads, localiser), tuple(rows))


def deciles(table: pa.Table, localiser: Localiser) -> Figure:
    """Forecast and actual spend by tenths of customers."""
    rows = table.to_pylist()
    first = {name: localiser.money(rows[0][name]) for name in ("forecast", "actual")}
    title = localiser.text("report.deciles")
    cells = [
        row_of(
            localiser.count(row["decile"]),
            localiser.money(row["forecast"]),
            localiser.money(row["actual"]),
            localiser.count(row["customers"]),
        )
        for row in rows
    ]
    chart = draw(
        charts.deciles(table, localiser.language, localiser.currency), localiser.text("charts.deciles_label", **first)
    )
    numbers = PageTable(title, _heads(("decile", "forecast", "actual", "n_customers"), localiser), tuple(cells))
    return Figure(title, localiser.text("report.deciles_text"), chart, numbers=numbers)


def reliability(table: pa.Table, localiser: Localiser) -> Figure:
    """Forecast probabilities against observed shares."""
    title = localiser.text("report.reliability")
    cells = [
        row_of(
            localiser.share_cell(row["forecast"]),
            localiser.share_cell(row["observed"]),
            localiser.count(row["customers"]),
        )
        for row in table.to_pylist()
    ]
    label = localiser.text("charts.reliability_label", bins=localiser.count(table.num_rows))
    chart = draw(charts.reliability(table, localiser.language), label)
    numbers = PageTable(title, _heads(("forecast", "observed", "n_customers"), localiser), tuple(cells))
    return Figure(title, localiser.text("report.reliability_text"), chart, numbers=numbers)


def _heads(names: Sequence[str], localiser: Localiser) -> tuple[str, ...]:
    return tuple(localiser.text(f"report.{name}") for name in names)
