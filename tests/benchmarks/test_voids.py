"""The readings of void orders that the benchmark compares, on a few orders by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ledger import events, row
from shijin.represent.days import as_cutoff, day_of
from shijin.represent.packed import DAY_US

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from voids import READINGS, Refunded, refunds

NEVER = np.iinfo(np.int64).max
TODAY = as_cutoff(day_of(0)) + 19_800 * DAY_US  # a midnight
DAYS_AGO = (100, 90, 34, 20, 4)  # of the orders
REFUND_DAYS_AGO = (None, 80, 25, None, None)  # the second is an old refund; the third came 9 days after its order


@pytest.fixture
def shop() -> Refunded:
    rows = [row("a", str(day_of(TODAY - days * DAY_US)), 10.0 + days, order_id=f"o{days}") for days in DAYS_AGO]
    refund = [NEVER if days is None else TODAY - days * DAY_US for days in REFUND_DAYS_AGO]
    return Refunded(events(rows), np.array(refund), TODAY, 10)


@pytest.mark.parametrize(
    ("reading", "past", "today"),
    [
        ("left out", [100], [100, 20, 4]),
        ("in past windows", [100, 90, 34], [100, 20, 4]),
        ("in past windows, for a while", [100, 34], [100, 20, 4]),  # within 12 days before the cutoff
        ("until its refund", [100, 34], [100, 20, 4]),
        ("as orders of nothing", [100, 90, 34], [100, 90, 34, 20, 4]),
        ("with a return", [100, 90, 34], [100, 90, 34, 20, 4]),
    ],
)
def test_each_reading_has_its_orders_in_a_past_window_and_today(
    shop: Refunded, reading: str, past: list[int], today: list[int]
) -> None:
    for cutoff, expected in ((TODAY - 28 * DAY_US, past), (TODAY, today)):
        history = shop.history(reading, cutoff)
        orders = history.moments.kind == 0
        days = (TODAY - history.moments.ts[orders]) // DAY_US
        assert days.tolist() == expected


def test_void_orders_bring_no_money_once_they_are_refunded(shop: Refunded) -> None:
    standing = sum(10.0 + days for days in (100, 20, 4))
    for reading in READINGS:
        assert shop.history(reading, TODAY).historic_spend().tolist() == [standing]


def test_outcomes_are_net_in_every_reading(shop: Refunded) -> None:
    for reading in READINGS:
        history = shop.history(reading, TODAY - 35 * DAY_US)
        outcomes = shop.outcomes(history, ~shop.void)
        assert (outcomes.spend.tolist(), outcomes.orders.tolist()) == ([0.0], [0])
        assert shop.outcomes(shop.history(reading, TODAY - 10 * DAY_US), ~shop.void).spend.tolist() == [14.0]


def test_refunds_are_as_frequent_as_named_and_follow_their_orders() -> None:
    rows = [row(f"c{n % 500}", "2024-01-05", 1.0, order_id=f"o{n}") for n in range(5_000)]
    table = events(rows)
    at = refunds(table, 0.15, np.random.default_rng(1))
    refunded = at != NEVER
    assert refunded.mean() == pytest.approx(0.15, abs=0.03)
    days = (at[refunded] - table["ts"].cast("int64").to_numpy()[refunded]) / DAY_US
    assert days.min() > 0
    assert np.median(days) == pytest.approx(12, rel=0.15)
