"""Where the future is handed to other customers there is nothing to forecast, and the scale must say so."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from rawfile import CUTOFF, HORIZON_DAYS, SMALL, Raw, raw_orders, shop_of, split, with_total
from shijin.metrics.value import auc, normalised_gini
from shijin.notebook import BacktestView

Floats = NDArray[np.float64]
PERMUTATIONS = 400


def swapped(raw: Raw, seed: int) -> pd.DataFrame:
    """Whole futures change hands among the customers with a past: one's later events go to another, all of them."""
    old = np.sort(raw.past["customer_id"].unique())
    owner = dict(zip(old, np.random.default_rng(seed).permutation(old), strict=True))
    future = raw.future.assign(customer_id=raw.future["customer_id"].map(lambda name: owner.get(name, name)))
    return with_total(pd.concat([raw.past, future], ignore_index=True))


def judged(frame: pd.DataFrame, folder: Path) -> BacktestView:
    return shop_of(frame, folder).backtest(horizon=HORIZON_DAYS, cutoff=CUTOFF)


def standard_errors(view: BacktestView, member: str) -> tuple[float, float]:
    """How far normalised Gini and AUC scatter when outcomes are dealt at random."""
    rows = view.members.to_pandas().query("member == @member")
    mean, p_active = rows["expected_spend"].to_numpy(), rows["p_active"].to_numpy()
    spend, active = rows["y_spend"].to_numpy(), rows["y_orders"].to_numpy() > 0
    rng = np.random.default_rng(0)
    deals = [rng.permutation(len(rows)) for _ in range(PERMUTATIONS)]
    ginis = [normalised_gini(spend[deal], mean) for deal in deals]
    return float(np.std(ginis)), float(np.std([auc(active[deal], p_active) for deal in deals]))


def z_scores(frame: pd.DataFrame, draws: int, folder: Path) -> dict[str, tuple[float, float]]:
    """Member -> mean normalised Gini and mean AUC - .5 over some swaps, in their standard errors."""
    raw = split(frame)
    views = [judged(swapped(raw, seed), folder / str(seed)) for seed in range(draws)]
    found: dict[str, tuple[float, float]] = {}
    for member in views[0].scores:
        gini_error, auc_error = (error / np.sqrt(draws) for error in standard_errors(views[0], member))
        if gini_error < 1e-12:  # all zero: everyone alike
            assert views[0].scores[member]["ngini"] == pytest.approx(0.0, abs=1e-12)
            assert views[0].scores[member]["auc"] == 0.5
            continue
        gini = float(np.mean([view.scores[member]["ngini"] for view in views]))
        area = float(np.mean([view.scores[member]["auc"] for view in views])) - 0.5
        found[member] = gini / gini_error, area / auc_error
    return found


def test_swapped_futures_leave_nothing_to_rank(orders: pd.DataFrame, tmp_path: Path) -> None:
    found = z_scores(orders, 3, tmp_path)
    assert {"stack", "LightGBM", "BTYD", "decayed spend H"} < set(found)
    # Two of twenty-two lie beyond two standard errors by chance now and then; three, or most near two, they do not.
    assert {member: z for member, z in found.items() if max(map(abs, z)) > 3} == {}
    assert np.mean(np.square(list(found.values()))) < 2


def test_the_same_scale_sees_what_there_is_to_rank_where_futures_stay(orders: pd.DataFrame, tmp_path: Path) -> None:
    view = judged(orders, tmp_path)
    gini_error, auc_error = standard_errors(view, "stack")
    assert view.scores["stack"]["ngini"] > 5 * gini_error
    assert view.scores["stack"]["auc"] - 0.5 > 5 * auc_error


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(5))
def test_swapped_futures_leave_nothing_to_rank_in_larger_shops(seed: int, tmp_path: Path) -> None:
    found = z_scores(raw_orders(replace(SMALL, customers=900), seed), 5, tmp_path)
    assert max(max(map(abs, z)) for z in found.values()) < 4
    assert np.mean(np.square(list(found.values()))) < 4
