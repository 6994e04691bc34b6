"""What the terminal shows of the demand for items."""

from __future__ import annotations

from pathlib import Path

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from shijin.console.terminal import titled
from shijin.recommend.demand.verdict import demand_verdict, written_pieces
from shijin.steps.cards import DemandCard
from shijin.words import Language, say
from shijin.workspace import Result


def demand_parts(demand: Result[DemandCard], root: Path, language: Language) -> list[RenderableType]:
    """The items that will bring most money at usual prices, the error of such a forecast, and where all items are."""
    card = demand.card.as_json()
    days, naive = card["horizon_days"], card["naive_shape"]["name"]
    counts = {"expected_units": "expected", "naive_units": naive, "recent_units": "last_horizon"}
    if naive == "last_horizon":  # then the naive forecast is the recent figure
        del counts["naive_units"]
    heads = ["item", "category", "money", *counts.values()]
    title = say("demand.title", language, days=days, cutoff=card["cutoff"])
    table = titled(title, [say(f"demand.{head}", language, days=days) for head in heads])
    for row in demand.tables["top"].to_pylist():
        name = row["item_id"] if row["name"] == row["item_id"] else f"{row['item_id']} {row['name']}"
        pieces = [written_pieces(row[column]) for column in counts]
        money = f"{row['expected_units'] * row['price']:,.0f}"
        table.add_row(escape(name), escape(row["category"] or ""), money, *pieces)
    verdict = Text(demand_verdict(card)[language], "bold")
    place = root / demand.receipt.outputs[0]
    written = say("demand.written", language, items=f"{demand.table.num_rows:,}", path=place)
    return [table, verdict, Text(written)]
