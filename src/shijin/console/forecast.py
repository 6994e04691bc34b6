"""What the terminal shows of forecasts: tiers, ensemble weights, the scoreboard of a backtest, similar customers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shijin.config import Config
from shijin.console.terminal import COLOURS, in_words, money, note_lines, tier_name, titled, written
from shijin.forecasting.verdict import verdict
from shijin.segment.tiers import of_customers, summarise
from shijin.steps.cards import BacktestCard, ModelCard, NeighboursCard, RepresentationCard
from shijin.words import Language, say
from shijin.words.reader import Reader
from shijin.workspace import Result

FIGURES = {"auc": 3, "log_score": 3, "level": 2, "ngini": 3, "crps": 2}  # what fits 80 columns; --json has all


def forecast_summary(forecast: pa.Table, config: Config, currency: str | None) -> Table:
    """One row a tier: how many, how much, how likely."""
    language = config.shop.locale
    forecast = of_customers(forecast)
    tiers = summarise(forecast, config.tiers.names)
    title = say(
        "console.forecast_title",
        language,
        horizon=forecast["horizon_days"][0].as_py(),
        cutoff=forecast["cutoff"][0].as_py().astimezone(config.shop.zone).date(),
        customers=f"{forecast.num_rows:,}",
        spend=money(sum(tiers["expected_spend"].to_pylist()), currency),
    )
    names = ("tier", "customers", "share", "expected_spend", "share_of_spend", "p_active")
    table = titled(title, [say(f"console.{name}", language) for name in names])
    for row in tiers.to_pylist():
        table.add_row(
            tier_name(row["tier"], language),
            f"{row['customers']:,}",
            f"{row['customers_share']:.0%}",
            money(row["expected_spend"], currency),
            f"{row['expected_spend_share']:.0%}",
            "" if row["mean_p_active"] is None else f"{row['mean_p_active']:.0%}",
        )
    return table


def backtest_table(
    card: BacktestCard, language: Language, reader: Reader, *, short: bool = False
) -> list[RenderableType]:
    """The scoreboards of everyone and of one-time buyers, the paired differences, and the verdict.

    Short: everyone's scoreboard and the verdict only.
    """
    result = card.as_json()
    closing = Text(verdict(result)[language], "bold")
    if short:
        return [_scoreboard(result, "everyone", language), closing]
    parts: list[RenderableType] = []
    for group in ("everyone", "one-time buyers"):
        if result["scores"].get(group):
            parts.append(_scoreboard(result, group, language))
    parts += [_differences(peer, rows, language) for peer, rows in result["differences"].items()]
    parts += [Text(line, "dim") for line in note_lines(result["notes"], language, reader)]
    return [*parts, closing]


def _differences(peer: str, rows: list[Mapping[str, Any]], language: Language) -> Text:
    """How the ensemble does against one peer, metric by metric."""
    parts = []
    for one in rows:
        if one["low"] is not None and one["value"] is not None:
            half, metric = (one["high"] - one["low"]) / 2, say(f"console.metric_{one['metric']}", language)
            parts.append(Text(f"{metric} {one['value']:+.3f} ± {half:.3f}", COLOURS[one["verdict"]]))
    versus = say("console.versus", language, peer=in_words("report.member_", peer, language))
    return Text(f"{versus}: ") + Text(", ").join(parts)


def _scoreboard(result: Mapping[str, Any], group: str, language: Language) -> Table:
    rows: Mapping[str, Mapping[str, float | None]] = result["scores"][group]
    customers = next(iter(rows.values()))["customers"] or 0
    figures = {"horizon": result["horizon_days"], "cutoff": result["cutoff"], "customers": f"{customers:,.0f}"}
    title = say("console.backtest_title", language, **figures)
    suffix = f" ({say('console.one_time', language)})" if group != "everyone" else ""
    table = titled(
        title + suffix,
        [say("console.member", language), *(say(f"console.metric_{name}", language) for name in FIGURES)],
    )
    for name, row in rows.items():
        cells = [written(row[metric], digits) for metric, digits in FIGURES.items()]
        style = "bold" if name == result["served"] else None
        table.add_row(in_words("report.member_", name, language), *cells, style=style)
    return table


def weights_table(model: Result[ModelCard], language: Language) -> RenderableType:
    """How the ensemble combines its members, under the model's id; the id alone for an untrained forecast."""
    if not model.table.num_rows:
        return str(model.id)
    title = f"{model.id} ({in_words('console.case_', model.card.case, language)})"
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in ("part", "member", "weight"):
        table.add_column(say(f"console.{name}", language), justify="right" if name == "weight" else "left")
    for row in model.table.to_pylist():
        names = in_words("console.part_", row["part"], language), in_words("report.member_", row["member"], language)
        table.add_row(*names, f"{row['weight']:.2f}")
    return table


def vectors_line(vectors: Result[RepresentationCard], root: Path, language: Language) -> str:
    """Where the vectors are, and whose."""
    card = vectors.card
    values = {"customers": f"{card.customers:,}", "days": card.horizon_days, "cutoff": card.cutoff}
    return say("represent.written", language, path=root / vectors.receipt.outputs[0], **values)


def neighbours_table(neighbours: Result[NeighboursCard], config: Config) -> Table:
    """The customers most like one, under that one's own row."""
    language, card = config.shop.locale, neighbours.card
    title = say("represent.neighbours", language, customer=card.like, days=card.horizon_days, cutoff=card.cutoff)
    heads = [say(f"represent.{name}", language) for name in ("customer", "similarity")]
    table = titled(title, [*heads, *(say(f"console.{name}", language) for name in ("tier", "expected_spend"))])
    for place, row in enumerate([card.customer, *neighbours.table.to_pylist()]):
        spend = row["expected_spend"]
        cells = (
            "" if place == 0 else f"{row['similarity']:.3f}",
            "" if row["tier"] is None else tier_name(row["tier"], language),
            "" if spend is None else f"{spend:,.2f}",
        )
        table.add_row(row["customer_id"], *cells, style="bold" if place == 0 else None)
    return table
