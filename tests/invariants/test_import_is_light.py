"""`import shijin` costs nothing: what is heavy is loaded when it is first used."""

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "lightgbm",
    "sklearn",
    "altair",
    "vl_convert",
    "pandas",
    "polars",
    "duckdb",
    "deltalake",
    "pyarrow",
    "scipy",
)


def loaded_after(statement: str) -> set[str]:
    """Which heavy packages a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_shijin_loads_nothing_heavy() -> None:
    assert loaded_after("import shijin; shijin.__version__; dir(shijin)") == set()


@pytest.mark.parametrize(
    "statement", ["from shijin import Distribution, Grid", "from shijin import Forecaster, ShijinError"]
)
def test_what_a_forecaster_of_ones_own_needs_is_light(statement: str) -> None:
    assert loaded_after(statement) <= {"scipy"}


def test_the_command_line_draws_nothing_before_it_is_asked_to() -> None:
    assert loaded_after("import shijin.cli") & {"torch", "altair", "vl_convert"} == set()
