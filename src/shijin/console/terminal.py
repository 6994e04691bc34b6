"""What the terminal shows: tables and lines in the shop's language. It is handed results and computes none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich import progress as rich_progress
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from shijin.config import Config
from shijin.forecasting.verdict import verdict
from shijin.notes import Progress
from shijin.prepare.findings import verdict as findings_verdict
from shijin.schema import FINDINGS
from shijin.segment.tiers import of_customers, summarise
from shijin.words import Language, catalogue, say, say_note
from shijin.workspace import Receipt

out, said = Console(), Console(stderr=True)  # results, and what is said on the way
FIGURES = {"auc": 3, "log_score": 3, "level": 2, "ngini": 3, "crps": 2}  # what fits 80 columns; --json has all
COLOURS = {"win": "green", "loss": "red", "tie": "dim", "spoils": "red", "warns": "yellow", "notes": "dim"}


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
        spend=_money(sum(tiers["expected_spend"].to_pylist()), currency),
    )
    names = ("tier", "customers", "share", "expected_spend", "share_of_spend", "p_active")
    table = titled(title, [say(f"console.{name}", language) for name in names])
    for row in tiers.to_pylist():
        table.add_row(
            _tier_name(row["tier"], language),
            f"{row['customers']:,}",
            f"{row['customers_share']:.0%}",
            _money(row["expected_spend"], currency),
            f"{row['expected_spend_share']:.0%}",
            "" if row["mean_p_active"] is None else f"{row['mean_p_active']:.0%}",
        )
    return table


def backtest_table(result: Mapping[str, Any], language: Language, *, short: bool = False) -> list[RenderableType]:
    """The scoreboards of everyone and of one-time buyers, the paired differences, and the verdict.

    Short: everyone's scoreboard and the verdict only.
    """
    closing = Text(verdict(dict(result))[language], "bold")
    if short:
        return [_scoreboard(result, "everyone", result["scores"]["everyone"], language), closing]
    parts: list[RenderableType] = []
    for group in ("everyone", "one-time buyers"):
        rows = result["scores"].get(group)
        if rows:
            parts.append(_scoreboard(result, group, rows, language))
    for peer, differences in result["differences"].items():
        line = Text(say("console.versus", language, peer=_word("report.member_", peer, language)) + ": ")
        for one in differences:
            if one["low"] is not None and one["value"] is not None:
                half = (one["high"] - one["low"]) / 2
                line.append(f"{one['metric']} {one['value']:+.3f} ± {half:.3f} ", COLOURS[one["verdict"]])
        parts.append(line)
    parts += [Text(line, "dim") for line in note_lines(result["notes"], language)]
    return [*parts, closing]


def counts_table(receipt: Receipt, language: Language) -> Table:
    """What became of the rows of a source, and of the money where it tells of any."""
    heads = ["", say("console.rows", language), *([say("console.money", language)] if receipt.money else [])]
    table = titled(str(receipt.inputs.get("source", "")), heads)
    for name, rows in receipt.rows.items():
        money = receipt.money.get(name)
        cells = ["" if money is None else f"{money:,.2f}"] if receipt.money else []
        table.add_row(_word("report.receipt_", name, language), f"{rows:,}", *cells)
    return table


def rows_line(rows: Mapping[str, int], language: Language) -> Text:
    """What became of the rows of a source, in a line; nothing of what did not occur."""
    known = catalogue()
    parts = [
        say("report.receipt_item", language, what=say(f"report.receipt_{name}", language), rows=f"{count:,}")
        for name, count in rows.items()
        if count and f"report.receipt_{name}" in known
    ]
    return Text(say("report.between", language).join(parts), "dim")


def kinds_line(kinds: Mapping[str, int], language: Language) -> str:
    """What new feedback there is, by kind, and what reads it."""
    if not kinds:
        return say("feedback.none_new", language)
    parts = [
        say("report.receipt_item", language, what=say(f"feedback.{kind}", language), rows=f"{count:,}")
        for kind, count in sorted(kinds.items())
    ]
    readers = (["corrections"] if "correction" in kinds else []) + (["lists"] if set(kinds) - {"correction"} else [])
    sentences = [say("feedback.new", language, kinds=say("report.between", language).join(parts))]
    return " ".join([*sentences, *(say(f"feedback.read_by_{reader}", language) for reader in readers)])


def run_remarks(receipt: Receipt, language: Language) -> list[RenderableType]:
    """What a run read, what became of it, and what is wrong in it."""
    parts: list[RenderableType] = []
    if "collect" in receipt.inputs:
        parts += [guess_line(receipt.inputs["collect"]["guess"], language), rows_line(receipt.rows, language)]
    if receipt.findings:
        found = pa.Table.from_pylist(list(receipt.findings), schema=FINDINGS)
        parts.append(findings_table(found, language))
    return parts


def weights_table(receipt: Receipt, weights: pa.Table, language: Language) -> RenderableType:
    """What the stack makes of its members, under the model's id; the id alone for an untrained forecast."""
    model = str(receipt.inputs["model"])
    if not weights.num_rows:
        return model
    title = f"{model} ({_word('console.case_', str(receipt.inputs['case']), language)})"
    table = Table(title=title, title_justify="left", header_style="bold")
    for name in ("part", "member", "weight"):
        table.add_column(say(f"console.{name}", language), justify="right" if name == "weight" else "left")
    for row in weights.to_pylist():
        names = _word("console.part_", row["part"], language), _word("report.member_", row["member"], language)
        table.add_row(*names, f"{row['weight']:.2f}")
    return table


def findings_table(findings: pa.Table, language: Language) -> RenderableType:
    """What is wrong in the data, in words."""
    if not findings.num_rows:
        return Text(say("console.no_findings", language), "dim")
    table = Table(show_header=True, header_style="bold")
    table.add_column(say("console.severity", language))
    table.add_column(say("console.rows", language), justify="right")
    table.add_column(say("console.finding", language), overflow="fold")
    for row in findings.to_pylist():
        words = say_note({"code": f"findings.{row['code']}", **json.loads(row["arguments"] or "{}")}, language)
        severity = Text(say(f"console.{row['severity']}", language), COLOURS[row["severity"]])
        table.add_row(severity, f"{row['rows']:,}", words)
    return table


def guess_line(guess: Mapping[str, Any], language: Language) -> Text:
    """How a source was read: what was detected or guessed."""
    parts = []
    for name, value in guess.items():
        shown = ", ".join(f"{role}={column}" for role, column in value.items()) if isinstance(value, Mapping) else value
        parts.append(f"{_word('console.guess_', name, language)}: {shown}")
    return Text(f"{say('console.read_as', language)} {'; '.join(parts)}", "dim")


def verdict_line(findings: pa.Table, language: Language) -> str:
    """Whether the data spoil a forecast, in one sentence."""
    code, counts = findings_verdict(findings)
    return say(code, language, **counts)


def quarantine_line(folder: Path, rows: int, language: Language) -> str:
    """Where the rows that were set aside lie, and how to look at them."""
    files = (folder / "*.parquet").as_posix()
    command = f"python -c \"import duckdb; duckdb.read_parquet('{files}').show(max_width=160)\""
    return say("console.quarantine", language, rows=f"{rows:,}", folder=folder, command=command)


def list_line(path: str, customers: int, held_out: int, language: Language) -> str:
    """Where the list is, and who on it must not be written to."""
    if not held_out:
        return say("console.list_all", language, path=path, customers=f"{customers:,}")
    return say("console.list", language, path=path, customers=f"{customers:,}", held_out=f"{held_out:,}")


def vectors_line(receipt: Receipt, root: Path, language: Language) -> str:
    """Where the vectors are, and whose."""
    card = receipt.inputs
    told = {"customers": f"{card['customers']:,}", "days": card["horizon_days"], "cutoff": card["cutoff"]}
    return say("represent.written", language, path=root / receipt.outputs[0], **told)


def neighbours_table(receipt: Receipt, neighbours: pa.Table, config: Config) -> Table:
    """The customers most like one, under that one's own row."""
    language, told = config.shop.locale, receipt.inputs
    title = say(
        "represent.neighbours", language, customer=told["like"], days=told["horizon_days"], cutoff=told["cutoff"]
    )
    heads = [say(f"represent.{name}", language) for name in ("customer", "similarity")]
    table = titled(title, [*heads, *(say(f"console.{name}", language) for name in ("tier", "expected_spend"))])
    for place, row in enumerate([told["own"], *neighbours.to_pylist()]):
        spend = row["expected_spend"]
        cells = (
            "" if place == 0 else f"{row['similarity']:.3f}",
            "" if row["tier"] is None else _tier_name(row["tier"], language),
            "" if spend is None else f"{spend:,.2f}",
        )
        table.add_row(row["customer_id"], *cells, style="bold" if place == 0 else None)
    return table


def lists_lines(receipt: Receipt, root: Path, language: Language) -> list[str]:
    """Where everybody's lists, their interests and the demand for items are, and what may be done next."""
    card = receipt.inputs
    return [
        lists_line(card, root / receipt.outputs[0], language),
        say("lists.interests", language, path=root / receipt.outputs[1]),
        say("lists.pieces", language, days=card["horizon_days"], path=root / receipt.outputs[3]),
        f"[dim]{say('lists.next', language)}[/dim]",
    ]


def lists_line(card: Mapping[str, Any], path: Path, language: Language) -> str:
    """Whose lists there are, of how many items, and where."""
    told = {"customers": f"{card['customers']:,}", "items": f"{card['items']:,}", "days": card["horizon_days"]}
    return say("lists.written", language, path=path, cutoff=card["cutoff"], **told)


def list_table(receipt: Receipt, rows: pa.Table, language: Language) -> Table:
    """One customer's list, or the customers who want one item, with their reasons."""
    card = receipt.inputs
    when = {"days": card["horizon_days"], "cutoff": card["cutoff"]}
    if "customer" in card:
        title, whom = say("lists.for", language, customer=card["customer"], **when), say("lists.item", language)
    else:
        title, whom = say("lists.who", language, item=card["name"], **when), say("represent.customer", language)
    value_aware, told = card["options"]["value_aware"], {note["code"] for note in card["notes"]}
    money = "sales" if "lists.no_costs" in told else "margin"
    table = titled(escape(title), [whom, say(f"lists.{money if value_aware else 'chance'}", language)])
    table.add_column(say("lists.reason", language))
    for row in rows.to_pylist():
        name = card["names"][row["item_id"]] if "item_id" in row else row["customer_id"]
        shown = name if row.get("item_id", name) == name else f"{row['item_id']} {name}"
        table.add_row(escape(shown), format(row["score"], ",.2f" if value_aware else ".3g"), escape(row["reason"]))
    return table


def note_lines(notes: Iterable[Mapping[str, Any]], language: Language) -> list[str]:
    """Sentences of notes, each once."""
    return list(dict.fromkeys(say_note(note, language) for note in notes))


def say_notes(notes: Iterable[Mapping[str, Any]], language: Language) -> None:
    """Say notes on the way."""
    for line in note_lines(notes, language):
        said.print(f"[dim]{line}[/dim]")


def show(as_json: bool, content: Mapping[str, Any], line: str) -> None:  # noqa: FBT001 - every command's --json
    """Print what was found, as JSON or as a line."""
    if as_json:
        print_json(content)
    else:
        out.print(line, soft_wrap=True)


def print_json(content: Mapping[str, Any]) -> None:
    """Print JSON and nothing else."""
    out.print_json(json.dumps(content, ensure_ascii=False, default=str))


@contextmanager
def busy(said: Console, *, silent: bool) -> Iterator[Any]:
    """Show progress on a terminal: a bar for the verb under way, with what it is doing."""
    bar = rich_progress.Progress(
        SpinnerColumn(),
        TextColumn("{task.fields[verb]:>9}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=said,
        disable=silent or not said.is_terminal,
    )
    with bar:
        running: list[Any] = []

        def begin(verb: str) -> Progress:
            for earlier in running:
                bar.update(earlier, total=1, completed=1, description="")
            task = bar.add_task("", total=None, verb=verb)
            running[:] = [task]

            def progress(what: str, done: int, of: int) -> None:
                bar.update(task, total=of, completed=done, description=what)

            return progress

        yield begin
        for earlier in running:
            bar.update(earlier, total=1, completed=1, description="")


def _scoreboard(
    result: Mapping[str, Any], group: str, rows: Mapping[str, Mapping[str, float | None]], language: Language
) -> Table:
    customers = next(iter(rows.values()))["customers"] or 0
    figures = {"horizon": result["horizon_days"], "cutoff": result["cutoff"], "customers": f"{customers:,.0f}"}
    title = say("console.backtest_title", language, **figures)
    suffix = f" ({say('console.one_time', language)})" if group != "everyone" else ""
    table = titled(title + suffix, [say("console.member", language), *FIGURES])
    for name, row in rows.items():
        cells = [_figure(row[metric], digits) for metric, digits in FIGURES.items()]
        style = "bold" if name == result["served"] else None
        table.add_row(_word("report.member_", name, language), *cells, style=style)
    return table


def titled(title: str, columns: list[str]) -> Table:
    """A table under a title, its first column to the left and all others to the right."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=place == 0)
    return table


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _money(value: float, currency: str | None) -> str:
    return f"{value:,.0f}" + (f" {currency}" if currency else "")


def _tier_name(name: str, language: Language) -> str:
    return _word("tiers.", name, language)


def _word(prefix: str, name: str, language: Language) -> str:
    """The words for a name; the name itself where there are none, and in English, whose JSON says the same."""
    code = f"{prefix}{name}"
    english = language == "en" and not prefix.startswith("tiers")
    return name if english or code not in catalogue() else say(code, language)
