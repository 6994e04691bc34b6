"""What many tests begin with: one simulated shop's raw file, a workspace that went the whole way, and the command."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from rawfile import CONFIG, HORIZON_DAYS, raw_orders, write
from shijin.cli import main

settings.register_profile("any machine", deadline=None)  # how long an example takes says nothing about the code
settings.load_profile("any machine")


@dataclass(frozen=True)
class Said:
    """What a command gave: its exit code and what stood on its two outputs."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `shijin` with some arguments in this process, as its entry point does."""

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        code = entered(monkeypatch, *arguments)
        return Said(code, *capsys.readouterr())

    return run


def entered(patch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Go through the entry point with some arguments; gives the exit code."""
    patch.setattr(sys, "argv", ["shijin", *map(str, arguments)])
    try:
        main()
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


@pytest.fixture(scope="session")
def orders() -> pd.DataFrame:
    """The raw file of a small simulated shop, as `rawfile.raw_orders` gives it; not to be written to."""
    return raw_orders()


@pytest.fixture(scope="session")
def finished(orders: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that went the whole way, ``run orders.csv``; for reading only. The file lies beside it."""
    root = tmp_path_factory.mktemp("finished") / "shop"
    root.mkdir()
    (root / "shijin.toml").write_text(CONFIG)
    source = write(orders, root.parent / "orders.csv")
    with pytest.MonkeyPatch.context() as patch:
        assert entered(patch, "run", source, "-w", root, "--horizon", f"{HORIZON_DAYS}d", "--json") == 0
    return root


@pytest.fixture
def workspace(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished workspace, to be changed; of the same name, which the report's commands contain."""
    return Path(shutil.copytree(finished, tmp_path / "copy" / finished.name))
