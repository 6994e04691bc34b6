"""Write what can be known from the code: docs/reference, and the table of results in both READMEs.

    python docs/generate.py            write what has changed
    python docs/generate.py --check    write nothing; name what is stale and exit 1

It reads the command line's own commands, the docstrings of the public names and benchmarks/results; nothing else.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import sys
import textwrap
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

import shijin
from shijin.cli import app
from shijin.collect.source import FORMATS
from shijin.represent.feature_dictionary import feature_dictionary
from shijin.steps import cards

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "value"
FORMAT_MARKS = re.compile(r"(<!-- formats:[^\n]*-->\n).*?(<!-- /formats -->)", re.DOTALL)
MARKS = re.compile(r"(<!-- results:[^\n]*-->\n).*?(<!-- /results -->)", re.DOTALL)
MADE = "<!-- made by docs/generate.py; do not edit -->"
# What the public names hand out, but nobody makes by hand.
HANDED_OUT = (
    ("shijin.notebook", "TrainedModel"),
    ("shijin.notebook", "BacktestView"),
    ("shijin.notebook", "ItemsBacktestView"),
    ("shijin.notebook", "Plots"),
    ("shijin.collect", "CollectOptions"),
    ("shijin.steps.recommend", "RecommendOptions"),
)
SHOPS = {"complete-journey": "Complete Journey", "cdnow": "CDNOW", "online-retail": "Online Retail"}
FORMULA, PEERS, STACK = "decayed spend H", ("decayed spend H", "BTYD", "LightGBM"), "stack"
COUNTED = ("log_score", "crps", "ngini")
CARDS = {
    "workspace": cards.WorkspaceCard,
    "collect, feedback": cards.CollectionCard,
    "check": cards.CheckCard,
    "model": cards.ModelCard,
    "forecast": cards.ForecastCard,
    "forecasts": cards.ForecastsCard,
    "backtest": cards.BacktestCard,
    "items_backtest": cards.ItemsBacktestCard,
    "representation": cards.RepresentationCard,
    "neighbours": cards.NeighboursCard,
    "recommendations": cards.ListsCard,
    "customer_recommendations": cards.CustomerListCard,
    "item_customers": cards.ItemCustomersCard,
    "demand": cards.DemandCard,
    "affinity": cards.AffinityCard,
    "export": cards.ExportCard,
    "recommendations_export": cards.ExportRecommendedCard,
    "report": cards.ReportCard,
    "run": cards.RunCard,
}
JSON_PREFACE = """\
Every verb gives a result, and every face writes it in the same JSON: `shijin VERB --json` prints it. It begins with
`kind`, `id` (null where nothing is kept under one) and `new` (false where the same data and options had given it
before). Then come the fields below, which depend on the kind, then `notes` (each with its `code` and values, where a
value may be a note itself: the reason for which something is left out), `tables` (the number of rows of each table),
the rows of small tables (`weights`, `neighbours`, `recommendations`, `item_customers`, `top`), and `outputs`: the
files, relative to the workspace.

A refusal is one object on standard error, with exit code 2: `error` with `kind`, `code`, `key` (the option or setting
at fault), `where`, `problem` and `cure`, in the shop's language."""
FEATURES_PREFACE = """\
The columns of `shop.features(cutoff, horizon)` and of `shop.training_table(cutoff, horizon)`. All of them are
computed from what lies strictly before the cutoff, by one function, `features` in `src/shijin/represent/features.py`,
for real and simulated shops alike. H is the horizon in days. Money is divided by the shop's median order before the
cutoff, so that features have no currency. The training table adds `cutoff` and the labels `y_spend` (shop currency,
net of returns, not below 0), `y_orders` and `y_first_order_days` (days to the first order, empty without one)."""
WORDS = {
    "en": {
        "head": "| shop | days | from | customers | AUC | nG | CRPS | total |",
        "none": "No results are here yet: `make bench` measures them.",
        "customers": "AUC and nG: formula → Shijin. ",
        "counts": "Against {peer}, over log score, CRPS and nG on {n} judged windows: "
        "wins {win}, ties {tie}, losses {loss}.",
        "end": "A win or a loss lies beyond a margin named beforehand, by a paired bootstrap; "
        "[all members and intervals](benchmarks/LEADERBOARD.md).",
    },
    "zh": {
        "head": "| 店铺 | 天数 | 起始 | 顾客 | AUC | nG | CRPS | 总额 |",
        "none": "这里还没有结果：运行 `make bench` 即可测得。",
        "customers": "AUC 与 nG 两列为“公式 → 试金”。",
        "counts": "与 {peer} 相比，在 {n} 个回测窗口的对数得分、CRPS 与 nG 上：{win} 胜、{tie} 平、{loss} 负。",
        "end": "胜负按配对自助法判定，须超出事先定好的界限；[全部方法与区间](benchmarks/LEADERBOARD.md)。",
    },
}


def pages() -> dict[Path, str]:
    """Every generated file and what it has to say now."""
    return {
        ROOT / "docs" / "reference" / "cli.md": command_line(),
        ROOT / "docs" / "reference" / "python.md": python(),
        ROOT / "docs" / "reference" / "json.md": json_shapes(),
        ROOT / "docs" / "features.md": feature_page(),
        ROOT / "docs" / "formats.md": with_formats(ROOT / "docs" / "formats.md"),
        ROOT / "README.md": with_results(ROOT / "README.md", "en"),
        ROOT / "README.zh-CN.md": with_results(ROOT / "README.zh-CN.md", "zh"),
    }


def stale() -> list[str]:
    """Names of generated files that no longer say what the code says."""
    return [
        str(path.relative_to(ROOT))
        for path, text in pages().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]


def command_line() -> str:
    """One section a command, from what its --help is made of."""
    root = typer.main.get_command(app)
    parts = [MADE, "# Command line", " ".join(str(root.help).replace("[bold]", "`").replace("[/bold]", "`").split())]
    parts.append(
        "Every command takes `--workspace DIR` and `--json`. Results go to standard output, remarks to standard error. "
        "Bad input is one line on standard error, exit code 2, and changes nothing. In [Python](python.md) the same "
        "verbs are methods of `Shop`."
    )
    for name, command in root.commands.items():
        parts += [f"## shijin {name}", *_about(inspect.cleandoc(command.help)), _parameters(command)]
    return "\n\n".join(parts) + "\n"


def _about(text: str) -> list[str]:
    about, _, example = text.partition("Example: ")
    return [" ".join(about.split()), f"```sh\n{' '.join(example.split())}\n```"]


def _parameters(command: Any) -> str:
    rows = ["| option | meaning | default |", "|---|---|---|"]
    for one in command.params:
        if one.name == "help":
            continue
        argument = one.param_type_name == "argument"
        label = one.name.upper() if argument else ", ".join(f"`{option}`" for option in one.opts)
        rows.append(f"| {label} | {(one.help or '').replace('|', ' or ')} | {_default(one, argument=argument)} |")
    return "\n".join(rows)


def _default(one: Any, *, argument: bool) -> str:
    if argument and one.required:
        return "required"
    shown = getattr(one, "show_default", None)
    if isinstance(shown, str):
        return shown
    return "" if one.default in (None, False) or callable(one.default) else f"`{one.default}`"


def python() -> str:
    """One section a public name, from docstrings."""
    parts = [MADE, "# Python", inspect.cleandoc(shijin.__doc__ or "").replace("``", "`")]
    for name in shijin.__all__:
        parts += _described(f"shijin.{name}", getattr(shijin, name))
    parts.append("# What these hand out")
    for module, name in HANDED_OUT:
        parts += _described(name, getattr(import_module(module), name))
    errors = inspect.cleandoc(import_module("shijin.errors").__doc__ or "")
    parts += ["# Errors", *_prose(errors)]
    return "\n\n".join(parts) + "\n"


def _described(title: str, thing: Any) -> list[str]:
    parts = [f"## {title}"]
    if not inspect.isclass(thing):
        return [*parts, _signature(title, thing), *_prose(inspect.getdoc(thing) or "")]
    if dataclasses.is_dataclass(thing) and title != "shijin.History":
        parts.append(_signature(title, thing))
    parts += _prose(inspect.getdoc(thing) or "")
    for name, method in vars(thing).items():
        if name.startswith("_") or isinstance(method, str):
            continue
        about = method.fget if isinstance(method, property) else getattr(method, "__func__", method)
        about = getattr(about, "func", about)  # a cached property
        if inspect.isfunction(about):
            call = isinstance(method, property) or about is not getattr(method, "__func__", method)
            parts += [f"### {title.split('.')[-1]}.{name}"]
            parts += [] if call else [_signature(name, about)]
            parts += _prose(inspect.getdoc(about) or "")
    return parts


def json_shapes() -> str:
    """One section a kind of result: the JSON that `--json` prints and every other face gets."""
    parts = [MADE, "# JSON", JSON_PREFACE]
    for kind, card in CARDS.items():
        rows = ["| field | type | meaning |", "|---|---|---|"]
        for name, field in card.model_fields.items():
            optional = "" if field.is_required() else ", only where there is something to report"
            rows.append(f"| `{name}` | {_type_name(field.annotation)} | {field.description}{optional} |")
        parts += [f"## {kind}", " ".join(inspect.getdoc(card).split()), "\n".join(rows)]
    return "\n\n".join(parts) + "\n"


def _type_name(annotation: Any) -> str:
    text = str(getattr(annotation, "__name__", annotation)) if inspect.isclass(annotation) else str(annotation)
    text = text.replace("typing.Any", "any").replace("typing.", "").replace("NoneType", "null").replace("None", "null")
    for python, plain in (("str", "text"), ("int", "whole number"), ("float", "number"), ("bool", "yes or no")):
        text = re.sub(rf"\b{python}\b", plain, text)
    text = re.sub(r"dict\[text, any\]", "object", text)
    return text.replace("|", "or").replace("dict[", "object[")


def feature_page() -> str:
    """The feature dictionary: one row a feature, in the order of the columns."""
    rows = ["| feature | meaning | unit | window |", "|---|---|---|---|"]
    for one in feature_dictionary():
        rows.append(f"| `{one.name}` | {one.meaning} | {one.unit.replace('|', '&#124;')} | {one.window} |")
    return "\n\n".join([MADE, "# Features", FEATURES_PREFACE, "\n".join(rows)]) + "\n"


def _signature(name: str, thing: Any) -> str:
    signature = str(inspect.signature(thing)).replace("<factory>", "...")
    bare = re.sub(r"(: |-> )(['\"])(.*?)\2", r"\1\3", re.sub(r"<[^>]*>", "...", signature))
    return f"```text\n{name.split('.')[-1]}{bare}\n```"


def _prose(docstring: str) -> list[str]:
    """Turn numpydoc into Markdown: section heads in bold, examples and definitions as they are."""
    parts: list[str] = []
    for block in re.split(r"\n\s*\n", docstring.replace("::\n", "")):
        lines = block.split("\n")
        if len(lines) > 1 and re.fullmatch(r"\s*-{3,}\s*", lines[1]):
            parts.append(f"**{lines[0].strip()}**")
            lines = lines[2:]
        body = "\n".join(lines)
        verbatim = ">>>" in body or re.search(r"^ {2,}\S|^\w[\w, ]* : ", body, re.MULTILINE)
        if body.strip():
            parts.append(f"```text\n{textwrap.dedent(body)}\n```" if verbatim else body.replace("``", "`"))
    return parts


def with_formats(path: Path) -> str:
    """A page with the table of the exports that are recognised, between its marks."""
    rows = ["| export | `--format` | recognised by the columns |", "|---|---|---|"]
    for one in FORMATS:
        if one.needed:
            columns = ", ".join(f"`{name}`" for name in one.needed)
            rows.append(f"| {one.title} | `{one.name}` | {columns} |")
    table = "\n".join(rows)
    return FORMAT_MARKS.sub(lambda found: f"{found[1]}\n{table}\n\n{found[2]}", path.read_text("utf-8"))


def with_results(path: Path, language: str) -> str:
    """A README with the newest results between its marks."""
    return MARKS.sub(lambda marks: marks[1] + results(language) + marks[2], path.read_text("utf-8"))


def results(language: str) -> str:
    """The newest judged window of each shop and horizon, and how often the stack won; a remark where there is none."""
    words = WORDS[language]
    found = [json.loads(path.read_text("utf-8")) for path in sorted(RESULTS.glob("*.json"))]
    if not found:
        return f"\n{words['none']}\n\n"
    newest = [one for one in found if one["window"] == 0]
    places = list(SHOPS)
    newest.sort(key=lambda one: (places.index(one["shop"]), one["horizon_days"]))
    rows = [words["head"], "|---|---|---|---|---|---|---|---|", *map(_row, newest)]
    counts = "\n".join(f"- {words['counts'].format(peer=peer, n=len(found), **_counts(found, peer))}" for peer in PEERS)
    return "\n" + "\n".join(rows) + f"\n\n{words['customers']}{words['end']}\n\n{counts}\n\n"


def _row(one: dict[str, Any]) -> str:
    scores = one["scores"]["everyone"]
    formula, served = scores[FORMULA], scores[one["served"] if one["served"] in scores else STACK]
    cells = [SHOPS[one["shop"]], one["horizon_days"], one["cutoff"], f"{served['customers']:,.0f}"]
    cells += [f"{formula[key]:.3f} → {served[key]:.3f}" for key in ("auc", "ngini")]
    cells += [f"{served['crps'] / formula['crps'] - 1:+.1%}", f"{served['level']:.2f}"]
    return "| " + " | ".join(map(str, cells)) + " |"


def _counts(found: list[dict[str, Any]], peer: str) -> dict[str, int]:
    verdicts = [
        difference["verdict"]
        for one in found
        for difference in one["differences"].get(peer, [])
        if difference["metric"] in COUNTED
    ]
    return {kind: verdicts.count(kind) for kind in ("win", "tie", "loss")}


def main() -> None:
    """Write, or check."""
    old = stale()
    if "--check" in sys.argv:
        if old:
            sys.exit(f"stale: {', '.join(old)}. Cure: make docs.")
        return
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
