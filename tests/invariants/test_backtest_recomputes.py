"""Every figure of a backtest follows from its rows by the definitions below, and its outcomes from the raw file.

Nothing of Shijin computes here: pairs are compared pair by pair, areas are summed customer by customer.
"""

import json
from collections.abc import Callable
from math import ceil, inf, isclose, log, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from rawfile import CUTOFF, HORIZON_DAYS

Floats = NDArray[np.float64]
Rows = pd.DataFrame
PEERS = ("decayed spend H", "BTYD", "LightGBM")
MARGINS = {"log_score": 0.002, "auc": 0.003, "ngini": 0.01, "crps": 0.005, "level": 0.02}
RESAMPLES = 1000


def auc(rows: Rows) -> float:
    """Share of pairs (ordered, did not) in the right order; ties count half."""
    active = (rows["y_orders"] > 0).to_numpy()
    p = rows["p_active"].to_numpy()
    if active.all() or not active.any():
        return float("nan")
    pairs = p[active][:, None] - p[~active][None, :]
    return float(np.mean((pairs > 0) + 0.5 * (pairs == 0)))


def log_score(rows: Rows) -> float:
    pairs = zip(rows["p_active"], rows["y_orders"] > 0, strict=True)
    return sum(log(p if active else 1 - p) for p, active in pairs) / len(rows)


def calibration_error(rows: Rows) -> float:
    """Tenths of customers by p_active (earlier ones a customer larger); mean gap of forecast and observed share.

    Whoever was given the same stands for all who were: so it does not matter which of them falls into which tenth.
    """
    active = (rows["y_orders"] > 0).groupby(rows["p_active"]).transform("mean")
    ordered = rows.assign(active=active).sort_values("p_active", kind="stable")
    n, gap, begin = len(rows), 0.0, 0
    tenths = min(10, n)
    for tenth in range(tenths):
        size = n // tenths + (tenth < n % tenths)
        part = ordered.iloc[begin : begin + size]
        gap += size / n * abs(part["p_active"].mean() - part["active"].mean())
        begin += size
    return gap


def level(rows: Rows) -> float:
    spent = sum(rows["y_spend"])
    return sum(rows["expected_spend"]) / spent if spent > 0 else float("nan")


def rmse(rows: Rows) -> float:
    return sqrt(sum((rows["y_spend"] - rows["expected_spend"]) ** 2) / len(rows))


def gini(spend: Floats, score: Floats) -> float:
    """Twice the area between the curve of spend found and the diagonal; a straight line across customers who tie."""
    area, found = 0.0, 0.0
    for value in np.unique(score)[::-1]:
        tied = spend[score == value]
        share, step = tied.sum() / spend.sum(), len(tied) / len(spend)
        area += (found + share / 2) * step
        found += share
    return 2 * area - 1


def normalised_gini(rows: Rows) -> float:
    spend, mean = rows["y_spend"].to_numpy(), rows["expected_spend"].to_numpy()
    if spend.sum() <= 0:
        return float("nan")
    best = gini(spend, spend)
    return gini(spend, mean) / best if best > 1e-12 else float("nan")


def spearman(rows: Rows) -> float:
    if rows["y_spend"].nunique() < 2 or rows["expected_spend"].nunique() < 2:
        return float("nan")
    return float(spearmanr(rows["y_spend"], rows["expected_spend"]).statistic)


def coverage_p90(rows: Rows) -> float:
    some = rows[rows["q90"] > 0]
    return float((some["y_spend"] <= some["q90"]).mean()) if len(some) else float("nan")


def pit_distance(rows: Rows) -> float:
    """The largest distance between the PITs' empirical distribution and the uniform one, on both sides of each step."""
    ordered, n = sorted(rows["pit"]), len(rows)
    return max(max(abs(value - step / n), abs(value - (step + 1) / n)) for step, value in enumerate(ordered))


def ordered_by_date(rows: Rows) -> float:
    """Of those whose date lies in the window: who had ordered by then. The day: H ln(1/2) / ln(1 - p), whole."""
    days = [ceil(HORIZON_DAYS * log(0.5) / log(1 - p)) for p in rows["p_active"]]
    first = rows["y_first_days"].fillna(inf)
    hits = [came <= day for came, day in zip(first, days, strict=True) if day <= HORIZON_DAYS]
    return sum(hits) / len(hits) if hits else float("nan")


FIGURES: dict[str, Callable[[Rows], float]] = {
    "customers": len,
    "auc": auc,
    "log_score": log_score,
    "ece": calibration_error,
    "level": level,
    "rmse": rmse,
    "ngini": normalised_gini,
    "spearman": spearman,
    "crps": lambda rows: sum(rows["crps"]) / len(rows),
    "coverage_p90": coverage_p90,
    "mae_p50": lambda rows: sum(abs(rows["y_spend"] - rows["q50"])) / len(rows),
    "pit_distance": pit_distance,
    "ordered_by_date": ordered_by_date,
}
GROUPS: dict[str, Callable[[Rows], "pd.Series[bool]"]] = {
    "everyone": lambda rows: rows["horizon_days"] > 0,
    "one-time buyers": lambda rows: rows["orders_before"] == 1,
    "customers for over a year": lambda rows: rows["tenure_days"] > 365,
}


@pytest.fixture(scope="module")
def said(finished: Path) -> dict[str, Any]:
    (file,) = finished.glob("backtests/*/backtest.json")
    result: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return result


@pytest.fixture(scope="module")
def members(finished: Path) -> pd.DataFrame:
    (file,) = finished.glob("backtests/*/members.parquet")
    return pd.read_parquet(file)


def same(figure: float | None, own: float, rel: float = 1e-9) -> bool:
    return np.isnan(own) if figure is None else isclose(figure, own, rel_tol=rel, abs_tol=1e-9)


def test_every_figure_recomputes_from_the_rows(said: dict[str, Any], members: pd.DataFrame) -> None:
    names = list(members["member"].unique())
    assert len(names) == 11
    compared = 0
    for group, belongs in GROUPS.items():
        inside = members[belongs(members)]
        assert (group in said["scores"]) == bool(len(inside))
        for name in names if len(inside) else ():
            rows, row = inside[inside["member"] == name], said["scores"][group][name]
            assert set(row) == set(FIGURES)
            wrong = {
                key: (row[key], figure(rows)) for key, figure in FIGURES.items() if not same(row[key], figure(rows))
            }
            assert wrong == {}, (group, name)
            compared += len(row)
    assert compared >= 2 * 10 * len(FIGURES)  # a shop of under a year has no third group


def test_every_paired_difference_and_its_interval_recompute_from_the_rows(
    said: dict[str, Any], members: pd.DataFrame
) -> None:
    """Customers drawn with replacement a thousand times, by the seed that is written down: 0."""
    rows = {name: members[members["member"] == name].reset_index(drop=True) for name in (*PEERS, "stack")}
    n = len(rows["stack"])
    rng = np.random.default_rng(0)
    draws = [np.arange(n), *(rng.integers(0, n, n) for _ in range(RESAMPLES))]
    measured = {name: np.array([five(columns(one), draw) for draw in draws]) for name, one in rows.items()}
    assert set(said["differences"]) == set(PEERS)
    for peer in PEERS:
        for place, found in enumerate(said["differences"][peer]):
            metric = found["metric"]
            better = differences(metric, measured["stack"][:, place], measured[peer][:, place])
            low, high = np.quantile(better[1:][np.isfinite(better[1:])], [0.025, 0.975])
            assert same(found["value"], better[0]), (peer, metric)
            assert same(found["low"], low), (peer, metric)
            assert same(found["high"], high), (peer, metric)
            margin = MARGINS[metric]
            assert found["verdict"] == ("win" if low > margin else "loss" if high < -margin else "tie")


def columns(rows: Rows) -> dict[str, Floats]:
    return {
        name: rows[name].to_numpy(dtype=float) for name in ("p_active", "expected_spend", "crps", "y_spend", "y_orders")
    }


def five(column: dict[str, Floats], draw: NDArray[np.int64]) -> tuple[float, ...]:
    """The metrics of MARGINS on customers as drawn, repeated ones standing there repeatedly."""
    p, mean, crps, spend, orders = (
        column[name][draw] for name in ("p_active", "expected_spend", "crps", "y_spend", "y_orders")
    )
    active = orders > 0
    pairs = p[active][:, None] - p[~active][None, :]
    area = np.mean((pairs > 0) + 0.5 * (pairs == 0))
    score = np.mean(np.log(np.where(active, p, 1 - p)))
    return score, area, found_early(spend, mean) / found_early(spend, spend), crps.mean(), mean.sum() / spend.sum()


def found_early(spend: Floats, score: Floats) -> float:
    """`gini`, faster: by the mean place of those who tie, counted from the top."""
    ordered = np.sort(-score)
    place = (np.searchsorted(ordered, -score, "left") + np.searchsorted(ordered, -score, "right") + 1) / 2
    n = len(spend)
    return float((n + 1 - 2 * (place * spend).sum() / spend.sum()) / n)


def differences(metric: str, own: Floats, peer: Floats) -> Floats:
    """Turned so that more is better for the stack."""
    if metric == "crps":
        return 1 - own / peer
    if metric == "level":
        return np.abs(np.log(peer)) - np.abs(np.log(own))
    return own - peer


def test_outcomes_recompute_from_the_raw_file(orders: pd.DataFrame, members: pd.DataFrame) -> None:
    begin = pd.Timestamp(CUTOFF)
    money = orders[orders["type"].isin(["order", "return", "charge"])]
    inside = money[(money["ts"] >= begin) & (money["ts"] < begin + pd.Timedelta(days=HORIZON_DAYS))]
    bought = inside[inside["type"] == "order"]
    spend = inside.groupby("customer_id")["amount"].sum().clip(lower=0)
    count = bought.groupby("customer_id")["order_id"].nunique()
    first = (bought.groupby("customer_id")["ts"].min() - begin) / pd.Timedelta(days=1)
    before = orders[orders["ts"] < begin]
    ordered = before[before["type"] == "order"].groupby("customer_id")["order_id"].nunique()

    everyone = sorted(before["customer_id"].unique())
    for name, rows in members.groupby("member"):
        found = rows.set_index("customer_id").sort_index()
        assert list(found.index) == everyone, name
        np.testing.assert_allclose(found["y_spend"], spend.reindex(everyone, fill_value=0.0), atol=1e-9)
        assert list(found["y_orders"]) == list(count.reindex(everyone, fill_value=0))
        assert list(found["orders_before"]) == list(ordered.reindex(everyone, fill_value=0))
        np.testing.assert_allclose(found["y_first_days"], first.reindex(everyone), atol=1e-9)
    assert (inside["type"] == "return").any()
    assert (inside["type"] == "charge").any()


def test_quantiles_rise_and_crps_and_pit_agree_with_them(members: pd.DataFrame) -> None:
    """CRPS is twice the mean pinball loss over all levels: of the nineteen that stand there, nearly so."""
    names = [f"q{step:02d}" for step in range(5, 100, 5)]
    quantiles = members[names].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    levels = np.arange(1, 20) / 20
    error = members["y_spend"].to_numpy()[:, None] - quantiles
    pinball = 2 * np.maximum(levels * error, (levels - 1) * error).mean(axis=1)
    stack = (members["member"] == "stack").to_numpy()
    assert pinball[stack].mean() == pytest.approx(members["crps"][stack].mean(), rel=0.1)
    positive = stack & (members["y_spend"] > 0).to_numpy()
    pit, below = members["pit"].to_numpy()[positive], (error[positive] >= 0).sum(axis=1) / 20
    assert (pit >= below - 1e-9).all()
    assert (pit <= below + 0.05 + 1e-9).all()
