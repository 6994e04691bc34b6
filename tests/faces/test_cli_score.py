"""score: the table that outside checks rely on, column by column, recomputed from the raw file."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from math import ceil, log
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from conftest import Command
from rawfile import HORIZON_DAYS, START, write
from shijin.schema import FORECAST

END = START + timedelta(days=330)


def rows_of(workspace: Path) -> pd.DataFrame:
    latest = json.loads((workspace / "scores" / "LATEST.json").read_text("utf-8"))
    return pd.read_parquet(workspace / "scores" / latest["id"] / "forecast.parquet")


def test_the_table_has_exactly_its_columns_and_types_and_one_row_a_customer(
    finished: Path, orders: pd.DataFrame
) -> None:
    latest = json.loads((finished / "scores" / "LATEST.json").read_text("utf-8"))
    table = pq.read_table(finished / "scores" / latest["id"] / "forecast.parquet")
    assert table.schema.equals(FORECAST)
    assert sorted(table["customer_id"].to_pylist()) == sorted(orders["customer_id"].unique())
    assert set(table["cutoff"].to_pylist()) == {datetime(END.year, END.month, END.day, tzinfo=UTC)}
    assert set(table["horizon_days"].to_pylist()) == {HORIZON_DAYS}
    empty = {name: table[name].null_count for name in table.column_names}
    assert {name for name, count in empty.items() if count} <= {"next_order_date"}


def test_latest_names_the_newest_forecast_and_who_made_it(workspace: Path, command: Command) -> None:
    first = json.loads((workspace / "scores" / "LATEST.json").read_text("utf-8"))
    said = json.loads(command("score", "-w", workspace, "--cutoff", "2023-08-01", "--horizon", "50d", "--json").out)
    latest = json.loads((workspace / "scores" / "LATEST.json").read_text("utf-8"))
    assert latest["id"] == said["score"] != first["id"]
    assert (latest["cutoff"], latest["model"], latest["horizon_days"]) == ("2023-08-01", None, 50)
    assert (first["cutoff"], first["horizon_days"]) == (END.isoformat(), HORIZON_DAYS)
    assert first["model"] in [path.name for path in (workspace / "models").iterdir()]


def test_quantiles_are_in_order_and_nothing_is_negative(finished: Path) -> None:
    rows = rows_of(finished)
    assert ((rows["p_active"] > 0) & (rows["p_active"] < 1)).all()
    assert (rows["spend_p10"] <= rows["spend_p50"]).all()
    assert (rows["spend_p50"] <= rows["spend_p90"]).all()
    assert (rows[["expected_spend", "expected_orders", "spend_p10"]] >= 0).all(axis=None)
    assert (rows["expected_orders"] >= rows["p_active"] - 1e-12).all()
    # Half of the mass lies at nothing where an order is unlikely, and above it where one is likely.
    assert ((rows["spend_p50"] > 0) == (rows["p_active"] > 0.5)).all()
    assert ((rows["spend_p90"] > 0) == (rows["p_active"] > 0.1)).all()


def test_the_next_order_date_follows_from_p_active_and_is_empty_beyond_two_horizons(finished: Path) -> None:
    rows = rows_of(finished)
    days = [ceil(HORIZON_DAYS * log(0.5) / log(1 - p)) for p in rows["p_active"]]
    # The first day after the cutoff is day one.
    expected = [END + timedelta(days=day - 1) if day <= 2 * HORIZON_DAYS else None for day in days]
    found = [None if pd.isna(day) else day for day in rows["next_order_date"]]
    assert found == expected
    assert 0 < found.count(None) < len(found)


def test_evidence_is_thin_below_two_orders_or_two_hundred_customers_in_the_newest_closed_window(
    finished: Path, orders: pd.DataFrame, workspace: Path, command: Command
) -> None:
    def seen(cutoff: date) -> int:
        return orders[orders["ts"] < pd.Timestamp(cutoff - timedelta(days=HORIZON_DAYS))]["customer_id"].nunique()

    rows = rows_of(finished).set_index("customer_id")
    bought = orders[orders["type"] == "order"].groupby("customer_id")["order_id"].nunique()
    expected = np.where(bought.reindex(rows.index, fill_value=0) >= 2, "ample", "thin")
    assert seen(END) == 200
    assert list(rows["evidence"]) == list(expected)
    assert set(expected) == {"ample", "thin"}

    assert seen(date(2023, 8, 1)) < 200
    assert command("score", "-w", workspace, "--cutoff", "2023-08-01", "--horizon", "60d").code == 0
    assert set(rows_of(workspace)["evidence"]) == {"thin"}


def test_historic_spend_is_all_money_in_the_file_before_the_cutoff_returns_included(
    finished: Path, orders: pd.DataFrame, workspace: Path, command: Command
) -> None:
    money = orders[orders["type"].isin(["order", "return", "charge"])]
    assert command("score", "-w", workspace, "--cutoff", "2023-06-01").code == 0
    for root, cutoff in ((finished, END), (workspace, date(2023, 6, 1))):
        rows = rows_of(root).set_index("customer_id")
        spent = money[money["ts"] < pd.Timestamp(cutoff)].groupby("customer_id")["amount"].sum()
        assert rows["historic_spend"].to_dict() == pytest.approx(spent.reindex(rows.index, fill_value=0).to_dict())


def test_tiers_are_cut_by_expected_spend(finished: Path) -> None:
    rows = rows_of(finished).sort_values("expected_spend", ascending=False)
    assert list(rows["tier"]) == ["high"] * 40 + ["normal"] * 60 + ["low"] * 100


def test_an_untrained_workspace_gets_the_untrained_forecast_and_is_told_so(
    orders: pd.DataFrame, command: Command, tmp_path: Path
) -> None:
    assert command("init", "-w", tmp_path / "shop").code == 0
    assert command("collect", write(orders, tmp_path / "orders.csv"), "-w", tmp_path / "shop").code == 0
    said = command("score", "-w", tmp_path / "shop", "--horizon", "60d")
    assert said.code == 0
    assert "untrained" in said.err
    assert len(rows_of(tmp_path / "shop")) == 200
    result = json.loads(command("score", "-w", tmp_path / "shop", "--horizon", "60d", "--json").out)
    assert (result["model"], result["member"], result["customers"]) == (None, "behaviour model", 200)


def test_a_cutoff_after_the_last_event_is_allowed_and_silence_lowers_the_forecast(
    workspace: Path, command: Command
) -> None:
    before = rows_of(workspace)["p_active"].mean()
    assert command("score", "-w", workspace, "--cutoff", END + timedelta(days=90)).code == 0
    assert rows_of(workspace)["p_active"].mean() < before / 2


def test_a_horizon_that_no_closed_window_could_check_is_said(workspace: Path, command: Command) -> None:
    for days, said_so in ((270, True), (60, False)):
        said = command("score", "-w", workspace, "--zero-shot", "--horizon", f"{days}d")
        told = " ".join(said.err.split())
        assert (f"No closed window of {days} days" in told) == said_so
        latest = json.loads((workspace / "scores" / "LATEST.json").read_text("utf-8"))
        assert ("forecast.unchecked" in [note["code"] for note in latest["notes"]]) == said_so
        assert "The behaviour model makes the forecast" in told
    assert command("score", "-w", workspace, "--zero-shot", "--horizon", "270d").code == 0
    assert command("report", "-w", workspace).code == 0
    page = (workspace / "report.html").read_text("utf-8")
    assert "No closed window of 270 days" in page
    assert "历史中没有 270 天" in page


def test_fewer_than_thirty_buyers_are_told_that_the_formula_answers_without_training(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "orders.csv").write_text(
        "customer_id,ts,amount\n" + "".join(f"c{n % 12},2024-{n % 9 + 1:02d}-05,7\n" for n in range(90))
    )
    for locale, words in (
        ("en", "Fewer than 30 customers have an order (12), too few"),
        ("zh", "有过订单的顾客不足 30 位（12 位）"),
    ):
        shop = tmp_path / locale
        shop.mkdir()
        (shop / "shijin.toml").write_text(f'[shop]\nlocale = "{locale}"\n')
        assert command("collect", tmp_path / "orders.csv", "-w", shop).code == 0
        said = command("score", "-w", shop, "--zero-shot", "--horizon", "60d")
        assert (said.code, words in " ".join(said.err.split())) == (0, True)
        assert "decayed spend" not in said.err


def scored(said_out: str) -> list[dict[str, object]]:
    """The JSON objects a command printed one after another."""
    decoder, found, text = json.JSONDecoder(), [], said_out.strip()
    while text:
        one, end = decoder.raw_decode(text)
        found.append(one)
        text = text[end:].lstrip()
    return found


def test_several_horizons_without_training_are_scores_of_their_own_that_agree(
    workspace: Path, command: Command
) -> None:
    said = command("score", "-w", workspace, "--zero-shot", "--horizon", "90d", "--horizon", "30d", "--json")
    assert said.code == 0
    short, long = scored(said.out)
    assert [(one["horizon_days"], one["member"], one["model"]) for one in (short, long)] == [
        (30, "behaviour model", None),
        (90, "behaviour model", None),
    ]
    assert json.loads((workspace / "scores" / "LATEST.json").read_text("utf-8"))["id"] == long["score"]
    tables = [pd.read_parquet(workspace / "scores" / str(one["score"]) / "forecast.parquet") for one in (short, long)]
    assert (tables[1]["p_active"] >= tables[0]["p_active"]).all()
    assert (tables[1]["expected_spend"] >= tables[0]["expected_spend"] - 1e-9).all()
    assert long["total_interval"][0] < tables[1]["expected_spend"].sum() < long["total_interval"][1]  # type: ignore[index]


def test_a_trained_model_does_not_answer_for_zero_shot(finished: Path, command: Command, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(finished, shop)
    (result,) = scored(command("score", "-w", shop, "--zero-shot", "--horizon", "60d", "--json").out)
    assert (result["model"], result["member"]) == (None, "behaviour model")
    (again,) = scored(command("score", "-w", shop, "--zero-shot", "--horizon", "60d", "--json").out)
    assert (again["score"], again["new"]) == (result["score"], False)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (("--horizon", "0d"), "horizon"),
        (("--horizon", "7300d"), "out of range"),
        (("--horizon", "30d", "--cutoff", "1999-01-01"), "cutoff"),
        (("--horizon", "30d", "--model", "any"), "--zero-shot"),
    ],
)
def test_what_it_cannot_forecast_is_refused_in_one_line_and_nothing_changes(
    workspace: Path, command: Command, wrong: tuple[str, ...], word: str
) -> None:
    def state() -> list[tuple[str, int]]:
        return sorted((str(path), path.stat().st_mtime_ns) for path in workspace.rglob("*"))

    before = state()
    said = command("score", "-w", workspace, "--zero-shot", *wrong)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert word in said.err
    assert state() == before
