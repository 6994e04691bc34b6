"""Whatever a file has become, its rows are read or set aside, or it is refused in one line; nothing is half written."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType

import pytest

from collect.mutations import damaged, seeds
from collecting import NOW
from shijin.collect import Collected, CollectOptions, Context, read_sources
from shijin.config import CollectSection, Config
from shijin.errors import ShijinError
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.read import read_contacts, read_events, read_items, read_rejected
from shijin.workspace import Workspace

SECONDS = 30  # a file of a few kilobytes takes milliseconds; beyond this it hangs
READERS = (read_events, read_items, read_contacts, read_rejected)


@contextmanager
def no_hang(what: str) -> Iterator[None]:
    """Raise where the block does not end."""

    def raise_it(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"hangs: {what}")

    before = signal.signal(signal.SIGALRM, raise_it)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def mutants(folder: Path, seed: int, number: int) -> Iterator[tuple[str, Path]]:
    """Write damaged files one after the other; the text says how to get each again."""
    names = sorted(seeds())
    for n in range(number):
        random = Random(f"{seed} {n}")  # each file by itself, whatever came before
        name = random.choice(names)
        path = folder / name
        path.write_bytes(damaged(random, name, seeds()[name]))
        yield f"{name}, seed {seed}, number {n}", path
        path.unlink()


def every_row_is_somewhere(collected: Collected) -> bool:
    stored = collected.events.num_rows - collected.derived + collected.rejected.num_rows + collected.repeated
    return collected.rows_in == stored


def read_mutants(folder: Path, seed: int, number: int) -> int:
    """Read damaged files; gives how many were not refused."""
    random, read = Random(seed), 0
    for what, path in mutants(folder, seed, number):
        config = Config(collect=CollectSection(max_bad_share=random.choice((0.05, 1.0, 1.0))))
        options = CollectOptions(drop_repeated=random.random() < 0.1)
        refusal = ""
        with no_hang(what):
            try:
                for collected in read_sources([path], Context(config, options, NOW)):
                    assert every_row_is_somewhere(collected), what
                read += 1
            except ShijinError as error:
                refusal = str(error)
            except Exception as error:
                raise AssertionError(what) from error
        assert "\n" not in refusal, what
    return read


def collect_mutants(folder: Path, seed: int, number: int) -> None:
    """Collect damaged files into one workspace: a refused one changes nothing there."""
    workspace = Workspace.create(folder / "shop")
    for what, path in mutants(folder, seed, number):
        before = [read(workspace) for read in READERS]
        with no_hang(what):
            try:
                collect(workspace, SourceOptions(path), NOW)
            except ShijinError:
                after = [read(workspace) for read in READERS]
                assert all(one.equals(other) for one, other in zip(before, after, strict=True)), what
            except Exception as error:
                raise AssertionError(what) from error
        assert not list(workspace.root.glob("**/.new-*")), what


@pytest.mark.parametrize("seed", range(4))
def test_damaged_files_are_read_or_refused(seed: int, tmp_path: Path) -> None:
    assert read_mutants(tmp_path, seed, 60) > 20


def test_a_refused_file_leaves_the_workspace_as_it_was(tmp_path: Path) -> None:
    collect_mutants(tmp_path, 100, 25)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(1000, 1180))
def test_eighteen_thousand_damaged_files_are_read_or_refused(seed: int, tmp_path: Path) -> None:
    assert read_mutants(tmp_path, seed, 100) > 20


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(2000, 2020))
def test_two_thousand_damaged_files_are_collected_or_change_nothing(seed: int, tmp_path: Path) -> None:
    collect_mutants(tmp_path, seed, 100)
