"""feedback into a workspace: twice, updated, about strangers, killed; receipts that balance; what forecasts go by."""

import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import shijin
from shijin.errors import EmptyHistoryError, QuarantineError
from shijin.schema import PROVENANCE
from shijin.steps.check import check
from shijin.steps.collect import SourceOptions, collect
from shijin.steps.feedback import feedback, known_of
from shijin.steps.read import read_events, read_rejected
from shijin.workspace import Receipt, Workspace

NOW = datetime(2025, 12, 1, tzinfo=UTC)
LATER = datetime(2025, 12, 2, tzinfo=UTC)
ORDERS = "customer_id,email,ts,order_id,sku,amount\n" + "".join(
    f"c{n % 9},c{n % 9}@x.org,2024-{n % 12 + 1:02d}-{n % 28 + 1:02d},{n},s{n % 5},{n + 1}\n" for n in range(90)
)
SAID = "customer,sku,type,value,date\n"
FOUR = SAID + (
    "c1,s1,rating,4,2024-12-01\nc2,s2,dismiss,,2024-12-02\nc3,s3,click,,2024-12-03\nc4,,correction,low,2024-12-04\n"
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "shop")
    (tmp_path / "orders.csv").write_text(ORDERS)
    collect(made, SourceOptions(tmp_path / "orders.csv"), NOW)
    return made


def say(workspace: Workspace, content: str, name: str = "said.csv", now: datetime = NOW) -> Receipt:
    path = workspace.root.parent / name
    path.write_text(content, "utf-8")
    return feedback(workspace, SourceOptions(path), now).receipt


def every_byte(workspace: Workspace) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in (workspace.root / "data").rglob("*") if file.is_file()}


def said(workspace: Workspace, *columns: str) -> list[tuple[object, ...]]:
    events = read_events(workspace)
    table = events.filter(pc.not_equal(events["type"], "order")).sort_by(
        [("ts", "ascending"), ("event_id", "ascending")]
    )
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))


def test_the_same_file_again_leaves_every_byte_of_the_data_with_times_or_without(workspace: Workspace) -> None:
    timeless = "customer,sku,rating\nc1,s1,4\nc1,s1,4\nc2,s2,1\n"
    for content in (FOUR, timeless):
        first = say(workspace, content)
        before = every_byte(workspace)
        again = say(workspace, content, "again.csv", LATER)
        assert every_byte(workspace) == before
        n = first.rows["in"]
        assert first.rows == {"in": n, "accepted": n, "updated": 0, "duplicates": 0, "quarantined": 0}
        assert again.rows == {"in": n, "accepted": 0, "updated": 0, "duplicates": n, "quarantined": 0}
        assert again.card["kinds"] == {}
        assert again.before == again.after == first.after
    assert {ts for ts, kind in said(workspace, "ts", "type") if kind == "rating"} >= {NOW}


def in_turn(workspace: Workspace, *contents: str) -> list[int]:
    """How many rows were taken of each file, a day apart."""
    taken = []
    for day, content in enumerate(contents):
        rows = say(workspace, content, f"{day}.csv", NOW + timedelta(days=day)).rows
        taken.append(rows["accepted"])
        assert rows["in"] == rows["accepted"] + rows["duplicates"]
    return taken


DISMISS, FIVE = "customer,sku,type,value\nc1,s1,dismiss,\n", "customer,sku,type,value\nc1,s1,rating,5\n"
HIGH, LOW = "customer,tier\nc1,high\n", "customer,tier\nc1,low\n"


@pytest.mark.parametrize(("one", "other"), [(DISMISS, FIVE), (FIVE, FIVE.replace("5", "1")), (HIGH, LOW)])
def test_who_comes_back_to_what_was_said_before_is_heard_without_times_too(
    one: str, other: str, workspace: Workspace
) -> None:
    assert in_turn(workspace, one, one, other, other, one, one, other, one, one) == [1, 0, 1, 0, 1, 0, 1, 1, 0]
    days = [at.day for (at,) in said(workspace, "ts")]  # type: ignore[attr-defined]
    assert days == [1, 3, 5, 7, 8]
    told = said(workspace, "type", "rating", "text")
    assert told[0] == told[2] == told[4] != told[1] == told[3]


def test_the_last_word_without_times_is_what_lists_and_forecasts_read(workspace: Workspace) -> None:
    in_turn(workspace, DISMISS, FIVE, DISMISS)
    assert said(workspace, "type")[-1] == ("dismiss",)
    in_turn(workspace, HIGH, LOW, HIGH)
    assert [text for kind, text in said(workspace, "type", "text") if kind == "correction"] == ["high", "low", "high"]


def test_what_is_said_of_others_and_clicks_make_nothing_new(workspace: Workspace) -> None:
    others = "customer,sku,type,value\nc1,s2,rating,5\nc2,s1,rating,5\nc1,s1,click,\nc1,,correction,low\n"
    assert in_turn(workspace, DISMISS, others, DISMISS, others) == [1, 4, 0, 0]


def test_a_file_that_contradicts_itself_adds_nothing_the_second_time(workspace: Workspace) -> None:
    both = DISMISS + "c1,s1,rating,5\nc1,s1,rating,5\nc1,s1,rating,2\n"
    assert in_turn(workspace, both, both, both) == [4, 0, 0]


def test_an_older_word_with_a_time_makes_nothing_new_and_a_newer_one_does(workspace: Workspace) -> None:
    older, newer = (f"{SAID}c1,s1,rating,5,{day}\n" for day in ("2024-12-01", "2025-12-03"))
    assert in_turn(workspace, DISMISS, older, DISMISS) == [1, 1, 0]
    assert say(workspace, newer, now=NOW + timedelta(days=5)).rows["accepted"] == 1
    assert say(workspace, DISMISS, now=NOW + timedelta(days=6)).rows["accepted"] == 1
    assert say(workspace, older, now=NOW + timedelta(days=7)).rows["duplicates"] == 1


@pytest.mark.parametrize(
    ("word", "tier"),
    [
        *(("高", "high"), ("高价值", "high"), ("中", "normal"), ("普通", "normal"), ("一般", "normal")),
        *(("低", "low"), ("High", "high"), ("medium", "normal"), ("normal", "normal"), ("LOW", "low")),
    ],
)
def test_a_tier_is_corrected_in_the_words_people_have_for_it(word: str, tier: str, workspace: Workspace) -> None:
    say(workspace, f"customer,tier\nc1,{word}\n")
    assert said(workspace, "type", "text") == [("correction", tier)]


def test_a_shops_own_tiers_have_their_own_names_alone(workspace: Workspace) -> None:
    (workspace.root / "shijin.toml").write_text('[tiers]\nnames = ["中", "high", "rest"]\n', "utf-8")
    known = known_of(Workspace.open(workspace.root)).tiers
    assert (known["中"], known["高"]) == ("中", "high")
    assert "低" not in known


def test_what_is_said_anew_of_the_same_moment_replaces_it(workspace: Workspace) -> None:
    say(workspace, FOUR)
    receipt = say(workspace, FOUR.replace("rating,4", "rating,2").replace(",low", ",high"))
    assert receipt.rows == {"in": 4, "accepted": 0, "updated": 2, "duplicates": 2, "quarantined": 0}
    assert receipt.card["kinds"] == {"correction": 1, "rating": 1}
    assert said(workspace, "type", "rating", "text") == [
        ("rating", 2.0, None),
        ("dismiss", None, None),
        ("click", None, None),
        ("correction", None, "high"),
    ]


def test_bad_rows_are_set_aside_and_the_receipt_balances(workspace: Workspace) -> None:
    good = "".join(f"c{n % 9},s{n % 5},click,,2024-12-{n % 28 + 1:02d} {n % 24:02d}:00\n" for n in range(100))
    receipt = say(workspace, SAID + good + "nobody,s1,click,,2024-12-01\nc1,gin,click,,2024-12-01\n")
    assert receipt.rows == {"in": 102, "accepted": 100, "updated": 0, "duplicates": 0, "quarantined": 2}
    assert [(row["source_row"], row["reason"]) for row in read_rejected(workspace).to_pylist()] == [
        (101, "unknown_customer"),
        (102, "unknown_item"),
    ]
    assert {finding["code"] for finding in receipt.findings} == {"unknown_customer", "unknown_item"}
    assert {"unknown_customer", "unknown_item"} <= set(check(workspace, None, NOW).table["code"].to_pylist())
    assert len(list((workspace.root / "quarantine").glob("*.parquet"))) == 1


def test_a_file_about_strangers_is_refused_and_nothing_changed(workspace: Workspace) -> None:
    before = {str(file): file.read_bytes() for file in workspace.root.rglob("*") if file.is_file()}
    with pytest.raises(
        QuarantineError, match=r'row 1: customer "x" is not a customer of the shop\. Cure: use the customer ids'
    ):
        say(workspace, SAID + "x,s1,click,,2024-12-01\n")
    assert {str(file): file.read_bytes() for file in workspace.root.rglob("*") if file.is_file()} == before


def test_who_was_only_ever_heard_of_in_feedback_is_a_stranger_still(workspace: Workspace) -> None:
    (workspace.root / "shijin.toml").write_text("[collect]\nmax_bad_share = 1.0\n")
    lenient = Workspace.open(workspace.root)
    say(lenient, SAID + "x,s1,click,,2024-12-01\n")
    assert "x" not in known_of(lenient).customers.to_pylist()
    assert said(lenient, "type") == []


def test_an_e_mail_finds_the_customer_whom_the_contacts_know_by_it(workspace: Workspace) -> None:
    say(workspace, "email,sku,type\nC3@X.org ,s1,dismiss\n")
    assert said(workspace, "customer_id", "type") == [("c3", "dismiss")]


def test_before_any_orders_there_is_nothing_to_talk_of(tmp_path: Path) -> None:
    empty = Workspace.create(tmp_path / "shop")
    with pytest.raises(EmptyHistoryError, match=r"no orders are collected yet.*Cure: run shop\.collect"):
        say(empty, FOUR)
    assert not (empty.root / "data").exists()


def test_corrections_are_what_forecasts_go_by_and_the_rest_is_not(workspace: Workspace) -> None:
    basis, fingerprint = workspace.basis(), workspace.fingerprint()
    say(workspace, "\n".join(FOUR.splitlines()[:-1]) + "\n", "lists.csv")
    assert workspace.basis() == basis
    assert workspace.fingerprint() != fingerprint
    say(workspace, FOUR)
    assert workspace.basis() != basis
    basis = workspace.basis()
    say(workspace, FOUR + "c5,s1,click,,2024-12-09\n")
    assert workspace.basis() == basis


def test_python_takes_tables_and_gives_what_became_of_the_rows(workspace: Workspace) -> None:
    shop = shijin.open(workspace.root)
    table = pa.table({"who": ["c1"], "product_id": ["s1"], "stars": [3]})
    reading = {"customer_id": "who"}
    assert shop.feedback(table, map=reading)["accepted"] == 1
    assert shop.feedback(table, map=reading)["duplicates"] == 1


KILLED = """
import os, signal, sys, threading
from pathlib import Path
from shijin.shop import Shop
from shijin.workspace import Workspace
shop = Shop(Workspace.open(Path(sys.argv[1])))
threading.Timer(float(sys.argv[3]), os.kill, (os.getpid(), signal.SIGKILL)).start()
shop.feedback(sys.argv[2])
os._exit(0)
"""


def test_after_a_kill_at_any_moment_the_tables_are_whole_and_the_next_run_ends_in_the_same(
    workspace: Workspace, tmp_path: Path
) -> None:
    rows = [
        f"c{n % 9},s{n % 5},{kind},{'low' if kind == 'correction' else 3},2024-{n % 12 + 1:02d}-{n % 28 + 1:02d} "
        f"{n % 24:02d}:{n // 24 % 60:02d}:00\n"
        for n in range(2000)
        for kind in ("rating", "click", "correction")
    ]
    path = tmp_path / "much.csv"
    path.write_text(SAID + "".join(rows))
    begun = time.monotonic()
    feedback(workspace, SourceOptions(path), NOW)
    seconds = time.monotonic() - begun
    whole = plain(workspace)
    hits = 0
    for place in range(4):
        root = tmp_path / f"shop {place}"
        other = Workspace.create(root)
        collect(other, SourceOptions(tmp_path / "orders.csv"), NOW)
        after = (place + 0.5) / 4 * seconds
        done = subprocess.run([sys.executable, "-c", KILLED, root, path, str(after)], capture_output=True, check=False)
        hits += done.returncode == -signal.SIGKILL
        kinds = set(read_events(other)["type"].to_pylist())  # what is there can be read, and is a whole commit
        assert kinds in ({"order"}, {"order", "correction"}, {"order", "correction", "click", "rating"})
        receipt = feedback(other, SourceOptions(path), NOW).receipt
        assert receipt.rows["in"] == sum(receipt.rows[part] for part in ("accepted", "updated", "duplicates"))
        assert plain(other).equals(whole)
    assert hits >= 2


def plain(workspace: Workspace) -> pa.Table:
    return read_events(workspace).drop(list(PROVENANCE)).sort_by("event_id")
