"""Where a benchmark ran: versions and machine, for every result file."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("shijin", "numpy", "scipy", "pyarrow", "duckdb", "deltalake", "scikit-learn", "lightgbm")


def _commit() -> str | None:
    """The commit whose code is loaded, marked where files differ from it."""
    command = ["git", "describe", "--always", "--dirty"]
    told = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return told.stdout.strip() or None


COMMIT = _commit()  # read when the benchmark begins: the files may change while it runs


def machine() -> dict[str, object]:
    """Say what ran where."""
    return {
        "commit": COMMIT,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
