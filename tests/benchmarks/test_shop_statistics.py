"""What a shop looks like in numbers, by hand on shops small enough to count; and what is committed of real ones."""

import json
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shijin.simulate.knobs import DEMO, Knobs
from shijin.simulate.shops import simulate

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
looks = import_module("shop_statistics")
MEANING, Orders, statistics, curves, compared = (
    getattr(looks, name) for name in ("MEANING", "Orders", "statistics", "curves", "compared")
)
RESULT = json.loads((BENCHMARKS / "results" / "look.json").read_text("utf-8"))


def orders(*histories: list[tuple[float, float]], times: int = 1, days: float = 360.0) -> Any:
    """A shop whose customers have these orders, (part of the window, amount), each history `times` over."""
    each = [history for history in histories for _ in range(times)]
    customer = np.repeat(np.arange(len(each)), [len(history) for history in each])
    part, amount = (np.array([moment[place] for history in each for moment in history]) for place in (0, 1))
    return Orders(customer, part, np.log(amount), len(each), days)


def test_statistics_are_those_that_have_a_meaning() -> None:
    assert statistics(orders([(0.1, 5.0)])).keys() == MEANING.keys()


def test_counts_and_money_by_hand() -> None:
    found = statistics(orders([(0.1, 10.0), (0.2, 30.0), (0.9, 40.0)], [(0.3, 10.0)], [(0.8, 5.0)], [(0.1, 5.0)]))
    assert found["single_share"] == 3 / 4
    assert found["orders_mean"] == 6 / 4
    assert found["orders_cv"] == pytest.approx(np.std([3, 1, 1, 1]) / 1.5)
    assert found["top_1_share"] == found["top_10_share"] == pytest.approx(80 / 100)  # one customer at the least
    assert found["quiet_share"] == 2 / 4  # who came last at .3 and .1
    assert found["late_share"] == 2 / 6


def test_who_is_known_and_comes_again_is_active() -> None:
    shop = orders([(0.1, 1.0), (0.8, 1.0)], [(0.2, 1.0)], [(0.9, 1.0)], times=20)
    assert statistics(shop)["active_share"] == 1 / 2  # of 40 known before the last quarter


def test_gaps_by_hand() -> None:
    even = [(part, 1.0) for part in (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)]
    found = statistics(orders(even, times=21))
    gaps = np.array([0.2, 0.2, 0.2, 0.2, 0.15])
    assert found["gap_cv"] == pytest.approx(gaps.std() / gaps.mean())
    assert found["gap_cv_spread"] == pytest.approx(0, abs=1e-9)
    assert np.isnan(statistics(orders(even, times=20))["gap_cv"])  # too few customers to tell


def test_baskets_of_known_spreads_are_found() -> None:
    knobs = Knobs(customers=3000, days=600, joining=0.0, rate_scale_days=12.0, dropout="none", items=0)
    shop = simulate(replace(knobs, basket_between=0.6, basket_within=0.35, rate_shape=3.0), seed=1)
    found = statistics(Orders.of(shop.packed))
    assert found["basket_between"] == pytest.approx(0.6, abs=0.04)
    assert found["basket_within"] == pytest.approx(0.35, abs=0.02)
    assert abs(found["basket_autocorrelation"]) < 0.05
    assert abs(found["basket_count_tie"]) < 0.06


def test_a_wandering_basket_shows_in_its_autocorrelation() -> None:
    knobs = Knobs(customers=500, days=600, joining=0.0, rate_scale_days=12.0, dropout="none", items=0, rate_shape=3.0)
    shop = simulate(replace(knobs, basket_within=0.1, basket_drift=0.8), seed=1)
    assert statistics(Orders.of(shop.packed))["basket_autocorrelation"] > 0.5


def test_who_stays_the_same_correlates_and_who_does_not_does_not() -> None:
    steady = Knobs(customers=800, days=400, joining=0.0, rate_scale_days=20.0, dropout="none", items=0)
    same = statistics(Orders.of(simulate(steady, 1).packed))
    drifting = replace(steady, rate_shape=100, rate_scale_days=1500.0, drift_spread=0.8, drift_days=20.0)
    other = statistics(Orders.of(simulate(drifting, 1).packed))
    assert same["half_correlation"] > 0.8
    assert same["quarter_3_4_correlation"] > 0.6
    assert abs(other["quarter_1_4_correlation"]) < 0.15


def test_a_calm_shop_has_no_change_of_level_beyond_chance_and_a_season_has() -> None:
    calm = Knobs(customers=1500, days=720, joining=0.0, rate_scale_days=20.0, dropout="none", items=0)
    assert statistics(Orders.of(simulate(replace(calm, before_days=720), 1).packed))["level_changes"] < 0.05
    wild = replace(calm, before_days=720, season_amplitude=0.6)
    assert statistics(Orders.of(simulate(wild, 1).packed))["level_changes"] > 0.15


def test_money_times_any_factor_looks_the_same() -> None:
    shop = Orders.of(simulate(DEMO, 1).packed)
    dearer = replace(shop, log_amount=shop.log_amount + np.log(7.31))
    one, other = statistics(shop), statistics(dearer)
    assert other == pytest.approx(one, rel=1e-9, nan_ok=True)
    assert curves(dearer) == curves(shop)


def test_only_orders_count_and_who_has_none_is_no_customer() -> None:
    packed = simulate(replace(DEMO, customers=300), 1).packed
    kinds = packed.moments.kind.copy()
    first = slice(packed.offsets[0], packed.offsets[1])
    kinds[first] = 3  # the first customer only looks
    shop = Orders.of(replace(packed, moments=replace(packed.moments, kind=kinds)))
    assert shop.n == len(packed) - 1
    assert len(shop.customer) == (kinds == 0).sum()


def test_a_shop_of_one_order_has_no_statistic_that_is_not_there() -> None:
    found = statistics(orders([(0.5, 3.0)]))
    missing = {name for name, value in found.items() if np.isnan(value)}
    assert missing >= {"half_correlation", "basket_within", "basket_between", "gap_cv", "active_share"}
    assert found["single_share"] == 1


def test_no_point_of_a_curve_shows_fewer_than_five_customers() -> None:
    shop = Orders.of(simulate(DEMO, 1).packed)
    least = 5 / shop.n - 1e-5
    drawn = curves(shop)
    assert min(share for _, share in drawn["spend"]) >= least
    assert min(share for _, share in drawn["outcome"]) >= least
    assert max(count for count, _ in drawn["recency"]) < shop.counts.max()


def test_a_real_shops_percentile_is_the_share_of_simulated_ones_below_it() -> None:
    simulated = [dict.fromkeys(MEANING, float(value)) for value in range(1, 11)]
    table = compared(simulated, {"low": dict.fromkeys(MEANING, 0.5), "middle": dict.fromkeys(MEANING, 5.0)})
    one = table["gap_cv"]
    assert one["shops"] == 10
    assert one["real"]["low"] == {"value": 0.5, "percentile": 0.0, "inside": False}
    assert one["real"]["middle"] == {"value": 5.0, "percentile": 45.0, "inside": True}  # four below, one equal
    assert one["prior"]["50"] == 5.5


def test_shops_that_cannot_tell_are_left_out() -> None:
    simulated = [dict.fromkeys(MEANING, np.nan), *(dict.fromkeys(MEANING, float(value)) for value in range(4))]
    assert compared(simulated, {})["gap_cv"]["shops"] == 4


# --- what is committed ------------------------------------------------------------------------------------------------


def test_the_committed_table_holds_every_statistic_of_every_real_shop() -> None:
    assert RESULT["statistics"].keys() == MEANING.keys()
    for one in RESULT["statistics"].values():
        assert one["real"].keys() == {"complete-journey", "cdnow", "online-retail"}
        assert list(one["prior"]) == [str(quantile) for quantile in looks.QUANTILES]
        assert list(one["prior"].values()) == sorted(one["prior"].values())


def test_the_committed_table_says_which_real_shops_lie_outside() -> None:
    outside = [
        {"shop": shop, "statistic": name}
        for name, one in RESULT["statistics"].items()
        for shop, found in one["real"].items()
        if not 5 <= found["percentile"] <= 95
    ]
    assert RESULT["outside"] == outside
    page = (BENCHMARKS / "results" / "look.md").read_text("utf-8")
    assert page.count("**") == 2 * len(outside)
