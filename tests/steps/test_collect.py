"""collect into a workspace: twice, overlapping, killed; receipts that balance."""

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Command
from shijin.collect import CollectOptions
from shijin.errors import ConfigError, EmptyHistoryError, QuarantineError, SourceError
from shijin.schema import PROVENANCE
from shijin.steps.check import check
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.read import read_contacts, read_events, read_items, read_rejected
from shijin.steps.run import RunOptions, run
from shijin.workspace import Receipt, Workspace

NOW = datetime(2025, 12, 1, tzinfo=UTC)
LATER = datetime(2025, 12, 2, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop")


def gather(workspace: Workspace, content: str, name: str = "orders.csv", now: datetime = NOW) -> Receipt:
    path = workspace.root.parent / name
    path.write_text(content, "utf-8")
    return collect(workspace, SourceOptions(path), now).receipt


def every_byte(workspace: Workspace) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in (workspace.root / "data").rglob("*") if file.is_file()}


def balances(receipt: Receipt) -> bool:
    parts = ("accepted", "updated", "duplicates", "quarantined")
    rows = receipt.rows["in"] == sum(receipt.rows[part] for part in parts)
    return rows and receipt.money["in"] == pytest.approx(sum(receipt.money[part] for part in parts), abs=1e-6)


def table(rows: range, bad: int = 0) -> str:
    lines = [f"c{n % 9},2024-{n % 12 + 1:02d}-{n % 28 + 1:02d},{n},s{n % 5},{n % 17}.50" for n in rows]
    lines += ["x,2024-02-30,1,s1,5"] * bad
    return "customer_id,ts,order_id,sku,amount\n" + "\n".join(lines) + "\n"


def test_the_same_file_again_leaves_every_byte_of_the_data(workspace: Workspace) -> None:
    first = gather(workspace, table(range(100), bad=2))
    before, fingerprint = every_byte(workspace), workspace.fingerprint()
    again = gather(workspace, table(range(100), bad=2), now=LATER)
    assert every_byte(workspace) == before
    assert workspace.fingerprint() == fingerprint
    assert first.rows == {
        "in": 102,
        "accepted": 100,
        "updated": 0,
        "duplicates": 0,
        "quarantined": 2,
        "withdrawn": 0,
        "derived": 0,
    }
    assert (again.rows["accepted"], again.rows["duplicates"], again.rows["quarantined"]) == (0, 100, 2)
    assert balances(first)
    assert balances(again)
    assert len(list((workspace.root / "quarantine").glob("*.parquet"))) == 1
    assert again.before == again.after == first.after


def test_an_overlapping_export_adds_only_what_is_new(workspace: Workspace) -> None:
    gather(workspace, table(range(60)))
    receipt = gather(workspace, table(range(40, 100)), "more.csv")
    assert (receipt.rows["accepted"], receipt.rows["duplicates"], receipt.rows["updated"]) == (40, 20, 0)
    assert read_events(workspace).num_rows == 100
    assert read_items(workspace)["item_id"].to_pylist() == [f"s{n}" for n in range(5)]


def test_a_changed_row_replaces_itself(workspace: Workspace) -> None:
    gather(workspace, table(range(10)))
    receipt = gather(workspace, table(range(10)).replace(",s3,3.50", ",s3,99"), now=LATER)
    assert (receipt.rows["updated"], receipt.rows["duplicates"]) == (1, 9)
    assert balances(receipt)
    assert read_events(workspace).num_rows == 10
    assert 99.0 in read_events(workspace)["amount"].to_pylist()


SHOPIFY = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Total,Discount Amount,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku,Refunded Amount,Cancelled at,Payment Method\n"
)


def shopify(status: str, refunded: str, *lines: str) -> str:
    """One order of 4.90 postage and one euro for each of its lines."""
    head = f"#1,ann@x.org,{status},EUR,{len(lines)},4.90,{len(lines) + 4.9},0,2025-10-07 09:50:26 +0200,"
    rest = "#1" + "," * 9
    rows = [f"{head if place == 0 else rest}1,Cup,1.00,{sku}," for place, sku in enumerate(lines)]
    return SHOPIFY + "\n".join(f"{row}{refunded if place == 0 else ''},,Card" for place, row in enumerate(rows)) + "\n"


def test_a_shopify_order_exported_again_after_a_refund_replaces_itself(workspace: Workspace) -> None:
    first = gather(workspace, shopify("paid", "0", "a", "b"))
    part = gather(workspace, shopify("partially_refunded", "1.00", "a", "b"))
    assert sorted(read_events(workspace)["type"].to_pylist()) == ["charge", "order", "order", "refund_undated"]
    full = gather(workspace, shopify("refunded", "6.90", "a", "b"))
    assert sorted(read_events(workspace)["type"].to_pylist()) == ["void"] * 3 + ["withdrawn"]
    assert (first.rows["accepted"], part.rows["duplicates"], full.rows["updated"]) == (2, 2, 2)
    assert full.rows["withdrawn"] == 1  # the undated refund
    assert all(balances(receipt) for receipt in (first, part, full))
    before = every_byte(workspace)
    gather(workspace, shopify("refunded", "6.90", "a", "b"))
    assert every_byte(workspace) == before


def test_a_line_taken_out_of_a_shopify_order_is_withdrawn(workspace: Workspace) -> None:
    gather(workspace, shopify("paid", "0", "a", "b"))
    receipt = gather(workspace, shopify("paid", "0", "a"))
    events = read_events(workspace)
    kept = dict(zip(events["item_id"].to_pylist(), events["type"].to_pylist(), strict=True))
    assert kept == {"a": "order", "b": "withdrawn", None: "charge"}
    assert receipt.rows["withdrawn"] == 1


def test_an_unpaid_order_counts_once_it_is_paid(workspace: Workspace) -> None:
    gather(workspace, shopify("pending", "0", "a"))
    assert read_events(workspace).num_rows == 0
    gather(workspace, shopify("paid", "0", "a"))
    assert sorted(read_events(workspace)["type"].to_pylist()) == ["charge", "order"]


def test_a_second_currency_is_refused_also_in_a_later_file(workspace: Workspace) -> None:
    gather(workspace, "customer,date,total,currency\na,2024-01-02,3,EUR\n")
    before = every_byte(workspace)
    with pytest.raises(SourceError, match="the amounts are in USD, but the workspace holds EUR"):
        gather(workspace, "customer,date,total,currency\na,2024-01-02,3,USD\n")
    assert every_byte(workspace) == before


RETURNS = "customer,date,type,total\na,2024-01-02,return,3\nb,2024-01-03,return,4\n"


def test_a_file_of_returns_alone_is_taken_and_it_is_said(workspace: Workspace) -> None:
    receipt = gather(workspace, RETURNS)
    assert receipt.rows["accepted"] == 2
    assert [finding["code"] for finding in receipt.findings] == ["no_orders_yet"]
    orders = gather(workspace, "customer,date,type,total\na,2024-01-01,order,3\n")
    later = gather(workspace, RETURNS, "returns.csv", LATER)
    assert orders.findings == later.findings == ()


def test_the_whole_way_is_refused_without_an_order_before_anything_is_written(workspace: Workspace) -> None:
    path = workspace.root.parent / "returns.csv"
    path.write_text(RETURNS, "utf-8")
    with pytest.raises(EmptyHistoryError, match=r"returns.csv: the source holds no order"):
        run(workspace, RunOptions(path), NOW)
    with pytest.raises(EmptyHistoryError, match="table in memory: the source holds no order"):
        run(workspace, RunOptions(pa.table({"customer": ["a"], "date": ["2024-01-02"], "total": [-3]})), NOW)
    assert {file.name for file in workspace.root.iterdir()} <= {"shijin.toml", ".lock"}


def test_the_command_leaves_nothing_of_a_file_without_an_order(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "returns.csv"
    path.write_text(RETURNS, "utf-8")
    said = command("run", path)
    assert (said.code, said.out) == (2, "")
    assert "the source holds no order" in said.err
    assert [file.name for file in tmp_path.iterdir()] == ["returns.csv"]


def test_a_refused_file_changes_nothing_at_all(workspace: Workspace) -> None:
    gather(workspace, table(range(10)))
    before = {str(file): file.read_bytes() for file in workspace.root.rglob("*") if file.is_file()}
    with pytest.raises(QuarantineError):
        gather(workspace, table(range(10), bad=5))
    assert {str(file): file.read_bytes() for file in workspace.root.rglob("*") if file.is_file()} == before


def test_a_config_with_an_unknown_key_refuses_every_step(workspace: Workspace) -> None:
    (workspace.root / "shijin.toml").write_text("[collect]\ndecimel = ','\n")
    with pytest.raises(ConfigError, match="did you mean 'decimal'"):
        Workspace.open(workspace.root)


def test_a_table_in_memory_goes_in_as_its_file_does(workspace: Workspace, tmp_path: Path) -> None:
    gather(workspace, "customer,date,total\n007,2024-01-02,3.5\n")
    arrow = pa.table({"customer": ["007"], "date": ["2024-01-02"], "total": [3.5]})
    receipt = collect(workspace, SourceOptions(arrow), NOW).receipt
    assert receipt.rows["duplicates"] == 1


def test_a_row_set_aside_from_two_overlapping_files_counts_once(workspace: Workspace) -> None:
    header, row = "customer,date,total\n", ",2024-01-02,3\n"
    gather(workspace, header + row * 2 + "a,2024-01-02,3\n")
    gather(workspace, header + row * 3 + "b,2024-01-02,3\n", "more.csv")
    assert read_rejected(workspace)["reason"].to_pylist() == ["no_customer"] * 3


def test_newer_contacts_win_and_what_they_leave_out_stays(workspace: Workspace) -> None:
    gather(workspace, "email,first name,phone,date,total\na@x.org,Ann,,2024-01-02,3\n")
    gather(workspace, "email,first name,phone,date,total\na@x.org,,0170 1234567,2024-02-02,3\n", "more.csv")
    contact = read_contacts(workspace).to_pylist()[0]
    assert (contact["first_name"], contact["phone"]) == ("Ann", "01701234567")


@settings(max_examples=15, deadline=None)
@given(
    data=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", ""]),
            st.sampled_from(["2024-01-01", "2024-01-02", "2024-02-30"]),
            st.sampled_from(["1", "2", ""]),
            st.sampled_from(["x", "POST", "TEST1"]),
            st.sampled_from(["1", "-2.25", "0", "?"]),
        ),
        min_size=2,
        max_size=15,
    ),
    cut=st.integers(1, 14),
)
def test_every_receipt_balances_in_rows_and_money(
    data: list[tuple[str, ...]], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    workspace = Workspace.create(tmp_path_factory.mktemp("shop"))
    (workspace.root / "shijin.toml").write_text("[collect]\nmax_bad_share = 1\n")
    workspace = Workspace.open(workspace.root)
    for rows in (data[:cut], data):
        columns = ["customer_id", "ts", "order_id", "sku", "amount"]
        came = pa.table({name: [row[place] for row in rows] for place, name in enumerate(columns)})
        try:
            receipt = collect(workspace, SourceOptions(came), NOW).receipt
        except SourceError:  # a column without any value
            continue
        assert balances(receipt)
        assert receipt.rows["in"] == len(rows)
        readable = [float(row[4]) for row in rows if row[4] != "?"]
        if "total_once" not in [finding["code"] for finding in receipt.findings]:
            assert receipt.money["in"] == pytest.approx(sum(readable))
    if read_events(workspace).num_rows:
        assert check(workspace, None, NOW).receipt.rows["events"] == read_events(workspace).num_rows


# -- killed at any moment ----------------------------------------------------------------------------------------------

SCRIPT = """
import sys, pathlib, datetime
from shijin.steps.collect import SourceOptions, collect
from shijin.workspace import Workspace
print("ready", flush=True)
collect(Workspace.create(pathlib.Path(sys.argv[1])), SourceOptions(pathlib.Path(sys.argv[2])),
        datetime.datetime(2025, 12, 1, tzinfo=datetime.UTC))
print("done", flush=True)
"""


def contents(workspace: Workspace) -> list[pa.Table]:
    tables = [read_events(workspace), read_items(workspace), read_contacts(workspace), read_rejected(workspace)]
    return [
        table.drop([name for name in PROVENANCE if name in table.column_names]).sort_by(
            [(name, "ascending") for name in table.column_names if name not in PROVENANCE]
        )
        for table in tables
    ]


def big_file(folder: Path) -> Path:
    rng = np.random.default_rng(5)
    n = 60_000
    day = np.datetime64("2023-01-01") + rng.integers(0, 700, n)
    path = folder / "big.csv"
    lines = zip(rng.integers(0, 3000, n), day, rng.integers(0, 200, n), rng.integers(1, 90, n), strict=True)
    rows = "".join(f"u{who}@x.org,{when},s{what},{cost}\n" for who, when, what, cost in lines)
    path.write_text("email,date,sku,total\n" + rows + "u@x.org,2024-02-30,s1,4\n" * 3, "utf-8")
    return path


def kill_and_run_again(folder: Path, times: int, seed: int) -> None:
    path = big_file(folder)
    undisturbed = Workspace.create(folder / "undisturbed")
    begun = time.monotonic()
    collect(undisturbed, SourceOptions(path), NOW)
    takes = time.monotonic() - begun
    wanted = contents(undisturbed)
    dice = random.Random(seed)
    for attempt in range(times):
        root = folder / f"killed-{attempt}"
        command = [sys.executable, "-c", SCRIPT, str(root), str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(dice.uniform(0, 1.2 * takes))
            process.send_signal(signal.SIGKILL)
            process.wait()
        workspace = Workspace.create(root)
        collect(workspace, SourceOptions(path), NOW)
        assert all(one.equals(other) for one, other in zip(contents(workspace), wanted, strict=True))
        assert not list(root.glob("**/.new-*"))


def test_a_run_killed_at_any_moment_ends_in_the_same_tables_when_run_again(tmp_path: Path) -> None:
    kill_and_run_again(tmp_path, times=4, seed=1)


@pytest.mark.proof
def test_runs_killed_at_forty_moments_end_in_the_same_tables(tmp_path: Path) -> None:
    kill_and_run_again(tmp_path, times=40, seed=2)


@pytest.mark.parametrize("committed", [("contacts",), ("contacts", "items"), ("contacts", "items", "events")])
def test_a_run_killed_between_two_commits_ends_in_the_same_tables(committed: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("email,date,sku,title,total\na@x.org,2024-01-02,s1,Cup,3\n,2024-01-02,s1,Cup,3\n", "utf-8")
    whole = Workspace.create(tmp_path / "whole")
    collect(whole, SourceOptions(path), NOW)
    part = Workspace.create(tmp_path / "part")
    keys = {"contacts": "customer_id", "items": "item_id", "events": "event_id"}
    for dataset in committed:
        part.merge(dataset, whole.read(dataset), keys[dataset])
    collect(part, SourceOptions(path), NOW)
    assert all(one.equals(other) for one, other in zip(contents(part), contents(whole), strict=True))
    assert pc.sum(read_events(part)["amount"]).as_py() == 3.0


SOLD = (
    '{"user": "u1", "event": "view", "time": "2024-01-01T10:00:00Z", "sku": "t"}\n'
    '{"user": "u1", "event": "purchase", "time": "2024-01-02T10:00:00Z", "sku": "t", "price": 10, "order": "o1"}\n'
    '{"user": "u2", "event": "purchase", "time": "2024-01-03T10:00:00Z", "sku": "t", "price": 12, "order": "o2"}\n'
    '{"user": "u2", "event": "purchase", "time": "2024-01-03T10:00:00Z", "sku": "m", "price": 7, "order": "o2"}\n'
    '{"user": "u3", "event": "purchase", "time": "2024-01-03T10:00:00Z", "sku": "t", "price": 9, "order": "o3"}\n'
)
ENDED = (
    '{"user": "u1", "event": "view", "time": "2024-01-04T10:00:00Z", "sku": "t"}\n'
    '{"user": "u1", "event": "order_cancelled", "time": "2024-01-05T10:00:00Z", "order": "o1"}\n'
    '{"user": "u2", "event": "refund", "time": "2024-01-05T10:00:00Z", "order": "o2", "sku": "m"}\n'
    '{"user": "u3", "event": "purchase", "time": "2024-01-05T10:00:00Z", "sku": "t", "price": 12, "order": "o4"}\n'
)


@pytest.mark.parametrize("files", [(SOLD, ENDED), (ENDED, SOLD), (SOLD, ENDED, SOLD), (SOLD + ENDED,)])
def test_an_order_that_another_file_cancels_is_void(files: tuple[str, ...], tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "shop")
    for place, text in enumerate(files):
        path = tmp_path / f"day{place}.jsonl"
        path.write_text(text, "utf-8")
        collect(workspace, SourceOptions(path), NOW)
    events = read_events(workspace).to_pylist()
    lines = {(one["order_id"], one["item_id"]): one["type"] for one in events if one["amount"]}
    assert lines == {
        ("o1", "t"): "void",
        ("o2", "t"): "order",
        ("o2", "m"): "void",
        ("o3", "t"): "order",
        ("o4", "t"): "order",
    }


def orders_with(word: str, *more: str) -> str:
    rows = [f"o{n},c{n % 3},2024-01-0{n + 1},{n + 10},{word if n in (1, 4) else 'paid'}" for n in range(6)]
    return "\n".join(["order_id,customer_id,date,amount,status", *rows, *more]) + "\n"


@pytest.mark.parametrize("header", ["order_id,", ""])
def test_an_order_that_is_unpaid_in_a_newer_export_is_withdrawn(header: str, tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "shop")
    for name, text in (("a", orders_with("paid")), ("b", orders_with("pending")), ("c", orders_with("paid"))):
        lines = text.splitlines()
        lines = lines if header else [line.split(",", 1)[1] for line in lines]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    spent = []
    for name in "abca":
        collect(workspace, SourceOptions(tmp_path / f"{name}.csv"), NOW)
        events = read_events(workspace)
        spent.append(pc.sum(events.filter(pc.equal(events["type"], "order"))["amount"]).as_py())
    assert spent == [75.0, 50.0, 75.0, 75.0]


def test_a_word_settled_as_unpaid_withdraws_what_was_stored(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "shop")
    path = tmp_path / "orders.csv"
    path.write_text(orders_with("parked"), "utf-8")
    collect(workspace, SourceOptions(path), NOW)
    collect(workspace, SourceOptions(path, CollectOptions(statuses={"parked": "unpaid"})), NOW)
    events = read_events(workspace)
    assert pc.sum(events.filter(pc.equal(events["type"], "order"))["amount"]).as_py() == 50.0
    assert events["type"].to_pylist().count("withdrawn") == 2
