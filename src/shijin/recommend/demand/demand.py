"""Demand: the pieces of each item over the horizon, next to a seasonal-naive forecast, and the past error of both.

The forecast of an item is its recent pieces per order times the expected orders. Items are forecast one by one, so that
a shop that sells petrol by the millilitre forecasts its bread no worse.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from shijin.arrays import Flags, Floats
from shijin.recommend.demand.methods import DemandMethod, chosen_method, expected_orders, naive_method, units_of
from shijin.recommend.demand.sold import Sold, sold_of
from shijin.recommend.item_context import ItemContext
from shijin.recommend.past.catalogue import Catalogue
from shijin.represent.days import day_of
from shijin.represent.packed import DAY_US
from shijin.schema import DEMAND


@dataclass(frozen=True)
class DemandErrors:
    """Errors of a forecast of the judged window.

    Parameters
    ----------
    wape
        Absolute error in pieces per piece ordered, summed over items; 0 is perfect, forecasting nothing has 1.
    money_wape
        The same with each piece at its item's price before the window, so that no unit of measure dominates.
    mae
        Mean absolute error in pieces per item.
    total
        All pieces forecast over all pieces ordered, less 1: below 0 too few.
    """

    wape: float
    money_wape: float
    mae: float
    total: float


@dataclass(frozen=True)
class JudgedDemand:
    """The forecast by the same rules a horizon earlier, compared with what was then ordered.

    Parameters
    ----------
    cutoff : int
        Where the judged window begins.
    method, naive_method : DemandMethod
        The method chosen by what was known at that cutoff; and the naive one.
    ours, naive : DemandErrors
        Over the items ordered before.
    items : int
        Number of these items.
    new_share : float
        Share of the window's pieces of items never ordered before, which nobody could forecast, 0..1.
    """

    cutoff: int
    method: DemandMethod
    naive_method: DemandMethod
    ours: DemandErrors
    naive: DemandErrors
    items: int
    new_share: float

    def card(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "cutoff": self.cutoff,
            "shape": asdict(self.method),
            "naive_shape": asdict(self.naive_method),
            "ours": asdict(self.ours),
            "naive": asdict(self.naive),
            "items": self.items,
            "new_share": self.new_share,
        }


@dataclass(frozen=True)
class Demand:
    """The expected demand of v items over the horizon.

    Parameters
    ----------
    expected, naive, recent : (v,) float64
        Pieces: our forecast, the naive one, and the pieces ordered in the last horizon.
    price : (v,) float64
        Mean price of a piece so far; 0 where none was ordered.
    known : (v,) bool
        Whether the item was ever ordered; of other items nothing is known.
    orders : float
        The orders of our forecast.
    orders_forecast : bool
        Whether they come from a forecast of the customers; else they are as many as in the last horizon.
    method, naive_method : DemandMethod
    judged : JudgedDemand or None
        None where history is too short to judge, or no known item was ordered in the window.
    """

    expected: Floats
    naive: Floats
    recent: Floats
    price: Floats
    known: Flags
    orders: float
    orders_forecast: bool
    method: DemandMethod
    naive_method: DemandMethod
    judged: JudgedDemand | None

    def card(self) -> dict[str, Any]:
        """All but the items, as plain values; an infinite half-life is null."""
        plain = {
            "orders": self.orders,
            "orders_forecast": self.orders_forecast,
            "shape": asdict(self.method),
            "naive_shape": asdict(self.naive_method),
            "judged": self.judged.card() if self.judged else None,
        }
        return _finite(plain)


def forecast_demand(
    sold: Sold, horizon_days: int, orders_of_known: float | None = None, orders_before: float | None = None
) -> Demand:
    """Forecast the pieces of each item over the horizon from the cutoff on.

    The half-life is chosen on the newest closed window, from `HALF_LIVES` and both naive forecasts, by the error in
    money; half a horizon where history is too short to choose. The judged window repeats all of this a horizon earlier,
    so that nothing in it was chosen by what it is judged on.

    Parameters
    ----------
    orders_of_known
        Orders in the horizon of all known customers, as the forecast table sums them up; those of new customers, as
        many as in the last horizon, are added. None: as many orders as in the last horizon, which on Online Retail and
        The Complete Journey had a smaller error than the untrained forecast.
    orders_before
        The same forecast a horizon earlier, for the judged window; None as above.
    """
    horizon = horizon_days * DAY_US
    orders = expected_orders(sold, horizon, orders_of_known)
    method, naive = chosen_method(sold, horizon), naive_method(sold, horizon)
    return Demand(
        expected=units_of(sold, horizon, method, orders),
        naive=units_of(sold, horizon, naive, orders),
        recent=sold.units(sold.now - horizon, sold.now),
        price=sold.prices(),
        known=sold.known(),
        orders=orders,
        orders_forecast=orders_of_known is not None,
        method=method,
        naive_method=naive,
        judged=_judged(sold, horizon, orders_before),
    )


def demand_of(context: ItemContext) -> tuple[pa.Table, dict[str, Any]]:
    """Forecast the pieces of every item of a shop: `schema.DEMAND`, and the fields of its card.

    The expected orders are as many as in the last horizon. The orders that the forecast of the customers expects had a
    larger error, on Online Retail and The Complete Journey alike.
    """
    sold = sold_of(context.history, context.actions, context.catalogue.product)
    demand = forecast_demand(sold, context.horizon_days)
    table, figures = demand_table(demand, context.catalogue), demand.card()
    if figures["judged"]:
        figures["judged"]["cutoff"] = day_of(figures["judged"]["cutoff"]).isoformat()
    cutoff = context.day.isoformat()
    return table, {"cutoff": cutoff, "horizon_days": context.horizon_days, "items": table.num_rows, **figures}


def demand_table(demand: Demand, catalogue: Catalogue) -> pa.Table:
    """Lay out the demand of every item that was ever ordered: `schema.DEMAND`.

    The largest expected sales come first, since pieces of one item, such as millilitres, are not those of another.
    """
    code = np.flatnonzero(demand.known)
    money = demand.expected * demand.price
    code = code[np.lexsort((-demand.expected[code], -money[code]))]
    category = np.append(catalogue.category, -1)[code]
    columns = {
        "item_id": catalogue.items[code],
        "name": catalogue.names[code],
        "category": pa.array(catalogue.categories, pa.string()).take(pa.array(category, mask=category < 0)),
        "expected_units": demand.expected[code],
        "naive_units": demand.naive[code],
        "recent_units": demand.recent[code],
        "price": demand.price[code],
    }
    return pa.table(columns, schema=DEMAND)


def _judged(sold: Sold, horizon: int, orders_of_known: float | None) -> JudgedDemand | None:
    before = sold.before(sold.now - horizon)
    if before.now - horizon < sold.start:
        return None
    actual, known = sold.units(before.now, sold.now), before.known()
    if not actual[known].sum() > 0:
        return None
    method, naive = chosen_method(before, horizon), naive_method(before, horizon)
    orders, prices = expected_orders(before, horizon, orders_of_known), before.prices()
    errors, naive_errors = (
        _errors(units_of(before, horizon, one, orders)[known], actual[known], prices[known]) for one in (method, naive)
    )
    new_share = float(actual[~known].sum() / actual.sum())
    return JudgedDemand(before.now, method, naive, errors, naive_errors, int(known.sum()), new_share)


def _errors(forecast: Floats, actual: Floats, prices: Floats) -> DemandErrors:
    error = np.abs(forecast - actual)
    money = (prices * actual).sum()
    return DemandErrors(
        wape=float(error.sum() / actual.sum()),
        money_wape=float((prices * error).sum() / money) if money > 0 else 0.0,
        mae=float(error.mean()),
        total=float(forecast.sum() / actual.sum() - 1),
    )


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """Values with None for infinity, also inside."""
    return {
        name: _finite(value) if isinstance(value, dict) else None if value == np.inf else value
        for name, value in values.items()
    }
