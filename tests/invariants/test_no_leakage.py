"""What happens at or after the cutoff changes nothing that is known or forecast there: tested from the raw file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import shijin
from rawfile import (
    COARSE,
    CUTOFF,
    HORIZON_DAYS,
    SMALL,
    corrupted,
    deleted,
    raw_orders,
    shop_of,
    shuffled,
    split,
    with_total,
)
from shijin.simulate.knobs import Knobs

DAY = CUTOFF.isoformat()


@dataclass(frozen=True)
class Known:
    """All that is known and forecast at the cutoff, by customer."""

    features: pa.Table
    untrained: pa.Table
    trained: pa.Table
    weights: pa.Table


def known_at_cutoff(frame: pd.DataFrame, folder: Path) -> Known:
    shop = shop_of(frame, folder)
    features = shop.features(cutoff=DAY, horizon=HORIZON_DAYS)
    untrained = shop.forecast(horizon=HORIZON_DAYS, cutoff=DAY)
    model = shop.train(horizon=HORIZON_DAYS, cutoff=DAY)
    trained = shop.forecast(cutoff=DAY, model=model.card["model"])
    assert model.card["trained"]
    by_id = (table.sort_by("customer_id") for table in (features, untrained, trained))
    return Known(*by_id, model.weights)


@pytest.fixture(scope="module", params=[SMALL, COARSE], ids=["minutes", "whole days"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Known]:
    knobs: Knobs = request.param
    frame = raw_orders(knobs)
    return frame, known_at_cutoff(frame, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("change", [deleted, shuffled, corrupted])
def test_a_future_deleted_shuffled_or_corrupted_in_the_file_moves_no_bit_before_it(
    whole: tuple[pd.DataFrame, Known], change: Callable[[pd.DataFrame], pd.DataFrame], tmp_path: Path
) -> None:
    frame, expected = whole
    raw = split(frame)
    found = known_at_cutoff(with_total(pd.concat([raw.past, change(raw.future)], ignore_index=True)), tmp_path)
    assert set(expected.features["customer_id"].to_pylist()) == set(raw.past["customer_id"])
    assert found.features.equals(expected.features)
    assert found.weights.equals(expected.weights)
    for part in ("untrained", "trained"):
        one, other = getattr(found, part), getattr(expected, part)
        moved = [name for name in one.column_names if not one[name].equals(other[name])]
        assert moved == [], part


def test_a_silent_week_before_the_cutoff_is_data_whether_or_not_the_file_goes_on_after_it(tmp_path: Path) -> None:
    frame = raw_orders()
    frame = frame[(frame["ts"] < pd.Timestamp(CUTOFF - timedelta(days=7))) | (frame["ts"] >= pd.Timestamp(CUTOFF))]
    expected = known_at_cutoff(frame, tmp_path / "goes on")
    found = known_at_cutoff(split(frame).past, tmp_path / "ends")
    assert found == expected


def test_an_order_in_the_last_instant_before_the_cutoff_is_known_and_one_at_the_cutoff_is_not(
    whole: tuple[pd.DataFrame, Known],
) -> None:
    frame, expected = whole
    past = split(frame).past
    money = past[past["type"].isin(["order", "return", "charge"])].groupby("customer_id")["amount"].sum()
    spent = dict(zip(*(expected.trained[name].to_pylist() for name in ("customer_id", "historic_spend")), strict=True))
    assert {"o-just-before"} == set(past["order_id"].dropna()) & {"o-at", "o-just-before"}
    assert spent == pytest.approx({customer: money.get(customer, 0.0) for customer in spent})


def one_timers(buyers: range) -> pd.DataFrame:
    """330 customers with one and the same order, forty who come again, and who of the first buys after the cutoff."""
    day = pd.Timestamp(CUTOFF) - timedelta(days=110)
    rows = [(f"k{number:04d}", day, 10.0) for number in range(370)]
    rows += [(f"k{number:04d}", day + timedelta(days=50), 10.0) for number in range(40)]
    rows += [("k0000", pd.Timestamp(CUTOFF) + timedelta(days=40), 10.0)]  # the file goes on in any case
    rows += [(f"k{number:04d}", pd.Timestamp(CUTOFF) + timedelta(days=3), 10.0) for number in buyers]
    return pd.DataFrame(rows, columns=["customer_id", "ts", "amount"])


def test_who_of_many_with_the_same_past_will_buy_shows_in_no_tier_no_forecast_and_no_vector(tmp_path: Path) -> None:
    found = []
    for name, buyers in (("some buy", range(300, 370)), ("nobody buys", range(0))):
        shop = shijin.from_dataframe(one_timers(buyers), workspace=tmp_path / name)
        forecast = shop.forecast(horizon=30, cutoff=DAY, zero_shot=True)
        vectors = shop.represent(horizon=30, cutoff=DAY)
        found.append([table.sort_values("customer_id", ignore_index=True) for table in (forecast, vectors)])
    for one, other in zip(*found, strict=True):
        assert len(one) == 370
        moved = [
            name for name in one.columns if [str(cell) for cell in one[name]] != [str(cell) for cell in other[name]]
        ]
        assert moved == []


# -- the judged window of a backtest -----------------------------------------------------------------------------------


def other_outcomes(future: pd.DataFrame) -> pd.DataFrame:
    """Inside the same window: other amounts, other customers, other items; the last day keeps its events."""
    rng = np.random.default_rng(5)
    inside = pd.Timestamp(CUTOFF) + pd.to_timedelta(rng.integers(0, HORIZON_DAYS * 1440, len(future)), unit="min")
    return future.assign(
        ts=np.where(future["ts"] == future["ts"].max(), future["ts"], inside),
        amount=np.round(future["amount"].abs() * rng.choice([0.01, 1.0, 1000.0], len(future)), 2),
        customer_id=rng.permutation(future["customer_id"].to_numpy()),
    )


def test_changing_only_the_judged_window_changes_no_weight_no_choice_and_no_forecast(tmp_path: Path) -> None:
    frame = raw_orders()
    raw = split(frame)
    changed = with_total(pd.concat([raw.past, other_outcomes(raw.future)], ignore_index=True))
    views = [
        shop_of(one, tmp_path / name).backtest(horizon=HORIZON_DAYS, cutoff=DAY)
        for name, one in (("as it was", frame), ("changed", changed))
    ]
    first, second = (view.members.sort_by([("member", "ascending"), ("customer_id", "ascending")]) for view in views)
    for decided in ("weights", "served", "case", "notes", "cutoff"):
        assert views[0].result[decided] == views[1].result[decided], decided
    moved = {name for name in first.column_names if not first[name].equals(second[name])}
    assert moved == {"crps", "pit", "y_spend", "y_orders", "y_first_days"}
    assert views[0].scores["stack"]["auc"] != views[1].scores["stack"]["auc"]
    assert pc.count_distinct(first["member"]).as_py() == 11
