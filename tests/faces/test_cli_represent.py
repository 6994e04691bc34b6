"""represent: what the command prints, in both languages, with a forecast and without one."""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from conftest import Command
from rawfile import HORIZON_DAYS, write


def test_it_says_where_the_vectors_are(workspace: Path, command: Command) -> None:
    said = command("represent", "-w", workspace)
    (file,) = workspace.glob("representations/*/vectors.parquet")
    assert said.code == 0
    assert said.out.strip() == f"vectors of 200 customers, {HORIZON_DAYS} days from 2023-11-28: {file}"
    assert f"shijin represent -w {workspace} --like ID" in said.err
    assert "shijin report" in said.err


def test_as_json_it_gives_the_card_and_the_files(workspace: Path, command: Command) -> None:
    said = command("represent", "-w", workspace, "--horizon", "30d", "--cutoff", "2023-08-01", "--json")
    found = json.loads(said.out)
    assert (said.code, said.err) == (0, "")
    assert (found["cutoff"], found["horizon_days"], found["new"]) == ("2023-08-01", 30, True)
    rows, card = (workspace / output for output in found["outputs"])
    assert pq.read_table(rows).num_rows == found["customers"]
    assert json.loads(card.read_text("utf-8")).items() <= found.items()
    assert (
        json.loads(command("represent", "-w", workspace, "--horizon", "30d", "--cutoff", "2023-08-01", "--json").out)[
            "new"
        ]
        is False
    )


def test_it_shows_the_most_alike_under_the_customer_asked_for(workspace: Path, command: Command) -> None:
    found = json.loads(command("represent", "-w", workspace, "--like", "c000003", "--k", "4", "--json").out)
    neighbours = found["neighbours"]
    assert [set(row) for row in neighbours] == [{"customer_id", "similarity", "tier", "expected_spend"}] * 4
    assert found["customer"]["customer_id"] == found["like"] == "c000003"
    assert found["score"] == json.loads((workspace / "scores" / "LATEST.json").read_text("utf-8"))["id"]
    said = command("represent", "-w", workspace, "--like", "c000003", "--k", "4")
    shown = [line.split()[1] for line in said.out.splitlines() if line.startswith("│")]
    assert shown == ["c000003", *(row["customer_id"] for row in neighbours)]
    assert f"{neighbours[0]['similarity']:.3f}" in said.out
    assert f"{neighbours[0]['expected_spend']:,.2f}" in said.out
    ten = json.loads(command("represent", "-w", workspace, "--like", "c000003", "--json").out)["neighbours"]
    assert len(ten) == 10
    assert ten[:4] == neighbours


def test_without_a_forecast_there_are_neighbours_and_a_word_of_it(
    orders: pd.DataFrame, command: Command, tmp_path: Path
) -> None:
    assert command("init", "-w", tmp_path / "shop").code == 0
    assert command("collect", write(orders, tmp_path / "orders.csv"), "-w", tmp_path / "shop").code == 0
    said = command("represent", "-w", tmp_path / "shop", "--like", "c000003", "--horizon", "60d")
    assert said.code == 0
    assert "shijin score" in said.err
    assert "c000003" in said.out


def test_few_customers_are_said(command: Command, tmp_path: Path) -> None:
    rows = "".join(f"c{n % 9},2024-{n % 12 + 1:02d}-{n % 28 + 1:02d},{n + 1}\n" for n in range(100))
    (tmp_path / "orders.csv").write_text("customer_id,ts,amount\n" + rows)
    assert command("init", "-w", tmp_path / "shop").code == 0
    assert command("collect", tmp_path / "orders.csv", "-w", tmp_path / "shop").code == 0
    said = command("represent", "-w", tmp_path / "shop")
    assert (said.code, "Few customers to compare (9)" in said.err) == (0, True)


def test_it_speaks_the_shops_language(workspace: Path, command: Command) -> None:
    (workspace / "shijin.toml").write_text((workspace / "shijin.toml").read_text() + '[shop]\nlocale = "zh"\n')
    assert "位顾客的向量" in command("represent", "-w", workspace).out
    out = command("represent", "-w", workspace, "--like", "c000003").out
    assert all(word in out for word in ("与 c000003 最相似的顾客", "相似度", "层级", "价值"))
