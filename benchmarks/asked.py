"""What every benchmark on real shops can be told, and that a part of a result never takes the place of the whole."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shops import HORIZONS


def parser(about: str | None, into: Path) -> argparse.ArgumentParser:
    """Begin a benchmark's options: data, shops, weights, and where the result is written."""
    found = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("--data", type=Path, help="the folder of UCI Online Retail II")
    found.add_argument("--only", nargs="*", help="shops: " + ", ".join(HORIZONS))
    found.add_argument("--weights", type=Path, help="a folder of weights; the shipped ones where not given")
    found.add_argument("--into", type=Path, default=into, help="where the result is written")
    return found


def refuse_part(into: Path, whole: Path, *, part: bool) -> None:
    """End with one line where a part would be written over a committed whole."""
    if part and into == whole:
        sys.exit(f"{into}: this run is a part of that result. Cure: --into another place, or run the whole")
