"""backtest --items: what it prints, in both languages; what Python shows; and what it refuses."""

import json
import shutil
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

import shijin
from conftest import Command, Said
from rawfile import CUTOFF, HORIZON_DAYS, write
from shijin.console.judged import judged_lists

HORIZON = ("--horizon", f"{HORIZON_DAYS}d")


@pytest.fixture(scope="module")
def judged(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose lists were judged; for reading only."""
    root = tmp_path_factory.mktemp("judged") / "shop"
    shutil.copytree(finished / "data", root / "data")
    shutil.copy(finished / "shijin.toml", root)
    shijin.open(root).backtest_items(horizon=HORIZON_DAYS)
    return root


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def told(said: Said) -> str:
    assert (said.code, said.err) == (0, ""), said
    return " ".join(said.out.split())


def test_every_part_every_list_and_the_verdict_are_shown(judged: Path, command: Command) -> None:
    shown = told(command("backtest", "--items", "-w", judged, *HORIZON))
    (file,) = judged.glob("backtests/*/items.json")
    result = json.loads(file.read_text("utf-8"))
    for part in result["parts"]:
        assert f"{part['customers']:,} customers" in shown
        for scores in part["scores"].values():
            assert f"{scores['ndcg']:.3f}" in shown
            assert f"{scores['recall']:.3f}" in shown
    for words in (
        "recent best sellers",
        "last purchases",
        "frequent purchases",
        "by the number of a customer's earlier visits",
        "within 7 days",
    ):
        assert words in shown
    assert shown.endswith(" ".join(shijin.open(judged).backtest_items(horizon=HORIZON_DAYS).verdict().split()))


def test_json_is_what_lies_in_the_workspace_and_nothing_is_computed_again(judged: Path, command: Command) -> None:
    before = tree(judged)
    result = json.loads(command("backtest", "--items", "-w", judged, *HORIZON, "--json").out)
    (folder,) = (judged / "backtests").iterdir()
    card = json.loads((folder / "items.json").read_text("utf-8"))
    assert result.items() >= {"id": folder.name, **card}.items()
    assert result["cutoff"] == CUTOFF.isoformat()
    assert result["horizon_days"] == HORIZON_DAYS
    assert tree(judged) == before


def test_without_a_horizon_the_near_future_is_judged(judged: Path, tmp_path: Path, command: Command) -> None:
    shutil.copytree(judged, tmp_path / "copy")
    result = json.loads(command("backtest", "--items", "-w", tmp_path / "copy", "--json").out)
    assert result["horizon_days"] == 30
    assert len(list((tmp_path / "copy" / "backtests").iterdir())) == 2


def printed(result: dict[str, Any]) -> str:
    console = Console(width=200, record=True, file=StringIO())
    for part in judged_lists(result, "en"):
        console.print(part)
    return " ".join(console.export_text().split())


def test_what_is_to_be_known_of_the_figures_is_said_where_it_holds(judged: Path) -> None:
    (file,) = judged.glob("backtests/*/items.json")
    result = json.loads(file.read_text("utf-8"))
    usual = printed(result)
    window = result["parts"][0]
    assert (window["listed"], window["new_share"], window["learnt"]["taught"]) == (window["known"], 0.0, "window")
    chance, taken = (f"{window['chance'][name]:.1%}" for name in ("chance", "taken"))
    assert f"The listed items had a mean chance of {chance}; {taken} of them were bought in the window." in usual
    window |= {"known": 70_000, "listed": 50_000, "new_share": 0.125, "learnt": window["learnt"] | {"taught": "last"}}
    changed = printed(result | {"views": None})
    for words in (
        "Lists were made for 50,000 of 70,000 customers, chosen evenly.",
        "12.5% of the purchases in the window are of items that nobody had touched before: no list could contain them.",
        "The training used last orders, so a chance is that of being in the next order",
    ):
        assert words in changed
        assert words not in usual
    assert "Views that became orders" in usual
    assert "Views that became orders" not in changed
    window |= {"chance": None}
    assert "chance" not in printed(result)


def test_a_chinese_shop_reads_it_in_chinese(judged: Path, tmp_path: Path, command: Command) -> None:
    shutil.copytree(judged, tmp_path / "copy")
    toml = tmp_path / "copy" / "shijin.toml"
    toml.write_text('[shop]\nlocale = "zh"\n' + toml.read_text("utf-8"), "utf-8")
    shown = "".join(command("backtest", "--items", "-w", tmp_path / "copy", *HORIZON).out.split())
    for words in ("推荐清单", "近期热销", "覆盖率", "浏览转化", "首次购买"):
        assert words in shown
    assert "popularity" not in shown
    assert shown.endswith("。")


def test_python_gives_figures_rows_and_the_verdict(judged: Path) -> None:
    view = shijin.open(judged).backtest_items(horizon=f"{HORIZON_DAYS}d", cutoff=CUTOFF)
    assert list(view.scores) == ["lists", "popularity", "repeat-last", "repeat-often"]
    lines = repr(view).splitlines()
    assert lines[0].split() == ["ndcg", "recall", "coverage", "novelty"]
    assert lines[-1] == view.verdict()
    assert view._repr_html_().count("<tr>") == 1 + len(view.scores)
    assert view.verdict("zh") != view.verdict("en")
    assert set(view.rows["way"].to_pylist()) == {*view.scores, "asked"}


def test_the_backtest_of_the_forecast_stands_beside_it(judged: Path, finished: Path, tmp_path: Path) -> None:
    shutil.copytree(finished, tmp_path / "copy")
    shop = shijin.open(tmp_path / "copy")
    expected = shop.backtest(horizon=HORIZON_DAYS).result
    shop.backtest_items(horizon=HORIZON_DAYS)
    assert shop.backtest(horizon=HORIZON_DAYS).result == expected
    assert shop.report().exists()


# -- wrong input -------------------------------------------------------------------------------------------------------


def orders_of(customers: str, items: str) -> pd.DataFrame:
    """A hundred days of orders: customers in turn, items in turn."""
    days = pd.date_range("2024-01-01", periods=100)
    return pd.DataFrame(
        {
            "customer_id": [f"{customers[number % len(customers)]}" for number in range(100)],
            "ts": days,
            "amount": 5.0,
            "item_id": [items[number % len(items)] if items else None for number in range(100)],
        }
    )


def strangers() -> pd.DataFrame:
    """Nobody who bought in the first seventy days buys again."""
    frame = orders_of("abcdef", "xyz")
    frame.loc[70:, "customer_id"] = "new-" + frame["customer_id"]
    return frame


REFUSED = {
    "no items": (lambda: orders_of("abcdef", "").drop(columns="item_id"), (), "the orders name no item"),
    "one item": (lambda: orders_of("abcdef", "x"), (), "the orders hold only one item"),
    "no customer with past and future": (strangers, (), "no customer with a history bought an item"),
    "a window that is not over": (
        lambda: orders_of("abcdef", "xyz"),
        ("--cutoff", "2024-04-01"),
        "ends after the data",
    ),
    "too short a past": (lambda: orders_of("abcdef", "xyz"), ("--horizon", "60d"), "40 days of history before"),
    "a horizon beyond the past": (lambda: orders_of("abcdef", "xyz"), ("--horizon", "200d"), "200 days are longer"),
    "an adapted network": (lambda: orders_of("abcdef", "xyz"), ("--adapt",), "makes no recommendations"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_judged_is_refused_in_one_line_and_nothing_changes(
    name: str, tmp_path: Path, command: Command
) -> None:
    frame, flags, words = REFUSED[name]
    frame = frame()
    assert command("init", "-w", tmp_path / "shop").code == 0
    assert command("collect", write(frame, tmp_path / "orders.csv"), "-w", tmp_path / "shop").code == 0
    before = tree(tmp_path)
    said = command("backtest", "--items", "-w", tmp_path / "shop", *flags)
    assert (said.code, said.out) == (2, ""), said
    assert len(said.err.splitlines()) == 1
    assert words in said.err
    assert "Cure: " in said.err
    assert tree(tmp_path) == before


def test_a_damaged_result_is_refused(judged: Path, tmp_path: Path, command: Command) -> None:
    shutil.copytree(judged, tmp_path / "copy")
    for name in ("items.json", "items.parquet"):
        (file,) = (tmp_path / "copy").glob(f"backtests/*/{name}")
        whole = file.read_bytes()
        file.write_bytes(whole[:20])
        said = command("backtest", "--items", "-w", tmp_path / "copy", *HORIZON)
        assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
        assert name in said.err
        file.write_bytes(whole)
