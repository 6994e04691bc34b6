"""What the terminal shows of the demand for items. It is handed results and computes none."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from shijin.console.terminal import titled
from shijin.recommend.demand.verdict import demand_verdict, written_pieces
from shijin.words import Language, say
from shijin.workspace import Receipt


def demand_parts(receipt: Receipt, table: pa.Table, root: Path, most: int, language: Language) -> list[RenderableType]:
    """The items that are to bring most, at usual prices, how far off such a forecast was, and where all items are.

    Parameters
    ----------
    table
        `schema.DEMAND`.
    most
        How many items are shown.
    """
    card = receipt.inputs
    days = card["horizon_days"]
    counts = {"expected_units": "expected", "naive_units": card["naive_shape"]["name"], "recent_units": "last_horizon"}
    if card["naive_shape"]["name"] == "last_horizon":
        del counts["naive_units"]
    heads = ["item", "category", "money", *counts.values()]
    title = say("demand.title", language, days=days, cutoff=card["cutoff"])
    shown = titled(title, [say(f"demand.{head}", language, days=days) for head in heads])
    for row in table.slice(0, most).to_pylist():
        name = row["item_id"] if row["name"] == row["item_id"] else f"{row['item_id']} {row['name']}"
        pieces = [written_pieces(row[column]) for column in counts]
        money = f"{row['expected_units'] * row['price']:,.0f}"
        shown.add_row(escape(name), escape(row["category"] or ""), money, *pieces)
    verdict = Text(demand_verdict(card)[language], "bold")
    written = say("demand.written", language, items=f"{table.num_rows:,}", path=root / receipt.outputs[0])
    return [shown, verdict, Text(written)]
