"""Peers from outside: what they are handed, by hand; what is learnt from vectors; a part that joins a whole."""

# ruff: noqa: E402 - benchmarks are scripts beside the package: their folder is named before they are imported

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))

import outside_peers
from ledger import packed, row
from outside_peers import CHOSEN, PYMC, by_vectors, event_arrays, joined, lost, main, order_summary, thinned
from shijin.forecasting.windows import closed_windows
from shijin.metrics.value import auc, normalised_gini
from shijin.represent.cutoff import split_at
from shijin.represent.days import as_cutoff
from shijin.represent.packed import DAY_US, Kind
from shijin.simulate.knobs import DEMO
from shijin.simulate.shops import simulate

CUTOFF, EARLIER = as_cutoff(date(2024, 2, 1)), as_cutoff(date(2024, 1, 11))
PAST = [
    row("a", "2024-01-02 12:00", None, kind="view"),
    row("a", "2024-01-04 06:00", 30.0, order_id="1"),
    row("a", "2024-01-04 18:00", 5.0, order_id="2"),  # the first order day still
    row("a", "2024-01-11 12:00", 10.0, order_id="3"),
    row("a", "2024-01-12 12:00", -4.0, kind="return"),
    row("a", "2024-01-25 12:00", 18.0, order_id="4"),
    row("b", "2024-01-18 12:00", 10.0, order_id="5"),
    row("b", "2024-01-20 12:00", -2.0, kind="return"),
    row("c", "2024-01-25 12:00", 10.0, order_id="6"),
    row("c", "2024-01-29 12:00", 20.0, order_id="7"),
    row("c", "2024-01-30 12:00", -25.0, kind="return"),
    row("d", "2024-01-25 12:30", None, kind="view"),
]
FUTURE = [row("a", "2024-02-01 00:00", 99.0, order_id="8"), row("e", "2024-02-02", 99.0, order_id="9")]
HISTORY = split_at(packed(PAST + FUTURE), CUTOFF, 10)[0]

HORIZON = 60
SHOP = simulate(replace(DEMO, customers=600, items=0), 1).packed
JUDGED, OUTCOMES = split_at(SHOP, SHOP.end - HORIZON * DAY_US, HORIZON)
WINDOWS = closed_windows(SHOP, JUDGED.cutoff, HORIZON)


def result(network: str, *windows: dict) -> dict:
    return {"run_at": network, "network": {"name": network}, "windows": list(windows)}


def window(shop: str, at: int, **scores: float) -> dict:
    parts = {part: dict(scores) for part in outside_peers.PARTS}
    return {"shop": shop, "horizon_days": 90, "window": at, "commit": f"of {scores}"} | parts


def test_buy_till_you_die_is_told_weeks_and_the_mean_order_day_after_the_first() -> None:
    assert HISTORY.customers.tolist() == ["a", "b", "c", "d"]
    assert HISTORY.scale == 10.0  # the median of 5, 10, 10, 10, 18, 20, 30
    told = order_summary(HISTORY, 10)
    assert told["frequency"].tolist() == [2, 0, 1, 0]
    assert told["recency"] == pytest.approx([3, 0, 4 / 7, 0])
    assert told["T"].tolist() == [4, 2, 1, 1]
    # (10 - 4 + 18) / 2 days; nothing of who ordered on one day; 20 - 25 is no less than nothing
    assert told["monetary_value"] == pytest.approx([1.2, 0, 0, 0])
    assert told["horizon_days"] == 10


def test_events_by_hand() -> None:
    early = split_at(packed(PAST + FUTURE), EARLIER, 10)[0]  # of a's moments the first three, with a scale of 17.5
    told = event_arrays([HISTORY, early])
    assert told["histories"] == 2
    assert told["offsets0"].tolist() == [0, 6, 8, 11, 12]
    assert told["kind0"][:6].tolist() == [1 + kind for kind in (Kind.VIEW, 0, 0, 0, Kind.RETURN, 0)]
    assert np.expm1(told["age0"]) == pytest.approx(
        [29.5, 27.75, 27.25, 20.5, 19.5, 6.5, 13.5, 11.5, 6.5, 2.5, 1.5, 6 + 11.5 / 24], rel=1e-5
    )
    assert np.expm1(told["gap0"]) == pytest.approx([0, 1.75, 0.5, 6.75, 1, 13, 0, 2, 0, 4, 1, 0], rel=1e-5)
    assert told["amount0"][:6] == pytest.approx(np.log([1, 4, 1.5, 2, 1 / 1.4, 2.8]), rel=1e-5)
    assert told["event_time0"][0] == 19724.5  # days since 1970
    assert told["offsets1"].tolist() == [0, 3]
    assert np.expm1(told["age1"]) == pytest.approx([8.5, 6.75, 6.25], rel=1e-5)
    assert told["amount1"] == pytest.approx(np.log([1, 1 + 30 / 17.5, 1 + 5 / 17.5]), rel=1e-5)


def test_nothing_from_the_cutoff_on_reaches_a_peer() -> None:
    blind = split_at(packed(PAST), CUTOFF, 10)[0]
    for told, known in (
        (event_arrays([HISTORY]), event_arrays([blind])),
        (order_summary(HISTORY, 10), order_summary(blind, 10)),
    ):
        assert told.keys() == known.keys()
        assert all((told[name] == known[name]).all() for name in told)


def test_a_vector_that_tells_who_buys_and_how_much_is_learnt() -> None:
    rng = np.random.default_rng(0)

    def vectors(outcomes: object) -> np.ndarray:
        spend = outcomes.spend / JUDGED.scale
        telling = np.log1p(spend) + 0.1 * rng.standard_normal(len(spend))
        return np.column_stack([rng.standard_normal(len(spend)), telling]).astype(np.float32)

    kept = thinned(WINDOWS[:3])
    found = {f"vectors{place}": vectors(one) for place, one in enumerate([OUTCOMES, *(one for _, one in kept)])}
    p_active, spend = by_vectors(found, kept)
    assert auc(OUTCOMES.orders > 0, p_active) > 0.95
    assert p_active.mean() == pytest.approx((OUTCOMES.orders > 0).mean(), rel=0.2)
    assert normalised_gini(OUTCOMES.spend, spend) > 0.9
    assert spend.mean() * JUDGED.scale == pytest.approx(OUTCOMES.spend.mean(), rel=0.25)


def test_thinned_windows_keep_the_same_customers_at_even_distances() -> None:
    total = sum(len(history) for history, _ in WINDOWS)
    kept = thinned(WINDOWS, total * 2 // 5)
    assert sum(len(history) for history, _ in kept) == pytest.approx(total * 2 / 5, abs=len(WINDOWS))
    newest = kept[0][0].customers
    assert newest[:4].tolist() == WINDOWS[0][0].customers[[0, 2, 5, 7]].tolist()  # every 2.5th
    for (history, outcomes), (whole, _) in zip(kept, WINDOWS, strict=True):
        assert history.customers.tolist() == [one for one in newest if one in set(whole.customers)]
        assert len(outcomes.spend) == len(history)
    assert [len(history) for history, _ in thinned(WINDOWS, total)] == [len(history) for history, _ in WINDOWS]


def test_a_part_joins_the_whole_of_the_same_network() -> None:
    old = result("n1", window("x", 0, ours=1.0, CoLES=2.0), window("x", 1, ours=3.0))
    found = joined(old, result("n1", window("x", 0, ours=1.5, pymc=4.0), window("y", 0, ours=5.0)))
    assert [(one["shop"], one["window"]) for one in found["windows"]] == [("x", 0), ("x", 1), ("y", 0)]
    assert found["windows"][0]["scores"] == {"ours": 1.5, "CoLES": 2.0, "pymc": 4.0}
    assert found["windows"][0]["commit"] == "of {'ours': 1.5, 'pymc': 4.0}"
    other = result("n2", window("x", 0, ours=1.5))
    assert joined(old, other) == other
    assert joined({}, other) == other


def test_what_another_networks_run_would_lose_is_named() -> None:
    old, both = result("n1", window("x", 0), window("x", 1)), set(CHOSEN.values())
    assert lost(old, {"name": "n1"}, set(), both) == []
    assert lost({}, {"name": "n2"}, set(), both) == []
    assert lost(old, {"name": "n2"}, {("x", 90, 0)}, both) == ["x 90 d, 1"]
    assert lost(old, {"name": "n2"}, {("x", 90, 0), ("x", 90, 1)}, both) == []
    assert lost(old, {"name": "n2"}, {("x", 90, 0), ("x", 90, 1)}, {PYMC}) == ["x 90 d, 0", "x 90 d, 1"]


def test_a_run_without_an_environment_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["outside_peers.py"])
    with pytest.raises(SystemExit, match="name the Python of at least one environment"):
        main()
