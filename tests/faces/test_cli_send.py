"""shijin recommend --to: lists as CSV to send, with names and a hold-out; a file is refused before all else."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from conftest import Command
from shijin.workspace import Workspace


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def held_out(folder: Path, command: Command) -> set[str]:
    """Customers whom the list of everybody holds out."""
    file = folder.parent / "all.csv"
    assert command("export", "-w", folder, "--to", file).code == 0
    return {row["customer_id"] for row in read(file) if row["holdout"] == "True"}


def test_everybodys_lists_can_be_sent_and_hold_out_whom_the_list_of_customers_holds_out(
    workspace: Path, command: Command, tmp_path: Path
) -> None:
    said = command("recommend", "-w", workspace, "--all", "--k", "4", "--to", tmp_path / "lists.csv")
    rows = read(tmp_path / "lists.csv")
    assert said.code == 0
    assert list(rows[0]) == ["customer_id", "rank", "item_id", "item", "score", "propensity", "reason", "holdout"]
    assert len(rows) == 4 * 200
    out = held_out(workspace, command)
    assert {row["customer_id"] for row in rows if row["holdout"] == "True"} == out
    assert f"({len(rows)} rows, 200 customers; {len(out)} customers in the hold-out: do not contact them)" in said.out


def test_a_list_without_a_hold_out_does_not_speak_of_one(workspace: Path, command: Command, tmp_path: Path) -> None:
    config = (workspace / "shijin.toml").read_text("utf-8")
    (workspace / "shijin.toml").write_text(f"{config}\n[export]\nholdout = 0.0\n", "utf-8")
    said = command("recommend", "-w", workspace, "--all", "--k", "4", "--to", tmp_path / "all.csv")
    assert said.code == 0, said.err
    assert "all.csv (800 rows, 200 customers)" in said.out
    assert "in the hold-out" not in said.out


def test_what_is_sent_keeps_propensities_whole_and_does_not_say_that_it_tries_something_out(
    workspace: Path, command: Command, tmp_path: Path
) -> None:
    config = (workspace / "shijin.toml").read_text("utf-8")
    for language, told in (("en", "shown to find out"), ("zh", "为了解顾客是否喜欢")):
        more = f'[shop]\nlocale = "{language}"\n[recommend]\nexplore = 0.01\n'
        (workspace / "shijin.toml").write_text(f"{config}\n{more}", "utf-8")
        assert command("recommend", "-w", workspace, "--all", "--to", tmp_path / "lists.csv").code == 0
        newest = json.loads((workspace / "scores" / "LATEST.json").read_text("utf-8"))["id"]
        rows = pq.read_table(workspace / "scores" / newest / "recommendations.parquet").to_pylist()
        sent = read(tmp_path / "lists.csv")
        assert [float(row["propensity"]) for row in sent] == [row["propensity"] for row in rows]
        tried = [place for place, row in enumerate(rows) if row["reason_code"] == "explore"]
        assert tried
        assert all(rows[place]["reason"] == told + rows[place]["reason"].removeprefix(told) for place in tried)
        assert not any(told in row["reason"] for row in sent)
        assert all(sent[place]["reason"] and rows[place]["reason"].endswith(sent[place]["reason"]) for place in tried)
        assert all(sent[place]["reason"] == row["reason"] for place, row in enumerate(rows) if place not in tried)


def test_who_wants_an_item_can_be_sent(workspace: Path, command: Command, tmp_path: Path) -> None:
    asked = ("recommend", "-w", workspace, "--item", "sku-0001", "--k", "30")
    result = json.loads(command(*asked, "--to", tmp_path / "who.csv", "--json").out)
    found = result["item_customers"]
    assert result["outputs"] == [str(tmp_path / "who.csv")]
    sent = Workspace.open(workspace).receipts()[-1]
    assert (sent.verb, sent.rows["rows"], sent.outputs) == ("export", 30, (str(tmp_path / "who.csv"),))
    rows = read(tmp_path / "who.csv")
    assert list(rows[0]) == ["customer_id", "rank", "score", "place", "reason", "holdout"]
    assert [row["customer_id"] for row in rows] == [row["customer_id"] for row in found]
    assert [row["reason"] for row in rows] == [row["reason"] for row in found]
    out = held_out(workspace, command)
    assert [row["holdout"] == "True" for row in rows] == [row["customer_id"] in out for row in rows]


@pytest.mark.parametrize("asked", [("--all",), ("--item", "sku-0001"), ("--customer", "c000001")])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_made(
    workspace: Path, command: Command, tmp_path: Path, asked: tuple[str, ...]
) -> None:
    before = sorted(str(path) for path in workspace.rglob("*"))
    for to, words in (
        (tmp_path, "a folder, not a file"),
        (tmp_path / "no" / "list.csv", "cannot be written (no such folder)"),
    ):
        said = command("recommend", "-w", workspace, *asked, "--to", to)
        assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
        assert words in said.err
    assert sorted(str(path) for path in workspace.rglob("*")) == before


def test_demand_is_no_list_to_send(workspace: Path, command: Command, tmp_path: Path) -> None:
    said = command("recommend", "-w", workspace, "--demand", "--to", tmp_path / "demand.csv")
    assert said.code == 2
    assert "no lists to filter or to send" in said.err


@pytest.mark.parametrize("name", ["shijin.toml", "report.html", "scores/LATEST.json", "new.csv"])
def test_no_list_replaces_a_file_of_the_workspace(workspace: Path, command: Command, name: str) -> None:
    before = {file: file.read_bytes() for file in workspace.glob("*.*")}
    for arguments in (("export",), ("recommend", "--all")):
        refused = command(*arguments, "-w", workspace, "--to", workspace / name)
        assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert {file: file.read_bytes() for file in workspace.glob("*.*")} == before


def test_no_list_replaces_another_file_but_an_earlier_list(workspace: Path, command: Command, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text("customer_id,ts,amount\na,2024-01-01,5\n", "utf-8")
    refused = command("export", "-w", workspace, "--to", orders)
    assert "not an exported list" in refused.err
    assert orders.read_text("utf-8").endswith("a,2024-01-01,5\n")
    assert "written as CSV" in command("export", "-w", workspace, "--to", tmp_path / "list.xlsx").err
    for _ in range(2):
        assert command("export", "-w", workspace, "--to", tmp_path / "list.csv").code == 0
