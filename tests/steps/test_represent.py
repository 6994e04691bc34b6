"""represent: vectors and map of a real workspace, the same again for the same question, and what likeness means."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import rankdata

import shijin
from rawfile import CUTOFF, HORIZON_DAYS, shop_of, split, write
from shijin import Shop
from shijin.errors import ConfigError, EmptyHistoryError, ModelError
from shijin.forecasting.behaviour import Behaviour, shipped
from shijin.schema import NEIGHBOURS, VECTORS
from shijin.steps.represent import read_places

HEADER = "customer_id,ts,amount\n"


@pytest.fixture(scope="module")
def shop(finished: Path) -> Shop:
    return shijin.open(finished)


def files(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file() and path.name != ".lock"}


def of_orders(content: str, folder: Path) -> Shop:
    (folder / "few.csv").write_text(HEADER + content)
    shop = shijin.from_dataframe(pd.read_csv(folder / "few.csv"), folder / "few")
    return Shop(shop.workspace)


def test_every_customer_has_the_behaviour_models_vector_and_a_place_on_the_map(
    shop: Shop, finished: Path, orders: pd.DataFrame
) -> None:
    table = shop.represent()
    (file,) = finished.glob("representations/*/vectors.parquet")
    assert pq.read_table(file).cast(VECTORS).equals(table)
    assert table.schema.equals(VECTORS)
    assert sorted(table["customer_id"].to_pylist()) == sorted(orders["customer_id"].unique())
    expected = Behaviour().vectors(shop.history(horizon=HORIZON_DAYS), HORIZON_DAYS)
    assert np.array_equal(np.stack(table["vector"].to_numpy()), expected)
    assert len(set(zip(table["x"].to_pylist(), table["y"].to_pylist(), strict=True))) > 190
    assert set(table["horizon_days"].to_pylist()) == {HORIZON_DAYS}


def test_the_card_names_weights_cutoff_and_horizon(finished: Path) -> None:
    (file,) = finished.glob("representations/*/representation.json")
    card = json.loads(file.read_text("utf-8"))
    assert card["representation"] == file.parent.name
    assert card["weights"] == shipped().name
    assert (card["cutoff"], card["horizon_days"], card["customers"]) == ("2023-11-28", HORIZON_DAYS, 200)
    assert 0 < card["kept"] < 1
    assert card["notes"] == []


def test_the_same_question_again_writes_nothing_and_another_one_writes_beside_it(workspace: Path) -> None:
    shop = shijin.open(workspace)
    before = files(workspace)
    first = shop.represent(horizon=HORIZON_DAYS)
    shop.similar("c000003", k=2)
    assert files(workspace) == before
    other = shop.represent(horizon=30, cutoff="2023-04-01")
    added = {Path(name).parent.name for name in files(workspace).keys() - before.keys()}
    assert any(name.startswith("2023-04-01-30d-") for name in added)
    assert other.num_rows < first.num_rows
    asked = [found for found in shop.workspace.receipts() if found.verb == "represent"]
    (receipt,) = [found for found in asked if found.card["horizon_days"] == 30]
    assert receipt.inputs == {"horizon": 30, "cutoff": "2023-04-01"}
    assert all((workspace / output).exists() for output in receipt.outputs)


def test_nothing_from_the_cutoff_on_is_read(orders: pd.DataFrame, tmp_path: Path) -> None:
    whole = shop_of(orders, tmp_path / "whole").represent(horizon=HORIZON_DAYS, cutoff=CUTOFF)
    known = shop_of(split(orders).past, tmp_path / "past").represent(horizon=HORIZON_DAYS, cutoff=CUTOFF)
    assert whole.equals(known)


def test_without_a_horizon_the_newest_forecasts_is_taken(shop: Shop, orders: pd.DataFrame, tmp_path: Path) -> None:
    assert set(shop.represent()["horizon_days"].to_pylist()) == {HORIZON_DAYS}
    fresh = shop_of(orders, tmp_path)
    assert set(fresh.represent()["horizon_days"].to_pylist()) == {90}


def test_neighbours_are_other_customers_most_alike_first_and_alike_both_ways(shop: Shop) -> None:
    found = shop.similar("c000007", k=200)
    assert found.schema.equals(NEIGHBOURS)
    assert found.num_rows == 199
    assert "c000007" not in found["customer_id"].to_pylist()
    similarity = dict(zip(found["customer_id"].to_pylist(), found["similarity"].to_pylist(), strict=True))
    assert list(similarity.values()) == sorted(similarity.values(), reverse=True)
    nearest = next(iter(similarity))
    back = shop.similar(nearest, k=200).to_pydict()
    assert back["similarity"][back["customer_id"].index("c000007")] == pytest.approx(similarity[nearest], abs=2e-6)


def test_neighbours_bring_the_newest_forecasts_tier_and_money(shop: Shop, orders: pd.DataFrame, tmp_path: Path) -> None:
    forecast = {row["customer_id"]: row for row in shop.forecast(horizon=HORIZON_DAYS).to_pylist()}
    for row in shop.similar("c000007", k=25).to_pylist():
        assert row["tier"] == forecast[row["customer_id"]]["tier"]
        assert row["expected_spend"] == forecast[row["customer_id"]]["expected_spend"]
    unscored = shop_of(orders, tmp_path).similar("c000007", k=3, horizon=HORIZON_DAYS)
    assert unscored["tier"].to_pylist() == unscored["expected_spend"].to_pylist() == [None] * 3


def test_neighbours_share_recency_frequency_and_spend_more_than_others_do(shop: Shop, orders: pd.DataFrame) -> None:
    """From the raw file: mean differences of ranks to the five nearest, against those to everybody."""
    bought = orders[orders["type"] == "order"]
    known = pd.DataFrame(
        {
            "recency": bought.groupby("customer_id")["ts"].max().astype("int64"),
            "frequency": bought.groupby("customer_id")["order_id"].nunique(),
            "spend": bought.groupby("customer_id")["amount"].sum(),
        }
    )
    ranks = known.apply(rankdata) / len(known)
    near, any_two = [], []
    for customer in ranks.index[::8]:
        others = ranks.loc[shop.similar(customer, k=5)["customer_id"].to_pylist()]
        near.append((others - ranks.loc[customer]).abs().mean())
        any_two.append((ranks.drop(customer) - ranks.loc[customer]).abs().mean())
    ratio = pd.DataFrame(near).mean() / pd.DataFrame(any_two).mean()
    assert (ratio < 0.5).all(), ratio.to_dict()


def test_the_cards_gaps_say_the_same(finished: Path) -> None:
    (file,) = finished.glob("representations/*/representation.json")
    gaps = json.loads(file.read_text("utf-8"))["gaps"]
    assert set(gaps) == {"last_seen", "orders", "spend"}
    assert all(gap["near"] < 0.5 * gap["any_two"] < 0.25 for gap in gaps.values())


def test_a_map_goes_with_the_forecast_of_its_cutoff_and_horizon_only(shop: Shop) -> None:
    end = CUTOFF + timedelta(days=HORIZON_DAYS)
    found = read_places(shop.workspace, end, HORIZON_DAYS)
    assert found is not None
    assert found[1].column_names == ["customer_id", "x", "y"]
    assert read_places(shop.workspace, end, HORIZON_DAYS + 1) is None
    assert read_places(shop.workspace, CUTOFF, HORIZON_DAYS) is None


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"horizon": 0}, ConfigError),
        ({"horizon": "20y"}, ConfigError),
        ({"horizon": 500}, EmptyHistoryError),
        ({"cutoff": "2001-01-01"}, EmptyHistoryError),
        ({"k": 0}, ConfigError),
        ({"customer": "nobody"}, ConfigError),
        ({"cutoff": "2023-01-03", "horizon": 1}, ConfigError),  # who came later is not known then
    ],
)
def test_what_cannot_be_answered_is_refused_and_nothing_changes(
    workspace: Path, asked: dict[str, object], error: type[Exception]
) -> None:
    shop = shijin.open(workspace)
    before = files(workspace)
    last = shop.represent()["customer_id"].to_pylist()[-1]
    with pytest.raises(error, match=r"Cure: "):
        shop.similar(**({"customer": last} | asked))  # type: ignore[arg-type]
    assert files(workspace) == before


def test_few_customers_are_represented_with_a_note_and_without_a_map(tmp_path: Path) -> None:
    shop = of_orders(
        "".join(f"c{n % 10},2024-{1 + n % 12:02d}-{1 + n % 27:02d},{9 + n}\n" for n in range(60)), tmp_path
    )
    assert shop.represent(horizon=30).num_rows == 10
    (card,) = shop.workspace.root.glob("representations/*/representation.json")
    assert json.loads(card.read_text())["notes"] == [{"code": "represent.few", "customers": 10}]
    assert shop.similar("c4", k=10, horizon=30).num_rows == 9
    shop.forecast(horizon=30)
    assert "with fewer than 30 customers, even the most similar ones" in shop.report().read_text("utf-8")
    with pytest.raises(ModelError, match="fewer than 30"):
        shop.plot.map()


def test_a_single_customer_has_nobody_alike(tmp_path: Path) -> None:
    shop = of_orders("a,2024-03-01,5\na,2024-05-01,5\n", tmp_path)
    assert shop.represent(horizon=20).num_rows == 1
    assert shop.similar("a", horizon=20).equals(pa.table(NEIGHBOURS.empty_table()))


def test_more_customers_than_are_drawn_are_drawn_evenly(orders: pd.DataFrame, tmp_path: Path) -> None:
    copies = [orders.assign(customer_id=orders["customer_id"] + f"-{n}", order_id=None) for n in range(11)]
    write(pd.concat(copies)[["customer_id", "ts", "type", "amount"]], tmp_path / "many.csv")
    shop = shijin.from_dataframe(pd.read_csv(tmp_path / "many.csv"), tmp_path / "many")
    shop.forecast(horizon=HORIZON_DAYS)
    assert len(shop.represent()) == 2200
    spec = shop.plot.map().to_dict()
    (dots,) = spec["datasets"].values() if "datasets" in spec else (spec["data"]["values"],)
    assert len(dots) == 2000
