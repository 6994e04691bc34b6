"""The same file and the same question give the same bytes: again, elsewhere, on more threads."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from conftest import Command
from rawfile import CONFIG, HORIZON_DAYS, shop_of
from shijin.schema import VECTORS

FOLDERS = ("data", "models", "scores", "backtests", "representations", "exports", "quarantine")
KEPT = (*FOLDERS, "report.html", "shijin.toml")
PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


def every_byte(root: Path, names: Iterable[str] = KEPT) -> dict[str, bytes]:
    files = [
        file for name in names for file in ([root / name] if (root / name).is_file() else (root / name).rglob("*"))
    ]
    return {str(file.relative_to(root)): file.read_bytes() for file in files if file.is_file()}


def test_a_second_run_of_the_same_file_leaves_every_byte(workspace: Path, finished: Path, command: Command) -> None:
    before = every_byte(workspace)
    assert {Path(name).parts[0] for name in before} == set(KEPT) - {"quarantine"}  # every row of this file is good
    source = finished.parent / "orders.csv"
    assert command("run", source, "-w", workspace, "--horizon", f"{HORIZON_DAYS}d").code == 0
    assert every_byte(workspace) == before


def test_a_run_without_a_file_goes_again_with_what_is_there_and_leaves_every_byte(
    workspace: Path, command: Command
) -> None:
    before = every_byte(workspace)
    assert command("run", "-w", workspace, "--horizon", f"{HORIZON_DAYS}d").code == 0
    assert every_byte(workspace) == before


def test_another_workspace_and_two_threads_give_the_same_forecasts_to_the_bit(
    finished: Path, orders: pd.DataFrame, tmp_path: Path
) -> None:
    shop = shop_of(orders, tmp_path)
    (tmp_path / "shop" / "shijin.toml").write_text(CONFIG.replace("1", "2"))
    shop = type(shop)(type(shop.workspace).open(tmp_path / "shop"))
    (rows,) = finished.glob("backtests/*/members.parquet")
    assert shop.backtest(horizon=HORIZON_DAYS).members.equals(pq.read_table(rows))
    (forecast,) = finished.glob("scores/*/forecast.parquet")
    assert shop.train(horizon=HORIZON_DAYS).forecast().equals(pq.read_table(forecast))
    (vectors,) = finished.glob("representations/*/vectors.parquet")
    assert shop.represent(horizon=HORIZON_DAYS).equals(pq.read_table(vectors).cast(VECTORS))


def test_nothing_in_a_workspace_is_a_pickle(finished: Path) -> None:
    kinds = {file.suffix for file in finished.rglob("*") if file.is_file() and file.name != ".lock"}
    assert kinds == {".parquet", ".json", ".toml", ".txt", ".html", ".csv", ".safetensors"}
    for name, content in every_byte(finished, ["."]).items():
        assert not content.startswith(PICKLES), name


def test_importing_shijin_imports_no_pickle_reader_of_its_own() -> None:
    import shijin

    sources = list(Path(shijin.__file__).parent.rglob("*.py"))
    assert len(sources) > 50
    words = ("import pickle", "import joblib", "import dill", "import shelve", "np.load(")
    assert [str(file) for file in sources for word in words if word in file.read_text("utf-8")] == []
