import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shijin.errors import EmptyHistoryError
from shijin.steps.check import check
from shijin.steps.collect import SourceOptions, collect
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
