"""run: from a file to the report and the list, also where there is little to go by."""

import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from conftest import Command, Said
from rawfile import HORIZON_DAYS

HEADER = "customer_id,ts,amount\n"


def day(number: int) -> date:
    return date(2024, 1, 1) + timedelta(days=number)


def ten_customers() -> str:
    dice = random.Random(1)
    return "".join(f"c{n % 10},{day(dice.randrange(300))},{dice.randrange(5, 80)}\n" for n in range(60))


def one_order_each() -> str:
    dice = random.Random(2)
    return "".join(f"c{n},{day(dice.randrange(300))},{dice.randrange(5, 80)}\n" for n in range(80))


def all_on_one_day() -> str:
    return "".join(f"c{n % 40},2024-03-01,{n + 1}\n" for n in range(80))


def one_order() -> str:
    return "a,2024-03-01,5\n"


def the_forecast(root: Path) -> pd.DataFrame:
    latest = json.loads((root / "scores" / "LATEST.json").read_text("utf-8"))
    return pq.read_table(root / "scores" / latest["id"] / "forecast.parquet").to_pandas()


@pytest.mark.parametrize("orders_of", [ten_customers, one_order_each, all_on_one_day, one_order])
def test_little_data_goes_the_whole_way_with_thin_evidence_and_says_that_it_is_untrained(
    orders_of: Callable[[], str], command: Command, tmp_path: Path
) -> None:
    source = tmp_path / "orders.csv"
    source.write_text(HEADER + orders_of())
    said = command("run", source)
    root = tmp_path / "orders-shijin"
    assert said.code == 0
    assert "untrained" in said.err
    assert "cannot be tested on this shop's past" in " ".join(said.err.split())
    assert "too little before" not in said.err
    assert (
        "the formula makes the forecast" in " ".join(said.err.split())
        or len(set(the_forecast(root)["customer_id"])) >= 30
    )
    rows = the_forecast(root)
    assert set(rows["customer_id"]) == {line.split(",")[0] for line in orders_of().splitlines()}
    assert set(rows["evidence"]) == {"thin"}
    assert (root / "report.html").stat().st_size > 10_000
    assert len(list(root.glob("exports/*/customers.csv"))) == 1
    assert not (root / "backtests").exists()


@pytest.mark.parametrize(
    ("horizon", "last_day", "said_why"),
    [
        ((), 100, "The forecast looks 33 days ahead, not 90: a third of the history of 101 days."),
        (("--horizon", "33d"), 100, None),
        ((), 299, None),
    ],
)
def test_a_horizon_that_the_history_shortens_is_said_and_why(
    horizon: tuple[str, ...], last_day: int, said_why: str | None, command: Command, tmp_path: Path
) -> None:
    (tmp_path / "orders.csv").write_text(HEADER + "".join(f"c{n % 9},{day(n)},5\n" for n in range(last_day + 1)))
    said = command("run", tmp_path / "orders.csv", *horizon)
    assert said.code == 0
    assert ("a third of the history" in " ".join(said.err.split())) == (said_why is not None)
    assert (said_why or "") in " ".join(said.err.split())


def thirty_five_customers() -> str:
    dice = random.Random(3)
    return "".join(f"c{n % 35},{day(dice.randrange(420))},{dice.randrange(5, 80)}\n" for n in range(240))


def test_a_small_shop_with_a_long_history_is_told_of_its_customers_not_of_its_days(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "orders.csv").write_text(HEADER + thirty_five_customers())
    said = command("run", tmp_path / "orders.csv")
    told = " ".join(said.err.split())
    page = (tmp_path / "orders-shijin" / "report.html").read_text("utf-8")
    for words in (told, page.replace("&#39;", "'")):
        assert "fewer than 50 customers were known" in words
        assert "The behaviour model makes the forecast" in words
        assert "too short" not in words
        assert "horizons" not in words
    assert told.count("the forecast stays untrained") == 1
    assert "fewer than 50 customers were known" in command("backtest", "-w", tmp_path / "orders-shijin").err


def test_ten_customers_train_with_exit_0_and_keep_the_untrained_forecast(command: Command, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(HEADER + ten_customers())
    assert command("init", "-w", tmp_path / "shop").code == 0
    assert command("collect", tmp_path / "orders.csv", "-w", tmp_path / "shop").code == 0
    said = command("train", "-w", tmp_path / "shop", "--horizon", "30d")
    assert (said.code, "the forecast stays untrained" in " ".join(said.err.split())) == (0, True)
    before = command("score", "-w", tmp_path / "shop", "--horizon", "30d", "--json")
    result = json.loads(before.out)
    assert (result["member"], result["tables"]["forecast"]) == ("decayed spend H", 10)
    assert set(the_forecast(tmp_path / "shop")["evidence"]) == {"thin"}


def test_a_horizon_beyond_what_the_behaviour_model_knows_goes_without_a_map_and_says_so(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "orders.csv").write_text(HEADER + "".join(f"c{n % 40},{day(n)},{5 + n % 7}\n" for n in range(500)))
    said = command("run", tmp_path / "orders.csv", "--horizon", "450d")
    assert said.code == 0
    missing = "No map of customers: the behaviour model forecasts horizons of 1 to 400 days"
    assert missing in " ".join(said.err.split())
    assert "at most 400 days ahead" in (tmp_path / "orders-shijin" / "report.html").read_text("utf-8")
    assert not (tmp_path / "orders-shijin" / "representations").exists()


@pytest.mark.parametrize(("items", "made"), [((), False), (("tea",), False), (("tea", "cup"), True)])
def test_a_shop_whose_orders_name_fewer_than_two_items_goes_the_whole_way_without_lists_and_says_so(
    items: tuple[str, ...], made: bool, command: Command, tmp_path: Path
) -> None:
    named = [f",{items[n % len(items)]}" if items else "" for n in range(60)]
    rows = "".join(f"c{n % 10},{day(5 * n)},{5 + n % 7}{named[n]}\n" for n in range(60))
    (tmp_path / "orders.csv").write_text("customer_id,ts,amount" + (",item_id" if items else "") + "\n" + rows)
    said = command("run", tmp_path / "orders.csv")
    page = (tmp_path / "orders-shijin" / "report.html").read_text("utf-8")
    assert said.code == 0
    assert ("the orders name fewer than two items" in " ".join(said.err.split())) == (not made)
    assert ("The orders name fewer than two items" in page) == (not made)
    assert ("shijin recommend -w" in page) == made
    assert ("recommendations for 10 customers, 2 different items, 30 days from" in said.out) == made
    assert bool(list((tmp_path / "orders-shijin").glob("scores/*/recommendations.parquet"))) == made


def test_future_dates_are_set_aside_and_said(command: Command, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(HEADER + one_order_each() + "c1,2199-01-01,5\n")
    assert command("run", tmp_path / "orders.csv").code == 0
    root = tmp_path / "orders-shijin"
    (file,) = (root / "quarantine").glob("*.parquet")
    (row,) = pq.read_table(file).to_pylist()
    assert (row["source_row"], row["reason"], row["amount"]) == (81, "future_date", 5.0)
    said = command("check", "-w", root)
    assert (said.code, "dated in the future" in " ".join(said.out.replace("│", " ").split())) == (0, True)
    assert the_forecast(root)["cutoff"].dt.year.max() == 2024


def parts(said: Said) -> dict[str, object]:
    found: dict[str, object] = json.loads(said.out)
    return found


def test_all_paths_that_run_names_are_whole(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text(HEADER + ten_customers())
    said = command("run", "orders.csv")
    *_, list_line, page_line = said.out.splitlines()
    assert f"list to send: {tmp_path}" in list_line
    assert page_line == str(tmp_path / "orders-shijin" / "report.html")


def test_run_needs_no_init_and_ends_with_the_paths_of_the_list_and_the_report(command: Command, tmp_path: Path) -> None:
    (tmp_path / "orders.2024.csv").write_text(HEADER + ten_customers())
    said = command("run", tmp_path / "orders.2024.csv")
    root = tmp_path / "orders-shijin"
    (exported,) = root.glob("exports/*/customers.csv")
    *_, list_line, page_line = said.out.splitlines()
    assert str(exported) in list_line
    assert str(root / "report.html") in page_line
    assert (root / "report.html").is_file()
    for guess in ("customer_id=customer_id", "encoding: utf-8", "date_order: ymd"):
        assert guess in " ".join(said.err.split())


def test_run_as_json_prints_json_and_nothing_else(workspace: Path, finished: Path, command: Command) -> None:
    said = command("run", finished.parent / "orders.csv", "-w", workspace, "--horizon", f"{HORIZON_DAYS}d", "--json")
    found = parts(said)
    assert (said.code, said.err) == (0, "")
    verbs = {"collect", "check", "backtest", "train", "score", "represent", "recommend", "report", "export"}
    assert set(found["steps"]) == verbs
    assert {"rows", "outputs"} <= set(found)
