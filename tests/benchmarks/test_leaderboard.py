"""The page of results: which windows chose nothing, who wins how often, and which marks are met."""

# ruff: noqa: E402 - benchmarks are scripts beside the package: their folder is named before they are imported

import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import asked
from leaderboard import _counted as counted
from leaderboard import _distributed as distributed
from leaderboard import _within_p90 as within_p90
from leaderboard import clean


def window(shop: str, cutoff: str, horizon_days: int, number: int) -> dict[str, Any]:
    return {"shop": shop, "cutoff": cutoff, "horizon_days": horizon_days, "window": number}


def test_a_window_is_clean_where_it_overlaps_no_development_window_of_its_shop() -> None:
    newest, development = window("a", "2024-07-01", 30, 0), window("a", "2024-06-01", 30, 1)
    reaches_in = window("a", "2024-06-30", 31, 0)
    elsewhere = window("b", "2024-06-01", 30, 0)
    assert clean([newest, development, reaches_in, elsewhere]) == [newest, elsewhere]


def test_a_window_older_than_the_development_window_chose_it() -> None:
    assert clean([window("a", "2024-01-01", 30, 2)]) == []


def test_wins_ties_and_losses_are_counted_with_the_mean_difference() -> None:
    verdicts = [("win", 0.3), ("loss", -0.1), ("tie", 0.1)]
    results = [
        {"differences": {"BTYD": [{"metric": "auc", "value": value, "low": 0, "high": 0, "verdict": verdict}]}}
        for verdict, value in verdicts
    ]
    row = counted(results, "differences", ["BTYD"], "we against")[-1]
    assert row.startswith("| BTYD | 1 / 1 / 1 (+0.1000) |")


@pytest.mark.parametrize(
    ("level", "as_it_is", "divided", "met"),
    [(1.05, 0.04, 0.09, True), (1.05, 0.06, 0.01, False), (0.8, 0.09, 0.04, True), (0.8, 0.04, 0.06, False)],
)
def test_a_level_further_off_than_a_tenth_is_divided_out(
    level: float, as_it_is: float, divided: float, met: bool
) -> None:
    found = {"level": level, "pit_distance": as_it_is, "pit_distance_at_level": divided}
    assert distributed(found) == met


@pytest.mark.parametrize(("share", "met"), [(0.86, False), (0.87, True), (0.93, True), (0.94, False)])
def test_spend_within_p90_has_two_ends(share: float, met: bool) -> None:
    assert within_p90({"coverage_p90": share}) == met


def test_a_part_is_not_written_over_the_whole(tmp_path: Path) -> None:
    asked.refuse_part(tmp_path / "other", tmp_path, part=True)
    asked.refuse_part(tmp_path, tmp_path, part=False)
    with pytest.raises(SystemExit, match="a part of that result"):
        asked.refuse_part(tmp_path, tmp_path, part=True)
