"""shijin recommend --demand: a table, an error that is said, a file; and what cannot be asked together."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from conftest import Command


def words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def test_demand_shows_what_brings_most_the_error_of_both_forecasts_and_the_file(
    workspace: Path, command: Command
) -> None:
    said = command("recommend", "-w", workspace, "--demand")
    table = pq.read_table(*(workspace / "scores").glob("*/demand.parquet"))
    assert (said.code, said.err) == (0, "")
    assert "Expected demand in the 30 days from 2023-11-28, in pieces" in words(said.out)
    lines = [line.split("│") for line in said.out.splitlines() if line.startswith("│")]
    shown = [line[1].strip().split()[0] for line in lines]
    brings = table["expected_units"].to_numpy() * table["price"].to_numpy()
    assert [line[3].strip() for line in lines] == [f"{money:,.0f}" for money in brings[:20]]
    assert shown == table["item_id"].to_pylist()[:20]
    assert "the naive forecast, the orders of the 30 days before" in words(said.out)
    assert words(said.out).count("%") == 2
    assert f"all items ({table.num_rows} items): " in said.out


def test_how_many_items_are_shown_can_be_said(workspace: Path, command: Command) -> None:
    said = command("recommend", "-w", workspace, "--demand", "--k", "3", "--json")
    found = json.loads(said.out)
    assert len(found["demand"]) == 3
    assert set(found["demand"][0]) >= {"item_id", "expected_units", "naive_units", "recent_units", "price"}
    assert set(found["judged"]["ours"]) == {"wape", "money_wape", "mae", "total"}
    assert found["outputs"][0].endswith("demand.parquet")
    assert command("recommend", "-w", workspace, "--demand", "--k", "0").code == 2


def test_demand_speaks_the_shops_language(workspace: Path, command: Command) -> None:
    (workspace / "shijin.toml").write_text((workspace / "shijin.toml").read_text() + '[shop]\nlocale = "zh"\n')
    said = command("recommend", "-w", workspace, "--demand", "--k", "2")
    for word in ("预计销量", "商品", "类别", "近 30 天", "简单预测", "全部商品"):
        assert word in said.out


@pytest.mark.parametrize(
    "flags",
    [
        ("--exclude-bought",),
        ("--category", "tea"),
        ("--in-stock", "stock.csv"),
        ("--min-gap", "14d"),
        ("--diverse", "0.3"),
        ("--value-aware",),
    ],
)
def test_what_shapes_lists_is_refused_beside_demand(workspace: Path, command: Command, flags: tuple[str, ...]) -> None:
    said = command("recommend", "-w", workspace, "--demand", *flags)
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert said.err.startswith("--demand counts every item")


@pytest.mark.parametrize("asked", [(), ("--demand", "--all"), ("--demand", "--item", "i1"), ("--all", "--item", "i1")])
def test_one_thing_at_a_time_is_asked(workspace: Path, command: Command, asked: tuple[str, ...]) -> None:
    said = command("recommend", "-w", workspace, *asked)
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert "--customer ID, --all, --item ID or --demand" in said.err


def test_all_brings_lists_interests_and_demand(workspace: Path, command: Command) -> None:
    found = json.loads(command("recommend", "-w", workspace, "--all", "--json").out)
    names = [Path(file).name for file in found["outputs"]]
    assert names == [
        "recommendations.parquet",
        "affinity.parquet",
        "recommendations.json",
        "demand.parquet",
        "demand.json",
    ]
