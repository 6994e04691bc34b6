from dataclasses import fields

import numpy as np
import pytest

from ledger import packed, row
from shijin.distribution import Distribution, Grid, consistent
from shijin.forecasting.by_type import ForecastByType, consistent_by_type
from shijin.represent.cutoff import History, split_at
from shijin.represent.packed import DAY_US

ROWS = [
    row("a", "2024-01-01"),
    row("b", "2024-01-02", None, "view"),
    row("c", "2024-01-03"),
    row("d", "2024-01-04", None, "cart"),
    row("e", "2024-01-05", None, "view"),
]
SHOP = packed(ROWS)
GRID = Grid.of_scale(10.0)


def history() -> History:
    return split_at(SHOP, SHOP.end + DAY_US, 1)[0]


def drawn(n: int, seed: int, level_scale: float | None = None) -> Distribution:
    rng = np.random.default_rng(seed)
    spend, orders = (rng.dirichlet(np.ones(len(bins)), n) for bins in (GRID.spend_means, GRID.order_means))
    return Distribution(rng.uniform(0.1, 0.9, n), spend, orders, GRID, level_scale)


def by_type(seed: int = 0) -> ForecastByType:
    return ForecastByType(history(), drawn(2, seed, 0.3), drawn(3, seed + 1))


def assert_equal(one: Distribution, other: Distribution) -> None:
    for part in fields(Distribution):
        if part.name != "grid":
            np.testing.assert_array_equal(getattr(one, part.name), getattr(other, part.name))


def test_everyone_is_in_the_order_of_the_history() -> None:
    forecast = by_type()
    together = forecast.joined()
    assert_equal(together.take(np.array([0, 2])), forecast.customers)
    np.testing.assert_array_equal(together.p_active[[1, 3, 4]], forecast.prospects.p_active)
    assert together.level_scale == 0.3
    for compute in (Distribution.mean, Distribution.expected_orders, lambda one: one.quantile(0.9)):
        np.testing.assert_array_equal(forecast.figures(compute), compute(together))


def test_where_all_are_of_one_type_nothing_is_copied() -> None:
    for some, of_type in ((history().customers_only, (2, 0)), (history().prospects_only, (0, 3))):
        forecast = ForecastByType(some, *(drawn(n, 1) for n in of_type))
        assert forecast.joined() is (forecast.customers if of_type[0] else forecast.prospects)
        np.testing.assert_array_equal(forecast.figures(Distribution.mean), forecast.joined().mean())


def test_a_forecast_of_other_people_is_not_taken() -> None:
    with pytest.raises(ValueError, match="cannot assign 3 input values to the 2 output values"):
        ForecastByType(history(), drawn(3, 0), drawn(2, 0)).figures(Distribution.mean)


def test_types_are_made_consistent_as_all_are_together() -> None:
    short, long = by_type(1), by_type(5)
    both = consistent_by_type([short, long])
    for one, expected in zip(both, consistent([short.joined(), long.joined()]), strict=True):
        assert_equal(one.joined(), expected)
