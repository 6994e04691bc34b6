import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from shijin.errors import EmptyHistoryError, ShijinError
from shijin.steps.check import check
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.defaults import forecast_window
from shijin.steps.read import read_findings
from shijin.workspace import Workspace

NOW = datetime(2025, 12, 1, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop")


def test_checking_an_empty_workspace_is_refused(workspace: Workspace) -> None:
    with pytest.raises(EmptyHistoryError, match="no orders are collected yet"):
        check(workspace, None, NOW)


def test_a_check_says_what_the_data_and_what_reading_it_showed(workspace: Workspace) -> None:
    path = workspace.root.parent / "orders.csv"
    rows = "".join(f"c{n},0{n % 9 + 1}/05/2024,{n}\n" for n in range(40))
    path.write_text(f"customer,date,total\n{rows},01/05/2024,3\n")
    collect(workspace, SourceOptions(path), NOW)
    result = check(workspace, None, NOW)
    receipt, findings = result.receipt, result.table
    codes = findings["code"].to_pylist()
    assert {"date_order_guessed", "no_customer", "no_order_ids"} <= set(codes)
    assert receipt.rows["events"] == 40
    assert receipt.rows["spoils"] == 0
    assert receipt.outputs == tuple(f"quarantine/{file.name}" for file in (workspace.root / "quarantine").iterdir())
    assert workspace.receipts()[-1].verb == "check"
    assert read_findings(workspace, NOW).equals(findings)


def test_a_receipt_is_plain_json(workspace: Workspace) -> None:
    path = workspace.root.parent / "orders.csv"
    path.write_text("customer,date,total\na,2024-01-05,3\n")
    collect(workspace, SourceOptions(path), NOW)
    check(workspace, None, NOW)
    for file in (workspace.root / "receipts").iterdir():
        assert json.loads(file.read_text("utf-8"))["package_version"]


def test_a_last_day_of_data_in_the_future_or_before_all_data_is_refused(workspace: Workspace) -> None:
    collected = pa.table({"customer_id": ["a", "b"], "ts": ["2024-01-02", "2024-03-02"], "amount": [1.0, 2.0]})
    collect(workspace, SourceOptions(collected), NOW)
    for day, words in (("2030-01-01", "has not come yet"), ("2020-01-01", "no orders up to 2020-01-01")):
        (workspace.root / "shijin.toml").write_text(f"[shop]\nobserved_until = {day}\n", "utf-8")
        with pytest.raises(ShijinError, match=words) as refused:
            forecast_window(Workspace.open(workspace.root), "10d", None, NOW)
        assert refused.value.key == "shop.observed_until"


def test_most_orders_with_several_customers_spoil_a_forecast(workspace: Workspace) -> None:
    days = [f"2024-01-{day:02}" for day in range(1, 21)]
    orders = [f"o{day}" for day in range(1, 21)]
    table = pa.table(
        {
            "customer_id": ["a", "b"] * 20,
            "order_id": [order for order in orders for _ in "ab"],
            "ts": [day for day in days for _ in "ab"],
            "amount": [5.0] * 40,
        }
    )
    collect(workspace, SourceOptions(table), NOW)
    findings = {row["code"]: row for row in check(workspace, None, NOW).table.to_pylist()}
    assert (findings["orders_shared"]["severity"], findings["orders_shared"]["share"]) == ("spoils", 1.0)
