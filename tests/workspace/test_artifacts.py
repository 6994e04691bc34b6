"""Artifacts: made once, found again, made anew only by what they depend on; whole or refused."""

import json
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa
import pytest
from pydantic import Field, create_model

from shijin.errors import BusyError, WorkspaceError
from shijin.workspace import Artifacts, Card, Content, JudgeableCard, JudgedCard, Workspace, tabular
from shijin.workspace.artifacts import FORMAT

SCHEMA = pa.schema([("customer_id", pa.string()), ("spend", pa.float64())])
ROWS = pa.table({"customer_id": ["a", "b"], "spend": [1.5, 2.0]}, schema=SCHEMA)
DAY = date(2024, 6, 1)


class Sum(Card):
    """A sum."""

    total: float = Field(description="of all customers")
    remark: str = Field(default="", description="only where there is one")


SUMS = tabular("sum", "scores", "sum.json", Sum, {"rows.parquet": SCHEMA}, {"more.parquet": SCHEMA})
JUDGED = tabular("judged", "backtests", "judged.json", JudgedCard, {})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "shop")


def content() -> Content[Sum]:
    return Content(Sum(total=3.5), {"rows.parquet": ROWS})


def with_config(workspace: Workspace, text: str) -> Artifacts:
    (workspace.root / "shijin.toml").write_text(text)
    return Artifacts(Workspace.open(workspace.root), "weights")


def test_what_was_made_is_found_again_and_read_back(workspace: Workspace) -> None:
    artifacts, builds = Artifacts(workspace, "weights"), []

    def build() -> Content[Sum]:
        builds.append(1)
        return content()

    id = artifacts.id(SUMS, DAY, 30)
    (first, new), (second, again) = artifacts.make(SUMS, id, build), artifacts.make(SUMS, id, build)
    assert (new, again, len(builds)) == (True, False, 1)
    assert first.card == second.card == Sum(total=3.5)
    assert second.tables["rows.parquet"].equals(ROWS)
    assert list(second.tables) == ["rows.parquet"]
    assert json.loads((workspace.root / f"scores/{id}/sum.json").read_text()) == {"total": 3.5}  # no remark was set


def test_an_id_names_the_day_the_horizon_the_options_and_the_weights(workspace: Workspace) -> None:
    artifacts = Artifacts(workspace, "weights")
    ids = {
        artifacts.id(SUMS, DAY, 30),
        artifacts.id(SUMS, DAY, 31),
        artifacts.id(SUMS, date(2024, 6, 2), 30),
        artifacts.id(SUMS, DAY, 30, "adapt"),
        artifacts.id(JUDGED, DAY, 30),
        Artifacts(workspace, "others").id(SUMS, DAY, 30),
    }
    assert len(ids) == 6
    assert all(id.startswith(("2024-06-01-3", "2024-06-02-3")) for id in ids)
    assert artifacts.id(SUMS, DAY, 30) == Artifacts(Workspace.open(workspace.root), "weights").id(SUMS, DAY, 30)


def test_only_a_setting_that_the_kind_depends_on_changes_its_id(workspace: Workspace) -> None:
    before = Artifacts(workspace, "weights").id(SUMS, DAY, 30)
    for text in (
        "[export]\nholdout = 0.2\n",
        "[engine]\nthreads = 1\n",
        "[tiers]\ncuts = [0.1, 0.3]\n",
        '[shop]\nname = "x"\n',
    ):
        assert with_config(workspace, text).id(SUMS, DAY, 30) == before
    assert with_config(workspace, '[shop]\ntimezone = "Asia/Shanghai"\n').id(SUMS, DAY, 30) != before
    tiered = SUMS.depending_on("tiers")
    plain = with_config(workspace, "").id(tiered, DAY, 30)
    assert with_config(workspace, "[tiers]\ncuts = [0.1, 0.3]\n").id(tiered, DAY, 30) != plain


def test_a_damaged_or_incomplete_artifact_is_refused(workspace: Workspace) -> None:
    artifacts = Artifacts(workspace, "weights")
    id = artifacts.id(SUMS, DAY, 30)
    artifacts.make(SUMS, id, content)
    card = artifacts.place(SUMS, id) / "sum.json"
    for text in ("", "[1]", "{}", '{"total": "much"}'):
        card.write_text(text)
        with pytest.raises(WorkspaceError, match="damaged"):
            artifacts.read(SUMS, id)
    card.unlink()
    assert not artifacts.exists(SUMS, id)
    assert artifacts.make(SUMS, id, content)[1]  # made anew, whole


def test_nothing_is_built_while_another_process_writes(workspace: Workspace) -> None:
    take = "import fcntl, sys; file = open(sys.argv[1], 'a'); fcntl.flock(file, fcntl.LOCK_EX)"
    script = f"{take}; print(flush=True); sys.stdin.read()"
    artifacts = with_config(workspace, "[engine]\nlock_wait_s = 0\n")
    lock = str(workspace.root / ".lock")
    with subprocess.Popen(
        [sys.executable, "-c", script, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(BusyError):
            artifacts.make(SUMS, "one", lambda: pytest.fail("built in vain"))
        process.communicate()


def judged(artifacts: Artifacts, cutoff: str, horizon_days: int = 30) -> str:
    card = JudgedCard(**artifacts.source(JUDGED), cutoff=cutoff, horizon_days=horizon_days)
    id = artifacts.id(JUDGED, date.fromisoformat(cutoff), horizon_days)
    artifacts.make(JUDGED, id, lambda: Content(card))
    return id


def test_a_forecast_goes_with_the_newest_backtest_of_its_data_and_horizon_that_was_closed_by_then(
    workspace: Workspace,
) -> None:
    artifacts = Artifacts(workspace, "weights")
    forecast = JudgeableCard(judged_by=artifacts.fingerprint(JUDGED), made_by=artifacts.made_by)
    assert artifacts.related(JUDGED, forecast, 30, DAY) is None
    early, fitting = judged(artifacts, "2024-04-01"), judged(artifacts, "2024-05-02")
    judged(artifacts, "2024-05-03")  # ends a day too late
    judged(artifacts, "2024-04-20", 20)  # of another horizon
    assert artifacts.related(JUDGED, forecast, 30, DAY) == fitting
    assert artifacts.related(JUDGED, forecast, 30, date(2024, 5, 15)) == early
    assert [card.cutoff for _, card in artifacts.judged(JUDGED, 30, DAY)] == ["2024-05-02", "2024-04-01"]


@pytest.mark.parametrize("other", [{"judged_by": "other data"}, {"made_by": "another version"}, {"made_by": ""}])
def test_a_backtest_of_other_data_or_of_another_version_does_not_go_with_a_forecast(
    workspace: Workspace, other: dict[str, str]
) -> None:
    artifacts = Artifacts(workspace, "weights")
    judged(artifacts, "2024-04-01")
    forecast = {"judged_by": artifacts.fingerprint(JUDGED), "made_by": artifacts.made_by}
    assert artifacts.related(JUDGED, JudgeableCard(**forecast), 30, DAY)
    assert artifacts.related(JUDGED, JudgeableCard(**(forecast | other)), 30, DAY) is None
    assert artifacts.related(JUDGED, JudgeableCard(), 30, DAY) is None  # of a version that stored neither


def test_a_fingerprint_contains_data_settings_and_options_and_its_maker_version_format_and_weights(
    workspace: Workspace,
) -> None:
    artifacts = Artifacts(workspace, "weights")
    assert version("shijin") in artifacts.made_by
    assert f"format {FORMAT}" in artifacts.made_by
    assert artifacts.made_by != Artifacts(workspace, "other weights").made_by
    other = with_config(workspace, '[shop]\ntimezone = "Asia/Shanghai"\n')
    assert len({one.fingerprint(JUDGED, *options) for one in (artifacts, other) for options in ((), ("a",))}) == 4


def test_a_card_with_an_old_name_of_a_field_is_read(workspace: Workspace) -> None:
    for old, new in (("learnt", "training"), ("told", "orders_forecast"), ("kept", "explained")):
        kind = tabular("named", "scores", "named.json", create_model("Named", __base__=Card, **{new: (float, ...)}), {})
        place = workspace.root / "scores" / old
        place.mkdir(parents=True)
        (place / "named.json").write_text(json.dumps({old: 0.5, "unknown": 1}))
        assert kind.read_card(place).as_json() == {new: 0.5}


def test_a_writer_that_is_killed_between_table_and_card_leaves_no_artifact(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts = Artifacts(workspace, "weights")
    artifacts.attach(SUMS, "one", content())
    assert artifacts.exists(SUMS, "one")

    def killed(self: Workspace, path: str, text: str) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Workspace, "write_text", killed)
    with pytest.raises(KeyboardInterrupt):
        artifacts.attach(SUMS, "one", content())
    assert artifacts.attached(SUMS, "one") is None


def test_a_card_that_cannot_be_replaced_is_refused(workspace: Workspace) -> None:
    artifacts = Artifacts(workspace, "weights")
    (artifacts.place(SUMS, "one") / SUMS.marker).mkdir(parents=True)  # a folder in its place
    with pytest.raises(WorkspaceError):
        artifacts.attach(SUMS, "one", content())
