"""The layers hold: imports point down, and packages of one layer do not import each other in a circle."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FORBIDDEN = {"utils", "helpers", "common", "misc", "base", "core", "manager"}
MOST_LINES = 350


def test_imports_point_down_the_layers() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 kept, 0 broken" in done.stdout


def test_no_file_is_named_after_nothing() -> None:
    names = {path.stem for path in (ROOT / "src").rglob("*.py")} | {path.name for path in (ROOT / "src").rglob("*/")}
    assert names & FORBIDDEN == set()


def test_no_file_is_too_long_to_read() -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in (ROOT / "src").rglob("*.py")}
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
