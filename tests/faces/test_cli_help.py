"""The command line explains itself: what there is, how each verb is called, with an example that would work."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import shijin
from conftest import Command
from shijin.cli.commands import terminal_language
from shijin.words import LANGUAGES
from shijin.workspace import Workspace

VERBS = (
    "demo",
    "init",
    "collect",
    "check",
    "train",
    "backtest",
    "score",
    "represent",
    "recommend",
    "feedback",
    "export",
    "report",
    "run",
)


def test_without_arguments_it_shows_every_verb(command: Command) -> None:
    said = command()
    assert said.code == 0
    assert said == command("--help")
    listed = re.findall(r"^[\s│]*([a-z]+) {2,}\S", said.out, re.MULTILINE)
    assert sorted(set(VERBS) & set(listed)) == sorted(VERBS)


def test_it_says_its_version(command: Command) -> None:
    assert command("--version").out.strip() == shijin.__version__


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example_of_flags_that_it_takes(verb: str, command: Command) -> None:
    said = command(verb, "--help")
    assert (said.code, said.err) == (0, "")
    words = " ".join(said.out.replace("│", " ").split())
    assert f"shijin {verb}" in words or f" {verb} [OPTIONS]" in words
    example = re.search(rf"Example: shijin ({verb}.*?)( ╭|$)", words)
    assert example is not None
    flags = [word for word in shlex.split(example[1]) if word.startswith("-")]
    assert [flag for flag in flags if f"{flag} " not in words.replace(example[0], "")] == []
    for flag in ("--workspace", "--json"):
        assert flag in words


def test_the_command_that_is_installed_is_the_one_tested_here(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("shijin")
    done = subprocess.run([script, "init", "-w", "my-shop"], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "workspace: my-shop\n", "")
    again = subprocess.run([script, "train", "-w", "elsewhere"], capture_output=True, text=True, cwd=tmp_path)
    assert (again.returncode, again.stdout, again.stderr.count("\n")) == (2, "", 1)


def test_init_never_asks_and_a_second_time_changes_nothing(command: Command, tmp_path: Path) -> None:
    assert command("init", "-w", tmp_path / "shop").code == 0
    (tmp_path / "shop" / "shijin.toml").write_text('[shop]\nname = "Ours"\n')
    assert command("init", "-w", tmp_path / "shop", "--json").code == 0
    assert (tmp_path / "shop" / "shijin.toml").read_text() == '[shop]\nname = "Ours"\n'


def test_before_a_workspace_is_known_the_language_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for language in LANGUAGES:
        monkeypatch.setenv("LC_ALL", f"{language}_XX.UTF-8")
        assert terminal_language() == language
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert terminal_language() == "en"


def test_a_new_workspace_has_the_terminals_language(tmp_path: Path) -> None:
    chinese = os.environ | {"LC_ALL": "zh_CN.UTF-8"}
    call = [sys.executable, "-c", "from shijin.cli import main; main()"]
    made = subprocess.run([*call, "init", "-w", tmp_path / "shop"], env=chinese, capture_output=True, check=True)
    assert (made.stderr, Workspace.open(tmp_path / "shop").config.shop.locale) == (b"", "zh")
    (tmp_path / "people.csv").write_text("a,b\n1,2\n", "utf-8")
    refused = subprocess.run([*call, "run", tmp_path / "people.csv"], env=chinese, capture_output=True, check=False)
    assert "找不到顾客列" in refused.stderr.decode("utf-8")
    assert not (tmp_path / "people-shijin").exists()
