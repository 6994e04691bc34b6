"""Another currency, another decade, other ids or rows in another order: the same shop, so the same forecast."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rawfile import CUTOFF, HORIZON_DAYS, shop_of

FACTOR = 7.31
YEARS = 28  # the same weekdays and leap days
MONEY = ("expected_spend", "spend_p10", "spend_p50", "spend_p90", "historic_spend")
PLAIN = ("expected_orders", "p_active")
SAME = ("horizon_days", "tier", "evidence")


@dataclass(frozen=True)
class Change:
    """What is done to a file, and what the forecasts must then do: times `money`, `years` back, under the old `ids`."""

    of: Callable[[pd.DataFrame], pd.DataFrame]
    money: float = 1.0
    years: int = 0
    ids: Callable[[pd.Series], pd.Series] = field(default=lambda ids: ids)
    bit_identical: bool = False


def in_other_money(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{name: frame[name] * FACTOR for name in ("amount", "discount", "Total Spent")})


def in_another_decade(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(ts=frame["ts"] - pd.DateOffset(years=YEARS))


def under_other_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Ids backwards: they sort quite otherwise."""
    return frame.assign(**{name: backwards(frame[name]) for name in ("customer_id", "order_id", "item_id", "category")})


def backwards(ids: pd.Series) -> pd.Series:
    return ids.where(ids.isin(["POSTAGE"]), ids.str[::-1])


def in_another_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sample(frac=1, random_state=11, ignore_index=True)


def all_at_once(frame: pd.DataFrame) -> pd.DataFrame:
    return in_another_order(under_other_names(in_another_decade(in_other_money(frame))))


CHANGES = {
    "money times 7.31": Change(in_other_money, money=FACTOR),
    "28 years back": Change(in_another_decade, years=YEARS, bit_identical=True),
    "ids relabelled": Change(under_other_names, ids=backwards),
    "rows shuffled": Change(in_another_order, bit_identical=True),
    "all at once": Change(all_at_once, money=FACTOR, years=YEARS, ids=backwards),
}


@dataclass(frozen=True)
class Forecasts:
    """Frames by customer id."""

    features: pd.DataFrame
    untrained: pd.DataFrame
    trained: pd.DataFrame


def forecasts(frame: pd.DataFrame, folder: Path, years: int = 0) -> Forecasts:
    shop = shop_of(frame, folder)
    day = CUTOFF.replace(year=CUTOFF.year - years)
    features = shop.features(cutoff=day, horizon=HORIZON_DAYS)
    untrained = shop.forecast(horizon=HORIZON_DAYS, cutoff=day)
    model = shop.train(horizon=HORIZON_DAYS, cutoff=day)
    assert model.card["trained"]
    return Forecasts(*map(by_id, (features, untrained, model.forecast(shop.history(day, HORIZON_DAYS)))))


SINGLE = 5e-6  # the network computes in single precision


def by_id(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas().set_index("customer_id").sort_index()


@pytest.fixture(scope="module")
def before(orders: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Forecasts:
    return forecasts(orders, tmp_path_factory.mktemp("before"))


@pytest.mark.parametrize("name", CHANGES)
def test_forecasts_follow_a_change_that_leaves_the_shop_the_same(
    orders: pd.DataFrame, before: Forecasts, name: str, tmp_path: Path
) -> None:
    change = CHANGES[name]
    after = forecasts(change.of(orders), tmp_path, change.years)
    for part in ("features", "untrained", "trained"):
        old, new = getattr(before, part), getattr(after, part)
        new = new.set_index(change.ids(new.index.to_series()).to_numpy()).sort_index()
        assert list(new.index) == list(old.index)
        if part == "features":
            np.testing.assert_allclose(new, old, rtol=2e-7, atol=1e-7)  # float32: a rounding of the last bit
            continue
        follow(old, new, change)
    if change.bit_identical:
        dated = ["cutoff", "next_order_date"]
        assert after.features.equals(before.features)
        assert after.untrained.drop(columns=dated).equals(before.untrained.drop(columns=dated))
        assert after.trained.drop(columns=dated).equals(before.trained.drop(columns=dated))


def follow(old: pd.DataFrame, new: pd.DataFrame, change: Change) -> None:
    for column in MONEY:
        np.testing.assert_allclose(new[column], change.money * old[column], rtol=SINGLE, atol=1e-9, err_msg=column)
    for column in PLAIN:
        np.testing.assert_allclose(new[column], old[column], rtol=SINGLE, err_msg=column)
    for column in SAME:
        assert list(new[column]) == list(old[column]), column
    dates = pd.to_datetime(old["next_order_date"]) - pd.DateOffset(years=change.years)
    pd.testing.assert_series_equal(pd.to_datetime(new["next_order_date"]), dates, check_dtype=False, check_names=False)
