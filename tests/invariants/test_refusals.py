"""Refusals are sentences of the catalogue: by code, complete, in both languages, and written for whoever reads them."""

import ast
import inspect
import json
import re
import shlex
import shutil
import string
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import typer
from typer.exceptions import TyperException

import shijin
from conftest import Command
from shijin import errors
from shijin.cli import VERBS, app
from shijin.cli.commands import AtTerminal
from shijin.cli.wrong_call import wrong_call
from shijin.config import Config, Section
from shijin.errors import ConfigError, ModelError, Phrase, ShijinError
from shijin.schema import BAD_REASONS
from shijin.shop import Shop
from shijin.steps.list_request import RecommendOptions
from shijin.words import REFUSALS, catalogue, say_note
from shijin.words.reader import JSON, PYTHON

SOURCE = Path(shijin.__file__).parent
KINDS = {name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, ShijinError)}
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# Programs of their own, the module that translates flags, and the colours of a style sheet, which look like flags.
NOT_SENTENCES = ("pretrain.py", "ship.py", "reader.py", "svg.py")
COMMAND = re.compile(rf"\bshijin ({'|'.join(verb.__name__ for verb in VERBS)})\b")
CODES = sorted(code.removeprefix(f"{REFUSALS}.") for code in catalogue() if code.startswith(f"{REFUSALS}."))
TOPICS = sorted({code.split(".")[0] for code in CODES})
FILES = (".json", ".toml", ".parquet", ".jsonl", ".html")
PARTS = ("shared.", "quarantine.")  # parts of a refusal; details of rows, which have a test of their own


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


@pytest.mark.parametrize(("place", "node"), CALLS, ids=[place for place, _ in CALLS])
def test_no_refusal_composes_its_code(place: str, node: ast.Call) -> None:
    """Whoever looks for a code finds it; but reasons of rows set aside are codes of their own."""
    assert not isinstance(node.args[0], ast.JoinedStr | ast.BinOp) or place.startswith("collect/reasons.py")


def spelled() -> dict[str, str]:
    """Every text in the package that is written like the code of a refusal, and where."""
    return {
        text.removeprefix(f"{REFUSALS}."): f"{path.relative_to(SOURCE)}:{line}"
        for path in SOURCE.rglob("*.py")
        for line, text in strings_of(path)
        if re.fullmatch(rf"({REFUSALS}\.)?({'|'.join(TOPICS)})\.[a-z0-9_]*[a-z0-9]", text)
    }


def test_every_code_that_is_spelled_has_a_sentence() -> None:
    """Keys of the config, other sentences and names of files are written alike."""
    tables = {name: section for name, section in Config() if isinstance(section, Section)}
    keys = {f"{table}.{name}" for table, section in tables.items() for name in type(section).model_fields}
    others = {*CODES, *catalogue(), *keys}
    assert {code: at for code, at in spelled().items() if code not in others and not code.endswith(FILES)} == {}


def test_every_sentence_of_a_refusal_is_used() -> None:
    used = spelled()
    whole = [code for code in CODES if not code.endswith(".cure") and not code.startswith(PARTS)]
    assert [code for code in whole if code not in used] == []


def test_every_sentence_of_a_row_set_aside_is_one_that_collect_writes() -> None:
    codes = {text for path in (SOURCE / "collect").rglob("*.py") for _, text in strings_of(path)} | set(BAD_REASONS)
    sentences = [code.split(".")[1] for code in CODES if code.startswith("quarantine.") and not code.endswith(".cure")]
    assert [name for name in sentences if name not in codes] == []


def test_every_problem_has_a_cure() -> None:
    problems = [code for code in catalogue() if code.startswith(f"{REFUSALS}.") and not code.endswith(".cure")]
    without = [code for code in problems if f"{code}.cure" not in catalogue()]
    # Phrases inside other sentences, and the line that a command prints while it waits.
    allowed = {code for code in without if code.startswith(f"{REFUSALS}.shared.")} | {f"{REFUSALS}.workspace.waiting"}
    assert set(without) == allowed


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
    python = terminal.replace("--k", "k").replace("--like ID", "customer='ID'").replace("--like", "customer")
    assert str(error) == python  # `Shop.similar` calls it customer
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


WRONG_CALLS = {
    "no_such_command": ("scor",),
    "no_such_flag": ("score", "--bogus"),
    "flag_needs_value": ("score", "--horizon"),
    "flag_takes_no_value": ("recommend", "--all=3"),
    "argument_missing": ("collect",),
    "surplus": ("score", "surplus"),
    "not_a_number": ("recommend", "--diverse", "x"),
    "not_a_whole_number": ("represent", "--k", "x"),
}


@pytest.mark.parametrize("code", WRONG_CALLS)
def test_a_wrong_call_is_refused_by_code_in_the_language_of_the_shop(
    workspace: Path, command: Command, code: str
) -> None:
    verb, *rest = WRONG_CALLS[code]
    arguments = (verb, "-w", workspace, *rest)
    refusal = json.loads(command(verb, "--json", f"--workspace={workspace}", *rest).err)
    assert refusal["error"]["code"].split(".")[1] == code
    english = command(*arguments)
    (workspace / "shijin.toml").write_text('[shop]\nlocale = "zh"\n', "utf-8")
    chinese = command(*arguments)
    for done in (english, chinese):
        assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "Cure: " in english.err
    assert not re.search("[一-鿿]", english.err)
    assert "解决办法：" in chinese.err
    assert not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", chinese.err.replace("shijin", "").replace(str(workspace), ""))


def test_a_wrong_call_that_has_no_sentence_gives_what_typer_writes() -> None:
    refusal = wrong_call(TyperException("the moon is full."), ["score"], ["score"])
    assert (refusal.code, refusal.where) == ("cli.wrong_call", "shijin score")
    assert "命令有误（the moon is full.）" in refusal.line("zh")


# -- one language, every face ------------------------------------------------------------------------------------------


@pytest.fixture
def chinese(workspace: Path) -> Path:
    (workspace / "shijin.toml").write_text('[shop]\nlocale = "zh"\n', "utf-8")
    return workspace


def test_a_mistake_in_the_config_of_a_chinese_shop_is_named_in_chinese(chinese: Path, command: Command) -> None:
    (chinese / "shijin.toml").write_text('[shop]\nlocale = "zh"\ncurrency = "euro"\n', "utf-8")
    line = "[shop] currency：'euro' 不是货币代码。解决办法：请写三个大写字母，如 CNY。"
    assert command("score", "-w", chinese).err.strip().endswith(line)
    with pytest.raises(ConfigError, match="不是货币代码"):
        shijin.open(chinese)


def test_every_verb_of_a_chinese_shop_refuses_python_in_chinese(chinese: Path, orders: pd.DataFrame) -> None:
    shop = shijin.open(chinese)
    for wrong in (
        lambda: shop.collect(3),
        lambda: shop.forecast([]),
        lambda: shop.recommend(bogus=3),
        lambda: shop.features("June"),
        lambda: shijin.from_dataframe(3, chinese),
        lambda: shijin.from_dataframe(orders[["amount"]], chinese),
        lambda: shijin.from_dataframe(orders, chinese, bogus="x"),
    ):
        with pytest.raises(ShijinError, match="解决办法："):
            wrong()


def test_the_charts_of_a_chinese_shop_refuse_in_chinese(chinese: Path) -> None:
    shop = shijin.open(chinese)
    for file in chinese.glob("scores/*/recommendations*"):
        file.unlink()
    with pytest.raises(ShijinError, match=r"最新预测还没有对应的推荐.*请先运行 shop.recommend"):
        shop.plot.recommended()
    shutil.rmtree(chinese / "scores")
    with pytest.raises(ShijinError, match=r"尚无预测结果.*请先运行 shop.forecast"):
        shop.plot  # noqa: B018


def test_a_note_holds_a_refusal_by_code_and_is_read_in_either_language() -> None:
    error = ModelError("forecasting.horizon_beyond_model", most=1096, days=1200)
    note = json.loads(json.dumps({"code": "run.no_map", "why": error.as_note()}))
    assert say_note(note, "zh") == "没有顾客分布图：行为模型只支持 1 到 1,096 天的预测期，不支持 1,200 天。"
    assert say_note({"code": "run.no_map", "why": "a text of an older receipt"}, "zh").endswith("older receipt。")
    nested = ConfigError("collect.unknown_role", role="x", suggestion=Phrase("shared.did_you_mean", near="ts"))
    assert nested.as_note()["suggestion"] == {"code": "refusals.shared.did_you_mean", "near": "ts"}  # type: ignore[index]


def test_no_note_and_no_progress_stores_a_sentence() -> None:
    """A note's values and a task's name come from codes: no argument of a note or of `progress` is an f-string."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "error":
                assert node.attr not in ("problem", "cure") or path.name == "errors.py", (path, node.lineno)
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("progress") and node.args:
                assert isinstance(node.args[0], ast.Dict | ast.Name), (path, node.lineno)


def test_a_cure_names_the_workspace_as_the_reader_reaches_it(tmp_path: Path, command: Command) -> None:
    assert command("init", "-w", tmp_path / "shop").code == 0
    said = command("train", "-w", tmp_path / "shop")
    assert f"shijin collect -w {tmp_path / 'shop'} orders.csv" in said.err
