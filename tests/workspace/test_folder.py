import errno
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from shijin.config import Config, parse_config
from shijin.errors import BusyError, ConfigError, WorkspaceError
from shijin.schema import EVENTS, conform
from shijin.workspace import Receipt, Workspace
from shijin.workspace.disk import refusals
from shijin.workspace.folder import TEMPLATE


def events(amounts: dict[str, float], source: str = "a.csv") -> pa.Table:
    n = len(amounts)
    day = datetime(2024, 1, 1, tzinfo=UTC)
    columns = {
        "customer_id": ["c"] * n,
        "ts": [day] * n,
        "type": ["order"] * n,
        "event_id": list(amounts),
        "amount": list(amounts.values()),
        "source": [source] * n,
    }
    return conform(pa.table(columns), EVENTS, "test")


def every_byte(root: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in (root / "data").rglob("*") if file.is_file()}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop")


def test_creating_twice_keeps_what_the_shop_wrote(workspace: Workspace) -> None:
    (workspace.root / "shijin.toml").write_text('[shop]\ncurrency = "EUR"\n')
    assert Workspace.create(workspace.root).config.shop.currency == "EUR"


def test_every_line_of_a_first_config_may_be_made_live_as_it_stands() -> None:
    told = parse_config(re.sub(r"^# (\w+ = )", r"\1", TEMPLATE, flags=re.MULTILINE), "shijin.toml")
    assert told.shop.locale == "zh"
    assert told.shop.currency == "EUR"
    assert told.outcome.horizon == "90d"
    assert parse_config(TEMPLATE, "shijin.toml") == Config()


def test_a_missing_workspace_is_refused_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"no workspace here\. Cure: make one with"):
        Workspace.open(tmp_path)


def test_an_unknown_key_is_refused_when_the_workspace_opens(workspace: Workspace) -> None:
    (workspace.root / "shijin.toml").write_text('[shop]\ncurency = "EUR"\n')
    with pytest.raises(ConfigError, match="did you mean 'currency'"):
        Workspace.open(workspace.root)


def test_a_dataset_that_is_not_there_reads_as_empty(workspace: Workspace) -> None:
    assert workspace.read("events").schema == EVENTS
    assert workspace.read("events").num_rows == 0


def test_a_merge_adds_the_new_replaces_the_changed_and_counts_the_same(workspace: Workspace) -> None:
    workspace.merge("events", events({"e1": 1.0, "e2": 2.0}), "event_id")
    merged = workspace.merge("events", events({"e2": 2.0, "e1": 5.0, "e3": 3.0}), "event_id")
    assert merged.status.to_pylist() == ["same", "changed", "new"]
    assert (merged.added, merged.updated, merged.same) == (1, 1, 1)
    kept = workspace.read("events")
    assert dict(zip(kept["event_id"].to_pylist(), kept["amount"].to_pylist(), strict=True)) == {
        "e1": 5.0,
        "e2": 2.0,
        "e3": 3.0,
    }


def test_a_merge_of_nothing_new_writes_no_byte_even_from_another_file(workspace: Workspace) -> None:
    workspace.merge("events", events({"e1": 1.0}), "event_id")
    before, fingerprint = every_byte(workspace.root), workspace.fingerprint()
    workspace.merge("events", events({"e1": 1.0}, source="b.csv"), "event_id")
    assert every_byte(workspace.root) == before
    assert workspace.fingerprint() == fingerprint


def test_another_name_or_language_is_the_same_shop(workspace: Workspace) -> None:
    before = workspace.fingerprint()
    (workspace.root / "shijin.toml").write_text('[shop]\nname = "模拟店铺"\nlocale = "zh"\n', "utf-8")
    assert Workspace.open(workspace.root).fingerprint() == before


def test_the_basis_changes_with_the_data_and_with_the_settings_that_it_depends_on_only(workspace: Workspace) -> None:
    keys = ("shop.timezone", "tiers")
    seen = {workspace.basis(keys)}
    workspace.merge("events", events({"e1": 1.0}), "event_id")
    seen.add(workspace.basis(keys))
    (workspace.root / "shijin.toml").write_text("[export]\nholdout = 0.2\n[engine]\nthreads = 1\n")
    assert Workspace.open(workspace.root).basis(keys) in seen
    for config in ('[shop]\ntimezone = "Europe/Paris"\n', "[tiers]\ncuts = [0.1, 0.5]\n"):
        (workspace.root / "shijin.toml").write_text(config)
        seen.add(Workspace.open(workspace.root).basis(keys))
    assert len(seen) == 4


def test_a_damaged_log_is_one_line(workspace: Workspace) -> None:
    workspace.merge("events", events({"e1": 1.0}), "event_id")
    for file in (workspace.root / "data/events/_delta_log").glob("*.json"):
        file.write_text("garbage")
    with pytest.raises(WorkspaceError, match="damaged") as caught:
        workspace.read("events")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "said"), [(errno.ENOSPC, "the disk is full"), (errno.EACCES, "may not be written or read")]
)
def test_a_full_or_forbidden_disk_is_one_line(code: int, said: str, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=said), refusals(tmp_path):
        raise OSError(code, os.strerror(code))


OWN_CONFIGS = {
    "a comment after the table": ('[shop] # ours\ncurrency = "EUR"\n', True),
    "the template": (TEMPLATE, True),
    "another table first": ('[collect]\n# locale = "of the files"\n\n[shop]\ncurrency = "EUR"\n', True),
    "no table of the shop": ('[outcome]\nhorizon = "60d"\n', True),
    "spaces in the table's name": ('[ shop ]\ncurrency = "EUR"\n', False),
    "a dotted key": ('shop.currency = "EUR"\n', False),
    "an inline table": ('shop = { currency = "EUR" }\n', False),
}


@pytest.mark.parametrize("kind", OWN_CONFIGS)
def test_a_language_is_written_where_the_config_stays_the_same_otherwise(workspace: Workspace, kind: str) -> None:
    text, can_be_written = OWN_CONFIGS[kind]
    path = workspace.root / "shijin.toml"
    path.write_text(text, "utf-8")
    shop = Workspace.open(workspace.root)
    before = shop.config
    assert shop.set_shop("locale", "zh") == can_be_written
    after = Workspace.open(workspace.root).config
    assert after.shop.locale == ("zh" if can_be_written else "en")
    assert after.shop.currency == before.shop.currency
    assert after.outcome == before.outcome
    assert can_be_written or path.read_text("utf-8") == text


def test_a_thread_that_holds_the_lock_takes_it_again_through_any_object(workspace: Workspace) -> None:
    with workspace.lock(), workspace.lock(), Workspace.open(workspace.root).lock():
        pass


@pytest.mark.parametrize("same_object", [True, False])
def test_of_many_threads_one_is_inside_at_a_time(workspace: Workspace, same_object: bool) -> None:
    inside, most = 0, 0

    def write() -> None:
        nonlocal inside, most
        mine = workspace if same_object else Workspace.open(workspace.root)
        with mine.lock():
            inside += 1
            most = max(most, inside)
            time.sleep(0.02)
            inside -= 1

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most) == (0, 1)


def test_a_thread_waits_for_another_no_longer_than_the_config_allows_and_says_so_once(workspace: Workspace) -> None:
    (workspace.root / "shijin.toml").write_text("[engine]\nlock_wait_s = 0.05\n")
    told, refused = [], []

    def write() -> None:
        other = Workspace.open(workspace.root)
        other.waiting = lambda: told.append("waiting")
        try:
            with other.lock():
                pass
        except BusyError as error:
            refused.append(error)

    with workspace.lock():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert (told, len(refused)) == (["waiting"], 1)


def test_a_workspace_that_another_process_writes_to_is_waited_for(workspace: Workspace) -> None:
    take = "import fcntl, sys, time; file = open(sys.argv[1], 'a'); fcntl.flock(file, fcntl.LOCK_EX)"
    script = f"{take}; print(flush=True); time.sleep(0.5)"
    told: list[str] = []
    workspace.waiting = lambda: told.append("waiting")
    lock = str(workspace.root / ".lock")
    with subprocess.Popen([sys.executable, "-c", script, lock], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with workspace.lock():
            assert told == ["waiting"]


FORKS = """
import os, sys, time
from pathlib import Path
from shijin.errors import BusyError
from shijin.workspace import Workspace

workspace = Workspace.open(Path(sys.argv[1]))
with workspace.lock():
    child = os.fork()
    if not child:
        try:
            with workspace.lock():
                os._exit(1)  # it writes together with its parent
        except BusyError:
            time.sleep(3)  # outlives its parent's work
            os._exit(0)
    time.sleep(1)
with workspace.lock():
    print("again")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_neither_shares_nor_keeps_the_lock_of_its_parent(workspace: Workspace) -> None:
    (workspace.root / "shijin.toml").write_text("[engine]\nlock_wait_s = 0\n", "utf-8")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKS, workspace.root], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "again\n", "")


def test_a_killed_process_leaves_no_lock_and_no_half_folder(workspace: Workspace) -> None:
    script = (
        "import sys, time, pathlib; from shijin.workspace import Workspace\n"
        "def write(folder):\n"
        "    (folder / 'a').write_text('half'); print('writing', flush=True); time.sleep(60)\n"
        "Workspace.open(pathlib.Path(sys.argv[1])).publish('scores', 'one', write)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(workspace.root)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (workspace.root / "shijin.toml").write_text("[engine]\nlock_wait_s = 0\n")
        with pytest.raises(BusyError), Workspace.open(workspace.root).lock():
            pass
        process.kill()
        process.wait()
    time.sleep(0.05)
    assert not (workspace.root / "scores/one").exists()
    path = workspace.publish("scores", "one", lambda folder: (folder / "a").write_text("whole"))
    assert [file.name for file in path.parent.iterdir()] == ["one"]


def test_publishing_again_replaces_the_folder(workspace: Workspace) -> None:
    workspace.publish("scores", "one", lambda folder: (folder / "old").write_text("1"))
    path = workspace.publish("scores", "one", lambda folder: (folder / "new").write_text("2"))
    assert [file.name for file in path.iterdir()] == ["new"]


def test_a_failed_write_leaves_the_folder_as_it_was(workspace: Workspace) -> None:
    path = workspace.publish("scores", "one", lambda folder: (folder / "old").write_text("1"))

    def fail(folder: Path) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        workspace.publish("scores", "one", fail)
    assert [file.name for file in path.iterdir()] == ["old"]


def test_a_folder_moved_aside_by_a_killed_writer_comes_back(workspace: Workspace) -> None:
    path = workspace.publish("scores", "one", lambda folder: (folder / "old").write_text("1"))
    path.rename(path.with_name(".old-one"))
    with workspace.lock():
        assert (path / "old").exists()


def test_receipts_of_one_instant_stand_side_by_side(workspace: Workspace) -> None:
    first = Receipt("collect", "2024-01-01T00:00:00.000000+00:00", rows={"in": 1})
    second = Receipt("check", "2024-01-01T00:00:00.000000+00:00")
    workspace.write_receipt(first)
    workspace.write_receipt(second)
    assert workspace.receipts() == [first, second]


def test_receipts_of_one_instant_from_many_threads_are_all_there(workspace: Workspace) -> None:
    receipts = [Receipt("check", "2024-01-01T00:00:00.000000+00:00", rows={"in": number}) for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(workspace.write_receipt, receipts))
    assert sorted(one.rows["in"] for one in workspace.receipts()) == list(range(24))


def test_only_a_workspace_that_was_never_filled_is_discarded(workspace: Workspace, tmp_path: Path) -> None:
    workspace.discard()
    assert not workspace.root.exists()
    filled = Workspace.create(tmp_path / "filled")
    filled.merge("events", events({"e1": 1.0}), "event_id")
    noted = Workspace.create(tmp_path / "noted")
    (noted.root / "notes.txt").write_text("mine")
    changed = Workspace.create(tmp_path / "changed")
    (changed.root / "shijin.toml").write_text("[shop]\n")
    for kept in (filled, noted, changed):
        kept.discard()
        assert kept.root.exists()


def test_a_merge_that_keeps_the_basis_changes_the_fingerprint_alone_and_the_next_that_does_not_both(
    workspace: Workspace,
) -> None:
    workspace.merge("events", events({"e1": 1.0}), "event_id")
    basis, seen = workspace.basis(), {workspace.fingerprint()}
    for amounts in ({"e2": 2.0}, {"e2": 3.0}, {"e3": 4.0}):  # new, changed, new again
        workspace.merge("events", events(amounts), "event_id", keep_basis=True)
        seen.add(workspace.fingerprint())
    assert (workspace.basis(), len(seen)) == (basis, 4)
    assert workspace.read("events").num_rows == 3
    workspace.merge("events", events({"e4": 5.0}), "event_id")
    assert workspace.basis() != basis


def test_where_nothing_was_kept_apart_the_basis_is_the_fingerprint(workspace: Workspace) -> None:
    assert workspace.basis() == workspace.fingerprint()
    workspace.merge("events", events({"e1": 1.0}), "event_id")
    assert workspace.basis() == workspace.fingerprint()
