"""demand: pieces recounted from the raw file, nothing from after the cutoff, kept beside the newest forecast."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from rawfile import CUTOFF, shop_of, split
from shijin.errors import EmptyHistoryError
from shijin.schema import AFFINITY, DEMAND
from shijin.steps.affinity import AffinityOptions, affinity
from shijin.steps.demand import DemandOptions, demand, latest_demand
from shijin.workspace import Workspace

NOW = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 30


def sold(frame: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> dict[str, float]:
    """Pieces ordered of each item in [first, last), from the raw file; postage is no item."""
    rows = frame[(frame["type"] == "order") & (frame["ts"] >= first) & (frame["ts"] < last)]
    return {item: pieces for item, pieces in rows.groupby("item_id")["quantity"].sum().items() if pieces}


def test_recent_and_naive_pieces_are_those_of_the_raw_file(orders: pd.DataFrame, workspace: Path) -> None:
    result = demand(Workspace.open(workspace), DemandOptions(), NOW)
    table = result.table
    end = orders["ts"].max().normalize() + timedelta(days=1)
    month = timedelta(days=DAYS)
    rows = table.to_pandas().set_index("item_id")
    assert result.card.horizon_days == DAYS
    assert result.card.naive_shape["name"] == "last_horizon"
    recent = sold(orders, end - month, end)
    assert {item: pieces for item, pieces in rows["recent_units"].items() if pieces} == pytest.approx(recent)
    assert rows["naive_units"].tolist() == rows["recent_units"].tolist()
    assert set(rows.index) == set(sold(orders, orders["ts"].min(), end))
    judged = result.card.judged
    assert judged["cutoff"] == (end - month).date().isoformat()
    came, before = sold(orders, end - month, end), sold(orders, end - 2 * month, end - month)
    known = sold(orders, orders["ts"].min(), end - month)
    missed = sum(abs(before.get(item, 0) - came.get(item, 0)) for item in known)
    assert judged["naive"]["wape"] == pytest.approx(missed / sum(came.get(item, 0) for item in known))


def test_what_brings_most_money_comes_first(workspace: Path) -> None:
    table = demand(Workspace.open(workspace), DemandOptions(), NOW).table
    assert table.schema == DEMAND
    money = table["expected_units"].to_numpy() * table["price"].to_numpy()
    assert (np.diff(money) <= 1e-9).all()
    assert money[0] > money[-1]


def test_what_lies_after_the_cutoff_changes_nothing(orders: pd.DataFrame, tmp_path: Path) -> None:
    whole, past = shop_of(orders, tmp_path / "whole"), shop_of(split(orders).past, tmp_path / "past")
    then, _ = whole.demand(cutoff=CUTOFF.isoformat()), past.demand()
    before = past.demand(cutoff=CUTOFF.isoformat())
    assert then.num_rows > 10
    assert then.equals(before)
    assert whole.affinity(cutoff=CUTOFF.isoformat()).equals(past.affinity(cutoff=CUTOFF.isoformat()))


def test_what_is_found_lies_beside_the_newest_forecast_and_is_read_back(workspace: Path) -> None:
    shop = Workspace.open(workspace)
    latest = json.loads((workspace / "scores/LATEST.json").read_text("utf-8"))["id"]
    folder = workspace / "scores" / latest
    (folder / "demand.json").unlink()
    assert latest_demand(shop) is None
    result = demand(shop, DemandOptions(), NOW)
    receipt, table = result.receipt, result.table
    assert receipt.outputs == (f"scores/{latest}/demand.parquet", f"scores/{latest}/demand.json")
    assert pq.read_table(folder / "demand.parquet").equals(table)
    assert json.loads((folder / "demand.json").read_text("utf-8")) == result.card.as_json()
    found = latest_demand(shop)
    assert found is not None
    assert found.tables["demand.parquet"].equals(table)
    assert json.loads(sorted((workspace / "receipts").glob("*-demand.json"))[-1].read_text("utf-8"))["verb"] == "demand"


def test_a_shop_that_was_never_scored_is_scored_first(orders: pd.DataFrame, tmp_path: Path) -> None:
    shop = shop_of(orders, tmp_path)
    assert latest_demand(shop.workspace) is None
    shop.demand()
    assert latest_demand(shop.workspace) is not None
    assert len(list((tmp_path / "shop" / "scores").glob("*/forecast.parquet"))) == 1


def test_interests_are_the_rows_that_the_lists_bring_along(workspace: Path) -> None:
    shop = Workspace.open(workspace)
    latest = json.loads((workspace / "scores/LATEST.json").read_text("utf-8"))["id"]
    by_lists = pq.read_table(workspace / "scores" / latest / "affinity.parquet")
    result = affinity(shop, AffinityOptions(), NOW)
    receipt, table = result.receipt, result.table
    assert table.schema == AFFINITY
    assert table.num_rows > 100
    assert table.equals(by_lists)
    assert receipt.outputs == (f"scores/{latest}/affinity.parquet",)


def test_what_is_said_after_the_cutoff_never_reaches_interests(orders: pd.DataFrame, tmp_path: Path) -> None:
    shop = shop_of(orders, tmp_path)
    then, today = shop.affinity(cutoff=CUTOFF.isoformat()), shop.affinity()
    bought = orders[orders["type"] == "order"].dropna(subset="item_id").drop_duplicates("customer_id")
    said = bought[["customer_id", "item_id"]].assign(type="rating", value=1 + 4 * (bought.index % 2))
    shop.feedback(said.assign(ts=pd.Timestamp(CUTOFF)))
    assert shop.affinity(cutoff=CUTOFF.isoformat()).equals(then)
    assert not shop.affinity().equals(today)
    shop.feedback(said.assign(ts=pd.Timestamp(CUTOFF) - pd.Timedelta(microseconds=1)))
    assert not shop.affinity(cutoff=CUTOFF.isoformat()).equals(then)


def test_a_shop_of_one_item_has_a_demand_and_no_lists_and_is_told_why(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=120, freq="D")
    one = pd.DataFrame({"customer_id": [f"c{n % 11}" for n in range(120)], "ts": days, "amount": 5.0})
    shop = shop_of(one.assign(type="order", item_id="tea", quantity=2.0, order_id=one.index.astype(str)), tmp_path)
    table = shop.demand()
    assert table["item_id"].to_pylist() == ["tea"]
    assert table["recent_units"].to_pylist() == [60.0]
    with pytest.raises(EmptyHistoryError, match=r"only one item.* Cure: collect orders of more items"):
        shop.recommend()


def test_a_shop_without_items_is_refused_and_nothing_is_written(orders: pd.DataFrame, tmp_path: Path) -> None:
    shop = shop_of(orders.drop(columns=["item_id", "category"]), tmp_path)
    for verb in (shop.demand, shop.affinity, shop.recommend):
        with pytest.raises(EmptyHistoryError, match="the orders name no item"):
            verb()
    assert not (tmp_path / "shop" / "scores").exists()
