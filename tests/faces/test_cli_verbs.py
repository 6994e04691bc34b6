"""collect, check, train, backtest, export, report: what each prints, and its exit code."""

import csv
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from conftest import Command
from rawfile import HORIZON_DAYS, write
from shijin.config import Config

HEADER = "customer_id,ts,amount\n"
GOOD = HEADER + "".join(f"c{n % 9},2024-{n % 12 + 1:02d}-{n % 28 + 1:02d},{n + 1}\n" for n in range(100))
HORIZON = ("--horizon", f"{HORIZON_DAYS}d")


def collected(command: Command, folder: Path, content: str) -> Path:
    (folder / "orders.csv").write_text(content, "utf-8")
    assert command("init", "-w", folder / "shop").code == 0
    assert command("collect", folder / "orders.csv", "-w", folder / "shop").code == 0
    return folder / "shop"


def collected_clean(command: Command, folder: Path) -> Path:
    (folder / "clean").mkdir()
    return collected(command, folder / "clean", GOOD)


def test_up_to_five_bad_rows_in_a_hundred_go_into_quarantine_with_reason_and_row(
    command: Command, tmp_path: Path
) -> None:
    shop = collected(command, tmp_path, GOOD + "x,2024-02-30,5\n" * 4 + "x,2024-03-01,abc\n")
    (file,) = (shop / "quarantine").glob("*.parquet")
    rows = pq.read_table(file).to_pylist()
    assert [(row["source_row"], row["reason"]) for row in rows] == [
        *((number, "bad_time") for number in range(101, 105)),
        (105, "bad_amount"),
    ]


def test_collect_says_how_it_read_and_what_became_of_the_rows(command: Command, tmp_path: Path) -> None:
    shop = collected(command, tmp_path, GOOD)
    said = command("collect", tmp_path / "orders.csv", "-w", shop)
    assert "customer_id=customer_id" in " ".join(said.err.split())
    assert "100" in said.out
    receipt = json.loads(command("collect", tmp_path / "orders.csv", "-w", shop, "--json").out)
    assert (receipt["rows"]["in"], receipt["rows"]["duplicates"], receipt["rows"]["accepted"]) == (100, 100, 0)
    assert receipt["money"]["in"] == receipt["money"]["duplicates"] == sum(range(1, 101))


def test_check_exits_0_where_the_data_can_be_used_and_1_where_something_spoils_a_forecast(
    command: Command, tmp_path: Path
) -> None:
    shop = collected(command, tmp_path, GOOD)
    assert command("check", "-w", shop).code == 0
    (tmp_path / "views").mkdir()
    spoilt = collected(
        command,
        tmp_path / "views",
        "customer_id,ts,type,amount\na,2024-01-01,view,\nb,2024-01-02,view,\nc,2024-01-02,cart,1\n",
    )
    said = command("check", "-w", spoilt, "--json")
    found = json.loads(said.out)
    assert (said.code, found["spoils"]) == (1, True)
    assert "spoils" in [finding["severity"] for finding in found["findings"]]


def test_check_says_how_to_look_at_the_rows_set_aside(command: Command, tmp_path: Path) -> None:
    shop = collected(command, tmp_path, GOOD + "x,2024-02-30,5\n")
    said = command("check", "-w", shop)
    (line,) = (line for line in said.out.splitlines() if line.startswith("1 row set aside"))
    _, python, shown = line.partition('python -c "')
    looked = subprocess.run([sys.executable, "-c", shown.removesuffix('"')], capture_output=True, text=True, check=True)
    assert python
    assert "bad_time" in looked.stdout
    assert "set aside" not in command("check", "-w", collected_clean(command, tmp_path)).out


def test_train_speaks_the_shops_language(workspace: Path, command: Command) -> None:
    (workspace / "shijin.toml").write_text((workspace / "shijin.toml").read_text() + '[shop]\nlocale = "zh"\n')
    out = command("train", "-w", workspace, *HORIZON).out
    for word in ("预测内容", "权重", "消费额", "提升树模型（LightGBM）", "组合权重在其后的窗口上训练"):
        assert word in out
    assert "weight" not in out


def test_train_shows_the_weights_and_gives_the_same_model_again(workspace: Path, command: Command) -> None:
    first = json.loads(command("train", "-w", workspace, *HORIZON, "--json").out)
    assert (first["new"], first["trained"], first["case"]) == (False, True, "later window")
    weights = pd.DataFrame(first["weights"])
    assert {"activity", "spend", "level"} <= set(weights["part"])
    assert weights[weights["part"] == "spend"]["weight"].sum() == pytest.approx(1)
    said = command("train", "-w", workspace, *HORIZON)
    assert first["id"] in said.out
    assert "LightGBM" in said.out


def test_backtest_shows_every_member_the_differences_and_one_sentence(workspace: Path, command: Command) -> None:
    before = sorted(str(path) for path in (workspace / "scores").rglob("*"))
    said = command("backtest", "-w", workspace, *HORIZON)
    assert said.code == 0
    for member in (
        "all zero",
        "last window",
        "RFM score",
        "decayed spend H/2",
        "decayed spend 2H",
        "BTYD",
        "LightGBM",
        "stack",
    ):
        assert member in said.out
    assert said.out.count("the ensemble (stack) against") == 3
    assert said.out.rstrip().endswith(".")
    result = json.loads(command("backtest", "-w", workspace, *HORIZON, "--json").out)
    (folder,) = (workspace / "backtests").iterdir()
    card = json.loads((folder / "backtest.json").read_text("utf-8"))
    assert result.items() >= {"id": folder.name, **card}.items()
    assert sorted(str(path) for path in (workspace / "scores").rglob("*")) == before


def listed(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_export_writes_every_customer_best_first_with_a_hold_out_by_salted_hash(
    workspace: Path, command: Command, tmp_path: Path
) -> None:
    said = command("export", "-w", workspace, "--to", tmp_path / "list.csv")
    rows = listed(tmp_path / "list.csv")
    held_out = [row for row in rows if row["holdout"] == "True"]
    where = f"{tmp_path / 'list.csv'} (200 people; {len(held_out)} in the hold-out: do not contact them)"
    assert said.out.strip() == f"list to send: {where}"
    assert len(rows) == 200
    spend = [float(row["expected_spend"]) for row in rows]
    assert spend == sorted(spend, reverse=True)
    config = Config().export
    share = {
        row["customer_id"]: int(hashlib.md5(f"{config.salt}:{row['customer_id']}".encode()).hexdigest()[:12], 16)
        / 16**12
        for row in rows
    }
    assert [row["holdout"] == "True" for row in rows] == [share[row["customer_id"]] < config.holdout for row in rows]
    assert 5 < sum(row["holdout"] == "True" for row in rows) < 40
    assert "email" not in rows[0]


def test_contacts_leave_only_when_asked_for_and_ids_are_never_addresses(command: Command, tmp_path: Path) -> None:
    content = "email,phone,date,total\n" + "".join(
        f"Ann{n % 12}@X.org,,2024-{n % 12 + 1:02d}-05,{n + 1}\n" for n in range(80)
    )
    shop = collected(command, tmp_path, content)
    assert command("score", "-w", shop, "--horizon", "60d").code == 0
    assert command("export", "-w", shop, "--to", tmp_path / "plain.csv").code == 0
    assert command("export", "-w", shop, "--contacts", "--to", tmp_path / "contacts.csv").code == 0
    assert "x.org" not in (tmp_path / "plain.csv").read_text("utf-8-sig").lower()
    assert {row["email"] for row in listed(tmp_path / "contacts.csv")} == {f"ann{n}@x.org" for n in range(12)}
    everywhere = [
        file for name in ("scores", "receipts", "report.html") for file in [shop / name, *(shop / name).rglob("*")]
    ]
    assert [str(file) for file in everywhere if file.is_file() and b"x.org" in file.read_bytes().lower()] == []


def test_report_writes_one_page_and_says_where(workspace: Path, command: Command) -> None:
    (workspace / "report.html").unlink()
    said = command("report", "-w", workspace)
    assert (said.code, str(workspace / "report.html") in said.out) == (0, True)
    page = (workspace / "report.html").read_text("utf-8")
    assert 20_000 < len(page.encode()) < 1_000_000
    assert "http://" not in page.replace("http://www.w3.org/", "")
    found = json.loads(command("report", "-w", workspace, "--json").out)
    assert found["file"] == str(workspace / "report.html")


def test_what_is_collected_later_is_judged_and_forecast_anew(
    orders: pd.DataFrame, command: Command, tmp_path: Path
) -> None:
    shop = tmp_path / "shop"
    assert command("init", "-w", shop).code == 0
    earlier, later = orders[orders["ts"] < "2023-09-01"], orders
    scores = []
    for frame in (earlier, later):
        assert command("collect", write(frame, tmp_path / "orders.csv"), "-w", shop).code == 0
        scores.append(json.loads(command("score", "-w", shop, *HORIZON, "--json").out)["score"])
    assert scores[0][:10] == "2023-09-01"
    assert scores[1][:10] == "2023-11-28"


def test_the_shop_speaks_chinese_where_it_is_told_to(workspace: Path, command: Command) -> None:
    config = (workspace / "shijin.toml").read_text() + '\n[shop]\nlocale = "zh"\n'
    (workspace / "shijin.toml").write_text(config)
    for verb in ("check", "score"):
        said = command(verb, "-w", workspace)
        assert any("一" <= letter <= "鿿" for letter in said.out), verb
