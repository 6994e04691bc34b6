"""Refusals are sentences of the catalogue: by code, complete, in both languages, and written for whoever reads them."""

import ast
import inspect
import json
import re
import shlex
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import shijin
from conftest import Command
from shijin import errors
from shijin.cli import app
from shijin.cli.commands import AtTerminal
from shijin.errors import ConfigError, ShijinError
from shijin.shop import Shop
from shijin.steps.list_request import RecommendOptions
from shijin.words import REFUSALS, catalogue
from shijin.words.reader import JSON, PYTHON

SOURCE = Path(shijin.__file__).parent
KINDS = {name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, ShijinError)}
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# Programs of their own, the module that translates flags, and the colours of a style sheet, which look like flags.
NOT_SENTENCES = ("pretrain.py", "ship.py", "reader.py", "svg.py")
COMMAND = re.compile(
    r"\bshijin (init|collect|check|train|backtest|score|represent|recommend|feedback|export|report|run|demo)\b"
)
PARTS = ("shared.", "quarantine.")  # how a refusal is put together; details of rows, whose codes are reasons


def placeholders(sentence: str) -> set[str]:
    """The values that a sentence needs; options and commands fill themselves, but for a command's ``$name``."""
    names: set[str] = set()
    for _, name, _, _ in string.Formatter().parse(sentence):
        if name and name.startswith("shijin "):
            names |= {word[1:] for word in name.split() if word.startswith("$")}
        elif name and name.startswith("--"):
            names |= {part[1:] for part in re.split("[ =]", name) if part.startswith("$")}
        elif name:
            names.add(name.split(".")[0])
    return names


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Every place in the package where an error or a phrase of one is made."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {*KINDS, "Phrase"}:
                yield f"{path.relative_to(SOURCE)}:{node.lineno}", node


CALLS = [(place, node) for place, node in calls() if not place.startswith("errors.py")]
LITERAL = [(place, node) for place, node in CALLS if node.args and isinstance(node.args[0], ast.Constant)]


def test_there_are_refusals_to_look_at() -> None:
    assert len(LITERAL) > 100


@pytest.mark.parametrize(("place", "node"), LITERAL, ids=[place for place, _ in LITERAL])
def test_every_refusal_names_a_sentence_of_the_catalogue_and_fills_it(place: str, node: ast.Call) -> None:
    code = f"{REFUSALS}.{node.args[0].value}"  # type: ignore[attr-defined]
    assert code in catalogue(), place
    needed = placeholders(catalogue()[code]["en"]) | placeholders(catalogue().get(f"{code}.cure", {"en": ""})["en"])
    given = {keyword.arg for keyword in node.keywords}
    assert None in given or needed <= given, (place, needed - given)  # type: ignore[operator]


def composed() -> list[re.Pattern[str]]:
    """Codes that are put together where they are used, as patterns: ``f"collect.no_{role}_column"``."""
    patterns = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                parts = [re.escape(one.value) if isinstance(one, ast.Constant) else r"\w+" for one in node.values]
                patterns.append(re.compile("".join(parts).removeprefix(re.escape(f"{REFUSALS}."))))
    return [pattern for pattern in patterns if re.match(r"[a-z]+\\?\.", pattern.pattern)]


def test_every_sentence_of_a_refusal_is_used() -> None:
    literal = {
        node.value.removeprefix(f"{REFUSALS}.")
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    patterns = composed()
    codes = [code.removeprefix(f"{REFUSALS}.") for code in catalogue() if code.startswith(f"{REFUSALS}.")]
    whole = [code for code in codes if not code.endswith(".cure") and not code.startswith(PARTS)]
    unused = [code for code in whole if code not in literal and not any(one.fullmatch(code) for one in patterns)]
    assert unused == []


def test_every_problem_has_a_cure() -> None:
    problems = [code for code in catalogue() if code.startswith(f"{REFUSALS}.") and not code.endswith(".cure")]
    without = [code for code in problems if f"{code}.cure" not in catalogue()]
    # Phrases inside other sentences, and reasons of rows set aside, whose refusal has the cure.
    assert {code.split(".")[1] for code in without} <= {"shared", "workspace", "quarantine"}, without


def strings_of(path: Path) -> Iterator[tuple[int, str]]:
    """All string literals of a file that are no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def test_only_the_command_line_and_the_catalogue_spell_a_flag_or_a_command() -> None:
    spelled = [
        f"{path.relative_to(SOURCE)}:{line}: {text}"
        for path in sorted(SOURCE.rglob("*.py"))
        if "cli" not in path.parts and path.name not in NOT_SENTENCES
        for line, text in strings_of(path)
        if FLAG.search(text) or COMMAND.search(text)
    ]
    assert spelled == []


def test_the_catalogue_spells_flags_and_commands_as_placeholders_only() -> None:
    for code, sentences in catalogue().items():
        for language, text in sentences.items():
            bare = re.sub(r"\{[^}]*\}", "", text)
            assert not FLAG.search(bare), (code, language, text)
            assert not COMMAND.search(bare), (code, language, text)


def commands() -> list[str]:
    """Every command that a sentence names, with each ``$value`` filled."""
    found = {
        name
        for sentences in catalogue().values()
        for text in sentences.values()
        for _, name, _, _ in string.Formatter().parse(text)
        if name and name.startswith("shijin ")
    }
    return sorted(re.sub(r"\$(\w+)", r"\1", name.removeprefix("shijin ")) for name in found)


@pytest.mark.parametrize("words", commands())
def test_a_command_that_a_sentence_names_is_one_that_the_command_line_takes(words: str) -> None:
    verb, *rest = shlex.split(AtTerminal(Path("my-shop")).command(words.split()))[1:]
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    group.commands[verb].make_context(verb, list(rest))  # refuses what it does not take
    makes_one = verb in ("init", "demo", "run")
    assert makes_one or rest[:2] == ["-w", "my-shop"]


@pytest.mark.parametrize("words", commands())
def test_a_command_that_a_sentence_names_is_a_call_that_python_takes(words: str) -> None:
    call = ast.parse(PYTHON.command(words.split()), mode="eval").body
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    assert isinstance(call.func.value, ast.Name)
    method = getattr({"shop": Shop, "shijin": shijin}[call.func.value.id], call.func.attr)
    named = {keyword.arg: "value" for keyword in call.keywords if keyword.arg}
    self_ = () if call.func.value.id == "shijin" else (None,)
    inspect.signature(method).bind(*self_, *("value" for _ in call.args), **named)
    if method is Shop.recommend:
        options = {name: value for name, value in named.items() if name not in ("customer", "item")}
        RecommendOptions.of(None, None, None, options)


# -- one refusal, every reader -----------------------------------------------------------------------------------------


def test_a_refusal_is_written_for_terminal_python_and_json() -> None:
    error = ConfigError("cli.k_without_like")
    terminal = "--k needs --like: it is the number of similar customers to show. Cure: name a customer with --like ID."
    assert error.line("en", AtTerminal(Path("orders-shijin"))) == terminal
    assert str(error) == terminal.replace("--k", "k").replace("--like ID", "like='ID'").replace("--like", "like")
    assert (
        error.line("zh", AtTerminal())
        == "--k 需与 --like 一起使用：它表示显示多少位相似顾客。解决办法：请用 --like ID 指定顾客。"
    )
    assert error.as_json() == {
        "error": {
            "kind": "ConfigError",
            "code": "cli.k_without_like",
            "key": None,
            "where": None,
            "problem": "k needs like: it is the number of similar customers to show",
            "cure": "name a customer with like ID",
        }
    }


def test_a_key_is_named_as_each_reader_knows_it() -> None:
    error = ConfigError("config.not_a_length_of_time", key="min_gap", value="soon")
    assert error.line("en", AtTerminal()).startswith("--min-gap: ")
    assert error.line("en", PYTHON).startswith("min_gap: ")
    assert error.line("en", JSON).startswith("min_gap: ")
    assert error.as_json()["error"]["key"] == "min_gap"


def test_a_chinese_shop_refuses_in_chinese(workspace: Path, command: Command) -> None:
    (workspace / "shijin.toml").write_text('[shop]\nlocale = "zh"\n', "utf-8")
    said = command("score", "-w", workspace, "--horizon", "soon")
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert said.err.startswith("--horizon：'soon' 不是时间长度。解决办法：")
    with pytest.raises(ShijinError, match="horizon：'soon' 不是时间长度。解决办法："):
        shijin.open(workspace).forecast("soon")


def test_a_refusal_with_json_is_json(workspace: Path, command: Command) -> None:
    said = command("score", "-w", workspace, "--horizon", "soon", "--json")
    refusal = json.loads(said.err)
    assert (said.code, said.out) == (2, "")
    assert (refusal["error"]["key"], refusal["error"]["code"]) == ("horizon", "config.not_a_length_of_time")


@pytest.mark.parametrize("wrong", [("--bogus",), ("--horizon",)])
def test_a_wrong_call_with_json_is_json_too(workspace: Path, command: Command, wrong: tuple[str, ...]) -> None:
    said = command("score", "-w", workspace, "--json", *wrong)
    refusal = json.loads(said.err)
    assert (said.code, said.out, refusal["error"]["code"]) == (2, "", "cli.wrong_call")


def test_a_cure_names_the_workspace_as_the_reader_reaches_it(tmp_path: Path, command: Command) -> None:
    assert command("init", "-w", tmp_path / "shop").code == 0
    said = command("train", "-w", tmp_path / "shop")
    assert f"shijin collect -w {tmp_path / 'shop'} orders.csv" in said.err
