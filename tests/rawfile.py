"""A shop's raw file, as a shop would hand it over, and what a test does to it. Frames hold texts, as CSV does."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

import shijin
from shijin.shop import Shop
from shijin.simulate.events import as_events
from shijin.simulate.knobs import Knobs
from shijin.simulate.shops import simulate
from shijin.workspace import Workspace

HORIZON_DAYS = 60
START = date(2023, 1, 2)
CONFIG = "[engine]\nthreads = 1\n"
COLUMNS = ["customer_id", "ts", "type", "order_id", "item_id", "category", "quantity", "amount", "discount"]

SMALL = Knobs(
    customers=200,
    days=330,
    start=START,
    joining=0.8,
    rate_shape=1.0,
    rate_scale_days=40.0,
    one_timers=0.2,
    dropout_a=0.7,
    dropout_b=3.5,
    season_amplitude=0.3,
    return_share=0.1,
    discount_share=0.2,
    views_per_order=0.5,
    items=40,
    categories=5,
    lines_per_order=2.0,
)
# All begin on one day, and orders have one line of the same price: many look alike but for the number of pieces.
COARSE = replace(SMALL, clock="day", joining=0.0, lines_per_order=1.0)

CUTOFF = START + timedelta(days=SMALL.days - HORIZON_DAYS)  # the last horizon of the file lies after it


@dataclass(frozen=True)
class Raw:
    """A file: rows before and from a cutoff on, in the order of the file."""

    past: pd.DataFrame
    future: pd.DataFrame


def raw_orders(knobs: Knobs = SMALL, seed: int = 3) -> pd.DataFrame:
    """Orders, returns, views, charges; amounts as numbers, times as timestamps, and each customer's running total."""
    frame = as_events(simulate(knobs, seed)).select(COLUMNS).to_pandas()
    frame["ts"] = frame["ts"].dt.tz_localize(None)
    postage = frame[frame["type"] == "order"].drop_duplicates("order_id").iloc[::4].copy()
    postage = postage.assign(type="charge", item_id="POSTAGE", category=None, quantity=1.0, amount=4.9, discount=0.0)
    frame = pd.concat([frame, postage, _edges(frame, knobs.days)]).sort_values("ts", kind="stable", ignore_index=True)
    if knobs.clock == "day":
        frame["amount"] = 50.0 * np.sign(frame["amount"])
        frame["quantity"] = np.random.default_rng(seed).integers(1, 9, len(frame)) * np.sign(frame["quantity"])
    return with_total(frame)


def _edges(frame: pd.DataFrame, days: int) -> pd.DataFrame:
    """An order at the first instant of the last horizon, one in the last microsecond before it, one on the last day."""
    some = frame[frame["type"] == "order"].iloc[[0, 1, 2]].copy()
    end = pd.Timestamp(START + timedelta(days=days))
    midnight = end - pd.Timedelta(days=HORIZON_DAYS)
    moment = pd.Timedelta(microseconds=1)
    return some.assign(ts=[midnight, midnight - moment, end - moment], order_id=["o-at", "o-just-before", "o-last"])


def with_total(frame: pd.DataFrame) -> pd.DataFrame:
    """The file with what shops' programs add to every row: all that the customer ever spent."""
    return frame.assign(**{"Total Spent": frame.groupby("customer_id")["amount"].transform("sum")})


def split(frame: pd.DataFrame, cutoff: date = CUTOFF) -> Raw:
    """Part a file at a cutoff."""
    after = frame["ts"] >= pd.Timestamp(cutoff)
    return Raw(frame[~after], frame[after])


def deleted(future: pd.DataFrame) -> pd.DataFrame:
    return future.iloc[:0]


def shuffled(future: pd.DataFrame) -> pd.DataFrame:
    """Rows in another order, and every column's values handed to other rows."""
    rng = np.random.default_rng(1)
    return pd.DataFrame({name: rng.permutation(future[name].to_numpy()) for name in future.columns})


def corrupted(future: pd.DataFrame) -> pd.DataFrame:
    """Absurd amounts, other items, customers never seen before, other times (the very first instant among them)."""
    rng = np.random.default_rng(2)
    n = len(future)
    days = rng.integers(0, 400, n) * (np.arange(n) > 5)
    stranger = np.char.add("stranger-", rng.integers(0, 30, n).astype(str))
    return future.assign(
        ts=pd.Timestamp(CUTOFF) + pd.to_timedelta(days, unit="D"),
        amount=np.round(future["amount"] * rng.choice([-1e4, 1e-2, 1e5], n), 2),
        quantity=rng.integers(1, 10_000, n).astype(float),
        item_id=rng.permutation([f"other-{number % 50}" for number in range(n)]),
        customer_id=np.where(rng.random(n) < 0.3, stranger, rng.permutation(future["customer_id"].to_numpy())),
        type=rng.choice(["order", "return", "charge", "view"], n),
    )


def write(frame: pd.DataFrame, path: Path) -> Path:
    """Write a file as CSV, floats with all their digits."""
    frame.assign(ts=frame["ts"].dt.strftime("%Y-%m-%d %H:%M:%S.%f")).to_csv(path, index=False)
    return path


def shop_of(frame: pd.DataFrame, folder: Path) -> Shop:
    """Write a file into a folder and collect it into a workspace there."""
    folder.mkdir(parents=True, exist_ok=True)
    Workspace.create(folder / "shop", CONFIG)
    shop = shijin.open(folder / "shop")
    shop.collect(write(frame, folder / "orders.csv"))
    return shop
