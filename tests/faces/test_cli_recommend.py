"""recommend on the terminal: lists, who wants an item, JSON and nothing else, both languages, one line of refusal."""

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pandas as pd
import pytest

from conftest import Command, entered
from rawfile import CONFIG, SMALL, raw_orders, shop_of

CUTOFF = "2023-11-28"
ITEM = ["rank", "item_id", "score", "propensity", "reason_code", "reason_args", "reason"]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small shop's workspace, where what is wanted was asked before. For asking only."""
    root = shop_of(raw_orders(replace(SMALL, customers=90)), tmp_path_factory.mktemp("asked")).workspace.root
    with pytest.MonkeyPatch.context() as patch:
        assert entered(patch, "recommend", "-w", root, "--all", "--json") == 0
    return root


@pytest.fixture(scope="module")
def rows(asked: Path) -> pd.DataFrame:
    newest = json.loads((asked / "scores" / "LATEST.json").read_text("utf-8"))["id"]
    return pd.read_parquet(asked / "scores" / newest / "recommendations.parquet")


def tree(root: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in root.rglob("*") if file.is_file() and file.name != ".lock"}


def test_everybodys_lists_are_a_file_and_the_terminal_says_where(command: Command, asked: Path) -> None:
    shown = command("recommend", "-w", asked, "--all")
    assert shown.code == 0
    newest = json.loads((asked / "scores" / "LATEST.json").read_text("utf-8"))["id"]
    path = asked / "scores" / newest / "recommendations.parquet"
    assert f"recommendations for 90 customers, 40 different items, 30 days from {CUTOFF}: {path}" in shown.out
    assert f"interest by category and brand: {path.parent / 'affinity.parquet'}" in shown.out
    assert f"next: shijin recommend -w {asked} --customer ID for one customer, --item ID" in shown.out
    assert "with a purchase in earlier windows of 30 days" in " ".join(shown.err.split())


def test_one_customers_list_is_a_table_with_reasons(command: Command, asked: Path, rows: pd.DataFrame) -> None:
    customer = rows["customer_id"][0]
    shown = command("recommend", "-w", asked, "--customer", customer, "--k", 3)
    assert shown.code == 0
    out = " ".join(shown.out.split())
    assert f"Recommendations for {customer}: 30 days from {CUTOFF}" in out
    mine = rows[rows["customer_id"] == customer]
    for item in mine["item_id"][:3]:
        assert item in out
    assert mine["item_id"][3] not in out
    assert "days ago" in out


def test_a_list_by_what_items_bring_is_in_money_and_its_head_says_so(
    command: Command, asked: Path, rows: pd.DataFrame
) -> None:
    customer = rows["customer_id"][0]
    plain, shown = (
        command("recommend", "-w", asked, "--customer", customer, *more) for more in ((), ("--value-aware",))
    )
    assert " score " in plain.out
    assert "expected sales" in shown.out  # the file tells no costs
    assert " score " not in shown.out
    found = json.loads(command("recommend", "-w", asked, "--customer", customer, "--value-aware", "--json").out)
    assert f"{found['recommendations'][0]['score']:,.2f}" in shown.out


def test_who_wants_an_item_is_a_table_of_customers(command: Command, asked: Path, rows: pd.DataFrame) -> None:
    item = rows["item_id"].mode()[0]
    shown = command("recommend", "-w", asked, "--item", item, "--k", 4)
    assert shown.code == 0
    assert f"Customers for {item}: 30 days from {CUTOFF}" in " ".join(shown.out.split())
    best = rows[rows["item_id"] == item].sort_values("score", ascending=False)["customer_id"][:4]
    assert all(customer in shown.out for customer in best)


def test_json_is_printed_and_nothing_else(command: Command, asked: Path, rows: pd.DataFrame) -> None:
    customer, item = rows["customer_id"][0], rows["item_id"].mode()[0]
    one, whole, who = (
        command("recommend", "-w", asked, *question, "--json")
        for question in (("--customer", customer), ("--all",), ("--item", item))
    )
    assert (one.err, whole.err, who.err) == ("", "", "")
    found = json.loads(one.out)
    mine = rows[rows["customer_id"] == customer]
    assert [list(row) for row in found["recommendations"]] == [["customer_id", *ITEM]] * 10
    assert [row["item_id"] for row in found["recommendations"]] == mine["item_id"].tolist()
    assert [row["score"] for row in found["recommendations"]] == mine["score"].tolist()
    assert found["customer"] == customer
    assert set(found["names"]) == set(mine["item_id"])
    assert (
        json.loads(whole.out).items()
        >= {
            "customers": 90,
            "cutoff": CUTOFF,
            "horizon_days": 30,
            "explore": 0.0,
            "explored": 0,
            "options": {
                "k": 10,
                "exclude_bought": False,
                "diverse": 0.0,
                "value_aware": False,
                "categories": [],
                "min_gap": None,
                "in_stock": None,
            },
        }.items()
    )
    assert "recommendations" not in json.loads(whole.out)
    told = json.loads(who.out)
    assert [row["rank"] for row in told["item_customers"]] == list(range(1, len(told["item_customers"]) + 1))
    assert set(told["item_customers"][0]) == {"customer_id", "rank", "score", "place", *ITEM[4:]}
    assert 10 < len(told["item_customers"]) <= 90
    assert told["item"] == item


def test_every_filter_reaches_the_list(command: Command, asked: Path, rows: pd.DataFrame, tmp_path: Path) -> None:
    customer = rows["customer_id"][0]
    stock = sorted(set(rows["item_id"]))[:15]
    (tmp_path / "items.csv").write_text("\n".join(["sku", *stock]), "utf-8")
    options = (
        *("--exclude-bought", "--value-aware", "--category", "garden", "--category", "kitchen"),
        *("--in-stock", tmp_path / "items.csv", "--min-gap", "14d", "--diverse", ".3", "--k", 4, "--horizon", "20d"),
    )
    shown = command("recommend", "-w", asked, "--customer", customer, *options, "--json")
    found = json.loads(shown.out)
    assert (
        found["options"].items()
        >= {
            "k": 4,
            "exclude_bought": True,
            "diverse": 0.3,
            "value_aware": True,
            "categories": ["garden", "kitchen"],
            "min_gap": "14d",
        }.items()
    )
    assert 0 < found["options"]["in_stock"] <= 15
    assert found["horizon_days"] == 20
    assert 0 < len(found["recommendations"]) <= 4
    assert {row["item_id"] for row in found["recommendations"]} <= set(stock)
    assert "lists.no_costs" in {note["code"] for note in found["notes"]}


def test_a_chinese_shop_is_answered_in_chinese(
    command: Command, asked: Path, rows: pd.DataFrame, tmp_path: Path
) -> None:
    root = Path(copytree(asked, tmp_path / "shop"))
    (root / "shijin.toml").write_text(f'[shop]\nlocale = "zh"\n{CONFIG}', "utf-8")
    customer, item = rows["customer_id"][0], rows["item_id"].mode()[0]
    one = command("recommend", "-w", root, "--customer", customer)
    assert f"为 {customer} 推荐（{CUTOFF} 起 30 天）" in one.out
    assert "得分" in one.out
    assert "天前" in one.out
    assert "训练依据" in one.err
    assert f"可能购买 {item} 的顾客（{CUTOFF} 起 30 天）" in command("recommend", "-w", root, "--item", item).out
    assert f"90 位顾客的推荐清单，共 40 种商品（{CUTOFF} 起 30 天）" in command("recommend", "-w", root, "--all").out
    found = json.loads(command("recommend", "-w", root, "--customer", customer, "--json").out)["recommendations"]
    english = rows[rows["customer_id"] == customer]
    assert [row["reason_code"] for row in found] == english["reason_code"].tolist()
    assert not any(row["reason"] in set(english["reason"]) for row in found)
    refused = command("recommend", "-w", root, "--customer", "nobody")
    assert refused.err.startswith("--customer：")


def test_a_share_that_explores_is_told_by_the_config(command: Command, asked: Path, tmp_path: Path) -> None:
    root = Path(copytree(asked, tmp_path / "shop"))
    (root / "shijin.toml").write_text(f"{CONFIG}[recommend]\nexplore = 0.5\n", "utf-8")
    found = json.loads(command("recommend", "-w", root, "--all", "--json").out)
    assert found["explore"] == 0.5
    assert 0.35 < found["explored"] / (10 * 90) < 0.55
    assert found["reasons"]["explore"] == found["explored"]
    (root / "shijin.toml").write_text(f"{CONFIG}[recommend]\nexplore = 0.6\n", "utf-8")
    refused = command("recommend", "-w", root, "--all")
    assert refused.code == 2
    assert "[recommend] explore" in refused.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("not clear what to recommend", "--customer ID, --all", "--item ID")),
        (("--all", "--customer", "c1"), ("not clear what to recommend",)),
        (("--item", "x", "--customer", "c1"), ("not clear what to recommend",)),
        (("--customer", "nobody"), ("no customer 'nobody' has a history before 2023-11-28",)),
        (("--item", "nothing"), ("no item 'nothing'",)),
        (("--item", "sku-0001", "--k", 0), ("--k", "1 or more")),
        (("--all", "--k", 101), ("--k", "1 to 100")),
        (("--all", "--diverse", 2), ("--diverse",)),
        (("--all", "--min-gap", "soon"), ("--min-gap: 'soon' is not a length of time",)),
        (("--item", "sku-0001", "--value-aware"), ("--item orders customers by their probability", "--value-aware")),
        (("--item", "sku-0001", "--diverse", 0.3), ("--item orders customers by their probability", "--diverse")),
        (("--all", "--category", "gardn"), ("no category 'gardn'", "did you mean 'garden'?")),
        (("--all", "--in-stock", "nowhere.csv"), ("nowhere.csv: there is no such file",)),
        (("--all", "--cutoff", "2019-01-01"), ("--cutoff: nothing lies before 2019-01-01",)),
        (("--all", "--horizon", "900d"), ("900 days are longer than the history",)),
    ],
    ids=lambda part: " ".join(map(str, part)) if part and str(part[0]).startswith("--") else "",
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_written(
    command: Command, asked: Path, arguments: tuple[object, ...], words: tuple[str, ...]
) -> None:
    before = tree(asked)
    shown = command("recommend", "-w", asked, *arguments)
    assert (shown.code, shown.out, len(shown.err.splitlines())) == (2, "", 1)
    for word in ("Cure: ", *words):
        assert word in shown.err
    assert tree(asked) == before


def test_a_shop_without_items_is_refused_in_one_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(
        "customer_id,ts,amount\n" + "".join(f"c{n},2024-01-{n + 1:02d},5\n" for n in range(12))
    )
    assert command("init", "-w", tmp_path / "shop").code == 0
    assert command("collect", tmp_path / "orders.csv", "-w", tmp_path / "shop").code == 0
    before = tree(tmp_path)
    for question in (("--all",), ("--customer", "c1"), ("--item", "x")):
        shown = command("recommend", "-w", tmp_path / "shop", *question)
        assert (shown.code, shown.out, len(shown.err.splitlines())) == (2, "", 1)
        assert "the orders name no item" in shown.err
    assert tree(tmp_path) == before
