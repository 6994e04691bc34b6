"""Methods of forecasting demand: naive ones, pieces per order with a half-life, and the choice among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shijin.arrays import Floats
from shijin.recommend.demand.sold import Sold
from shijin.represent.packed import DAY_US

YEAR_DAYS = 364  # whole weeks, so that Mondays are compared with Mondays
LAST_HORIZON, YEAR_AGO, FADED = "last_horizon", "year_ago", "faded"
DEFAULT_HALF_LIFE = 0.5  # horizons
HALF_LIVES = (DEFAULT_HALF_LIFE, 0.25, 1.0, 2.0, 4.0, np.inf)  # horizons; inf: the whole history counts the same
# A choice needs this many horizons before the window it is made on: below them long half-lives give the same forecast.
LEAST_HORIZONS_TO_CHOOSE = 3
ROUNDING = 1e-9  # of the money ordered: errors that differ by less are equal, and the first method is chosen


@dataclass(frozen=True)
class DemandMethod:
    """A method: pieces of the last horizon or of a year ago as they are, or pieces per order, decayed.

    Parameters
    ----------
    name : "last_horizon" | "year_ago" | "faded"
    half_life_days
        Of "faded": inf where the whole history counts the same.
    """

    name: str
    half_life_days: float | None = None


def naive_method(sold: Sold, horizon: int) -> DemandMethod:
    """The seasonal-naive forecast: the same days a year ago, or the last horizon in a shop younger than that.

    Parameters
    ----------
    horizon
        Microseconds, here and in the other functions.
    """
    return DemandMethod(YEAR_AGO if sold.now - _year_ago(sold, horizon) >= sold.start else LAST_HORIZON)


def units_of(sold: Sold, horizon: int, method: DemandMethod, orders: float) -> Floats:
    """(v,) pieces of each item over the horizon by one method; `orders` counts for the decayed ones only."""
    if method.half_life_days is not None:
        return sold.faded(method.half_life_days) * orders
    begins = sold.now - (_year_ago(sold, horizon) if method.name == YEAR_AGO else horizon)
    return sold.units(begins, begins + horizon)


def chosen_method(sold: Sold, horizon: int) -> DemandMethod:
    """The method of least error in money on the newest closed window; half a horizon where history is too short."""
    days = horizon / DAY_US
    methods = [DemandMethod(FADED, share * days) for share in HALF_LIVES]
    before = sold.before(sold.now - horizon)
    if before.now - LEAST_HORIZONS_TO_CHOOSE * horizon < sold.start:
        return methods[0]
    methods += dict.fromkeys([DemandMethod(LAST_HORIZON), naive_method(before, horizon)])
    actual, prices, orders = sold.units(before.now, sold.now), before.prices(), expected_orders(before, horizon, None)
    errors = [(prices * np.abs(units_of(before, horizon, method, orders) - actual)).sum() for method in methods]
    equal = ROUNDING * (prices * actual).sum()
    return methods[int(np.argmax(np.array(errors) <= min(errors) + equal))]


def expected_orders(sold: Sold, horizon: int, of_known_customers: float | None) -> float:
    """Orders over the horizon: of known customers, plus as many of new ones as lately; if None, as many as lately."""
    recent = sold.order_ts >= sold.now - horizon
    if of_known_customers is None:
        return float(recent.sum())
    return of_known_customers + float((recent & (sold.customer_since >= sold.now - horizon)).sum())


def _year_ago(sold: Sold, horizon: int) -> int:
    """Microseconds from the start of last year's window to the cutoff: whole years, so that it ends by the cutoff."""
    year = YEAR_DAYS * DAY_US
    return -(-horizon // year) * year  # rounded up
