"""A run that is killed at any moment, like a power cut: the next run ends where an undisturbed one would have."""

import json
import multiprocessing
import os
import random
import signal
import time
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rawfile import CONFIG, SMALL, raw_orders, write
from runs import enter
from shijin.schema import PROVENANCE
from shijin.steps.read import read_contacts, read_events, read_items, read_rejected
from shijin.workspace import Workspace

HEAVY = ["shijin.cli", "lightgbm", "sklearn.linear_model", "shijin.report.charts", "charset_normalizer", "deltalake"]


@dataclass(frozen=True)
class End:
    """Where a run ended: its tables, rows sorted, without where they came from; its forecast, judgement and list."""

    tables: tuple[pa.Table, ...]
    forecast: pa.Table
    members: pa.Table
    list_to_send: str
    leftovers: tuple[str, ...]


def end_of(root: Path) -> End:
    workspace = Workspace.open(root)
    latest: dict[str, Any] = json.loads((root / "scores" / "LATEST.json").read_text())
    (members,) = root.glob("backtests/*/members.parquet")
    (sent,) = root.glob("exports/*/customers.csv")
    assert (root / "report.html").read_text("utf-8").rstrip().endswith("</html>")
    found = (read_events(workspace), read_items(workspace), read_contacts(workspace), read_rejected(workspace))
    return End(
        tuple(plain(table) for table in found),
        pq.read_table(root / "scores" / latest["id"] / "forecast.parquet"),
        pq.read_table(members),
        sent.read_text("utf-8"),
        tuple(str(path) for path in root.rglob(".*") if path.name.startswith((".new-", ".old-"))),
    )


def plain(table: pa.Table) -> pa.Table:
    table = table.drop([name for name in PROVENANCE if name in table.column_names])
    return table.sort_by([(name, "ascending") for name in table.column_names])


@dataclass(frozen=True)
class Runs:
    """Starts runs of one file in processes that have their libraries at hand."""

    context: ForkServerContext
    source: Path
    seconds: float = 0.0

    def start(self, root: Path) -> BaseProcess:
        process = self.context.Process(target=enter, args=(str(self.source), str(root)))
        process.start()
        return process

    def through(self, root: Path) -> End:
        process = self.start(root)
        process.join()
        assert process.exitcode == 0
        return end_of(root)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Runs, End]:
    folder = tmp_path_factory.mktemp("undisturbed")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    frame = raw_orders(replace(SMALL, customers=110, days=240))
    frame.loc[len(frame)] = frame.loc[0].to_dict() | {"ts": None, "order_id": None}  # one row to set aside
    runs = Runs(context, write(frame, folder / "orders.csv"))
    first = context.Process(target=int)  # loads the libraries, which no later run waits for
    first.start()
    first.join()
    begun = time.monotonic()
    end = runs.through(fresh(folder))
    assert [table.num_rows for table in end.tables] == [len(frame) - 1, 40, 0, 1]
    return replace(runs, seconds=time.monotonic() - begun), end


def fresh(folder: Path) -> Path:
    root = folder / "shop"
    root.mkdir(parents=True)
    (root / "shijin.toml").write_text(CONFIG)
    return root


def killed(runs: Runs, root: Path, after_seconds: float) -> bool:
    """Start a run and kill it; gives whether it was still running."""
    process = runs.start(root)
    process.join(after_seconds)
    if process.is_alive():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return process.exitcode == -signal.SIGKILL


def kill_and_go_again(runs: Runs, expected: End, moments: list[float], folder: Path) -> int:
    hits = 0
    for place, moment in enumerate(moments):
        root = fresh(folder / str(place))
        hits += killed(runs, root, moment)
        found = runs.through(root)
        for table, other in zip(found.tables, expected.tables, strict=True):
            assert table.equals(other), moment
        assert found == expected, moment
        assert found.leftovers == ()
    return hits


def test_after_a_kill_at_any_of_ten_moments_the_next_run_ends_in_the_same_tables_and_forecasts(
    undisturbed: tuple[Runs, End], tmp_path: Path
) -> None:
    runs, expected = undisturbed
    dice = random.Random(7)
    moments = [dice.uniform(tenth, tenth + 1) / 10 * runs.seconds for tenth in range(10)]
    assert kill_and_go_again(runs, expected, moments, tmp_path) >= 5  # the others had ended before


def test_after_kill_upon_kill_in_one_workspace_the_next_run_ends_there_too(
    undisturbed: tuple[Runs, End], tmp_path: Path
) -> None:
    runs, expected = undisturbed
    dice = random.Random(8)
    root = fresh(tmp_path)
    assert sum(killed(runs, root, dice.uniform(0.1, 0.6) * runs.seconds) for _ in range(6)) >= 3
    assert runs.through(root) == expected


@pytest.mark.proof
def test_after_a_kill_at_any_of_forty_moments_too(undisturbed: tuple[Runs, End], tmp_path: Path) -> None:
    runs, expected = undisturbed
    dice = random.Random(9)
    moments = [dice.uniform(0, 1.05) * runs.seconds for _ in range(40)]
    assert kill_and_go_again(runs, expected, moments, tmp_path) >= 20
