"""What the page shows: gathered from next to the newest forecast, and nothing that belongs to another one."""

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from rawfile import HORIZON_DAYS
from shijin.report.localiser import Localiser
from shijin.report.recommendations import reason_words
from shijin.steps.collect import SourceOptions
from shijin.steps.demand import DemandOptions, demand
from shijin.steps.export import ExportOptions, export
from shijin.steps.feedback import feedback
from shijin.steps.gather import report_data
from shijin.steps.kinds import ITEMS_BACKTEST, artifacts_of
from shijin.steps.list_request import RecommendOptions
from shijin.steps.recommend import recommend
from shijin.steps.report import ReportOptions, report
from shijin.steps.score import ScoreOptions, score
from shijin.words import say
from shijin.workspace import JudgeableCard, Workspace

NOW = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop(workspace: Path) -> Workspace:
    return Workspace.open(workspace)


def latest(shop: Workspace) -> Path:
    return shop.root / "scores" / str(json.loads((shop.root / "scores" / "LATEST.json").read_text("utf-8"))["id"])


def test_a_run_leaves_lists_and_demand_that_the_page_shows_and_names_nobody(shop: Workspace) -> None:
    data = report_data(shop, NOW).data
    lists = pq.read_table(latest(shop) / "recommendations.parquet")
    assert data.lists is not None
    assert data.demand is not None
    assert data.lists.customers == len(set(lists["customer_id"].to_pylist()))
    assert data.lists.items == len(set(lists["item_id"].to_pylist()))
    assert data.lists.horizon_days == 30
    assert [example.tier for example in data.lists.examples] == ["high", "normal", "low"]
    page = (shop.root / "report.html").read_text("utf-8")
    assert "What customers want next" in page
    assert not any(id in page for id in set(lists["customer_id"].to_pylist()))


def test_the_page_says_each_reason_as_the_table_does_in_the_shops_language(shop: Workspace) -> None:
    rows = pq.read_table(latest(shop) / "recommendations.parquet").to_pylist()
    localiser = Localiser("en")
    assert len({row["reason_code"] for row in rows}) >= 4
    for row in rows:
        assert reason_words(row["reason_code"], json.loads(row["reason_args"]), localiser) == row["reason"]


def test_counts_of_lists_add_up_to_those_of_the_table(shop: Workspace) -> None:
    summary = report_data(shop, NOW).data.lists
    lists = pq.read_table(latest(shop) / "recommendations.parquet").to_pandas()
    assert summary is not None
    counts = lists.groupby("item_id").size()
    shown = summary.listed.to_pandas().groupby("item_id")["customers"].sum()
    assert shown.to_dict() == {item: counts[item] for item in shown.index}
    assert shown.max() == counts.max()


def outdated(shop: Workspace, config: str = "") -> set[str]:
    """Which notes the page has on results of other data or settings, after more lines of the config."""
    with (shop.root / "shijin.toml").open("a", encoding="utf-8") as file:
        file.write(config)
    notes = report_data(Workspace.open(shop.root), NOW).data.notes
    return {str(note["code"]).removeprefix("report.") for note in notes if str(note["code"]).startswith("report.")}


def test_results_of_other_settings_have_a_note(shop: Workspace) -> None:
    assert outdated(shop) == set()
    assert outdated(shop, "[export]\nholdout = 0.3\n") == set()
    assert outdated(shop, "[recommend]\nexplore = 0.1\n") == {"lists_outdated"}
    assert outdated(shop, "[items]\ncharges = []\n") == {"lists_outdated", "demand_outdated"}


def test_feedback_makes_the_lists_outdated_and_nothing_else_until_they_are_made_again(shop: Workspace) -> None:
    rows = pq.read_table(latest(shop) / "recommendations.parquet").slice(0, 1)
    dismissal = pa.table({"customer_id": rows["customer_id"], "item_id": rows["item_id"], "type": ["dismiss"]})
    feedback(shop, SourceOptions(dismissal), NOW)
    assert outdated(shop) == {"lists_outdated"}
    recommend(shop, RecommendOptions(), NOW)
    assert outdated(shop) == set()


def test_a_backtest_of_other_data_is_named_but_not_shown(shop: Workspace) -> None:
    for place in (shop.root / "backtests").glob("*/backtest.json"):
        card = json.loads(place.read_text("utf-8"))
        place.write_text(json.dumps(card | {"fingerprint": "of other data"}), "utf-8")
    assert outdated(shop) == {"backtest_outdated"}
    assert report_data(shop, NOW).data.backtest is None


def test_lists_of_another_forecast_are_not_shown(shop: Workspace) -> None:
    score(shop, ScoreOptions(horizon="45d"), NOW)
    data = report_data(shop, NOW).data
    assert data.horizon_days == 45
    assert (data.lists, data.demand, data.lists_missing) == (None, None, "unmade")
    report(shop, ReportOptions(), NOW)
    assert f"<code>{say('report.command_recommend', 'en')}</code>" in (shop.root / "report.html").read_text("utf-8")


def test_the_page_says_that_lists_are_narrowed_in_both_languages(shop: Workspace) -> None:
    sentence = "were made with limits"
    report(shop, ReportOptions(), NOW)
    assert sentence not in (shop.root / "report.html").read_text("utf-8")
    kinds = pq.read_table(latest(shop) / "affinity.parquet").filter(pc.field("kind") == "category")
    options = RecommendOptions(
        k=4, exclude_bought=True, categories=sorted(set(kinds["name"].to_pylist()))[:2], min_gap="2w", diverse=0.25
    )
    recommend(shop, options, NOW)
    report(shop, ReportOptions(), NOW)
    page = (shop.root / "report.html").read_text("utf-8")
    first, second = options.only
    assert (
        f"These recommendations, of at most 4 items each, {sentence}: no item that the customer bought before; "
        f"only the categories “{first}”, “{second}”; no item that the customer bought in the last 14 days; "
        "variety of categories counts 25%."
    ) in page
    assert f"附有限定条件：不含该顾客买过的商品；仅限品类 “{first}”、“{second}”；不含该顾客最近 14 天内" in page
    recommend(shop, RecommendOptions(value_aware=True, in_stock=["sku-0001", "sku-0002"]), NOW)
    report(shop, ReportOptions(), NOW)
    page = (shop.root / "report.html").read_text("utf-8")
    assert "only items in stock (2 items)" in page
    assert "sorted by what an item brings times its probability" in page


def test_what_looks_back_is_said_by_every_face_that_shows_the_newest_forecast(shop: Workspace) -> None:
    assert score(shop, ScoreOptions(), NOW).notes[-1]["code"] != "forecast.looks_back"
    assert export(shop, ExportOptions(), NOW).notes == ()
    note = {"code": "forecast.looks_back", "cutoff": "2023-10-01", "end": "2023-11-27"}
    for made in (
        recommend(shop, RecommendOptions(cutoff="2023-10-01"), NOW),
        score(shop, ScoreOptions(cutoff="2023-10-01"), NOW),
        demand(shop, DemandOptions(cutoff="2023-10-01"), NOW),
        export(shop, ExportOptions(), NOW),
        report(shop, ReportOptions(), NOW),
    ):
        assert note in made.notes, made.kind
    assert "as of 2023-10-01, but the data go on to 2023-11-27" in (shop.root / "report.html").read_text("utf-8")
    assert note not in score(shop, ScoreOptions(), NOW).notes
    assert export(shop, ExportOptions(), NOW).notes == ()


def test_demand_without_lists_is_there_for_the_chart(shop: Workspace) -> None:
    (latest(shop) / "recommendations.json").unlink()
    data = report_data(shop, NOW).data
    assert data.lists is None
    summary = data.demand
    assert summary is not None
    assert summary.items.num_rows == 10
    assert len(set(summary.items["name"].to_pylist())) == 10


def judged(shop: Workspace, cutoff: str, days: int, **other: str) -> str:
    """Lay down the figures of a backtest of lists; of other data, settings or versions where `other` names them."""
    id = f"{cutoff}-{days}d-test"
    part = {
        "protocol": "window",
        "again": True,
        "customers": 90,
        "best": "popularity",
        "scores": {
            way: {"ndcg": ndcg, "recall": 0.1, "coverage": 0.5, "novelty": 2.0}
            for way, ndcg in (("lists", 0.3), ("popularity", 0.2))
        },
        "difference": {"value": 0.1, "low": 0.08, "high": 0.12, "verdict": "win"},
        "chance": {"chance": 0.061, "taken": 0.058},
        "training": {"trained_on": "window"},
    }
    result = {
        **artifacts_of(shop).source(ITEMS_BACKTEST),
        **other,
        "cutoff": cutoff,
        "horizon_days": days,
        "k": 10,
        "parts": [part],
        "views": None,
    }
    folder = shop.root / "backtests" / id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "items.json").write_text(json.dumps(result), "utf-8")
    return id


def test_the_backtest_that_is_shown_is_of_this_data_and_horizon_and_of_a_window_closed_by_then(shop: Workspace) -> None:
    end, artifacts = date(2023, 11, 28), artifacts_of(shop)

    def related() -> str | None:
        card = JudgeableCard(judged_by=artifacts.fingerprint(ITEMS_BACKTEST), made_by=artifacts.made_by)
        return artifacts.related(ITEMS_BACKTEST, card, 30, end)

    assert related() is None
    judged(shop, str(end - timedelta(days=20)), 30)  # its window ends later
    judged(shop, str(end - timedelta(days=60)), HORIZON_DAYS)
    judged(shop, str(end - timedelta(days=31)), 30, fingerprint="of other data")
    judged(shop, str(end - timedelta(days=32)), 30, made_by="another version")
    assert related() is None
    older = judged(shop, str(end - timedelta(days=60)), 30)
    assert related() == older
    newest = judged(shop, str(end - timedelta(days=30)), 30)
    assert related() == newest
    shown = report_data(shop, NOW)
    assert (shown.backtest_items, shown.data.lists is None) == (newest, False)
    lists = shown.data.judged_lists
    assert lists is not None
    assert lists.customers == 90
    assert lists.scores["lists"]["ndcg"] == 0.3
    assert lists.new_scores == {}
    assert "better than the best simple list" in lists.verdict["en"]


def test_the_page_names_the_backtest_of_lists_on_its_receipt_and_shows_its_sentence(shop: Workspace) -> None:
    shown = report_data(shop, NOW)
    data = shown.data
    assert data.lists is not None
    assert shown.backtest_items is None
    id = judged(shop, str(data.lists.cutoff - timedelta(days=30)), 30)
    result = report(shop, ReportOptions(), NOW)
    page = (shop.root / "report.html").read_text("utf-8")
    assert result.card.backtest_items == id
    assert "NDCG@10 0.300 against 0.200" in page
    assert "The listed items had a mean chance of 6.1%; 5.8% of them were bought in the window." in page
    assert "shijin backtest --items" not in page
