"""What the terminal shows of recommendations: where all lists are, one list, the customers for an item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from shijin.console.terminal import titled
from shijin.steps.cards import ExportCard, ListsCard
from shijin.words import Language, say
from shijin.words.reader import Reader
from shijin.workspace import Result


def list_line(card: ExportCard, language: Language) -> str:
    """Where the list to send is, and how many on it must not be written to."""
    customers = f"{card.customers:,}"
    if not card.held_out:
        return say("console.list_all", language, path=card.file, customers=customers)
    return say("console.list", language, path=card.file, customers=customers, held_out=f"{card.held_out:,}")


def lists_lines(lists: Result[ListsCard], root: Path, language: Language, reader: Reader) -> list[str]:
    """Where all lists, customers' interests and the demand for items are, and what may be done next."""
    rows, _, interests, _, demand, _ = (root / output for output in lists.receipt.outputs)
    return [
        lists_line(lists.card, rows, language),
        say("lists.interests", language, path=interests),
        say("lists.pieces", language, days=lists.card.horizon_days, path=demand),
        f"[dim]{say('lists.next', language, reader)}[/dim]",
    ]


def lists_line(card: ListsCard, path: Path, language: Language) -> str:
    """How many customers have lists, of how many items, and where."""
    counts = {"customers": f"{card.customers:,}", "items": f"{card.items:,}", "days": card.horizon_days}
    return say("lists.written", language, path=path, cutoff=card.cutoff, **counts)


def list_table(result: Result[Any], language: Language) -> Table:
    """One customer's list, or the customers for one item, with their reasons."""
    card = result.card
    when = {"days": card.horizon_days, "cutoff": card.cutoff}
    if result.kind == "customer_recommendations":
        title, head = say("lists.for", language, customer=card.customer, **when), say("lists.item", language)
    else:
        title, head = say("lists.who", language, item=card.name, **when), say("represent.customer", language)
    value_aware = card.options["value_aware"]
    money = "sales" if "lists.no_costs" in {note["code"] for note in result.notes} else "margin"
    table = titled(escape(title), [head, say(f"lists.{money if value_aware else 'chance'}", language)])
    table.add_column(say("lists.reason", language))
    for row in result.table.to_pylist():
        name = card.names[row["item_id"]] if "item_id" in row else row["customer_id"]
        shown = name if row.get("item_id", name) == name else f"{row['item_id']} {name}"
        table.add_row(escape(shown), format(row["score"], ",.2f" if value_aware else ".3g"), escape(row["reason"]))
    return table
