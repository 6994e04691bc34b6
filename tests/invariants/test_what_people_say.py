"""What people say moves lists, and no forecast, but for corrections of tiers; those move only what comes after them."""

import json
import shutil
from datetime import timedelta
from math import log, sqrt
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import shijin
from conftest import Command
from rawfile import CUTOFF, HORIZON_DAYS, START
from shijin.shop import Shop

MADE = ("models", "scores", "backtests", "representations", "recommenders", "exports")
HEARD = ("recommendations.parquet", "recommendations.json", "affinity.parquet")  # what is said changes lists at once
HORIZON = ("--horizon", f"{HORIZON_DAYS}d")
JUST_BEFORE = pd.Timestamp(CUTOFF) - pd.Timedelta(microseconds=1)
END = START + timedelta(days=330)


def every_byte(root: Path) -> dict[str, bytes]:
    files = [file for name in MADE for file in (root / name).rglob("*") if file.is_file()]
    return {str(file.relative_to(root)): file.read_bytes() for file in files}


def but_for_lists(made: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in made.items() if Path(name).name not in HEARD}


def whatever_is_no_correction(orders: pd.DataFrame) -> pd.DataFrame:
    """Feedback of every kind about every customer: in the past, at the last order, and long after it."""
    bought = orders[(orders["type"] == "order") & orders["item_id"].notna()].drop_duplicates("customer_id")
    kinds = ("rating", "dismiss", "click", "exposure", "conversion")
    days = (CUTOFF - timedelta(days=30), END, END + timedelta(days=500))
    said = [
        bought[["customer_id", "item_id"]].assign(type=kind, ts=day, value=3, propensity=0.5, position=1)
        for kind in kinds
        for day in days
    ]
    return pd.concat(said, ignore_index=True)


def test_no_model_forecast_vector_or_judgement_moves_by_a_bit_when_all_is_made_anew_and_lists_do(
    finished: Path, orders: pd.DataFrame, tmp_path: Path, command: Command
) -> None:
    said = whatever_is_no_correction(orders)
    shop = with_feedback(finished, tmp_path / "said", said)
    for name in MADE:
        shutil.rmtree(shop.workspace.root / name)
    root = Path(shutil.copytree(shop.workspace.root, tmp_path / "anew"))  # where no arrays are held in memory yet
    assert command("run", "-w", root, *HORIZON).code == 0
    anew, before = every_byte(root), every_byte(finished)
    assert but_for_lists(anew) == but_for_lists(before)
    changed = {Path(name).name for name in anew if anew[name] != before[name]}
    assert set(HEARD) >= changed >= {"recommendations.parquet", "affinity.parquet"}
    assert shijin.open(root).features().equals(shijin.open(finished).features())
    assert shijin.open(root).events().num_rows == len(orders) + len(said) > len(orders) + 1000


def corrections(customers: list[str], tier: str, ts: object) -> pd.DataFrame:
    return pd.DataFrame({"customer": customers, "type": "wrong tier", "tier": tier, "ts": ts})


def with_feedback(finished: Path, folder: Path, *said: pd.DataFrame) -> Shop:
    shop = shijin.open(Path(shutil.copytree(finished, folder)))
    for one in said:
        assert shop.feedback(one)["accepted"] == len(one)
    return shop


@pytest.fixture
def plain_shop(finished: Path, tmp_path: Path) -> Shop:
    """The shop without any feedback."""
    return with_feedback(finished, tmp_path / "plain")


def as_known(shop: Shop, cutoff: object = CUTOFF) -> pd.DataFrame:
    found = shop.forecast(horizon=HORIZON_DAYS, cutoff=cutoff, zero_shot=True).to_pandas()  # type: ignore[arg-type]
    return found.set_index("customer_id").drop(columns=["tier"])


def latest(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shop.workspace.root / "scores" / "LATEST.json").read_text())
    return found


def lowest(shop: Shop, n: int) -> list[str]:
    forecast = as_known(shop)
    return forecast.sort_values("expected_spend").index[:n].tolist()


def test_a_correction_made_at_the_cutoff_is_not_known_there_and_one_made_before_moves_whom_it_is_about_alone(
    finished: Path, plain_shop: Shop, tmp_path: Path
) -> None:
    plain = as_known(plain_shop)
    whom = lowest(plain_shop, 3)
    at = with_feedback(finished, tmp_path / "at", corrections(whom, "high", pd.Timestamp(CUTOFF)))
    assert as_known(at).equals(plain)
    assert {"code": "forecast.corrections_later", "rows": 3} in latest(at)["notes"]
    before = as_known(with_feedback(finished, tmp_path / "before", corrections(whom, "high", JUST_BEFORE)))
    moved = [name for name in plain.index if not plain.loc[name].equals(before.loc[name])]
    assert sorted(moved) == sorted(whom)
    assert (before.loc[whom, "expected_spend"] > 1.5 * plain.loc[whom, "expected_spend"]).all()
    assert (before.loc[whom, "p_active"] > plain.loc[whom, "p_active"]).all()


def test_the_newest_correction_of_a_customer_counts(finished: Path, plain_shop: Shop, tmp_path: Path) -> None:
    whom = lowest(plain_shop, 2)
    up_and_down = with_feedback(
        finished,
        tmp_path / "both",
        corrections(whom, "high", JUST_BEFORE - pd.Timedelta(days=9)),
        corrections(whom, "low", JUST_BEFORE - pd.Timedelta(days=3)),
    )
    plain = as_known(plain_shop)
    assert as_known(up_and_down).equals(plain)  # they are forecast in low


def test_without_a_cutoff_the_forecast_is_todays_and_follows_what_was_said_since_the_last_order(
    finished: Path, plain_shop: Shop, tmp_path: Path, command: Command
) -> None:
    plain = as_known(plain_shop, None)
    whom = plain.sort_values("expected_spend").index[:2].tolist()
    said = corrections(whom, "high", None).drop(columns="ts")
    shop = with_feedback(finished, tmp_path / "today", said)
    assert as_known(shop, END).equals(as_known(plain_shop, END))
    now = as_known(shop, None)
    assert sorted(name for name in plain.index if not plain.loc[name].equals(now.loc[name])) == sorted(whom)
    shown = command("score", "-w", tmp_path / "today", *HORIZON)
    assert "Corrections of tiers move the forecast of 2 customers" in " ".join(shown.err.split())
    assert "have a weight of 50% until a window over corrected customers has closed" in " ".join(shown.err.split())


@pytest.fixture(scope="module")
def taught(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Whole shop corrected before the window that teaches, and again some of it in it."""
    folder = tmp_path_factory.mktemp("taught") / "shop"
    shop = shijin.open(finished)
    early = CUTOFF - timedelta(days=HORIZON_DAYS + 1)
    known = shop.history(early, HORIZON_DAYS).customers.tolist()
    first = [corrections(known[place::3], tier, early) for place, tier in enumerate(("high", "normal", "low"))]
    return with_feedback(finished, folder, *first, corrections(known[:5], "high", CUTOFF))


def test_the_card_keeps_what_corrections_taught_and_has_no_such_line_without_them(taught: Shop, finished: Path) -> None:
    model = taught.train(horizon=HORIZON_DAYS)
    card = json.loads((taught.workspace.root / "models" / model.card["model"] / "card.json").read_text())
    assert card["corrections"] == model.card["corrections"]
    assert card["corrections"]["taught"] > 50
    assert 0 < card["corrections"]["weight"] < 0.5  # names drawn by lot are not worth following far
    (plain,) = finished.glob("models/*/card.json")
    assert "corrections" not in json.loads(plain.read_text())
    notes = {note["code"] for note in model.card["notes"]}
    assert "forecast.trust_learnt" in notes


def test_the_backtest_says_what_corrections_did_and_every_figure_recomputes_from_its_rows(
    taught: Shop, command: Command
) -> None:
    root = taught.workspace.root
    told = json.loads(command("backtest", "-w", root, *HORIZON, "--json").out)
    found: dict[str, Any] = told["corrections"]
    rows = pq.read_table(root / "backtests" / told["id"] / "members.parquet").to_pandas()
    with_them, without = (
        rows[rows["member"] == name].reset_index(drop=True) for name in ("stack", "stack without corrections")
    )
    moved = with_them["p_active"] != without["p_active"]
    assert found["customers"] == moved.sum() > 50
    assert found["newer"] == 5
    for name, member in (("with", with_them), ("without", without)):
        for group, part in (("corrected", member[moved]), ("everyone", member)):
            assert found[name][group] == pytest.approx(figures(part, found["unit"]))
    gains = [
        error(one, found["unit"]) - error(other, found["unit"])
        for (_, one), (_, other) in zip(with_them[moved].iterrows(), without[moved].iterrows(), strict=True)
    ]
    mean = sum(gains) / len(gains)
    spread = sqrt(sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1))
    assert found["difference"]["log_error"] == pytest.approx(mean)
    assert found["difference"]["half"] == pytest.approx(1.96 * spread / sqrt(len(gains)))
    sentence = f"moved the forecast of {found['customers']} customers, with a weight of {found['weight']:.0%}:"
    shown = command("backtest", "-w", root, *HORIZON).out
    assert sentence in " ".join(shown.split())
    assert "stack without corrections" in shown
    assert f"分级更正调整了 {found['customers']} 位顾客的预测" in taught.backtest(horizon=HORIZON_DAYS).verdict("zh")


def error(row: "pd.Series[Any]", unit: float) -> float:
    return abs(log((unit + row["expected_spend"]) / (unit + row["y_spend"])))


def figures(rows: pd.DataFrame, unit: float) -> dict[str, float]:
    happened = [p if orders else 1 - p for p, orders in zip(rows["p_active"], rows["y_orders"], strict=True)]
    return {
        "log_score": sum(map(log, happened)) / len(rows),
        "level_error": abs(log(rows["expected_spend"].sum() / rows["y_spend"].sum())),
        "log_error": sum(error(row, unit) for _, row in rows.iterrows()) / len(rows),
    }


def test_corrections_newer_than_the_judged_window_are_counted_on_console_and_page_and_move_no_figure(
    finished: Path, plain_shop: Shop, tmp_path: Path, command: Command
) -> None:
    (judged,) = finished.glob("backtests/*/backtest.json")
    plain = json.loads(judged.read_text())
    whom = lowest(plain_shop, 1)
    root = with_feedback(finished, tmp_path / "newer", corrections(whom, "high", CUTOFF)).workspace.root
    assert command("run", "-w", root, *HORIZON).code == 0
    told = json.loads(command("backtest", "-w", root, *HORIZON, "--json").out)
    assert told["corrections"] == {"customers": 0, "weight": 0.5, "taught": 0, "newer": 1}
    for part in ("scores", "differences", "weights", "served"):
        assert told[part] == plain[part]
    sentence = "1 correction of a tier is newer than the start of the judged window: the effect shows when a later"
    assert sentence in " ".join(command("backtest", "-w", root, *HORIZON).out.split())
    page = (root / "report.html").read_text("utf-8")
    assert sentence.replace("'", "&#39;") in page or sentence in page
    assert "有 1 条分级更正晚于评判窗口的开始" in page


def test_corrections_that_name_a_tier_the_shop_has_no_more_move_nothing_and_are_said(
    finished: Path, plain_shop: Shop, tmp_path: Path
) -> None:
    shop = with_feedback(finished, tmp_path / "renamed", corrections(lowest(plain_shop, 1), "high", START))
    config = shop.workspace.root / "shijin.toml"
    config.write_text(config.read_text() + '[tiers]\nnames = ["gold", "silver", "bronze"]\n')
    shop = shijin.open(shop.workspace.root)
    assert as_known(shop).equals(as_known(plain_shop))
    assert {"code": "forecast.corrections_of_no_tier", "rows": 1} in latest(shop)["notes"]
