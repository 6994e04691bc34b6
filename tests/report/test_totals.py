"""Sums of the page, by hand on a few customers."""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import shopfront

from shijin.errors import EmptyHistoryError
from shijin.report.page import ReportData
from shijin.report.totals import expected_months, map_neighbours, sum_up, top_curve
from shijin.schema import FORECAST


def shop(p_active: list[float], expected: list[float], historic: list[float]) -> ReportData:
    table = shopfront.forecast(len(p_active)).to_pydict()
    table |= {"p_active": p_active, "expected_spend": expected, "historic_spend": historic}
    return replace(shopfront.young(), forecast=pa.table(table, schema=FORECAST))


def test_revenue_at_risk_is_the_spend_of_the_best_customers_if_they_ordered() -> None:
    # Five customers: the best fifth is the one with 900 so far. E[spend | order] = 10 / .25 = 40, missed .75 * 40.
    totals = sum_up(shop([0.25, 0.9, 0.1, 0.1, 0.5], [10, 90, 1, 1, 5], [900, 500, 20, 10, 5]))
    assert (totals.best_at_risk, totals.at_risk_spend, totals.at_risk_historic) == (1, pytest.approx(30), 900)


def test_the_best_customers_who_will_order_are_not_at_risk() -> None:
    totals = sum_up(shop([0.5, 0.9, 0.1, 0.1, 0.5], [10, 90, 1, 1, 5], [900, 500, 20, 10, 5]))
    assert (totals.best_at_risk, totals.at_risk_spend) == (0, 0)


def test_a_customer_who_returned_everything_is_not_among_the_best() -> None:
    assert sum_up(shop([0.1], [1], [0])).best_at_risk == 0


def test_a_customer_without_any_chance_gives_no_infinite_risk() -> None:
    assert sum_up(shop([0.0], [0], [100])).at_risk_spend == 0


def test_the_top_tenth_of_ten_customers_is_one() -> None:
    totals = sum_up(shop([0.5] * 10, [9, 1, 1, 1, 1, 1, 1, 1, 1, 1], [0] * 10))
    tenth = next(row for row in totals.concentration if row.share == 0.1)
    assert (tenth.customers, tenth.expected, tenth.historic) == (1, 0.5, None)


def test_bands_hold_every_customer_once() -> None:
    totals = sum_up(shop([0.5, 0.49, 0.2, 0.19, 1.0], [1, 2, 4, 8, 16], [1, 1, 1, 1, 1]))
    assert [band.customers for band in totals.bands] == [2, 2, 1]
    assert [band.expected_spend for band in totals.bands] == [17, 6, 8]
    assert totals.activity == (0, 1, 1, 0, 1, 1, 0, 0, 0, 1)


def test_returns_do_not_bend_the_curve_below_zero() -> None:
    shares, held = top_curve(np.array([10.0, -5.0]), points=3)
    assert shares.tolist() == [0, 0.5, 1]
    assert held.tolist() == [0, 1, 1]


def test_expected_months_add_up_to_the_forecast() -> None:
    months = expected_months(90.0, date(2023, 12, 30), 90)
    assert sum(spend for _, spend in months) == pytest.approx(90)
    assert months[0] == (date(2023, 12, 1), 2.0)


def test_a_forecast_without_customers_is_refused() -> None:
    with pytest.raises(EmptyHistoryError, match="no customers, so there is nothing to report"):
        sum_up(replace(shopfront.young(), forecast=FORECAST.empty_table()))


def test_neighbours_on_the_map_by_hand() -> None:
    dots = pa.table({"x": [0.0, 1.0, 2.0, 10.0], "y": [0.0] * 4, "tier": ["high", "high", "low", "low"]})
    high, normal, low = map_neighbours(dots, ["high", "normal", "low"], nearest=1)
    # The nearest of 0 is 1, of 1 it is 0 (the first of equals), of 2 it is 1, of 10 it is 2.
    assert (high.dots, high.same, high.by_chance) == (2, 1.0, 1 / 3)
    assert (low.dots, low.same, low.by_chance) == (2, 0.5, 1 / 3)
    assert (normal.dots, normal.same, normal.by_chance) == (0, None, None)


def test_dots_on_one_spot_are_neighbours_and_a_lone_dot_has_none() -> None:
    spot = pa.table({"x": [1.0] * 3, "y": [1.0] * 3, "tier": ["high"] * 3})
    assert [row.same for row in map_neighbours(spot, ["high"])] == [1.0]
    assert [row.same for row in map_neighbours(spot.slice(0, 1), ["high"])] == [0.0]
